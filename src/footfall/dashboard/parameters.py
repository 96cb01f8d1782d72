"""What the API's paths take in their query strings."""

import time
from typing import Annotated, Literal, TypeVar
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from footfall.dashboard.responses import ApiError
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Fate

HOUR = 3_600_000
DAY = 24 * HOUR
LONGEST_DAYS = 800

LATEST = 4_102_444_800_000  # 2100-01-01

Step = Literal["auto", "hour", "3h", "6h", "12h", "day", "week"]
Moment = Annotated[int, Meta(ge=0, le=LATEST)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Range(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of time between two moments, epoch ms; by default the last 24 hours."""

    since: Annotated[Moment | UnsetType, Meta(description="Start, epoch ms; default 24 hours before `until`.")] = UNSET
    until: Annotated[
        Moment | UnsetType,
        Meta(description="End, exclusive, epoch ms; default now. Of a longer range, the last 800 days are taken."),
    ] = UNSET
    channel: Annotated[Name | UnsetType, Meta(description="Only this channel.")] = UNSET

    def bounds(self) -> tuple[int, int]:
        """Both ends, in order and at most 800 days apart."""
        until = int(time.time() * 1000) + 1 if self.until is UNSET else self.until
        since = max(0, until - DAY) if self.since is UNSET else self.since
        since, until = min(since, until), max(since, until, 1)
        return max(since, until - LONGEST_DAYS * DAY), until

    def hours(self) -> tuple[int, int]:
        """Both ends widened to whole hours UTC, which is how the rollup counts."""
        since, until = self.bounds()
        start = since // HOUR * HOUR
        return start, max(start + HOUR, -(-until // HOUR) * HOUR)


class SeriesRange(Range, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/series."""

    fate: Annotated[Fate | UnsetType, Meta(description="Only events of this fate.")] = UNSET
    step: Annotated[Step, Meta(description="Length of a bucket, or longer where there would be more than 1500.")] = (
        "auto"
    )
    zone: Annotated[
        Name, Meta(description="IANA time zone in which days and weeks begin; UTC where it is not known here.")
    ] = "UTC"
    top: Annotated[int, Meta(ge=1, le=20, description="Types shown by themselves; the rest is summed up.")] = 8

    def zone_info(self) -> ZoneInfo:
        """The time zone, or UTC: a browser may know zones that this machine does not."""
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return ZoneInfo("UTC")


class TotalsRange(Range, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/totals."""

    fate: Annotated[Fate | UnsetType, Meta(description="Count types among events of this fate only.")] = UNSET


class FeedRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/feed."""

    after: Annotated[Moment | UnsetType, Meta(description="`cursor` of an earlier answer: only what came since.")] = (
        UNSET
    )
    before: Annotated[Moment | UnsetType, Meta(description="Only events received before this time, epoch ms.")] = UNSET
    version: Annotated[
        Annotated[int, Meta(ge=-1, le=1 << 53)] | UnsetType,
        Meta(description="`version` of an earlier answer: if nothing was committed since, the answer has no events."),
    ] = UNSET
    channel: Annotated[Name | UnsetType, Meta(description="Only this channel.")] = UNSET
    fate: Annotated[Fate | UnsetType, Meta(description="Only events of this fate.")] = UNSET
    type: Annotated[Name | UnsetType, Meta(description="Only events of this type.")] = UNSET
    reason: Annotated[Name | UnsetType, Meta(description="Only events rejected or remarked on for this reason.")] = (
        UNSET
    )
    text: Annotated[Name | UnsetType, Meta(description="Only events whose mid or JSON contains this text.")] = UNSET
    limit: Annotated[int, Meta(ge=1, le=200, description="Most events in the answer.")] = 50


class FailedRange(Range, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/failed."""


class FlowsRange(Range, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/flows."""

    plan: Annotated[
        Name | UnsetType, Meta(description="The plan to tell everything of; by default the one with the most flows.")
    ] = UNSET
    outcome: Annotated[Name | UnsetType, Meta(description="Of that plan, only flows with this outcome.")] = UNSET
    limit: Annotated[int, Meta(ge=1, le=100, description="Most flows shown by themselves.")] = 20


class CatalogueRange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of /api/catalogue."""

    channel: Annotated[Name | UnsetType, Meta(description="Count only what came in this channel.")] = UNSET


Parameters = TypeVar("Parameters", bound=Struct)

_MOST_PAIRS = 50


def pairs(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query string; raises ApiError where there are very many.

    Litestar's own reading keeps the query strings of the last thousand requests in memory.
    """
    try:
        return parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PAIRS)
    except ValueError:
        raise ApiError(400, Reason.BAD_REQUEST, f"There are more than {_MOST_PAIRS} parameters.") from None


def read(query: bytes, into: type[Parameters]) -> Parameters:
    """The query string as a Struct; raises ApiError that says which parameter is wrong and how."""
    given: dict[str, str] = {}
    for name, value in pairs(query):
        if name in given:
            raise ApiError(400, Reason.BAD_REQUEST, f"{name[:50]} is given twice.")
        given[name] = value
    try:
        return msgspec.convert(given, into, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, Reason.BAD_REQUEST, _readable(str(error))) from None


def _readable(complaint: str) -> str:
    """msgspec's complaint in words about a parameter instead of a path in an object."""
    if "unknown field" in complaint:
        return f"There is no parameter {complaint.partition('`')[2].partition('`')[0][:50]} here."
    detail, _, place = complaint.partition(" - at `$.")
    return f"{place.rstrip('`')}: {detail}." if place else f"{detail}."


def known(value: object) -> object:
    """The value, or None where it was not given."""
    return None if value is UNSET else value
