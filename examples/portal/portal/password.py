"""Passwords, kept as argon2id hashes."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

SHORTEST, LONGEST = 8, 200
# What OWASP asks for at least: 19 MiB, two passes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 << 10, parallelism=1)


def digest(password: str) -> str:
    """What is kept of a password."""
    return _hasher.hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether it is the password; takes as long where there is none to compare it with."""
    try:
        return _hasher.verify(kept or _nobodys(), password) and kept is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def fault(password: str, contact: str = "") -> str:
    """What is wrong with a new password; empty for nothing."""
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more."
    if len(password) > LONGEST:
        return f"Use {LONGEST} characters at most."
    return "Use something that others do not know of you." if password.lower() == contact else ""


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody's password")
