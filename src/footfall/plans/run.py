"""One run of a workflow under way: all that has to be remembered of the events so far, in one value to be stored."""

from collections.abc import Iterable

from msgspec import Struct, field

from footfall.plans.mark import Mark
from footfall.plans.model import Form, Rule, Severity
from footfall.plans.outcome import Misplaced, Remark

STEPS_KEPT = 200
REMARKS_KEPT = 20
REMEMBERED = 1_000

CODES: dict[Form, str] = {
    "closed": "unclosed_block",
    "uncrossed": "crossed_blocks",
    "opened": "orphan_end",
    "restart": "restarted_block",
    "duration": "wrong_duration",
    "timed": "unreadable_time",
    "mode": "mode_mismatch",
    "inside": "outside_block",
    "outside": "inside_block",
    "once": "not_once",
    "first": "early_event",
    "bounds": "outside_block",
    "ends": "missing_end",
    "idle": "resumed_after_silence",
    "preceded": "missing_step",
    "followed": "missing_step",
    "after": "missing_step",
    "between": "out_of_order",
    "leads": "missing_step",
    "page": "page_not_seen",
    "answers": "unknown_request",
    "carries": "missing_correlation",
    "chain": "broken_chain",
}


class Spot(Struct, array_like=True):
    """An event by its step and name."""

    step: str
    mid: str
    index: int


class Open(Struct, array_like=True):
    """A block that is open. `seen` are steps that came since it opened, `waiting` what rules still wait for."""

    key: tuple[str, str]
    block: str
    ets: float
    spot: Spot
    object_id: str | None = None
    seen: list[str] = field(default_factory=list)
    waiting: dict[str, Spot] = field(default_factory=dict)


class Run(Struct, array_like=True):
    """A run of a workflow, from its root's START on. `early` are events before it.

    It is over when its root has `ended`, was `replaced` by a START of the same kind, or fell `silent`.
    """

    number: int = 1
    began_at: float = 0.0
    last_at: float = 0.0
    started: bool = False
    ended: bool = False
    replaced: bool = False
    silent: bool = False
    sid: str = ""
    stack: list[Open] = field(default_factory=list)
    swept: list[Open] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    misplaced: list[Misplaced] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    early: list[Spot] = field(default_factory=list)
    previous: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, Spot] = field(default_factory=dict)
    known: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to say of it."""
        return not (self.began_at or self.remarks)

    @property
    def over(self) -> bool:
        """Whether no event can belong to it that changes how it ended."""
        return self.ended or self.replaced or self.silent

    def note(self, mark: Mark, step: str) -> None:
        """Counts an event in; a step that repeats stands once, and no more than 200 are kept."""
        self.began_at = self.began_at or mark.ets
        self.last_at = max(mark.ets, self.last_at)
        steps = self.steps
        if step and (not steps or (steps[-1] != step and len(steps) <= STEPS_KEPT)):
            steps.append(step if len(steps) < STEPS_KEPT else "…")

    def innermost(self, blocks: Iterable[str]) -> Open | None:
        """The innermost open one of some blocks."""
        for one in reversed(self.stack):
            if one.block in blocks:
                return one
        return None

    def remember(self, rule: Rule, key: str, value: str = "") -> None:
        """Keeps a value for a rule: the 1,000 newest."""
        known = self.known.setdefault(rule.rule, {})
        known.pop(key, None)
        known[key] = value
        if len(known) > REMEMBERED:
            del known[next(iter(known))]

    def misplace(self, spot: Spot, expected: Iterable[str]) -> None:
        """Says that an event came where others are expected."""
        if len(self.misplaced) < STEPS_KEPT:
            self.misplaced.append(Misplaced(spot.step, sorted(expected), spot.mid, spot.index))

    def blame(self, rule: Rule | None, message: str, spot: Spot, path: str = "$.eid") -> None:
        """Says that an event breaks a rule, if the plan has such a rule; 20 times at most."""
        if rule is None:
            return
        count = self.counts[rule.rule] = self.counts.get(rule.rule, 0) + 1
        if count <= REMARKS_KEPT:
            self.remarks.append(remark_of(rule, message, spot, path))


def remark_of(rule: Rule, message: str, spot: Spot, path: str = "$.eid", severity: Severity | None = None) -> Remark:
    """What to say where an event breaks a rule."""
    return Remark(
        CODES[rule.form],
        message,
        hint=rule.hint or rule.says,
        path=path,
        rule=rule.rule,
        severity=severity or rule.severity,
        mid=spot.mid,
        index=spot.index,
    )


def spot_of(mark: Mark, step: str) -> Spot:
    """Where an event stands; one that is no step goes by its eid."""
    return Spot(step or mark.eid, mark.mid, mark.index)
