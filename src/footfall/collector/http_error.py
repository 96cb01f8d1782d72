"""Why a request as a whole is not taken."""

from footfall.dialects.base import Answer
from footfall.schema.reasons import Reason


class HttpError(Exception):
    """A request is refused: with which status, why, and when it may come again (seconds).

    `answer` takes the place of the ordinary reply to a request in a dialect.
    """

    def __init__(
        self,
        status: int,
        reason: Reason,
        detail: str | None = None,
        *,
        retry_after: float | None = None,
        line: int | None = None,
        column: int | None = None,
        answer: Answer | None = None,
    ) -> None:
        super().__init__(detail or reason.sentence)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after
        self.line = line
        self.column = column
        self.answer = answer
