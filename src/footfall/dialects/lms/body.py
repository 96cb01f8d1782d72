"""What a body of the LMS says: the documented one, the one its video player sends, and the documented event itself."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from msgspec import Struct

from footfall.dialects.base import RefusalError, Request
from footfall.dialects.lms.check import MOST_FAULTS, Fault, check, check_payload, required, shown
from footfall.dialects.lms.types import BY_NAME, VIDEO_EVENTS, Field, LmsType
from footfall.schema.reasons import Reason
from footfall.schema.redaction import mask
from footfall.schema.trust import ANYTHING
from footfall.schema.verdict import Finding

HEADER = b"x-anon-username"

_NAME = Field(max_length=200)
_ID = Field("id", max_length=200)
_UNIT = {
    "node_id": _ID,
    "unit_node_slug": _NAME,
    "course_unit_id": _ID,
    "course_unit_slug": _NAME,
    "block_uuid": _NAME,
    "block_id": _ID,
}
_ENDED = {"course_ended": Field("boolean"), "course_ends": _NAME}
_FIELDS = {
    "tracking_event_type": Field(),
    "event_type": Field(),
    "id": _NAME,
    "uuid": _NAME,
    "anon_username": _NAME,
    "time": _NAME,
    "course_slug": _NAME,
    "course_run": _NAME,
    "module_id": _ID,
    "section_id": _ID,
    "unit_id": _ID,
    "page_url": Field(max_length=2000),
    **_UNIT,
    **_ENDED,
    "event_data": Field("object"),
}
BESIDE = (*_UNIT, *_ENDED)
_NODES = ("node_id", "unit_id", "course_unit_id", "unit_node_slug", "section_id", "module_id")
_PLAYER = ("unit_node_slug", "course_unit_id", "course_unit_slug", "block_uuid", "block_id")
_PLAYER_NEEDS = ("course_slug", "course_run", "course_unit_id")
_NOBODY = ("", "anonymous", "anonymoususer")

# Names that hold personal values whatever the type of event; only open payloads can have them.
_PERSONAL_NAMES = {
    *("address", "captcha", "email", "email_address", "first_name", "full_name", "ip", "ip_address", "last_name"),
    *("name", "password", "phone", "user", "user_id", "username"),
}
_LONGEST_TYPE = 80
_MARK = re.compile(r"<(?:string|array|object) \d+>|<number>|<boolean>")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DROPPED = "This is not a field that is taken here. It was not stored."
_TIME_SENTENCE = (
    "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


class Said(Struct, frozen=True):
    """One event as it was told. `values` are the fields that were given; `person` is None for nobody in particular.

    `named` is the type as it was written; `id` and `moment` are None where the sender gave none; `warnings` tell what
    was not kept.
    """

    kind: LmsType
    named: str
    person: str | None
    id: str | None
    moment: datetime | None
    values: dict[str, Any]
    payload: dict[str, Any] | None
    warnings: list[Finding]

    @property
    def node(self) -> str | None:
        """The node of the course where it happened."""
        return next((str(self.values[name]) for name in _NODES if name in self.values), None)


class Misspoken(Struct, frozen=True):
    """A body that cannot be taken: what is wrong with it, and its id where it has a good one."""

    faults: list[Fault]
    id: str | None = None


def understand(body: Mapping[str, Any], request: Request, now: datetime) -> Said | Misspoken:
    """Read a body; raises RefusalError (403) where whoever sends it may not send this."""
    reading = _Reading(body)
    named, kind = reading.kind()
    person = reading.person(request.headers.get(HEADER))
    if kind is not None and not reading.faults:
        _check_rights(kind, person, request)
    moment = reading.moment("time")
    identity = reading.same("id", "uuid")
    if kind is not None:
        reading.check_player(kind)
        reading.check_end(kind, moment or now)
        reading.check_payload(kind)
    if kind is None or reading.faults:
        return Misspoken(reading.faults, identity)
    payload, warnings = _without_personal(reading.values.get("event_data"), kind)
    warnings += [_dropped(name) for name in body if name not in _FIELDS][:MOST_FAULTS]
    known = None if _is_nobody(person) else person
    return Said(kind, named, known, identity, moment, reading.values, payload, warnings)


class _Reading:
    """A body while it is read, and what was found wrong with it so far."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        given = [(name, field) for name, field in _FIELDS.items() if body.get(name) is not None]
        found = {name: check(body[name], field, (name,)) for name, field in given}
        self.faults = [fault for fault in found.values() if fault]
        self.values = {name: body[name] for name, fault in found.items() if fault is None}
        self._given = found.keys()

    def kind(self) -> tuple[str, LmsType | None]:
        """The type as it is written, and what it means; None for one that means nothing."""
        field = "tracking_event_type" if "tracking_event_type" in self._given else "event_type"
        named = self.same(field, "event_type")
        if named is None:
            if field not in self._given:
                self.faults.append(required(field))
            return "", None
        kind = BY_NAME.get(named)
        if kind is None:
            self._refuse(field, _not_a_type(named))
        return named, kind

    def same(self, *names: str) -> str | None:
        """The one value that fields of one meaning have; None where none is given."""
        given = [name for name in names if name in self.values]
        for name in given[1:]:
            if self.values[name] != self.values[given[0]]:
                self._refuse(name, f"This is not the same as {given[0]}.")
        return str(self.values[given[0]]) if given else None

    def person(self, header: bytes | None) -> str | None:
        """Who it was, from the body or the header; None where neither says."""
        told: str | None = self.values.get("anon_username")
        if header is not None:
            named = header.decode("utf-8", "replace").strip()
            if told is not None and named != told:
                self._refuse("anon_username", "This is not the same as the header X-Anon-Username.")
            fault = check(named, _NAME, ("anon_username",))
            self.faults += [fault] if fault else []
            told = named
        if told is not None and "@" in told:
            self._refuse("anon_username", "This looks like an e-mail address. Send the anonymous id.")
        return told

    def moment(self, name: str) -> datetime | None:
        """A time; None where none is given, or none that can be read."""
        text = self.values.get(name)
        if text is None:
            return None
        moment = _read_time(text)
        if moment is None:
            self._refuse(name, _TIME_SENTENCE)
        return moment

    def check_player(self, kind: LmsType) -> None:
        """A video player that names a unit names it as the LMS's own does."""
        if kind.browser and any(name in self._given for name in _PLAYER):
            self.faults += [required(name) for name in _PLAYER_NEEDS if name not in self._given]

    def check_end(self, kind: LmsType, moment: datetime) -> None:
        """After the end of a course only some types are taken."""
        ends = self.moment("course_ends")
        has_ended = self.values.get("course_ended", False) or (ends is not None and moment > ends)
        if has_ended and not kind.after_end:
            field = "tracking_event_type" if "tracking_event_type" in self._given else "event_type"
            self._refuse(field, "The course has ended, and this type of event is not taken after that.")

    def check_payload(self, kind: LmsType) -> None:
        """The fields of event_data."""
        payload = self.values.get("event_data")
        needs_one = kind.alternatives or any(field.required for field in kind.fields.values())
        if payload is not None:
            self.faults += check_payload(payload, kind)
        elif needs_one and "event_data" not in self._given:
            self.faults.append(required("event_data"))

    def _refuse(self, name: str, sentence: str) -> None:
        self.faults.append(Fault((name,), Reason.VALUE_NOT_ALLOWED, sentence, "string"))


