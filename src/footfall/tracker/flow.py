"""Flows: the steps of a tracking plan as methods, with the values that the plan fixes filled in."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec import UNSET

from footfall.plans.grammar import grammar_of
from footfall.plans.model import Expectation, Plan, Scalar, Step
from footfall.tracker import calls
from footfall.tracker.context import Content

if TYPE_CHECKING:
    from footfall.tracker.tracker import Tracker

Json = dict[str, Any]


class FlowError(ValueError):
    """A strict flow was told of a step that cannot come now, or that is not in its plan."""


class Flow:
    """One run through a plan: `flow.submitted(contactType="email")` sends the step's event.

    Keyword arguments fill fields of the event's data by the last part of their path, or by the whole path with double
    underscores: `extra__contactType`. In strict mode a step out of order raises FlowError; otherwise it is sent, and
    logged. `id` correlates the events.
    """

    def __init__(self, tracker: "Tracker", plan: Plan, *, id: str | None = None, strict: bool = False) -> None:  # noqa: A002
        if plan.kind != "flow":
            raise FlowError(f"{plan.plan} is no flow but a plan of kind {plan.kind}")
        self.id = id or str(uuid4())
        self.steps: list[str] = []
        self._tracker = tracker
        self._plan = plan
        self._strict = strict
        self._known = {step.step: step for step in plan.steps}
        self._grammar = grammar_of(plan.order, tuple(self._known))
        self._state = self._grammar.start()

    def __getattr__(self, name: str) -> Callable[..., None]:
        step = self.__dict__.get("_known", {}).get(name)
        if step is None:
            raise AttributeError(f"the plan {self._plan.plan!r} has no step {name!r}")
        return lambda **fields: self.take(name, **fields)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._known]

    @property
    def expected(self) -> list[str]:
        """The steps that may come now."""
        return self._grammar.expected(self._state)

    @property
    def is_complete(self) -> bool:
        """Whether the flow may end here."""
        return self._grammar.is_end(self._state)

    def take(self, name: str, **fields: Any) -> None:
        """Send a step's event. Raises FlowError in strict mode for a step that cannot come now."""
        step = self._known.get(name)
        if step is None:
            raise FlowError(f"the plan {self._plan.plan!r} has no step {name!r}; it has {', '.join(self._known)}")
        following = self._grammar.next(self._state, name)
        if following is None:
            self._complain(f"{name} cannot come now; the plan expects {' or '.join(self.expected) or 'nothing more'}")
        else:
            self._state = following
        self.steps.append(name)
        self._send(step, fields)

    def _send(self, step: Step, fields: Mapping[str, Any]) -> None:
        event = self._values(step)
        edata = event.get("edata", {})
        for name, value in fields.items():
            _put(edata, self._place(step, name), value)
        context = event.get("context", {})
        kind, found = self._correlation(context.get("cdata", {}))
        about = event.get("object")
        content = None if about is None else Content(str(about.get("id", "")), type=str(about.get("type", "User")))
        with self._tracker.context(env=context.get("env"), cdata={kind: found}):
            self._tracker.send(calls.Call(step.event, edata, _named(content, edata)))

    def _values(self, step: Step) -> Json:
        """What the plan fixes, by path."""
        event: Json = {}
        for path, expected in {**step.expect, **step.match}.items():
            value = _fixed(expected, is_choice=not path.startswith("context."))
            if value is not UNSET:
                _put(event, path.split("."), value)
        return event

    def _correlation(self, cdata: Mapping[str, Any]) -> tuple[str, str]:
        types = self._plan.correlate.cdata if self._plan.correlate is not UNSET else []
        kind = cdata.get("type") or (types[0] if types else self._plan.plan)
        return str(kind), str(cdata.get("id") or self.id)

    def _place(self, step: Step, name: str) -> list[str]:
        """Where in the event's data a keyword argument belongs."""
        paths = [path.split(".")[1:] for path in {**step.match, **step.expect} if path.startswith("edata.")]
        return next((path for path in paths if path[-1] == name), name.split("__"))

    def _complain(self, message: str) -> None:
        if self._strict:
            raise FlowError(f"flow {self._plan.plan}: {message}")
        self._tracker.remark(f"flow {self._plan.plan}: {message}")


def _fixed(expected: Scalar | Expectation, *, is_choice: bool) -> Any:
    """The value that a plan leaves no choice about; of several, the first, where the application has no say."""
    if not isinstance(expected, Expectation):
        return expected
    if expected.is_ is not UNSET:
        return expected.is_
    is_settled = len(expected.one_of) == 1 or (expected.one_of and not is_choice)
    return expected.one_of[0] if is_settled else UNSET


def _put(event: Json, keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        event = event.setdefault(key, {})
    event[keys[-1]] = value


def _named(content: Content | None, edata: Json) -> Content | None:
    """The object of a step, with the id that was given as `object_id`."""
    name = edata.pop("object_id", None)
    if name is None:
        return content if content is not None and content.id else None
    return Content(str(name), type=content.type if content else "User")
