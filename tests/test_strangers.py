"""Two clients of one `footfall serve`, one of them logged in: neither ever gets an answer that is not its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from footfall import peer
from tests.collector.running import Answer, Talk, get
from tests.collector.tricks import PASSED, REFUSED, ask
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


class Ada(threading.Thread):
    """Somebody who is logged in and looks around, on one connection as long as it lasts.

    `answers` counts what she was shown, `failures` is what was not hers. While the web process is away she gets 503.
    """

    def __init__(self, served: Served, token: str) -> None:
        super().__init__(daemon=True)
        self._port = urlsplit(served.url).port or 0
        self._cookie = f"footfall_session={token}"
        self._done = threading.Event()
        self.answers = 0
        self.failures: list[Answer] = []

    def run(self) -> None:
        """Look around until told to stop."""
        while not self._done.is_set():
            with suppress(EOFError, ConnectionError), Talk(self._port) as talk:
                while not self._done.is_set():
                    self._look(talk)

    def stop(self) -> None:
        """Stop."""
        self._done.set()
        self.join()

    def _look(self, talk: Talk) -> None:
        target = f"/hers-{self.answers}"
        shown = talk.ask(get("/api/meta", cookie=self._cookie))
        led = talk.ask(get(f"/login?next={target}", cookie=self._cookie))
        if not _is_away(shown) and (shown.status, shown.json.get("login")) != (200, "ada"):
            self.failures.append(shown)
        if not _is_away(led) and (led.status, led.headers.get("location")) != (303, target):
            self.failures.append(led)
        self.answers += 1


def _is_away(answer: Answer) -> bool:
    return answer.status == 503 and answer.json["params"]["err"] == "unavailable"


@contextmanager
def ada(served: Served, token: str) -> Iterator[Ada]:
    """Ada, for the length of a block; fails if she was ever shown what was not hers."""
    ada = Ada(served, token)
    ada.start()
    try:
        until(lambda: ada.answers > 2)
        yield ada
    finally:
        ada.stop()
    assert ada.failures == []


def pester(served: Served, token: str, number: int) -> None:
    """Be a stranger for one round of tricks; fails if anything that is hers comes back."""
    for sent in (*REFUSED.values(), *(sent for sent, _, _ in PASSED.values())):
        with suppress(EOFError, ConnectionError), Talk(urlsplit(served.url).port or 0) as talk:
            answer = talk.ask(get(f"/login?next=/theirs-{number}"))
            assert _is_away(answer) or f'value="/theirs-{number}"'.encode() in answer.body
            back = talk.everything_after(sent.replace(b"/own", b"/docs", 1) + get("/api/meta") + _LAST)
            for hers in (b'"ada"', b"/hers-", b"footfall_session", token.encode()):
                assert hers not in back, (sent, back)


def test_no_stranger_gets_what_is_hers_nor_she_what_is_not(served: Served, token: str) -> None:
    with ada(served, token) as looking:
        for number in range(3):
            before = looking.answers
            pester(served, token, number)
            until(lambda before=before: looking.answers > before)  # type: ignore[misc]


def test_nor_while_the_web_process_dies(served: Served, token: str) -> None:
    with ada(served, token) as looking:
        for number in range(2):
            psutil.Process(served.children()["web"][0]).kill()
            pester(served, token, number)
            until(lambda: served.get("/docs").status_code == 200, 60)
            before = looking.answers
            until(lambda before=before: looking.answers > before + 2)  # type: ignore[misc]


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
