"""A client that minds its own business while others try to disturb it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .running import Collector, get


@contextmanager
def witness(collector: Collector, name: str) -> Iterator[None]:
    """Ask on one kept connection for the length of a block; fails if an answer was ever not its own."""
    done = threading.Event()
    failures: list[object] = []
    numbers: list[int] = []

    def ask() -> None:
        try:
            with collector.talk() as talk:
                while not done.is_set():
                    numbers.append(len(numbers))
                    target = f"/witness-{name}-{numbers[-1]}"
                    answer = talk.ask(get(target, cookie=f"witness={name}"))
                    assert answer.status == 200, answer
                    assert answer.headers["set-cookie"] == f"of={target}", answer
                    assert answer.body == f"GET {target}\nwitness={name}\n".encode(), answer
        except (AssertionError, EOFError, OSError) as error:
            failures.append(error)

    asking = threading.Thread(target=ask, name=name)
    asking.start()
    try:
        yield
    finally:
        done.set()
        asking.join()
    assert not failures
    assert numbers
