"""What the tracker sends, when, and what it does with the answers."""

import time
from collections.abc import Callable
from itertools import count

import pytest
from playwright.sync_api import Route

from .conftest import Keyed
from .site import TAKEN, Json, Reply, desk
from .visits import PRODUCER, Person, ids


def test_a_few_events_are_sent_when_they_are_old_enough(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.send("a", "b")
        tab.wait(lambda: ids(there.taken) == ["a", "b"])
        tab.wait(lambda: [fate["fate"] for fate in tab.fates()] == ["stored", "stored"])


def test_nothing_waits_longer_than_five_seconds_unless_told(someone: Person) -> None:
    with desk() as there:
        tab = someone.open()
        tab.page.clock.install()
        tab.begin(there.url, age=None)
        tab.send("a")
        tab.page.clock.run_for(4_000)
        assert there.batches == []
        tab.page.clock.run_for(1_100)
        tab.wait(lambda: ids(there.taken) == ["a"])


def test_events_arrive_in_order_in_batches_of_the_chosen_size(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, batch=10, age=60)
        names = [str(number) for number in range(35)]
        mids = tab.send(*names)
        assert tab.flush()
        assert ids(there.taken) == names
        assert [event["mid"] for event in there.taken] == mids
        assert [len(batch["events"]) for batch in there.batches] == [10, 10, 10, 5]
        counts = {"kept": 35, "stored": 35, "rejected": 0, "dropped": 0, "invalid": 0, "retries": 0}
        assert tab.run("tracker.counts") == counts


def test_an_event_that_happened_elsewhere_keeps_its_name_and_time(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        said = {"mid": "m-1", "ets": 1795224242107, "ver": "3.0"}
        assert tab.run("(said) => tracker.heartbeat({}, said)", said) == "m-1"
        assert tab.flush()
        assert {name: there.taken[0][name] for name in said} == said


def test_an_end_is_not_kept_waiting(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run("tracker.start(null, null, '', { type: 'app' }), tracker.end({ type: 'app' })")
        tab.wait(lambda: [event["eid"] for event in there.taken] == ["START", "END"])


def test_a_failing_server_gets_the_same_batch_again(someone: Person) -> None:
    answers: list[Reply | None] = [None, (503, {}, {"Retry-After": "0"}), (429, {}, {}), (500, {}, {}), TAKEN]
    with desk(lambda _: answers.pop(0)) as there:
        tab = someone.open(endpoint=there.url)
        tab.send("only")
        tab.wait(lambda: len(there.taken) == 1, 20)
        tab.wait(lambda: len(tab.fates()) == 1)
        assert len({batch["params"]["msgid"] for batch in there.batches}) == 1
        assert all(batch["events"] == there.taken for batch in there.batches)
        # Chromium itself tries a cut connection once more.
        assert tab.run("[tracker.counts.stored, tracker.counts.retries >= 3]") == [1, True]


def test_events_made_while_a_batch_is_tried_again_do_not_join_it(someone: Person) -> None:
    answers: list[Reply] = [(503, {}, {}), (503, {}, {})]
    with desk(lambda _: answers.pop() if answers else TAKEN) as there:
        tab = someone.open(endpoint=there.url)
        tab.send("first")
        tab.wait(lambda: len(there.batches) == 1)
        tab.send("second")
        tab.wait(lambda: len(there.taken) == 2)
        assert [ids(batch["events"]) for batch in there.batches] == [["first"]] * 3 + [["second"]]


@pytest.mark.parametrize(
    "asked", [lambda: "3600", lambda: time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 3600))]
)
def test_retry_after_is_honoured_also_by_other_tabs_and_flush(someone: Person, asked: Callable[[], str]) -> None:
    with desk(lambda _: (503, {}, {"Retry-After": asked()})) as there:
        tab = someone.open(endpoint=there.url)
        tab.send("early")
        tab.wait(lambda: len(there.batches) == 1)
        other = someone.open(endpoint=there.url)
        other.send("more")
        assert other.flush() is False
        assert tab.flush() is False
        tab.page.close()
        other.page.close()
        assert len(there.batches) == 1


def test_a_flush_does_not_wait_for_a_pause_of_the_trackers_own(someone: Person) -> None:
    answers: list[Reply] = [(500, {}, {})] * 6
    with desk(lambda _: answers.pop() if answers else TAKEN) as there:
        tab = someone.open(endpoint=there.url)
        tab.send("a")
        for _ in range(6):
            tab.flush()
        assert tab.flush() is True
        assert ids(there.taken) == ["a"]


def test_what_is_judged_wrong_lies_aside_and_is_told(someone: Person, footfall: Keyed) -> None:
    tab = someone.open(endpoint=footfall.url, key=footfall.keys["academy"])
    good, bad, also = tab.run(
        """[tracker.interact({ type: "CLICK", id: "a" }), tracker.interact({ type: 5, id: "b" }),
            tracker.interact({ type: "CLICK", id: "c" })]"""
    )
    assert tab.flush()
    fates = {fate["mid"]: fate for fate in tab.fates()}
    assert [fates[mid]["fate"] for mid in (good, bad, also)] == ["stored", "rejected", "stored"]
    assert (fates[bad]["code"], fates[bad]["path"]) == ("wrong_type", "$.edata.type")
    (aside,) = tab.run("tracker.aside()")
    assert (aside["mid"], aside["code"]) == (bad, "wrong_type")
    assert '"type":5' in aside["event"]


def test_of_what_lies_aside_the_last_hundred_are_kept(someone: Person) -> None:
    wrong = [{"index": index, "code": "odd", "path": "$", "message": "."} for index in range(130)]
    with desk(lambda _: (200, {"result": {"errors": wrong}}, {})) as there:
        tab = someone.open(endpoint=there.url, batch=130)
        mids = tab.send(*map(str, range(130)))
        assert tab.flush()
        assert [found["mid"] for found in tab.run("tracker.aside()")] == mids[30:]


def test_an_event_that_spoils_its_batch_is_found_by_halves(someone: Person) -> None:
    def answer(batch: Json) -> Reply:
        return (
            (400, {"result": {"code": "malformed_json", "message": "."}}, {})
            if "poison" in ids(batch["events"])
            else TAKEN
        )

    with desk(answer) as there:
        tab = someone.open(endpoint=there.url)
        names = [*map(str, range(20)), "poison", *map(str, range(20, 40))]
        mids = tab.send(*names)
        assert tab.flush()
        assert ids(there.taken) == [name for name in names if name != "poison"]
        assert [(fate["mid"], fate["code"]) for fate in tab.fates() if fate["fate"] == "rejected"] == [
            (mids[20], "malformed_json")
        ]
        assert len(there.batches) < 14


def test_a_batch_that_is_too_large_is_sent_in_parts(someone: Person) -> None:
    with desk(lambda batch: (413, {}, {}) if len(batch["events"]) > 3 else TAKEN) as there:
        tab = someone.open(endpoint=there.url)
        names = [str(number) for number in range(10)]
        tab.send(*names)
        assert tab.flush()
        assert ids(there.taken) == names


def test_batches_have_bounds_in_bytes(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.run("for (let n = 0; n < 8; n++) tracker.exdata({ data: 'x'.repeat(150000) })")
        assert tab.flush()
        assert [len(batch["events"]) for batch in there.batches] == [3, 3, 2]


@pytest.mark.parametrize("status", [401, 403, 404, 407, 421, 451])
def test_a_server_that_refuses_keeps_the_events(someone: Person, status: int) -> None:
    answer: Reply = (status, {}, {})
    with desk(lambda _: answer) as there:
        tab = someone.open(endpoint=there.url, key="old")
        tab.send("kept")
        assert tab.flush() is False
        answer = TAKEN
        tab.run("tracker.set({ key: 'new' })")
        assert tab.flush() is True
        assert ids(there.taken) == ["kept"]
        assert (there.headers[0]["authorization"], there.headers[-1]["authorization"]) == ("Bearer old", "Bearer new")


def test_a_page_of_something_in_between_is_no_answer(someone: Person) -> None:
    seen = count()
    with desk() as there:
        tab = someone.open()

        def portal(route: Route) -> None:
            if next(seen):
                route.continue_()
            else:
                anyone = {"access-control-allow-origin": "*"}
                route.fulfill(status=200, body="<h1>Welcome to our WLAN</h1>", headers=anyone)

        someone.context.route(there.url + "/**", portal)
        tab.begin(there.url)
        tab.send("a")
        tab.wait(lambda: ids(there.taken) == ["a"])


def test_what_is_no_event_is_told_and_never_raised(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        made = tab.run(
            """() => {
              const round = {}; round.round = round;
              return [tracker.heartbeat(round), tracker.exdata({ data: "x".repeat(2 ** 20) }), tracker.track("LOG", 7n),
                      tracker.interact(null), tracker.share({ items: 5 })];
            }"""
        )
        assert made[:2] == ["", ""]
        assert made[4] == ""
        assert {fate["code"] for fate in tab.fates()} == {"invalid", "event_too_large"}


def test_a_listener_that_fails_or_left_does_no_harm(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.run(
            """() => {
              const off = tracker.on("fate", () => { window.told = true; });
              off();
              window.addEventListener("error", (event) => { window.failed = event.message; event.preventDefault(); });
              tracker.on("fate", () => { throw new Error("mine"); });
            }"""
        )
        tab.send("a")
        assert tab.flush()
        tab.wait(lambda: "mine" in (tab.run("window.failed") or ""))
        assert tab.run("window.told") is None
        assert len(tab.fates()) == 1


def test_names_that_no_header_may_hold(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, channel="école\n", producer={"id": "प", "ver": "1"})
        tab.send("a")
        assert tab.flush()
        assert not {"x-channel-id", "x-app-id"} & set(there.headers[0])
        assert there.taken[0]["context"]["pdata"]["id"] == "प"


def test_every_event_is_accepted_by_a_channel_as_strict_as_sunbirds(someone: Person, footfall: Keyed) -> None:
    from tests.sdk.calls import EIDS, PLAIN

    tab = someone.open(endpoint=footfall.url, channel="strict", key=footfall.keys["strict"])
    sid = tab.run(
        """(calls) => {
          const session = tracker.session({ pageid: "home" });
          const play = tracker.play("do_31");
          for (const [method, data] of Object.entries(calls)) play[method](data);
          play.end({ summary: [{ progress: 50 }] });
          return session.id;
        }""",
        PLAIN,
    )
    assert tab.flush()
    rows = footfall.served.wait_for(
        f"SELECT * FROM ledger WHERE sid = '{sid}' AND derived_from IS NULL", lambda rows: len(rows) >= 18
    )
    assert sorted(row["eid"] for row in rows) == sorted(["START", *EIDS])
    assert {(row["fate"], row["channel"], row["pdata_id"]) for row in rows} == {("stored", "strict", PRODUCER["id"])}
    assert not any(row["warnings"] for row in rows)
    assert {row["object_id"] for row in rows if row["edata_type"] != "session"} == {"do_31"}
