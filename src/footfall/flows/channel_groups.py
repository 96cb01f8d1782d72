"""Which channels may share a flow; by default each has flows of its own."""

EVERY = "*"


class ChannelGroups:
    """Sorts channels into groups, out of which no flow leads; the setting is `flow_channels`."""

    def __init__(self, setting: str) -> None:
        groups = [[name.strip() for name in group.split(",") if name.strip()] for group in setting.split(";")]
        self._all = any(EVERY in group for group in groups)
        self._of = {name: group[0] for group in groups for name in group}

    def of(self, channel: str) -> str:
        """The group of a channel."""
        return EVERY if self._all else self._of.get(channel, channel)
