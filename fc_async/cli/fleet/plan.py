"""fc-async plan: what apply would change, field by field; nothing is changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import CommonOptions, FcCommand, common_options, output_option
from ..output import print_document
from .view import plan_lines

if TYPE_CHECKING:
    from ...deploy.plan import Plan

FILE = click.Path(path_type=Path)

prune_option = click.option(
    "--prune", is_flag=True, help="Delete configs of listed functions on qualifiers that the file does not name."
)
create_option = click.option(
    "--create-destinations", is_flag=True, help="Create queues and topics that configs name and that are missing."
)


@click.command("plan", cls=FcCommand)
@click.argument("file", type=FILE, metavar="FILE")
@prune_option
@create_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit 3 where there are changes.")
@click.option("--out", type=FILE, metavar="PLAN", help="Write the plan to a file, for apply.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    file: Path,
    prune: bool,
    create_destinations: bool,
    detailed_exitcode: bool,
    out: Path | None,
    output: str,
) -> None:
    """Show what apply would change, field by field.

    FILE is an fc-async.yaml, or an s.yaml, of which the asyncInvokeConfig
    blocks are read. What the file does not list is not touched. A read that
    fails stops the plan.

    \b
    Examples:
      fc-async plan fc-async.yaml
      fc-async plan fc-async.yaml --out plan.json --detailed-exitcode
    """
    from ...deploy.plan_file import to_json, write_plan

    plan = made_plan(common_options(context), file, prune=prune, create_destinations=create_destinations)
    if out is not None:
        write_plan(plan, out)
    if output == "table":
        click.echo("\n".join(plan_lines(plan)), color=wants_colour())
    else:
        print_document(to_json(plan), output)
    if plan.changes and detailed_exitcode:
        context.exit(3)


def made_plan(options: CommonOptions, file: Path, *, prune: bool, create_destinations: bool) -> Plan:
    """Return the plan of a document, by the common options of the command line."""
    from ...deploy.fleet_document import read_document
    from ...deploy.plan import plan

    with options.functions() as functions:
        region = functions.settings.region
        fleet = read_document(file, region=None if region is None else region.value)
        if not (fleet.queues or fleet.topics or create_destinations):
            return plan(fleet, functions, prune=prune)
        with options.mns() as mns:
            return plan(fleet, functions, mns, prune=prune, create_destinations=create_destinations)


def wants_colour() -> bool | None:
    """Return what click is to do about colours: None is a terminal's colours, False none (NO_COLOR)."""
    import os

    return False if os.environ.get("NO_COLOR") else None
