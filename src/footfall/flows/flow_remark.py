"""What is remarkable about a flow, as its row says it."""

from msgspec import Struct


class FlowRemark(Struct, omit_defaults=True):
    """What was remarkable about one flow: what tells it, without what the plan says anyway."""

    code: str
    message: str = ""
    hint: str = ""
    path: str = ""
    rule: str = ""
    severity: str = "warning"
    mid: str = ""
