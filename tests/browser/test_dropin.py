"""The face of the Sunbird SDK: what pages say to the SDK they can say to footfall.js."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.sdk.calls import DOCUMENTED, EIDS, PDATA, PLAIN, session

from .conftest import Keyed
from .page import example
from .site import Json, desk, mixed
from .visits import Person, Tab

SDK2 = '<script src="/sdk/sdk-2.0.1/dist/index.global.js"></script>'
SDK1 = '<script src="/sdk/jquery/dist/jquery.min.js"></script><script src="/sdk/sdk-1.3.0/index.js"></script>'
OURS = '<script type="module" src="/footfall.js"></script>'

_WATCH = """() => {
  window.seen = [];
  document.addEventListener("TelemetryEvent", ({ detail }) => seen.push(JSON.parse(JSON.stringify(detail))));
}"""
_CALL = """async ([config, calls]) => {
  if (config) $t.initialize(config);
  for (const [method, ...said] of calls) await $t[method](...said);
}"""

OPTIONS: Json = {
    "context": {"env": "course", "cdata": [{"type": "class", "id": "7b"}]},
    "object": {"id": "unit-1", "type": "Unit", "ver": "2", "rollup": {"l1": "course-101"}},
    "actor": {"id": "teacher-1", "type": "User"},
    "tags": ["t1"],
}


def config(url: str, **more: Any) -> Json:
    where = {"host": url, "apislug": "", "endpoint": "/v1/telemetry", "channel": "academy", "env": "home"}
    return where | {"pdata": PDATA, "did": "device-1", "sid": "session-1"} | more


def load(someone: Person, html: str) -> Tab:
    tab = someone.open(mixed(html))
    tab.run(_WATCH)
    return tab


def seen(tab: Tab) -> list[Json]:
    """The events that were made, without what no two pages have in common."""
    events: list[Json] = tab.run("seen")
    for event in events:
        assert event.pop("mid").startswith(event["eid"] + ":")
        assert event.pop("ets") > 1.6e12
        if event["eid"] == "END":
            assert 0 <= event["edata"].pop("duration") < 10
        if event["eid"] == "START":
            agent = event["edata"].pop("uaspec", {})
            assert not agent or {"agent", "ver", "system", "platform", "raw"} == set(agent)
            event["edata"].pop("duration")
    return events


def made_by(someone: Person, html: str, said: Json, calls: list[Any]) -> list[Json]:
    tab = load(someone, html)
    tab.run(_CALL, [said, calls])
    return seen(tab)


@pytest.mark.parametrize("sdk", [SDK2, SDK1], ids=["2.0.1", "1.3.0"])
def test_every_method_makes_the_event_that_the_sdk_makes(someone: Person, sdk: str) -> None:
    with desk() as there:
        theirs = made_by(someone, sdk, config(there.url), session(PLAIN))
        ours = made_by(someone, OURS, config(there.url), session(PLAIN))
        assert ours == theirs
        assert [event["eid"] for event in ours] == EIDS


def test_options_and_configuration_are_read_as_the_sdk_reads_them(someone: Person) -> None:
    said = {
        "uid": "pupil-1",
        "tags": ["t0"],
        "cdata": [{"type": "Session", "id": "s"}],
        "rollup": {"l1": "org"},
        "object": {"id": "course-101", "type": "Course", "ver": "3"},
        "timeDiff": -7200,
    }
    calls: list[Any] = [
        ("interact", {"type": "CLICK", "id": "1"}, OPTIONS),
        *((f"reset{part}",) for part in ("Context", "Object", "Actor", "Tags")),
        ("interact", {"type": "CLICK", "id": "2"}),
        ("assess", PLAIN["assess"], {"eventVer": "3.1"}),
        ("resetContext", {"env": "lesson"}),
        ("resetActor", {"id": "pupil-2"}),
        ("resetTags", ["t2"]),
        ("interact", {"type": "CLICK", "id": "3"}),
        ("start", {}, "course-102", "1.0", {"type": "player", "mode": "play"}),
        ("interact", {"type": "CLICK", "id": "4"}),
    ]
    with desk() as there:
        theirs = made_by(someone, SDK2, config(there.url, **said), calls)
        assert made_by(someone, OURS, config(there.url, **said), calls) == theirs


def test_what_it_sends_looks_like_the_sdks_requests(someone: Person) -> None:
    def requests(html: str) -> tuple[Json, dict[str, str]]:
        with desk() as there:
            tab = load(someone, html)
            tab.run(_CALL, [config(there.url, authtoken="a-token"), session({})])
            tab.wait(lambda: bool(there.batches))
            batch, headers = there.batches[0], there.headers[0]
            names = ("authorization", "content-type", "x-app-id", "x-channel-id", "x-device-id")
            assert abs(batch["ets"] - batch["events"][0]["ets"]) < 5_000
            kept = {name: value for name, value in batch.items() if name in ("id", "ver")}
            return kept | {"keys": set(batch), "params": set(batch["params"])}, {name: headers[name] for name in names}

    assert requests(OURS) == requests(SDK2)


def test_the_names_that_pages_use(someone: Person) -> None:
    tab = load(someone, OURS)
    assert tab.run(
        "$t === EkTelemetry && $t === Telemetry && Telemetry.$t === $t && EkTelemetryClass.getInstance() === $t"
    )
    assert tab.run("[typeof $t.isInitialized, $t.isInitialized(), $t.initialized, $t._version]") == [
        "function",
        False,
        False,
        "3.0",
    ]
    tab.run("import('/footfall.js').then((found) => window.module = found)")
    assert tab.run("[module.$t.isInitialized, module.$t.interact === $t.interact]") == [False, True]
    with desk() as there:
        tab.run("config => $t.initialize(config)", config(there.url))
        assert tab.run("[$t.isInitialized(), $t.initialized, module.$t.isInitialized, $t.config.env]") == [
            True,
            True,
            True,
            "home",
        ]
        assert tab.run("new Promise((resolve) => $t.getFingerPrint(resolve))") == "device-1"
        # A second time changes nothing, as in the SDKs.
        tab.run("$t.initialize({ channel: 'other' })")
        assert tab.run("$t.config.channel") == "academy"


def test_start_initialises(someone: Person) -> None:
    with desk() as there:
        tab = load(someone, OURS)
        tab.run("config => $t.start(config, 'do_1', '1', { type: 'app' })", config(there.url))
        assert tab.run("$t.isInitialized()")
        tab.wait(lambda: [event["object"]["id"] for event in there.taken] == ["do_1"])


def test_calls_of_a_page_that_did_not_wait_for_the_module(someone: Person) -> None:
    with desk() as there:
        calls = (
            f"$t.initialize({json.dumps(config(there.url))}); EkTelemetry.interact({{ type: 'CLICK', id: 'early' }});"
        )
        tab = someone.open(mixed(f"<script>{example('js', 'window.$t')} {calls} $t.end({{}});</script>{OURS}"))
        tab.wait(lambda: [event["eid"] for event in there.taken] == ["INTERACT", "END"])


def test_a_dispatcher_of_the_pages_own_gets_batches(someone: Person) -> None:
    tab = load(someone, OURS)
    tab.run(
        """([config, calls]) => {
          window.handed = [];
          const dispatch = (batch) => { if (handed.push(batch) === 1) throw new Error(); };
          config.dispatcher = { dispatch };
          $t.initialize(config);
          for (const [method, ...said] of calls) $t[method](...said);
        }""",
        [config("http://127.0.0.1:9"), session({})],
    )
    tab.wait(lambda: len(tab.run("handed")) == 2)
    first, second = tab.run("handed")
    assert (first["params"], first["events"]) == (second["params"], second["events"])
    assert [event["eid"] for event in second["events"]] == ["START", "END"]


def test_settings_that_pages_change_as_they_go(someone: Person) -> None:
    with desk() as there:
        tab = load(someone, OURS)
        tab.run(
            "config => { $t.initialize(config); $t.config.batchsize = 2; $t.config.authtoken = 'fresh' }",
            config(there.url),
        )
        tab.run("$t.interact({ type: 'CLICK', id: '1' }), $t.interact({ type: 'CLICK', id: '2' })")
        tab.wait(lambda: len(there.taken) == 2)
        assert there.headers[0]["authorization"] == "Bearer fresh"


# What it does better, and docs/browser.md tells of.


def test_what_options_say_of_one_event_does_not_stick(someone: Person) -> None:
    calls: list[Any] = [("interact", {"type": "CLICK", "id": "1"}, OPTIONS), ("interact", {"type": "CLICK", "id": "2"})]
    with desk() as there:
        first, second = made_by(someone, OURS, config(there.url, uid="pupil-1"), calls)
    assert (first["actor"]["id"], first["context"]["env"], first["object"]["id"]) == ("teacher-1", "course", "unit-1")
    assert (second["actor"]["id"], second["context"]["env"], second["object"]) == ("pupil-1", "home", {})
    assert second["tags"] == second["context"]["cdata"] == []


def test_end_belongs_to_the_start_of_its_type(someone: Person) -> None:
    with desk() as there:
        tab = load(someone, OURS)
        tab.run(
            """async (config) => {
              $t.initialize(config);
              const pause = () => new Promise((resolve) => setTimeout(resolve, 60));
              await $t.start({}, "course-101", "1.0", { type: "session", mode: "play" });
              await pause();
              await $t.start({}, "do_1", "2.0", { type: "player", mode: "play" });
              $t.end({ type: "session", mode: "play" });
              $t.end({ type: "player", mode: "play" });
              $t.end({ type: "editor", duration: 7 });
              $t.interact({ type: "CLICK", id: "after" });
            }""",
            config(there.url),
        )
        tab.wait(lambda: len(there.taken) == 6)
        events = there.taken
    assert [event["object"].get("id") for event in events] == ["course-101", "do_1", "do_1", "do_1", None, None]
    durations = [event["edata"]["duration"] for event in events if event["eid"] == "END"]
    assert durations[0] >= 0.06 > durations[1] >= 0
    assert durations[2] == 7


def test_the_tail_is_sent_without_an_end(someone: Person) -> None:
    with desk() as there:
        tab = load(someone, OURS)
        tab.run(
            "config => { $t.initialize(config); $t.impression({ type: 'view', pageid: 'home' }) }",
            config(there.url, age=0.05),
        )
        tab.wait(lambda: len(there.taken) == 1)


def test_a_call_without_data_has_an_edata(someone: Person) -> None:
    with desk() as there:
        (event,) = made_by(someone, OURS, config(there.url), [("heartbeat",)])
    assert event["edata"] == {}


def test_the_callers_data_stays_as_it_was(someone: Person) -> None:
    tab = load(someone, OURS)
    with desk() as there:
        tab.run(
            "config => { window.data = { type: 'app', stageid: 's' }; $t.start(config, '', '', data) }",
            config(there.url),
        )
    assert tab.run("data") == {"type": "app", "stageid": "s"}


def test_arguments_as_documented_pass_as_strict_a_channel_as_sunbirds(someone: Person, footfall: Keyed) -> None:
    start = {"type": "player", "mode": "play", "stageid": "s1"}
    end = {"contentId": "course-101", "type": "player", "summary": []}
    said = config(footfall.url, channel="strict", authtoken=footfall.keys["strict"], sid="documented")
    tab = load(someone, OURS)
    tab.run(_CALL, [said, session(DOCUMENTED, start, end)])
    rows = footfall.served.wait_for(
        "SELECT * FROM ledger WHERE sid = 'documented' OR fate = 'rejected'", lambda rows: len(rows) >= 17
    )
    fates = Counter((row["eid"], row["fate"]) for row in rows if row["derived_from"] is None)
    # A traceid and a number written as text are left as they are said.
    refused = {"ERROR", "SUMMARY"}
    assert fates == Counter((eid, "rejected" if eid in refused else "stored") for eid in EIDS)
