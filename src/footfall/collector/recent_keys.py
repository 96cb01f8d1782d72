"""What this collector has lately put on disk, by which a resent event is told at once.

It only saves work and tells the sender early: the lake is what is exact.
"""

from collections.abc import Iterable, Sequence


class RecentKeys:
    """Two generations of {key hash: content hash}; the older one is dropped when the newer one is full.

    Holds at most twice `size` entries, each about 170 bytes.
    """

    def __init__(self, size: int = 60_000) -> None:
        self._size = size
        self._new: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    def is_new(self, keys: Sequence[int]) -> bool:
        """Whether none of the keys is known, and none stands twice."""
        once = set(keys)
        return len(once) == len(keys) and self._new.keys().isdisjoint(once) and self._old.keys().isdisjoint(once)

    def get(self, key: int) -> int | None:
        """The content hash that is known for a key."""
        found = self._new.get(key)
        return self._old.get(key) if found is None else found

    def add(self, keys: Iterable[int], contents: Iterable[int]) -> None:
        """Remember events that are on disk."""
        if len(self._new) >= self._size:
            self._old, self._new = self._new, {}
        self._new.update(zip(keys, contents, strict=True))
