"""footfall in memory, for the tests of whoever sends events: the real judgement, and what came in to look at."""

from collections.abc import Callable

from footfall.micro.client import Micro, NotSeenError
from footfall.micro.schemas import Bad, Batch, Good, Remark, Totals

__all__ = ["Bad", "Batch", "Good", "Micro", "NotSeenError", "Remark", "Totals", "serve"]


def serve(host: str, port: int, profile: str, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called with the URL once it answers. Port 0 picks one.

    Raises TerminalError when the port cannot be had or the profile is not known.
    """
    from footfall.micro.server import serve as run

    run(host, port, profile, announce)
