"""What became of one flow, or of one run of a workflow."""

from msgspec import Struct


class Remark(Struct, frozen=True):
    """Something to say about an event or a flow: a stable code, the JSON path it is about, and what to do.

    `rule` is the rule of a workflow that is broken; `mid` and `index` name the event, where it is about one.
    """

    code: str
    message: str
    hint: str = ""
    path: str = ""
    rule: str = ""
    severity: str = "warning"
    mid: str = ""
    index: int = -1


class Misplaced(Struct, frozen=True):
    """A step that came where the plan expects others."""

    step: str
    expected: list[str]
    mid: str = ""
    index: int = -1


class Instance(Struct, frozen=True):
    """One flow or workflow as it happened. Times are epoch milliseconds; `steps` are in the order they happened.

    `outcome` is one of the plan's, or `unfinished` or `abandoned`; `result` is what the plan counts it as: `success`,
    `failed` or nothing. `missing` are steps that were passed over, and those still needed for an end. `repeated` are
    steps that came again where the order takes them once.
    """

    plan: str
    id: str
    steps: list[str]
    missing: list[str]
    out_of_order: list[Misplaced]
    outcome: str
    began_at: float
    ended_at: float
    remarks: tuple[Remark, ...] = ()
    result: str = ""
    repeated: list[str] = []
    ended: bool = False

    @property
    def duration_ms(self) -> float:
        """Time from the first to the last step."""
        return self.ended_at - self.began_at
