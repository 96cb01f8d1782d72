"""`footfall plan`: tracking plans, checked, shown and compared."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.options import Shown
from footfall.cli.output import Format, emit, emit_json
from footfall.runtime.escaping import printable

if TYPE_CHECKING:
    from footfall.plans.diff.difference import Difference


class PlanFormat(StrEnum):
    """How a plan can be shown."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    MARKDOWN = "markdown"


class ReportFormat(StrEnum):
    """How findings can be shown."""

    TEXT = "text"
    JSON = "json"


app = typer.Typer(help="Tracking plans: what an application sends, in which order.", no_args_is_help=True)

Plans = Annotated[
    list[Path] | None, typer.Option("--plans", envvar="FOOTFALL_PLANS", help="Folder of plans of your own; repeatable.")
]
Report = Annotated[ReportFormat, typer.Option("--format", help="How to print what was found.")]
NameOrFile = Annotated[str, typer.Argument(help="Name of a plan, or a file that ends in .yaml.")]


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Files of plans, in YAML.")], shown: Report = ReportFormat.TEXT
) -> None:
    """Say everything that is wrong with plans, with file, line and path; exits with 1 if anything is.

    Example: `footfall plan validate plans/checkout.yaml`
    """
    from footfall.plans.errors import Flaw, PlanError
    from footfall.plans.registry import read

    flaws: dict[Path, list[Flaw]] = {}
    for file in files:
        try:
            read(file)
            flaws[file] = []
        except PlanError as error:
            flaws[file] = error.flaws
    if shown is ReportFormat.JSON:
        emit_json([{"file": str(file), "valid": not found, "flaws": found} for file, found in flaws.items()])
    else:
        for file, found in flaws.items():
            typer.echo(printable("\n".join(flaw.told(str(file)) for flaw in found) or f"{file}: ok"))
    if any(flaws.values()):
        raise typer.Exit(1)


@app.command("list")
def list_(plans: Plans = None, shown: Shown = Format.TABLE) -> None:
    """List the plans that come with footfall, and your own.

    Example: `footfall plan list --plans plans --format json`
    """
    from footfall.plans.registry import every

    rows = [
        (plan.plan, plan.version, plan.kind, len(plan.steps) or len(plan.types), plan.title)
        for plan in every(plans or ())
    ]
    emit(("plan", "version", "kind", "steps", "title"), [rows], shown)


@app.command()
def show(
    plan: NameOrFile,
    plans: Plans = None,
    shown: Annotated[PlanFormat, typer.Option("--format", help="How to print the plan.")] = PlanFormat.TEXT,
) -> None:
    """Show a plan: its steps, what tells them, their order, and how it can end.

    Example: `footfall plan show signup --format markdown`
    """
    from footfall.plans import registry, render

    folders = plans or ()
    if shown is PlanFormat.YAML:
        sys.stdout.write(registry.document(plan, folders))
    elif shown is PlanFormat.JSON:
        emit_json(registry.find(plan, folders))
    elif shown is PlanFormat.MARKDOWN:
        sys.stdout.write(render.markdown(registry.find(plan, folders)))
    else:
        typer.echo(printable(render.text(registry.find(plan, folders))))


@app.command()
def diff(old: NameOrFile, new: NameOrFile, plans: Plans = None, shown: Report = ReportFormat.TEXT) -> None:
    """Say what changed from one version of a plan to another, and whether it breaks anything; exits with 1 if it does.

    Example: `footfall plan diff signup plans/signup.yaml`
    """
    from footfall.plans.diff.change import Effect
    from footfall.plans.diff.difference import compare
    from footfall.plans.registry import find

    folders = plans or ()
    difference = compare(find(old, folders), find(new, folders))
    if shown is ReportFormat.JSON:
        emit_json(_summary(difference))
    else:
        _tell(difference)
    if difference.effect is Effect.BREAKING:
        raise typer.Exit(1)


@app.command()
def schema() -> None:
    """Print the JSON Schema (2020-12) of plans, for editors and other tools.

    Example: `footfall plan schema > plan.schema.json`
    """
    from footfall.plans.format import schema_text

    sys.stdout.write(schema_text())


def _summary(difference: "Difference") -> dict[str, object]:
    return {
        "plan": difference.plan,
        "old_version": difference.old_version,
        "new_version": difference.new_version,
        "effect": difference.effect or "none",
        "needs_version": difference.needs_version,
        "changes": difference.changes,
    }


def _tell(difference: "Difference") -> None:
    for change in difference.changes:
        reason = f" {change.reason}" if change.reason else ""
        typer.echo(printable(f"{change.effect.value:<8}  {change.path}: {change.says}.{reason}"))
    typer.echo(f"{difference.plan}: {difference.effect or 'no change'}")
    if difference.needs_version:
        typer.echo(f"Raise the version above {difference.old_version}: this breaks what was there.", err=True)
