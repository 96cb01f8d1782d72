"""Who it was, without saying who it is."""

from typing import Any
from urllib.parse import unquote
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from footfall.tracker.django.event import Event, RefusedError
from footfall.tracker.django.options import hook, options


def name(user: Any) -> str | None:
    """The anonymous name of a user, None for nobody; raises RefusedError where it would be a name that others know."""
    if user is None or not user.is_authenticated:
        return None
    if user.pk is None:
        raise RefusedError({"user": ["This user is not in the database."]})
    found = str((hook("anon_username") or anon_username)(user) or "")
    if not found:
        raise RefusedError({"anon_username": ["This user has none."]})
    if found.lower() in {str(user.pk), str(user.get_username()).lower(), _address(user)}:
        raise RefusedError({"anon_username": ["This is the user's own name, address or number."]})
    return found


def anon_username(user: Any) -> str:
    """The field `anon_username` of the user; where there is none, or nothing in it, a pseudonym."""
    return str(getattr(user, "anon_username", None) or pseudonym(user))


def pseudonym(user: Any) -> str:
    """A name that is always the same for a user, but tells nothing to whoever has not got the key."""
    secret = options().anon_key or settings.SECRET_KEY
    digest = salted_hmac("footfall.anon_username", str(user.pk), secret=secret, algorithm="sha256").hexdigest()
    return str(UUID(digest[:32]))


def guard(event: Event, user: Any) -> None:
    """Raises RefusedError where an event holds the address of the user whom it is about."""
    address = _address(user) if user is not None and user.is_authenticated else ""
    if "@" in address and address in unquote(event.v3.decode()).lower():
        raise RefusedError({"non_field_errors": ["This holds the user's e-mail address."]})


def _address(user: Any) -> str:
    field = getattr(user, "get_email_field_name", lambda: "email")()
    return str(getattr(user, field, None) or "").lower()
