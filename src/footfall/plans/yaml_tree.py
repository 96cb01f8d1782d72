"""YAML as a tree that knows its lines: what JSON can say, in UTF-8, without anchors, tags or second documents.

Plain words mean what they mean in YAML 1.2: `true`, `false`, `null` and numbers are themselves; `yes`, `on` and
`1.13.0` are texts.
"""

import math
import re
from typing import Any

import yaml
from msgspec import UNSET, Struct, field

from footfall.plans.errors import Flaw, PlanError

LARGEST = 500_000
_DEEPEST = 40
_MOST_NODES = 100_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]{1,3})?")

Scalar = str | int | float | bool | None


class Node(Struct, eq=False):
    """A part of a document and its line, from 1. `value` is a scalar, a list of Nodes or a dict of them by key."""

    line: int
    value: Any = UNSET
    keys: dict[str, int] = field(default_factory=dict)

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return [node.plain() for node in self.value] if isinstance(self.value, list) else self.value

    def spot(self, *way: str | int) -> tuple[int, str]:
        """Line and path of a part; of the last known part on the way to one that is not there."""
        node, line, path = self, self.line, "$"
        for step in way:
            inner = node.value
            known = step in inner if isinstance(inner, dict) else isinstance(inner, list)
            if not known:
                break
            line = node.keys[step] if isinstance(step, str) else inner[step].line
            node = inner[step]
            path += path_step(step)
        return line, path


def path_step(step: str | int) -> str:
    """One step of a path: `.name`, `[3]`, or `["a.b"]` for a key that is not a plain name."""
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[A-Za-z_][\w-]*", step) else f'["{step}"]'


def parse(data: bytes, file: str) -> Node:
    """The document in some bytes; raises PlanError for what is no such document."""
    if len(data) > LARGEST:
        raise PlanError(file, [Flaw(f"is larger than {LARGEST:,} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError(file, [Flaw("is not UTF-8", data.count(b"\n", 0, error.start) + 1)]) from None
    tree = _Tree(file)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            tree.take(event)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PlanError(file, [Flaw("holds a character that YAML does not take", line)]) from None
    except yaml.MarkedYAMLError as error:
        raise PlanError(file, [_syntax(error)]) from None
    return tree.whole()


def _syntax(error: yaml.MarkedYAMLError) -> Flaw:
    mark = error.problem_mark or error.context_mark
    said = " ".join(part for part in (error.problem, error.context) if part) or "is not YAML"
    where = f", column {mark.column + 1}" if mark else ""
    hint = "indent with spaces" if "\\t" in said or "tab" in said else ""
    return Flaw(f"is not YAML: {said}{where}", mark.line + 1 if mark else 0, hint=hint)


class _Tree:
    """Builds the tree from the parser's events, without recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.roots: list[Node] = []
        self.open: list[Node] = []
        self.key: list[str | None] = []
        self.nodes = 0
        self.flaws: list[Flaw] = []

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise self._fatal("anchors and aliases are not taken", line)
        if isinstance(event, yaml.NodeEvent):
            self._node(event, line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.open.pop()
            self.key.pop()

    def whole(self) -> Node:
        if len(self.roots) != 1:
            said = "is empty" if not self.roots else "holds more than one document"
            self.flaws.append(Flaw(said, self.roots[1].line if self.roots else 1))
        if self.flaws:
            raise PlanError(self.file, self.flaws)
        return self.roots[0]

    def _node(self, event: Any, line: int) -> None:
        self.nodes += 1
        if event.anchor or event.tag not in (None, "!"):
            raise self._fatal("anchors and tags are not taken", line)
        if len(self.open) >= _DEEPEST or self.nodes > _MOST_NODES:
            raise self._fatal("is nested too deep" if self.nodes <= _MOST_NODES else "has too many parts", line)
        scalar = isinstance(event, yaml.ScalarEvent)
        if self.open and isinstance(self.open[-1].value, dict) and self.key[-1] is None:
            self._name(event, line, scalar)
            return
        node = Node(line)
        self._place(node)
        if scalar:
            node.value = self._scalar(event, line)
            return
        node.value = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.open.append(node)
        self.key.append(None)

    def _name(self, event: Any, line: int, scalar: bool) -> None:
        if not scalar:
            raise self._fatal("a key is a text", line)
        parent = self.open[-1]
        if event.value in parent.keys:
            first = parent.keys[event.value]
            self.flaws.append(Flaw(f"{event.value!r} stands twice, first in line {first}", line))
        parent.keys.setdefault(event.value, line)
        self.key[-1] = event.value

    def _place(self, node: Node) -> None:
        if not self.open:
            self.roots.append(node)
            return
        parent = self.open[-1]
        name = self.key[-1]
        if name is None:
            parent.value.append(node)
        else:
            parent.value.setdefault(name, node)
            self.key[-1] = None

    def _scalar(self, event: Any, line: int) -> Scalar:
        if not event.implicit[0] or event.tag == "!":
            return str(event.value)
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if not _FLOAT.fullmatch(text):
            return text
        number = float(text)
        if not math.isfinite(number):
            self.flaws.append(Flaw("a number too large", line))
        return number

    def _fatal(self, said: str, line: int) -> PlanError:
        return PlanError(self.file, [*self.flaws, Flaw(said, line)])
