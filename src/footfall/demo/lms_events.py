"""The learning management system next door: its courses, and how it tells what happens in them."""

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from msgspec import Struct

from footfall.demo.endpoints import Endpoint
from footfall.demo.event import encode
from footfall.demo.visit import Visit

PREFIX = "kinesinlms."
VIDEO = "course.video.activity"


class Telling(Enum):
    """How a course's video player puts what it tells: as the documentation of the LMS says, or as its code does."""

    DOCUMENTED = "documented"
    CODED = "coded"


class Unit(Struct, frozen=True):
    """A unit of a course, with a video and an assessment in it."""

    id: int
    slug: str
    title: str
    block: str
    video: str


class Offering(Struct, frozen=True):
    """A course as it runs at one time; after it `has_ended`, it can still be read."""

    slug: str
    run: str
    units: tuple[Unit, ...]
    player: Telling
    has_ended: bool = False

    @property
    def home(self) -> str:
        """The address of its home page."""
        return f"https://lms.example/courses/{self.slug}/{self.run}"

    @property
    def names(self) -> dict[str, Any]:
        """What names it in an event."""
        ended = {"course_ended": True} if self.has_ended else {}
        return {"course_slug": self.slug, "course_run": self.run} | ended


def _offering(number: int, slug: str, run: str, player: Telling, titles: str, *, has_ended: bool = False) -> Offering:
    units = [
        Unit(
            number * 100 + index,
            title.lower().replace(" ", "-"),
            title,
            f"0b6dd0e3-63a1-4be2-b5a4-2f0b7c8f{number * 100 + index:04d}",
            f"k519LgRB{number}{index}M",
        )
        for index, title in enumerate(titles.split(", "), 1)
    ]
    return Offering(slug, run, tuple(units), player, has_ended)


OFFERINGS = (
    _offering(1, "DEMO", "SP", Telling.CODED, "Introduction, Asking questions, Planning, Reporting"),
    _offering(2, "CELLS", "2026", Telling.DOCUMENTED, "What a cell is, Membranes, Division"),
    _offering(3, "STATS", "2026", Telling.CODED, "Samples, Means, Spread, Tests"),
)
PAST = _offering(4, "STATS", "2025", Telling.CODED, "Samples, Means", has_ended=True)


def track(
    visit: Visit,
    kind: str,
    course: Offering | None = None,
    unit: Unit | None = None,
    *,
    data: dict[str, Any] | None = None,
    page: str = "",
    is_known: bool = True,
) -> None:
    """Have the LMS's server tell what happened, and where in a course."""
    said: dict[str, Any] = {"event_type": PREFIX + kind}
    if is_known:
        said["anon_username"] = visit.learner.actor.id
    said["time"] = _time(visit.now)
    if course is not None:
        said |= course.names | {"page_url": f"{course.home}/{page}"}
    if unit is not None:
        said |= {"module_id": unit.id // 100, "section_id": 1, "unit_id": unit.id}
    if data is not None:
        said["event_data"] = data
    visit.send(encode(said), Endpoint.LMS)


def play(visit: Visit, course: Offering, unit: Unit, happened: str, **more: float) -> None:
    """Have the video player tell what happened to the video, as a page does; who and when its proxy adds."""
    who = {"anon_username": visit.learner.actor.id, "time": _time(visit.now)}
    payload = {"video_id": unit.video, "video_event_type": f"{PREFIX}course.video.{happened}"} | more
    if course.player is Telling.DOCUMENTED:
        said: dict[str, Any] = {"tracking_event_type": "video", "node_id": unit.id}
    else:
        said = {
            "event_type": PREFIX + VIDEO,
            "course_run": course.run,
            "course_slug": course.slug,
            "unit_node_slug": f"unit-{unit.id}",
            "course_unit_id": unit.id,
            "course_unit_slug": unit.slug,
            "block_uuid": unit.block,
        }
    visit.send(encode(said | {"event_data": payload} | who), Endpoint.LMS)


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="microseconds")
