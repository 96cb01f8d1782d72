"""What is wrong with an event, as Django REST Framework words it: sentences by field."""

from collections.abc import Iterator, Mapping
from typing import Any

Words = Mapping[str, Any]


def sentence(words: Words) -> str:
    """All of it in one line, for a log."""
    return "; ".join(f"{path}: {said}" if path else said for path, said in _flat(words, ""))


def _flat(words: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(words, Mapping):
        for name, inner in words.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(words, (list, tuple)):
        for inner in words:
            yield from _flat(inner, path)
    else:
        yield path, str(words)
