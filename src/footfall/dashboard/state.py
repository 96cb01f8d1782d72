"""What the handlers share: the parts of the application, and how they read a request and declare a path."""

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from footfall.dashboard.assets import Bundle
from footfall.dashboard.auth import AccessControl
from footfall.dashboard.installed_plans import InstalledPlans
from footfall.health import Health
from footfall.lake.query import LakeReader
from footfall.settings import Settings

Asked = Request[Any, Any, Any]
Reply = Response[bytes]


class AppState(Struct, frozen=True):
    """What the handlers share."""

    settings: Settings
    reader: LakeReader
    access_control: AccessControl
    bundle: Bundle
    installed_plans: InstalledPlans
    health: Health


def reads(path: str, *, blocking: bool = True) -> Callable[[Callable[..., Reply]], HTTPRouteHandler]:
    """A handler of GET and HEAD; `blocking` ones run in a thread."""
    return route(path, http_method=["GET", "HEAD"], status_code=200, sync_to_thread=blocking)


def accepts(request: Asked) -> str:
    """The request's Accept-Encoding."""
    return request.headers.get("accept-encoding", "")


def cookie(request: Asked, name: str) -> str:
    """The value of a cookie; empty where there is none, or several that differ: another site may have set one.

    Litestar's own reading keeps the cookies of the last thousand requests in memory, whoever sent them.
    """
    wanted = name.encode()
    pairs = (
        part.strip().partition(b"=")
        for header, value in request.scope["headers"]
        if header == b"cookie"
        for part in value.split(b";")
    )
    found = {value for key, _, value in pairs if key == wanted}
    return found.pop().decode("latin-1") if len(found) == 1 else ""
