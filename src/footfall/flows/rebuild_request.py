"""What the data folder asks of the process that folds flows: which plans, and whether to begin anew."""

from collections.abc import Iterator
from pathlib import Path

from footfall.settings import Settings

ALL, _NONE = "all", "none"
_SUFFIXES = (".yaml", ".yml")


def plan_files(settings: Settings) -> list[Path]:
    """The files of plans that are not shipped, by name."""
    try:
        return sorted(path for path in settings.own_plans.iterdir() if path.suffix in _SUFFIXES and path.is_file())
    except OSError:
        return []


def named(settings: Settings) -> list[str]:
    """The shipped plans that the setting names: `all` of them, several, or none."""
    names = [name.strip() for name in settings.flow_plans.split(",") if name.strip()]
    return [] if names == [_NONE] else names


def follows_any(settings: Settings) -> bool:
    """Whether there are plans to go by at all."""
    return bool(named(settings) or plan_files(settings))


def rebuild_request(settings: Settings) -> Path:
    """The file whose presence asks for all flows to be built anew."""
    return settings.data / "run" / "rebuild-flows"


def ask_for_rebuild(settings: Settings) -> None:
    """Have all flows built anew by the process that runs, or the next one. Raises OSError."""
    request = rebuild_request(settings)
    request.parent.mkdir(mode=0o700, exist_ok=True)
    request.touch(0o600)


def signature(settings: Settings) -> str:
    """Changes whenever somebody asks for something else."""
    return "\n".join(_traits(settings))


def _traits(settings: Settings) -> Iterator[str]:
    for path in (*plan_files(settings), rebuild_request(settings)):
        try:
            about = path.stat()
        except OSError:
            continue
        yield f"{path.name} {about.st_mtime_ns} {about.st_size} {about.st_ino}"
