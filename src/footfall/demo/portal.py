"""The portal beside the demo, with mail, a captcha and a "Google" of its own: two processes, on loopback only.

It stands in `examples/portal`, in the repository or in a wheel, and needs the packages of the extra `portal`.
"""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex

from footfall.errors import TerminalError
from footfall.runtime import lifeline

_PLACES = tuple(Path(__file__).parents[up] / "examples" / "portal" for up in (1, 3))
_NEEDED = ("aiosmtpd", "argon2", "authlib", "httpx2", "jinja2", "joserfc", "litestar", "sqlalchemy", "uvicorn")
_END_SECONDS = 10.0


class DemoPortal:
    """The portal at `url` and its mail at `inbox_url`, with its database in the folder `data`.

    It listens on the port that is 100 after `port`, or on any that is free.

    Raises TerminalError where the portal or a package that it needs is not installed.
    """

    def __init__(self, data: Path, port: int = 0, on_end: Callable[[str, int], object] = lambda *_: None) -> None:
        self._folder = _find()
        self.data = data
        self._web, self._stage, self._mail = map(_listen, (port and port + 100, port and port + 101, 0))
        self.url, self.inbox_url = _address(self._web), _address(self._stage)
        self._on_end = on_end
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._is_ending = False

    def start(self, footfall: str, **settings: str) -> None:
        """Start both; they tell the footfall at this address. What asks before they answer is kept waiting.

        `settings` are further settings of the portal, by their names.
        """
        shared = {"GOOGLE_CLIENT_ID": "academy", "GOOGLE_CLIENT_SECRET": token_hex(), "CAPTCHA_SECRET": token_hex()}
        own = {
            "URL": self.url,
            "DATA": str(self.data),
            "FOOTFALL": footfall,
            "SMTP_PORT": str(_port(self._mail)),
            "SMS_DOMAIN": "sms.academy.example",
            "CAPTCHA_SCRIPT_URL": f"{self.inbox_url}/captcha.js",
            "CAPTCHA_VERIFY_URL": f"{self.inbox_url}/captcha/siteverify",
            "CAPTCHA_SITE_KEY": "demo",
            "GOOGLE_DISCOVERY_URL": f"{self.inbox_url}/.well-known/openid-configuration",
            "INBOX_URL": self.inbox_url,
        }
        stage, mail = self._stage.fileno(), self._mail.fileno()
        flags = ["--portal", self.url, "--fd", str(stage), "--smtp-fd", str(mail)]
        self._spawn("portal.backstage", flags, shared, (stage, mail))
        chosen = shared | own | {name.upper(): value for name, value in settings.items()}
        self._spawn("portal", ["--fd", str(self._web.fileno())], chosen, (self._web.fileno(),))

    def stop(self) -> None:
        """End both, the portal first."""
        self._is_ending = True
        for name in ("portal", "portal.backstage"):
            if child := self._children.get(name):
                child.terminate()
                try:
                    child.wait(_END_SECONDS)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
        for bound in (self._web, self._stage, self._mail):
            bound.close()

    def _spawn(self, module: str, flags: list[str], settings: dict[str, str], fds: tuple[int, ...]) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
        paths = os.pathsep.join([str(self._folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = kept | {f"PORTAL_{name}": value for name, value in settings.items()} | {"PYTHONPATH": paths}
        command = [sys.executable, "-m", module, *flags]
        child = lifeline.spawn(command, environment=environment, fds=fds, stdout=subprocess.DEVNULL)
        self._children[module] = child
        threading.Thread(target=self._watch, args=(module, child), name=module, daemon=True).start()

    def _watch(self, name: str, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        if not self._is_ending:
            self._on_end(name, code)


def _find() -> Path:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise TerminalError(f"the portal needs {', '.join(missing)}: pip install 'footfall[server,portal]'")
    found = next((place for place in _PLACES if (place / "portal" / "__main__.py").exists()), None)
    if found is None:
        raise TerminalError("the portal was not installed with this footfall: run it from the repository")
    return found


def _listen(port: int) -> socket.socket:
    """A socket on this port, or on another one where it is taken."""
    with contextlib.suppress(OSError, OverflowError):
        return socket.create_server(("127.0.0.1", port))
    return socket.create_server(("127.0.0.1", 0))


def _port(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _address(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{_port(bound)}"
