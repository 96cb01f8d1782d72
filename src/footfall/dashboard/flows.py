"""What became of flows: how they ended, how far they came, and some to look at."""

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from footfall.dashboard.installed_plans import InstalledPlans
from footfall.dashboard.parameters import FlowsRange, known
from footfall.dashboard.queries import LakeAnswer, ask
from footfall.flows.flow_remark import FlowRemark
from footfall.lake.query import LakeReader

if TYPE_CHECKING:
    from footfall.plans.model import Plan

_MAIN = 0.5  # a step that so many of the flows that went well have is on the way that most take


class OutcomeCount(Struct):
    """How many flows ended in one way; `result` is success, failed or nothing, `when` what it means."""

    outcome: str
    result: str
    n: int
    when: str


class PlanCount(Struct):
    """A plan and its flows in a period, by outcome."""

    plan: str
    title: str
    kind: str
    total: int
    outcomes: list[OutcomeCount]


class StepCount(Struct):
    """In how many flows a step was seen. `main` steps are the way that most take; `lost` did not come from the last.

    `share` is of all flows, `lost` of those that had the main step before.
    """

    step: str
    when: str
    n: int
    share: float
    main: bool
    lost: float | None


class RemarkCount(Struct):
    """What was remarkable, and in how many flows."""

    code: str
    rule: str
    path: str
    severity: str
    message: str
    hint: str
    n: int


class Example(Struct):
    """One flow. Times are epoch ms, `duration_ms` from the first event to the last."""

    id: str
    channel: str
    channels: list[str]
    sid: str
    did: str
    began_at: int
    ended_at: int
    duration_ms: float
    outcome: str
    result: str
    events: int
    steps: list[str]
    missing: list[str]
    out_of_order: list[str]
    remarks: list[FlowRemark]


class PlanFlows(Struct):
    """The flows of one plan; the times are of those that ended, in milliseconds."""

    plan: str
    title: str
    kind: str
    about: str
    total: int
    median_ms: float | None
    slow_ms: float | None
    steps: list[StepCount]
    remarks: list[RemarkCount]
    examples: list[Example]


class Flows(LakeAnswer):
    """Flows that began in a period, by plan, and one plan in full. Times are epoch ms.

    `behind_ms` is for how long the oldest event that is not part of a flow yet has waited.
    """

    since: int
    until: int
    behind_ms: int
    plans: list[PlanCount]
    detail: PlanFlows | None


class _Outcome(Struct):
    plan: str
    kind: str
    outcome: str
    result: str | None
    n: int


class _Duration(Struct):
    n: int
    median_ms: float | None
    slow_ms: float | None


class _Step(Struct):
    step: str
    n: int
    well: int


def flows(reader: LakeReader, installed_plans: InstalledPlans, wanted: FlowsRange) -> Flows:
    """The flows of a period; of the plan that is asked for, or else the one with the most flows, everything."""
    since, until = wanted.bounds()
    plans = installed_plans.plans()
    period: dict[str, object] = {"since": since, "until": until, "channel": known(wanted.channel)}
    counts = _by_plan(ask(reader, "flow_plans", period, _Outcome), plans)
    name = known(wanted.plan) or next((count.plan for count in counts if count.kind == "flow"), None)
    name = name or next((count.plan for count in counts), None)
    chosen = next((count for count in counts if count.plan == name), None)
    detail = None
    if chosen is not None:
        narrowed = period | {"plan": chosen.plan, "outcome": known(wanted.outcome)}
        detail = _detail(reader, chosen, plans.get(chosen.plan), narrowed, wanted.limit)
    return Flows(since, until, installed_plans.behind_ms(), counts, detail)


def _by_plan(rows: list[_Outcome], plans: "dict[str, Plan]") -> list[PlanCount]:
    """Every plan of flows or workflows, those with the most flows first; also those that had none."""
    found = {
        plan.plan: PlanCount(plan.plan, plan.title, plan.kind, 0, []) for plan in plans.values() if plan.kind != "types"
    }
    for row in rows:
        count = found.setdefault(row.plan, PlanCount(row.plan, row.plan, row.kind, 0, []))
        count.outcomes.append(
            OutcomeCount(row.outcome, row.result or "", row.n, _when(plans.get(row.plan), row.outcome))
        )
        count.total += row.n
    return sorted(found.values(), key=lambda count: (count.kind, -count.total, count.plan))


_WHEN = {
    "unfinished": "It goes on: no step has ended it yet.",
    "abandoned": "It never ended, and nothing more came for so long that nothing will.",
    "open": "It goes on.",
    "complete": "It went as the workflow says.",
    "broken": "It broke a rule of the workflow.",
}


def _when(plan: "Plan | None", outcome: str) -> str:
    said = (one.when for one in (plan.outcomes if plan is not None else ()) if one.outcome == outcome)
    return next(said, "") or _WHEN.get(outcome, "")


def _detail(
    reader: LakeReader, count: PlanCount, plan: "Plan | None", narrowed: dict[str, object], limit: int
) -> PlanFlows:
    outcome = narrowed["outcome"]
    total = sum(one.n for one in count.outcomes if outcome is None or one.outcome == outcome)
    (took,) = ask(reader, "flow_durations", narrowed, _Duration)
    seen = ask(reader, "flow_steps", narrowed, _Step)
    well = sum(one.n for one in count.outcomes if one.result == "success" and outcome in (None, one.outcome))
    steps = funnel(plan, seen, total, well) if count.kind == "flow" and plan is not None else []
    remarks = ask(reader, "flow_remarks", narrowed, RemarkCount)
    examples = ask(reader, "flow_examples", narrowed | {"limit": limit}, Example, prepare=_with_remarks)
    about = plan.about if plan is not None else ""
    return PlanFlows(
        count.plan, count.title, count.kind, about, total, took.median_ms, took.slow_ms, steps, remarks, examples
    )


def _with_remarks(row: dict[str, object]) -> dict[str, object]:
    return row | {"remarks": msgspec.json.decode(str(row["remarks"] or "[]"))}


def funnel(plan: "Plan", seen: list[_Step], total: int, well: int) -> list[StepCount]:
    """The steps of a plan in its order; those on the main way with how many were lost since the one before.

    The main way is what most flows that went well have in common, or, where none did, what the plan cannot do without.
    """
    by_name = {row.step: row for row in seen}
    found: list[StepCount] = []
    before: int | None = None
    for step in plan.steps:
        row = by_name.get(step.step, _Step(step.step, 0, 0))
        is_main = row.well >= _MAIN * well if well else not step.optional
        lost = None
        if is_main:
            lost = max(0.0, 1 - row.n / before) if before else None
            before = row.n
        share = row.n / total if total else 0.0
        found.append(StepCount(step.step, step.when, row.n, share, is_main, lost))
    return found
