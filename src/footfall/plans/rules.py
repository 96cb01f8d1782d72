"""The forms that rules of a workflow take, those about where a step may stand and what it needs.

Forms about how blocks nest are in `blocks`: closed, uncrossed, opened, restart, duration, mode. Those about a run as a
whole are in `workflow`: timed, once, first, bounds, ends, idle.

inside     `steps` come inside one of `blocks`
outside    `steps` do not come inside any of `blocks`
preceded   right before each of `steps` comes one of `by`, not counting those of `ignoring`
followed   right after each of `steps` comes one of `by`, not counting those of `ignoring`
after      in each of `blocks`, the first of `steps` comes after one of `by`
between    `steps` come after one of `by`, and before one of `blocks` opens for the same object
leads      in each of `blocks`, each of `steps` is followed by one of `by` before the block closes
page       `steps` come after one of `by` with the same pageid; with `blocks`, where one of them is the innermost open
answers    `steps` with a cdata entry of a type in `cdata` come after one of `by` with the same entry
carries    `steps` inside one of `blocks` have a cdata entry of a type in `cdata` that holds the session's id
chain      `steps` about one object name as prevstate the state that the last of them named
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import structs

from footfall.plans.mark import Mark
from footfall.plans.model import Block, Form, Rule
from footfall.plans.run import Run, spot_of

Check = Callable[[Rule, Run, Mark, str], None]


class Book:
    """The rules of a plan, by what calls for them."""

    def __init__(self, rules: Iterable[Rule], blocks: Iterable[Block]) -> None:
        starts = {block.block: block.starts for block in blocks}
        self.rules = tuple(_with_starts(rule, starts) for rule in rules)
        self.preceded = self.of("preceded")
        self.followed = self.of("followed")
        self.leads = self.of("leads")
        self.remembered = frozenset(step for form in _REMEMBERING for rule in self.of(form) for step in rule.by)
        self._to_blame: dict[tuple[Form, str], Rule | None] = {}

    def of(self, form: Form) -> tuple[Rule, ...]:
        """The rules of a form."""
        return tuple(rule for rule in self.rules if rule.form == form)

    def to_blame(self, form: Form, block: str = "") -> Rule | None:
        """The rule of a form that is about a block: one that names it rather than one for all."""
        if (form, block) not in self._to_blame:
            rules = sorted(self.of(form), key=lambda rule: not rule.blocks)
            found = (rule for rule in rules if not rule.blocks or block in rule.blocks)
            self._to_blame[form, block] = next(found, None)
        return self._to_blame[form, block]

    def checks(self, step: str) -> tuple["Bound", ...]:
        """What is to be checked when a step comes."""
        return tuple(
            Bound(_CHECKS[rule.form], rule)
            for rule in self.rules
            if rule.form in _CHECKS and (step in rule.steps or (rule.form in _LEARNING and step in rule.by))
        )

    def came(self, run: Run, mark: Mark, step: str) -> None:
        """Takes in that a step came, for rules about what is right before and right after."""
        if run.waiting:
            self._settle(run, mark, step)
        for rule in self.preceded:
            if step and step not in rule.ignoring:
                run.previous[rule.rule] = step
        if step in self.remembered:
            for block in run.stack:
                if step not in block.seen:
                    block.seen.append(step)

    def expect_next(self, run: Run, mark: Mark, step: str) -> None:
        """Has rules wait for what must come right after a step."""
        for rule in self.followed:
            if step in rule.steps:
                run.waiting[rule.rule] = spot_of(mark, step)

    def _settle(self, run: Run, mark: Mark, step: str) -> None:
        for rule in self.followed:
            if rule.rule in run.waiting and step and step not in rule.ignoring:
                before = run.waiting.pop(rule.rule)
                if step not in rule.by:
                    spot = spot_of(mark, step)
                    run.misplace(spot, rule.by)
                    run.blame(rule, f"After {before.step} comes {step} in place of {either(rule.by)}.", spot)


class Bound(NamedTuple):
    """A check and the rule it is for."""

    check: Check
    rule: Rule


def _inside(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    if run.innermost(rule.blocks) is None:
        spot = spot_of(mark, step)
        run.misplace(spot, rule.by)
        run.blame(rule, f"{step} comes while no {either(rule.blocks)} is open.", spot)


def _outside(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    block = run.innermost(rule.blocks)
    if block is not None:
        spot = spot_of(mark, step)
        run.misplace(spot, ())
        run.blame(rule, f"{step} comes while a {block.block} is open.", spot)


def _preceded(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    before = run.previous.get(rule.rule, "nothing")
    if before not in rule.by:
        spot = spot_of(mark, step)
        run.misplace(spot, rule.by)
        run.blame(rule, f"Before {step} comes {before} in place of {either(rule.by)}.", spot)


def _after(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    block = run.innermost(rule.blocks)
    if block is None or rule.rule in block.seen or any(by in block.seen for by in rule.by):
        return
    block.seen.append(rule.rule)
    spot = spot_of(mark, step)
    run.misplace(spot, rule.by)
    run.blame(rule, f"{step} comes before any {either(rule.by)} in the {block.block}.", spot)


def _between(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    if not run.stack:
        return
    block = run.innermost(rule.blocks)
    if block is not None:
        late = not (block.object_id and mark.object_id) or block.object_id == mark.object_id
        said = f"{step} comes after the {block.block} for the same object was opened."
    else:
        late = not any(by in one.seen for one in run.stack for by in rule.by)
        said = f"{step} comes before any {either(rule.by)}."
    if late:
        spot = spot_of(mark, step)
        run.misplace(spot, rule.by)
        run.blame(rule, said, spot)


def _leads(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    block = run.innermost(rule.blocks)
    if block is None:
        return
    if step in rule.by:
        block.waiting.pop(rule.rule, None)
    else:
        block.waiting.setdefault(rule.rule, spot_of(mark, step))


def _page(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    if not mark.pageid:
        return
    if step in rule.steps and rule.blocks and not (run.stack and run.stack[-1].block in rule.blocks):
        return
    known = mark.pageid in run.known.get(rule.rule, ())
    run.remember(rule, mark.pageid)
    if step in rule.steps and not known:
        spot = spot_of(mark, step)
        run.misplace(spot, rule.by)
        run.blame(rule, f"{step} is on a page of which no {either(rule.by)} came before.", spot, "$.edata.pageid")


def _answers(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    for name in mark.correlated(rule.cdata):
        if step in rule.by:
            run.remember(rule, name)
        elif name not in run.known.get(rule.rule, ()):
            spot = spot_of(mark, step)
            run.misplace(spot, rule.by)
            said = f"{step} names a {either(rule.cdata)} of which no {either(rule.by)} came before."
            run.blame(rule, said, spot, "$.context.cdata")


def _carries(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    if run.innermost(rule.blocks) is None:
        return
    ids = mark.correlated(rule.cdata)
    if not ids or (run.sid and run.sid not in ids):
        lacks = "has another id in" if ids else "lacks"
        said = f"{step} {lacks} a cdata entry of the type {either(rule.cdata)}."
        run.blame(rule, said, spot_of(mark, step), "$.context.cdata")


def _chain(rule: Rule, run: Run, mark: Mark, step: str) -> None:
    thing = mark.object_id
    if not thing:
        return
    state = run.known.get(rule.rule, {}).get(thing)
    if state and mark.prevstate and state.lower() != mark.prevstate.lower():
        said = f"{step} names another prevstate than the state that the object was last in."
        run.blame(rule, said, spot_of(mark, step), "$.edata.prevstate")
    if mark.state:
        run.remember(rule, thing, mark.state)


def _with_starts(rule: Rule, starts: dict[str, str]) -> Rule:
    """A rule about what is inside blocks, knowing the steps that would open them."""
    if rule.form != "inside":
        return rule
    return structs.replace(rule, by=[starts[block] for block in rule.blocks if block in starts])


def either(names: Iterable[str]) -> str:
    return " or ".join(names)


_CHECKS: dict[Form, Check] = {
    "inside": _inside,
    "outside": _outside,
    "preceded": _preceded,
    "after": _after,
    "between": _between,
    "leads": _leads,
    "page": _page,
    "answers": _answers,
    "carries": _carries,
    "chain": _chain,
}
_LEARNING: frozenset[Form] = frozenset({"leads", "page", "answers"})
_REMEMBERING: tuple[Form, ...] = ("after", "between")
