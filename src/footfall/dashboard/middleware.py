"""What stands before the application: nothing overlong comes in, and whatever goes wrong, no trace of it gets out."""

import errno
import logging

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from footfall.control.errors import DamagedControlError
from footfall.dashboard.responses import ApiError, encode_refusal
from footfall.errors import TransientError
from footfall.lake.damage import LakeDamagedError
from footfall.lake.query import LakeExhaustedError, QueryTimeoutError
from footfall.schema.reasons import Reason

_log = logging.getLogger("footfall.dashboard")

_LONGEST_PATH = 8 << 10
_EXHAUSTED_SECONDS = 5
_SPENT = {errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOSPC}


class ErrorBoundary:
    """The application as the server sees it."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        if scope["type"] == ScopeType.HTTP:
            await self._answer(scope, receive, send)
        else:
            await self.application(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if len(scope["raw_path"]) > _LONGEST_PATH:  # Litestar remembers the last thousand
            await _refuse(ApiError(414, Reason.BAD_REQUEST, f"A path has at most {_LONGEST_PATH} bytes."), send)
            return
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.application(scope, receive, watched)
        except BaseException as error:
            if not isinstance(error, Exception) and not _is_panic(error):
                raise
            refusal = refusal_of(error)
            if not has_begun:
                await _refuse(refusal, send)


async def _refuse(refusal: ApiError, send: Send) -> None:
    status, headers, body = encode_refusal(refusal)
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    pairs.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def refusal_of(error: BaseException) -> ApiError:
    """What the client is told; what is nobody's intention is logged, by its kind and place only."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, (LakeExhaustedError, QueryTimeoutError)):
        return _unavailable(Reason.EXHAUSTED, error.retry_after)
    if isinstance(error, LakeDamagedError):
        _log.error("%s", error)
        return ApiError(503, Reason.LAKE_DAMAGED)
    if isinstance(error, DamagedControlError):
        _log.error("%s", error)
        return _unavailable(Reason.UNAVAILABLE, _EXHAUSTED_SECONDS)
    if isinstance(error, TransientError):
        return _unavailable(Reason.UNAVAILABLE, error.retry_after)
    # A message of the database may quote what an event said.
    if _is_exhaustion(error):
        _log.warning("request failed, something is used up: %s at %s", type(error).__qualname__, place_of(error))
        return _unavailable(Reason.EXHAUSTED, _EXHAUSTED_SECONDS)
    _log.error("request failed: %s at %s", type(error).__qualname__, place_of(error))
    return ApiError(500, Reason.UNAVAILABLE, "The server could not answer this; its log says where it failed.")


def place_of(error: BaseException) -> str:
    """File and line where an error came up."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _unavailable(reason: Reason, seconds: float) -> ApiError:
    return ApiError(503, reason, headers={"Retry-After": str(max(1, round(seconds)))})


def _is_exhaustion(error: BaseException) -> bool:
    """Whether memory, files, disk or threads have run out; deltalake panics where it gets no thread."""
    return (
        isinstance(error, MemoryError)
        or (isinstance(error, OSError) and error.errno in _SPENT)
        or (isinstance(error, RuntimeError) and str(error) == "can't start new thread")
        or _is_panic(error)
    )


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"  # of Rust; no Exception, and its class cannot be imported
