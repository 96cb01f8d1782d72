"""Why a request as a whole is not taken."""

from footfall.spec.reasons import Reason


class RefusedError(Exception):
    """A request is refused: with which status, why, and when it may come again (seconds)."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(detail or reason.sentence)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        self.line = line
        self.column = column
