"""Writes a module in Python 3.11: formatted as ruff formats, and typed for mypy --strict."""

from collections.abc import Iterable, Iterator, Sequence

from footfall.codegen.comments import escaped, in_docstring, one_line, paragraphs, width, wrap
from footfall.codegen.layout import Block, Doc, lines
from footfall.codegen.names import WHOLE, Names, of_parameters, pascal, snake
from footfall.codegen.python_parts import HEADER, HELPERS, NEEDS, TRACK, TYPE_VARIABLES
from footfall.codegen.shape import (
    Branch,
    Encoded,
    Entries,
    Entry,
    Fixed,
    Function,
    Given,
    Kind,
    Lesson,
    Module,
    Node,
    Parameter,
    Record,
    Scalar,
    Section,
    Somebody,
)
from footfall.codegen.wording import described, number, ordered, titled
from footfall.schema.schemas import EIDS

_COLUMNS = 120
_PROSE = 100
_INDENT = "    "
_OWN = ("track", "options", "correlation_id")
_TYPES = ("Any", "Eid", "Literal", "Mapping", "NotRequired", "Protocol", "R", "Track", "TypeAlias", "TypedDict")
_BASES = {
    "string": "str",
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "object": "dict[str, Any]",
    "array": "list[Any]",
    "id": "str | int",
    "any": "Any",
    "moment": "datetime",
}


def write(module: Module) -> str:
    """The text of a module."""
    return _Writer(module).text()


class _Writer:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.names = Names()
        self.types = Names((*_TYPES, "Options", *(record.name for record in module.records)))
        self.uses: set[str] = set()

    def text(self) -> str:
        records = [_record(record) for record in self.module.records]
        sections = [chunk for section in self.module.sections for chunk in self._section(section)]
        eids = _alias("Eid", _split(EIDS)[0], "An event of Telemetry V3.")
        helpers = [text for name, text in HELPERS.items() if name in self.uses]
        chunks = [TYPE_VARIABLES, eids, *records, TRACK, *helpers, *sections]
        return f"{_header(self.module)}\n{self._imports()}\n" + "\n\n".join(chunks)

    def _imports(self) -> str:
        named = ["Any", "Literal", "Protocol", "TypeAlias", "TypedDict", "TypeVar"]
        named += ["NotRequired"] if any(map(_is_mixed, self.module.records)) else []
        named += ["cast"] if "_options" in self.uses else []
        named.sort(key=lambda name: (name.islower(), name.lower(), name))
        found = ["import json"] if "_text" in self.uses else []
        found += ["from collections.abc import Mapping"] if "_options" in self.uses else []
        moments = [parameter for function in self._functions() for parameter in function.parameters]
        found += ["from datetime import UTC, datetime"] if any(p.kind.base == "moment" for p in moments) else []
        return "\n".join([*found, f"from typing import {', '.join(named)}", ""])

    def _functions(self) -> Iterator[Function]:
        for section in self.module.sections:
            yield from section.functions

    def _section(self, section: Section) -> Iterator[str]:
        for alias in section.aliases:
            if alias.values:
                yield _alias(self.types.give([pascal(alias.name)]), _split(alias.values)[0], alias.about)
        for function in section.functions:
            yield from self._function(function)

    def _function(self, function: Function) -> Iterator[str]:
        name = self.names.give([snake(function.name, longest=WHOLE)])
        scribe = _Scribe(function, self.uses)
        keywords = []
        for parameter in ordered(function.parameters):
            if parameter.path[0] in _OWN:
                continue
            annotation = _annotation(parameter)
            line = f"{_INDENT}{scribe.names[parameter.path]}: {annotation}{'' if parameter.required else ' = None'},"
            named, _ = _split(parameter.kind.values)
            if width(line) > _COLUMNS and named:
                alias = self.types.give([pascal((*function.name, scribe.names[parameter.path]))])
                yield _alias(alias, named, f"What `{scribe.names[parameter.path]}` may be.")
                line = line.replace(f"Literal[{', '.join(named)}]", alias, 1)
            keywords.append(line)
        first = ["track: Track[R],", *(["correlation_id: str,"] if function.is_correlated else []), "*,"]
        head = [f"def {name}(", *(_INDENT + line for line in first), *keywords]
        last = [f"{_INDENT}options: Options | None = None,", ") -> R:"]
        yield "\n".join([*head, *last, *scribe.docstring(), *scribe.body(), ""])


