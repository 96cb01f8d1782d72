"""Objects that stand inside `edata` of more than one event.

Source: Sunbird data pipeline, schemas/telemetry/3.0.
"""

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from footfall.schema.envelope import Closed, Number, Open, says

AtLeastMinusOne = Annotated[Number, Meta(ge=-1)]
Tuples = list[dict[str, Any]]


class Parent(Open):
    """The object that holds another one."""

    id: Annotated[str | UnsetType, says("Id of the holder.")] = UNSET
    type: Annotated[str | UnsetType, says("Kind of holder.")] = UNSET


class Target(Closed):
    """The thing acted on."""

    id: Annotated[str, says("Id of the thing.")]
    ver: Annotated[str, says("Version of the thing.", "1.0")]
    type: Annotated[str, says("Kind of thing.", "button")]
    parent: Annotated[Parent | UnsetType, says("What holds the thing.")] = UNSET


class Plugin(Closed):
    """The plug-in that was used."""

    id: Annotated[str, says("Id of the plug-in.")]
    ver: Annotated[str, says("Version of the plug-in.")]
    category: Annotated[str | UnsetType, says("Kind of plug-in.")] = UNSET


class DeviceSpec(Open):
    """The device, as far as the application may know it. Sizes in GB or MP; -1 means unknown."""

    os: Annotated[str | UnsetType, says("Operating system, with its version.")] = UNSET
    make: Annotated[str | UnsetType, says("Maker and model.")] = UNSET
    id: Annotated[str | UnsetType, says("Id of the device.")] = UNSET
    mem: Annotated[AtLeastMinusOne | UnsetType, says("Memory, in GB.")] = UNSET
    idisk: Annotated[AtLeastMinusOne | UnsetType, says("Internal storage, in GB.")] = UNSET
    edisk: Annotated[AtLeastMinusOne | UnsetType, says("External storage, in GB.")] = UNSET
    scrn: Annotated[AtLeastMinusOne | UnsetType, says("Size of the screen, in inches.")] = UNSET
    camera: Annotated[str | UnsetType, says("Cameras, in MP.")] = UNSET
    cpu: Annotated[str | UnsetType, says("Processor.")] = UNSET
    sims: Annotated[AtLeastMinusOne | UnsetType, says("Number of SIM cards.")] = UNSET
    cap: Annotated[list[str] | UnsetType, says("What the device is capable of.")] = UNSET


class AgentSpec(Open):
    """The browser or runtime (`uaspec`)."""

    agent: Annotated[str | UnsetType, says("Name of the browser.", "Firefox")] = UNSET
    ver: Annotated[str | UnsetType, says("Version of the browser.")] = UNSET
    system: Annotated[str | UnsetType, says("Operating system.")] = UNSET
    platform: Annotated[str | UnsetType, says("Engine or platform.")] = UNSET
    raw: Annotated[str | UnsetType, says("The whole User-Agent; better left out.")] = UNSET


class Visit(Closed):
    """One object seen on a page."""

    objid: Annotated[str, says("Id of the object seen.")]
    objtype: Annotated[str, says("Kind of object seen.")]
    objver: Annotated[str | UnsetType, says("Version of the object seen.")] = UNSET
    section: Annotated[str | UnsetType, says("Section of the page that showed it.")] = UNSET
    index: Annotated[Number | UnsetType, says("Position in the section.")] = UNSET


class Question(Closed):
    """A question that was assessed."""

    id: Annotated[str, says("Id of the question.")]
    maxscore: Annotated[Number | UnsetType, says("Highest score the question can give.")] = UNSET
    exlength: Annotated[Number | UnsetType, says("Time it should take, in seconds.")] = UNSET
    params: Annotated[Tuples | UnsetType, says("Parameters put into the question.")] = UNSET
    uri: Annotated[str | UnsetType, says("Address of an outside resource: a recording, an image.")] = UNSET
    desc: Annotated[str | UnsetType, says("Short description.")] = UNSET
    title: Annotated[str | UnsetType, says("Title.")] = UNSET
    mmc: Annotated[list[str] | UnsetType, says("Missing micro-concepts.")] = UNSET
    mc: Annotated[list[str] | UnsetType, says("Micro-concepts.")] = UNSET
    type: Annotated[str | UnsetType, says("Kind of question.")] = UNSET


class Party(Open):
    """Where shared things came from, or went to."""

    id: Annotated[str | UnsetType, says("Id of the device, person or place.")] = UNSET
    type: Annotated[str | UnsetType, says("What the id stands for.")] = UNSET


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

    id: Annotated[str, says("Id of the object.")]
    type: Annotated[str, says("Kind of object.")]
    ver: Annotated[str, says("Version of the object.")]
    subtype: Annotated[str | UnsetType, says("Finer kind.")] = UNSET
    name: Annotated[str | UnsetType, says("Name of the object.")] = UNSET
    code: Annotated[str | UnsetType, says("Code of the object.")] = UNSET
    parent: Annotated[Parent | UnsetType, says("What holds the object.")] = UNSET


class Metric(Open):
    """One measured value."""

    metric: Annotated[str | UnsetType, says("Name of the figure.")] = UNSET
    value: Annotated[Number | UnsetType, says("The figure.")] = UNSET


class SummaryExtra(Open):
    """One further figure of a summary."""

    id: Annotated[str | UnsetType, says("Name of the figure.")] = UNSET
    value: Annotated[str | UnsetType, says("The figure, as a string.")] = UNSET
