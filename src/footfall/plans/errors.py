"""What is wrong with a plan, and where."""

from msgspec import Struct

from footfall.errors import TerminalError


class Flaw(Struct, frozen=True):
    """One thing that is wrong: the line (from 1; 0 where there is none), the path such as `$.steps[2].event`."""

    message: str
    line: int = 0
    path: str = "$"
    hint: str = ""

    def told(self, file: str) -> str:
        """The flaw on one line, as compilers say it."""
        return f"{file}:{self.line}: {self.path}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class PlanError(TerminalError):
    """A plan that cannot be used; says file, line and path of everything that is wrong with it."""

    def __init__(self, file: str, flaws: list[Flaw]) -> None:
        super().__init__("\n".join(flaw.told(file) for flaw in flaws))
        self.file = file
        self.flaws = flaws


class OrderError(TerminalError):
    """An order that cannot be read; `column` counts from 1 within the expression."""

    def __init__(self, message: str, column: int, hint: str = "") -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column
        self.hint = hint


class PatternError(TerminalError):
    """A pattern that cannot be read, or could take more than linear time."""
