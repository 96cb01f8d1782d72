"""What the process that folds tells the one that watches it, line by line."""

import msgspec
from msgspec import Struct


class Report(Struct, frozen=True, omit_defaults=True):
    """How far it is: the version of the events table up to which all is folded, -1 on the way through a gap.

    There `until` is the time up to which it is folded, epoch ms.
    """

    version: int = -1
    until: int = -1
    problems: list[str] = []

    @property
    def is_failure(self) -> bool:
        """Whether it could not go on."""
        return self.version < 0 and self.until == 0


_decoder = msgspec.json.Decoder(Report)


def line_of(report: Report) -> bytes:
    """A report as a line."""
    return msgspec.json.encode(report) + b"\n"


def read_line(line: bytes) -> Report | None:
    """The report in a line; None if it holds none."""
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None
