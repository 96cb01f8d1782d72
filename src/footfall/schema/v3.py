"""The same 17 events as the public documentation of the V3 API describes them (profile `v3`).

Everything the `sunbird` profile accepts is accepted here, and besides it what the documentation shows and what
published clients send, although Sunbird's own pipeline would refuse it. An event is read with these shapes only when
the stricter ones of `events` refuse it, so a field stands here only where the two differ.
"""

from typing import Annotated, Any, ClassVar

from msgspec import UNSET, UnsetType

from footfall.schema import events, parts
from footfall.schema.envelope import Closed, Correlation, Event, Number, Open, says
from footfall.schema.events import Optional
from footfall.schema.parts import Tuples

ARTEFACT = "The documentation wraps the data in a second `edata`."


class Producer(Open):
    """`pdata` whose id may be left to the request's X-App-Id."""

    id: Optional = UNSET
    pid: Optional = UNSET
    ver: Optional = UNSET
    platform: Any = UNSET


class Context(Open, kw_only=True):
    """A context whose channel, producer and device may be left to the request's headers and key."""

    channel: Optional = UNSET
    env: str
    pdata: Producer | UnsetType = UNSET
    sid: Optional = UNSET
    did: Optional = UNSET
    cdata: list[Correlation] | UnsetType = UNSET
    rollup: Any = UNSET


class LenientEvent(Event, kw_only=True):
    """The envelope around a lenient context."""

    context: Context  # type: ignore[assignment]


class StartData(events.StartData):
    """edata of START, as documented."""

    stageid: Annotated[Optional, says("Stage where it starts; pageid on the wire.")] = UNSET


class Start(LenientEvent, tag="START"):
    """START as documented."""

    edata: StartData


class ImpressionData(Closed):
    """edata of IMPRESSION, as documented: without a uri."""

    type: str
    pageid: str
    uri: Optional = UNSET
    subtype: Optional = UNSET
    duration: Number | UnsetType = UNSET
    visits: list[parts.Visit] | UnsetType = UNSET
    itype: Annotated[Optional, says("How the page was reached: SWIPE, SCRUB or AUTO.")] = UNSET
    stageto: Annotated[Optional, says("Stage or page that was navigated to.")] = UNSET


class Impression(LenientEvent, tag="IMPRESSION"):
    """IMPRESSION as documented."""

    edata: ImpressionData


class Interact(LenientEvent, tag="INTERACT"):
    """INTERACT as documented."""

    edata: events.InteractData


class Assess(LenientEvent, tag="ASSESS"):
    """ASSESS as documented."""

    edata: events.AssessData


class ResponseData(events.ResponseData):
    """edata of RESPONSE, as documented."""

    qid: Annotated[Optional, says("Id of the question.")] = UNSET


class Response(LenientEvent, tag="RESPONSE"):
    """RESPONSE as documented."""

    edata: ResponseData


class InterruptData(events.InterruptData):
    """edata of INTERRUPT, as documented."""

    eventid: Annotated[Optional, says("Id of the event that was interrupted.")] = UNSET


class Interrupt(LenientEvent, tag="INTERRUPT"):
    """INTERRUPT as documented."""

    edata: InterruptData


class FeedbackData(events.FeedbackData):
    """edata of FEEDBACK, as documented."""

    contentId: Annotated[Optional, says("Id of the content; object.id on the wire.")] = UNSET  # noqa: N815


class Feedback(LenientEvent, tag="FEEDBACK"):
    """FEEDBACK as documented."""

    edata: FeedbackData


class SharedObject(Closed):
    """The thing shared, nested as documented."""

    id: Annotated[Optional, says("Id of the thing.")] = UNSET
    type: Annotated[Optional, says("Kind of thing.")] = UNSET
    ver: Annotated[Optional, says("Version of the thing.")] = UNSET


class SharedItem(parts.SharedItem):
    """One thing that was shared, as documented."""

    obj: Annotated[SharedObject | UnsetType, says("The thing; flat on the wire.")] = UNSET


class ShareData(Closed):
    """edata of SHARE, as documented."""

    items: list[SharedItem]
    dir: Optional = UNSET
    type: Optional = UNSET


class Share(LenientEvent, tag="SHARE"):
    """SHARE as documented."""

    edata: ShareData


class AuditBody(Closed):
    """What an AUDIT says; published clients send props as one string, and prevState."""

    props: list[str] | str | UnsetType = UNSET
    state: Optional = UNSET
    prevstate: Optional = UNSET
    type: Optional = UNSET
    duration: Number | UnsetType = UNSET
    prevState: Annotated[Optional, says("Misspelling of prevstate in the wild.")] = UNSET  # noqa: N815


class AuditData(AuditBody):
    """edata of AUDIT, as documented."""

    edata: Annotated[AuditBody | UnsetType, says(ARTEFACT)] = UNSET


class Audit(LenientEvent, tag="AUDIT"):
    """AUDIT as documented."""

    edata: AuditData


