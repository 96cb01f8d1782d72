"""What came from outside is shown so that neither a terminal nor a spreadsheet does what it says."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.runtime.escaping import csv_cell, harmless, json_text, printable

OPERATORS = "=+-@"
TEXT = st.text(st.one_of(st.characters(), st.sampled_from("=+-@;'\"\t\r\n\x1b\0\x9b\u202e \u3000\uff1d")))
_FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "  =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\r\n=1",
    '"=1',
    "'=1",
    "\u201c=1\u201d",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff20A1",
    "\u3000\uff1d1",
    "\xa0=1",
    "\u200b=1",
    "\ufeff=1",
    "\0=1",
    "\x1b=1",
    " ' \" =1",
]


def folded(text: str) -> str:
    """Text as a spreadsheet may see its beginning: without what it passes over, full-width forms as the usual ones."""
    passed = {"\u2212": "-"}
    plain = "".join(passed.get(sign, sign) for sign in unicodedata.normalize("NFKC", text))
    return plain.lstrip(" \t\r\n\"'\u200b\ufeff\ufffd`\xb4\u2018\u2019\u201c\u201d")


@pytest.mark.parametrize("text", _FORMULAS, ids=ascii)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + printable(text).replace("\n=", "\n'=")


@pytest.mark.parametrize("text", ["\tx", "\rx", "\nx"], ids=ascii)
def test_so_does_what_a_spreadsheet_may_strip(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["", "a", "a=1", "1-2", "a@b.example", "{'=': 1}", "[=1]", "(-1)", "a; b", "a\nb", "日本"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"), [("a;=1", "a;'=1"), ('a; "=1', "a;' \"=1"), ("a\n-1;@b", "a\n'-1;'@b"), (";;=1", ";;'=1")]
)
def test_no_piece_is_a_formula_where_semicolons_separate(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(TEXT)
def test_nothing_harmful_is_left(text: str) -> None:
    shown = harmless(text)
    assert not [sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n"]
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    shown.encode()
    if folded(shown).startswith(tuple(OPERATORS)):
        assert shown.startswith("'")


@given(TEXT)
def test_what_was_harmless_is_not_changed_again_but_for_its_apostrophe(text: str) -> None:
    shown = harmless(text)
    assert printable(shown) == shown
    if not shown.startswith("'") and "\n'" not in shown and ";'" not in shown:
        assert harmless(shown) == shown


@pytest.mark.parametrize("text", ["\n" * 300_000, " " * 300_000, "; " * 300_000, "'" * 300_000, "\n;" * 300_000])
def test_no_text_takes_long(text: str) -> None:
    assert harmless(text).lstrip("'") == text.lstrip("'")


@pytest.mark.parametrize("text", ["\U0001f469\u200d\U0001f52c", "\u0645\u06cc\u200c\u062e", "\u0915\u094d\u200d\u0937"])
def test_what_joins_letters_is_kept(text: str) -> None:
    assert printable(text) == text


def test_control_characters_are_seen_and_do_nothing() -> None:
    assert printable("a\x1b[31mb\0\x7f\x9b2J") == "a\ufffd[31mb\ufffd\ufffd\ufffd2J"
    assert printable("\u202ec\u2028d\ud800") == "\ufffdc\ufffdd\ufffd"
    assert printable("a\tb\r\nc\rd\ne") == "a b\nc\nd\ne"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (-5, -5),
        (-2.5, -2.5),
        (Decimal("-1.50"), Decimal("-1.50")),
        (True, True),
        (None, None),
        (date(2026, 11, 20), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 12), "2026-11-20T12:00:00Z"),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)),
        (timedelta(days=-1), timedelta(days=-1)),
        ("-5", "'-5"),
        (["=1", "a;=2"], '["=1","a;\'=2"]'),
        ({"=a": -1}, '{"=a":-1}'),
    ],
    ids=repr,
)
def test_csv_keeps_numbers_and_times(value: Any, written: Any) -> None:
    assert csv_cell(value) == written


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_json_is_exact_and_printable(value: dict[str, Any]) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert printable(text) == text


def test_json_escapes_what_a_terminal_obeys() -> None:
    assert json_text("\x9b\u202e\U000e0041\x7f\x1b") == '"\\u009b\\u202e\\udb40\\udc41\\u007f\\u001b"'
