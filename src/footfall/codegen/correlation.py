"""What ties an event to its flow or session: the entries of its cdata."""

from msgspec import UNSET

from footfall.codegen.fields import Hope, Loom, Wish
from footfall.codegen.shape import Entry, Fixed, Given, Kind, Node, Parameter, Path
from footfall.plans.model import Plan, Step

CORRELATION: Path = ("correlation_id",)
_CDATA: Path = ("context", "cdata")


def flow_entries(plan: Plan, cdata: Wish, loom: Loom) -> list[Entry]:
    """The entry that ties an event to its flow first, as the first one counts; then what the step itself wants."""
    about = f"Id of the flow: the same in all of its steps, and different in every flow of {plan.plan}."
    loom.parameters[CORRELATION] = Parameter(CORRELATION, Kind("string"), True, about)
    types = _types(plan)
    own_type = _part(cdata, "type", loom) or Fixed((types or [plan.plan])[0])
    own_id = _part(cdata, "id", loom)
    if own_id is None and (not types or (isinstance(own_type, Fixed) and own_type.value in types)):
        return [Entry(own_type, Given(CORRELATION))]
    flow = Entry(Fixed(types[0]) if types else own_type, Given(CORRELATION))
    return [flow, Entry(own_type, own_id or Given(CORRELATION))]


def workflow_entries(plan: Plan, step: Step, cdata: Wish, loom: Loom) -> list[Entry]:
    """What the step wants, and whatever ties the events of a session or request together."""
    needed = dict.fromkeys(_types(plan)[:1], not plan.fallback)
    for rule in plan.rules:
        if step.step in (*rule.steps, *rule.by):
            for name in rule.cdata:
                needed[name] = needed.get(name, False) or (rule.form == "carries" and step.step in rule.steps)
    own_type, own_id = _part(cdata, "type", loom), _part(cdata, "id", loom)
    entries = []
    if own_type is not None or own_id is not None:
        entries.append(Entry(own_type or Fixed((_types(plan) or [plan.plan])[0]), own_id or _id(loom, None, True)))
    kinds = {entry.type.value for entry in entries if isinstance(entry.type, Fixed)}
    return entries + [Entry(Fixed(name), _id(loom, name, needed[name])) for name in needed if name not in kinds]


def whole_list(cdata: Wish, loom: Loom) -> Node | None:
    """All of cdata, where a plan wants it, but says nothing of what is in it."""
    if cdata.here is None or cdata.here.optional:
        return None
    context = loom.shapes.below(loom.shapes.schema, "context")
    return loom.leaf(cdata.here, loom.shapes.below(context, "cdata"), _CDATA)


def _types(plan: Plan) -> list[str]:
    return plan.correlate.cdata if plan.correlate is not UNSET else []


def _id(loom: Loom, kind: str | None, required: bool) -> Given:
    path = (*_CDATA, "id") if kind is None else ("cdata", kind, "id")
    about = f"Id of the {kind} that it belongs to." if kind else "Id of what it belongs to."
    loom.parameters[path] = Parameter(path, Kind("string"), required, about)
    return Given(path)


def _part(cdata: Wish, name: str, loom: Loom) -> Node | None:
    """What a plan says of the type or id in cdata; None where it is left open."""
    hope = cdata.below.get(name, Wish()).here
    if hope is None or (name == "id" and not _is_pinned(hope)):
        return None
    return loom.leaf(hope, None, (*_CDATA, name), required=True)


def _is_pinned(hope: Hope) -> bool:
    return hope.only is not UNSET or bool(hope.kind and hope.kind.values)
