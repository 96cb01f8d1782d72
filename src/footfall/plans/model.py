"""What stands in a plan: a flow of steps, a list of event types, or a workflow of blocks and rules."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=100)]
StepName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Path = Annotated[str, Meta(pattern=r"^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$")]
Duration = Annotated[str, Meta(pattern=r"^[1-9][0-9]*(s|m|h|d)$", description="A number with s, m, h or d.")]
Scalar = str | int | float | bool | None
Kind = Literal["string", "number", "boolean", "object", "array"]
Severity = Literal["error", "warning"]


class _Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Expectation(_Closed, frozen=True, rename={"is_": "is"}):
    """What a field holds: one value, one of several, a text that a pattern matches, or anything of a type.

    `accept` are the variants that real clients send, each with the warning that it earns; `is_` is the one shown in
    views in their place.
    """

    is_: Scalar | UnsetType = UNSET
    one_of: list[Scalar] = []
    pattern: str = ""
    type: Kind | UnsetType = UNSET
    accept: dict[str, Slug] = {}
    optional: bool = False
    about: str = ""


class Correlation(_Closed, frozen=True, rename={"except_": "except"}):
    """What the events of a flow share: the id of a cdata entry of one of these types; of any, if none is named.

    `except_` are ids that name no flow, such as the word `self`: they correlate nothing.
    """

    cdata: list[str] = []
    except_: list[str] = []


class Variant(_Closed, frozen=True):
    """Another event altogether that some clients send for a step; it is taken, with the warning named."""

    event: str
    warning: Slug
    match: dict[Path, Scalar | Expectation] = {}
    source: str = ""


class Step(_Closed, frozen=True):
    """One step of a flow: when it happens, and which event it is.

    All of `match` must hold for an event to be this step; what `expect` says of the rest earns a warning where it does
    not hold. `order` of the flow, not `optional`, is what is enforced.
    """

    step: StepName
    when: str
    event: str
    match: dict[Path, Scalar | Expectation] = {}
    expect: dict[Path, Scalar | Expectation] = {}
    variants: list[Variant] = []
    ref: str = ""
    source: str = ""
    optional: bool = False
    repeatable: bool = False
    end: bool = False


class Outcome(_Closed, frozen=True):
    """How a flow ended: the first of a plan's outcomes whose conditions hold.

    All of `seen`, none of `not_seen`, and the last step one of `last`. With `after`, that step must have come, and only
    what came after its last time counts. The default holds where nothing else does and the flow has ended.
    """

    outcome: Slug
    when: str = ""
    result: Literal["success", "failed", ""] = ""
    after: StepName | UnsetType = UNSET
    seen: list[StepName] = []
    not_seen: list[StepName] = []
    last: list[StepName] = []
    default: bool = False


class Field(_Closed, frozen=True):
    """A field of an event type's payload; an `id` is a string or an integer.

    `max_length` is in characters, 0 for no limit. Of what is personal nothing is stored but its length.
    """

    type: Kind | Literal["integer", "id"] = "string"
    one_of: list[Scalar] = []
    max_length: Annotated[int, Meta(ge=0)] = 0
    required: bool = False
    personal: bool = False
    about: str = ""


class EventType(_Closed, frozen=True):
    """A named type of event outside V3's seventeen: when it fires, what it carries, and who may send it.

    Of `alternatives`, each a list of fields, one must be there whole. An `open` payload takes fields not named here.
    """

    type: Slug
    when: str
    aliases: list[str] = []
    constant: str = ""
    ref: str = ""
    source: str = ""
    node: list[Literal["course", "unit", "block"]] = []
    fields: dict[str, Field] = {}
    alternatives: list[list[str]] = []
    open: bool = False
    browser: bool = False
    anonymous: bool = False
    after_end: bool = False
    sign_in: bool = False
    extension: bool = False


class Operation(_Closed, frozen=True):
    """Something that happens to an account, and the events that it fires, in order.

    `fails` is the event type that it fires instead where it failed; blank for nothing.
    """

    operation: Slug
    when: str
    fires: list[Slug]
    fails: Annotated[str, Meta(max_length=100)] = ""
    method: str = ""
    surfaces: list[str] = []
    ref: str = ""


class Block(_Closed, frozen=True):
    """A stretch of events from a START to its END, such as a session, or from one state of a service to another.

    `starts` and `ends` name steps. The block that is `within` no other is the workflow's root: each time it opens, a
    run of the workflow begins. One that needs no end is closed by silence or by the next of its kind; `idle` is the
    silence after which it must start anew.
    """

    block: StepName
    starts: StepName
    ends: StepName
    within: list[StepName] = []
    needs_end: bool = True
    idle: Duration | UnsetType = UNSET


Form = Literal[
    "closed",
    "uncrossed",
    "opened",
    "restart",
    "duration",
    "timed",
    "mode",
    "inside",
    "outside",
    "once",
    "first",
    "bounds",
    "ends",
    "idle",
    "preceded",
    "followed",
    "after",
    "between",
    "leads",
    "page",
    "answers",
    "carries",
    "chain",
]


class Rule(_Closed, frozen=True):
    """A rule of a workflow: what it says, what to do where it is broken, and its form, one of a closed set.

    The other fields say what the rule is about; `footfall.plans.rules` says what each form makes of them.
    """

    rule: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]*[0-9]+$")]
    form: Form
    says: str
    hint: str = ""
    severity: Severity = "error"
    steps: list[StepName] = []
    by: list[StepName] = []
    blocks: list[StepName] = []
    ignoring: list[StepName] = []
    cdata: list[str] = []
    ref: str = ""


class Plan(_Closed, frozen=True):
    """A tracking plan.

    A stream of events is a workflow's where one of its `signs` is in it; of several such workflows, it is that of the
    highest `rank`.
    """

    plan: Slug
    version: Annotated[int, Meta(ge=1)]
    title: str
    kind: Literal["flow", "types", "workflow"]
    about: str = ""
    source: str = ""
    correlate: Correlation | UnsetType = UNSET
    fallback: Literal["session", "device", "service", ""] = ""
    idle: Duration | UnsetType = UNSET
    steps: list[Step] = []
    order: str = ""
    outcomes: list[Outcome] = []
    warnings: dict[Slug, str] = {}
    event: str = ""
    types: list[EventType] = []
    operations: list[Operation] = []
    blocks: list[Block] = []
    rules: list[Rule] = []
    signs: list[StepName] = []
    rank: int = 0
