"""Keeps what an application's own code raises away from where it must do no harm."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct


class Safe(Struct):
    """What a guarded block raised, if anything."""

    error: Exception | None = None


@contextmanager
def guard(log: logging.Logger, said: str, *about: object) -> Iterator[Safe]:
    """End a block that runs an application's own code, whatever that raises.

    `said` is logged with the type of the error only: its message may hold what a person entered.
    """
    outcome = Safe()
    try:
        yield outcome
    except Exception as error:
        outcome.error = error
        log.error(f"{said}: %s", *about, type(error).__name__)
        log.debug(said, *about, exc_info=True)
