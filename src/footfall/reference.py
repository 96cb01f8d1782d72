"""The generated part of the documentation: `python -m footfall.reference docs` writes it."""

import json
import sys
import typing
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import click
import msgspec
import typer

from footfall.plans import format as plans
from footfall.plans import registry, render
from footfall.plans.model import Plan
from footfall.plans.sample import sample_of_step, sample_of_type
from footfall.schema import docs as spec
from footfall.settings import FILE, PREFIX, Settings


def pages() -> dict[str, str]:
    """Every generated page by file name."""
    return {
        "events.md": spec.events_page(),
        "reasons.md": spec.reasons_page(),
        "settings.md": settings_page(),
        "commands.md": commands_page(),
        "metrics.md": metrics_page(),
        "plan-format.md": plans.format_page(),
        "plan.schema.json": plans.schema_text(),
        "plan-reference.md": plan_reference_page(),
    }


def plan_reference_page() -> str:
    """Every step and event type of every shipped plan, each with an event as it should be sent."""
    shipped = registry.shipped()
    contents = [f"- [{plan.title}](#{_anchor(plan.title)}): `{plan.plan}`, {plan.kind}" for plan in shipped]
    head = [
        "# Shipped plans",
        "",
        "What each plan knows: its steps or event types, where each comes from, and an event as it should be sent.",
        "The catalogue of the dashboard shows the same, with how much of it came. How plans work is told in",
        "[plans.md](plans.md).",
        "",
        *contents,
    ]
    return "\n".join([*head, *(line for plan in shipped for line in _plan_section(plan))]) + "\n"


def _plan_section(plan: Plan) -> list[str]:
    lines = [f"#{line}" if line.startswith("#") else line for line in render.markdown(plan).rstrip().splitlines()]
    samples = [(step.step, sample_of_step(plan, step)) for step in plan.steps if plan.kind == "flow" or step.match]
    samples += [(one.type, sample_of_type(plan, one)) for one in plan.types]
    blocks = [line for name, sample in samples for line in (f"`{name}`:", "", f"    {_json(sample)}", "")]
    return ["", *lines, "", "### Samples", "", *blocks[:-1]]


def _json(sample: dict[str, Any]) -> str:
    return json.dumps(sample, ensure_ascii=False, separators=(",", ":"))


def _anchor(title: str) -> str:
    return "-".join("".join(char if char.isalnum() or char in " -" else "" for char in title.lower()).split())


def settings_page() -> str:
    """Every setting with its default and meaning."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    rows = [
        f"| `{name}` | `{PREFIX}{name.upper()}` | `{_default(field.default)}` | {_description(hints[name])} |"
        for name, field in ((field.name, field) for field in msgspec.structs.fields(Settings))
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            f"Set on the command line, in environment variables or in `DIR/{FILE}`; the first that names one wins.",
            "Sizes are bytes, times are seconds unless the name says otherwise.",
            "",
            "| setting | variable | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def metrics_page() -> str:
    """Every metric of a collector's /metrics."""
    from footfall.collector.counters import Counters
    from footfall.collector.metrics import Metrics

    metrics = Metrics(Settings(), 0, Counters(), held=lambda: 0, pending=lambda: 0)
    rows = [f"| `{name}` | {kind} | {meaning} |" for name, kind, meaning in metrics.described()]
    return "\n".join(
        [
            "# Metrics",
            "",
            "`GET /metrics`, for Prometheus, answers this machine only, for all collectors together.",
            "`footfall_events_total` has the labels `channel` and `fate`, `footfall_requests_total` the label",
            "`reason`: a code of [reasons.md](reasons.md), or `ok`. Fates are the door's here; the lake's, which are",
            "exact, are in `footfall audit` and in the view `hourly`. A collector that dies takes no count along:",
            "counters go back only when all of footfall is started again.",
            "",
            "| metric | type | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def commands_page() -> str:
    """Every command with its options and an example."""
    from footfall.cli import app

    root = typer.main.get_command(app)
    lines = [
        "# Commands",
        "",
        "Exit codes: 0 done, 1 the answer is no, 2 it cannot be done as asked, 75 try again later, 130 ended by",
        "Ctrl-C.",
        "",
    ]
    for path, command in commands(root, ["footfall"]):
        lines += [f"## {' '.join(path)}", "", _help(command), "", *_options(command), ""]
    return "\n".join(lines).rstrip() + "\n"


def commands(command: Any, path: list[str]) -> list[tuple[list[str], Any]]:
    """Every command below one, with the words that call it."""
    children = getattr(command, "commands", None)
    if not children:
        return [(path, command)]
    return [found for name, child in children.items() for found in commands(child, [*path, name])]


def _help(command: Any) -> str:
    return "\n".join(line.strip() for line in (command.help or "").splitlines()).strip()


def _options(command: Any) -> list[str]:
    context = click.Context(command)
    records = [record for parameter in command.params if (record := _record(parameter, context))]
    return (
        ["| option | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in records)] if records else []
    )


def _record(parameter: Any, context: Any) -> tuple[str, str] | None:
    if parameter.param_type_name == "argument":
        return parameter.name.upper(), parameter.help or ""
    found = parameter.get_help_record(context)
    return None if found is None else (found[0].replace("|", "\\|"), found[1].replace("|", "\\|"))


def _default(value: Any) -> str:
    return str(value) or "(empty)"


def _description(hint: Any) -> str:
    if get_origin(hint) is Annotated:
        for meta in get_args(hint)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
    return ""


def main() -> None:
    """Write the pages into the folder named on the command line."""
    folder = Path(sys.argv[1])
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
