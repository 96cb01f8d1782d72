"""Values as text that is safe to show: it moves no terminal's cursor, and no spreadsheet runs it."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

_REPLACEMENT = "\ufffd"
_BIDI = "\u202a-\u202e\u2066-\u2069"  # text under these reads otherwise than it is
_CONTROL = re.compile(f"[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]")
_BLANK = " \xa0\xad\u1680\u180e\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff" + _REPLACEMENT
_QUOTE = "\"'`\xb4\xab\xbb\u2018-\u201f\u2039\u203a\u300c-\u300f\uff02\uff07"
_OPERATOR = r"=+@\-" + "\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"  # also full-width, small, and the minus
# Where a spreadsheet takes semicolons for separators, quotes do not hold a cell together, and each piece is a cell.
_FORMULA = re.compile(f"(^|[;\n])(?=[{_BLANK}{_QUOTE}]*[{_OPERATOR}])")
_BEGINNING = re.compile(f"[{_BLANK}{_QUOTE}]*[{_OPERATOR}]")
_TYPED = (int, float, Decimal, date, time, timedelta)  # bool is an int, datetime a date
_json = msgspec.json.Encoder(enc_hook=str)


def printable(text: str) -> str:
    """Text without control characters but newline: tabs as blanks, all others and what turns text around as U+FFFD."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _CONTROL.sub(_REPLACEMENT, lines)


def harmless(text: str) -> str:
    """Printable text with an apostrophe before what a spreadsheet may take for a formula."""
    safe = printable(text)
    if ";" in safe or "\n" in safe:
        safe = _FORMULA.sub(r"\1'", safe)
    elif _BEGINNING.match(safe):
        safe = "'" + safe
    return "'" + safe if text.startswith(("\t", "\r", "\n")) and not safe.startswith("'") else safe


def json_text(value: Any) -> str:
    """A value as JSON in one line, in which everything that is not printable is escaped."""
    text = _json.encode(value).decode()
    return text if text.isprintable() else _CONTROL.sub(_escaped, text)


def plain(value: Any) -> Any:
    """A value as JSON has it: times are UTC, and say so."""
    return value.isoformat() + "Z" if isinstance(value, datetime) and value.tzinfo is None else value


def cell(value: Any) -> str:
    """A value for people, printable."""
    return "" if value is None else printable(_text(value))


def csv_cell(value: Any) -> Any:
    """A value for a CSV file: text is harmless, numbers and times are as they are."""
    return plain(value) if value is None or isinstance(value, _TYPED) else harmless(_text(value))


def _text(value: Any) -> str:
    return json_text(value) if isinstance(value, (list, dict, tuple)) else str(plain(value))


def _escaped(found: re.Match[str]) -> str:
    """As JSON escapes it: in two halves where it lies beyond the first 65,536."""
    return "".join(f"\\u{int.from_bytes(pair, 'big'):04x}" for pair in _pairs(found[0].encode("utf-16-be")))


def _pairs(code: bytes) -> list[bytes]:
    return [code[start : start + 2] for start in range(0, len(code), 2)]
