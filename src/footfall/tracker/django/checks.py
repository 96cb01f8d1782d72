"""What can be told to be wrong with the setting FOOTFALL before the first event."""

import ipaddress
import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - as Django names it
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.urls import NoReverseMatch, reverse

from footfall.dialects.lms.types import BY_NAME
from footfall.tracker.django.delivery import tracker, tracker_paths
from footfall.tracker.django.options import HOOKS, Options, hook, options, outbox_folder
from footfall.tracker.django.tracker import FootfallTracker, Tracker


def check(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Everything that is wrong; nothing else can be looked at where the setting itself cannot be read."""
    try:
        given = options()
    except ImproperlyConfigured as error:
        hint = f"Its keys are {', '.join(name.upper() for name in Options.__struct_fields__)}."
        return [Error(str(error), hint=hint, id="footfall.E001")]
    return [found for look in _LOOKS for found in look(given)]


def _url(given: Options) -> Iterator[CheckMessage]:
    parts = urlsplit(given.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Error("URL is not the address of a server.", hint="Such as http://127.0.0.1:8400", id="footfall.E002")


def _hooks(_: Options) -> Iterator[CheckMessage]:
    for name in HOOKS:
        try:
            hook(name)
        except ImproperlyConfigured as error:
            yield Error(str(error), hint="Give the dotted path of a function.", id="footfall.E003")


def _trackers(_: Options) -> Iterator[CheckMessage]:
    for path in tracker_paths():
        try:
            found = tracker(path)
            found.post()
        except (ImproperlyConfigured, ValueError, TypeError) as error:
            yield Error(f"TRACKERS: {path} cannot be used: {error}", id="footfall.E004")
            continue
        if type(found).send is Tracker.send:
            yield Error(f"TRACKERS: {path} does not override send.", id="footfall.E004")
        if isinstance(found, FootfallTracker) and type(found).send is not FootfallTracker.send:
            hint = "Extend Tracker instead."
            yield Warning(f"TRACKERS: {path}: its send is not used by the outbox.", hint=hint, id="footfall.W004")


def _celery(given: Options) -> Iterator[CheckMessage]:
    if given.delivery == "celery" and find_spec("celery") is None:
        yield Error("DELIVERY is celery, which is not installed.", id="footfall.E005")


def _types(given: Options) -> Iterator[CheckMessage]:
    unknown = [name for name in given.browser_types if name not in BY_NAME]
    if unknown:
        yield Error(f"BROWSER_TYPES: no event types: {', '.join(unknown)}.", id="footfall.E006")


def _database(given: Options) -> Iterator[CheckMessage]:
    if given.database not in settings.DATABASES:
        yield Error(f"DATABASE: there is no database {given.database}.", id="footfall.E007")


def _throttle(given: Options) -> Iterator[CheckMessage]:
    number, _, period = (given.throttle or "1/s").partition("/")
    if not number.isdecimal() or period[:1] not in ("s", "m", "h", "d"):
        yield Error("THROTTLE is no rate.", hint="Such as 600/min, or None.", id="footfall.E008")


def _outbox(_: Options) -> Iterator[CheckMessage]:
    folder = outbox_folder()
    there = next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))
    if not there.is_dir() or not os.access(there, os.W_OK):
        hint = "Events would wait in memory, and be lost when the process ends."
        yield Error(f"OUTBOX: {folder} cannot be written.", hint=hint, id="footfall.E009")


def _key(given: Options) -> Iterator[CheckMessage]:
    if given.key.startswith("ffp_"):
        hint = "A public key lets pages send some types only. Use the channel's secret key, ffs_…"
        yield Warning("KEY is a public key.", hint=hint, id="footfall.W001")
    parts = urlsplit(given.url)
    if parts.hostname and parts.scheme == "http" and given.key and not _is_local(parts.hostname):
        yield Warning("KEY goes over the network in clear.", hint="Use https in URL.", id="footfall.W002")


def _enrolment(given: Options) -> Iterator[CheckMessage]:
    if not hasattr(settings, "ROOT_URLCONF"):
        return
    try:
        reverse("footfall-tracking")
    except NoReverseMatch:
        return
    if given.is_enrolled is None:
        hint = "Set IS_ENROLLED to a function of the user and the course node."
        yield Warning("The tracking API takes events of staff only.", hint=hint, id="footfall.W003")


def _anonymous(given: Options) -> Iterator[CheckMessage]:
    from django.contrib.auth import get_user_model

    if given.anon_username is not None or given.anon_key or not apps.is_installed("django.contrib.auth"):
        return
    try:
        get_user_model()._meta.get_field("anon_username")
    except FieldDoesNotExist:
        hint = "Set ANON_KEY, or give the user model a field anon_username."
        yield Warning("With a new SECRET_KEY everybody gets a new pseudonym.", hint=hint, id="footfall.W005")


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_LOOKS: tuple[Callable[[Options], Iterator[CheckMessage]], ...] = (
    _url,
    _hooks,
    _trackers,
    _celery,
    _types,
    _database,
    _throttle,
    _outbox,
    _key,
    _enrolment,
    _anonymous,
)

register(check, Tags.compatibility)