@lru_cache(256)
def _not_a_type(named: str) -> str:
    if named in VIDEO_EVENTS:
        return 'This is not an event type. Send it as video_event_type in the event_data of a "video" event.'
    close = get_close_matches(named, BY_NAME, 1) if len(named) <= _LONGEST_TYPE else []
    return f"Not a known event type; {close[0]} is one." if close else "Not a known event type."


def _is_nobody(person: str | None) -> bool:
    return person is None or person.strip().lower() in _NOBODY


def _check_rights(kind: LmsType, person: str | None, request: Request) -> None:
    is_allowed = kind.name in request.public_types or ANYTHING in request.public_types
    if not (request.is_trusted or kind.browser or is_allowed):
        raise RefusalError(403, Reason.NEEDS_SECRET_KEY, "This type of event is taken with a secret key only.")
    # A video player does not say who watches; its page could not be seen by anybody who is not logged in.
    if not kind.anonymous and _is_nobody(person) and not (person is None and kind.browser):
        raise RefusalError(403, Reason.KEY_FORBIDDEN, "This type of event is not taken from anonymous users.")


def _read_time(text: str) -> datetime | None:
    if _TIME.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _without_personal(payload: dict[str, Any] | None, kind: LmsType) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The payload as it may be stored, and a warning for each value of which only the length is kept."""
    if payload is None:
        return None, []
    kept, warnings = {}, []
    for name, value in payload.items():
        field = kind.fields.get(name)
        is_personal = name.lower() in _PERSONAL_NAMES if field is None else field.personal
        if is_personal and value is not None and not _is_mark(value):
            warnings.append(Finding.make(Reason.PERSONAL_VALUE, f"$.event_data.{shown(name)}"))
            value = _mark(value)
        kept[name] = value
    return kept, warnings


def _mark(value: Any) -> str:
    if isinstance(value, bool):
        return "<boolean>"
    return "<number>" if isinstance(value, (int, float)) else str(mask(value, 0))


def _is_mark(value: Any) -> bool:
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def _dropped(name: str) -> Finding:
    return Finding.make(Reason.UNKNOWN_FIELD, f"$.{shown(name)}", message=_DROPPED)
