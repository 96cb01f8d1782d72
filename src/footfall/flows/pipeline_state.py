"""The pipeline, as the folding of flows sees it: storing events goes before what is made of them."""

from pathlib import Path

from footfall.runtime import heartbeat


class PipelineState:
    """The pipeline by what it says of itself in its heartbeat file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_behind(self) -> bool:
        """See Heartbeat; false where it never said anything."""
        beat = heartbeat.read(self._path)
        return beat is not None and beat.is_behind()
