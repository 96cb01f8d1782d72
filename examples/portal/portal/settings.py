"""Every setting and its default: a flag comes first, then the variable PORTAL_*; secrets are variables only."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

PREFIX = "PORTAL_"
SECRETS = ("secret", "footfall_key", "smtp_password", "captcha_secret", "google_client_secret")


class SettingsError(Exception):
    """A setting cannot be what it was set to; says which."""


def _says(description: str) -> Meta:
    return Meta(description=description)


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one portal."""

    host: Annotated[str, _says("Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, _says("Port to listen on; 0 picks one.")] = 8500
    fd: Annotated[int, _says("A listening socket that the parent process made; -1 for none.")] = -1
    url: Annotated[str, _says("The portal's address as browsers know it; by default host and port.")] = ""
    data: Annotated[Path, _says("Folder of the database, of events that wait, and of the key of cookies.")] = Path(
        "portal-data"
    )
    database: Annotated[str, _says("SQLAlchemy's address of the database; by default SQLite in the folder.")] = ""
    secret: Annotated[str, _says("What cookies are signed with; by default made once and kept in the folder.")] = ""

    footfall: Annotated[str, _says("Footfall's address; empty to tell nobody anything.")] = "http://127.0.0.1:8400"
    footfall_key: Annotated[str, _says("The channel's secret key, for what the portal itself tells.")] = ""
    footfall_public_key: Annotated[str, _says("The channel's public key, for what its pages tell.")] = ""
    channel: Annotated[str, _says("The channel to tell.")] = "dev"

    smtp_host: Annotated[str, _says("Mail server.")] = "127.0.0.1"
    smtp_port: Annotated[int, _says("Its port.")] = 25
    smtp_starttls: Annotated[bool, _says("Whether to ask it for TLS.")] = False
    smtp_user: Annotated[str, _says("Login at the mail server; empty for none.")] = ""
    smtp_password: Annotated[str, _says("Password at the mail server.")] = ""
    mail_from: Annotated[str, _says("Sender of the portal's mail.")] = "academy@portal.example"
    sms_domain: Annotated[
        str, _says("Domain of a gateway that takes mail to NUMBER@DOMAIN as a text message; empty: no phones.")
    ] = ""

    captcha_script_url: Annotated[str, _says("The captcha's script, which gives pages `grecaptcha.execute`.")] = ""
    captcha_verify_url: Annotated[str, _says("Where a captcha's token is checked (siteverify); empty: no check.")] = ""
    captcha_site_key: Annotated[str, _says("The captcha's key for pages.")] = ""
    captcha_secret: Annotated[str, _says("The captcha's secret.")] = ""
    captcha_score: Annotated[float, _says("Scores below this are suspicious, where the check gives one.")] = 0.5

    google_discovery_url: Annotated[str, _says("Where the OpenID provider describes itself.")] = (
        "https://accounts.google.com/.well-known/openid-configuration"
    )
    google_client_id: Annotated[str, _says("The portal's client id there; empty: the button says so.")] = ""
    google_client_secret: Annotated[str, _says("The client's secret.")] = ""

    inbox_url: Annotated[str, _says("A page where the demo's mail can be read; shown beside the code's form.")] = ""

    def __repr__(self) -> str:
        return f"Settings(data={str(self.data)!r})"  # no secrets in logs and tracebacks


def load(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings by flags and environment; raises SettingsError."""
    given: dict[str, Any] = {
        name: environment[PREFIX + name.upper()]
        for name in Settings.__struct_fields__
        if PREFIX + name.upper() in environment
    }
    flags = vars(_parser().parse_args(arguments))
    given |= {name: value for name, value in flags.items() if value is not None}
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise SettingsError(str(error)) from None


def origin(url: str) -> str:
    """Scheme, host and port of an address; empty for none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def descriptions() -> dict[str, str]:
    """What each setting is, by its name."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hints[name].__metadata__[0].description or "" for name in Settings.__struct_fields__}


def _path(kind: type, value: Any) -> Any:
    return kind(value)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal", description="Serve the portal.")
    for name, says in descriptions().items():
        if name not in SECRETS:
            parser.add_argument(f"--{name.replace('_', '-')}", help=says)
    return parser
