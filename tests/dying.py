"""A process that kills itself at a chosen moment."""

import os
import signal
from typing import Any


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(owner: Any, name: str, moment: str, nth: int) -> None:
    """Have the nth call of a function kill this process `before` or after it does its work."""
    real = getattr(owner, name)
    left = nth

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and moment == "before":
            _die()
        answer = real(*args, **kwargs)
        if left == 0:
            _die()
        return answer

    setattr(owner, name, call)
