"""The setting FOOTFALL: what may stand in it, and what it means."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string
from msgspec import Meta, Struct

from footfall.tracker.django.event_types import COURSE_VIDEO_ACTIVITY

SETTING = "FOOTFALL"

Hook = Callable[..., Any]


class Options(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=str.upper):
    """The keys of FOOTFALL, in small letters. What is None or empty has a default of its own; see docs/django.md."""

    url: str = "http://127.0.0.1:8400"
    key: str = ""
    channel: Annotated[str, Meta(min_length=1)] = "dev"
    trackers: tuple[Any, ...] = ("footfall.tracker.django.FootfallTracker",)
    delivery: Literal["outbox", "celery"] = "outbox"
    outbox: Any = ""
    outbox_bytes: Annotated[int, Meta(ge=1 << 16)] = 64 << 20
    batch_seconds: Annotated[float, Meta(ge=0)] = 2.0
    on_commit: bool = True
    database: str = "default"
    anon_username: Any = None
    anon_key: str = ""
    node_fields: Any = None
    has_ended: Any = None
    browser_types: tuple[str, ...] = (COURSE_VIDEO_ACTIVITY,)
    find_node: Any = None
    is_enrolled: Any = None
    throttle: str | None = "600/min"


HOOKS = ("anon_username", "node_fields", "has_ended", "find_node", "is_enrolled")


@cache
def options() -> Options:
    """The options of this project; raises ImproperlyConfigured, which never holds a value."""
    try:
        return msgspec.convert(getattr(settings, SETTING, {}), Options)
    except msgspec.ValidationError as error:
        raise ImproperlyConfigured(f"{SETTING}: {error}") from None


@cache
def hook(name: str) -> Hook | None:
    """A function that the project provides; None where it does not. Raises ImproperlyConfigured."""
    given = getattr(options(), name)
    if given is None:
        return None
    try:
        found = import_string(given) if isinstance(given, str) else given
    except ImportError as error:
        raise ImproperlyConfigured(f"{SETTING}: {name.upper()}: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"{SETTING}: {name.upper()} is no function.")
    function: Hook = found
    return function


def outbox_folder() -> Path:
    """Where events wait: OUTBOX, or a folder of this project's own under the user's state directory."""
    given = options()
    if given.outbox:
        return Path(given.outbox)
    place = f"{given.url}\0{given.channel}\0{getattr(settings, 'BASE_DIR', Path.cwd())}"
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    return _state() / "footfall" / "django" / name


def _state() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    try:
        return Path(base) if base else Path.home() / ".local" / "state"
    except RuntimeError:  # nobody's home, as in a container
        return Path(tempfile.gettempdir()) / f"state-{os.getuid()}"


def _forget(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        options.cache_clear()
        hook.cache_clear()


setting_changed.connect(_forget, dispatch_uid="footfall.options")
