"""What only this portal can have made: signed cookies, tokens against forged forms, hashes of codes."""

import hmac
import os
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from uuid import UUID


class Seal:
    """Signs with one secret; what is signed for one purpose is worth nothing for another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def mark(self, purpose: str, *texts: str) -> str:
        """A keyed hash, as 64 hexadecimal digits."""
        return hmac.digest(self._secret, "\0".join((purpose, *texts)).encode(), sha256).hex()

    def is_mark(self, mark: str, purpose: str, *texts: str) -> bool:
        """Whether it is the hash of this; takes the same time whatever it is."""
        return hmac.compare_digest(mark.encode(), self.mark(purpose, *texts).encode())

    def sign(self, purpose: str, text: str) -> str:
        """The text with its hash."""
        return f"{text}.{self.mark(purpose, text)}"

    def read(self, purpose: str, signed: str) -> str | None:
        """The text that was signed; None where it was not, or not by this portal."""
        text, _, mark = signed.rpartition(".")
        return text if text and self.is_mark(mark, purpose, text) else None


def open_seal(secret: str, folder: Path) -> Seal:
    """The seal of a secret, or of one that is made once and kept in the folder."""
    if secret:
        return Seal(secret)
    path = folder / "secret"
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token_hex(32))
    return Seal(path.read_text())


def uuid_of(text: str) -> str:
    """A text that is a UUID, in its usual form; an empty one for any other."""
    try:
        return str(UUID(text))
    except ValueError:
        return ""
