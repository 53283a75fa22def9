"""fc-async doctor: is this machine set up, and what is to be done where it is not."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from ..options import FcCommand, common_options, output_option
from ..output import print_document, print_json, screen_columns
from ..terminal import clean
from .finding import TROUBLE

if TYPE_CHECKING:
    from .finding import Finding

_MOST_COLUMNS = 100
_STATE_COLUMNS = 9


@click.command("doctor", cls=FcCommand)
@output_option
@click.pass_context
def command(context: click.Context, output: str) -> None:
    """Say what is wrong with this setup, and what to do about it.

    Looked at are Python and packages, each setting and where it comes from,
    whether the endpoints answer, the clock, whether the credentials are
    accepted, and whether they may list. Only reading calls are made, secrets
    are masked. Exit 1 where there is trouble.

    \b
    Examples:
      fc-async doctor
      fc-async doctor --profile staging -o json
    """
    from .examination import examine

    common_options(context).start_log()
    found = []
    for finding in examine(common_options(context)):
        found.append(finding)
        if output == "table":
            _show(finding)
        elif output == "ndjson":
            print_document(finding.to_dict(), output)
    if output == "json":
        print_json([finding.to_dict() for finding in found])
    context.exit(1 if any(finding.state == TROUBLE for finding in found) else 0)


def _show(finding: Finding) -> None:
    _print(finding.state, finding.message)
    if finding.advice is not None:
        _print("", f"-> {finding.advice}")


def _print(state: str, text: str) -> None:
    """Print a text beside a state, its further lines below itself; a word that is too long (a path) is not broken."""
    first, rest = f"{state:<{_STATE_COLUMNS}}", " " * _STATE_COLUMNS
    width = max(40, min(_MOST_COLUMNS, screen_columns()))
    click.echo(
        textwrap.fill(
            clean(text),
            width=width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
    )
