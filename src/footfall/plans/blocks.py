"""How blocks nest: every START with the END that closes it, and what is wrong where they do not pair.

closed     an END closes the innermost open START, of its own type and mode
uncrossed  an END does not come after the END of a block around its own
opened     an END closes a START that is open
restart    a block does not start again while it is open
duration   an END's duration, in seconds, is the time since its START, give or take a second
mode       an END has the mode of the START of its type
"""

from collections.abc import Iterable

from footfall.plans.mark import Mark
from footfall.plans.model import Block
from footfall.plans.rules import Book
from footfall.plans.run import Open, Run, spot_of

_TOLERANCE_MS = 1_000
_DEEPEST = 100

Key = tuple[str, str]


class Nesting:
    """The blocks of a plan. START and END of types that the plan does not know nest as well."""

    def __init__(self, blocks: Iterable[Block], book: Book) -> None:
        self.book = book
        self.blocks = {block.block: block for block in blocks}
        self.starts = {block.starts: block.block for block in self.blocks.values()}
        self.ends = {block.ends: block.block for block in self.blocks.values()}
        self.root = next(block for block in self.blocks.values() if not block.within)

    def take(self, run: Run, mark: Mark, step: str) -> bool:
        """Opens or closes what an event opens or closes; False for an end that closes nothing."""
        if mark.eid == "START" or step in self.starts:
            self._open(run, mark, step)
        elif mark.eid == "END" or step in self.ends:
            return self._close(run, mark, step)
        return True

    def _open(self, run: Run, mark: Mark, step: str) -> None:
        key = _key(mark, self.starts.get(step, ""))
        block = Open(key, self.starts.get(step, ""), mark.ets, spot_of(mark, step), mark.object_id)
        if step == self.root.starts:
            run.stack.insert(0, block)
            return
        at = _find(run.stack, key)
        if at is not None:
            run.blame(self.book.to_blame("restart", block.block), _again(block), block.spot)
            del run.stack[at:]
        run.stack.append(block)
        del run.stack[1:-_DEEPEST]

    def _close(self, run: Run, mark: Mark, step: str) -> bool:
        key = _key(mark, self.ends.get(step, ""))
        at = _find(run.stack, key)
        if at is None and (crossed := _find(run.swept, key)) is not None:
            self._crossed(run, mark, step, run.swept.pop(crossed))
            return False
        if at is None:
            at = _find_type(run.stack, key)
            if at is None:
                self._orphan(run, mark, step, key)
                return False
            self._other_mode(run, mark, step, run.stack[at])
        self._pop(run, mark, step, at)
        return True

    def _pop(self, run: Run, mark: Mark, step: str, at: int) -> None:
        run.swept += run.stack[at + 1 :]
        del run.swept[:-_DEEPEST]
        for block in run.stack[at:]:
            self._unmet(run, block)
        closed = run.stack[at]
        del run.stack[at:]
        run.ended = run.ended or closed.block == self.root.block
        if mark.duration is not None and abs(mark.duration * 1_000 - (mark.ets - closed.ets)) > _TOLERANCE_MS:
            took = (mark.ets - closed.ets) / 1_000
            said = f"{_name(closed)} took {took:g} s by its times, which is not the duration of its END."
            run.blame(self.book.to_blame("duration", closed.block), said, spot_of(mark, step), "$.edata.duration")

    def _unmet(self, run: Run, block: Open) -> None:
        for rule in self.book.leads:
            if rule.rule in block.waiting:
                spot = block.waiting[rule.rule]
                said = f"No {' or '.join(rule.by)} follows {spot.step} before the {block.block} closes."
                run.misplace(spot, rule.by)
                run.blame(rule, said, spot)

    def _crossed(self, run: Run, mark: Mark, step: str, block: Open) -> None:
        spot = spot_of(mark, step)
        run.misplace(spot, ())
        said = f"The END of {_name(block)} comes after the END of the block around it."
        run.blame(self.book.to_blame("uncrossed", block.block), said, spot)

    def _other_mode(self, run: Run, mark: Mark, step: str, block: Open) -> None:
        rule = self.book.to_blame("mode", block.block) or self.book.to_blame("closed", block.block)
        run.blame(
            rule, f"The END of {_name(block)} has another mode than its START.", spot_of(mark, step), "$.edata.mode"
        )

    def _orphan(self, run: Run, mark: Mark, step: str, key: Key) -> None:
        block = self.ends.get(step, "")
        if mark.eid != "END":
            return
        spot = spot_of(mark, step)
        run.misplace(spot, [self.blocks[block].starts] if block else ())
        run.blame(self.book.to_blame("opened", block), f"An END of {block or 'a block'} that is not open.", spot)


def _key(mark: Mark, block: str) -> Key:
    """What START and END have in common; other events open and close by the name of their block alone."""
    if mark.eid in ("START", "END"):
        return (mark.type or "").lower(), mark.mode or ""
    return f"={block}", ""


def _find(blocks: list[Open], key: Key) -> int | None:
    for at in range(len(blocks) - 1, -1, -1):
        if blocks[at].key == key:
            return at
    return None


def _find_type(blocks: list[Open], key: Key) -> int | None:
    return next((at for at in range(len(blocks) - 1, -1, -1) if blocks[at].key[0] == key[0]), None)


def _name(block: Open) -> str:
    return block.block or block.key[0][:40] or "a block"


def _again(block: Open) -> str:
    return f"A {_name(block)} starts while one of the same type and mode is open, which closes that one."
