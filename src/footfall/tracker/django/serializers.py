"""One event that a page posted: everything that can be wrong with it is found here, and from here it is tracked."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import APIException

from footfall.dialects.lms.types import BY_NAME
from footfall.tracker.django.event import Event, RefusedError
from footfall.tracker.django.options import hook, options
from footfall.tracker.django.tracker import Tracker

_ABOUT = ("tracking_event_type", "event_type", "id", "uuid", "time", "event_data")


class NotKeptError(APIException):
    """No outbox could be written; the page may send the event again."""

    status_code = 503
    default_detail = "The event could not be kept. Send it again."
    default_code = "not_kept"


class IdField(serializers.Field[str | int, Any, Any, Any]):
    """A string or an integer."""

    default_error_messages = {"invalid": "A valid string or integer is required."}  # noqa: RUF012 - as DRF has it

    def to_internal_value(self, data: Any) -> str | int:
        """The same value; raises ValidationError."""
        if type(data) not in (int, str):
            self.fail("invalid")
        found: str | int = data
        return found

    def to_representation(self, value: Any) -> Any:
        """The same value."""
        return value


def _text(max_length: int = 200) -> serializers.CharField:
    return serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=max_length)


def _id() -> IdField:
    return IdField(required=False, allow_null=True)


class TrackingSerializer(serializers.Serializer[Event]):
    """The body that is documented, and the one that the LMS's video player sends; what it does not name is ignored.

    `save` tracks the event. Who it was is the request's user, whatever the page says.
    """

    tracking_event_type = _text()
    event_type = _text()
    id = _text()
    uuid = _text()
    time = _text()
    course_slug = _text()
    course_run = _text()
    module_id = _id()
    section_id = _id()
    unit_id = _id()
    node_id = _id()
    unit_node_slug = _text()
    course_unit_id = _id()
    course_unit_slug = _text()
    block_uuid = _text()
    block_id = _id()
    page_url = _text(2000)
    event_data = serializers.JSONField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The event, ready to be tracked; raises ValidationError."""
        given = {name: value for name, value in attrs.items() if value is not None}
        event_type = self._event_type(given)
        posted = {name: value for name, value in given.items() if name not in _ABOUT}
        node = self._node(posted)
        try:
            event = Tracker.prepare(
                event_type,
                self._user,
                given.get("event_data"),
                node,
                id=self._one(given, "id", "uuid"),
                time=given.get("time"),
                posted=posted,
            )
        except RefusedError as error:
            raise serializers.ValidationError(dict(error.words)) from None
        return {"event": event}

    def create(self, validated_data: dict[str, Any]) -> Event:
        """Track the event; raises NotKeptError."""
        event: Event = validated_data["event"]
        if not Tracker.record(event):
            raise NotKeptError
        return event

    def to_representation(self, instance: Event) -> dict[str, Any]:
        """What the page is told."""
        return {"tracking_event_type": instance.event_type, "received": True}

    @property
    def _user(self) -> Any:
        return self.context["request"].user

    def _event_type(self, given: dict[str, Any]) -> str:
        field = "tracking_event_type" if "tracking_event_type" in given else "event_type"
        named = self._one(given, field, "event_type")
        if named is None:
            raise serializers.ValidationError({field: ["This field is required."]})
        kind = BY_NAME.get(named)
        if kind is None or not {kind.value, kind.name} & set(options().browser_types):
            raise serializers.ValidationError({field: ["This type of event is not taken from pages."]})
        return named

    def _node(self, posted: dict[str, Any]) -> Any:
        find = hook("find_node")
        node = find(posted) if find else posted
        if node is None:
            raise serializers.ValidationError({"node_id": ["There is no such place in a course."]})
        if not (hook("is_enrolled") or staff_only)(self._user, node):
            raise serializers.ValidationError({"non_field_errors": ["You are not enrolled in this course."]})
        return node

    def _one(self, given: dict[str, Any], *names: str) -> str | None:
        values = {given[name] for name in names if name in given}
        if len(values) > 1:
            raise serializers.ValidationError({names[-1]: [f"This is not the same as {names[0]}."]})
        return values.pop() if values else None


def staff_only(user: Any, node: Any) -> bool:
    """Who may send while the project does not say: nobody but its staff."""
    return bool(user.is_staff or user.is_superuser)


def everyone(user: Any, node: Any) -> bool:
    """For IS_ENROLLED in a project where whoever is logged in may see every course."""
    return True
