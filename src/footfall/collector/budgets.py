"""What one channel may cost: processor time while others send, too, and bytes that its compressed bodies inflate to.

Whatever a request costs is counted, be it accepted, refused or broken. Both budgets fill with time, hold two seconds'
worth, and may be overdrawn by the requests under way; what was overdrawn has to fill up first.
"""

import math
import time
from collections.abc import Callable

from msgspec import Struct

from footfall.collector.http_error import HttpError
from footfall.schema.reasons import Reason
from footfall.settings import Settings

_BURST_SECONDS = 2.0
_PRESENT_SECONDS = 3.0  # since its last request, a channel counts as sending
_LONGEST_WAIT = 30


class _Account(Struct):
    """What is left to a channel: seconds and bytes, as of `filled_at`; `used_at` is when it last sent."""

    seconds: float
    bytes: float
    filled_at: float
    used_at: float


class Budgets:
    """The budgets of all channels in one collector; bytes are shared out evenly among the collectors."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._share = settings.channel_share
        self._bytes = settings.channel_inflated_bytes / settings.collectors
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    def allow(self, channel: str) -> bool:
        """Whether the channel has certainly something left."""
        account = self._accounts.get(channel)
        return account is None or (account.seconds > 0 and account.bytes > 0)

    def check(self, channel: str) -> None:
        """Raises HttpError (429) for a channel that has to wait."""
        if self.allow(channel):
            return
        account = self._accounts[channel]
        self._fill(account)
        if account.bytes <= 0:
            says = "The channel's compressed bodies inflate to more bytes a second than it may send."
            raise _refused(says, -account.bytes / self._bytes)
        if not self._has_others(account):
            account.seconds = _BURST_SECONDS * self._share
        elif account.seconds <= 0:
            says = "The channel has used its share of the processor, and others are sending."
            raise _refused(says, -account.seconds / self._share)

    def spend(self, channel: str, seconds: float, inflated: int = 0, *, now: float | None = None) -> None:
        """Count what was done for a channel; `now` is the time by the clock, where it is known."""
        now = self._clock() if now is None else now
        account = self._accounts.get(channel)
        if account is None:
            account = _Account(_BURST_SECONDS * self._share, _BURST_SECONDS * self._bytes, now, now)
            self._accounts[channel] = account
        account.seconds -= seconds
        account.bytes -= inflated
        account.used_at = now

    def keep(self, names: set[str]) -> None:
        """Forget the channels that are no more."""
        for name in self._accounts.keys() - names:
            del self._accounts[name]

    def _fill(self, account: _Account) -> None:
        now = self._clock()
        passed = now - account.filled_at
        account.seconds = min(_BURST_SECONDS * self._share, account.seconds + passed * self._share)
        account.bytes = min(_BURST_SECONDS * self._bytes, account.bytes + passed * self._bytes)
        account.filled_at = now

    def _has_others(self, account: _Account) -> bool:
        since = self._clock() - _PRESENT_SECONDS
        return any(other.used_at > since for other in self._accounts.values() if other is not account)


def _refused(says: str, wait: float) -> HttpError:
    return HttpError(429, Reason.RATE_LIMITED, says, retry_after=min(_LONGEST_WAIT, max(1, math.ceil(wait))))
