"""The text form of a key: `ffp_<id>_<secret>` (public) or `ffs_<id>_<secret>` (secret)."""

import hashlib
import re
import secrets
from typing import Literal

from msgspec import Struct

Kind = Literal["public", "secret"]

_PREFIXES: dict[Kind, str] = {"public": "ffp", "secret": "ffs"}
_TOKEN = re.compile(r"ff([ps])_([0-9a-z]{1,32})_([0-9A-Za-z]{1,128})", re.ASCII)


class Token(Struct, frozen=True, gc=False):
    """A key's token, taken apart."""

    kind: Kind
    id: str
    secret: str

    def __str__(self) -> str:
        return f"{_PREFIXES[self.kind]}_{self.id}_{self.secret}"

    def __repr__(self) -> str:
        return f"Token({self.kind}, {self.id})"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the secret; a slow hash is not needed for 192 random bits."""
        return hashlib.sha256(self.secret.encode()).digest()


def mint(kind: Kind) -> Token:
    """A new token that nobody can guess."""
    return Token(kind, secrets.token_hex(6), secrets.token_hex(24))


def parse(text: str) -> Token | None:
    """Take a token apart; None if the text is not one."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    letter, key_id, secret = match.groups()
    return Token("public" if letter == "p" else "secret", key_id, secret)
