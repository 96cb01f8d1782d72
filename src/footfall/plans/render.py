"""A plan for people: as plain text, and as Markdown."""

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import UNSET

from footfall.plans.model import EventType, Operation, Outcome, Plan, Scalar, Step
from footfall.plans.model import Expectation as Expected
from footfall.plans.values import expectation_of, said

_WIDTH = 110
_Row = Sequence[str]
_Table = Callable[[_Row, Iterable[_Row]], Iterator[str]]


def text(plan: Plan) -> str:
    """A plan as plain text."""
    head = [f"{plan.plan} {plan.version}: {plan.title} ({plan.kind})", "", *textwrap.wrap(plan.about, _WIDTH)]
    return "\n".join([*head, *_body(plan, _text_table, lambda name: [name])])


def markdown(plan: Plan) -> str:
    """A plan as a page of Markdown."""
    facts = f"Plan `{plan.plan}`, version {plan.version}, of the kind `{plan.kind}`."
    source = [f"Source: {plan.source}.", ""] if plan.source else []
    head = [f"# {plan.title}", "", facts, "", plan.about, "", *source]
    return "\n".join([*head, *_body(plan, _markdown_table, lambda name: [f"## {name}", ""])]).rstrip() + "\n"


def _body(plan: Plan, table: _Table, heading: Callable[[str], list[str]]) -> Iterator[str]:
    for name, columns, rows in _tables(plan):
        if rows:
            yield from ["", *heading(name), *table(columns, rows)]
    if plan.order:
        yield from ["", *heading("Order"), *(f"    {line}" for line in plan.order.strip().splitlines())]


def _tables(plan: Plan) -> Iterator[tuple[str, _Row, Sequence[_Row]]]:
    yield "Steps", ("step", "row", "event", "when", "recognised by", "besides"), [_step(step) for step in plan.steps]
    yield "Variants", ("path", "sent", "instead of", "warning"), [*_variants(plan)]
    yield "Event types", ("type", "when", "fields", "from a browser"), [_type(one) for one in plan.types]
    yield "Operations", ("operation", "method", "fires", "when it failed", "when"), [*map(_operation, plan.operations)]
    blocks = [(one.block, one.starts, one.ends, ", ".join(one.within)) for one in plan.blocks]
    yield "Blocks", ("block", "starts with", "ends with", "within"), blocks
    yield "Rules", ("rule", "severity", "says"), [(rule.rule, rule.severity, rule.says) for rule in plan.rules]
    yield "Outcomes", ("outcome", "counts as", "when"), [_outcome(one) for one in plan.outcomes]
    yield "Warnings", ("warning", "means"), list(plan.warnings.items())


def _step(step: Step) -> _Row:
    return step.step, step.ref, step.event, step.when, _expected(step.match), _expected(step.expect)


def _expected(expected: dict[str, Scalar | Expected]) -> str:
    found = []
    for path, one in expected.items():
        absent = " or absent" if expectation_of(one).optional else ""
        found.append(f"{path} {said(one)}{absent}")
    return "; ".join(found)


def _variants(plan: Plan) -> Iterator[_Row]:
    for step in plan.steps:
        for path, one in {**step.match, **step.expect}.items():
            for value, warning in expectation_of(one).accept.items():
                yield f"{step.step}: {path}", f'"{value}"', said(one), warning
        for variant in step.variants:
            yield step.step, f"{variant.event}: {_expected(variant.match)}", step.event, variant.warning


def _type(one: EventType) -> _Row:
    fields = [f"{name}: {field.type}{'' if field.required else '?'}" for name, field in one.fields.items()]
    return one.type, one.when, ", ".join(fields), "yes" if one.browser else "no"


def _operation(one: Operation) -> _Row:
    return one.operation, one.method, ", ".join(one.fires) or "nothing", one.fails or "nothing", one.when


def _outcome(outcome: Outcome) -> _Row:
    conditions = [] if outcome.after is UNSET else [f"after {outcome.after}"]
    for noun, names in (("seen", outcome.seen), ("not seen", outcome.not_seen), ("last", outcome.last)):
        conditions += [f"{noun} {', '.join(names)}"] if names else []
    said = "; ".join(conditions) or "otherwise"
    return outcome.outcome, outcome.result, f"{outcome.when} ({said})".strip()


def _markdown_table(columns: _Row, rows: Iterable[_Row]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: str) -> str:
    return " ".join(value.replace("|", "\\|").replace("<", "&lt;").split())


def _text_table(columns: _Row, rows: Iterable[_Row]) -> Iterator[str]:
    for row in rows:
        first, *others = row
        yield f"  {first}"
        for name, value in zip(columns[1:], others, strict=True):
            if value:
                indent = " " * 4
                yield from textwrap.wrap(
                    f"{name}: {value}", _WIDTH, initial_indent=indent, subsequent_indent=indent * 2
                )
