"""An event of Keycloak's, cut down to what telemetry may keep: no names, no addresses, no representation."""

import hashlib
import re
from collections.abc import Iterable

from msgspec import Struct

from footfall.schema.reasons import Reason

EARLIEST = 946_684_800_000  # 2000-01-01; a smaller number is in seconds
LATEST = 4_102_444_800_000  # 2100-01-01
ERROR = "_ERROR"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,79}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9_-]{8,100}", re.ASCII)
_NO_SLUG = re.compile(r"[^A-Za-z0-9_.-]+", re.ASCII)
_USER_PATH = re.compile(r"users/([^/]+)(?:/(.*))?", re.DOTALL)
_LONGEST = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_DETAIL_NAMES = {"first_name": "firstName", "last_name": "lastName"}

MOST_NAMES = 100


class ReadError(ValueError):
    """Something that cannot be read as an event of Keycloak's; says where in it, never what stands there.

    `line` counts the lines of the event itself, from 1.
    """

    def __init__(self, message: str, path: str = "$", reason: Reason = Reason.VALUE_NOT_ALLOWED, line: int = 1) -> None:
        super().__init__(message)
        self.path = path
        self.reason = reason
        self.line = line


class KeycloakEvent(Struct, frozen=True, kw_only=True, gc=False):
    """One event. `key` is the same in every copy of it; `at` is epoch milliseconds; empty is what was not said.

    `type` is as Keycloak has it (`LOGIN`, `LOGIN_ERROR`), or resource and operation of an admin event (`USER-UPDATE`).
    `user` is whom it is about, `rest` what of that user an admin event is about: empty for the whole. `code` is the
    authentication session. `names` are those of attributes, and `enabled` what an admin event made of the account.
    """

    key: str
    at: int
    type: str
    realm: str = ""
    realm_name: str = ""
    client: str = ""
    user: str = ""
    session: str = ""
    code: str = ""
    provider: str = ""
    registered: str = ""
    grant: str = ""
    credential: str = ""
    error: str = ""
    rest: str = ""
    names: tuple[str, ...] = ()
    enabled: bool | None = None

    @property
    def is_admin(self) -> bool:
        """Whether it was done to the account by way of the Admin API."""
        return "-" in self.type

    @property
    def has_failed(self) -> bool:
        """Whether nothing came of it."""
        return bool(self.error) or self.type.endswith(ERROR)

    @property
    def base(self) -> str:
        """The type without its ending for failures."""
        return self.type.removesuffix(ERROR)


def check_text(value: str | None, path: str) -> str:
    """A text that may be stored; raises ReadError for one that is too long or holds control characters."""
    if value is None:
        return ""
    if len(value) > _LONGEST:
        raise ReadError(f"{_last(path)} has more than {_LONGEST} characters", path)
    if _CONTROL.search(value):
        raise ReadError(f"{_last(path)} holds a control character", path)
    return value


def check_type(value: str, path: str) -> str:
    """The name of a type or operation; raises ReadError for what cannot be one."""
    if _TYPE.fullmatch(value) is None:
        raise ReadError(f"{_last(path)} is not one of Keycloak's: they are written LIKE_THIS", path)
    return value


def check_time(value: int | None, path: str) -> int:
    """A time in epoch milliseconds; raises ReadError."""
    if value is None:
        raise ReadError(f"{_last(path)} is missing", path, Reason.MISSING_FIELD)
    if not EARLIEST <= value <= LATEST:
        raise ReadError(f"{_last(path)} is not a time in epoch milliseconds", path)
    return value


def split_path(path: str) -> tuple[str, str]:
    """The user that a resource path names and what follows; both empty where it names none."""
    found = _USER_PATH.fullmatch(path)
    return (found[1], found[2] or "") if found else ("", "")


def is_name(text: str) -> bool:
    """Whether this can be what an attribute is called."""
    return _NAME.fullmatch(text) is not None


def changed_names(details: Iterable[str]) -> tuple[str, ...]:
    """The attributes of which there is an old or a new value among details with these keys."""
    names = dict.fromkeys(
        _DETAIL_NAMES.get(bare, bare)
        for name in details
        if (bare := name.removeprefix("updated_").removeprefix("previous_")) != name and is_name(bare)
    )
    return tuple(names)[:MOST_NAMES]


def slug(text: str) -> str:
    """A text as a word of letters, digits, full stops, hyphens and underscores; `other` where nothing is left of it."""
    return _NO_SLUG.sub("-", text).strip("._-")[:100] or "other"


def digest(*parts: str) -> str:
    """A short name for a text that is not to be stored itself: 16 hexadecimal digits."""
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def make_key(given: str, *parts: str) -> str:
    """The name of an event: the one that it was given, or one made of what is in it."""
    if _ID.fullmatch(given):
        return given
    text = given or "\0".join(parts)
    return "d" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _last(path: str) -> str:
    return path.rpartition(".")[2]
