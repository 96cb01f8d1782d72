"""`footfall channel`: channels and their keys."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown
from footfall.cli.output import Format, emit, emit_json, emit_structs


class KeyKind(StrEnum):
    """What `--kind` may be."""

    PUBLIC = "public"
    SECRET = "secret"  # noqa: S105 - the name of a kind


app = typer.Typer(help="Channels (tenants) and their keys.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the channel.")]
ProfileOption = Annotated[
    str | None, typer.Option("--profile", help="v3 (documented API) or sunbird (its pipeline's).")
]
Origins = Annotated[
    list[str] | None, typer.Option("--origin", help="Web origin that may use the public key; repeatable.")
]
Accepts = Annotated[
    list[str] | None, typer.Option("--accepts", help="Other channel that its keys may write to; * for all.")
]
Rate = Annotated[float | None, typer.Option(help="Most events per second; 0 for no limit.")]
Burst = Annotated[float | None, typer.Option(help="Most events at once.")]
PublicTypes = Annotated[
    list[str] | None,
    typer.Option("--public-type", help="Event type that public keys may send besides; repeatable; * for all."),
]
Keep = Annotated[bool | None, typer.Option("--keep-payloads/--mask-payloads", help="Keep rejected events unmasked.")]


@app.command()
def add(
    name: Name,
    data: Data = DEFAULT_DATA,
    profile: ProfileOption = None,
    origin: Origins = None,
    accepts: Accepts = None,
    rate: Rate = None,
    burst: Burst = None,
    keep_payloads: Keep = None,
    public_types: PublicTypes = None,
    shown: Shown = Format.TABLE,
) -> None:
    """Make a channel with a public and a secret key, which are shown this one time.

    Example: `footfall channel add school --origin https://school.example --data data`
    """
    from footfall.control.store import Control

    options = _options(profile, origin, accepts, rate, burst, keep_payloads, public_types)
    data.mkdir(parents=True, exist_ok=True)
    with Control.open(data / "control.db") as control:
        keys = control.add_channel(name, **options)
    _show_keys(name, keys.public, keys.secret, shown)


@app.command("set")
def change(
    name: Name,
    data: Data = DEFAULT_DATA,
    profile: ProfileOption = None,
    origin: Origins = None,
    accepts: Accepts = None,
    rate: Rate = None,
    burst: Burst = None,
    keep_payloads: Keep = None,
    public_types: PublicTypes = None,
    shown: Shown = Format.TABLE,
) -> None:
    """Change a channel; what is not named stays.

    Example: `footfall channel set school --profile sunbird --rate 500 --data data`
    """
    from footfall.control.store import ChannelInfo, Control

    with Control.open(data / "control.db") as control:
        info = control.set_channel(name, **_options(profile, origin, accepts, rate, burst, keep_payloads, public_types))
    emit_structs([info], ChannelInfo, shown)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """List the channels.

    Example: `footfall channel list --format json --data data`
    """
    from footfall.control.store import ChannelInfo, Control

    with Control.open(data / "control.db") as control:
        emit_structs(control.channels(), ChannelInfo, shown)


@app.command()
def keys(
    name: Annotated[str | None, typer.Argument(help="Name of the channel; all when left out.")] = None,
    data: Data = DEFAULT_DATA,
    shown: Shown = Format.TABLE,
) -> None:
    """List keys without their secrets.

    Example: `footfall channel keys school --data data`
    """
    from footfall.control.store import Control

    with Control.open(data / "control.db") as control:
        rows = [
            (key.id, key.channel, key.kind, _time(key.created_at), _time(key.expires_at))
            for key in control.write_keys(name)
        ]
    emit(("id", "channel", "kind", "created", "expires"), [rows], shown)


@app.command()
def rotate(
    name: Name,
    data: Data = DEFAULT_DATA,
    kind: Annotated[list[KeyKind] | None, typer.Option(help="Which keys; both kinds when left out.")] = None,
    grace: Annotated[float, typer.Option(help="Seconds for which the old keys still work.", min=0)] = 0,
    shown: Shown = Format.TABLE,
) -> None:
    """Make new keys; the old ones stop working, at once or after a grace.

    Example: `footfall channel rotate school --kind public --grace 86400 --data data`
    """
    from footfall.control.store import Control

    kinds: Any = [chosen.value for chosen in kind or KeyKind]
    with Control.open(data / "control.db") as control:
        new = control.rotate(name, kinds, grace_seconds=grace)
    _show_keys(name, new.public, new.secret, shown)


@app.command("add-key")
def add_key(name: Name, data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """Make one more secret key, for another server.

    Example: `footfall channel add-key school --data data`
    """
    from footfall.control.store import Control

    with Control.open(data / "control.db") as control:
        _show_keys(name, "", control.add_secret_key(name), shown)


@app.command()
def revoke(key: Annotated[str, typer.Argument(help="Id of the key.")], data: Data = DEFAULT_DATA) -> None:
    """End one key at once.

    Example: `footfall channel revoke 3f9a1c --data data`
    """
    from footfall.control.store import Control

    with Control.open(data / "control.db") as control:
        control.revoke_key(key)


@app.command()
def remove(name: Name, data: Data = DEFAULT_DATA) -> None:
    """Remove a channel and its keys; its stored events stay.

    Example: `footfall channel remove school --data data`
    """
    from footfall.control.store import Control

    with Control.open(data / "control.db") as control:
        control.remove_channel(name)


def _options(
    profile: str | None,
    origins: list[str] | None,
    accepts: list[str] | None,
    rate: float | None,
    burst: float | None,
    keep_payloads: bool | None,
    public_types: list[str] | None,
) -> Any:
    chosen = {
        "profile": profile,
        "origins": origins,
        "accepts": accepts,
        "rate": rate,
        "burst": burst,
        "keep_payloads": keep_payloads,
        "public_types": public_types,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _show_keys(name: str, public: str, secret: str, shown: Format) -> None:
    if shown is Format.JSON:
        emit_json({"channel": name, "public": public or None, "secret": secret or None})
        return
    rows = [(kind, key) for kind, key in (("public", public), ("secret", secret)) if key]
    emit(("kind", "key"), [rows], shown)
    if shown is Format.TABLE:
        typer.echo("These keys are not shown again.", err=True)


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
