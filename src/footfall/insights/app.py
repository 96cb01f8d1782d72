"""The web application: the dashboard's page and API, fates, schemas and documentation."""

from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from footfall.health import Health
from footfall.insights import routes
from footfall.insights.assets import Bundle
from footfall.insights.gate import Gate
from footfall.insights.house import House
from footfall.insights.library import Library
from footfall.insights.replies import RefusedError, refuse
from footfall.insights.threshold import Threshold, refusal_of
from footfall.lake.reading import LakeReader
from footfall.peer import PeerHeader
from footfall.settings import Settings
from footfall.spec.reasons import Reason

_REASONS = {404: Reason.NOT_FOUND, 405: Reason.METHOD_NOT_ALLOWED, 413: Reason.BODY_TOO_LARGE}


def create(settings: Settings, *, reader: LakeReader, peer: PeerHeader, control_path: Path | None = None) -> Threshold:
    """The application on a lake and a control database (by default the one the settings name)."""
    gate = Gate(settings, control_path or settings.control, peer)
    house = House(settings, reader, gate, Bundle(), Library(settings), Health(settings))
    application = Litestar(
        routes.handlers(house),
        openapi_config=None,
        logging_config=None,
        on_startup=[gate.start],
        on_shutdown=[gate.close],
        exception_handlers={HTTPException: _http, Exception: _other},
    )
    return Threshold(application)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own refusals: an unknown path, a wrong method."""
    if error.status_code >= 500:
        return refuse(refusal_of(error))
    reason = _REASONS.get(error.status_code, Reason.BAD_REQUEST)
    return refuse(RefusedError(error.status_code, reason, headers=error.headers))


def _other(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return refuse(refusal_of(error))
