"""Printing: tables for people, the service's own JSON for programs. stdout is data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from .terminal import clean

_PIPE_COLUMNS = 1000
"""Width where nobody watches: a table in a pipe is not folded."""


def print_json(value: Any) -> None:
    """Print one JSON document; control characters of its texts are escaped by JSON itself."""
    click.echo(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: str | None = None) -> None:
    """Print rows under headings, as wide as the terminal; nothing is printed for no rows.

    Args:
        columns: headings.
        rows: one text for each heading.
        whole: the column that is never folded, because people copy from it.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name == whole)
    for row in rows:
        table.add_row(*(Text(clean(cell)) for cell in row))
    if table.row_count:
        Console(width=None if sys.stdout.isatty() else _PIPE_COLUMNS, highlight=False).print(table)


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one pair a line, values in one column."""
    pairs = list(fields)
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        first, *rest = clean(value, keep_lines=True).split("\n")
        click.echo(f"{name:<{width}}  {first}".rstrip())
        for line in rest:
            click.echo(f"{'':<{width}}  {line}".rstrip())
