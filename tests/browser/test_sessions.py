"""Sessions over pages and tabs, and the device's id."""

from .site import Json, desk
from .visits import Person, Tab

BEGIN = "(window.session = tracker.session({ pageid: 'home' })).id"
LATER = "(ms) => { const now = Date.now; Date.now = () => now() + ms; }"
MINUTE = 60_000


def sids(events: list[Json]) -> list[str]:
    return [event["context"]["sid"] for event in events]


def test_a_session_is_the_same_in_all_tabs_and_begins_once(someone: Person) -> None:
    with desk() as there:
        first = someone.open(endpoint=there.url)
        sid = first.run(BEGIN)
        first.send("a")
        assert first.flush()
        second = someone.open(endpoint=there.url)
        assert second.run(BEGIN) == sid
        second.send("b")
        assert second.flush()
        assert [event["eid"] for event in there.taken] == ["START", "INTERACT", "INTERACT"]
        assert set(sids(there.taken)) == {sid}
        assert len({event["context"]["did"] for event in there.taken}) == 1
        start = there.taken[0]["edata"]
        assert (start["type"], start["pageid"], start["uaspec"]["raw"]) == (
            "session",
            "home",
            first.run("navigator.userAgent"),
        )


def test_a_session_ends_after_half_an_hour_without_events(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.run(BEGIN)
        for minutes in (29, 29, 31):
            tab.send("a")
            tab.run(LATER, minutes * MINUTE)
        tab.send("b")
        assert tab.flush()
        assert [event["eid"] for event in there.taken] == [
            "START",
            "INTERACT",
            "INTERACT",
            "INTERACT",
            "START",
            "INTERACT",
        ]
        first, second = dict.fromkeys(sids(there.taken))
        assert sids(there.taken) == [first] * 4 + [second] * 2


def test_a_session_that_is_ended_says_how_long_it_was(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        sid = tab.run(BEGIN)
        tab.run(LATER, 20 * MINUTE)
        later = someone.open(endpoint=there.url)
        later.run(LATER, 20 * MINUTE)
        assert later.run(BEGIN) == sid
        later.run("session.end({ summary: [{ pages: 2 }] })")
        later.send("after")
        assert later.flush()
        end = next(event for event in there.taken if event["eid"] == "END")
        assert end["context"]["sid"] == sid
        assert (end["edata"]["type"], end["edata"]["pageid"], end["edata"]["summary"]) == (
            "session",
            "home",
            [{"pages": 2}],
        )
        assert 1200 <= end["edata"]["duration"] < 1210
        assert sids(there.taken)[-1] != sid


def test_ids_that_the_page_knows_better(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(
            endpoint=there.url, sid="s-1", did="d-1", actor="u-1", env="lesson", cdata=[{"type": "Class", "id": "7b"}]
        )
        tab.send("a")
        tab.run("tracker.set({ actor: { id: 'u-2', type: 'Teacher' }, sid: 's-2' })")
        assert tab.run(BEGIN) == "s-2"
        tab.send("b")
        assert tab.flush()
        a, start, b = there.taken
        assert a["actor"] == {"id": "u-1", "type": "User"}
        assert start["actor"] == b["actor"] == {"id": "u-2", "type": "Teacher"}
        assert sids(there.taken) == ["s-1", "s-2", "s-2"]
        assert (a["context"]["did"], a["context"]["env"]) == ("d-1", "lesson")
        assert a["context"]["cdata"] == [{"type": "Class", "id": "7b"}]
        assert kept(tab) == {}


def kept(tab: Tab) -> Json:
    """What is in localStorage."""
    return dict(tab.run("({ ...localStorage })"))


def test_the_device_has_a_random_id_that_stays(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        did = tab.run("tracker.did")
        assert len(did) == 32
        assert tab.run("tracker.did") == kept(tab)["footfall.did"] == did
        assert someone.open(endpoint=there.url).run("tracker.did") == did
