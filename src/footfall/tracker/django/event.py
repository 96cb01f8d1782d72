"""An event of the LMS, judged and made as the tracking API of a footfall server would, before it leaves the process.

What is personal is masked here, so that it comes into no outbox and no queue.
"""

import hashlib
import logging
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from django.utils.functional import Promise
from msgspec import Struct

from footfall.dialects.base import Outcome, RefusalError, Request
from footfall.dialects.lms.dialect import PATHS, Lms
from footfall.dialects.lms.shape import KEYS
from footfall.tracker.django.messages import Words, sentence


def _said(value: Any) -> str:
    """A translated string that waits for its language; raises TypeError for anything else."""
    if isinstance(value, Promise):
        return str(value)
    raise TypeError


_log = logging.getLogger("footfall.tracker.django")
_LARGEST = 1 << 20
_lms = Lms()
_encoder = msgspec.json.Encoder(enc_hook=_said)


class RefusedError(Exception):
    """Something is no event that may be sent; `words` says what is wrong, by field. Neither holds a value."""

    def __init__(self, words: Words) -> None:
        super().__init__(sentence(words))
        self.words = words


class Event(Struct, frozen=True, kw_only=True):
    """One event in the shape that the LMS documents, and as a V3 event in `v3` (JSON text).

    `id` is the same whenever the event is sent again. `more` holds what the ten documented keys have no place for.
    """

    id: str
    event_type: str
    anon_username: str | None
    time: str
    course_slug: str | None
    course_run: str | None
    module_id: str | int | None
    section_id: str | int | None
    unit_id: str | int | None
    page_url: str | None
    event_data: dict[str, Any] | None
    more: dict[str, Any]
    v3: bytes

    @classmethod
    def read(cls, v3: bytes) -> "Event":
        """The event that a V3 text carries; raises msgspec.DecodeError for any other text."""
        found = _v3.decode(v3)
        shape: dict[str, Any] = msgspec.json.decode(found.edata.data)
        known = {key: shape.pop(key) for key in KEYS}
        return cls(id=found.mid, more=shape, v3=v3, **known)

    def shape(self) -> dict[str, Any]:
        """The ten documented keys."""
        return {key: getattr(self, key) for key in KEYS}

    def in_channel(self, channel: str) -> bytes:
        """The V3 text for another channel."""
        whole = msgspec.json.decode(self.v3)
        whole["context"]["channel"] = channel
        return _encoder.encode(whole)


class _Edata(Struct):
    data: str


class _V3(Struct):
    mid: str
    edata: _Edata


_v3 = msgspec.json.Decoder(_V3)


def write(told: Mapping[str, Any], channel: str) -> Event:
    """The event that was told of, in the words of docs/lms.md; raises RefusedError."""
    try:
        body = _encoder.encode(told)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise RefusedError({"event_data": ["This cannot be written as JSON."]}) from None
    request = Request(
        path=PATHS[0],
        query=b"",
        headers={},
        channel=channel,
        peer="",
        is_trusted=True,
        public_types=(),
        now=time.time_ns() // 1_000_000,
        raw=body,
        body=body,
        ndjson=False,
        at_most=1,
    )
    try:
        translation = _lms.translate(request)
    except RefusalError as error:
        raise RefusedError({"non_field_errors": [str(error)]}) from None
    if translation.lost:
        words = msgspec.json.decode(translation.answer(Outcome()).body)
        raise RefusedError({name: said for name, said in words.items() if name != "errors"})
    if len(translation.events) > _LARGEST:
        raise RefusedError({"non_field_errors": [f"The event has {len(translation.events)} bytes."]})
    for finding in translation.warnings.get(0, ()):
        _log.info("%s: %s %s", told.get("event_type", ""), finding.code, finding.path)
    return Event.read(translation.events[1:-1])


def own_id(person: str, given: str) -> str:
    """An id that a page gave, so that it can meet nobody else's."""
    return "LMS:" + hashlib.blake2b(f"{person}\0{given}".encode(), digest_size=16).hexdigest()
