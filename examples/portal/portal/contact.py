"""Addresses and phone numbers, as people write them and as they are kept."""

import re

_EMAIL = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,250})\.[a-z0-9-]{2,63}")
_PHONE = re.compile(r"\+?\d{7,15}")
_PRINTED = re.compile(r"[\s()./-]")


def read(kind: str, text: str) -> str:
    """The address or number as it is kept; empty for what is none."""
    if kind == "phone":
        digits = _PRINTED.sub("", text)
        return digits if _PHONE.fullmatch(digits) else ""
    address = text.strip().lower()
    return address if len(address) < 255 and address.isascii() and _EMAIL.fullmatch(address) else ""


def guess(text: str) -> str:
    """What somebody typed to log in, as it is kept."""
    return read("email" if "@" in text else "phone", text)


def masked(contact: str) -> str:
    """Enough of it to recognise one's own."""
    name, at, host = contact.partition("@")
    return f"{name[:1]}…{at}{host}" if at else f"…{contact[-3:]}"
