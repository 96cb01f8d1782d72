"""The 17 events of Telemetry V3, exactly as Sunbird's pipeline accepts them (profile `sunbird`).

Source: Sunbird data pipeline, schemas/telemetry/3.0, one file per event. Each `edata` is closed except HEARTBEAT's.
"""

from typing import Annotated, Any

from msgspec import UNSET, UnsetType

from footfall.schema.envelope import Closed, Event, Number, says
from footfall.schema.parts import (
    AgentSpec,
    DeviceSpec,
    FaultyObject,
    Metric,
    Plugin,
    Question,
    SharedItem,
    SummaryExtra,
    Target,
    Tuples,
    Visit,
)

Optional = str | UnsetType


class StartData(Closed):
    """edata of START."""

    type: Annotated[str, says("What starts: app, session, editor, player, workflow or assessment.", "player")]
    dspec: Annotated[DeviceSpec | UnsetType, says("The device.")] = UNSET
    uaspec: Annotated[AgentSpec | UnsetType, says("The browser.")] = UNSET
    loc: Annotated[Optional, says("Location, as coarse as policy allows.")] = UNSET
    mode: Annotated[Optional, says("How it is used: preview, edit, play, self …", "play")] = UNSET
    duration: Annotated[Number | UnsetType, says("Time to start, in seconds.")] = UNSET
    pageid: Annotated[Optional, says("Page where it starts.")] = UNSET


class Start(Event, tag="START"):
    """An activity begins: an app, a session, a lesson, an editor."""

    edata: StartData


class ImpressionData(Closed):
    """edata of IMPRESSION."""

    type: Annotated[str, says("Kind of page: list, detail, view, edit, workflow or search.", "view")]
    pageid: Annotated[str, says("Id of the page.", "signup")]
    uri: Annotated[str, says("Address of the page.", "/signup")]
    subtype: Annotated[Optional, says("Finer kind: Paginate, Scroll …")] = UNSET
    duration: Annotated[Number | UnsetType, says("Time to load, in seconds.")] = UNSET
    visits: Annotated[list[Visit] | UnsetType, says("Objects that were seen on the page.")] = UNSET


class Impression(Event, tag="IMPRESSION"):
    """A page was seen."""

    edata: ImpressionData


class InteractData(Closed):
    """edata of INTERACT."""

    type: Annotated[str, says("Kind of interaction: TOUCH, CLICK, DRAG, SCROLL, LISTEN …", "CLICK")]
    id: Annotated[str, says("Id of the thing that was used.", "submit-signup")]
    subtype: Annotated[Optional, says("Finer kind: PLAY, PAUSE …")] = UNSET
    pageid: Annotated[Optional, says("Page where it happened.")] = UNSET
    target: Annotated[Target | UnsetType, says("The thing acted on.")] = UNSET
    plugin: Annotated[Plugin | UnsetType, says("The plug-in used.")] = UNSET
    extra: Annotated[dict[str, Any] | UnsetType, says("Free: pos, values, tid, uri and what else is useful.")] = UNSET
    duration: Annotated[Number | UnsetType, says("How long it took, in seconds.")] = UNSET


class Interact(Event, tag="INTERACT"):
    """A person used something on a page."""

    edata: InteractData


class AssessData(Closed, rename={"pass_": "pass"}):
    """edata of ASSESS."""

    item: Annotated[Question, says("The question.")]
    pass_: Annotated[str, says("Whether the answer was right: Yes or No.", "Yes")]
    score: Annotated[Number, says("Score, 0 to 1 by convention.", 1)]
    resvalues: Annotated[Tuples, says("The answer, as a list of key-value objects.")]
    duration: Annotated[Number, says("Time taken, in seconds.", 12.5)]
    index: Annotated[Number | UnsetType, says("Position of the question.")] = UNSET


class Assess(Event, tag="ASSESS"):
    """A question was answered and judged."""

    edata: AssessData


class ResponseData(Closed):
    """edata of RESPONSE."""

    target: Annotated[Target, says("What was responded to.")]
    type: Annotated[str, says("Kind of response: CHOOSE, DRAG, SELECT, MATCH, INPUT, SPEAK, WRITE.", "CHOOSE")]
    values: Annotated[Tuples, says("The response, as a list of key-value objects.")]


class Response(Event, tag="RESPONSE"):
    """A person responded to a question, a poll or an invitation."""

    edata: ResponseData


class InterruptData(Closed):
    """edata of INTERRUPT."""

    type: Annotated[str, says("Kind of interruption: background, resume …", "background")]
    pageid: Annotated[Optional, says("Page where it happened.")] = UNSET


class Interrupt(Event, tag="INTERRUPT"):
    """The activity was interrupted: a call, a locked screen, another app."""

    edata: InterruptData


class FeedbackData(Closed):
    """edata of FEEDBACK."""

    rating: Annotated[Number | UnsetType, says("The rating, for example 4.5 stars, or 1 and -1.", 4)] = UNSET
    comments: Annotated[Optional, says("The comment, as text.")] = UNSET
    commentid: Annotated[Optional, says("Id of a prepared comment.")] = UNSET
    commenttxt: Annotated[Optional, says("The comment that belongs to commentid.")] = UNSET


class Feedback(Event, tag="FEEDBACK"):
    """A person gave feedback."""

    edata: FeedbackData


