"""The web application: the dashboard's page and API, fates, schemas and documentation."""

from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException

from footfall.dashboard import routes
from footfall.dashboard.assets import Bundle
from footfall.dashboard.auth import AccessControl
from footfall.dashboard.installed_plans import InstalledPlans
from footfall.dashboard.middleware import ErrorBoundary, refusal_of
from footfall.dashboard.responses import ApiError, refuse
from footfall.dashboard.state import AppState
from footfall.health import Health
from footfall.lake.query import LakeReader
from footfall.peer import PeerHeader
from footfall.schema.reasons import Reason
from footfall.settings import Settings

_REASONS = {404: Reason.NOT_FOUND, 405: Reason.METHOD_NOT_ALLOWED, 413: Reason.BODY_TOO_LARGE}


def create(
    settings: Settings, *, reader: LakeReader, peer: PeerHeader, control_path: Path | None = None
) -> ErrorBoundary:
    """The application on a lake and a control database (by default the one the settings name)."""
    access_control = AccessControl(settings, control_path or settings.control, peer)
    app_state = AppState(settings, reader, access_control, Bundle(), InstalledPlans(settings), Health(settings))
    application = Litestar(
        routes.handlers(app_state),
        openapi_config=None,
        logging_config=None,
        on_startup=[access_control.start],
        on_shutdown=[access_control.close],
        exception_handlers={HTTPException: _http, Exception: _other},
    )
    return ErrorBoundary(application)


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Litestar's own refusals: an unknown path, a wrong method."""
    if error.status_code >= 500:
        return refuse(refusal_of(error))
    reason = _REASONS.get(error.status_code, Reason.BAD_REQUEST)
    return refuse(ApiError(error.status_code, reason, headers=error.headers))


def _other(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    return refuse(refusal_of(error))
