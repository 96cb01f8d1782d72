"""Somebody who has logged in and looks around, while strangers try to get what is hers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.collector.running import Answer, Talk, get
from tests.serving import until


class Ada(threading.Thread):
    """Somebody who is logged in and looks around, on one connection as long as it lasts.

    `answers` counts what she was shown, `failures` is what was not hers. While the web process is away she gets 503.
    """

    def __init__(self, connect: Callable[[], Talk], token: str) -> None:
        super().__init__(daemon=True)
        self._connect = connect
        self._cookie = f"footfall_session={token}"
        self._done = threading.Event()
        self.answers = 0
        self.failures: list[Answer] = []

    def run(self) -> None:
        """Look around until told to stop."""
        while not self._done.is_set():
            with suppress(EOFError, ConnectionError), self._connect() as talk:
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
        if not is_away(shown) and (shown.status, shown.json.get("login")) != (200, "ada"):
            self.failures.append(shown)
        if not is_away(led) and (led.status, led.headers.get("location")) != (303, target):
            self.failures.append(led)
        self.answers += 1


def is_away(answer: Answer) -> bool:
    """Whether the web process is being started anew."""
    return answer.status == 503 and answer.json["params"]["err"] == "unavailable"


@contextmanager
def looking(connect: Callable[[], Talk], token: str) -> Iterator[Ada]:
    """Ada, for the length of a block; fails if she was ever shown what was not hers."""
    ada = Ada(connect, token)
    ada.start()
    try:
        until(lambda: ada.answers > 2)
        yield ada
    finally:
        ada.stop()
    assert ada.failures == []
