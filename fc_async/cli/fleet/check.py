"""fc-async check: what a document would do that nobody wants, or what is live and does it."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..options import CommonOptions, FcCommand, common_options, output_option, say
from ..output import print_documents
from ..terminal import clean
from .plan import wants_colour

if TYPE_CHECKING:
    from ...deploy.checks.finding import Finding

_COLOURS = {"error": "red", "warning": "yellow", "info": None}


@click.command("check", cls=FcCommand)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE", required=False)
@click.option("--live", is_flag=True, help="Check what is live; with FILE, check the file against it.")
@click.option(
    "--fail-on",
    type=click.Choice(["warning", "error"]),
    default="error",
    show_default=True,
    help="The severity from which the exit code is 1.",
)
@output_option
@click.pass_context
def command(context: click.Context, file: Path | None, live: bool, fail_on: str, output: str) -> None:
    """Find what a file, or what is live, does that nobody wants.

    A FILE alone is checked by what it says, without a call and without
    credentials. docs/findings.md describes each finding.

    \b
    Examples:
      fc-async check fc-async.yaml --fail-on warning
      fc-async check fc-async.yaml --live
      fc-async check --live -o json
    """
    if file is None and not live:
        raise click.UsageError("expected a FILE, --live, or both")
    found = _found(common_options(context), file, live)
    if output == "table":
        for one in found:
            _print(one)
        say(_counts(found))
    else:
        print_documents((asdict(one) for one in found), output)
    failing = {"error"} if fail_on == "error" else {"error", "warning"}
    if any(one.severity in failing for one in found):
        context.exit(1)


def _found(options: CommonOptions, file: Path | None, live: bool) -> Sequence[Finding]:
    from ...deploy.check import check
    from ...deploy.fleet_document import read_document

    if file is not None and not live:
        return check(read_document(file))
    from ...deploy.live import live_fleet

    with options.functions() as functions, options.mns() as mns:
        region = functions.settings.region
        if file is None:
            return check(live_fleet(functions, mns), functions, mns)
        return check(read_document(file, region=None if region is None else region.value), functions, mns)


def _print(one: Finding) -> None:
    text = _wrapped(clean(f"{one.place}: {one.severity}: {one.message} [{one.id}]"))
    word = click.style(one.severity, fg=_COLOURS[one.severity])
    click.echo(text.replace(f": {one.severity}: ", f": {word}: ", 1), color=wants_colour())
    lines = one.advice.split("\n")
    for line in lines:
        click.echo(_wrapped(f"    {clean(line)}") if len(lines) == 1 else f"    {clean(line)}")  # a policy is pasted


def _wrapped(text: str) -> str:
    """Return a line folded between words where a person reads it; a pipe gets it whole."""
    if not sys.stdout.isatty():
        return text
    return textwrap.fill(
        text,
        shutil.get_terminal_size().columns,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _counts(found: Sequence[Finding]) -> str:
    counts = [(word, sum(one.severity == word for one in found)) for word in _COLOURS]
    shown = [f"{count} {word}{'s' if count != 1 and word != 'info' else ''}" for word, count in counts if count]
    return ", ".join(shown) or "nothing found"
