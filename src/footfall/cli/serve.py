"""Commands that run footfall, or a part of it."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from footfall import __version__, logs, services, settings

Host = Annotated[str | None, typer.Option(help="Address to listen on; loopback unless told otherwise.")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one.", min=0, max=65535)]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder that holds everything; data when left out.")]
Collectors = Annotated[int | None, typer.Option(help="Collector processes.", min=1)]


class FlowsAction(StrEnum):
    """What else `flows` can do."""

    REBUILD = "rebuild"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, demo, micro, collector, pipeline, flows, web, version):
        app.command()(command)


def serve(data: DataOption = None, host: Host = None, port: Port = None, collectors: Collectors = None) -> None:
    """Take events in, keep them, show them. Ctrl-C stops it; everything acknowledged is there at the next start.

    Example: `footfall serve --data /var/lib/footfall --port 8400`
    """
    from footfall.supervisor import serve as run

    chosen = settings.load({"data": data, "host": host, "port": port, "collectors": collectors})
    logs.configure(chosen, "supervisor")
    run(chosen, lambda url, _: _announce(url, chosen))


def demo(
    data: DataOption = None,
    port: Port = None,
    seed: Annotated[int, typer.Option(help="Other seeds give other people.")] = 1,
    rate: Annotated[float, typer.Option(help="Live events per second.", min=0.1)] = 2.0,
    portal: Annotated[bool, typer.Option("--portal", help="Also a portal to sign up at, with its mail.")] = False,
) -> None:
    """Serve on loopback with simulated people: two weeks of history, and live traffic.

    Example: `footfall demo --data demo-data`
    """
    from footfall.cli import showing
    from footfall.supervisor import serve as run

    chosen = settings.load({"data": data or Path("demo-data"), "port": port})
    logs.configure(chosen, "supervisor")
    with showing.portal(chosen, is_wanted=portal) as demo_portal:
        run(chosen, lambda url, stop: showing.start(url, chosen, seed, rate, stop, demo_portal))


def micro(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks one.", min=0, max=65535)] = 8401,
    profile: Annotated[str, typer.Option(help="v3 or sunbird.")] = "v3",
) -> None:
    """Judge events in memory, for tests: what came in stands at /micro/all, /micro/good and /micro/bad.

    Example: `footfall micro --port 0`
    """
    from footfall.micro import serve as run

    run(host, port, profile, announce=lambda url: typer.echo(f"footfall micro is at {url}"))


def collector(
    data: DataOption = None,
    host: Host = None,
    port: Port = None,
    index: Annotated[int, typer.Option(help="Number of this collector; each has a journal of its own.", min=0)] = 0,
    web_socket: Annotated[Path | None, typer.Option(help="Unix socket of the web process.")] = None,
) -> None:
    """Run one collector alone.

    Example: `footfall collector --data data --index 1 --port 8400`
    """
    chosen = settings.load({"data": data, "host": host, "port": port})
    services.run("collector", chosen, index=index, web_socket=web_socket)


def pipeline(data: DataOption = None) -> None:
    """Run the pipeline alone.

    Example: `footfall pipeline --data data`
    """
    services.run("pipeline", settings.load({"data": data}))


def flows(
    action: Annotated[FlowsAction | None, typer.Argument(help="rebuild: have all flows built anew.")] = None,
    data: DataOption = None,
) -> None:
    """Fold events into flows, beside everything else; or have all flows built anew, now or when it runs next.

    Example: `footfall flows --data data`
    """
    chosen = settings.load({"data": data})
    if action is FlowsAction.REBUILD:
        from footfall.flows import rebuild_request

        rebuild_request.ask_for_rebuild(chosen)
        sys.stderr.write("All flows will be built anew by the footfall that runs on this folder, or the next one.\n")
    else:
        services.run("flows", chosen)


def web(
    web_socket: Annotated[Path, typer.Option(help="Unix socket to listen on; collectors forward to it.")],
    data: DataOption = None,
    host: Host = None,
) -> None:
    """Run the web process (dashboard and queries) alone.

    Example: `footfall web --data data --web-socket /run/footfall/web.sock`
    """
    services.run("web", settings.load({"data": data, "host": host}), web_socket=web_socket)


def version() -> None:
    """Print the version.

    Example: `footfall version`
    """
    typer.echo(__version__)


def _announce(url: str, chosen: settings.Settings) -> None:
    sys.stdout.write(f"footfall is at {url}\n")
    if not chosen.is_loopback:
        sys.stdout.write(
            "It can be reached from other machines.\n"
            f"  senders need a key:        footfall channel add NAME --data {chosen.data}\n"
            f"  the dashboard needs a login: footfall user add LOGIN --data {chosen.data}\n"
        )
    sys.stdout.flush()
