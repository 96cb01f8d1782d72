"""Proof that what was acknowledged is in the lake, each event exactly once."""

import subprocess
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.figure import COMMIT, Figure
from footfall.lake.query import LakeReader

_MEMORY = "2GB"
_COUNT = """
SELECT count(*), count(DISTINCT number), count(DISTINCT number) FILTER (number < $certain)
FROM (SELECT CAST(right(mid, 16) AS BIGINT) AS number FROM events WHERE mid[-32:-17] = $run AND derived_from IS NULL)
"""


class Claim(Struct, frozen=True):
    """What a run of the load generator says; all in events.

    Numbers below `certain` were acknowledged for sure: only what was sent last can be without an answer. Where requests
    were refused, nobody knows which, and `certain` is 0.
    """

    run: str
    issued: int
    acknowledged: int
    certain: int


class Finding(Struct, frozen=True):
    """How the lake compares with a claim, in events."""

    stored: int
    doubled: int
    lost: int


class Verdict(Struct):
    """The part of `footfall audit --format json` that matters here."""

    balances: bool


def check(data: Path, claims: list[Claim]) -> Figure:
    """Compare the lake with all claims; the figure counts events that are missing or doubled."""
    reader = LakeReader(data / "lake", memory=_MEMORY)
    try:
        found = [_compare(reader, claim) for claim in claims]
    finally:
        reader.close()
    balances = audit(data)
    wrong = sum(finding.lost + finding.doubled for finding in found) + (not balances)
    return Figure(
        what="acknowledged events missing from the lake, or there twice",
        value=wrong,
        unit="events",
        floor=0,
        most=True,
        durability=COMMIT,
        note=f"{sum(claim.acknowledged for claim in claims):,} acknowledged, "
        f"{sum(finding.stored for finding in found):,} in the lake, "
        f"footfall audit {'balances' if balances else 'DOES NOT BALANCE'}",
    )


def audit(data: Path) -> bool:
    """Whether `footfall audit` says that the books balance."""
    command = [sys.executable, "-m", "footfall", "audit", "--data", str(data), "--format", "json"]
    answer = subprocess.run(command, capture_output=True, check=False)
    return answer.returncode == 0 and msgspec.json.decode(answer.stdout, type=Verdict).balances


def _compare(reader: LakeReader, claim: Claim) -> Finding:
    parameters = {"run": claim.run, "certain": claim.certain}
    ((stored, different, certain),) = reader.query(_COUNT, parameters).rows
    lost = max(claim.certain - certain, claim.acknowledged - different, 0)
    return Finding(stored, stored - different + max(0, different - claim.issued), lost)
