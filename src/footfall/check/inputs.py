"""All events of some inputs, one input after the other."""

from collections.abc import Iterable, Iterator
from itertools import chain

from footfall.check.chunk import Chunk
from footfall.check.markdown import fences, is_markdown
from footfall.check.reader import Reader
from footfall.check.source import InputError, InputSource, opened


class Inputs:
    """Reads inputs by name. One that cannot be used is noted in `problems`, and the next one read."""

    def __init__(self, names: Iterable[str], *, loosely: bool) -> None:
        self.problems: list[InputError] = []
        self.current: InputSource | None = None
        self._names = names
        self._loosely = loosely
        self._ordinal = 0

    def chunks(self) -> Iterator[Chunk]:
        """The events of all inputs, in order."""
        for name in self._names:
            try:
                with opened(name) as source:
                    self.current = source
                    yield from self._numbered(source)
            except InputError as error:
                self.problems.append(error)

    def _blocks(self, source: InputSource) -> Iterator[bytes]:
        """What can be read of an input."""
        try:
            yield from source.blocks()
        except InputError as error:
            self.problems.append(error)

    def _numbered(self, source: InputSource) -> Iterator[Chunk]:
        for chunk in _chunks(source, self._blocks(source), loosely=self._loosely):
            chunk.ordinal = self._ordinal
            chunk.offset = chunk.offset + source.offset if chunk.offset >= 0 and source.offset >= 0 else -1
            self._ordinal += chunk.count
            yield chunk


def _chunks(source: InputSource, blocks: Iterator[bytes], *, loosely: bool) -> Iterator[Chunk]:
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    if not (loosely and is_markdown(first)):
        yield from Reader(source.name, blocks, loosely=loosely).chunks()
        return
    index = 0
    for fence in fences(blocks):
        reader = Reader(source.name, iter([fence.text]), loosely=True, place=fence.place, index=index)
        for chunk in reader.chunks():
            chunk.offset = -1
            yield chunk
        index = reader.index
