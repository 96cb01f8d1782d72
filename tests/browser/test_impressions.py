"""IMPRESSIONs by themselves: of pages, and of what the history API makes of them."""

from .site import Json, desk
from .visits import Person


def uris(events: list[Json]) -> list[str]:
    return [event["edata"]["uri"] for event in events if event["eid"] == "IMPRESSION"]


def test_a_page_and_what_the_history_makes_of_it(someone: Person) -> None:
    with desk() as there:
        tab = someone.open("/home?token=secret", endpoint=there.url, impressions=True)
        tab.run("history.replaceState({}, '', '/home?tab=2')")
        tab.run("history.pushState({}, '', '/course/1')")
        tab.run("history.pushState({}, '', '/course/1#section')")
        tab.run("history.pushState({}, '', '/course/1#!/lesson/2')")
        tab.run("history.replaceState({}, '', '/course/2')")
        tab.run("location.hash = '#/3'")
        tab.wait(lambda: tab.run("tracker.counts.kept") == 5)
        tab.page.go_back()
        tab.wait(lambda: tab.run("tracker.counts.kept") == 6)
        assert tab.flush()
        assert uris(there.taken) == [
            "/home",
            "/course/1",
            "/course/1#!/lesson/2",
            "/course/2",
            "/course/2#/3",
            "/course/2",
        ]
        assert {event["edata"]["type"] for event in there.taken} == {"view"}
        assert all(event["edata"]["pageid"] == event["edata"]["uri"] for event in there.taken)


def test_the_page_says_what_a_page_is(someone: Person) -> None:
    with desk() as there:
        tab = someone.open("/course/1")
        tab.run(
            """(endpoint) => import("/footfall.js").then(({ createTracker }) => {
              const seen = (pathname) => ({ pageid: pathname.split("/")[1], type: "detail" });
              const impressions = ({ pathname }) => (pathname === "/login" ? null : seen(pathname));
              window.tracker = createTracker({ endpoint, producer: "p", channel: "academy", impressions });
            })""",
            there.url,
        )
        tab.run("history.pushState({}, '', '/login')")
        tab.run("history.pushState({}, '', '/search')")
        assert tab.flush()
        assert [(event["edata"]["pageid"], event["edata"]["type"]) for event in there.taken] == [
            ("course", "detail"),
            ("search", "detail"),
        ]
        assert uris(there.taken) == ["/course/1", "/search"]


def test_without_a_word_on_it_there_are_none(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url)
        tab.run("history.pushState({}, '', '/course/1')")
        tab.send("a")
        assert tab.flush()
        assert uris(there.taken) == []


def test_a_page_from_the_cache_is_seen_again(someone: Person) -> None:
    with desk() as there:
        tab = someone.open("/home", endpoint=there.url, impressions=True)
        assert tab.flush()
        tab.page.goto(someone.origin + "/elsewhere")
        tab.page.go_back(wait_until="commit")
        tab.wait(lambda: uris(there.taken) == ["/home", "/home"])
