"""Tokens for Keycloak's Admin API: by the client credentials grant, or from a command that prints one."""

import shlex
import subprocess
import time
from typing import Protocol
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from footfall.errors import TerminalError
from footfall.importers.keycloak.connection import Connection

_SPARE_SECONDS = 15.0
_COMMAND_SECONDS = 60.0


class Tokens(Protocol):
    """Where tokens come from."""

    def current(self) -> str:
        """A token that is still good; raises TerminalError or TransientError."""

    def forget(self) -> None:
        """Do not give this one again: it was refused."""


class _Granted(Struct):
    access_token: str
    expires_in: float = 60.0


class ClientCredentials:
    """Tokens of a confidential client with a service account."""

    def __init__(self, connection: Connection, realm: str, client: str, secret: str) -> None:
        self._connection = connection
        self._path = f"/realms/{quote(realm, safe='')}/protocol/openid-connect/token"
        self._form = urlencode(
            {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        ).encode()
        self._token = ""
        self._until = 0.0

    def current(self) -> str:
        """A token that is still good; raises TerminalError when the client is not let in."""
        if not self._token or time.monotonic() >= self._until:
            self._fetch()
        return self._token

    def forget(self) -> None:
        """Fetch another one next time."""
        self._token = ""

    def _fetch(self) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = self._connection.ask("POST", self._path, headers, self._form)
        if reply.status in (400, 401, 403):
            raise TerminalError(
                f"Keycloak does not let the client in (HTTP {reply.status}): see that its id and secret are right, and "
                "that it has a service account"
            )
        try:
            granted = msgspec.json.decode(reply.expect("the token"), type=_Granted)
        except msgspec.MsgspecError as error:
            raise TerminalError("what Keycloak gave for a token is none") from error
        self._token = granted.access_token
        self._until = time.monotonic() + max(0.0, granted.expires_in - _SPARE_SECONDS)


class CommandToken:
    """Tokens that a command prints."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        self._token = ""

    def current(self) -> str:
        """The token printed last; raises TerminalError when the command fails."""
        if not self._token:
            self._token = self._run()
        return self._token

    def forget(self) -> None:
        """Run the command again next time."""
        self._token = ""

    def _run(self) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise TerminalError("the command for a token cannot be run") from error
        token = done.stdout.decode("latin-1").strip()
        if done.returncode or not token or not token.isascii() or len(token.split()) != 1:
            raise TerminalError(f"the command for a token printed none (exit {done.returncode})")
        return token
