"""Events that cannot be sent at once: where they wait, for how long, and who sends them in the end."""

import threading
from contextlib import suppress

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from .site import TAKEN, Json, Reply, desk
from .visits import Person, Tab, ids, person

# What cannot be compressed.
_NOISE = """(start) => {
  for (let type = start; type < start + 10; type++) {
    const noise = crypto.getRandomValues(new Uint8Array(10_000));
    tracker.exdata({ type: `${type}`, data: String.fromCharCode(...noise.map((byte) => 32 + (byte % 90))) });
  }
}"""
NOWHERE = "http://127.0.0.1:9"
_REFUSE = "() { throw new DOMException('no', 'SecurityError') }"
NO_DISK = f"Object.defineProperty(window, 'indexedDB', {{ value: {{ open{_REFUSE} }} }})"
NO_STORAGE = f"Object.defineProperty(window, 'localStorage', {{ get{_REFUSE} }})"


def waiting(tab: Tab) -> int:
    """How many events lie on the disk."""
    return int(
        tab.run(
            """async () => {
              const asked = (request) => new Promise((done) => { request.onsuccess = () => done(request.result) });
              let sum = 0;
              for (const { name } of await indexedDB.databases()) {
                const db = await asked(indexedDB.open(name));
                sum += await asked(db.transaction("events").objectStore("events").count());
                db.close();
              }
              return sum;
            }"""
        )
    )


