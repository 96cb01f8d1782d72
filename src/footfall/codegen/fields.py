"""What an event holds, from V3's own shapes and from what a plan expects of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from footfall.codegen.shape import Base, Branch, Fixed, Given, Kind, Node, Parameter, Path, Scalar
from footfall.errors import TerminalError
from footfall.plans.model import Expectation, Field
from footfall.schema.schemas import Schema, event_schema
from footfall.schema.verdict import Profile

RECORD_NAMES = {"Object": "Thing"}
_BASES: dict[str, Base] = {
    "string": "string",
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "object": "object",
    "array": "array",
    "id": "id",
}
_ANYTHING = Kind("any")


class Hope(Struct, frozen=True):
    """What is expected of one value: that it is `only` this, or of a kind. None of it is left to the caller if so."""

    only: Scalar | UnsetType = UNSET
    kind: Kind | None = None
    optional: bool = False
    about: str = ""


class Wish(Struct):
    """What is expected at a path and below it."""

    here: Hope | None = None
    below: dict[str, "Wish"] = field(default_factory=dict)

    @property
    def is_optional(self) -> bool:
        """Whether everything may be left out."""
        return (self.here is None or self.here.optional) and all(wish.is_optional for wish in self.below.values())

    def find(self, path: Iterable[str]) -> "Wish | None":
        """The wish at a path, None where there is none."""
        wish: Wish | None = self
        for part in path:
            wish = None if wish is None else wish.below.get(part)
        return wish

    def at(self, path: Iterable[str]) -> "Wish":
        """The wish at a path, made where there is none."""
        wish = self
        for part in path:
            wish = wish.below.setdefault(part, Wish())
        return wish


def expected(one: Scalar | Expectation) -> Hope:
    """What a plan expects of a path."""
    if not isinstance(one, Expectation):
        return Hope(one)
    if _is_one_word(one.one_of):
        return Hope(one.one_of[0], None, one.optional, one.about)
    kind = None
    if one.one_of:
        kind = Kind("any", tuple(one.one_of))
    elif one.pattern:
        kind = Kind("string")
    elif one.type is not UNSET:
        kind = Kind(_BASES[one.type])
    pattern = f"Matches the pattern {one.pattern} as a whole." if one.pattern else ""
    return Hope(one.is_, kind, one.optional, " ".join(filter(None, (one.about, pattern))))


def _is_one_word(values: list[Scalar]) -> bool:
    """Whether values are the same word in small and capital letters; the first is how it is to be written."""
    return len({value.casefold() for value in values if isinstance(value, str)}) == 1 == len(set(map(type, values)))


def payload_field(one: Field) -> Hope:
    """What a plan expects of a field of an event type; a value without an alternative is filled in."""
    longest = f"At most {one.max_length} characters." if one.max_length else ""
    about = " ".join(filter(None, (one.about, longest)))
    if len(one.one_of) == 1:
        return Hope(one.one_of[0], about=about)
    kind = Kind("any", tuple(one.one_of)) if one.one_of else Kind(_BASES[one.type])
    return Hope(UNSET, kind, not one.required, about)


class Shapes:
    """The schema of one V3 event, and of all that it holds."""

    def __init__(self, eid: str) -> None:
        self.schema = event_schema(Profile.SUNBIRD, eid)
        self.defs: Mapping[str, Schema] = self.schema.get("$defs", {})

    def below(self, node: Schema | None, name: str) -> Schema | None:
        """The schema of a property."""
        found: Schema | None = self.resolve(node).get("properties", {}).get(name)
        return found

    def resolve(self, node: Schema | None) -> Schema:
        """What a node refers to; nothing is known of one that is None."""
        if node is None or "$ref" not in node:
            return node or {}
        return self.defs[node["$ref"].rsplit("/", 1)[1]]

    def kind(self, node: Schema | None) -> Kind:
        """What a value at a node may be."""
        target = self.resolve(node)
        if "enum" in target:
            return Kind("any", tuple(target["enum"]))
        if target.get("properties"):
            name: str = target["title"]
            return Kind("object", record=RECORD_NAMES.get(name, name))
        if target.get("type") == "array":
            return Kind("array", item=self.kind(target["items"]))
        base = _BASES.get(target.get("type", ""))
        return Kind(base) if base else _ANYTHING


class Loom:
    """Weaves one event: collects the parameters that it needs. `what` is how errors call it."""

    def __init__(self, shapes: Shapes, what: str, *, offers_all: bool = True) -> None:
        self.shapes = shapes
        self.what = what
        self.offers_all = offers_all
        self.parameters: dict[Path, Parameter] = {}

    def edata(self, wish: Wish) -> Branch | Given:
        """All of edata: what V3 requires, what the plan says of it, and, where all is offered, what V3 allows."""
        node = self.shapes.resolve(self.shapes.below(self.shapes.schema, "edata"))
        if not node.get("properties") and not wish.below:
            return self._give(("edata",), Kind("object"), False, "What the event says.")
        return self.branch(node, wish, ("edata",))

    def branch(self, node: Schema | None, wish: Wish, path: Path, *, wished_only: bool = False) -> Branch:
        """An object: its fields in the order of the schema, others after them by name."""
        target = self.shapes.resolve(node)
        known: dict[str, Any] = target.get("properties", {})
        names = [*known, *sorted(set(wish.below) - known.keys())]
        fields = {}
        for name in names:
            required = not wished_only and name in target.get("required", ())
            if name not in wish.below and not required and (wished_only or not self.offers_all):
                continue
            found = self._field(known.get(name), wish.below.get(name), (*path, name), required)
            if found is not None:
                fields[name] = found
        rest = None
        if not known and not wished_only and self.offers_all:
            rest = self.give_more((*path, "*"))
        return Branch(fields, rest, wish.is_optional and path != ("edata",))

    def leaf(self, hope: Hope, node: Schema | None, path: Path, required: bool = False) -> Node | None:
        """One value: what the plan fixes, or a parameter; None for a null that may be left out, and so is."""
        about = hope.about or (node or {}).get("description", "")
        required = required or not hope.optional
        if hope.only is not UNSET and required:
            return Fixed(hope.only)
        if not required and (values := _choices(hope)):
            left = tuple(value for value in values if value is not None)
            return self._give(path, Kind("any", left), False, about) if left else None
        kind = self.shapes.kind(node)
        if hope.kind is not None and (hope.kind.values or hope.kind.base != kind.base):
            kind = hope.kind
        return self._give(path, kind, required, about)

    def give_more(self, path: Path) -> Path:
        """A parameter that holds further fields of an object."""
        self._give(path, Kind("object"), False, "Further fields.")
        return path

    def _field(self, node: Schema | None, wish: Wish | None, path: Path, required: bool) -> Node | None:
        if wish is None or not (wish.here or wish.below):
            return self._give(path, self.shapes.kind(node), required, _words(node, self.shapes))
        if not wish.below:
            return self.leaf(wish.here or Hope(), node, path, required)
        if wish.here is not None and (wish.here.only is not UNSET or wish.here.kind not in (None, Kind("object"))):
            raise self._contradiction(path, wish)
        kind = self.shapes.kind(node)
        if kind.base == "array" or (kind.base == "object" and not required and wish.is_optional):
            about = " ".join(filter(None, (_words(node, self.shapes), *_notes(wish, path))))
            return self._give(path, kind, required or not wish.is_optional, about)
        if kind.base not in ("object", "any"):
            raise self._contradiction(path, wish)
        return self.branch(node, wish, path)

    def _give(self, path: Path, kind: Kind, required: bool, about: str) -> Given:
        self.parameters[path] = Parameter(path, kind, required, about)
        return Given(path)

    def _contradiction(self, path: Path, wish: Wish) -> TerminalError:
        inner = ".".join((*path, next(iter(wish.below))))
        return TerminalError(f"{self.what}: {'.'.join(path)} cannot hold {inner}")


def _choices(hope: Hope) -> tuple[Scalar, ...]:
    """The values that are allowed, none where others may be."""
    if hope.only is not UNSET:
        return (hope.only,)
    return hope.kind.values if hope.kind else ()


def _words(node: Schema | None, shapes: Shapes) -> str:
    words: str = (node or {}).get("description") or shapes.resolve(node).get("description", "")
    return words


def _notes(wish: Wish, path: Path) -> Iterator[str]:
    """In words, what is expected below a path that the caller fills."""
    for name, below in sorted(wish.below.items()):
        inner = (*path, name)
        if below.here is not None:
            yield f"{'.'.join(inner)} is {_said(below.here)}."
        yield from _notes(below, inner)


def _said(hope: Hope) -> str:
    if hope.only is not UNSET:
        return repr(hope.only)
    if hope.kind is not None and hope.kind.values:
        return "one of " + ", ".join(map(repr, hope.kind.values))
    return hope.about or (f"of the type {hope.kind.base}" if hope.kind else "there")
