"""Real proxies on ports of this machine, with all their files in a folder that goes with them, and their clients."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

from tests.collector.running import Talk
from tests.proxies import configurations
from tests.proxies.configurations import NAME, Fill, Ports
from tests.serving import Served, until

_HEARD = "Reloading HAProxy"


class Kind(Struct, frozen=True):
    """A proxy with one configuration; `is_told` says that the footfall behind it has the documented settings."""

    program: str
    fill: Fill
    is_tls: bool
    is_told: bool


KINDS = {
    "nginx": Kind("nginx", configurations.nginx, is_tls=True, is_told=True),
    "nginx-streaming": Kind("nginx", configurations.streaming_nginx, is_tls=True, is_told=True),
    "haproxy": Kind("haproxy", configurations.haproxy, is_tls=True, is_told=True),
    "caddy": Kind("caddy", configurations.caddy, is_tls=True, is_told=True),
    "stock-nginx": Kind("nginx", configurations.stock_nginx, is_tls=False, is_told=False),
    "stock-haproxy": Kind("haproxy", configurations.stock_haproxy, is_tls=False, is_told=False),
    "stock-caddy": Kind("caddy", configurations.stock_caddy, is_tls=False, is_told=False),
    "adding-haproxy": Kind("haproxy", configurations.adding_haproxy, is_tls=False, is_told=True),
}
DOCUMENTED = [name for name, kind in KINDS.items() if kind.is_tls]
STOCK = [name for name in KINDS if name.startswith("stock-")]


class Proxy:
    """A running proxy in front of footfall."""

    def __init__(self, kind: Kind, back: int, folder: Path) -> None:
        self.kind = kind
        self.back = back
        self.folder = folder
        self.port = _free_port()
        certify(folder)
        self._configuration = folder / "configuration"
        self._configuration.write_text(kind.fill(Ports(self.port, back, folder)))
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
            )

    @property
    def pid(self) -> int:
        """The process that was started."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http{'s' if self.kind.is_tls else ''}://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "log").read_text(errors="replace")

    def wait_ready(self) -> None:
        """Wait until it takes connections."""
        until(self._listens, 20, self._require_running)

    def reload(self) -> None:
        """Have it read its configuration anew, as an operator does, and wait until others do its work."""
        before = self._workers()
        match self.kind.program:
            case "nginx":
                self._process.send_signal(signal.SIGHUP)
            case "haproxy":
                self._signal_until_heard()
            case _:
                given = ["--config", str(self._configuration), "--adapter", "caddyfile"]
                command = ["caddy", "reload", *given, "--address", f"unix/{self.folder}/admin", "--force"]
                subprocess.run(command, env=self._environment(), check=True, capture_output=True, timeout=30)
                return
        until(lambda: bool(self._workers() - before), 20, self._require_running)

    def _signal_until_heard(self) -> None:
        """HAProxy passes over a signal that comes while it is about to be ready."""
        heard = self.log.count(_HEARD)
        for _ in range(10):
            self._process.send_signal(signal.SIGUSR2)
            with suppress(AssertionError):
                until(lambda: self.log.count(_HEARD) > heard, 2, self._require_running)
                return

    def stop(self) -> None:
        """End it and what it started."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            processes = [*parent.children(recursive=True), parent]
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
            for process in psutil.wait_procs(processes, timeout=5)[1]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self._process.wait(10)

    def client(self, *, address: str = "127.0.0.1") -> httpx.Client:
        """A client of its own connections, from one of this machine's addresses; it knows the certificate."""
        transport = httpx.HTTPTransport(verify=trusting(self.folder), local_address=address)
        return httpx.Client(
            transport=transport,
            base_url=self.url,
            headers={"Host": f"{NAME}:{self.port}"},
            event_hooks={"request": [_by_name]},
            timeout=30,
            trust_env=False,
        )

    def talk(self, timeout: float = 10.0) -> Talk:
        """A connection, byte for byte."""
        return _TlsTalk(self.port, timeout, trusting(self.folder)) if self.kind.is_tls else Talk(self.port, timeout)

    def _command(self) -> list[str]:
        configuration = str(self._configuration)
        return {
            "nginx": [_found("nginx"), "-p", str(self.folder), "-c", configuration, "-g", "daemon off;"],
            "haproxy": [_found("haproxy"), "-W", "-db", "-f", configuration],
            "caddy": [_found("caddy"), "run", "--config", configuration, "--adapter", "caddyfile"],
        }[self.kind.program]

    def _environment(self) -> dict[str, str]:
        home = {name: str(self.folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")}
        return {"PATH": os.environ["PATH"], **home}

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def _workers(self) -> set[int]:
        return {child.pid for child in psutil.Process(self._process.pid).children()}

    def _require_running(self) -> None:
        assert self._process.poll() is None, self.log


@contextmanager
def proxied(name: str, served: Served) -> Iterator[Proxy]:
    """A proxy in front of a server for the length of a block."""
    folder = Path(tempfile.mkdtemp(prefix="ff-"))
    proxy = Proxy(KINDS[name], urlsplit(served.url).port or 0, folder)
    try:
        proxy.wait_ready()
        yield proxy
    except Exception as error:
        error.add_note(f"{name}: {proxy.log[-2000:]}")
        raise
    finally:
        proxy.stop()
        shutil.rmtree(folder, ignore_errors=True)


def certify(folder: Path) -> None:
    """Make a certificate that signs itself, in the forms that the three want."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for file, text in (("cert.pem", public), ("cert.key", private), ("cert.both.pem", public + private)):
        (folder / file).write_bytes(text)


def trusting(folder: Path) -> ssl.SSLContext:
    """What a client has to know to trust the certificate in a folder."""
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


def other_address() -> str | None:
    """An IPv4 address of this machine beside loopback, from which a client is not the machine itself; None without."""
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]
    return found[0] if found else None


class _TlsTalk(Talk):
    def __init__(self, port: int, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(port, timeout)
        self._socket = context.wrap_socket(self._socket, server_hostname=NAME)


def _by_name(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = NAME


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _found(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, f"{program} is missing: make .stamps/proxies"
    return path
