"""Writes a module in TypeScript, for tsc --strict and whatever stricter options there are."""

from collections.abc import Iterable, Iterator, Sequence

from footfall.codegen.comments import escaped, in_block_comment, one_line, paragraphs, wrap
from footfall.codegen.layout import Block, Doc, lines
from footfall.codegen.names import WHOLE, Names, as_written, camel, of_parameters, pascal
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
    Path,
    Record,
    Scalar,
    Section,
    Somebody,
)
from footfall.codegen.typescript_parts import HEADER, HELPERS, OWN_NAMES, TRACK
from footfall.codegen.wording import described, number, ordered, titled
from footfall.schema.schemas import EIDS

_COLUMNS = 120
_PROSE = 100
_INDENT = "  "
_CORRELATION: Path = ("correlation_id",)
_BASES = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "object": "Record<string, unknown>",
    "array": "readonly unknown[]",
    "id": "string | number",
    "any": "unknown",
    "moment": "Date",
}


def write(module: Module) -> str:
    """The text of a module."""
    return _Writer(module).text()


class _Writer:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.names = Names(OWN_NAMES)
        self.types = Names(("Eid", "Options", "Record", "Track", "Date", *(record.name for record in module.records)))
        self.uses: set[str] = set()

    def text(self) -> str:
        records = [_record(record) for record in self.module.records]
        sections = [chunk for section in self.module.sections for chunk in self._section(section)]
        helpers = [text for name, text in HELPERS.items() if name in self.uses]
        chunks = [_alias("Eid", EIDS, "An event of Telemetry V3."), *records, TRACK, *helpers, *sections]
        return _header(self.module) + "\n" + "\n".join(chunks)

    def _section(self, section: Section) -> Iterator[str]:
        for alias in section.aliases:
            if alias.values:
                yield _alias(self.types.give([pascal(alias.name)]), alias.values, alias.about)
        for function in section.functions:
            yield self._function(function)

    def _function(self, function: Function) -> str:
        scribe = _Scribe(function, self.uses)
        parts = [_prose(part) for text in function.about for part in paragraphs(text)]
        if function.is_correlated:
            about = next(described(parameter) for parameter in function.parameters if parameter.path == _CORRELATION)
            parts.append(["@param correlationId", *_prose(about)])
        head = [
            *_comment(parts, ""),
            f"export function {self.names.give([camel(function.name, longest=WHOLE)])}<R>(",
            f"{_INDENT}track: Track<R>,",
            *([f"{_INDENT}correlationId: string,"] if function.is_correlated else []),
        ]
        return "\n".join([*head, *scribe.fields(), f"{_INDENT}options?: Options,", "): R {", *scribe.body(), "}", ""])


