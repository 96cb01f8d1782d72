"""The parts that every V3 event shares, as Sunbird's pipeline schemas define them.

Source of the constraints: Sunbird data pipeline, schemas/telemetry/3.0 (common, context, actor, object, pdata, cdata,
rollup). `Closed` objects refuse unknown fields, all others accept and keep them. An absent optional field is `UNSET`;
JSON null is refused everywhere a type is named, as it is there.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Number = float
Text = Annotated[str, Meta(min_length=1)]


def says(description: str, *examples: object) -> Meta:
    """Documentation of a field, carried into the JSON Schemas and the event reference."""
    return Meta(description=description, examples=list(examples) or None)


class Open(Struct, gc=False):
    """An object that accepts further keys."""


class Closed(Struct, gc=False, forbid_unknown_fields=True):
    """An object that refuses keys it does not name."""


class Actor(Open):
    """Who did it. Both parts may be empty, as Sunbird allows for events without a user."""

    id: Annotated[str, says("Id of the actor: a pseudonym, never a name or address.", "8f9c1c4e", "anonymous")]
    type: Annotated[str, says("Kind of actor.", "User", "System")]


class Producer(Open):
    """Which application sent it (`pdata`)."""

    id: Annotated[str, says("Id of the application.", "prod.example.portal")]
    pid: Annotated[str | UnsetType, says("Part of the application.", "web")] = UNSET
    ver: Annotated[str | UnsetType, says("Version of the application.", "1.13.0")] = UNSET
    platform: Annotated[Any, says("Platform, new in ver 3.1: Android, iOS, Windows, Ubuntu, MacOS.", "Android")] = UNSET


class Correlation(Closed):
    """One thing that this event belongs to (`cdata`)."""

    type: Annotated[str, says("Kind of the thing.", "signup")]
    id: Annotated[str, says("Id of the thing.", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")]


class Rollup(Open):
    """Up to four levels of a hierarchy."""

    l1: Annotated[str | UnsetType, says("Id at the highest level.")] = UNSET
    l2: Annotated[str | UnsetType, says("Id at the second level.")] = UNSET
    l3: Annotated[str | UnsetType, says("Id at the third level.")] = UNSET
    l4: Annotated[str | UnsetType, says("Id at the lowest level.")] = UNSET


class Object(Open):
    """What the event is about; nothing in it is required, and an empty object is valid."""

    id: Annotated[str | UnsetType, says("Id of the object.", "do_3125")] = UNSET
    type: Annotated[str | UnsetType, says("Kind of object, in UpperCamelCase.", "Content")] = UNSET
    ver: Annotated[str | UnsetType, says("Version of the object.", "1.0")] = UNSET
    rollup: Annotated[Rollup | UnsetType, says("The object's place in its hierarchy, l1 to l4.")] = UNSET
    parent: Annotated[Any, says("Free: the object that holds this one.")] = UNSET
    subtype: Annotated[Any, says("Free: a finer kind.")] = UNSET


class Context(Open):
    """Where and in which visit it happened."""

    channel: Annotated[str, Meta(min_length=1), says("The tenant that the event belongs to.", "dev")]
    env: Annotated[str, says("Part of the product where it happened.", "signup", "contentplayer")]
    pdata: Annotated[Producer, says("The application that sent it.")]
    sid: Annotated[str | UnsetType, says("Session id.")] = UNSET
    did: Annotated[str | UnsetType, says("Device id.")] = UNSET
    cdata: Annotated[list[Correlation] | UnsetType, says("What the event belongs to.")] = UNSET
    rollup: Annotated[Any, says("The context's place in a hierarchy, by convention l1 to l4; unchecked.")] = UNSET


class Event(Open, kw_only=True, tag_field="eid"):
    """What every event carries besides `edata`."""

    ets: Annotated[Number, says("When it happened: epoch milliseconds on the sender's clock.", 1795224242107)]
    ver: Annotated[Literal["3.0", "3.1"], says("Version of the event language.")]
    mid: Annotated[
        str, Meta(min_length=1, max_length=500), says("Id of this event, the same in every resend.", "START:52b1fae7")
    ]
    actor: Annotated[Actor, says("Who did it.")]
    context: Annotated[Context, says("Where and in which visit it happened.")]
    object: Annotated[Object | UnsetType, says("What it is about.")] = UNSET
    tags: Annotated[list[str] | UnsetType, says("Free labels.")] = UNSET
