"""Whether events of one session, or of one service, went as a workflow says; what is wrong with each run of it.

timed   an event has a time in milliseconds; one without cannot be put in order
once    the root starts, and does not start again after its end but for a silence
first   nothing comes before the root's start, but for steps of `ignoring`
bounds  nothing comes before the root's start or after its end, but for steps that are `inside` rules' business; it ends
ends    the root has its end
idle    after a silence as long as the root's `idle`, the root starts anew

The forms of other rules stand in `rules` and `blocks`.
"""

import math
from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct, field

from footfall.plans.blocks import Nesting
from footfall.plans.mark import Mark, in_order
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance, Remark
from footfall.plans.recognition import Steps, events_of
from footfall.plans.rules import Book, Bound
from footfall.plans.run import REMARKS_KEPT, Open, Run, Spot, remark_of, spot_of

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_IDLE_MS = 30 * 60_000
_COMPILED = 64


class Walk(Struct):
    """The runs of one stream as far as its events have been judged: those that are over, and the newest."""

    run: Run = field(default_factory=Run)
    done: list[Run] = field(default_factory=list)

    def turn(self, run: Run) -> None:
        """Begins another run."""
        self.done.append(self.run)
        self.run = run


class Workflow:
    """A plan of the kind workflow, ready to judge."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.steps = Steps(plan.steps)
        self.book = Book(plan.rules, plan.blocks)
        self.nesting = Nesting(plan.blocks, self.book)
        self.root = self.nesting.root
        self.idle_ms = milliseconds(plan.idle) if plan.idle is not UNSET else _IDLE_MS
        self._silence_ms = milliseconds(self.root.idle) if self.root.idle is not UNSET else math.inf
        self.sign_events = {event for step in plan.steps if step.step in plan.signs for event, _ in events_of(step)}
        self._bounds = self.book.of("bounds")
        self._guarded = {step for rule in self.book.of("inside") for step in rule.steps}
        self._first = self.book.of("first")
        self._checks = {step.step: self.book.checks(step.step) for step in plan.steps}
        self._nests = {"START", "END"} | {
            s.event for s in plan.steps if s.step in self.nesting.starts | self.nesting.ends
        }

    def judge(self, marks: Iterable[Mark], stream: str, now: float | None = None) -> list[Instance]:
        """What became of each run in some marks, in the order of time; see `judge_workflow`."""
        walk = Walk()
        self.follow(walk, in_order(marks))
        return self.instances(walk, stream, now)

    def follow(self, walk: Walk, marks: Iterable[Mark]) -> None:
        """Takes further marks, in the order of time."""
        for mark in marks:
            step = self.steps.of(mark)
            if mark.timed:
                self._take(walk, mark, step)
            else:
                said = "The event has no time in milliseconds and is left out."
                walk.run.blame(self.book.to_blame("timed"), said, spot_of(mark, step), "$.ets")

    def instances(self, walk: Walk, stream: str, now: float | None = None) -> list[Instance]:
        """What became of the runs so far."""
        runs = [run for run in (*walk.done, walk.run) if not run.empty]
        return [self._instance(run, stream, now) for run in runs]

    def _take(self, walk: Walk, mark: Mark, step: str) -> None:
        starts = step == self.root.starts
        self._turn(walk, mark, step, starts=starts)
        run = walk.run
        run.note(mark, step)
        if starts:
            self._start(run, mark)
        elif run.ended or not run.started:
            self._stray(run, mark, step)
        for bound in self._checks.get(step, _NONE):
            bound.check(bound.rule, run, mark, step)
        self.book.came(run, mark, step)
        if (mark.eid not in self._nests or self.nesting.take(run, mark, step)) and self.book.followed:
            self.book.expect_next(run, mark, step)

    def _turn(self, walk: Walk, mark: Mark, step: str, *, starts: bool) -> None:
        """Begins another run where this event is the first of one."""
        run = walk.run
        if not run.started:
            return
        run.silent = not run.ended and mark.ets - run.last_at > self._silence_ms
        if starts:
            walk.turn(Run(run.number + 1))
            if run.ended:
                said = f"The {self.root.block} starts again after its end."
                walk.run.blame(self.book.to_blame("once", self.root.block), said, spot_of(mark, step))
            elif not run.silent:
                run.replaced = True
                said = f"A {self.root.block} starts while one is open, which closes that one."
                run.blame(self.book.to_blame("restart", self.root.block), said, spot_of(mark, step))
        elif run.silent:
            walk.turn(_resumed(run))
            minutes = (mark.ets - run.last_at) / 60_000
            said = f"{step or mark.eid} comes after {minutes:.0f} minutes of silence without a new {self.root.starts}."
            walk.run.blame(self.book.to_blame("idle", self.root.block), said, spot_of(mark, step))

    def _start(self, run: Run, mark: Mark) -> None:
        run.started = True
        run.sid = mark.sid or ""
        for rule in self._first:
            for spot in run.early:
                if spot.step not in rule.ignoring:
                    run.misplace(spot, [self.root.starts])
                    run.blame(rule, f"{spot.step} comes before {self.root.starts}.", spot)
        run.early.clear()

    def _stray(self, run: Run, mark: Mark, step: str) -> None:
        """Takes in an event before a root's start or after its end."""
        if self._first and not run.started and len(run.early) <= REMARKS_KEPT:
            run.early.append(spot_of(mark, step))
        for rule in self._bounds:
            if step not in self._guarded and step not in rule.ignoring:
                spot = spot_of(mark, step)
                where = f"after {self.root.ends}" if run.ended else f"before {self.root.starts}"
                run.misplace(spot, () if run.ended else [self.root.starts])
                run.blame(rule, f"{spot.step} comes {where}.", spot)

    def _instance(self, run: Run, stream: str, now: float | None) -> Instance:
        over = run.over or (now is not None and now - run.last_at > self.idle_ms)
        left = self._left_open(run) if over else []
        remarks = (*run.remarks, *_more(run), *self._unclosed(run, left), *self._unended(run, over=over))
        return Instance(
            plan=self.plan.plan,
            id=stream if run.number == 1 else f"{stream}#{run.number}",
            steps=list(run.steps),
            missing=self._missing(run, left),
            out_of_order=list(run.misplaced),
            outcome=_outcome(remarks, over=over, left=bool(left)),
            began_at=run.began_at,
            ended_at=run.last_at,
            remarks=remarks,
        )

    def _left_open(self, run: Run) -> list[Open]:
        """Blocks that need an end and had none when the run was over."""
        blocks = self.nesting.blocks
        return [one for one in run.stack if one.block and blocks[one.block].needs_end]

    def _missing(self, run: Run, left: list[Open]) -> list[str]:
        ends = [self.nesting.blocks[one.block].ends for one in (*run.swept, *left) if one.block]
        return list(dict.fromkeys([*([] if run.started else [self.root.starts]), *ends]))

    def _unclosed(self, run: Run, left: list[Open]) -> Iterator[Remark]:
        """Blocks without END though the one around them closed; where the root is open too, it is to blame for all."""
        for one in run.swept:
            if rule := self.book.to_blame("closed", one.block):
                said = f"The {one.block or one.key[0][:40] or 'block'} that starts here has no END."
                yield remark_of(rule, said, one.spot)
        if any(one.block == self.root.block for one in left):
            return
        for one in left:
            if rule := self.book.to_blame("closed", one.block):
                yield remark_of(rule, f"The {one.block} was left open.", one.spot, severity="warning")

    def _unended(self, run: Run, *, over: bool) -> list[Remark]:
        """What to say of a root that never started, or never ended."""
        root = self.root.block
        if not run.started:
            rule = self.book.to_blame("once", root)
            spot = run.early[0] if run.early else Spot("", "", -1)
            return [remark_of(rule, f"The {root} never starts.", spot)] if rule else []
        if not over or run.over or not self.root.needs_end:
            return []
        spot = next((one.spot for one in run.stack if one.block == root), Spot("", "", -1))
        rules = [rule for rule in (self.book.to_blame("ends", root), self.book.to_blame("bounds", root)) if rule]
        return [remark_of(rule, f"No {self.root.ends} came.", spot, severity="warning") for rule in rules]