class _Scribe:
    """Writes what is inside one function."""

    def __init__(self, function: Function, uses: set[str]) -> None:
        self.function = function
        self.parameters = {parameter.path: parameter for parameter in function.parameters}
        self.told = [parameter for parameter in ordered(function.parameters) if parameter.path != _CORRELATION]
        self._keys = of_parameters([parameter.path for parameter in self.told], as_written, ())
        self._uses = uses

    def fields(self) -> Iterator[str]:
        """The argument that holds everything that the caller says of edata."""
        if not self.told:
            return
        yield f"{_INDENT}fields: {{"
        for parameter in self.told:
            yield from _property(self._keys[parameter.path], parameter, _INDENT * 2)
        is_needed = any(parameter.required for parameter in self.told)
        yield f"{_INDENT}}}{'' if is_needed else ' = {}'},"

    def body(self) -> list[str]:
        function = self.function
        if isinstance(function.body, Lesson):
            made = Block("const [edata, known] = lesson(", list(self._of_lesson(function.body)), ")")
            self._uses.add("lesson")
            edata: Doc = "edata"
        else:
            made = None
            edata = self._edata(function.body)
        sent = Block("return track(", [_text(function.eid), edata, self._options(made is not None)], ")")
        docs = [made, sent] if made else [sent]
        return [line for doc in docs for line in lines(doc, _INDENT, _INDENT, _COLUMNS, ";")]

    def _edata(self, body: Branch | Given) -> Doc:
        if isinstance(body, Given):
            return f"{self._name(body.path)} ?? {{}}"
        return Block("{", self._items(body), "}")

    def _of_lesson(self, lesson: Lesson) -> Iterator[Doc]:
        yield _text(lesson.type)
        yield self._name(lesson.person)
        yield self._name(lesson.moment)
        yield Block("{", self._items(lesson.place), "}")
        yield Block("{", self._items(lesson.payload), "}")

    def _options(self, is_lesson: bool) -> Doc:
        default, known = self._items(self.function.default), self._items(self.function.known)
        if not (default or known or is_lesson):
            return "options ?? {}"
        self._uses.add("merged")
        layers: list[Doc] = [Block("{", default, "}")] if default else []
        layers.append("options")
        layers += ["known"] if is_lesson else [Block("{", known, "}")] if known else []
        return Block("merged(", layers, ")")

    def _items(self, branch: Branch) -> list[Doc]:
        rest: list[Doc] = [f"...{self._name(branch.rest)}"] if branch.rest else []
        return rest + [self._item(key, node) for key, node in branch.fields.items()]

    def _item(self, name: str, node: Node) -> Doc:
        # In an object literal, only this form makes a property of that name.
        key = f"[{_text(name)}]" if name == "__proto__" else _text(name)
        match node:
            case Fixed(value):
                return f"{key}: {_literal(value)}"
            case Given(path):
                if self.parameters[path].required:
                    return f"{key}: {self._name(path)}"
                return self._call("some", _text(name), self._name(path))
            case Somebody(path):
                if self.parameters[path].required:
                    return Block(f"{key}: {{ ", [f"id: {self._name(path)}", 'type: "User"'], " }", flat=True)
                return self._call("somebody", self._name(path))
            case Encoded(value):
                return Block(f"{key}: JSON.stringify(", [Block("{", self._items(value), "}")], ")")
            case Entries():
                return self._entries(name, node)
            case Branch(optional=True):
                self._uses.add("group")
                return Block("...group(", [_text(name), Block("{", self._items(node), "}")], ")")
            case Branch():
                return Block(f"{key}: {{", self._items(node), "}")

    def _entries(self, name: str, entries: Entries) -> Doc:
        items = [self._entry(entry) for entry in entries.items]
        if not all(map(self._may_lack, entries.items)):
            return Block(f"{_text(name)}: [", items, "]")
        self._uses.add("group")
        return Block("...group(", [_text(name), Block("[", items, "]")], ")")

    def _entry(self, entry: Entry) -> Doc:
        kind, name = self._value(entry.type), self._value(entry.id)
        if self._may_lack(entry):
            self._uses.add("entry")
            return Block("...entry(", [kind, name], ")", flat=True)
        return Block("{ ", [f"type: {kind}", f"id: {name}"], " }", flat=True)

    def _may_lack(self, entry: Entry) -> bool:
        return isinstance(entry.id, Given) and not self.parameters[entry.id.path].required

    def _value(self, node: Node) -> str:
        return _literal(node.value) if isinstance(node, Fixed) else self._name(node.path)  # type: ignore[union-attr]

    def _call(self, helper: str, *arguments: str) -> Doc:
        self._uses.add(helper)
        return Block(f"...{helper}(", arguments, ")", flat=True)

    def _name(self, path: Path) -> str:
        return "correlationId" if path == _CORRELATION else f"fields.{self._keys[path]}"


def _header(module: Module) -> str:
    told = [in_block_comment(one_line(titled(section))) for section in module.sections]
    found = [line for words in told for line in wrap(f"- {words}", _PROSE, _INDENT)]
    return HEADER.format(sections="\n".join(f" * {line}" for line in found))


def _record(record: Record) -> str:
    found = [*_comment([_prose(record.about)], ""), f"export interface {record.name} {{"]
    for field in record.fields:
        found += _property(field.path[-1], field, _INDENT)
    return "\n".join([*found, "}", ""])


def _property(name: str, parameter: Parameter, indent: str) -> Iterator[str]:
    words = described(parameter)
    if words:
        yield from _comment([_prose(words)], indent)
    kind = _kind(parameter.kind)
    yield f"{indent}{name}: {kind};" if parameter.required else f"{indent}{name}?: {kind} | undefined;"


def _alias(name: str, values: Iterable[Scalar], about: str) -> str:
    options = dict.fromkeys(map(_literal, values))
    return "\n".join([*_comment([_prose(about)], ""), f"export type {name} =", *_union(options)]) + ";\n"


def _union(options: Iterable[str]) -> list[str]:
    return [f"{_INDENT}| {option}" for option in options]


def _kind(kind: Kind) -> str:
    if kind.values:
        return " | ".join(dict.fromkeys(map(_literal, kind.values)))
    if kind.item is not None:
        return f"readonly {_kind(kind.item)}[]"
    return kind.record or _BASES[kind.base]


def _literal(value: Scalar) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _text(value) if isinstance(value, str) else number(value)


def _text(value: str) -> str:
    return '"' + escaped(value, '"', "\\u{{{:x}}}") + '"'


def _prose(text: str) -> list[str]:
    return [in_block_comment(line) for line in wrap(text, _PROSE)]


def _comment(parts: Sequence[Sequence[str]], indent: str) -> list[str]:
    """A JSDoc comment of some paragraphs of lines that may stand in one."""
    text = [line for number, part in enumerate(parts) for line in ([""] if number else []) + [*part]]
    if len(text) == 1:
        return [f"{indent}/** {text[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in text), f"{indent} */"]