def test_offline_and_online_again(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        someone.context.set_offline(True)
        names = [str(number) for number in range(150)]
        tab.send(*names)
        assert tab.flush() is False
        someone.context.set_offline(False)
        tab.wait(lambda: len(there.taken) == 150)
        assert ids(there.taken) == names


def test_events_outlive_the_page_that_made_them(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        someone.context.set_offline(True)
        mids = tab.send("a", "b")
        tab.page.close()
        someone.context.set_offline(False)
        after = someone.open(endpoint=there.url)
        after.wait(lambda: {event["mid"] for event in there.taken} == set(mids))


def test_events_of_the_very_first_moment_outlive_the_page_too(someone: Person) -> None:
    with desk() as there:
        tab = someone.open()
        # Nothing is open yet when this is made, and nothing can be sent when the page goes.
        with tab.page.expect_navigation(url="**/elsewhere"), suppress(BrowserError):
            tab.run(
                """async (endpoint) => {
                  const { createTracker } = await import("/footfall.js");
                  const dispatcher = { dispatch() { throw new Error() } };
                  const tracker = createTracker({ endpoint, producer: "p", channel: "academy", dispatcher });
                  tracker.interact({ type: "CLICK", id: "first" });
                  location.href = "/elsewhere";
                }""",
                there.url,
            )
        tab.begin(there.url, producer="p")
        tab.wait(lambda: "first" in ids(there.taken))


def test_a_tab_that_crashes_leaves_its_events_to_the_others(someone: Person) -> None:
    answer: Reply | None = (503, {}, {})
    with desk(lambda _: answer) as there:
        lasting = someone.open(endpoint=there.url)
        crashing = someone.open(endpoint=there.url)
        crashing.send("a", "b")
        lasting.wait(lambda: waiting(lasting) == 2)
        with suppress(BrowserError):
            crashing.page.goto("chrome://crash", timeout=2000)
        answer = TAKEN
        assert lasting.flush()
        assert ids(there.taken) == ["a", "b"]


@pytest.mark.parametrize("secure", [True, False], ids=["locks", "no locks"])
def test_one_tab_sends_at_a_time_and_each_hears_of_its_own(chromium: Browser, port: int, secure: bool) -> None:
    pause = threading.Event()
    busy: list[int] = []
    together: list[int] = []

    def answer(batch: Json) -> Reply:
        busy.append(1)
        together.append(len(busy))
        pause.wait(0.02)
        busy.pop()
        return TAKEN

    origin = f"http://{'127.0.0.1' if secure else 'school.example'}:{port}"
    with person(chromium.new_context(), origin) as someone, desk(answer) as there:
        tabs = [someone.open(endpoint=there.url, batch=10) for _ in range(3)]
        assert {tab.run("!!navigator.locks") for tab in tabs} == {secure}
        made = [tab.send(*(f"{place}-{number}" for number in range(60))) for place, tab in enumerate(tabs)]
        for tab, mids in zip(tabs, made, strict=True):
            tab.wait(lambda tab=tab: len(tab.fates()) == 60)  # type: ignore[misc]
            assert sorted(fate["mid"] for fate in tab.fates()) == sorted(mids)
        taken = [event["mid"] for event in there.taken]
        once = list(dict.fromkeys(taken))
        assert sorted(once) == sorted(mid for part in made for mid in part)
        for part in made:
            assert [mid for mid in once if mid in part] == part
        if secure:  # a lease can be taken by two at the same moment
            assert once == taken
            assert max(together) == 1


def test_a_lease_ends_with_the_tab_that_held_it(someone_insecure: Person) -> None:
    someone = someone_insecure
    with desk() as there:
        holder = someone.open(endpoint=NOWHERE, age=60)
        holder.run("Date.now = ((now) => () => now() - 60e3)(Date.now)")
        holder.page.close()
        tab = someone.open(endpoint=there.url)
        tab.send("a")
        tab.wait(lambda: ids(there.taken) == ["a"])


@pytest.mark.parametrize("refused", [NO_DISK, NO_STORAGE + ";" + NO_DISK], ids=["no disk", "nothing"])
def test_where_the_disk_is_refused_events_wait_in_memory(someone: Person, refused: str) -> None:
    someone.context.add_init_script(refused)
    answers: list[Reply] = [(503, {}, {})]
    with desk(lambda _: answers.pop() if answers else TAKEN) as there:
        tab = someone.open(endpoint=there.url, batch=10)
        names = [str(number) for number in range(25)]
        tab.send(*names)
        tab.wait(lambda: len(tab.fates()) == 25)
        assert ids(there.taken) == names
        assert len({event["context"]["did"] for event in there.taken}) == 1
        assert len({event["context"]["sid"] for event in there.taken}) == 1


def test_what_waited_in_memory_outlives_the_page_in_local_storage(someone: Person) -> None:
    with desk() as there:
        context = someone.context
        context.add_init_script(NO_DISK)
        tab = someone.open(endpoint=there.url)
        context.set_offline(True)
        tab.send("a", "b")
        tab.page.close()
        context.set_offline(False)
        after = someone.open(endpoint=there.url)
        after.wait(lambda: {*ids(there.taken)} == {"a", "b"})
        assert after.run("Object.keys(localStorage).filter((name) => name.startsWith('footfall '))") == []


def test_the_oldest_make_way_in_a_full_outbox(someone: Person) -> None:
    answer: Reply = (503, {}, {})
    with desk(lambda _: answer) as there:
        tab = someone.open(endpoint=there.url, maxEvents=300, batch=50, age=60)
        mids = tab.send(*map(str, range(50)))
        tab.wait(lambda: len(there.batches) > 0)
        for start in range(50, 1000, 50):
            mids += tab.send(*map(str, range(start, start + 50)))
        tab.wait(lambda: tab.run("tracker.counts.dropped") >= 500)
        assert waiting(tab) <= 500
        answer = TAKEN
        assert tab.flush()
        dropped = {fate["mid"] for fate in tab.fates() if fate["fate"] == "dropped"}
        taken = [event["mid"] for event in there.taken]
        assert len(taken) + len(dropped) == 1000
        assert taken == [mid for mid in mids if mid not in dropped]
        # Those under way stayed, the newest too.
        assert taken[:50] == mids[:50]
        assert taken[-200:] == mids[-200:]


def test_where_the_disk_is_full_events_wait_in_memory(someone: Person) -> None:
    answer: Reply = (503, {}, {})
    with desk(lambda _: answer) as there:
        tab = someone.open()
        devtools = someone.context.new_cdp_session(tab.page)
        devtools.send("Storage.overrideQuotaForOrigin", {"origin": someone.origin, "quotaSize": 1 << 20})
        tab.begin(there.url, batch=20, maxEvents=150)
        for start in range(0, 400, 10):
            tab.run(_NOISE, start)
        tab.wait(lambda: tab.run("tracker.counts.dropped") > 50)
        on_disk = waiting(tab)
        assert 50 < on_disk < 150
        answer = TAKEN
        tab.wait(tab.flush)
        taken = [int(event["edata"]["type"]) for event in there.taken]
        # The oldest of those in memory made way.
        assert taken == [*range(on_disk), *range(250, 400)]
        assert tab.run("tracker.counts.dropped") == 250 - on_disk
        tab.send("again")
        tab.wait(lambda: ids(there.taken) == ["again"])


def test_data_that_the_person_clears_is_begun_anew(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.send("a")
        assert tab.flush()
        devtools = someone.context.new_cdp_session(tab.page)
        devtools.send("Storage.clearDataForOrigin", {"origin": someone.origin, "storageTypes": "all"})
        tab.send("b")
        assert tab.flush()
        tab.send("c")
        assert tab.flush()
        assert ids(there.taken) == ["a", "b", "c"]


def test_trackers_of_different_addresses_do_not_mix(someone: Person) -> None:
    with desk() as here, desk() as there:
        tab = someone.open(endpoint=here.url)
        other = someone.open(endpoint=there.url)
        tab.send("here")
        other.send("there")
        assert tab.flush()
        assert other.flush()
        assert (ids(here.taken), ids(there.taken)) == (["here"], ["there"])


def test_stop_sends_what_waits_and_nothing_after(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=60)
        tab.send("a")
        assert tab.run("tracker.stop()") is True
        assert tab.run("[tracker.isActive, tracker.interact({ type: 'CLICK', id: 'b' })]") == [False, ""]
        tab.page.goto(someone.origin + "/elsewhere")
        assert ids(there.taken) == ["a"]
