"""Dashboard sessions: who is logged in, and how passwords are checked without anybody else waiting for it."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from litestar.concurrency import sync_to_thread
from msgspec import Struct

from footfall.dashboard.responses import ApiError
from footfall.dashboard.throttle import Throttle, network
from footfall.schema.reasons import Reason

if TYPE_CHECKING:
    from footfall.control.store import Control, NewSession

LIFETIME = 14 * 86_400.0
_LONGEST_TOKEN = 200
_FULL_SECONDS = 2

Answer = TypeVar("Answer")


class Credentials(Struct):
    """What somebody gave to log in; `browser` is the token by which a browser says that it was here before."""

    login: str
    password: str
    address: str = ""
    browser: str = ""

    def __repr__(self) -> str:
        return "Credentials()"


class PasswordQueue:
    """One thread that checks passwords, and few places to wait for it; one address can take only some of them."""

    PLACES = 8
    FOR_ONE_ADDRESS = 3

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, name)
        self._waiting: Counter[str] = Counter()

    def start(self) -> None:
        """Start the thread now, while there is one to be had."""
        self._executor.submit(int).result()

    def close(self) -> None:
        """End the thread after what it is at."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def run(self, address: str, check: Callable[[], Answer]) -> Answer:
        """Wait for a turn; raises ApiError at once where all places are taken. An empty address is nobody's."""
        if self._waiting.total() >= self.PLACES or (address and self._waiting[address] >= self.FOR_ONE_ADDRESS):
            message = f"Too many people are logging in just now. Try again in {_FULL_SECONDS} seconds."
            raise ApiError(503, Reason.EXHAUSTED, message, {"Retry-After": str(_FULL_SECONDS)})
        self._waiting[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, check)
        finally:
            self._waiting -= Counter([address])


class Sessions:
    """Logins on the control database, which is opened when the first one needs it: it costs 40 MiB of memory."""

    def __init__(self, control_path: Path) -> None:
        self.throttle = Throttle()
        self._path = control_path
        self._control: Control | None = None
        self._lock = threading.Lock()
        # However many strangers wait, browsers that were here before are asked in at a door of their own.
        self._strangers = PasswordQueue("password")
        self._known = PasswordQueue("known-password")

    def start(self) -> None:
        """Start the threads for passwords."""
        self._strangers.start()
        self._known.start()

    def close(self) -> None:
        """Release the threads and the control database."""
        self._strangers.close()
        self._known.close()
        if self._control is not None:
            self._control.close()

    async def begin(self, given: Credentials) -> "NewSession":
        """Check a password and begin a session; raises ApiError when that cannot be."""
        is_known = await self._is_known(given)
        address = network(given.address)
        queue = self._known if is_known else self._strangers
        with self.throttle.attempt(given.login, address, given.browser if is_known else "") as attempt:
            session = await queue.run(address, lambda: self._opened().log_in(given.login, given.password, LIFETIME))
            if session is None:
                attempt.failed = True
                raise ApiError(401, Reason.KEY_UNKNOWN, "Name or password is wrong.")
            return session

    def login_of(self, token: str) -> str | None:
        """Whose session this is, as the control database has it at this moment."""
        return self._opened().session_login(token) if _is_plausible(token) else None

    def end(self, token: str) -> None:
        """Log out."""
        if _is_plausible(token):
            self._opened().end_session(token)

    async def _is_known(self, given: Credentials) -> bool:
        if not _is_plausible(given.browser):
            return False
        return await sync_to_thread(lambda: self._opened().knows_browser(given.login, given.browser))

    def _opened(self) -> "Control":
        with self._lock:
            if self._control is None:
                from footfall.control.store import Control

                self._control = Control.open(self._path)
            return self._control


def _is_plausible(token: str) -> bool:
    return 0 < len(token) <= _LONGEST_TOKEN
