"""Hosts are ready before they serve, and serve nothing that they could not finish before they stop."""

from itertools import pairwise

import pytest

from footfall.demo.hosts import COUNT, Hosts
from footfall.demo.schedule import Outage

from .reading import DAY_MS, HOUR_MS, NOON

MINUTE_MS = 60_000
MIDNIGHT = NOON - 12 * HOUR_MS
LONGEST_VISIT_MS = 50_000


def _states(hosts: Hosts, host: int, begin: int, days: int) -> list[tuple[int, str]]:
    """What a host says in some days that are looked at hour by hour, and once more as a whole."""
    by_hour = [
        change
        for hour in range(begin, begin + days * DAY_MS, HOUR_MS)
        for change in hosts.changes(hour, hour + HOUR_MS)
    ]
    whole = hosts.changes(begin, begin + days * DAY_MS)
    assert sorted(map(repr, by_hour)) == sorted(map(repr, whole))
    return sorted((change.at_ms, change.state) for change in whole if change.host == host)


@pytest.mark.parametrize("minute", [0, 179, 180, 181, 190, 200, 201, 719])
@pytest.mark.parametrize("outage_hour", [None, 2, 3, 10])
def test_a_host_serves_between_ready_and_stopped(minute: int, outage_hour: int | None) -> None:
    begin = MIDNIGHT + minute * MINUTE_MS
    outage = None
    if outage_hour is not None:
        outage = Outage(MIDNIGHT + DAY_MS + outage_hour * HOUR_MS, MIDNIGHT + DAY_MS + (outage_hour + 2) * HOUR_MS)
    hosts = Hosts(begin, outage)
    for host in range(COUNT):
        states = _states(hosts, host, begin, 3)
        assert states[0] == (begin + host, "Ready")
        assert all(before != after or after == "Ready" for (_, before), (_, after) in pairwise(states))
        for (at, state), (until, _) in pairwise(states):
            served = [ms for ms in range(at, until, 7_000) if host in hosts.up(ms)]
            assert bool(served) == (state == "Ready" and until - at > 5 * MINUTE_MS)
            assert all(at < ms < until - LONGEST_VISIT_MS for ms in served)


@pytest.mark.parametrize("since", [MIDNIGHT, None])
def test_there_is_always_a_host(since: int | None) -> None:
    hosts = Hosts(since, Outage(MIDNIGHT + 10 * HOUR_MS, MIDNIGHT + 12 * HOUR_MS))
    assert all(hosts.up(ms) for ms in range(MIDNIGHT + COUNT, MIDNIGHT + DAY_MS, 11_000))
