"""What every test has: the logs of the servers it used, when it fails."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.serving import RUNNING

# How fast examples come says something of the machine, which others use too, and nothing of the code.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of each running server's log to the report of a failure."""
    report = yield
    if report.failed:
        report.sections += [("footfall serve", served.report()) for served in RUNNING]
    return report
