"""Rejected events, grouped by why."""

from msgspec import Struct

from footfall.dashboard.parameters import FailedRange, known
from footfall.dashboard.queries import LakeAnswer, ask
from footfall.lake.query import LakeReader
from footfall.schema.reasons import Reason

TOP_REASONS = 100


class Place(Struct):
    """Where in an event a reason was found, how often among the newest rejected events, and what was said."""

    event_type: str
    path: str
    message: str
    n: int


class Group(Struct):
    """All rejected events with one reason; `newest` is epoch ms, `sample` the id of the newest event."""

    code: str
    n: int
    newest: int
    sample: str
    sentence: str
    hint: str
    docs: str
    places: list[Place]


class Failed(LakeAnswer):
    """Rejected events of a period by reason; an event with several reasons counts under each.

    `groups` are the 100 most frequent of the `group_count` reasons.
    """

    since: int
    until: int
    groups: list[Group]
    group_count: int


class _Row(Struct):
    code: str
    n: int
    newest: int
    sample: str
    codes: int


class _PlaceRow(Struct):
    code: str
    event_type: str
    path: str
    message: str | None
    n: int


def failed(reader: LakeReader, wanted: FailedRange) -> Failed:
    """The rejected events that were received in a range, by reason, the most frequent first."""
    since, until = wanted.bounds()
    period = {"since": since, "until": until, "channel": known(wanted.channel)}
    rows = ask(reader, "failed", period | {"top": TOP_REASONS}, _Row)
    places: dict[str, list[Place]] = {}
    for row in ask(reader, "failed_paths", period, _PlaceRow) if rows else ():
        places.setdefault(row.code, []).append(Place(row.event_type, row.path, row.message or "", row.n))
    groups = [_group(row, places.get(row.code, [])) for row in rows]
    return Failed(since, until, groups, rows[0].codes if rows else 0)


def _group(row: _Row, places: list[Place]) -> Group:
    try:
        reason = Reason.of(row.code)
    except KeyError:
        return Group(row.code, row.n, row.newest, row.sample, row.code, "", "/docs/reasons", places)
    return Group(row.code, row.n, row.newest, row.sample, reason.sentence, reason.hint, reason.docs, places)
