"""Pages that go: what they still send, what they leave, and how they come back."""

import pytest

from .site import TAKEN, Json, Reply, desk
from .test_waiting import NO_DISK
from .visits import Person, ids

HIDE = """(is) => {
  for (const [name, value] of [["hidden", is], ["visibilityState", is ? "hidden" : "visible"]])
    Object.defineProperty(document, name, { configurable: true, value });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def events(there_taken: list[Json]) -> set[str]:
    return {event["mid"] for event in there_taken}


@pytest.mark.parametrize("leave", ["close", "navigate"])
def test_a_page_that_goes_sends_what_it_has(someone: Person, leave: str) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        mids = tab.send("a", "b")
        witness = someone.open()
        if leave == "close":
            tab.page.close()
        else:
            tab.page.goto(someone.origin + "/elsewhere")
        witness.wait(lambda: events(there.taken) == set(mids))
        # Nobody has heard the answer, so it is sent again; the same event has the same mid and text.
        after = someone.open(endpoint=there.url)
        assert after.flush()
        assert len({str(event) for event in there.taken}) == 2


def test_a_page_that_is_hidden_sends_what_it_has_and_hears_the_answer(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.send("a")
        tab.run(HIDE, True)
        tab.wait(lambda: [fate["fate"] for fate in tab.fates()] == ["stored"])
        tab.run(HIDE, False)
        assert tab.flush()
        assert ids(there.taken) == ["a"]


def test_a_page_on_its_way_out_sends_no_more_than_it_may(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run("for (let n = 0; n < 12; n++) tracker.exdata({ type: `${n}`, data: 'ü'.repeat(5000) })")
        tab.run(HIDE, True)
        tab.wait(lambda: len(tab.fates()) == 5)
        assert [event["edata"]["type"] for event in there.taken] == ["0", "1", "2", "3", "4"]
        assert tab.flush()
        assert [event["edata"]["type"] for event in there.taken] == [str(number) for number in range(12)]


def test_content_that_is_played_ends_with_the_page(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run(
            "window.first = tracker.play('do_1'), window.second = tracker.play({ id: 'do_2', type: 'Video', ver: '3' })"
        )
        tab.page.wait_for_timeout(80)
        tab.run("first.end({ summary: [{ progress: 50 }] })")
        tab.run("first.end()")
        tab.page.goto(someone.origin + "/elsewhere")
        tab.begin(there.url)
        assert tab.flush()
        seen = {event["mid"]: event for event in there.taken}.values()
        told = [(event["eid"], event["object"]["id"], event["edata"]["type"], event["edata"]["mode"]) for event in seen]
        assert told == [
            ("START", "do_1", "player", "play"),
            ("START", "do_2", "player", "play"),
            ("END", "do_1", "player", "play"),
            ("END", "do_2", "player", "play"),
        ]
        durations = [event["edata"]["duration"] for event in seen if event["eid"] == "END"]
        assert 0.08 <= durations[0] < durations[1] < 10


def test_an_application_that_ends_things_as_the_page_goes(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run("addEventListener('pagehide', () => tracker.interact({ type: 'CLICK', id: 'late' }))")
        tab.page.goto(someone.origin + "/elsewhere")
        tab.begin(there.url)
        assert tab.flush()
        assert {*ids(there.taken)} == {"late"}


def test_what_a_page_parks_late_does_not_go_with_what_it_parked_before(someone: Person) -> None:
    parked = "Object.keys(localStorage).filter((name) => name.startsWith('footfall http'))"
    someone.context.add_init_script(NO_DISK)
    with desk(lambda _: (503, {}, {})) as there:
        tab = someone.open(endpoint=there.url)
        tab.send("early")
        tab.run("dispatchEvent(new PageTransitionEvent('pagehide'))")
        assert not tab.flush()  # and so has looked for what others parked
        (before,) = tab.run(parked)
        tab.send("late")
        # As another tab does that has brought back the first.
        tab.run("(name) => localStorage.removeItem(name)", before)
        assert "late" in tab.run(f"localStorage[{parked}]")


def test_a_page_that_comes_back_from_the_cache_goes_on(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run("window.shown = 0; addEventListener('pageshow', ({ persisted }) => { shown += persisted })")
        first = tab.send("before")
        tab.page.goto(someone.origin + "/elsewhere")
        tab.page.go_back(wait_until="commit")
        assert tab.run("shown") == 1, "the tracker keeps the page from being cached"
        second = tab.send("after")
        assert tab.flush()
        assert events(there.taken) == {*first, *second}
        # And again: its listeners are those of before.
        tab.page.goto(someone.origin + "/elsewhere")
        tab.page.go_back(wait_until="commit")
        assert tab.run("shown") == 2


def test_a_page_that_goes_in_mid_send(someone: Person) -> None:
    answers: list[Reply | None] = [None]
    with desk(lambda _: answers.pop() if answers else TAKEN) as there:
        tab = someone.open(endpoint=there.url, batch=5)
        someone.context.route("**/v1/telemetry", lambda route: None)
        tab.send(*map(str, range(5)))
        someone.context.unroute_all(behavior="ignoreErrors")
        tab.page.goto(someone.origin + "/elsewhere")
        tab.begin(there.url)
        assert tab.flush()
        assert sorted(set(ids(there.taken))) == ["0", "1", "2", "3", "4"]