class _Scribe:
    """Writes what is inside one function."""

    def __init__(self, function: Function, uses: set[str]) -> None:
        self.function = function
        self.parameters = {parameter.path: parameter for parameter in function.parameters}
        own = [path for path in self.parameters if path[0] in _OWN]
        others = [path for path in self.parameters if path[0] not in _OWN]
        self.names = of_parameters(others, snake, (*_OWN, "json", "datetime")) | {path: path[0] for path in own}
        self._uses = uses

    def docstring(self) -> list[str]:
        parts = [wrap(part, _PROSE) for text in self.function.about for part in paragraphs(text)]
        told = [
            line
            for parameter in ordered(self.function.parameters)
            if (words := described(parameter))
            for line in wrap(f"{self.names[parameter.path]}: {words}", _PROSE, _INDENT)
        ]
        parts += [["Arguments:", *(_INDENT + line for line in told)]] if told else []
        return _docstring(parts)

    def body(self) -> list[str]:
        function = self.function
        if isinstance(function.body, Lesson):
            made = Block("edata, known = _lesson(", list(self._of_lesson(function.body)), ")")
            self._use("_lesson")
            edata: Doc = "edata"
        else:
            made = None
            edata = self._edata(function.body)
        sent = Block("return track(", [_text(function.eid), edata, self._options(made is not None)], ")")
        docs = [made, sent] if made else [sent]
        return [line for doc in docs for line in lines(doc, _INDENT, _INDENT, _COLUMNS, "")]

    def _edata(self, body: Branch | Given) -> Doc:
        if isinstance(body, Given):
            return f"{self.names[body.path]} or {{}}"
        return Block("{", self._items(body), "}")

    def _of_lesson(self, lesson: Lesson) -> Iterator[Doc]:
        yield _text(lesson.type)
        yield self.names[lesson.person]
        yield self.names[lesson.moment]
        yield Block("{", self._items(lesson.place), "}")
        yield Block("{", self._items(lesson.payload), "}")

    def _options(self, is_lesson: bool) -> Doc:
        default, known = self._items(self.function.default), self._items(self.function.known)
        if not (default or known or is_lesson):
            return "options or {}"
        self._use("_options")
        layers: list[Doc] = [Block("{", default, "}")] if default else []
        layers.append("options")
        layers += ["known"] if is_lesson else [Block("{", known, "}")] if known else []
        return Block("_options(", layers, ")")

    def _items(self, branch: Branch) -> list[Doc]:
        rest: list[Doc] = [f"**({self.names[branch.rest]} or {{}})"] if branch.rest else []
        return rest + [self._item(_text(key), node) for key, node in branch.fields.items()]

    def _item(self, key: str, node: Node) -> Doc:
        match node:
            case Fixed(value):
                return f"{key}: {_literal(value)}"
            case Given(path):
                if self.parameters[path].required:
                    return f"{key}: {self.names[path]}"
                return self._call("_some", key, self.names[path])
            case Somebody(path):
                if self.parameters[path].required:
                    entry = [f'"id": {self.names[path]}', '"type": "User"']
                    return Block(f"{key}: {{", entry, "}", flat=True)
                return self._call("_somebody", self.names[path])
            case Encoded(value):
                self._use("_text")
                return Block(f"{key}: _text(", [Block("{", self._items(value), "}")], ")")
            case Entries():
                return self._entries(key, node)
            case Branch(optional=True):
                self._use("_group")
                return Block("**_group(", [key, Block("{", self._items(node), "}")], ")")
            case Branch():
                return Block(f"{key}: {{", self._items(node), "}")

    def _entries(self, key: str, entries: Entries) -> Doc:
        items = [self._entry(entry) for entry in entries.items]
        if not all(map(self._may_lack, entries.items)):
            return Block(f"{key}: [", items, "]")
        self._use("_group")
        return Block("**_group(", [key, Block("[", items, "]")], ")")

    def _entry(self, entry: Entry) -> Doc:
        kind, name = self._value(entry.type), self._value(entry.id)
        if self._may_lack(entry):
            self._use("_entry")
            return Block("*_entry(", [kind, name], ")", flat=True)
        return Block("{", [f'"type": {kind}', f'"id": {name}'], "}", flat=True)

    def _may_lack(self, entry: Entry) -> bool:
        return isinstance(entry.id, Given) and not self.parameters[entry.id.path].required

    def _value(self, node: Node) -> str:
        return _literal(node.value) if isinstance(node, Fixed) else self.names[node.path]  # type: ignore[union-attr]

    def _call(self, helper: str, *arguments: str) -> Doc:
        self._use(helper)
        return Block(f"**{helper}(", arguments, ")", flat=True)

    def _use(self, helper: str) -> None:
        self._uses.update((helper, *NEEDS.get(helper, ())))


