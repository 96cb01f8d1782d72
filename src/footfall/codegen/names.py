"""Names in generated code: an identifier that the language allows and that is not taken, from whatever a plan says."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

# Two of these, and what stands around them, fit on a line.
LONGEST = 44
# Nothing that a plan may call its steps and types is longer.
WHOLE = 250
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[A-Za-z0-9]+")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

# Written out, as what the running Python has would make the code depend on its version.
_PYTHON = """
False None True abs aiter all and anext any as ascii assert async await bin bool break breakpoint bytearray bytes
callable chr class classmethod compile complex continue copyright credits def del delattr dict dir divmod elif else
enumerate eval except exec exit filter finally float for format from frozenset getattr global globals hasattr hash
help hex id if import in input int is isinstance issubclass iter l lambda len license list locals map max memoryview
min next nonlocal not object oct open or ord pass pow print property quit raise range repr return reversed round set
setattr slice sorted staticmethod str sum super try tuple type vars while with yield zip
"""
_TYPESCRIPT = """
arguments async await break case catch class const continue debugger declare default delete do else enum eval export
extends false finally for from function get if implements import in infinity instanceof interface let nan new null
of package private protected public return set static super switch this throw true try type typeof undefined using
var void while with yield
"""
_INHERITED = """
constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf __defineGetter__
__defineSetter__ __lookupGetter__ __lookupSetter__ __proto__
"""
PYTHON_WORDS = frozenset(_PYTHON.split())
TYPESCRIPT_WORDS = frozenset(_TYPESCRIPT.split())
# What every JavaScript object has without being given it.
INHERITED = frozenset(_INHERITED.split())


class Names:
    """Gives names away, each once; `taken` are those that are not to be given."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def give(self, candidates: Sequence[str]) -> str:
        """The first candidate that is free, or the last one with a number."""
        for name in candidates:
            if name not in self._taken:
                self._taken.add(name)
                return name
        number = 2
        while f"{candidates[-1]}_{number}" in self._taken:
            number += 1
        return self.give([f"{candidates[-1]}_{number}"])


def snake(parts: Iterable[str], reserved: Iterable[str] = PYTHON_WORDS, longest: int = LONGEST) -> str:
    """Like_this, in lower case; a name that is reserved gets an underscore at its end."""
    return _safe("_".join(_words(parts)).lower(), reserved, longest)


def camel(parts: Iterable[str], reserved: Iterable[str] = TYPESCRIPT_WORDS, longest: int = LONGEST) -> str:
    """LikeThis with a small first letter."""
    name = _joined(parts)
    return _safe(name[0].lower() + name[1:], reserved, longest)


def pascal(parts: Iterable[str]) -> str:
    """LikeThis."""
    return _safe(_joined(parts), (), LONGEST, "N")


def as_written(parts: Sequence[str]) -> str:
    """A single part as it is, where TypeScript can name a property so; else in camel case."""
    if len(parts) == 1 and _PLAIN.fullmatch(parts[0]) and len(parts[0]) <= LONGEST:
        return _safe(parts[0], INHERITED, LONGEST)
    return camel(parts, INHERITED)


def of_parameters(
    paths: Sequence[tuple[str, ...]], style: Callable[[Sequence[str]], str], taken: Iterable[str]
) -> dict[tuple[str, ...], str]:
    """The name of each parameter by its path: as short as can be, the shortest paths first."""
    names = Names(taken)
    found = {}
    for path in sorted(paths, key=lambda path: (len(path), path)):
        found[path] = names.give([style(part) for part in _calls(path)])
    return found


def _calls(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """What a parameter may be called, the shortest first; what an id is of is always said."""
    head, inner = path[0], path[1:]
    if not inner or head in ("object", "actor"):
        return [path]
    if inner[-1] == "*":
        holder = path[:-1] if path[:-1] != ("payload",) else ("more",)
        return [holder[-1:], (*holder, "more")]
    if head != "edata":
        return [inner, path]
    return [path[at:] for at in range(len(path) - 1, -1, -1)]


def _words(parts: Iterable[str]) -> list[str]:
    words = [word for part in parts for word in _WORD.findall(_HUMP.sub(" ", _ascii(part)))]
    return words or ["value"]


def _ascii(text: str) -> str:
    """A text in ASCII letters: accents are dropped, other scripts become numbers."""
    folded = unicodedata.normalize("NFKD", text)
    return "".join(
        character if character.isascii() else "" if unicodedata.combining(character) else f" u{ord(character):x} "
        for character in folded
    )


def _joined(parts: Iterable[str]) -> str:
    return "".join(word[0].upper() + word[1:].lower() for word in _words(parts))


def _safe(name: str, reserved: Iterable[str], longest: int, digit: str = "n") -> str:
    name = name if len(name) <= longest else name[:longest].rstrip("_")
    name = digit + name if name[0].isdigit() else name
    return name + "_" if name in reserved else name
