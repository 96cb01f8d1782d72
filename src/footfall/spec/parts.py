"""Objects that stand inside `edata` of more than one event.

Source: Sunbird data pipeline, schemas/telemetry/3.0.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from footfall.spec.envelope import Closed, Number, Open, says

AtLeastMinusOne = Annotated[Number, Meta(ge=-1)]
Tuples = list[dict[str, Any]]


class Parent(Open):
    """The object that holds another one."""

    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class Target(Closed):
    """The thing acted on."""

    id: Annotated[str, says("Id of the thing.")]
    ver: Annotated[str, says("Version of the thing.", "1.0")]
    type: Annotated[str, says("Kind of thing.", "button")]
    parent: Parent | UnsetType = UNSET


class Plugin(Closed):
    """The plug-in that was used."""

    id: str
    ver: str
    category: str | UnsetType = UNSET


class DeviceSpec(Open):
    """The device, as far as the application may know it. Sizes in GB or MP; -1 means unknown."""

    os: str | UnsetType = UNSET
    make: str | UnsetType = UNSET
    id: str | UnsetType = UNSET
    mem: AtLeastMinusOne | UnsetType = UNSET
    idisk: AtLeastMinusOne | UnsetType = UNSET
    edisk: AtLeastMinusOne | UnsetType = UNSET
    scrn: AtLeastMinusOne | UnsetType = UNSET
    camera: str | UnsetType = UNSET
    cpu: str | UnsetType = UNSET
    sims: AtLeastMinusOne | UnsetType = UNSET
    cap: list[str] | UnsetType = UNSET


class AgentSpec(Open):
    """The browser or runtime (`uaspec`)."""

    agent: str | UnsetType = UNSET
    ver: str | UnsetType = UNSET
    system: str | UnsetType = UNSET
    platform: str | UnsetType = UNSET
    raw: str | UnsetType = UNSET


class Visit(Closed):
    """One object seen on a page."""

    objid: Annotated[str, says("Id of the object seen.")]
    objtype: Annotated[str, says("Kind of object seen.")]
    objver: str | UnsetType = UNSET
    section: Annotated[str | UnsetType, says("Section of the page that showed it.")] = UNSET
    index: Annotated[Number | UnsetType, says("Position in the section.")] = UNSET


class Question(Closed):
    """A question that was assessed."""

    id: Annotated[str, says("Id of the question.")]
    maxscore: Annotated[Number | UnsetType, says("Highest score the question can give.")] = UNSET
    exlength: Annotated[Number | UnsetType, says("Time it should take, in seconds.")] = UNSET
    params: Annotated[Tuples | UnsetType, says("Parameters put into the question.")] = UNSET
    uri: str | UnsetType = UNSET
    desc: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    mmc: Annotated[list[str] | UnsetType, says("Missing micro-concepts.")] = UNSET
    mc: Annotated[list[str] | UnsetType, says("Micro-concepts.")] = UNSET
    type: str | UnsetType = UNSET


class Party(Open):
    """Where shared things came from, or went to."""

    id: str | UnsetType = UNSET
    type: str | UnsetType = UNSET


class SharedItem(Closed):
    """One thing that was shared."""

    id: Annotated[str | UnsetType, says("Id of the thing.")] = UNSET
    type: Annotated[str | UnsetType, says("Kind of thing.")] = UNSET
    ver: Annotated[str | UnsetType, says("Version of the thing.")] = UNSET
    params: Annotated[Tuples | UnsetType, says("One entry a transfer: transfers, size in bytes.")] = UNSET
    origin: Annotated[Party | UnsetType, says("Where it came from.")] = UNSET
    to: Annotated[Party | UnsetType, says("Where it went.")] = UNSET


class FaultyObject(Closed):
    """The object in which an error happened."""

    id: str
    type: str
    ver: str
    subtype: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    parent: Parent | UnsetType = UNSET


class Metric(Open):
    """One measured value."""

    metric: str | UnsetType = UNSET
    value: Number | UnsetType = UNSET


class SummaryExtra(Open):
    """One further figure of a summary."""

    id: str | UnsetType = UNSET
    value: str | UnsetType = UNSET
