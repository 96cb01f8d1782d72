"""Several trackers: each gets its events once, whatever happens to the others."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.signals import request_started
from django.db import transaction
from django.test import override_settings

from footfall.errors import TransientError
from footfall.tracker.disk_outbox import DiskOutbox
from footfall.tracker.django import FootfallTracker, Tracker, event_types
from footfall.tracker.django.apps import _resume
from footfall.tracker.django.delivery import folder
from tests.lms.school import PAGE_VIEW, Somebody, Somewhere
from tests.lms.senders import Chat, Mail, Unfinished, fail_times, refuse
from tests.tracker.office import Office, office

FOOTFALL = "footfall.tracker.django.FootfallTracker"


class Mirror(FootfallTracker):
    """Another server; its address is set by the test."""

    key = "ffs_other"
    channel = "mirror"


@contextmanager
def trackers(telling: dict[str, Any], *chosen: object, **options: Any) -> Iterator[None]:
    for kind in (Chat, Mail):
        kind.reset()
    with override_settings(FOOTFALL=telling | {"TRACKERS": chosen} | options):
        yield


def see_page() -> bool:
    return Tracker.track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], Somewhere())


def told(name: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(name, stdout=out, **options)
    return out.getvalue()


def test_all_trackers_get_an_event_in_the_documented_shape(there: Office, telling: dict[str, Any]) -> None:
    with trackers(telling, FOOTFALL, "tests.lms.senders.Chat", Mail):
        assert see_page()
        assert Tracker.track(event_types.COURSE_PASSED, Somebody(), None, Somewhere())
        Chat.wait(2)
        Mail.wait(1)
        there.wait(lambda found: len(found.taken) == 2)
    assert [event.event_type for event in Mail.sent] == [event_types.COURSE_PASSED]
    assert [event.id for event in Chat.sent] == [event["mid"] for event in there.taken]
    assert Chat.sent[0].shape() == json.loads(there.taken[0]["edata"]["data"])
    assert Chat.sent[0].event_data == PAGE_VIEW[1]


def test_one_that_fails_neither_stops_the_others_nor_loses_anything(there: Office, telling: dict[str, Any]) -> None:
    with trackers(telling, Chat, Mail, FOOTFALL):
        Chat.fail = staticmethod(fail_times(2, ConnectionError("down")))
        for _ in range(3):
            assert Tracker.track(event_types.COURSE_PASSED, Somebody(), None, Somewhere())
        Mail.wait(3)
        there.wait(lambda found: len(found.taken) == 3)
        Chat.wait(3)
    assert Chat.tries == 5
    assert [event.id for event in Chat.sent] == [event.id for event in Mail.sent]


def test_an_event_that_is_never_taken_is_put_aside(telling: dict[str, Any]) -> None:
    with trackers(telling, Chat):
        Chat.fail = staticmethod(refuse)
        assert see_page()
        assert "Everything was sent" in told("footfall_flush", timeout=10)
        assert "Chat: 0 waiting, 1 aside (TerminalError 1)" in told("footfall_status")
        Chat.fail = staticmethod(lambda _: None)
        assert see_page()
        Chat.wait(1)


def test_a_tracker_may_ask_for_a_pause(telling: dict[str, Any]) -> None:
    wanted = TransientError("busy")
    wanted.retry_after = 3600
    with trackers(telling, Chat):
        Chat.fail = staticmethod(fail_times(1, wanted))
        assert see_page()
        with Chat.changed:
            assert Chat.changed.wait_for(lambda: Chat.tries == 1, 10)
        assert "Chat: 1 waiting" in told("footfall_status")


def test_a_subclass_sends_for_itself_only(there: Office, telling: dict[str, Any]) -> None:
    with trackers(telling, FOOTFALL):
        assert Chat.track(event_types.USER_LOGIN, Somebody())
        Chat.wait(1)
        assert FootfallTracker.track(event_types.USER_LOGIN, Somebody())
        there.wait(lambda found: len(found.taken) == 1)
        assert len(Chat.sent) == 1


def test_two_servers_with_keys_and_channels_of_their_own(there: Office, telling: dict[str, Any]) -> None:
    with office() as other, trackers(telling, FOOTFALL, Mirror, KEY="ffs_ours", CHANNEL="school"):
        Mirror.url = other.url
        assert see_page()
        for found, channel in ((there, "school"), (other, "mirror")):
            found.wait(lambda found: len(found.taken) == 1)
            assert found.taken[0]["context"]["channel"] == channel
        assert there.taken[0]["mid"] == other.taken[0]["mid"]


@pytest.mark.parametrize("bad", ["no.such.Tracker", "json.JSONDecoder", Unfinished])
def test_one_that_cannot_be_made_does_not_stop_the_others(telling: dict[str, Any], bad: object) -> None:
    with trackers(telling, bad, Chat):
        see_page()
        Chat.wait(1)


def test_without_trackers_nothing_is_sent_and_nothing_is_wrong(there: Office, telling: dict[str, Any]) -> None:
    with trackers(telling):
        assert see_page()
        assert there.batches == []


def test_an_event_goes_out_when_the_transaction_commits(there: Office, telling: dict[str, Any]) -> None:
    with transaction.atomic():
        assert see_page()
        assert not folder("footfall.tracker.django.tracker.FootfallTracker").exists()
    there.wait(lambda found: len(found.taken) == 1)


def test_what_was_rolled_back_did_not_happen(there: Office, telling: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012 - the event is made inside
        assert see_page()
        raise ZeroDivisionError
    with transaction.atomic(), override_settings(FOOTFALL=telling | {"ON_COMMIT": False}):
        assert Tracker.track(event_types.USER_LOGIN, Somebody())
        there.wait(lambda found: len(found.taken) == 1)
    assert there.taken[0]["edata"]["type"] == event_types.USER_LOGIN


def test_what_a_dead_process_left_is_sent_at_the_first_request(there: Office) -> None:
    left = DiskOutbox(folder("footfall.tracker.django.tracker.FootfallTracker"))
    left.put("m-1", b'{"mid":"m-1"}')
    os.close(left._lock)  # as the end of the process does
    assert "1 waiting, 0 aside" in told("footfall_status")
    request_started.connect(_resume, dispatch_uid="footfall.resume")
    request_started.send(sender=None)
    there.wait(lambda found: [event["mid"] for event in found.taken] == ["m-1"])


def test_a_misconfigured_project_still_answers_its_first_request(telling: dict[str, Any]) -> None:
    request_started.connect(_resume, dispatch_uid="footfall.resume")
    with override_settings(FOOTFALL=telling | {"TYPO": 1}):
        request_started.send(sender=None)


def test_flushing_sends_what_was_left_or_says_that_it_could_not(there: Office, telling: dict[str, Any]) -> None:
    left = DiskOutbox(folder("footfall.tracker.django.tracker.FootfallTracker"))
    left.put("m-1", b'{"mid":"m-1"}')
    os.close(left._lock)
    with (
        override_settings(FOOTFALL=telling | {"URL": "http://127.0.0.1:9"}),
        pytest.raises(CommandError, match="Not everything"),
    ):
        call_command("footfall_flush", timeout=0.2)
    assert "Everything" in told("footfall_flush", timeout=10)
    assert [event["mid"] for event in there.taken] == ["m-1"]


def test_what_the_server_rejects_lies_aside(telling: dict[str, Any]) -> None:
    rejection = {"result": {"errors": [{"index": 0, "code": "channel_forbidden", "message": "no", "path": "$"}]}}
    with office(lambda _: (200, rejection, {})) as strict, override_settings(FOOTFALL=telling | {"URL": strict.url}):
        assert see_page()
        assert "Everything" in told("footfall_flush", timeout=10)
        assert "1 aside (channel_forbidden 1)" in told("footfall_status")


def test_forked_workers_send_their_own_and_only_their_own(there: Office) -> None:
    assert see_page()
    there.wait(lambda found: len(found.taken) == 1)
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            is_kept = Tracker.track(event_types.USER_LOGIN, Somebody(pk=number))
            os._exit(0 if is_kept and "Everything" in told("footfall_flush", timeout=20) else 1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert see_page()
    there.wait(lambda found: len(found.taken) == 5)
    assert len({event["mid"] for event in there.taken}) == 5


def test_a_folder_that_cannot_be_written_is_no_reason_to_lose_events(
    there: Office, telling: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with override_settings(FOOTFALL=telling | {"OUTBOX": tmp_path / "file"}):
        assert see_page()
        there.wait(lambda found: len(found.taken) == 1)
