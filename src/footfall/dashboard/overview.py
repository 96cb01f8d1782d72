"""What the page needs to know before it asks for anything else."""

from msgspec import Struct

import footfall
from footfall.dashboard.events import newest
from footfall.dashboard.queries import LakeAnswer, ask
from footfall.lake.query import LakeReader

TOP_CHANNELS = 1000


class ChannelTotal(Struct):
    """A channel that has events; times are epoch ms of the hours."""

    channel: str
    n: int
    oldest_hour: int
    newest_hour: int


class Overview(LakeAnswer):
    """The state of the installation: `open` says that no login is needed, `newest` when the last event came, epoch ms.

    `keyless` says that events may be sent without a key. `channels` are the 1,000 busiest of `channel_count`.
    """

    product: str
    release: str
    version: int
    open: bool
    keyless: bool
    login: str | None
    newest: int | None
    channels: list[ChannelTotal]
    channel_count: int


class _Channel(ChannelTotal):
    channels: int


def overview(reader: LakeReader, *, is_open: bool, keyless: bool, login: str | None) -> Overview:
    """The channels, the newest event, and whether the visitor needed a login."""
    version = reader.version()
    rows = ask(reader, "channels", {"top": TOP_CHANNELS}, _Channel) if version >= 0 else []
    channels = [ChannelTotal(row.channel, row.n, row.oldest_hour, row.newest_hour) for row in rows]
    count = rows[0].channels if rows else 0
    latest = newest(reader) if version >= 0 else None
    return Overview("footfall", footfall.__version__, version, is_open, keyless, login, latest, channels, count)
