"""SHARE_ITEM events, derived from SHARE events as Sunbird's pipeline does."""

import json
from pathlib import Path
from typing import Any

import pytest

from footfall.pipeline.derive import share_items

from .records import append, ask, drain, event, fates, record, share

ITEM = {"id": "do_9", "type": "Content", "ver": "3", "origin": {"id": "o", "type": "Device"}}


def derive(items: Any, **over: Any) -> list[dict[str, Any]]:
    return [json.loads(text) for text in share_items(json.dumps(share("s1", items, **over)))]


def kinds(items: Any) -> list[tuple[Any, Any]]:
    return [(one["edata"]["type"], one["edata"]["size"]) for one in derive(items)]


def test_one_for_each_entry_of_params() -> None:
    params = [
        {"transfers": 0, "size": 12},
        {"transfers": 2, "size": 3.5},
        {"transfers": "0", "size": ""},
        {"size": "7"},
        {"transfers": None, "size": True},
        {},
    ]
    downloads = [("download", 12), ("import", 3.5), ("download", 0), ("download", 0), ("download", 0), ("download", 0)]
    assert kinds([ITEM | {"params": params}]) == downloads


def test_one_for_an_item_without_params_and_none_for_empty_params() -> None:
    assert kinds([ITEM, ITEM | {"params": []}]) == [("File", 0)]
    assert kinds([]) == []


def test_what_a_derived_event_takes_from_its_parent() -> None:
    (one,) = derive([ITEM], tags=["t"])
    parent = share("s1", [])
    assert one.pop("mid").startswith("s1-")
    assert one == {
        "eid": "SHARE_ITEM",
        "ets": pytest.approx(parent["ets"], abs=10_000),
        "ver": "3.0",
        "actor": {"id": "u-1", "type": "User"},
        "context": parent["context"],
        "object": {"id": "do_9", "type": "Content", "ver": "3", "rollup": {"l1": "do_1"}},
        "edata": {"dir": "Out", "type": "File", "size": 0},
        "tags": ["t"],
    }


@pytest.mark.parametrize("object_", [{}, {"id": "do_1"}, {"type": "Content"}, {"id": "", "type": "Content"}, None])
def test_no_rollup_where_the_parent_has_no_whole_object(object_: Any) -> None:
    assert derive([ITEM], object=object_)[0]["object"]["rollup"] == {"l1": None}


def test_the_documented_form_nests_the_thing_in_obj() -> None:
    (one,) = derive([{"obj": {"id": "do_5", "type": "Content", "ver": "1"}}])
    assert (one["object"]["id"], one["object"]["type"], one["object"]["ver"]) == ("do_5", "Content", "1")


def test_mids_are_the_same_every_time_and_differ_from_each_other() -> None:
    items = [ITEM | {"params": [{}, {}]}, ITEM]
    mids = [one["mid"] for one in derive(items)]
    assert mids == [one["mid"] for one in derive(items)]
    assert len(set(mids)) == 3


@pytest.mark.parametrize(
    "items", [None, "x", 5, {}, [None], ["x"], [[]], [ITEM | {"params": None}], [ITEM | {"params": {"a": 1}}]]
)
def test_shapes_that_nobody_meant_yield_nothing(items: Any) -> None:
    assert derive(items) == []


def test_entries_that_are_no_objects_count_as_empty_ones() -> None:
    assert kinds([ITEM | {"params": [1, None, "x"]}]) == [("download", 0)] * 3


def test_parents_without_parts() -> None:
    bare = {"eid": "SHARE", "mid": "s", "ets": 1.5, "edata": {"items": [ITEM]}}
    (one,) = [json.loads(text) for text in share_items(json.dumps(bare))]
    assert (one["actor"], one["context"], one["tags"]) == ({"id": None, "type": None}, {}, [])


def test_a_crafted_event_does_not_yield_thousands_of_times_its_size() -> None:
    text = json.dumps(share("s", [{"params": [0] * 100_000}]))
    assert sum(map(len, share_items(text))) < 20 * len(text)


def test_derived_events_are_marked_counted_and_not_derived_from_a_resend(tmp_path: Path) -> None:
    one = share("s1", [ITEM | {"params": [{"transfers": 0, "size": 5}, {"transfers": 1}]}])
    append(tmp_path, [record([one, event("other")], device="d", indexes=[4, 5]), record([one])])
    append(tmp_path, [record([one])], "1")
    drain(tmp_path)

    assert sorted(fate for _, fate in fates(tmp_path)) == ["duplicate", "duplicate", "stored", "stored"]
    rows = ask(
        tmp_path,
        "SELECT eid, event_type, derived_from, idx, record, sid, object_id, edata_type, event ->> 'mid' = mid "
        "FROM events WHERE derived_from IS NOT NULL ORDER BY edata_type",
    )
    expected = ("SHARE_ITEM", "SHARE_ITEM", "s1", 4, 0, "s-1", "do_9")
    assert rows == [(*expected, "download", True), (*expected, "import", True)]
    assert ask(tmp_path, "SELECT sum(n) FROM hourly WHERE event_type = 'SHARE_ITEM'") == [(2,)]


def test_a_share_of_any_shape_is_stored_even_if_nothing_can_be_derived(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(150):
        deep = [deep]
    shapes = [None, [ITEM | {"id": 7}], [{"params": [{"size": 10**300}]}], deep, [ITEM | {"type": {"a": deep}}]]
    shares = [share(f"s{n}", items) for n, items in enumerate(shapes)]
    append(tmp_path, [record(shares, lenient=True)])
    drain(tmp_path)
    assert [fate for _, fate in fates(tmp_path)] == ["stored"] * len(shapes)
