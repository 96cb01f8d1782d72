"""Dashboard sessions: who is logged in, and how fast passwords may be tried."""

import threading
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from footfall.insights.replies import RefusedError
from footfall.spec.reasons import Reason

if TYPE_CHECKING:
    from footfall.control.store import Control

LIFETIME = 14 * 86_400.0
_REMEMBER = 10.0
_MOST_REMEMBERED = 1000


class Throttle:
    """Failed logins: each one doubles the pause before the next try, for its login name and for all together."""

    FREE = 5
    FREE_FOR_ALL = 50
    LONGEST = 60.0

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}

    def wait(self, login: str) -> float:
        """Seconds until the next try for this name is allowed."""
        return max(self._pause(login.casefold(), self.FREE), self._pause("", self.FREE_FOR_ALL))

    def failed(self, login: str) -> None:
        """Note a wrong password."""
        now = time.monotonic()
        if len(self._failures) >= _MOST_REMEMBERED:
            # Whoever tries that many names is slowed down by the count for all.
            oldest = min(self._failures, key=lambda name: self._failures[name][1])
            del self._failures[oldest]
        for name in (login.casefold(), ""):
            count, last = self._failures.get(name, (0, now))
            forgiven = int((now - last) / self.LONGEST)
            self._failures[name] = (max(0, count - forgiven) + 1, now)

    def succeeded(self, login: str) -> None:
        """Forget the failures of this name."""
        self._failures.pop(login.casefold(), None)

    def _pause(self, name: str, free: int) -> float:
        count, last = self._failures.get(name, (0, 0.0))
        if count < free:
            return 0.0
        pause = min(self.LONGEST, 2.0 ** min(count - free, 10))
        return float(max(0.0, last + pause - time.monotonic()))


class Sessions:
    """Logins on the control database, which is opened when the first one needs it: it costs 40 MiB of memory."""

    def __init__(self, control_path: Path) -> None:
        self.throttle = Throttle()
        self._path = control_path
        self._control: Control | None = None
        self._lock = threading.Lock()
        self._trying = threading.Lock()
        self._seen: dict[bytes, tuple[str, float]] = {}

    def close(self) -> None:
        """Release the control database."""
        if self._control is not None:
            self._control.close()

    def begin(self, login: str, password: str) -> str:
        """Check a password and return a new session's token; raises RefusedError when that cannot be."""
        with self._trying:
            wait = self.throttle.wait(login)
            if wait > 0:
                message = f"Too many failed logins. Try again in {int(wait) + 1} seconds."
                raise RefusedError(429, Reason.RATE_LIMITED, message, {"Retry-After": str(int(wait) + 1)})
            control = self._opened()
            if not control.check_password(login, password):
                self.throttle.failed(login)
                raise RefusedError(401, Reason.KEY_UNKNOWN, "Name or password is wrong.")
            self.throttle.succeeded(login)
            return control.new_session(login, LIFETIME)

    def login_of(self, token: str) -> str | None:
        """Whose session this is; what the database said is remembered for some seconds."""
        if not token or len(token) > 200:
            return None
        digest, now = sha256(token.encode(errors="replace")).digest(), time.monotonic()
        seen = self._seen.get(digest)
        if seen and seen[1] > now:
            return seen[0]
        login = self._opened().session_login(token)
        with self._lock:
            if len(self._seen) >= _MOST_REMEMBERED:
                self._seen.clear()
            self._seen.pop(digest, None)
            if login:
                self._seen[digest] = (login, now + _REMEMBER)
        return login

    def end(self, token: str) -> None:
        """Log out."""
        if not token or len(token) > 200:
            return
        self._opened().end_session(token)
        with self._lock:
            self._seen.pop(sha256(token.encode(errors="replace")).digest(), None)

    def _opened(self) -> "Control":
        with self._lock:
            if self._control is None:
                from footfall.control.store import Control

                self._control = Control.open(self._path)
            return self._control