_NONE: tuple[Bound, ...] = ()


def _resumed(run: Run) -> Run:
    """A run that goes on where another fell silent, and takes over all that is open and known."""
    stack, run.stack = run.stack, []
    return Run(run.number + 1, started=True, sid=run.sid, stack=stack, known=run.known)


def _more(run: Run) -> list[Remark]:
    """That there are more findings of a rule than are kept."""
    last = {remark.rule: remark for remark in run.remarks}
    return [
        Remark(
            last[rule].code,
            f"And {count - REMARKS_KEPT} more.",
            last[rule].hint,
            rule=rule,
            severity=last[rule].severity,
        )
        for rule, count in run.counts.items()
        if count > REMARKS_KEPT
    ]


def _outcome(remarks: Iterable[Remark], *, over: bool, left: bool) -> str:
    if any(remark.severity == "error" for remark in remarks):
        return "broken"
    if not over:
        return "open"
    return "abandoned" if left else "complete"


def milliseconds(duration: str) -> int:
    """A duration such as 30m, in milliseconds."""
    return int(duration[:-1]) * _UNITS[duration[-1]]


_workflows: dict[int, Workflow] = {}


def workflow_of(plan: Plan) -> Workflow:
    """A plan made ready, once."""
    known = _workflows.get(id(plan))
    if known is None:
        if len(_workflows) >= _COMPILED:
            _workflows.clear()
        known = _workflows[id(plan)] = Workflow(plan)
    return known


def judge_workflow(plan: Plan, marks: Iterable[Mark], stream: str = "", now: float | None = None) -> list[Instance]:
    """What became of each run of a workflow in the marks of one stream, which may come in any order.

    Instances have the id `stream`, the second run of a stream `stream#2`. `now`, in epoch milliseconds, tells
    which runs are over because they have been silent; without it, one that has no end is open. `math.inf` says that
    nothing more will come. Outcomes: `complete`, `open`, `abandoned`, `broken`.
    """
    return workflow_of(plan).judge(marks, stream, now)
