"""Browsers that a login was used from: each carries a token, so that strangers' guesses do not count against it.

A token is signed with what is stored of the login's password. So nothing is kept of it here, nobody can make one up who
cannot read the control database, and a new password makes strangers of all browsers.
"""

import hashlib
import hmac
import re
import secrets

LIFETIME = 180 * 86_400.0
"""Seconds for which a browser is known after the last login from it."""

_NOBODY = "nobody"
_TOKEN = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})", re.ASCII)


def mint(login: str, sealed: str, now_ms: int) -> str:
    """The token of one more browser for a login; `sealed` is what is stored of its password."""
    issued, name = now_ms // 1000, secrets.token_hex(16)
    return f"{issued}.{name}.{_sign(login, sealed, issued, name)}"


def fits(token: str, login: str, sealed: str | None, now_ms: int) -> bool:
    """Whether the token was made for this login and is not too old; None is for a login that does not exist."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return False
    issued = int(match[1])
    signed = hmac.compare_digest(match[3], _sign(login, sealed or _NOBODY, issued, match[2]))
    return signed and sealed is not None and 0 <= now_ms // 1000 - issued < LIFETIME


def _sign(login: str, sealed: str, issued: int, name: str) -> str:
    text = f"footfall browser\n{login}\n{issued}\n{name}".encode("utf-8", "surrogatepass")
    return hmac.new(sealed.encode(), text, hashlib.sha256).hexdigest()