class ShareData(Closed):
    """edata of SHARE."""

    items: Annotated[list[SharedItem], says("The things shared.")]
    dir: Annotated[Optional, says("Direction: In or Out.", "Out")] = UNSET
    type: Annotated[Optional, says("Kind of share: File, Link or Message.", "File")] = UNSET


class Share(Event, tag="SHARE"):
    """Things were shared with, or received from, others."""

    edata: ShareData


class AuditData(Closed):
    """edata of AUDIT."""

    props: Annotated[list[str] | UnsetType, says("Names of the attributes that changed, never their values.")] = UNSET
    state: Annotated[Optional, says("State after the change.", "Created")] = UNSET
    prevstate: Annotated[Optional, says("State before the change.")] = UNSET
    type: Annotated[Optional, says("Kind of change.")] = UNSET
    duration: Annotated[Number | UnsetType, says("How long it took, in seconds.")] = UNSET


class Audit(Event, tag="AUDIT"):
    """An object changed: a user, a piece of content, a service."""

    edata: AuditData


class ErrorData(Closed):
    """edata of ERROR."""

    err: Annotated[str, says("Code of the error.", "404")]
    errtype: Annotated[str, says("Class of the error: SYSTEM, MOBILEAPP, CONTENT.", "SYSTEM")]
    stacktrace: Annotated[str, says("Details, without personal data.")]
    pageid: Annotated[Optional, says("Page where it happened.")] = UNSET
    object: Annotated[FaultyObject | UnsetType, says("The object in which it happened.")] = UNSET
    plugin: Annotated[Plugin | UnsetType, says("The plug-in in which it happened.")] = UNSET


class Error(Event, tag="ERROR"):
    """A person met an error."""

    edata: ErrorData


class Heartbeat(Event, tag="HEARTBEAT"):
    """A process is alive."""

    edata: dict[str, Any]


class LogData(Closed):
    """edata of LOG."""

    type: Annotated[str, says("Kind of log: system, process, api_access, api_call, job, app_update.", "api_access")]
    level: Annotated[str, says("Level: TRACE, DEBUG, INFO, WARN, ERROR, FATAL.", "INFO")]
    message: Annotated[str, says("The message, without personal data.")]
    pageid: Annotated[Optional, says("Page where it happened.")] = UNSET
    params: Annotated[Tuples | UnsetType, says("Further facts, as a list of key-value objects.")] = UNSET


class Log(Event, tag="LOG"):
    """Something worth noting happened: an API call, a job, an update."""

    edata: LogData


class SearchData(Closed):
    """edata of SEARCH."""

    query: Annotated[str, says("What was searched for.")]
    size: Annotated[Number, says("Number of results.", 333)]
    topn: Annotated[Tuples, says("The first results, with their scores.")]
    type: Annotated[Optional, says("What was searched: content, assessment, asset.", "content")] = UNSET
    filters: Annotated[dict[str, Any] | UnsetType, says("Filters that were set.")] = UNSET
    sort: Annotated[dict[str, Any] | UnsetType, says("Order that was asked for.")] = UNSET
    correlationid: Annotated[Optional, says("Id that the server gave this search.")] = UNSET


class Search(Event, tag="SEARCH"):
    """A person searched."""

    edata: SearchData


class MetricsData(Closed):
    """edata of METRICS."""

    system: Annotated[str, says("The system measured.")]
    subsystem: Annotated[str, says("Its part.")]
    metrics: Annotated[list[Metric] | UnsetType, says("The values.")] = UNSET


class Metrics(Event, tag="METRICS"):
    """A service reports its figures."""

    edata: MetricsData


class SummaryData(Closed):
    """edata of SUMMARY."""

    type: Annotated[str, says("What is summarised: session, app, tool.", "session")]
    starttime: Annotated[Number, says("First event, epoch milliseconds.")]
    endtime: Annotated[Number, says("Last event, epoch milliseconds.")]
    timespent: Annotated[Number, says("Time spent without idle time, in seconds.")]
    pageviews: Annotated[Number, says("Pages seen.")]
    interactions: Annotated[Number, says("Interactions.")]
    mode: Annotated[Optional, says("How it was used.")] = UNSET
    extra: Annotated[list[SummaryExtra] | UnsetType, says("Further figures.")] = UNSET


class Summary(Event, tag="SUMMARY"):
    """A client sums up a session."""

    edata: SummaryData


class ExdataData(Closed):
    """edata of EXDATA."""

    type: Annotated[Optional, says("Kind of data: partnerdata, xapi …")] = UNSET
    data: Annotated[Optional, says("The data, serialised to one string.")] = UNSET


class Exdata(Event, tag="EXDATA"):
    """Data of another kind, carried along."""

    edata: ExdataData


class EndData(Closed):
    """edata of END."""

    type: Annotated[str, says("What ends; the same as in its START.", "player")]
    mode: Annotated[Optional, says("How it was used; the same as in its START.")] = UNSET
    duration: Annotated[Number | UnsetType, says("Time since START, in seconds.")] = UNSET
    pageid: Annotated[Optional, says("Page where it ended.")] = UNSET
    summary: Annotated[Tuples | UnsetType, says("What was reached, as a list of key-value objects.")] = UNSET


class End(Event, tag="END"):
    """An activity ends."""

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
