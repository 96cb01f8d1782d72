"""`footfall user`: logins to the dashboard."""

import sys
from typing import Annotated

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown
from footfall.cli.output import Format, emit_structs

app = typer.Typer(help="Logins to the dashboard, needed when it is not on loopback.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="Login name.")]


@app.command()
def add(login: Login, data: Data = DEFAULT_DATA) -> None:
    """Make a login; the password is asked for, or read from a pipe.

    Example: `footfall user add ada --data data`
    """
    from footfall.control.store import Control

    password = _password()
    data.mkdir(parents=True, exist_ok=True)
    with Control.open(data / "control.db") as control:
        control.add_user(login, password)


@app.command()
def password(login: Login, data: Data = DEFAULT_DATA) -> None:
    """Change a password; whoever is logged in with the old one is logged out.

    Example: `footfall user password ada --data data`
    """
    from footfall.control.store import Control

    new = _password()
    with Control.open(data / "control.db") as control:
        control.set_password(login, new)


@app.command("list")
def list_(data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """List the logins.

    Example: `footfall user list --data data`
    """
    from footfall.control.store import Control, UserInfo

    with Control.open(data / "control.db") as control:
        emit_structs(control.users(), UserInfo, shown)


@app.command()
def remove(login: Login, data: Data = DEFAULT_DATA) -> None:
    """Remove a login.

    Example: `footfall user remove ada --data data`
    """
    from footfall.control.store import Control

    with Control.open(data / "control.db") as control:
        control.remove_user(login)


def _password() -> str:
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\n")
