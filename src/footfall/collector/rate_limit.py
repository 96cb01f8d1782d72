"""How many events a channel may send: a bucket that fills with time and may be overdrawn once.

A request's events are counted only when they have been read, so a request is admitted while there is anything left, and
what it takes beyond that has to fill up again first. Over time the rate holds exactly.
"""

import math
import time
from collections.abc import Callable

from msgspec import Struct

from footfall.control.access import Channel


class _Bucket(Struct):
    level: float
    at: float


class RateLimiter:
    """The buckets of all channels; rates are shared out evenly among `collectors` processes."""

    def __init__(self, collectors: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._collectors = collectors
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, channel: Channel) -> int:
        """Whole seconds until the channel may send again; 0 for now."""
        if not channel.rate:
            return 0
        level = self._filled(channel).level
        return 0 if level > 0 else max(1, math.ceil((1 - level) * self._collectors / channel.rate))

    def take(self, channel: Channel, events: int) -> None:
        """Count events that were sent."""
        if channel.rate:
            self._filled(channel).level -= events

    def keep(self, names: set[str]) -> None:
        """Forget the channels that are no more."""
        for name in self._buckets.keys() - names:
            del self._buckets[name]

    def _filled(self, channel: Channel) -> _Bucket:
        size = (channel.burst or max(channel.rate, 1.0)) / self._collectors
        now = self._clock()
        bucket = self._buckets.setdefault(channel.name, _Bucket(size, now))
        bucket.level = min(size, bucket.level + (now - bucket.at) * channel.rate / self._collectors)
        bucket.at = now
        return bucket
