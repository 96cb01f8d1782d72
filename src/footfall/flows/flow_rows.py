"""What an instance says, as a row of the flows table."""

from collections.abc import Iterable

from footfall.flows.flow_remark import FlowRemark
from footfall.flows.row import Row, text_of
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance, Remark

MOST_REMARKS = 50
MOST_STEPS = 500


def row_of(plan: Plan, key: str, told: Instance, later: Instance) -> Row:
    """The row of an instance as it is, and as it becomes when nothing more comes for it."""
    row = Row(
        plan=plan.plan,
        key=key,
        kind=plan.kind,
        id=told.id,
        plan_version=plan.version,
        began_at=told.began_at,
        ended_at=told.ended_at,
        steps=told.steps[:MOST_STEPS],
        missing=told.missing[:MOST_STEPS],
        out_of_order=[one.step for one in told.out_of_order[:MOST_STEPS]],
        outcome=told.outcome,
        result=told.result,
        remarks=remarks_text(told.remarks),
    )
    if (later.outcome, later.remarks) != (told.outcome, told.remarks):
        row.later_outcome = later.outcome
        row.later_missing = later.missing[:MOST_STEPS]
        row.later_remarks = remarks_text(later.remarks)
    return row


def remarks_text(remarks: Iterable[Remark]) -> str:
    """Remarks as JSON, the same one once."""
    told = {
        (one.code, one.path, one.mid, one.message): FlowRemark(
            one.code, one.message, one.hint, one.path, one.rule, one.severity, one.mid
        )
        for one in remarks
    }
    return text_of(list(told.values())[:MOST_REMARKS])
