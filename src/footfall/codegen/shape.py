"""Generated code before it is written in a language: functions, what they take, and the event that they make of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Scalar = str | int | float | bool | None
Base = Literal["string", "number", "integer", "boolean", "object", "array", "id", "any", "moment"]
Path = tuple[str, ...]


class Kind(Struct, frozen=True):
    """What a value may be; an `id` is a string or an integer, a `moment` a point in time.

    With `values` only those are allowed. `item` is what an array holds, `record` the name of an object's shape.
    """

    base: Base
    values: tuple[Scalar, ...] = ()
    item: Kind | None = None
    record: str = ""


class Parameter(Struct, frozen=True):
    """Something that a function is given; `path` is where it goes, and what it is named after."""

    path: Path
    kind: Kind
    required: bool
    about: str = ""


class Fixed(Struct, frozen=True):
    """A value that the plan fixes."""

    value: Scalar


class Given(Struct, frozen=True):
    """The value of a parameter, left out where that is."""

    path: Path


class Somebody(Struct, frozen=True):
    """An actor who is a user, left out where the parameter with the id is."""

    path: Path


class Encoded(Struct, frozen=True):
    """An object as JSON text."""

    value: Branch


class Entry(Struct, frozen=True):
    """An entry of cdata, left out where the parameter with its id is."""

    type: Node
    id: Node


class Entries(Struct, frozen=True):
    """A list of entries of cdata."""

    items: tuple[Entry, ...]


class Branch(Struct, frozen=True):
    """An object; `rest` is a parameter whose fields are added. One that is `optional` is left out when empty."""

    fields: dict[str, Node]
    rest: Path | None = None
    optional: bool = False


Node = Fixed | Given | Somebody | Encoded | Entries | Branch


class Lesson(Struct, frozen=True):
    """An event of a course, kept as a text of its own: its type, who and when, the place, and what it says."""

    type: str
    person: Path
    moment: Path
    place: Branch
    payload: Branch


class Function(Struct, frozen=True, kw_only=True):
    """A function that sends one event. `name` is what it is named after.

    Of its options, `default` gives way to what the caller says, `known` does not.
    """

    name: Path
    about: tuple[str, ...]
    eid: str
    parameters: tuple[Parameter, ...]
    body: Branch | Given | Lesson
    default: Branch = Branch({})
    known: Branch = Branch({})
    is_correlated: bool = False


class Alias(Struct, frozen=True):
    """A type that names some values."""

    name: Path
    about: str
    values: tuple[Scalar, ...]


class Record(Struct, frozen=True):
    """The shape of an object."""

    name: str
    about: str
    fields: tuple[Parameter, ...]


class Section(Struct, frozen=True):
    """What one plan, or the event language, comes to."""

    name: str
    title: str
    stamp: str
    functions: tuple[Function, ...]
    aliases: tuple[Alias, ...] = ()


class Module(Struct, frozen=True):
    """A whole module: what the functions' arguments hold, and the sections."""

    records: tuple[Record, ...]
    sections: tuple[Section, ...]
