"""Requests in a dialect: they go the way of all requests with events, but are translated on the way in and out."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from msgspec import Struct

from footfall.collector import reply
from footfall.collector.head import Head
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import Headers, Reply
from footfall.collector.sorting import Sorted
from footfall.dialects.frame import Answer, Dialect, Outcome, RefusalError, Request, Translation
from footfall.dialects.identity import Identity
from footfall.dialects.keycloak import Keycloak
from footfall.dialects.lms import Lms
from footfall.settings import Settings
from footfall.spec.intake import Refused
from footfall.spec.steps import Steps

_SLASHES = re.compile("/{2,}")


def dialects(settings: Settings) -> tuple[Dialect, ...]:
    """Every dialect that a collector with these settings speaks."""
    return (Identity(), Keycloak(settings.keycloak_secret), Lms())


class Foreigner(Struct, frozen=True):
    """A request in a dialect."""

    dialect: Dialect
    head: Head


class Interpreter:
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

    def meet(self, head: Head | None) -> Foreigner | None:
        """The request in a dialect that this is; None for any other."""
        dialect = self._dialects.get(head.path) if head is not None and head.path else None
        return None if dialect is None or head is None else Foreigner(dialect, head)


def translating(foreigner: Foreigner, request: Request) -> Steps[Translation]:
    """What is said, in V3, in slices; raises RefusedError."""
    try:
        return (yield from foreigner.dialect.translating(request))
    except RefusalError as error:
        raise RefusedError(
            error.status, error.reason, str(error), line=error.line, column=error.column, answer=error.answer
        ) from None


def failure(foreigner: Foreigner | None, error: RefusedError, headers: Headers) -> Reply:
    """A refusal, in the dialect's own words where it has any; `headers` are those beside the content type."""
    if foreigner is None:
        return reply.failure(error, headers)
    refusal = RefusalError(
        error.status, error.reason, str(error), answer=error.answer, line=error.line, column=error.column
    )
    answer = foreigner.dialect.refuse(refusal)
    if answer is None:
        return reply.failure(error, headers)
    extra = reply.extra_headers(error) if answer.status == error.status else ()
    return Reply(answer.status, answer.headers + extra + headers, answer.body)


def success(answer: Answer, headers: Headers) -> Reply:
    """The reply to what is on disk."""
    return Reply(answer.status, answer.headers + headers, answer.body)


def outcome(found: Sorted) -> Outcome:
    """What a dialect is told about its events."""
    return Outcome(
        frozenset(repeat.index for repeat in found.repeats),
        {refused.index: refused.findings for refused in found.refused},
        found.warnings,
    )


def add_lost(found: Sorted, translation: Translation) -> None:
    """Count what could not become an event among the rejected ones; it stands after the events.

    Keep what the dialect warns of with the events that it is about.
    """
    found.warnings = found.warnings | {
        index: [*found.warnings.get(index, []), *findings] for index, findings in translation.warnings.items()
    }
    for index, lost in enumerate(translation.lost, found.of):
        found.refused.append(Refused(index, lost.findings, lost.mid, lost.eid, lost.ets, found.channel))
    if translation.lost and not found.indexes:
        found.indexes = list(range(len(found.keys)))
    found.of += len(translation.lost)
