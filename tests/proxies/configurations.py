"""How each proxy is set up: as docs/operations.md says, with ports and a certificate filled in, or in a simple way."""

import re
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

NAME = "telemetry.example.org"
_PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


class Ports(Struct, frozen=True):
    """Where a proxy listens and where footfall does; `folder` is the proxy's own, and holds its certificate."""

    front: int
    back: int
    folder: Path


Fill = Callable[[Ports], str]


def block(language: str) -> str:
    """The one block in this language on the page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", _PAGE, re.DOTALL)
    return str(found)


def nginx(ports: Ports, *, extra: str = "") -> str:
    """The page's nginx."""
    return _nginx_around(
        ports,
        _fill(
            block("nginx"),
            ("listen 443 ", f"listen 127.0.0.1:{ports.front} "),
            ("127.0.0.1:8400", f"127.0.0.1:{ports.back}"),
            ("/etc/ssl/telemetry.pem", f"{ports.folder}/cert.pem"),
            ("/etc/ssl/telemetry.key", f"{ports.folder}/cert.key"),
            ("proxy_http_version", f"{extra} proxy_http_version"),
        ),
    )


def streaming_nginx(ports: Ports) -> str:
    """The same, passing bodies on as they come."""
    assert "`proxy_request_buffering off;`" in _PAGE
    return nginx(ports, extra="proxy_request_buffering off;")


def haproxy(ports: Ports) -> str:
    """The page's HAProxy."""
    return "global\n    maxconn 500\n" + _fill(
        block("haproxy"),
        ("bind :443 ", f"bind 127.0.0.1:{ports.front} "),
        ("127.0.0.1:8400", f"127.0.0.1:{ports.back}"),
        ("/etc/ssl/telemetry.both.pem", f"{ports.folder}/cert.both.pem"),
    )


def caddy(ports: Ports) -> str:
    """The page's Caddy, which goes by one name more."""
    sites = f"https://{NAME}:{ports.front}, https://localhost:{ports.front}"
    return _fill(
        block("caddy"),
        ("{\n    auto_https", "{\n" + _caddy_options(ports) + "    auto_https"),
        ("127.0.0.1:8400", f"127.0.0.1:{ports.back}"),
        (
            f"{NAME} {{",
            f"{sites} {{\n bind 127.0.0.1\n tls {ports.folder}/cert.pem {ports.folder}/cert.key",
        ),
    )


def stock_nginx(ports: Ports) -> str:
    """The first example of every tutorial."""
    server = f"listen 127.0.0.1:{ports.front}; location / {{ proxy_pass http://127.0.0.1:{ports.back}; }}"
    return _nginx_around(ports, f"server {{ {server} }}")


def stock_haproxy(ports: Ports) -> str:
    """The same."""
    return f"""
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend f
    bind 127.0.0.1:{ports.front}
    default_backend b
backend b
    server s1 127.0.0.1:{ports.back}
"""


def adding_haproxy(ports: Ports) -> str:
    """The one that adds a line to what the client sent as X-Forwarded-For, instead of overwriting it."""
    return stock_haproxy(ports).replace("mode http", "mode http\n    option forwardfor")


def stock_caddy(ports: Ports) -> str:
    """The same."""
    site = f"http://:{ports.front} {{\n bind 127.0.0.1\n reverse_proxy 127.0.0.1:{ports.back}\n}}\n"
    return "{\n" + _caddy_options(ports) + "}\n" + site


def _nginx_around(ports: Ports, servers: str) -> str:
    temporary = "".join(
        f"{name}_temp_path {ports.folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
user root;
worker_processes 1;
pid {ports.folder}/pid;
error_log {ports.folder}/error.log;
events {{ worker_connections 500; }}
http {{
access_log off;
{temporary}
{servers}
}}
"""


def _caddy_options(ports: Ports) -> str:
    return (
        f"    admin unix/{ports.folder}/admin\n    storage file_system {ports.folder}/storage\n    skip_install_trust\n"
    )


def _fill(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, f"{old} stands {text.count(old)} times in\n{text}"
        text = text.replace(old, new)
    return text
