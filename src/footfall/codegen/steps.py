"""Functions for the steps of a flow or workflow."""

from collections.abc import Iterator

from msgspec import UNSET
from msgspec.structs import replace

from footfall.codegen.correlation import CORRELATION, flow_entries, whole_list, workflow_entries
from footfall.codegen.fields import Loom, Shapes, Wish, expected
from footfall.codegen.shape import Alias, Branch, Entries, Function, Node
from footfall.plans.model import Plan, Step

_HOLDERS = ("context", "object", "actor")
_SINGLES = ("tags", "ets", "mid", "ver")
# Trackers always say these: left to them, a value that may be missing would be another one.
_ALWAYS_THERE = (
    *("actor.id", "actor.type", "ets", "mid", "ver"),
    *(f"context.{name}" for name in ("channel", "env", "sid", "did", "pdata.id", "pdata.pid", "pdata.ver")),
)


def step_functions(plan: Plan) -> tuple[Function, ...]:
    """A function for each step."""
    return tuple(_function(plan, step) for step in plan.steps)


def step_aliases(plan: Plan) -> tuple[Alias, ...]:
    """The names of a plan's steps and outcomes."""
    aliases = [Alias((plan.plan, "step"), f"A step of {plan.plan}.", tuple(step.step for step in plan.steps))]
    if plan.outcomes:
        names = tuple(dict.fromkeys(outcome.outcome for outcome in plan.outcomes))
        aliases.append(Alias((plan.plan, "outcome"), f"How {plan.plan} ended.", names))
    return tuple(aliases)


def _function(plan: Plan, step: Step) -> Function:
    wish = _wish(step)
    loom = Loom(Shapes(step.event), f"plan {plan.plan}, step {step.step}")
    body = loom.edata(wish.at(("edata",)))
    known = _known(plan, step, wish, loom)
    return Function(
        name=(plan.plan, step.step),
        about=tuple(_about(plan, step)),
        eid=step.event,
        parameters=tuple(sorted(loom.parameters.values(), key=lambda one: one.path != CORRELATION)),
        body=body,
        known=known,
        is_correlated=CORRELATION in loom.parameters,
    )


def _wish(step: Step) -> Wish:
    """Everything a step expects; what it is recognised by counts for more, unless it leaves the value open."""
    root = Wish()
    for path, one in step.match.items():
        root.at(path.split(".")).here = expected(one)
    for path, one in step.expect.items():
        wish = root.at(path.split("."))
        if wish.here is None or (wish.here.only is UNSET and expected(one).only is not UNSET):
            wish.here = expected(one)
    for path in _ALWAYS_THERE:
        found = root.find(path.split("."))
        if found is not None and found.here is not None:
            found.here = replace(found.here, optional=False)
    return root


def _known(plan: Plan, step: Step, wish: Wish, loom: Loom) -> Branch:
    """What a step says besides its edata."""
    known: dict[str, Node] = {}
    schema = loom.shapes.schema
    cdata = wish.at(("context",)).below.pop("cdata", Wish())
    for root in _HOLDERS:
        if wish.at((root,)).below:
            node = loom.shapes.below(schema, root)
            known[root] = loom.branch(node, wish.at((root,)), (root,), wished_only=True)
    for root in _SINGLES:
        here = wish.at((root,)).here
        found = loom.leaf(here, loom.shapes.below(schema, root), (root,)) if here is not None else None
        known |= {root: found} if found is not None else {}
    ties = _ties(plan, step, cdata, loom)
    if ties is not None:
        context = known.get("context")
        fields = context.fields if isinstance(context, Branch) else {}
        known["context"] = Branch(fields | {"cdata": ties})
    return Branch(known)


def _ties(plan: Plan, step: Step, cdata: Wish, loom: Loom) -> Node | None:
    if plan.kind == "flow":
        return Entries(tuple(flow_entries(plan, cdata, loom)))
    entries = workflow_entries(plan, step, cdata, loom)
    return Entries(tuple(entries)) if entries else whole_list(cdata, loom)


def _about(plan: Plan, step: Step) -> Iterator[str]:
    yield step.when
    ref = f" ({step.ref})" if step.ref else ""
    traits = (
        (step.optional, "It may be left out."),
        (step.repeatable, "It may come again."),
        (step.end, "It ends the flow."),
    )
    said = [words for holds, words in traits if holds]
    yield " ".join([f"Step `{step.step}`{ref} of {plan.plan}; sends {step.event}.", *said])
    if step.source:
        yield f"Source: {step.source}"
