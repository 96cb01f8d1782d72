"""`python -m portal.backstage`: what the demo has in place of the world outside: mail, a captcha, and a "Google".

For loopback only. The variables PORTAL_GOOGLE_CLIENT_ID, PORTAL_GOOGLE_CLIENT_SECRET and PORTAL_CAPTCHA_SECRET are the
portal's own.
"""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable

from aiosmtpd.smtp import SMTP
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.datastructures import State
from litestar.static_files import create_static_files_router

from footfall.runtime import lifeline
from portal import captcha, hosting, inbox, provider
from portal.pages import HERE
from portal.settings import PREFIX

_END_SECONDS = 8.0


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    lifeline.hold(_END_SECONDS)
    given = _parser().parse_args()
    web = hosting.listen("127.0.0.1", given.port, given.fd)
    mail = hosting.listen("127.0.0.1", given.smtp_port, given.smtp_fd)
    url = hosting.address(web)
    sys.stdout.write(f"backstage is at {url}, SMTP on port {mail.getsockname()[1]}\n")
    sys.stdout.flush()
    hosting.serve(create(url, given.portal, mail), web)


def create(url: str, portal: str, mail: socket.socket) -> Litestar:
    """The pages, and the mail server beside them; `portal` is the address of the portal that they serve."""
    box = inbox.Inbox()
    redirect = f"{portal}/google/auth/callback"
    client, secret, captcha_secret = (
        os.environ.get(PREFIX + name, "") for name in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "CAPTCHA_SECRET")
    )
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    state = {
        "inbox": box,
        "judge": captcha.Judge(captcha_secret),
        "provider": provider.Desk(url, client, secret, redirect),
        "pages": templates,
        "portal": portal,
    }
    styles = create_static_files_router("/static", [HERE / "static"])
    return Litestar(
        [*inbox.ROUTES, *captcha.ROUTES, *provider.ROUTES, styles],
        state=State(state),
        on_startup=[_mail_server(box, mail)],
        openapi_config=None,
        logging_config=None,
    )


def _mail_server(box: inbox.Inbox, listener: socket.socket) -> Callable[[], Awaitable[None]]:
    async def start() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: SMTP(box, hostname="localhost", loop=loop), sock=listener)

    return start


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.backstage", description=__doc__)
    parser.add_argument("--portal", required=True, help="Address of the portal.")
    for name in ("port", "smtp-port"):
        parser.add_argument(f"--{name}", type=int, default=0)
    for name in ("fd", "smtp-fd"):
        parser.add_argument(f"--{name}", type=int, default=-1)
    return parser


if __name__ == "__main__":
    main()
