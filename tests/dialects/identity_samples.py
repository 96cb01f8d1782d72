"""Operations on accounts, and what a collector's door would hand on of them."""

from typing import Any

import msgspec

from footfall.dialects.base import Outcome, Request, Translation
from footfall.dialects.identity.dialect import PATH, Identity
from footfall.dialects.identity.rules import TABLE, Row

Json = dict[str, Any]

NOON = 1_795_262_400_000


def operation(name: str, way: str | None = None, **over: Any) -> Json:
    """An operation in which nothing is wrong; `over` replaces fields, and takes out those that are None.

    `way` is the method of its row in the table, which the operation itself does not name.
    """
    row = next(row for row in TABLE if row.operation == name and way in (None, row.method))
    whole: Json = {
        "id": f"op-{name}-{row.method}",
        "time": NOON,
        "operation": name,
        "surface": row.surfaces[0],
        "user": "u-1",
        "client": "portal",
    }
    if row.method == "provider":
        whole["provider"] = "google"
    return {field: value for field, value in (whole | over).items() if value is not None}


def of_row(row: Row, **over: Any) -> Json:
    """The operation of a row of the table."""
    return operation(row.operation, row.method, **over)


def request(body: object, *, ndjson: bool = False, is_trusted: bool = True, at_most: int = 1000) -> Request:
    """A request with a body: bytes as they are, everything else as JSON."""
    text = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Request(PATH, b"", {}, "school", "127.0.0.1", is_trusted, (), NOON, text, text, ndjson, at_most)


def translate(body: object, **given: Any) -> Translation:
    return Identity().translate(request(body, **given))


def events(body: object, **given: Any) -> list[Json]:
    """The events that a body is translated into."""
    found: list[Json] = msgspec.json.decode(translate(body, **given).events)
    return found


def reply(body: object, outcome: Outcome = Outcome(), **given: Any) -> Json:  # noqa: B008
    """The reply's body."""
    found: Json = msgspec.json.decode(translate(body, **given).answer(outcome).body)
    return found


def faults(body: object, **given: Any) -> list[tuple[str, str]]:
    """Code and path of everything that is wrong with the first operation."""
    return [(error["code"], error["path"]) for error in reply(body, **given)["operations"][0]["errors"]]
