"""Everything that an event can be: V3's events, types of their own, and steps of plans, with what came of each."""

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from footfall.dashboard.installed_plans import InstalledPlans
from footfall.dashboard.parameters import DAY, HOUR, CatalogueRange, known
from footfall.dashboard.queries import LakeAnswer, ask
from footfall.lake.query import LakeReader

if TYPE_CHECKING:
    from footfall.plans.model import EventType, Expectation, Plan, Step


class CatalogueField(Struct):
    """A field: its path (in edata, for V3's events), its type or value, and what it means."""

    path: str
    kind: str
    required: bool
    about: str


class Entry(Struct):
    """What an event can be: one of V3's (`event`), of a type of its own (`type`), or a step of a plan (`step`).

    `day` and `week` are the events stored, for steps the flows that had it, in the last 24 hours and 7 days. `rejected`
    is the share of those received in 7 days, null where none were or it cannot be told. `last` is when the last came,
    epoch ms; for events and types the start of its hour. `sample` is JSON.
    """

    kind: Literal["event", "type", "step"]
    plan: str
    name: str
    event: str
    meaning: str
    source: str
    notes: list[str]
    fields: list[CatalogueField]
    sample: str
    day: int
    week: int
    rejected: float | None
    last: int | None


class CataloguePlan(Struct):
    """A plan that entries belong to."""

    plan: str
    title: str
    kind: str
    about: str


class Strangers(Struct):
    """Types of event that have no entry: how many there were in the last 7 days, and how many events of them."""

    types: int
    week: int


class Catalogue(LakeAnswer):
    """All entries by plan; V3's events belong to none."""

    plans: list[CataloguePlan]
    entries: list[Entry]
    others: Strangers


class _Volume(Struct):
    event_type: str
    day: int
    week: int
    received: int
    rejected: int
    last_hour: int | None


class _Seen(Struct):
    plan: str
    step: str
    day: int
    week: int
    last: int | None


class _Counts:
    """How much came of everything."""

    def __init__(self, reader: LakeReader, wanted: CatalogueRange, names: list[str]) -> None:
        now = int(time.time() * 1000)
        # The hour under way makes it a little more than a day and a week, as on the chart.
        start = now // HOUR * HOUR + HOUR
        week: dict[str, object] = {"week": start - 7 * DAY, "channel": known(wanted.channel)}
        period = week | {"day": start - DAY}
        rows = ask(reader, "catalogue_events", period | {"names": names}, _Volume)
        self._types = {row.event_type: row for row in rows}
        self._steps = {(row.plan, row.step): row for row in ask(reader, "catalogue_steps", period, _Seen)}
        (self.others,) = ask(reader, "catalogue_others", week | {"names": names}, Strangers)

    def of_type(self, entry: Entry) -> Entry:
        """The entry of an event or a type with its counts."""
        row = self._types.get(entry.name)
        if row is not None:
            entry.day, entry.week, entry.last = row.day, row.week, row.last_hour
            entry.rejected = row.rejected / row.received if row.received else None
        return entry

    def of_step(self, entry: Entry) -> Entry:
        """The entry of a step with its counts."""
        row = self._steps.get((entry.plan, entry.name))
        if row is not None:
            entry.day, entry.week, entry.last = row.day, row.week, row.last
        return entry


def catalogue(reader: LakeReader, installed_plans: InstalledPlans, wanted: CatalogueRange) -> Catalogue:
    """Every entry, V3's events first."""
    plans = sorted(installed_plans.plans().values(), key=lambda plan: (plan.kind, plan.plan))
    typed = [*_events(), *(_of_type(plan, one) for plan in plans for one in plan.types)]
    counts = _Counts(reader, wanted, [entry.name for entry in typed])
    entries = [counts.of_type(entry) for entry in typed]
    entries += [counts.of_step(_of_step(plan, step)) for plan in plans for step in _own_steps(plan)]
    shown = [CataloguePlan(plan.plan, plan.title, plan.kind, plan.about) for plan in plans]
    return Catalogue(shown, entries, counts.others)


def _own_steps(plan: "Plan") -> "list[Step]":
    """The steps of a plan, without those of a workflow that stand for every event of a kind."""
    return [step for step in plan.steps if plan.kind == "flow" or step.match]


def _events() -> Iterator[Entry]:
    from footfall.schema.docs import edata_fields, purpose
    from footfall.schema.examples import example
    from footfall.schema.schemas import EIDS
    from footfall.schema.verdict import Profile

    for eid in EIDS:
        fields = [
            CatalogueField(f"edata.{field.path}", field.kind, field.is_required, field.words)
            for field in edata_fields(Profile.SUNBIRD, eid)
        ]
        yield _entry("event", "", eid, eid, purpose(eid), "Sunbird Telemetry V3", [], fields, example(eid))


def _of_type(plan: "Plan", one: "EventType") -> Entry:
    from footfall.plans.sample import sample_of_type

    fields = [
        CatalogueField(name, _said(field.type, field.one_of), field.required, field.about)
        for name, field in one.fields.items()
    ]
    notes = [
        *(["also sent as " + ", ".join(one.aliases)] if one.aliases else []),
        *(["a browser may send it"] if one.browser else []),
        *(["also for people who are not signed in"] if one.anonymous else []),
        *(["also after its course has ended"] if one.after_end else []),
        *(["counts as a sign-in"] if one.sign_in else []),
        *(["footfall's own"] if one.extension else []),
    ]
    return _entry(
        "type",
        plan.plan,
        one.type,
        plan.event,
        one.when,
        one.source or plan.source,
        notes,
        fields,
        sample_of_type(plan, one),
    )


def _of_step(plan: "Plan", step: "Step") -> Entry:
    from footfall.plans.sample import sample_of_step
    from footfall.plans.values import expectation_of

    fields = [
        CatalogueField(path, _expected(expected), path in step.match, expectation_of(expected).about)
        for path, expected in {**step.match, **step.expect}.items()
    ]
    notes = [
        *(["ends the flow"] if step.end else []),
        *(["a flow can do without it"] if step.optional else []),
        *(["may come again"] if step.repeatable else []),
        *(f"also sent as {variant.event}" for variant in step.variants),
    ]
    source = " ".join(part for part in (step.ref, step.source) if part) or plan.source
    sample = sample_of_step(plan, step)
    return _entry("step", plan.plan, step.step, step.event, step.when, source, notes, fields, sample)


def _expected(expected: "Expectation | str | int | float | bool | None") -> str:
    from footfall.plans.values import expectation_of, said

    one = expectation_of(expected)
    also = [f'"{value}" ({warning})' for value, warning in one.accept.items()]
    return said(one) + (f"; also {', '.join(also)}" if also else "")


def _said(kind: str, values: list[Any]) -> str:
    return " or ".join(json.dumps(value) for value in values) if values else kind


def _entry(
    kind: Literal["event", "type", "step"],
    plan: str,
    name: str,
    event: str,
    meaning: str,
    source: str,
    notes: list[str],
    fields: list[CatalogueField],
    sample: dict[str, Any],
) -> Entry:
    text = json.dumps(sample, ensure_ascii=False)
    return Entry(kind, plan, name, event, meaning, source, notes, fields, text, 0, 0, None, None)
