"""What the process that folds tells the one that watches it, line by line."""

import msgspec
from msgspec import Struct


class Report(Struct, frozen=True, omit_defaults=True):
    """How far it is: the version of the events table up to which all is folded, -1 where that is not known."""

    version: int = -1
    building: bool = False
    problems: list[str] = []


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
