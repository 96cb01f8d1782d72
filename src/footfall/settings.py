"""Every setting and its default: the command line comes first, then FOOTFALL_* variables, then DIR/footfall.toml."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from footfall.errors import TerminalError
from footfall.runtime import runtime_folder

PREFIX = "FOOTFALL_"
FILE = "footfall.toml"

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0)]


class SettingsError(TerminalError):
    """A setting is unknown or cannot be what it was set to; says which and where it was set."""


def _says(description: str) -> Meta:
    return Meta(description=description)


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of one installation. Sizes are bytes, times are seconds unless the name says otherwise."""

    data: Annotated[Path, _says("Folder that holds everything: journal, lake, control database.")] = Path("data")
    installation: Annotated[
        str, _says("Id of the installation that DIR must hold, so that no other and no empty folder is served.")
    ] = ""
    host: Annotated[str, _says("Address to listen on. Anything but loopback needs keys and a dashboard login.")] = (
        "127.0.0.1"
    )
    hosts: Annotated[
        str,
        _says(
            "Names under which footfall answers, with commas between, `*.example.org` for all below one; "
            "empty for any, once there are keys."
        ),
    ] = ""
    proxies: Annotated[
        str,
        _says("Addresses or networks of proxies in front, with commas between, whose `X-Forwarded-For` is believed."),
    ] = ""
    metrics_token: Annotated[
        str,
        _says("Token for `GET /metrics`, 16 characters or more; not needed while everything is open. Never shown."),
        Meta(pattern=r"^([!-~]{16,})?$(?!\n)"),
    ] = ""
    lake_group: Annotated[
        str,
        _says("Group of this machine that may read the lake, and nothing else; empty for nobody but footfall's user."),
    ] = ""
    port: Annotated[int, _says("Port to listen on."), Meta(ge=0, le=65535)] = 8400
    collectors: Annotated[Count, _says("Collector processes that share the port.")] = 2

    max_body_bytes: Annotated[Count, _says("Largest request body, as it arrives.")] = 5 << 20
    max_inflated_bytes: Annotated[Count, _says("Largest request body after decompression.")] = 20 << 20
    max_event_bytes: Annotated[Count, _says("Largest single event.")] = 1 << 20
    max_event_values: Annotated[Count, _says("Most JSON values in one event.")] = 10_000
    max_batch_events: Annotated[Count, _says("Most events in one request.")] = 1000
    max_connections: Annotated[Count, _says("Most open connections of one collector.")] = 2000
    max_address_connections: Annotated[
        Count,
        _says(
            "Most open connections of one collector from one address (IPv6: one /64); this machine and `proxies` may "
            "have as many as there can be."
        ),
    ] = 500
    max_inflight_bytes: Annotated[
        Count,
        _says(
            "Most body bytes that one collector holds at once; one channel at most half of that while others send, too."
        ),
    ] = 32 << 20
    channel_share: Annotated[
        float,
        _says(
            "Share of each collector's processor that one channel may have over time, from 0 to 1, while others send, "
            "too; past it, 429."
        ),
        Meta(gt=0, le=1),
    ] = 0.5
    channel_inflated_bytes: Annotated[
        Count, _says("Most bytes a second that compressed bodies of one channel may inflate to; past it, 429.")
    ] = 256 << 20
    header_timeout: Annotated[Seconds, _says("Time in which a request's head must arrive.")] = 10.0
    body_timeout: Annotated[Seconds, _says("Time in which a request's body must arrive.")] = 30.0
    idle_timeout: Annotated[Seconds, _says("Time for which an idle connection is kept open.")] = 75.0
    shutdown_timeout: Annotated[Seconds, _says("Time that requests under way get to finish when footfall stops.")] = (
        15.0
    )

    journal_max_bytes: Annotated[Count, _says("Most bytes in one collector's journal; past it senders get 503.")] = (
        4 << 30
    )
    segment_bytes: Annotated[int, _says("Size of one journal segment."), Meta(ge=1 << 16)] = 64 << 20
    min_free_bytes: Annotated[int, _says("Free disk space below which /health reports trouble."), Meta(ge=0)] = 1 << 30

    dedup_days: Annotated[
        Count, _says("Days received, today's included, among which a resent event is recognised.")
    ] = 7
    dedup_bytes: Annotated[int, _says("Memory for recognising resent events."), Meta(ge=1 << 20)] = 512 << 20
    batch_seconds: Annotated[
        Seconds, _says("Time for which the pipeline gathers events for one commit; twice as long while few come.")
    ] = 1.0
    batch_bytes: Annotated[Count, _says("Most journal bytes in one commit.")] = 32 << 20
    compact_seconds: Annotated[Seconds, _says("Time between two compactions.")] = 60.0
    vacuum_hours: Annotated[
        float, _says("Hours for which replaced lake files are kept for slow readers."), Meta(ge=1)
    ] = 6.0
    clock_tolerance: Annotated[Seconds, _says("Clock skew of a batch that is not corrected.")] = 30.0

    flow_plans: Annotated[
        str, _says("Shipped plans that flows are folded by: all, none, or names; those in DIR/plans always are.")
    ] = "all"
    flow_seconds: Annotated[Seconds, _says("Time between two foldings of new events into flows.")] = 5.0
    flow_idle: Annotated[
        bool, _says("Whether flows are folded only in time that nothing else wants; otherwise they share it.")
    ] = True
    flow_bytes: Annotated[int, _says("Memory for folding events into flows."), Meta(ge=8 << 20)] = 32 << 20
    flow_channels: Annotated[
        str, _says("Channels that may share a flow: names with commas between, groups with semicolons; * for all.")
    ] = ""

    keycloak_secret: Annotated[
        str,
        _says("Secret that Keycloak signs its webhooks with, 16 characters or more; empty for keys only. Never shown."),
        Meta(pattern=r"^([ -~]{16,})?$(?!\n)"),
    ] = ""

    log_format: Annotated[
        str, Meta(pattern="^(auto|json|console)$"), _says("How logs are written: auto, json or console.")
    ] = "auto"
    log_level: Annotated[
        str, Meta(pattern="^(debug|info|warning|error)$"), _says("Least severe level that is logged.")
    ] = "info"

    def __repr__(self) -> str:
        return f"Settings(data={str(self.data)!r})"  # no secrets in logs and tracebacks

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the port."""
        return self.host in ("127.0.0.1", "::1", "localhost") or self.host.startswith("127.")

    @property
    def journals(self) -> Path:
        """Folder of the journals, one sub-folder for each collector."""
        return self.data / "journal"

    @property
    def lake(self) -> Path:
        """Folder of the lake's tables."""
        return self.data / "lake"

    @property
    def control(self) -> Path:
        """The control database."""
        return self.data / "control.db"

    @property
    def runtime(self) -> Path:
        """Folder of what processes have for each other while they run."""
        return runtime_folder.folder(self.data)

    @property
    def heartbeat(self) -> Path:
        """File in which the pipeline says how it is."""
        return self.runtime / "pipeline.json"

    @property
    def flows_heartbeat(self) -> Path:
        """File in which the process that folds flows says how it is."""
        return self.runtime / "flows.json"

    @property
    def supervisor_heartbeat(self) -> Path:
        """File in which the supervisor says how its processes are."""
        return self.runtime / "supervisor.json"

    @property
    def web_heartbeat(self) -> Path:
        """File in which the web process says that it lives."""
        return self.runtime / "web.json"

    @property
    def spill(self) -> Path:
        """Folder for what questions of the dashboard need more memory for than they may have."""
        return self.data / "run"

    @property
    def own_plans(self) -> Path:
        """Folder of the plans that are not shipped."""
        return self.data / "plans"


def load(given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Combine what was given on the command line (None for not given), the environment, and DIR/footfall.toml.

    Raises SettingsError for an unknown name or a value that does not fit.
    """
    environment = os.environ if environment is None else environment
    known = set(Settings.__struct_fields__)
    chosen = {name: environment[PREFIX + name.upper()] for name in known if environment.get(PREFIX + name.upper())} | {
        name: value for name, value in given.items() if value is not None
    }
    folder = Path(chosen.get("data", "data"))
    return _convert(_read_file(folder / FILE) | {"data": str(folder)} | chosen)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        values = msgspec.toml.decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    _convert(values)
    return dict(values)


def _convert(values: dict[str, Any]) -> Settings:
    try:
        return msgspec.convert(
            {name: str(value) if isinstance(value, Path) else value for name, value in values.items()},
            Settings,
            strict=False,
            dec_hook=_path,
        )
    except msgspec.ValidationError as error:
        raise SettingsError(f"setting {error}") from error


def _path(kind: type[Any], value: Any) -> Any:
    return kind(value)
