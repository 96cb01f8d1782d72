"""What every test has: the logs of the servers it used, when it fails."""

from collections.abc import Generator
from typing import Any

import pytest

from tests.serving import RUNNING


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of each running server's log to the report of a failure."""
    report = yield
    if report.failed:
        report.sections += [("footfall serve", served.report()) for served in RUNNING]
    return report
