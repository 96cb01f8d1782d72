"""The window of known events: which keys were stored lately, in a bounded number of bytes.

A resend carries the same mid and the same ets, so only events between the horizon and the ceiling need to be in memory:
all others are looked up in the lake. When the window is full the horizon moves up and the oldest ets leave. The ceiling
is a little in the future: events from clocks that are years ahead would otherwise be the last to leave.

The window is a hash table in numpy arrays, cut into shards so that growing one never doubles the memory. Whole batches
are probed at once; a Python loop per event would cost ten times the rest of the pipeline.
"""

from collections.abc import Callable, Iterator
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
Flags = NDArray[np.bool_]

NEW, SAME, OTHER = 0, 1, 2
LATEST = int(np.iinfo(np.uint32).max)

_SHARD_BITS = 5
_SHARDS = 1 << _SHARD_BITS
_SLOT_BYTES = 17
_LOAD = 0.75
_GROWTH = 1.3
_SMALLEST = 1009
_EVICTED_SHARE = 0.25
_FULL = 0.8
_SAMPLE = 4096


class Keys(Struct, frozen=True, gc=False):
    """Events as the window sees them, one array element each.

    `key` and `check` are hashes of identity and content, `second` is ets in seconds since 1970 clipped to 32 bits,
    `day` the day received, modulo 256.
    """

    key: U64
    check: U32
    second: U32
    day: U8

    def __len__(self) -> int:
        return len(self.key)

    def take(self, chosen: Any) -> "Keys":
        """Those chosen by a mask or by indexes."""
        return Keys(self.key[chosen], self.check[chosen], self.second[chosen], self.day[chosen])

    @classmethod
    def make(cls, key: U64, content: U64, ets: NDArray[np.float64], day: NDArray[Any]) -> "Keys":
        """Keys from 64-bit hashes, ets in milliseconds, and days as numbers."""
        return cls(np.maximum(key, np.uint64(1)), content.astype(np.uint32), seconds(ets), day.astype(np.uint8))

    @classmethod
    def empty(cls, size: int) -> "Keys":
        """So many keys of nothing; no real key is 0."""
        memory = _memory(size * _SLOT_BYTES)
        return cls(
            np.frombuffer(memory, np.uint64, size),
            np.frombuffer(memory, np.uint32, size, 8 * size),
            np.frombuffer(memory, np.uint32, size, 12 * size),
            np.frombuffer(memory, np.uint8, size, 16 * size),
        )


def _memory(size: int) -> mmap:
    """Zeros in a map of their own: what stays for days, and is given back as a whole, would tear holes in the heap."""
    return mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)


def seconds(ets: NDArray[np.float64]) -> U32:
    """ets in milliseconds as whole seconds; what does not fit is clipped, which keeps the order."""
    return np.clip(np.nan_to_num(ets / 1000.0), 0, LATEST).astype(np.uint32)


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))


def _prime(at_least: int) -> int:
    number = at_least | 1
    while not _is_prime(number):
        number += 2
    return number


