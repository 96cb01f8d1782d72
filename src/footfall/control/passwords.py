"""Passwords of dashboard logins, kept as scrypt digests: `scrypt$log2(n)$r$p$salt$digest`, the last two in hex."""

import hashlib
import hmac
import secrets
import unicodedata

from footfall.control.errors import InvalidPasswordError

SHORTEST, LONGEST = 8, 1000

_COST, _BLOCK, _LANES = 14, 8, 5
_DIGEST_BYTES = 32
_NOBODY = f"scrypt${_COST}${_BLOCK}${_LANES}${'00' * 16}${'00' * _DIGEST_BYTES}"


def check_password(password: str) -> str:
    """The password itself; raises InvalidPasswordError, which does not repeat it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidPasswordError(f"a password has {SHORTEST} to {LONGEST} characters, not {len(password)}")
    return password


def seal(password: str) -> str:
    """What is stored of a password; takes about 0.2 s and 16 MiB, which is the point."""
    salt = secrets.token_bytes(16)
    digest = _scrypt(password, salt, _COST, _BLOCK, _LANES)
    return f"scrypt${_COST}${_BLOCK}${_LANES}${salt.hex()}${digest.hex()}"


def opens(password: str, sealed: str | None) -> bool:
    """Whether this is the sealed password; None, for a login that does not exist, takes as long and is False."""
    _, cost, block, lanes, salt, digest = (sealed or _NOBODY).split("$")
    given = _scrypt(password[: LONGEST + 1], bytes.fromhex(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(given, bytes.fromhex(digest)) and sealed is not None


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    # The same letters typed on another system may arrive composed differently.
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    size = 256 * block << cost  # twice what scrypt needs; OpenSSL refuses to take more than it is told
    return hashlib.scrypt(text, salt=salt, n=1 << cost, r=block, p=lanes, maxmem=size, dklen=_DIGEST_BYTES)
