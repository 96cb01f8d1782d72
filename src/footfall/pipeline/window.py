"""The window of known events: which keys were stored lately, in a bounded number of bytes.

A resend carries the same mid and the same ets, so only events at or after the horizon need to be in memory: what is
older is looked up in the lake. When the window is full the horizon moves up and the oldest ets leave.

The window is a hash table in numpy arrays, cut into shards so that growing one never doubles the memory. Whole batches
are probed at once; a Python loop per event would cost ten times the rest of the pipeline.
"""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
Flags = NDArray[np.bool_]

NEW, SAME, OTHER = 0, 1, 2

_SHARD_BITS = 4
_SHARDS = 1 << _SHARD_BITS
_SLOT_BYTES = 17
_LOAD = 0.75
_GROWTH = 1.3
_SMALLEST = 1009
_EVICTED_SHARE = 0.25
_FULL = 0.85
_LATEST = np.iinfo(np.uint32).max


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


def seconds(ets: NDArray[np.float64]) -> U32:
    """ets in milliseconds as whole seconds; what does not fit is clipped, which keeps the order."""
    return np.clip(np.nan_to_num(ets / 1000.0), 0, _LATEST).astype(np.uint32)


def _is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(3, int(number**0.5) + 1, 2))


def _prime(at_least: int) -> int:
    number = at_least | 1
    while not _is_prime(number):
        number += 2
    return number


class _Shard:
    """An open-addressing table; the capacity is prime, so that every step of probing visits every slot."""

    def __init__(self, capacity: int) -> None:
        self.count = 0
        self.slots = Keys(
            np.zeros(capacity, np.uint64),
            np.zeros(capacity, np.uint32),
            np.zeros(capacity, np.uint32),
            np.zeros(capacity, np.uint8),
        )

    @property
    def capacity(self) -> int:
        return len(self.slots)

    def used(self) -> Keys:
        return self.slots.take(self.slots.key != 0)

    def find(self, keys: U64) -> tuple[NDArray[np.intp], Flags]:
        """For each key its slot, or the free slot where probing ended, and whether it was found."""
        slot, step = self._start(keys)
        found = np.zeros(len(keys), np.bool_)
        open_ = np.arange(len(keys))
        while len(open_):
            held = self.slots.key[slot[open_]]
            hit = held == keys[open_]
            found[open_[hit]] = True
            open_ = open_[~hit & (held != 0)]
            slot[open_] = (slot[open_] + step[open_]) % self.capacity
        return slot, found

    def insert(self, new: Keys) -> None:
        """Add keys that are not in the table and differ from each other."""
        slot, step = self._start(new.key)
        open_ = np.arange(len(new))
        while len(open_):
            here = slot[open_]
            free = self.slots.key[here] == 0
            self.slots.key[here[free]] = new.key[open_[free]]
            placed = self.slots.key[here] == new.key[open_]
            self._fill(here[placed], new.take(open_[placed]))
            open_ = open_[~placed]
            slot[open_] = (slot[open_] + step[open_]) % self.capacity
        self.count += len(new)

    def _start(self, keys: U64) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        spread = (keys << np.uint64(_SHARD_BITS)) >> np.uint64(32)
        slot = (spread * np.uint64(self.capacity)) >> np.uint64(32)
        return slot.astype(np.intp), ((keys & np.uint64(63)) + np.uint64(1)).astype(np.intp)

    def _fill(self, slot: NDArray[np.intp], keys: Keys) -> None:
        self.slots.check[slot] = keys.check
        self.slots.second[slot] = keys.second
        self.slots.day[slot] = keys.day


class Window:
    """Keys of stored events, at most `max_bytes` of them; `horizon` is the first second that is kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._shards = [_Shard(_SMALLEST) for _ in range(_SHARDS)]
        self._stale: list[int] = []
        self.horizon = 0

    def __len__(self) -> int:
        return sum(shard.count for shard in self._shards)

    @property
    def bytes(self) -> int:
        """Memory in use."""
        return sum(shard.capacity for shard in self._shards) * _SLOT_BYTES

    def is_late(self, keys: Keys) -> Flags:
        """Which events are from before the horizon, so that only the lake knows them."""
        return keys.second < np.uint32(min(self.horizon, _LATEST)) if self.horizon <= _LATEST else _all(len(keys))

    def look(self, keys: Keys) -> U8:
        """NEW, SAME or OTHER (content) for each key."""
        status = np.full(len(keys), NEW, np.uint8)
        for shard, chosen in self._by_shard(keys):
            slot, found = shard.find(keys.key[chosen])
            same = shard.slots.check[slot] == keys.check[chosen]
            status[chosen] = np.where(found, np.where(same, SAME, OTHER), NEW)
        return status

    def add(self, keys: Keys) -> None:
        """Remember keys that are new and differ from each other; late ones are left to the lake."""
        keys = keys.take(~self.is_late(keys))
        for number, (shard, chosen) in enumerate(self._by_shard(keys)):
            if shard.count + len(chosen) > shard.capacity * _LOAD:
                shard = self._grow(number, shard.count + len(chosen))
            shard.insert(keys.take(chosen))
        if self._stale:
            self._drop_late(self._stale.pop())
        elif self.bytes > self._max_bytes * _FULL:
            self._raise_horizon()

    def forget(self, oldest_day: int, today: int) -> None:
        """Drop what was received before the oldest day (both as day numbers)."""
        keep = np.zeros(256, np.bool_)
        keep[np.arange(oldest_day, today + 2) % 256] = True
        for number, shard in enumerate(self._shards):
            self._rebuild(number, shard.used().take(keep[shard.used().day]))

    def _by_shard(self, keys: Keys) -> list[tuple[_Shard, NDArray[np.intp]]]:
        home = (keys.key >> np.uint64(64 - _SHARD_BITS)).astype(np.uint8)
        order = np.argsort(home, kind="stable")
        edges = np.searchsorted(home[order], np.arange(_SHARDS + 1))
        return [(shard, order[edges[i] : edges[i + 1]]) for i, shard in enumerate(self._shards)]

    def _grow(self, number: int, count: int) -> _Shard:
        self._rebuild(number, self._shards[number].used(), at_least=count)
        return self._shards[number]

    def _rebuild(self, number: int, kept: Keys, at_least: int = 0) -> None:
        capacity = _prime(max(_SMALLEST, int(max(len(kept), at_least) / _LOAD * _GROWTH)))
        self._shards[number] = shard = _Shard(capacity)
        shard.insert(kept)

    def _raise_horizon(self) -> None:
        """Leave the oldest ets to the lake; the first shard is a fair sample of all.

        The shards give their memory back one by one with the next batches: all at once would take seconds.
        """
        sample = self._shards[0].used().second
        edge = int(np.quantile(sample, _EVICTED_SHARE)) + 1 if len(sample) else _LATEST + 1
        self.horizon = max(self.horizon + 1, edge)
        self._stale = list(range(_SHARDS))

    def _drop_late(self, number: int) -> None:
        used = self._shards[number].used()
        self._rebuild(number, used.take(~self.is_late(used)))


def _all(size: int) -> Flags:
    return np.ones(size, np.bool_)