class _Shard:
    """An open-addressing table; the capacity is prime, so that every step of probing visits every slot.

    An identity may stand in it several times with different contents: once it has left the memory, it can come back.
    """

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.slots = Keys.empty(capacity)

    @property
    def capacity(self) -> int:
        return len(self.slots)

    def has_room(self, more: int) -> bool:
        return self.count + more <= self.capacity * _LOAD

    def kept(self, keep: Callable[[Keys], Flags]) -> Keys:
        return self.slots.take((self.slots.key != 0) & keep(self.slots))

    def seconds(self) -> U32:
        found: U32 = self.slots.second[self.slots.key != 0]
        return found

    def look(self, wanted: Keys) -> U8:
        """SAME where identity and content are in the table, OTHER where only the identity is, else NEW."""
        slot, step = self._start(wanted.key)
        status = np.full(len(wanted), NEW, np.uint8)
        open_ = np.arange(len(wanted))
        while len(open_):
            here = slot[open_]
            held = self.slots.key[here]
            hit = held == wanted.key[open_]
            same = hit & (self.slots.check[here] == wanted.check[open_])
            status[open_[hit]] = OTHER
            status[open_[same]] = SAME
            open_ = open_[~same & (held != 0)]
            slot[open_] = (slot[open_] + step[open_]) % self.capacity
        return status

    def insert(self, new: Keys) -> None:
        """Add keys; there is room for all."""
        slot, step = self._start(new.key)
        open_ = np.arange(len(new))
        while len(open_):
            here = slot[open_]
            free = self.slots.key[here] == 0
            self._fill(here[free], new.take(open_[free]))
            is_there = (self.slots.key[here] == new.key[open_]) & (self.slots.check[here] == new.check[open_])
            open_ = open_[~is_there]
            slot[open_] = (slot[open_] + step[open_]) % self.capacity
        self.count += len(new)

    def _start(self, keys: U64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        spread = (keys << np.uint64(_SHARD_BITS)) >> np.uint64(32)
        slot = (spread * np.uint64(self.capacity)) >> np.uint64(32)
        return slot.astype(np.intp), ((keys & np.uint64(63)) + np.uint64(1)).astype(np.intp)

    def _fill(self, slot: NDArray[np.intp], keys: Keys) -> None:
        """Write keys to slots; of several for one slot numpy keeps the last, in all four arrays."""
        self.slots.key[slot] = keys.key
        self.slots.check[slot] = keys.check
        self.slots.second[slot] = keys.second
        self.slots.day[slot] = keys.day


class KeyWindow:
    """Keys of stored events, in at most `max_bytes`; every one from second `horizon` to `ceiling` is kept."""

    def __init__(self, max_bytes: int, ceiling: int = LATEST) -> None:
        self._max_bytes = max_bytes
        self._shards = [_Shard(_SMALLEST) for _ in range(_SHARDS)]
        self._stale: list[int] = []
        self._days = np.ones(256, np.bool_)
        self.horizon = 0
        self.ceiling = ceiling

    def __len__(self) -> int:
        return sum(shard.count for shard in self._shards)

    @property
    def bytes(self) -> int:
        """Memory in use."""
        return sum(shard.capacity for shard in self._shards) * _SLOT_BYTES

    def is_outside(self, keys: Keys) -> Flags:
        """Which events are from before the horizon or after the ceiling, so that only the lake knows them."""
        return (keys.second < self.horizon) | (keys.second > self.ceiling)

    def look(self, keys: Keys) -> U8:
        """NEW, SAME or OTHER (content) for each key."""
        status = np.full(len(keys), NEW, np.uint8)
        for number, chosen in self._by_shard(keys):
            status[chosen] = self._shards[number].look(keys.take(chosen))
        return status

    def add(self, keys: Keys) -> None:
        """Remember keys, none of which is SAME; those outside are left to the lake."""
        keys = keys.take(~self.is_outside(keys))
        for number, chosen in self._by_shard(keys):
            if not self._shards[number].has_room(len(chosen)):
                self._rebuild(number, len(chosen))
            self._shards[number].insert(keys.take(chosen))
        if self._stale:
            self._rebuild(self._stale.pop())
        elif self.bytes > self._max_bytes * _FULL:
            self._raise_horizon()
        while self.bytes > self._max_bytes and self.horizon <= self.ceiling:
            self._raise_horizon()
            while self._stale:
                self._rebuild(self._stale.pop())

    def forget(self, oldest_day: int, today: int) -> None:
        """Drop what was received before the oldest day (both as day numbers), shard by shard with the next batches."""
        self._days = np.zeros(256, np.bool_)
        self._days[np.arange(oldest_day, min(today + 2, oldest_day + 256)) % 256] = True
        self._stale = list(range(_SHARDS))

    def _by_shard(self, keys: Keys) -> Iterator[tuple[int, NDArray[np.intp]]]:
        home = (keys.key >> np.uint64(64 - _SHARD_BITS)).astype(np.uint8)
        order = np.argsort(home, kind="stable")
        edges = np.searchsorted(home[order], np.arange(_SHARDS + 1))
        for number in range(_SHARDS):
            if edges[number] < edges[number + 1]:
                yield number, order[edges[number] : edges[number + 1]]

    def _rebuild(self, number: int, more: int = 0) -> None:
        """Make a shard anew, without what need not be kept, and with room for some more."""
        kept = self._shards[number].kept(lambda keys: ~self.is_outside(keys) & self._days[keys.day])
        self._shards[number] = _Shard(_SMALLEST)  # the old one goes before the new one comes
        capacity = _prime(max(_SMALLEST, int((len(kept) + more) / _LOAD * _GROWTH)))
        self._shards[number] = shard = _Shard(capacity)
        shard.insert(kept)

    def _raise_horizon(self) -> None:
        """Leave the oldest ets to the lake.

        The shards give their memory back one by one with the next batches: all at once would take seconds.
        """
        edge = int(np.quantile(self._sample(), _EVICTED_SHARE)) + 1
        self.horizon = max(self.horizon + 1, edge)
        self._stale = list(range(_SHARDS))

    def _sample(self) -> U32:
        """The seconds of some shards: keys are spread evenly, so a few stand for all."""
        found = [np.array([self.ceiling], np.uint32)]
        for shard in self._shards:
            found.append(shard.seconds())
            if sum(map(len, found)) >= _SAMPLE:
                break
        return np.concatenate(found)
