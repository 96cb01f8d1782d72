"""The browser tracker as the collector serves it."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.collector import browser_tracker

from .running import Collector, collecting, get, post

SOURCE = Path(__file__).parents[2] / "browser" / "footfall.js"


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with collecting(tmp_path_factory.mktemp("script") / "data") as running:
        yield running


def test_it_is_small(collector: Collector) -> None:
    answer = collector.ask(get("/footfall.js", accept_encoding="gzip, deflate"))
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.body) <= 8 << 10
    assert gzip.decompress(answer.body) == collector.ask(get("/footfall.js")).body


def test_pages_of_any_origin_may_load_it_as_a_module(collector: Collector) -> None:
    answer = collector.ask(get("/footfall.js", origin="https://school.example"))
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_browsers_that_have_it_are_told_so(collector: Collector) -> None:
    first = collector.ask(get("/footfall.js"))
    assert "max-age" in first.headers["cache-control"]
    again = collector.ask(get("/footfall.js", if_none_match=f'"other", {first.headers["etag"]}'))
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert collector.ask(get("/footfall.js", if_none_match='W/"other"')).status == 200


def test_other_methods(collector: Collector) -> None:
    head = collector.ask(get("/footfall.js", "HEAD"), to_head=True)
    assert (head.status, int(head.headers["content-length"])) == (200, len(browser_tracker.load().plain))
    assert collector.ask(post(b"{}", "/footfall.js")).status == 405


def test_what_is_left_out_of_the_source_is_for_people_only() -> None:
    source = 'const text = "a , b // c";\n  // gone\n\n  x = `d { ${e} }` + { y: 1 };\n'
    assert browser_tracker.strip(source) == 'const text="a , b // c";\nx=`d { ${e} }` +{y:1};\n'
    served = browser_tracker.load().plain.decode()
    assert browser_tracker.strip(served) == served
    assert 0.6 < len(served) / len(SOURCE.read_text()) < 0.8
