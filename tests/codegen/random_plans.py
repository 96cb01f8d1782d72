"""Plans that nobody would write, for code that must come out right all the same."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from footfall.plans.model import Correlation, EventType, Expectation, Field, Operation, Outcome, Plan, Rule, Step
from footfall.schema.schemas import EIDS, event_schema
from footfall.schema.verdict import Profile

NASTY = (
    '"""',
    "'''",
    '"',
    "'",
    "\\",
    "\\\\n",
    "*/",
    "/*",
    "**/",
    "//",
    "`${process.exit(3)}`",
    "{0}",
    "%s",
    "\0",
    "\r",
    "\n",
    "\n\n",
    "\t",
    "\u2028",
    "\u202e",
    "\u200b",
    "\ufeff",
    "\U000e0001",
    "\x7f",
    "\x85",
    "\xa0",
    "@ts-ignore",
    "@ts-expect-error",
    "@internal",
    "# type: ignore",
    "# noqa",
    "# fmt: off",
    "TODO",
    "x = 1",
    "</script>",
    "देवनागरी",
    "größe",
    "表" * 70,
    "\u0441\u043e\u0440",
    "\u2014",
    "long " * 30,
    "unbroken" * 20,
    "https://example.org/" + "a" * 120,
)
_KEYS = (
    *("class", "def", "l", "type", "id", "constructor", "toString", "hasOwnProperty", "__proto__", "valueOf"),
    *("größe", "$x", "_", "a_b", "aB", "AB", "ab", "track", "options", "fields", "edata", "json", "datetime", "more"),
    *("correlation_id", "correlationId", "None", "null", "undefined", "self", "this", "prototype", "x" * 120),
)

texts = st.one_of(
    st.sampled_from(NASTY), st.lists(st.sampled_from(NASTY), max_size=4).map(" ".join), st.text(max_size=40)
)
# Large floats are read back as integers of other digits, where a language writes them without an exponent.
_floats = st.floats(-1e15, 1e15, allow_nan=False) | st.sampled_from([1e300, 5e-324, 1.7976931348623157e308])
numbers = st.integers(-(2**53), 2**53) | _floats
scalars = st.one_of(texts, numbers, st.booleans(), st.none())
slugs = st.one_of(
    st.sampled_from(["a.b-c", "a-b", "a.b", "class", "2fa", "1", "start", "v3", "eid", "track"]),
    st.from_regex(r"[a-z0-9]{1,5}([._-][a-z0-9]{1,3}){0,2}", fullmatch=True),
)
step_names = st.one_of(
    st.sampled_from(["c", "b_c", "class", "def", "l", "a__b", "import", "type", "step", "x" * 60]),
    st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True),
)
expectations = st.one_of(
    scalars,
    st.builds(Expectation, is_=scalars, optional=st.booleans(), about=texts),
    st.builds(Expectation, one_of=st.lists(scalars, min_size=1, max_size=4), optional=st.booleans(), about=texts),
    st.builds(Expectation, pattern=st.sampled_from([r"[a-z]+", r'\d{2}"*/']), optional=st.booleans(), about=texts),
    st.builds(
        Expectation,
        type=st.sampled_from(["string", "number", "boolean", "object", "array"]),
        optional=st.booleans(),
        about=texts,
    ),
)
_fields = st.builds(
    Field,
    type=st.sampled_from(["string", "number", "boolean", "object", "array", "integer", "id"]),
    one_of=st.lists(scalars, max_size=3),
    max_length=st.integers(0, 9),
    required=st.booleans(),
    personal=st.booleans(),
    about=texts,
)


def _paths(eid: str) -> st.SearchStrategy[str]:
    edata = event_schema(Profile.SUNBIRD, eid)["properties"]["edata"]
    names = event_schema(Profile.SUNBIRD, eid).get("$defs", {}).get(edata.get("$ref", "").rsplit("/", 1)[-1], {})
    known = [f"edata.{name}" for name in names.get("properties", {})]
    keys = st.sampled_from(_KEYS)
    return st.one_of(
        st.sampled_from(
            [
                *(*known, "context.env", "context.sid", "context.rollup.l1", "object.id", "object.type", "actor.type"),
                *("ver", "context.pdata.id", "context.cdata.type", "context.cdata.id", "context.cdata", "tags"),
            ]
        ),
        st.builds("edata.{}".format, keys),
        st.builds("edata.extra.{}".format, keys),
        st.builds("edata.{}.{}".format, keys, keys),
        st.builds("context.{}".format, keys),
        st.builds("object.parent.{}".format, keys),
    )


@st.composite
def steps(draw: Callable[..., Any]) -> Step:
    """One step."""
    eid = draw(st.sampled_from(EIDS))
    wanted = st.dictionaries(_paths(eid), expectations, max_size=4)
    return Step(
        step=draw(step_names),
        when=draw(texts),
        event=eid,
        match=draw(wanted),
        expect=draw(wanted),
        ref=draw(texts),
        source=draw(texts),
        end=draw(st.booleans()),
    )


def _flow(name: str, kind: Any) -> st.SearchStrategy[Plan]:
    outcomes = st.lists(st.builds(Outcome, outcome=slugs, default=st.just(True)), max_size=2)
    correlations = st.builds(Correlation, cdata=st.lists(texts, max_size=2), except_=st.lists(texts, max_size=1))
    rules = st.builds(
        Rule,
        rule=st.just("R1"),
        form=st.sampled_from(["carries", "answers"]),
        says=texts,
        steps=st.lists(step_names, max_size=2),
        cdata=st.lists(texts, max_size=2),
    )
    return st.builds(
        Plan,
        plan=st.just(name),
        version=st.integers(1, 99),
        title=texts,
        kind=st.just(kind),
        correlate=correlations,
        fallback=st.sampled_from(["", "session"]),
        steps=st.lists(steps(), min_size=1, max_size=4, unique_by=lambda step: step.step),
        outcomes=outcomes,
        rules=st.lists(rules, max_size=2),
    )


def _types(name: str) -> st.SearchStrategy[Plan]:
    payload = st.dictionaries(st.one_of(st.sampled_from(_KEYS), texts), _fields, max_size=4)
    types = st.builds(
        EventType,
        type=slugs,
        when=texts,
        constant=texts,
        source=texts,
        node=st.lists(st.sampled_from(["course", "unit", "block"]), unique=True),
        fields=payload,
        open=st.booleans(),
        browser=st.booleans(),
        anonymous=st.booleans(),
    )
    fails = st.one_of(st.just(""), slugs)
    operations = st.builds(Operation, operation=slugs, when=texts, fires=st.lists(slugs, max_size=2), fails=fails)
    return st.builds(
        Plan,
        plan=st.just(name),
        version=st.just(1),
        title=texts,
        kind=st.just("types"),
        event=st.sampled_from(["AUDIT", "EXDATA", "INTERACT", "HEARTBEAT"]),
        types=st.lists(types, min_size=1, max_size=4, unique_by=lambda one: one.type),
        operations=st.lists(operations, max_size=2),
    )


@st.composite
def plans(draw: Callable[..., Any], at_most: int = 3) -> list[Plan]:
    """Some plans of different names."""
    names = draw(st.lists(slugs, min_size=1, max_size=at_most, unique=True))
    kinds = [draw(st.sampled_from(["flow", "workflow", "types"])) for _ in names]
    return [
        draw(_types(name) if kind == "types" else _flow(name, kind)) for name, kind in zip(names, kinds, strict=True)
    ]
