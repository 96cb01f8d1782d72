"""Functions for the event types of a plan: of accounts, of courses, and any others."""

from collections.abc import Iterator

from footfall.codegen.fields import Hope, Loom, Shapes, Wish, payload_field
from footfall.codegen.shape import (
    Alias,
    Branch,
    Encoded,
    Entries,
    Entry,
    Fixed,
    Function,
    Given,
    Kind,
    Lesson,
    Node,
    Parameter,
    Path,
    Somebody,
)
from footfall.plans.model import EventType, Plan
from footfall.plans.payload import ENCODED, is_shaped

PERSON: Path = ("place", "anon_username")
MOMENT: Path = ("place", "time")
_TEXT = Kind("string")
_USER: Path = ("account", "user")

# A place in a course, as the LMS names it.
_PLACE: dict[str, tuple[tuple[str, Kind, str], ...]] = {
    "course": (
        ("course_slug", _TEXT, "Name of the course in addresses."),
        ("course_run", _TEXT, "Run of the course."),
    ),
    "unit": (
        ("course_unit_id", Kind("id"), "Id of the unit."),
        ("course_unit_slug", _TEXT, "Name of the unit in addresses."),
        ("unit_node_slug", _TEXT, "Name of the unit's node in addresses."),
        ("module_id", Kind("id"), "Id of the module that holds the unit."),
        ("section_id", Kind("id"), "Id of the section that holds the unit."),
    ),
    "block": (("block_uuid", _TEXT, "UUID of the block."),),
}


def type_functions(plan: Plan) -> tuple[Function, ...]:
    """A function for each event type."""
    make = _lesson if is_shaped(plan) else _plain
    return tuple(make(plan, one) for one in plan.types)


def type_aliases(plan: Plan) -> tuple[Alias, ...]:
    """The names of a plan's event types and operations."""
    aliases = [Alias((plan.plan, "type"), f"An event type of {plan.plan}.", tuple(one.type for one in plan.types))]
    if plan.operations:
        names = tuple(dict.fromkeys(operation.operation for operation in plan.operations))
        aliases.append(Alias((plan.plan, "operation"), f"What fires the events of {plan.plan}.", names))
    return tuple(aliases)


def _plain(plan: Plan, one: EventType) -> Function:
    loom = _loom(plan, one)
    if plan.event == ENCODED:
        body = Branch({"type": Fixed(one.type), "data": Encoded(_payload(loom, one))})
    else:
        body = _in_edata(loom, one)
    account = _Account(plan, one) if plan.operations else None
    return Function(
        name=(plan.plan, one.type),
        about=tuple(_about(plan, one)),
        eid=plan.event,
        parameters=(*(account.parameters if account else ()), *loom.parameters.values()),
        body=body,
        default=_default(plan, account.actor if account else None),
        known=account.known if account else Branch({}),
    )


def _lesson(plan: Plan, one: EventType) -> Function:
    loom = _loom(plan, one)
    payload = _payload(loom, one)
    place = tuple(_place(one))
    fields: dict[str, Node] = {parameter.path[-1]: Given(parameter.path) for parameter in place}
    whose = "Id of the person, without a name or address."
    person = Parameter(PERSON, _TEXT, not (one.anonymous or one.browser), whose)
    moment = Parameter(MOMENT, Kind("moment"), False, "When it happened; now, if left out.")
    return Function(
        name=(plan.plan, one.type),
        about=(*_about(plan, one), *filter(None, [_rights(one)])),
        eid=plan.event,
        parameters=(person, *place, *loom.parameters.values(), moment),
        body=Lesson(one.type, PERSON, MOMENT, Branch(fields), payload),
        default=_default(plan, Somebody(PERSON)),
    )


def _loom(plan: Plan, one: EventType) -> Loom:
    return Loom(Shapes(plan.event), f"plan {plan.plan}, type {one.type}", offers_all=one.open)


def _default(plan: Plan, actor: Somebody | None) -> Branch:
    """Events of types are of the environment that is called like their plan, unless somebody says otherwise."""
    fields: dict[str, Node] = {"context": Branch({"env": Fixed(plan.plan)})}
    return Branch(fields | ({"actor": actor} if actor else {}))


def _payload(loom: Loom, one: EventType) -> Branch:
    """What a type carries; what is personal is not taken at all, so that it cannot be sent."""
    fields: dict[str, Node] = {}
    for name, field in sorted(one.fields.items()):
        node = None if field.personal else loom.leaf(payload_field(field), None, ("payload", name))
        if node is not None:
            fields[name] = node
    return Branch(fields, loom.give_more(("payload", "*")) if one.open else None)


def _in_edata(loom: Loom, one: EventType) -> Branch:
    wish = Wish()
    for name, field in one.fields.items():
        parts = name.split(".")
        if not field.personal:
            wish.at(parts if all(parts) else [name]).here = payload_field(field)
    wish.at(("type",)).here = Hope(one.type)
    body = loom.edata(wish)
    return body if isinstance(body, Branch) else Branch({})


class _Account:
    """Whose account an event is about, and what happened to it, as POST /v1/identity/operations would put it."""

    def __init__(self, plan: Plan, one: EventType) -> None:
        fired_by = [operation for operation in plan.operations if one.type in operation.fires]
        told_by = fired_by or [operation for operation in plan.operations if one.type == operation.fails]
        surfaces = tuple(dict.fromkeys(name for operation in told_by for name in operation.surfaces))
        user = Parameter(_USER, _TEXT, bool(fired_by), "Id of the user, without a name or address.")
        told = (
            ("operation", _TEXT, "Id of what happened, the same in all events that it fires."),
            ("provider", _TEXT, "Identity provider that vouched for the user."),
            ("surface", Kind("any", surfaces) if surfaces else _TEXT, "Where it happened."),
            *([] if fired_by else [("reason", _TEXT, "Why it failed: a code, not a sentence.")]),
        )
        self.parameters = (user, *(Parameter(("account", name), kind, False, says) for name, kind, says in told))
        self.actor = Somebody(_USER)
        entries = tuple(Entry(Fixed(name), Given(("account", name))) for name, _, _ in told)
        self.known = Branch(
            {
                "context": Branch({"cdata": Entries(entries)}),
                "object": Branch({"id": Given(_USER), "type": Fixed("User")}),
            }
        )


def _place(one: EventType) -> Iterator[Parameter]:
    for part in one.node:
        for name, kind, about in _PLACE[part]:
            # A player in a browser names the unit as the LMS's own does.
            required = part == "course" or (name == "course_unit_id" and one.browser)
            yield Parameter(("place", name), kind, required, about)
    yield Parameter(("place", "page_url"), _TEXT, False, "Address of the page.")


def _about(plan: Plan, one: EventType) -> Iterator[str]:
    yield one.when
    names = ", ".join(filter(None, (one.constant, one.ref)))
    yield f"Type `{one.type}`{f' ({names})' if names else ''} of {plan.plan}; sends {plan.event}."
    if one.alternatives:
        yield f"Give all of {'; or all of '.join(', '.join(names) for names in one.alternatives)}."
    personal = sorted(name for name, field in one.fields.items() if field.personal)
    if personal:
        yield f"Not taken, as it is personal: {', '.join(personal)}."
    if one.source:
        yield f"Source: {one.source}"


def _rights(one: EventType) -> str:
    said = (
        (one.browser, "A browser may send it."),
        (one.anonymous, "It may be about somebody who is not logged in."),
        (one.after_end, "It counts after the course has ended, too."),
    )
    return " ".join(words for holds, words in said if holds)
