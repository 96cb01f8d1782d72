"""Handlers that wait for a database or a mail server, in a thread.

Litestar's own `sync_to_thread` wraps a handler twice where two of them share a path, and then never calls it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")


def threaded(work: Callable[Given, Made]) -> Callable[Given, Coroutine[Any, Any, Made]]:
    """The same as a coroutine function."""

    @wraps(work)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Made:
        return await asyncio.to_thread(work, *args, **kwargs)

    return run
