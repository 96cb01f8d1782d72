"""The fixtures in other people's test suites."""

import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

import footfall
from tests.micro.suites import OTHERS, PATIENCE, finish, start

pytest_plugins = ["pytester"]

SUITE = """
import json
from urllib.request import Request, urlopen

import pytest

EVENT = {
    "eid": "HEARTBEAT", "ets": 1795224242107, "ver": "3.0", "mid": "m", "actor": {"id": "a", "type": "System"},
    "context": {"channel": "c", "env": "e", "pdata": {"id": "p"}}, "edata": {},
}


def send(url):
    request = Request(url + "/v1/telemetry", json.dumps([EVENT, {}]).encode(), {"Content-Type": "application/json"})
    with urlopen(request):
        pass


@pytest.mark.parametrize("turn", range(4))
def test_each_test_begins_empty(footfall_micro, footfall_micro_url, turn):
    assert footfall_micro.url == footfall_micro_url
    assert footfall_micro.all().total == 0
    send(footfall_micro.url)
    assert [seen.eid for seen in footfall_micro.wait_for(1)] == ["HEARTBEAT"]
    assert len(footfall_micro.bad()) == 1
"""

WITNESS = """
import threading

import psutil


def pytest_unconfigure():
    print("threads", [thread.name for thread in threading.enumerate()])
    print("sockets", psutil.Process().net_connections())
"""


def test_a_suite_that_takes_warnings_for_errors_passes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite=SUITE)
    pytester.makeconftest(WITNESS)
    result = pytester.runpytest_subprocess(*OTHERS, "-W", "error", "-s", "--log-level", "DEBUG")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["threads ['MainThread']", "sockets []"])


def test_several_processes_do_not_see_each_other(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite=SUITE)
    workers = [start(pytester.path) for _ in range(2)]
    told = [finish(worker) for worker in workers]
    assert ["4 passed" in one for one in told] == [True] * 2, told


def test_a_profile_can_be_chosen_for_a_suite(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def footfall_profile():
            return "sunbird"
    """)
    pytester.makepyfile("""
        from urllib.request import urlopen

        def test_profile(footfall_micro_url):
            with urlopen(footfall_micro_url) as page:
                assert b"profile sunbird" in page.read()
    """)
    pytester.runpytest_subprocess(*OTHERS, "-W", "error").assert_outcomes(passed=1)


def test_a_suite_that_does_not_ask_pays_nothing() -> None:
    script = """
import sys
import pytest
before = set(sys.modules)
import footfall.pytest_plugin
print(sorted(sys.modules.keys() - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == "['footfall', 'footfall.pytest_plugin']\n"


def test_without_the_server_pytest_starts_and_the_fixture_says_what_is_missing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        def test_another_thing():
            pass

        def test_events(footfall_micro):
            pass
    """)
    told = _run_installed(pytester, "-m", "pytest", "-W", "error")
    assert "1 passed, 1 error" in told
    assert "is missing: pip install 'footfall[server]'" in told
    assert "Traceback" not in told


def test_footfall_may_be_imported_before_pytest_starts(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_another_thing(): pass")
    told = _run_installed(pytester, "-c", "import footfall, pytest; pytest.main(['-W', 'error'])")
    assert "1 passed" in told


def _run_installed(pytester: pytest.Pytester, *arguments: str) -> str:
    """Run Python where pytest and footfall are installed from wheels, but none of what the server needs."""
    site = pytester.mkdir("site")
    for name in ("msgspec", "pytest", "pluggy", "iniconfig", "packaging", "pygments"):
        _install(name, site)
    (site / "footfall").symlink_to(Path(footfall.__file__).parent)
    about = site / f"footfall-{footfall.__version__}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: footfall\nVersion: {footfall.__version__}\n")
    (about / "RECORD").write_text("footfall/__init__.py,,\nfootfall/pytest_plugin.py,,\n")
    (about / "entry_points.txt").write_text("[pytest11]\nfootfall = footfall.pytest_plugin\n")
    done = subprocess.run(
        [sys.executable, "-S", *arguments],
        cwd=pytester.path,
        env={"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout + done.stderr


def _install(name: str, site: Path) -> None:
    """Give a folder one installed distribution, without what it depends on."""
    found = distribution(name)
    for top in {Path(str(file)).parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        source = Path(str(found.locate_file(top)))
        if source.is_dir():
            (site / top).symlink_to(source)
        else:
            shutil.copy(source, site)