def _header(module: Module) -> str:
    told = ["\n  ".join(wrap(in_docstring(one_line(titled(section))), _PROSE)) for section in module.sections]
    return HEADER.format(sections="\n".join(f"- {line}" for line in told))


def _record(record: Record) -> str:
    is_partial = not any(field.required for field in record.fields)
    found = [f"class {record.name}(TypedDict{', total=False' if is_partial else ''}):"]
    found += _docstring([wrap(record.about, _PROSE)])
    for field in record.fields:
        kind = _kind(field.kind)
        found.append(f"\n{_INDENT}{field.path[-1]}: {kind if field.required or is_partial else f'NotRequired[{kind}]'}")
        found += _docstring([wrap(field.about, _PROSE)]) if field.about else []
    return "\n".join([*found, ""])


def _is_mixed(record: Record) -> bool:
    return len({field.required for field in record.fields}) > 1


def _alias(name: str, values: Sequence[str], about: str) -> str:
    block = Block(f"{name}: TypeAlias = Literal[", values, "]", flat=True)
    found = [*lines(block, "", _INDENT, _COLUMNS, ""), *_docstring([wrap(about, _PROSE)], "")]
    return "\n".join([*found, ""])


def _annotation(parameter: Parameter) -> str:
    kind = _kind(parameter.kind)
    is_nullable = None in parameter.kind.values or kind == "Any"
    return kind if parameter.required or is_nullable else f"{kind} | None"


def _kind(kind: Kind) -> str:
    if kind.values:
        return _literals(kind.values)
    if kind.item is not None:
        return f"list[{_kind(kind.item)}]"
    return kind.record or _BASES[kind.base]


def _literals(values: Iterable[Scalar]) -> str:
    items, others = _split(values)
    return (f"Literal[{', '.join(items)}]" + others) if items else others.removeprefix(" | ")


def _split(values: Iterable[Scalar]) -> tuple[list[str], str]:
    """What Literal can hold, and the types of the rest: Python has no literal types of fractions."""
    found = list(values)
    has_fraction = any(isinstance(value, float) for value in found)
    kept = [
        value
        for value in found
        if value is not None and not (has_fraction and isinstance(value, int | float) and not isinstance(value, bool))
    ]
    others = " | float" * has_fraction + " | None" * (None in found)
    return list(dict.fromkeys(map(_literal, kept))), others


def _literal(value: Scalar) -> str:
    if value is None or isinstance(value, bool):
        return str(value)
    return _text(value) if isinstance(value, str) else number(value)


def _text(value: str) -> str:
    quote = "'" if value.count('"') > value.count("'") else '"'
    return quote + escaped(value, quote, "\\U{:08x}") + quote


def _docstring(parts: Sequence[Sequence[str]], indent: str = _INDENT) -> list[str]:
    """A docstring of some paragraphs of lines."""
    text = [line for number, part in enumerate(parts) for line in ([""] if number else []) + [*part]]
    text = [in_docstring(line, is_first=not at) for at, line in enumerate(text)]
    if len(text) == 1 and text[0][-1] not in '"\\':
        return [f'{indent}"""{text[0]}"""']
    return [f'{indent}"""{text[0]}', *(indent + line if line else "" for line in text[1:]), f'{indent}"""']