class ErrorData(events.ErrorData):
    """edata of ERROR, as the published clients allow it."""

    traceid: Annotated[Optional, says("Id of the request that failed.")] = UNSET


class Error(LenientEvent, tag="ERROR"):
    """ERROR as the published clients allow it."""

    edata: ErrorData


class Heartbeat(LenientEvent, tag="HEARTBEAT"):
    """HEARTBEAT as documented."""

    edata: dict[str, Any]


class LogData(Closed):
    """edata of LOG; Sunbird's portal sends params as one string."""

    type: str
    level: str
    message: str
    pageid: Optional = UNSET
    params: Tuples | str | UnsetType = UNSET


class Log(LenientEvent, tag="LOG"):
    """LOG as documented."""

    edata: LogData


class Search(LenientEvent, tag="SEARCH"):
    """SEARCH as documented."""

    edata: events.SearchData


class Metrics(LenientEvent, tag="METRICS"):
    """METRICS as documented: any figures by name."""

    edata: dict[str, Any]


class EnvSummary(Closed):
    """Time and visits in one part of the product."""

    env: Annotated[Optional, says("The part.")] = UNSET
    timespent: Annotated[Number | UnsetType, says("Time spent in it, in seconds.")] = UNSET
    visits: Annotated[Number | UnsetType, says("How often it was visited.")] = UNSET


class EventsSummary(Closed):
    """Count of one event."""

    id: Annotated[Optional, says("The eid.")] = UNSET
    count: Annotated[Number | UnsetType, says("How often it happened.")] = UNSET


class PageSummary(Closed):
    """Time and visits of one page."""

    id: Annotated[Optional, says("Id of the page.")] = UNSET
    type: Annotated[Optional, says("Kind of page.")] = UNSET
    env: Annotated[Optional, says("Part of the product that the page belongs to.")] = UNSET
    timespent: Annotated[Number | UnsetType, says("Time spent on it, in seconds.")] = UNSET
    visits: Annotated[Number | UnsetType, says("How often it was visited.")] = UNSET


class SummaryBody(Closed, kw_only=True):
    """What a SUMMARY says; one published client insists on timespent as a string."""

    type: str
    mode: Optional = UNSET
    starttime: Number
    endtime: Number
    timespent: Number | str
    pageviews: Number
    interactions: Number
    envsummary: Annotated[list[EnvSummary] | UnsetType, says("Time and visits by part of the product.")] = UNSET
    eventssummary: Annotated[list[EventsSummary] | UnsetType, says("Count by event.")] = UNSET
    pagesummary: Annotated[list[PageSummary] | UnsetType, says("Time and visits by page.")] = UNSET
    extra: list[parts.SummaryExtra] | UnsetType = UNSET


class SummaryData(Closed):
    """edata of SUMMARY, as documented: flat, or wrapped in a second edata."""

    required_unless_wrapped: ClassVar = ("type", "starttime", "endtime", "timespent", "pageviews", "interactions")

    type: Optional = UNSET
    mode: Optional = UNSET
    starttime: Number | UnsetType = UNSET
    endtime: Number | UnsetType = UNSET
    timespent: Number | str | UnsetType = UNSET
    pageviews: Number | UnsetType = UNSET
    interactions: Number | UnsetType = UNSET
    envsummary: Annotated[list[EnvSummary] | UnsetType, says("Time and visits by part of the product.")] = UNSET
    eventssummary: Annotated[list[EventsSummary] | UnsetType, says("Count by event.")] = UNSET
    pagesummary: Annotated[list[PageSummary] | UnsetType, says("Time and visits by page.")] = UNSET
    extra: list[parts.SummaryExtra] | UnsetType = UNSET
    edata: Annotated[SummaryBody | UnsetType, says(ARTEFACT)] = UNSET

    def __post_init__(self) -> None:
        if self.edata is UNSET:
            for name in self.required_unless_wrapped:
                if getattr(self, name) is UNSET:
                    raise ValueError(f"Object missing required field `{name}`")


class Summary(LenientEvent, tag="SUMMARY"):
    """SUMMARY as documented."""

    edata: SummaryData


class ExdataData(Open):
    """edata of EXDATA, as documented: free."""

    type: Optional = UNSET
    data: Any = UNSET


class Exdata(LenientEvent, tag="EXDATA"):
    """EXDATA as documented."""

    edata: ExdataData


class EndData(events.EndData):
    """edata of END, as documented."""

    contentId: Annotated[Optional, says("Id of the content; object.id on the wire.")] = UNSET  # noqa: N815
    subtype: Annotated[Optional, says("Finer kind, as in the Google sign-in flow.")] = UNSET


class End(LenientEvent, tag="END"):
    """END as documented."""

    edata: EndData


AnyEvent = (
    Start
    | Impression
    | Interact
    | Assess
    | Response
    | Interrupt
    | Feedback
    | Share
    | Audit
    | Error
    | Heartbeat
    | Log
    | Search
    | Metrics
    | Summary
    | Exdata
    | End
)
