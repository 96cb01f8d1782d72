"""Requests in a dialect: they go the way of all requests with events, but are translated on the way in and out."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from msgspec import Struct

from footfall.collector import responses
from footfall.collector.classify import Classified
from footfall.collector.http_error import HttpError
from footfall.collector.request import RequestHead
from footfall.collector.responses import Headers, Reply
from footfall.dialects.base import Answer, Dialect, Outcome, RefusalError, Request, Translation
from footfall.dialects.identity.dialect import Identity
from footfall.dialects.keycloak.dialect import Keycloak
from footfall.dialects.lms.dialect import Lms
from footfall.schema.record import Rejected
from footfall.schema.stepwise import Steps
from footfall.settings import Settings

_SLASHES = re.compile("/{2,}")


def dialects(settings: Settings) -> tuple[Dialect, ...]:
    """Every dialect that a collector with these settings speaks."""
    return (Identity(), Keycloak(settings.keycloak_secret), Lms())


class DialectRequest(Struct, frozen=True):
    """A request in a dialect."""

    dialect: Dialect
    head: RequestHead


class DialectRouter:
    """Finds the dialect of a path."""

    def __init__(self, spoken: Iterable[Dialect] = ()) -> None:
        self._dialects = {path: dialect for dialect in spoken for path in dialect.paths}
        self._exact = {path.encode(): path for path in self._dialects}

    def find(self, target: bytes) -> str:
        """The dialect's path that a path in a request line means; empty for none."""
        path = self._exact.get(target)
        return self.find_text(unquote(target.decode("latin-1"))) if path is None else path

    def find_text(self, path: str) -> str:
        """The same for a path without percent signs."""
        path = _SLASHES.sub("/", path).removesuffix("/")
        return path if path in self._dialects else ""

    def meet(self, head: RequestHead | None) -> DialectRequest | None:
        """The request in a dialect that this is; None for any other."""
        dialect = self._dialects.get(head.path) if head is not None and head.path else None
        return None if dialect is None or head is None else DialectRequest(dialect, head)


def translating(dialect_request: DialectRequest, request: Request) -> Steps[Translation]:
    """What is said, in V3, in slices; raises HttpError."""
    try:
        return (yield from dialect_request.dialect.translating(request))
    except RefusalError as error:
        raise HttpError(
            error.status, error.reason, str(error), line=error.line, column=error.column, answer=error.answer
        ) from None


def failure(dialect_request: DialectRequest | None, error: HttpError, headers: Headers) -> Reply:
    """A refusal, in the dialect's own words where it has any; `headers` are those beside the content type."""
    if dialect_request is None:
        return responses.failure(error, headers)
    refusal = RefusalError(
        error.status, error.reason, str(error), answer=error.answer, line=error.line, column=error.column
    )
    answer = dialect_request.dialect.refuse(refusal)
    if answer is None:
        return responses.failure(error, headers)
    extra = responses.extra_headers(error) if answer.status == error.status else ()
    return Reply(answer.status, answer.headers + extra + headers, answer.body)


def success(answer: Answer, headers: Headers) -> Reply:
    """The reply to what is on disk."""
    return Reply(answer.status, answer.headers + headers, answer.body)


def outcome(found: Classified) -> Outcome:
    """What a dialect is told about its events."""
    return Outcome(
        frozenset(repeat.index for repeat in found.repeats),
        {refused.index: refused.findings for refused in found.refused},
        found.warnings,
    )


def add_lost(found: Classified, translation: Translation) -> None:
    """Count what could not become an event among the rejected ones; it stands after the events.

    Keep what the dialect warns of with the events that it is about.
    """
    found.warnings = found.warnings | {
        index: [*found.warnings.get(index, []), *findings] for index, findings in translation.warnings.items()
    }
    for index, lost in enumerate(translation.lost, found.of):
        found.refused.append(Rejected(index, lost.findings, lost.mid, lost.eid, lost.ets, found.channel))
    if translation.lost and not found.indexes:
        found.indexes = list(range(len(found.keys)))
    found.of += len(translation.lost)
