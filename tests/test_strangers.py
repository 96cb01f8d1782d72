"""Two clients of one `footfall serve`, one of them logged in: neither ever gets an answer that is not its own."""

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from footfall import peer
from tests.collector.running import Talk, get
from tests.collector.tricks import PASSED, REFUSED, ask
from tests.looking import is_away, looking
from tests.serving import Served, serving, until

PASSWORD = "correct horse battery"
_LAST = ask(b"connection: close", method=b"GET", target=b"/health")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A dashboard that others can reach; one collector, so that all clients meet in it."""
    data = tmp_path_factory.mktemp("strangers") / "data"
    with serving(data, "--host", "0.0.0.0", collectors=1, log_level="debug") as served:
        served.run("user", "add", "ada", typed=PASSWORD)
        yield served


@pytest.fixture(scope="module")
def token(served: Served) -> str:
    """The session of somebody who has logged in."""
    form = {"login": "ada", "password": PASSWORD}
    return httpx.post(f"{served.url}/login", data=form).cookies["footfall_session"]


def port_of(served: Served) -> int:
    return urlsplit(served.url).port or 0


def pester(served: Served, token: str, number: int) -> None:
    """Be a stranger for one round of tricks; fails if anything that is hers comes back."""
    for sent in (*REFUSED.values(), *(sent for sent, _, _ in PASSED.values())):
        with suppress(EOFError, ConnectionError), Talk(port_of(served)) as talk:
            answer = talk.ask(get(f"/login?next=/theirs-{number}"))
            assert is_away(answer) or f'value="/theirs-{number}"'.encode() in answer.body
            back = talk.everything_after(sent.replace(b"/own", b"/docs", 1) + get("/api/meta") + _LAST)
            for hers in (b'"ada"', b"/hers-", b"footfall_session", token.encode()):
                assert hers not in back, (sent, back)


def test_no_stranger_gets_what_is_hers_nor_she_what_is_not(served: Served, token: str) -> None:
    with looking(partial(Talk, port_of(served)), token) as ada:
        for number in range(3):
            before = ada.answers
            pester(served, token, number)
            until(lambda before=before: ada.answers > before)  # type: ignore[misc]


def test_nor_while_the_web_process_dies(served: Served, token: str) -> None:
    with looking(partial(Talk, port_of(served)), token) as ada:
        for number in range(2):
            psutil.Process(served.children()["web"][0]).kill()
            pester(served, token, number)
            until(lambda: served.get("/docs").status_code == 200, 60)
            before = ada.answers
            until(lambda before=before: ada.answers > before + 2)  # type: ignore[misc]


def test_the_secret_is_known_to_those_that_need_it_and_stands_nowhere(served: Served) -> None:
    children = served.children()
    secrets = {
        role: {psutil.Process(pid).environ().get(peer.VARIABLE) for pid in pids} for role, pids in children.items()
    }
    (secret,) = secrets["collector"]
    assert secret is not None
    assert len(secret) == 64
    assert secrets == {"collector": {secret}, "web": {secret}, "pipeline": {None}, "flows": {None}}
    everyone = [served.pid, *(pid for pids in children.values() for pid in pids)]
    assert not any(secret in " ".join(psutil.Process(pid).cmdline()) for pid in everyone)
    assert secret not in served.log
    assert not any(secret.encode() in path.read_bytes() for path in Path(served.data).rglob("*") if path.is_file())


def test_every_start_has_a_secret_of_its_own(served: Served, tmp_path: Path) -> None:
    with serving(tmp_path, **{peer.VARIABLE.removeprefix("FOOTFALL_").lower(): "x" * 40}) as other:
        mine, theirs = (
            psutil.Process(started.children()["web"][0]).environ()[peer.VARIABLE] for started in (served, other)
        )
        assert len({mine, theirs, "x" * 40}) == 3
        assert other.get("/api/meta").json()["open"] is True
