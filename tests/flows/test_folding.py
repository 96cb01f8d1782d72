"""Events become flows, whatever order they come in, however often the process ends, and whoever sent them."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.flows.change_feed import ChangeFeed
from footfall.flows.flow_table import FlowTable
from footfall.flows.fold import FlowFold
from footfall.lake.log_entry import entry_path

from .events import House, event, log, signup

STATE = "SELECT id, outcome, steps, missing, out_of_order, events FROM flows ORDER BY id"
ALL_STEPS = ["opened", "form_viewed", "submitted", "otp_viewed", "otp_submitted", "user_created", "ended"]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, "signup", "google-signin")


def test_a_flow_is_one_row_with_all_that_is_to_say(house: House) -> None:
    house.put(*signup())
    house.fold()
    ((plan, version, kind, name, channel, channels, sid, did, began, ended, duration, steps, *rest),) = house.ask(
        "SELECT plan, plan_version, kind, id, channel, channels, sid, did, epoch_ms(began_at), epoch_ms(ended_at), "
        "duration_ms, steps, missing, out_of_order, outcome, result, remarks, events FROM flows"
    )
    assert (plan, version, kind, name) == ("signup", 1, "flow", "f1")
    assert (channel, channels, sid, did) == ("dev", ["dev"], "s1", "d1")
    assert ended - began == duration == 32_000
    assert steps == ALL_STEPS
    missing, out_of_order, outcome, result, remarks, events = rest
    assert (missing, out_of_order, outcome, result, events) == ([], [], "success", "success", 7)
    told = {remark["code"]: remark for remark in msgspec.json.decode(remarks)}
    assert set(told) == {"missing_value"}
    assert told["missing_value"]["mid"]
    assert told["missing_value"]["hint"]


def test_a_late_event_completes_its_flow(house: House) -> None:
    first, *others, audit, end = signup()
    house.put(*others)
    house.fold()
    assert house.ask("SELECT missing FROM flows") == [(["opened", "ended"],)]
    house.put(end)
    house.fold()
    assert house.ask(STATE)[0][:2] == ("f1", "success")
    house.put(first, audit)
    house.fold()
    assert house.ask(STATE) == [("f1", "success", ALL_STEPS, [], [], 7)]
    assert house.ask("SELECT count(*), count(DISTINCT revision) FROM revisions WHERE id = 'f1'") == [(3, 3)]


def test_what_came_out_of_order_or_not_at_all_is_said(house: House) -> None:
    values = signup(created=False)
    values[1]["ets"], values[4]["ets"] = values[4]["ets"], values[1]["ets"]
    house.put(*values[:-1])
    house.fold()
    ((_, outcome, _, missing, out_of_order, _),) = house.ask(STATE)
    assert (outcome, missing, out_of_order) == (
        "create_failed",
        ["ended"],
        ["otp_submitted", "form_viewed"],
    )
    codes = {remark["code"] for remark in msgspec.json.decode(house.ask("SELECT remarks FROM flows")[0][0])}
    assert codes >= {"out_of_order", "abandoned"}


def test_an_unfinished_flow_is_abandoned_by_the_passing_of_time(house: House) -> None:
    house.put(*signup()[:3])
    house.fold()
    assert house.ask("SELECT outcome, missing FROM flows") == [("abandoned", ["ended"])]
    raw = house.ask("SELECT outcome, later_outcome, idle_ms FROM revisions WHERE id <> ''")
    assert raw == [("unfinished", "abandoned", 30 * 60_000)]


def test_an_event_without_an_id_goes_with_the_flow_of_its_session(house: House) -> None:
    audit = signup()[5]
    house.put(audit)
    house.fold()
    assert house.ask("SELECT id, steps FROM flows") == [("session:d1/s1", ["user_created"])]
    house.put(*signup()[:5])
    house.fold()
    assert house.ask(STATE)[0][2] == ALL_STEPS[:-1]
    assert house.ask("SELECT count(*) FROM flows") == [(1,)]


def test_two_flows_of_one_session_share_what_has_no_id_by_time(house: House) -> None:
    house.put(*signup("f1"), *signup("f2", at=200))
    house.fold()
    assert [row[2] for row in house.ask(STATE)] == [ALL_STEPS, ALL_STEPS]


def test_what_nothing_ties_to_a_flow_is_left_alone(house: House) -> None:
    loose = signup()[5]
    loose["context"]["sid"] = loose["context"]["did"] = ""
    house.put(loose)
    house.fold()
    assert house.ask("SELECT count(*) FROM flows") == [(0,)]


def test_only_stored_events_count_and_none_that_was_derived(house: House) -> None:
    values = signup()
    house.put(*values[:3])
    house.put(values[3], derived_from="other")
    house.fold()
    assert house.ask("SELECT events FROM flows") == [(3,)]


def test_nothing_is_folded_twice_and_compaction_is_not_news(house: House) -> None:
    house.put(*signup())
    house.fold()
    house.put(*signup("f2", at=100, sid="s2"))
    house.compact()
    house.fold()
    before = house.ask("SELECT max(revision) FROM revisions")
    house.fold()
    house.compact()
    house.fold()
    assert house.ask("SELECT max(revision) FROM revisions") == before
    assert [row[5] for row in house.ask(STATE)] == [7, 7]


def test_each_channel_has_flows_of_its_own(house: House) -> None:
    for index, value in enumerate(signup()):
        house.put(value, channel="AB"[index % 2])
    house.fold()
    assert house.ask("SELECT channel, channels, len(steps) FROM flows ORDER BY channel") == [
        ("A", ["A"], 4),
        ("B", ["B"], 3),
    ]


@pytest.mark.parametrize("setting", ["A, B; C,D", "*"])
def test_channels_may_share_flows_if_the_operator_says_so(tmp_path: Path, setting: str) -> None:
    house = House(tmp_path, "signup", channels=setting)
    for index, value in enumerate(signup()):
        house.put(value, channel="BA"[index % 2])
    house.put(*signup("x", sid="s9", did="d9"), channel="other")
    house.fold()
    assert house.ask("SELECT channel, channels, outcome FROM flows ORDER BY id") == [
        ("B", ["B", "A"], "success"),
        ("other", ["other"], "success"),
    ]


def test_the_events_of_a_device_keep_their_distances_whatever_its_clock_says(house: House) -> None:
    for index, value in enumerate(signup()):
        value["ets"] -= 3_600_000  # the clock is an hour slow, and each batch is corrected by a little less
        house.put(value, clock="corrected", occurred_at=_shifted(value, 3_600_000 - 4_000 * index))
    house.fold()
    ((began, duration, out_of_order),) = house.ask("SELECT epoch_ms(began_at), duration_ms, out_of_order FROM flows")
    assert (duration, out_of_order) == (32_000, [])
    assert began == signup()[0]["ets"]


def _shifted(value: dict[str, Any], by: float) -> datetime:
    return datetime.fromtimestamp((value["ets"] + by) / 1000, UTC).replace(tzinfo=None)


def test_an_event_that_cannot_be_read_back_is_passed_over(house: House) -> None:
    values = signup()
    house.put(*values[:2])
    house.put(values[2], event="[" * 100_000)
    house.put(values[3], event=None)
    house.put(values[4], event="[1]")
    house.fold()
    assert house.ask("SELECT events FROM flows") == [(2,)]


def test_so_many_events_for_one_flow_that_only_the_first_are_looked_at(house: House) -> None:
    again = [
        event("INTERACT", 10 + n / 1000, {"type": "click", "id": "submit-signup", "pageid": "signup"}, mid=f"m{n:05}")
        for n in range(2_500)
    ]
    order = random.Random(1)
    order.shuffle(again)
    for start in range(0, 2_500, 500):
        house.put(*again[start : start + 500])
        house.fold()
    ((events, began, ended, remarks),) = house.ask(
        "SELECT events, epoch_ms(began_at), epoch_ms(ended_at), remarks FROM flows"
    )
    assert (events, ended - began) == (2_000, 1_999)
    assert msgspec.json.decode(remarks)[0]["code"] == "too_many_events"
    assert house.ask("SELECT len(steps) FROM flows") == [(500,)]


@pytest.mark.parametrize("gone", ["entry", "file", "everything"])
def test_a_gap_in_the_log_loses_nothing(tmp_path: Path, gone: str) -> None:
    house = House(tmp_path, "signup", chunk=1)
    house.put(*signup()[:4])
    house.fold()
    for value in signup()[4:]:
        house.put(value)
    house.put(*signup("f2", at=90, sid="s2"))
    if gone == "entry":
        house.events.checkpoint()
        entry_path(house.events.folder, 2).unlink()
    elif gone == "file":
        (path,) = house.events.added(3) or []
        house.compact()
        (house.events.folder / path).unlink()
    else:
        house.compact()
        house.events.checkpoint()
        for version in range(house.events.version):
            entry_path(house.events.folder, version).unlink()
    house.fold()
    assert [row[1:] for row in house.ask(STATE)] == [("success", ALL_STEPS, [], [], 7)] * 2


def test_another_events_table_begins_anew(tmp_path: Path) -> None:
    house = House(tmp_path, "signup")
    house.put(*signup())
    house.fold()
    (tmp_path / "events").rename(tmp_path / "old")
    (tmp_path / "tables.json").unlink()
    house = House(tmp_path, "signup")
    house.put(*signup("f9")[:3])
    house.fold()
    assert house.ask("SELECT id, events FROM flows") == [("f9", 3)]


def test_a_plan_that_changes_is_judged_anew_and_the_others_stay(house: House) -> None:
    house.put(*signup())
    house.put(
        event("IMPRESSION", 5, {"type": "view", "pageid": "signin", "uri": "/google/auth"}, env="signin", kind="signin")
    )
    house.fold()
    before = dict(house.ask("SELECT plan, revision FROM flows"))
    house.plans = [msgspec.structs.replace(plan, version=2) if plan.plan == "signup" else plan for plan in house.plans]
    house.fold()
    after = house.ask("SELECT plan, plan_version, revision FROM flows ORDER BY plan")
    assert [row[:2] for row in after] == [("google-signin", 1), ("signup", 2)]
    assert after[0][2] == before["google-signin"]
    house.plans = house.plans[1:]
    house.fold()
    assert [plan for (plan,) in house.ask("SELECT DISTINCT plan FROM revisions")] == [house.plans[0].plan]


def test_rebuilding_gives_the_same_flows(house: House) -> None:
    for number in range(12):
        house.put(*signup(f"f{number}", at=number * 60, created=number % 3 > 0, sid=f"s{number // 2}")[number % 4 :])
        house.fold()
    before = house.flows()
    assert len(before) > 6
    store = FlowTable(house.root, 1 << 20)
    folder = FlowFold(ChangeFeed(house.root, 1 << 20), store, house.plans, "", most=40 << 10)
    folder.rebuild()
    while folder.step().more:
        pass
    folder.save()
    store.close()
    assert house.flows() == before


def test_the_rows_of_other_plans_do_not_show_what_is_hidden(house: House) -> None:
    house.put(
        *signup(), event("LOG", 3, log("api_access", "user exists", "signin"), env="signin", kind="signin", flow="g1")
    )
    house.fold()
    assert house.ask("SELECT plan, id FROM flows ORDER BY plan") == [("google-signin", "g1"), ("signup", "f1")]
    assert house.ask("SELECT count(*) FROM revisions WHERE outcome IS NULL")[0][0] >= 1
