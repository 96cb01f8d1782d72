"""The web application: the dashboard's page and API, fates, schemas and documentation."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from footfall.failure import TransientError
from footfall.insights import routes
from footfall.insights.assets import Bundle
from footfall.insights.gate import Gate
from footfall.insights.library import Library
from footfall.insights.replies import RefusedError, refuse
from footfall.lake.reading import LakeReader
from footfall.peer import PeerHeader
from footfall.settings import Settings
from footfall.spec.reasons import Reason

_log = logging.getLogger("footfall.insights")

_REASONS = {404: Reason.NOT_FOUND, 405: Reason.METHOD_NOT_ALLOWED, 413: Reason.BODY_TOO_LARGE}
_MOST_BODY = 64 << 10

Handler = Callable[[Request[Any, Any, Any], Any], Response[bytes]]


def create(settings: Settings, *, reader: LakeReader, peer: PeerHeader, control_path: Path | None = None) -> Litestar:
    """The application on a lake and a control database (by default the one the settings name)."""
    gate = Gate(settings, control_path or settings.control, peer)
    house = routes.House(settings, reader, gate, Bundle(), Library(settings))
    return Litestar(
        routes.handlers(house),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=_MOST_BODY,
        on_shutdown=[gate.close],
        exception_handlers={
            RefusedError: _refused,
            HTTPException: _http,
            TransientError: _transient,
            Exception: _unexpected,
        },
    )


def _refused(_: Request[Any, Any, Any], refusal: RefusedError) -> Response[bytes]:
    return refuse(refusal)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own refusals: an unknown path, a wrong method, a form that cannot be read."""
    if error.status_code >= 500:
        return _broken(error)
    reason = _REASONS.get(error.status_code, Reason.BAD_REQUEST)
    return refuse(RefusedError(error.status_code, reason, headers=error.headers))


def _transient(_: Request[Any, Any, Any], error: TransientError) -> Response[bytes]:
    retry = {"Retry-After": str(max(1, round(error.retry_after)))}
    return refuse(RefusedError(503, Reason.UNAVAILABLE, headers=retry))


def _unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return _broken(error)


def _broken(error: Exception) -> Response[bytes]:
    # Only kind and place: a message of the database may quote what an event said.
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    _log.error("request failed: %s at %s", type(error).__qualname__, place)
    return refuse(
        RefusedError(500, Reason.UNAVAILABLE, "The server could not answer this; its log says where it failed.")
    )
