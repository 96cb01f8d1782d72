"""On what, with what and within which limits the figures were measured."""

import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil
from msgspec import Struct
from rich.console import Console

import footfall
from bench.figure import Scale
from bench.programs import MissingProgramError, find
from footfall.settings import Settings

_PACKAGES = ("msgspec", "uvloop", "httptools", "uvicorn", "duckdb", "pyarrow", "deltalake", "numpy", "litestar")
_COMPARED = ("pydantic", "jsonschema-rs", "fastjsonschema", "jsonschema")
_SYNCS = 300
_QUIET = 5.0  # % of CPU that others may use before we warn


class Machine(Struct, frozen=True):
    """Facts by name, in the order in which they are printed."""

    facts: dict[str, str]
    warnings: list[str]


def describe(folder: Path, scale: Scale) -> Machine:
    """Look at the machine, and at the disk that holds the folder."""
    busy = psutil.cpu_percent(1.0)
    kind, where = _disk(folder)
    facts = {
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores, load generator included",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB{_memory_limit()}",
        "kernel": f"{platform.system()} {platform.release()}",
        "disk": f"{where}, fdatasync of 4 KiB: {_sync(folder)}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "footfall": f"{footfall.__version__} {_revision()}".strip(),
        "with": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "against": ", ".join([*(f"{name} {version(name)}" for name in _COMPARED), _postgres()]),
        "load": f"{_wrk()}, one thread; events of 893 to 1,000 bytes, every mid fresh",
        "settings": _settings(),
        "durability": "every 200 follows an fdatasync of the journal; every lake file and commit is fsynced",
        "form": "full"
        if scale.full
        else f"short: {scale.rows / 1e6:.0f} million rows instead of 10, minutes instead of more",
    }
    warnings = [f"other programs use {busy:.0f} % of the processor: figures will be too low"] if busy > _QUIET else []
    if kind == "tmpfs":
        warnings.append(f"{folder} is in memory: syncing costs nothing there; choose another --dir")
    return Machine(facts, warnings)


def show(machine: Machine, console: Console) -> None:
    """Print the facts."""
    for name, fact in machine.facts.items():
        console.print(f"{name:>11}  {fact}", highlight=False, markup=False)
    for warning in machine.warnings:
        console.print(f"    warning  {warning}", style="yellow", highlight=False, markup=False)
    console.print()


def stolen() -> float:
    """Seconds for which the hypervisor gave our cores to others, since the machine's start."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory_limit() -> str:
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return ""
    return "" if limit == "max" else f", limited to {int(limit) / 2**30:.1f} GiB"


def _disk(folder: Path) -> tuple[str, str]:
    """The file system's type, and a description."""
    holders = [part for part in psutil.disk_partitions(all=True) if folder.is_relative_to(part.mountpoint)]
    part = max(holders, key=lambda found: len(found.mountpoint))
    name = part.device.rpartition("/")[2].rstrip("0123456789")
    rotational = Path(f"/sys/block/{name}/queue/rotational")
    turns = rotational.read_text().strip() == "1" if rotational.exists() else None
    kind = "" if turns is None else ", rotational or virtual" if turns else ", solid state"
    return part.fstype, f"{part.fstype} on {part.device}{kind}"


def _sync(folder: Path) -> str:
    """How long the disk takes to sync a small append."""
    path, taken = folder / "sync", []
    with path.open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            begun = time.perf_counter()
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - begun) * 1000)
    path.unlink()
    *_, p99 = statistics.quantiles(taken, n=100)
    return f"median {statistics.median(taken):.2f} ms, p99 {p99:.2f} ms"


def _revision() -> str:
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"({answer.stdout.strip()})" if answer.returncode == 0 else ""


def _wrk() -> str:
    try:
        answer = subprocess.run([find("wrk"), "--version"], capture_output=True, text=True, check=False)
    except MissingProgramError as error:
        return str(error)
    return " ".join(answer.stdout.split()[:2])


def _postgres() -> str:
    try:
        answer = subprocess.run([find("postgres"), "--version"], capture_output=True, text=True, check=False)
    except MissingProgramError as error:
        return str(error)
    return "PostgreSQL " + answer.stdout.split()[2]


def _settings() -> str:
    default = Settings()
    names = ("collectors", "batch_seconds", "batch_bytes", "dedup_bytes", "segment_bytes", "journal_max_bytes")
    shown = ", ".join(f"{name} {getattr(default, name):,}" for name in names)
    return f"all defaults: {shown}"
