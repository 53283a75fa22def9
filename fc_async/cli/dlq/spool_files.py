"""fc-async dlq export and spools: spools as files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..options import FcCommand, output_option, say
from ..output import print_documents, print_table
from .counted import counted_letters
from .where_option import opened, where_of, where_option

if TYPE_CHECKING:
    from ...dlq.spools import SpoolRow

_COLUMNS = ("queue", "held", "accepted", "left", "age", "size", "spool")


@click.command("export", cls=FcCommand)
@click.argument("spool")
@click.argument("file", metavar="FILE.jsonl")
@where_option
@click.option("--redact", metavar="PATH,...", help="Leave out what these paths name in the records, and `body`.")
@click.pass_context
def export(context: click.Context, spool: str, file: str, conditions: tuple[str, ...], redact: str | None) -> None:
    """Write letters as JSON, one a line, to a new file that only you may read.

    --redact takes paths into the record, its payloads read as JSON.

    \b
    Examples:
      fc-async dlq export ./night.spool night.jsonl
      fc-async dlq export ./night.spool night.jsonl --redact requestPayload.email
    """
    from ...dlq.export import export as exporting

    where = where_of(conditions)
    paths = [] if redact is None else redact.split(",")
    with opened(spool, read_only=True) as source:
        written = exporting(source, Path(file), where, redact=paths)
    say(f"wrote {counted_letters(written.count)} to {file}")
    for path in written.unused:
        say(f"warning: --redact {path} names nothing in any of them")


@click.command("spools", cls=FcCommand)
@output_option
@click.pass_context
def spools(context: click.Context, output: str) -> None:
    """List the spools on this machine, and what they hold.

    \b
    Examples:
      fc-async dlq spools
      fc-async dlq spools -o json
    """
    from ...dlq.spool_place import spools_folder
    from ...dlq.spools import list_spools

    folder = spools_folder()
    rows = list_spools(folder)
    if output != "table":
        print_documents(map(_document, rows), output)
    elif not print_table(_COLUMNS, map(_row, rows), whole=("queue", "spool")):
        say(f"no spools in {folder}")


def _row(row: SpoolRow) -> tuple[str, ...]:
    size = _size(row.size_bytes)
    if row.place is None:
        return ("?", "-", "-", "-", "-", size, f"{row.path}: {row.problem}")
    age = "?" if row.created_ms is None else _age(time.time() - row.created_ms / 1000)
    return (row.place.queue, *map(str, _three(row)), age, size, str(row.path))


def _three(row: SpoolRow) -> tuple[int, int, int]:
    return row.count("held", "planned"), row.count("accepted", "done"), row.count("left", "came_back")


def _document(row: SpoolRow) -> dict[str, Any]:
    held, accepted, left = _three(row)
    place = row.place
    return {
        "spool": str(row.path),
        "queue": None if place is None else place.queue,
        "accountId": None if place is None else place.account_id,
        "region": None if place is None else place.region,
        "held": held,
        "accepted": accepted,
        "left": left,
        "states": row.counts,
        "createdMs": row.created_ms,
        "sizeBytes": row.size_bytes,
        "problem": row.problem,
    }


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(0, int(seconds))}s"


def _size(count: int) -> str:
    for unit, length in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} B"
