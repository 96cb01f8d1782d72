"""Where plans are kept: those shipped with the product, and folders of the user's own."""

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import resources
from pathlib import Path

from footfall.errors import TerminalError
from footfall.plans.model import Plan
from footfall.plans.reading import LARGEST, plan_of

_SUFFIXES = (".yaml", ".yml")
_SHIPPED = resources.files("footfall.plans") / "shipped"


class UnknownPlanError(TerminalError):
    """No plan of that name; says which there are."""


def read(path: Path | str) -> Plan:
    """The plan in a file; raises PlanError naming file, line and path of every flaw, TerminalError if unreadable."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            return plan_of(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise TerminalError(f"cannot read the plan {path}: {error.strerror}") from None


@cache
def shipped() -> tuple[Plan, ...]:
    """The plans that come with the product, by name."""
    names = sorted(file.name for file in _SHIPPED.iterdir() if file.name.endswith(_SUFFIXES))
    return tuple(_shipped(name) for name in names)


@cache
def _shipped(name: str) -> Plan:
    return plan_of((_SHIPPED / name).read_bytes(), name)


def in_folder(folder: Path) -> tuple[Plan, ...]:
    """The plans in a folder, by file name; raises PlanError, and TerminalError if there is no such folder."""
    if not folder.is_dir():
        raise TerminalError(f"there is no folder of plans {folder}")
    return tuple(read(file) for file in _files(folder))


def every(folders: Iterable[Path] = ()) -> tuple[Plan, ...]:
    """Shipped plans and those in folders; one in a later folder takes the place of an earlier one of the same name."""
    found = {plan.plan: plan for plan in shipped()}
    for folder in folders:
        found |= {plan.plan: plan for plan in in_folder(folder)}
    return tuple(found.values())


def find(name_or_path: str, folders: Iterable[Path] = ()) -> Plan:
    """A plan by name, or by the path of its file; raises UnknownPlanError, PlanError or TerminalError."""
    if _is_path(name_or_path):
        return read(name_or_path)
    folders = tuple(folders)
    if not folders and (_SHIPPED / f"{name_or_path}.yaml").is_file():
        return _shipped(f"{name_or_path}.yaml")
    plans = {plan.plan: plan for plan in every(folders)}
    if name_or_path in plans:
        return plans[name_or_path]
    close = get_close_matches(name_or_path, plans, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(plans)}; a file's name ends in .yaml"
    raise UnknownPlanError(f"there is no plan {name_or_path!r}: {hint}")


def document(name_or_path: str, folders: Iterable[Path] = ()) -> str:
    """The YAML of a plan as it was written; raises what `find` raises."""
    folders = tuple(folders)
    plan = find(name_or_path, folders)
    if _is_path(name_or_path):
        return Path(name_or_path).read_text("utf-8-sig")
    for folder in reversed(folders):
        for file in _files(folder):
            if read(file).plan == plan.plan:
                return file.read_text("utf-8-sig")
    return (_SHIPPED / f"{plan.plan}.yaml").read_text("utf-8")


def _is_path(name_or_path: str) -> bool:
    return name_or_path.endswith(_SUFFIXES) or "/" in name_or_path


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file())
