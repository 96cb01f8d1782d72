"""The LMS's tracking API: its bodies become EXDATA, and are answered as the LMS answers them.

docs/lms.md says what is taken and what is kept.
"""

import hashlib
import uuid
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from footfall.dialects.base import Answer, Dialect, Lost, Outcome, RefusalError, Request, Translation
from footfall.dialects.lms.body import BESIDE, Misspoken, Said, understand
from footfall.dialects.lms.check import MOST_FAULTS, Fault, worded
from footfall.dialects.lms.shape import ENV, milliseconds, moment_of, shaped, timestamp
from footfall.schema.json_text import read
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

PATHS = ("/api/tracking",)

_HINTS = {
    Reason.UNKNOWN_FIELD: "Remove the field; docs/lms.md lists the fields of each type.",
    Reason.VALUE_NOT_ALLOWED: "Send what the message asks for; docs/lms.md lists types and fields.",
}
_BOM = b"\xef\xbb\xbf"
_encoder = msgspec.json.Encoder()


class Lms(Dialect):
    """`POST /api/tracking`."""

    paths = PATHS

    def translate(self, request: Request) -> Translation:
        """One event; raises RefusalError for a body that is no JSON object, and for one that may not be sent."""
        if request.ndjson:
            raise RefusalError(415, Reason.UNSUPPORTED_MEDIA_TYPE, "Send one event as application/json.")
        excess = request.extent.fault(request.body)
        body, finding = read(request.body.removeprefix(_BOM)) if excess is None else ({}, excess)
        if finding is not None:
            reason = Reason.of(finding.code)
            reason = Reason.MALFORMED_JSON if reason is Reason.MALFORMED_LINE else reason
            raise RefusalError(413 if reason is Reason.EVENT_TOO_LARGE else 400, reason, finding.message)
        now = moment_of(request.now)
        said = understand(body, request, now)
        if isinstance(said, Misspoken):
            faults = said.faults[:MOST_FAULTS]
            lost = Lost([fault.finding for fault in faults], said.id, "EXDATA")
            return Translation(b"[]", lambda _: _bad(faults), [lost])
        # What waits for the disk holds nothing of the event but its name.
        answer = partial(_answer, said.named, said.warnings, has_time=said.moment is not None)
        events = _encoder.encode([_event(said, request.channel, now)])
        return Translation(events, answer, warnings={0: said.warnings} if said.warnings else {})

    def refuse(self, error: RefusalError) -> Answer:
        """A refusal as Django REST Framework puts it; who may not send gets 403, with a key or without."""
        problem: dict[str, Any] = _problem(error.reason.code, "$", str(error))
        if error.line is not None:
            problem |= {"line": error.line, "column": error.column}
        status = 403 if error.status == 401 else error.status
        return Answer(status, _encoder.encode({"detail": str(error), "errors": [problem]}))


def _event(said: Said, channel: str, now: datetime) -> dict[str, Any]:
    moment = said.moment or now
    text = _text(said, moment)
    values = said.values
    course = "/".join(filter(None, (values.get("course_slug"), values.get("course_run"))))
    context: dict[str, Any] = {"channel": channel, "env": ENV, "pdata": {"id": ENV}}
    if course:
        context["cdata"] = [{"type": "course", "id": course}]
    event = {
        "eid": "EXDATA",
        "ets": milliseconds(moment),
        "ver": "3.0",
        "mid": said.id or _mid(said, text),
        "actor": {"id": said.person or "anonymous", "type": "User"},
        "context": context,
        "edata": {"type": said.named, "data": text},
    }
    return event | ({"object": {"id": said.node, "type": "CourseNode"}} if said.node is not None else {})


def _text(said: Said, moment: datetime) -> str:
    values = said.values
    beside = {name: values[name] for name in BESIDE if name in values}
    unit = values.get("unit_id", values.get("node_id", values.get("course_unit_id")))
    known = {
        "event_type": said.named,
        "anon_username": said.person,
        "time": timestamp(moment),
        "unit_id": unit,
        "event_data": said.payload,
    }
    return shaped(values | known, beside)


def _mid(said: Said, text: str) -> str:
    """Of an event with a time of its own, the same whenever it is sent again."""
    if said.moment is None:
        return f"LMS:{uuid.uuid4().hex}"
    return f"LMS:{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def _answer(named: str, dropped: list[Finding], outcome: Outcome, *, has_time: bool) -> Answer:
    rejected = outcome.rejected.get(0, [])
    # An id without a time: when it comes again, the event has another time, and so another content.
    is_repeat = not has_time and [finding.code for finding in rejected] == [Reason.MID_CONFLICT.code]
    if rejected and not is_repeat:
        return _not_stored(rejected)
    warnings = [*dropped, *rejected, *outcome.warnings.get(0, [])]
    reply: dict[str, Any] = {"tracking_event_type": named, "received": True}
    if warnings:
        reply["warnings"] = list(map(_warning, warnings))
    return Answer(201, _encoder.encode(reply))


def _warning(found: Finding) -> dict[str, Any]:
    return _problem(found.code, "$.time" if found.path == "$.ets" else found.path, found.message)


def _not_stored(findings: list[Finding]) -> Answer:
    if findings[0].code == Reason.MID_CONFLICT.code:
        sentence = "An event with this id, but other content, was received before."
        return _bad([Fault(("id",), Reason.MID_CONFLICT, sentence)])
    status = 413 if findings[0].code == Reason.EVENT_TOO_LARGE.code else 400
    problems = [_problem(found.code, found.path, found.message) for found in findings]
    return Answer(status, _encoder.encode({"detail": findings[0].message, "errors": problems}))


def _bad(faults: list[Fault]) -> Answer:
    findings = [fault.finding for fault in faults]
    errors = [
        _problem(found.code, found.path, found.message)
        | {"hint": _HINTS.get(found.reason, found.reason.hint), "docs": found.reason.docs}
        for found in findings
    ]
    return Answer(400, _encoder.encode(worded(faults) | {"errors": errors}))


def _problem(code: str, path: str, message: str) -> dict[str, Any]:
    return {"code": code, "path": path, "message": message}
