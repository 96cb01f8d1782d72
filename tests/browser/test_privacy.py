"""What is kept and sent of people who asked not to be tracked, and what the tracker needs of a page."""

import pytest

from .conftest import Keyed
from .site import desk, mixed
from .visits import Person, Tab, ids

SIGNAL = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })"
KEPT = """async () => [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie,
  ...(await indexedDB.databases()).map(({ name }) => name)].filter(Boolean)"""


def kept(tab: Tab) -> list[str]:
    """The names of everything that is kept on the device."""
    return list(tab.run(KEPT))


def test_who_signals_it_is_left_alone(someone: Person) -> None:
    someone.context.add_init_script(SIGNAL)
    with desk() as there:
        tab = someone.open(endpoint=there.url, impressions=True)
        assert tab.send("a") == [""]
        assert tab.run("[tracker.isActive, tracker.session({}).end(), tracker.play('do_1').end()]") == [False, "", ""]
        assert tab.flush() is True
        assert tab.run("tracker.aside()") == []
        tab.run("host => $t.initialize({ host })", there.url)
        tab.run("$t.interact({ type: 'CLICK', id: 'a' }), $t.syncEvents()")
        assert tab.run("new Promise((resolve) => $t.getFingerPrint(resolve))") is not None
        assert kept(tab) == []
        tab.page.goto(someone.origin + "/elsewhere")
        assert there.batches == []


def test_or_counted_without_being_known_again(someone: Person) -> None:
    someone.context.add_init_script(SIGNAL)
    with desk() as there:
        for _ in range(2):
            tab = someone.open(endpoint=there.url, gpc="anonymous")
            tab.send("a", "b")
            assert tab.flush()
            assert kept(tab) == []
            tab.page.close()
        dids = [event["context"]["did"] for event in there.taken]
        assert dids[0] == dids[1] != dids[2] == dids[3]
        assert there.taken[0]["context"]["sid"] == there.taken[1]["context"]["sid"] != there.taken[2]["context"]["sid"]


def test_or_not_at_all_where_the_operator_has_an_agreement_with_them(someone: Person) -> None:
    someone.context.add_init_script(SIGNAL)
    with desk() as there:
        tab = someone.open(endpoint=there.url, gpc="ignore")
        tab.send("a")
        assert tab.flush()
        assert ids(there.taken) == ["a"]


def test_a_tracker_that_keeps_nothing_on_the_device(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, storage="memory")
        tab.send("a")
        assert tab.flush()
        assert kept(tab) == []


def test_what_is_kept_has_our_name_and_can_be_forgotten(someone: Person) -> None:
    with desk() as there:
        tab = someone.open(endpoint=there.url, age=600)
        tab.run("localStorage.mine = '1'")
        tab.send("a")
        tab.wait(lambda: len(kept(tab)) == 4)
        assert [name for name in kept(tab) if not name.startswith("footfall")] == ["mine"]
        assert tab.run("tracker.stop({ forget: true })") is True
        tab.wait(lambda: kept(tab) == ["mine"])
        tab.page.goto(someone.origin + "/elsewhere")
        tab.begin(there.url)
        assert tab.flush()
        assert there.taken == []


@pytest.mark.parametrize("sdk", [False, True], ids=["modern", "drop-in"])
def test_a_page_of_another_origin_with_a_strict_policy(someone: Person, footfall: Keyed, sdk: bool) -> None:
    script = f"{footfall.url}/footfall.js"
    policy = (
        f"default-src 'none'; script-src {footfall.url}; connect-src {footfall.url}; require-trusted-types-for 'script'"
    )
    tab = someone.open(mixed(f'<script type="module" src="{script}"></script>', policy))
    failures: list[str] = []
    tab.page.on("console", lambda message: failures.append(message.text))
    key = footfall.keys["academy"]
    if sdk:
        # By default it sends to where it came from.
        tab.run("said => $t.initialize(said)", {"authtoken": key, "pdata": {"id": "p", "ver": "1"}})
        tab.run("$t.interact({ type: 'CLICK', id: 'a' }), $t.syncEvents()")
    else:
        tab.run(
            """([url, key]) => import(url).then(({ createTracker }) => {
              const tracker = createTracker({ producer: "p", key });
              tracker.interact({ type: "CLICK", id: "a" });
              return tracker.flush();
            })""",
            [script, key],
        )
    did = tab.run("localStorage['footfall.did']")
    rows = footfall.served.wait_for(
        f"SELECT channel, warnings FROM events WHERE did = '{did}'", lambda rows: len(rows) == 1
    )
    assert [(row["channel"], row["warnings"] or []) for row in rows] == [("academy", [])]
    assert failures == []
    assert someone.context.cookies() == []
