"""The flows table: what is found in it, what merging keeps, and who may write."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.flows import flow_table as module
from footfall.flows.flow_table import File, FlowTable, StoreError, recent
from footfall.flows.merging import told
from footfall.flows.row import Row, cell_of
from footfall.lake.lock import LakeLock, LakeLockedError
from tests.disks import largest_file
from tests.lake.rows import reading


@pytest.fixture
def store(tmp_path: Path) -> Any:
    opened = FlowTable(tmp_path, 1 << 20)
    yield opened
    opened.close()


def row(key: str, trace: str = "", **over: Any) -> Row:
    return Row(**{"plan": "p", "key": key, "kind": "flow", "outcome": "done", "trace": trace} | over)


def shown(root: Path) -> list[tuple[Any, ...]]:
    with reading(root) as reader:
        return reader.query("SELECT plan, id, outcome FROM flows ORDER BY ALL").rows


def test_what_revisions_tell_adds_up_until_one_takes_the_place_of_all(store: FlowTable) -> None:
    store.commit([row("a", "[1,2]"), row("b", "[9]")], {})
    store.commit([row("a", "[3]", shown=["x"])], {})
    found = store.find("p", {"a", "b", "c"})
    assert {key: (one.trace, one.state, one.shown) for key, one in found.items()} == {
        "a": ("[3,1,2]", None, ["x"]),
        "b": ("[9]", None, []),
    }
    store.commit([row("a", "[4]", state="{}")], {})
    store.commit([row("a", "[5]")], {})
    assert store.find("p", {"a"})["a"] == module.Found([], "[5,4]", "{}")
    assert store.find("other", {"a"}) == {}
    assert store.find("p", set()) == {}


def test_the_newest_revision_of_a_key_is_shown_with_all_its_rows(store: FlowTable, tmp_path: Path) -> None:
    store.commit([row("a", id="1"), row("a", id="2"), row("b", id="3")], {})
    assert shown(tmp_path) == [("p", "1", "done"), ("p", "2", "done"), ("p", "3", "done")]
    store.commit([row("a", id="4"), row("b", id="3", outcome=None)], {})
    assert shown(tmp_path) == [("p", "4", "done")]
    store.commit([row("a", id="5", plan="q")], {}, forget=["p"])
    assert shown(tmp_path) == [("q", "5", "done")]


Revision = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), min_size=1, max_size=12)


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(st.lists(Revision, min_size=2, max_size=9), st.sampled_from([2_000, 1 << 20]))
def test_merging_changes_nothing_that_is_shown_or_found(
    tmp_path_factory: pytest.TempPathFactory, revisions: list[list[tuple[int, bool, bool]]], budget: int
) -> None:
    root = tmp_path_factory.mktemp("merge")
    store = FlowTable(root, budget)
    keys = {f"k{number}" for number in range(10)}
    for number, revision in enumerate(revisions):
        rows = {
            f"k{key}": row(
                f"k{key}",
                f"[{number}]",
                id=str(number),
                outcome="done" if visible else None,
                state=f"{number}" if whole else None,
            )
            for key, visible, whole in revision
        }
        store.commit(list(rows.values()), {})
    before = shown(root), store.find("p", keys)
    files = sorted(store._by_plan()["p"], key=store._age)
    middle = [file.path for file in files[len(files) // 4 : len(files) * 3 // 4 + 1]]
    store._merge("p", middle)
    assert (shown(root), store.find("p", keys)) == before
    store._merge("p", [file.path for file in store._by_plan()["p"]])
    assert (shown(root), store.find("p", keys)) == before
    store.close()


@given(st.lists(st.integers(1, 10**9), min_size=24, max_size=80))
def test_a_merge_takes_the_newest_and_none_much_larger_than_all_newer_ones(sizes: list[int]) -> None:
    chosen = recent([File(str(number), size) for number, size in enumerate(sizes)])
    assert chosen == [str(number) for number in range(len(chosen))]
    assert len(chosen) >= 12
    assert len(chosen) == len(sizes) or sizes[len(chosen)] > 2 * sum(sizes[: len(chosen)])


def test_many_files_become_few(store: FlowTable) -> None:
    for number in range(60):
        store.commit([row(f"k{number % 7}", f"[{number}]"), row("x", plan="q")], {})
        store.merge()
    assert all(len(files) < 24 for files in store._by_plan().values())
    (found,) = store.find("p", {"k3"}).values()
    assert len(found.trace.split(",")) == 9


def test_two_keys_of_one_cell_stay_apart(store: FlowTable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (module, __import__("footfall.flows.row", fromlist=["row"])):
        monkeypatch.setattr(name, "cell_of", lambda _: 7)
    store.commit([row("a", "[1]"), row("b", "[2]")], {})
    store.commit([row("a", "[3]")], {})
    for _ in range(2):
        assert {key: one.trace for key, one in store.find("p", {"a", "b"}).items()} == {"a": "[3,1]", "b": "[2]"}
        store._merge("p", [file.path for file in store._by_plan()["p"]])


def test_one_writer_at_a_time_and_the_lake_has_another(tmp_path: Path, store: FlowTable) -> None:
    LakeLock(tmp_path).release()
    with pytest.raises(LakeLockedError):
        LakeLock(tmp_path, name=module.LOCK)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, store: FlowTable) -> None:
    store.commit([row("a", "[1]", id="1")], {"x": 1})
    with largest_file(300), pytest.raises(Exception, match="File too large"):
        store.commit([row("a", "[2]", id="2")], {"x": 2})
    assert (store.position("x"), shown(tmp_path)) == (1, [("p", "1", "done")])
    store.commit([row("a", "[2]", id="2")], {"x": 2})
    assert (store.position("x"), shown(tmp_path)) == (2, [("p", "2", "done")])


def test_a_file_that_is_gone_or_broken_is_said(store: FlowTable) -> None:
    store.commit([row("a", "[1]")], {})
    (file,) = store._by_plan()["p"]
    path = store._table.folder / file.path
    path.write_bytes(b"PAR1")
    with pytest.raises(StoreError):
        store.find("p", {"a"})
    path.unlink()
    with pytest.raises(StoreError):
        store.find("p", {"a"})


@given(st.text(max_size=40))
def test_a_cell_is_64_bits_of_any_text(text: str) -> None:
    assert -(1 << 63) <= cell_of(text) < 1 << 63


def test_nothing_told_is_nothing() -> None:
    assert told([]) == ("", None)
    assert told([("", None), (None, None), ("[]", None)]) == ("", None)
