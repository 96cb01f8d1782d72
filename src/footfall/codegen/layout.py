"""Nested code on lines: what fits stays on one, everything else has an item a line and a comma after the last."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from footfall.codegen.comments import width


class Block(Struct, frozen=True):
    """Items between brackets; one that is `flat` goes on one line if it fits."""

    opens: str
    items: Sequence["Doc"]
    closes: str
    flat: bool = False


Doc = str | Block


def lines(doc: Doc, indent: str, unit: str, at_most: int, ending: str = ",") -> Iterator[str]:
    """The lines of some code. Formatters leave this layout as it is."""
    if isinstance(doc, str):
        yield indent + doc + ending
        return
    if not doc.items or (doc.flat and width(indent + _flat(doc) + ending) <= at_most):
        yield indent + _flat(doc) + ending
        return
    yield indent + doc.opens
    for item in doc.items:
        yield from lines(item, indent + unit, unit, at_most)
    yield indent + doc.closes + ending


def _flat(doc: Doc) -> str:
    return doc if isinstance(doc, str) else doc.opens + ", ".join(map(_flat, doc.items)) + doc.closes
