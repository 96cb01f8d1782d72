"""A plan's words as they may stand in a comment: nothing in them can end it, hide in it or speak to a tool."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Joiners that Indic and Persian words are written with.
_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
_FIRST_WIDE = 0x1100


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each without line breaks and without characters that cannot be seen."""
    return [plain for part in re.split(r"\n\s*\n", text) if (plain := " ".join(map(_seen, part.split())))]


def one_line(text: str) -> str:
    """A text without line breaks, and without characters that cannot be seen."""
    return " ".join(paragraphs(text))


def wrap(text: str, columns: int, hanging: str = "") -> list[str]:
    """Lines of at most that width, where wide characters count twice; `hanging` begins every line but the first."""
    lines: list[str] = []
    for word in _pieces(text.split(" "), columns - len(hanging)):
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += " " + word
        else:
            lines.append((hanging if lines else "") + word)
    return lines


def in_docstring(text: str, *, is_first: bool = False) -> str:
    """A line as it may stand in a docstring; the first one follows the quotes."""
    text = re.sub('"{3,}|^"+' if is_first else '"{3,}', lambda found: "'" * len(found.group()), text)
    return text.replace("\\", "\\\\")


def in_block_comment(text: str) -> str:
    """A text as it may stand in a JSDoc comment, where a word after an at sign would be an instruction."""
    return re.sub(r"@(?=\w)", "@ ", text.replace("*/", "* /"))


def is_text(value: str) -> bool:
    """Whether a text can be written as UTF-8 at all."""
    return not any(unicodedata.category(character) == "Cs" for character in value)


def escaped(text: str, quote: str, high: str) -> str:
    """A text as it stands between quotes; what cannot be seen is an escape, `high` is the form of one over U+FFFF."""
    return "".join(_escape(character, quote, high) for character in text)


def _escape(character: str, quote: str, high: str) -> str:
    known = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", quote: f"\\{quote}"}.get(character)
    if known:
        return known
    code = ord(character)
    if character == " " or not (_is_hidden(character) or unicodedata.category(character) == "Zs"):
        return character
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else high.format(code)


def _seen(word: str) -> str:
    return "".join("\ufffd" if _is_hidden(character) else character for character in word)


def _is_hidden(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) in _HIDDEN


def width(text: str) -> int:
    """Columns that a text takes, at most."""
    return sum(2 if ord(character) >= _FIRST_WIDE else 1 for character in text)


def _pieces(words: Iterable[str], columns: int) -> Iterator[str]:
    """Words, the longest ones in pieces."""
    for word in words:
        at = 0
        for end in range(len(word)):
            if width(word[at : end + 1]) > columns:
                yield word[at:end]
                at = end
        yield word[at:]
