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

_LEAST_COLUMN = 12
"""A column that may be folded is not made narrower than this, unless its cells are."""

_LEAST_CUT_COLUMN = 8
"""Likewise where its cells are cut."""

_GAP = 2


def print_json(value: Any) -> None:
    """Print one JSON document; control characters of its texts are escaped by JSON itself."""
    click.echo(json.dumps(value, indent=2))


def print_document(value: Any, output: str) -> None:
    """Print one JSON value: over several lines for `json`, on one for `ndjson`."""
    if output == "ndjson":
        click.echo(json.dumps(value, separators=(",", ":")))
    else:
        print_json(value)


def print_documents(values: Iterable[Any], output: str) -> None:
    """Print JSON values: one array for `json`; for `ndjson` one line for each, as soon as it is there."""
    if output == "ndjson":
        for value in values:
            print_document(value, output)
    else:
        print_json(list(values))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Sequence[str] = (), optional: Sequence[str] = ()
) -> int:
    """Print rows under headings, as wide as the terminal, and return their number; for none nothing is printed.

    Where the terminal is too narrow for a table, cells are cut, the unusually long ones of `whole` too; where that does
    not help, each row becomes a block of fields instead.

    Args:
        columns: headings.
        rows: one text for each heading.
        whole: the columns that are never folded, because people copy from them.
        optional: the columns at the end that a narrow table may do without.
    """
    cells: list[Sequence[str]] = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        return 0
    width = screen_columns()
    kept = (*whole, *optional)
    for shorten in (lambda _, rows: rows, lambda shown, rows: _cut(shown, rows, kept, width)):
        for count in range(len(columns), len(columns) - len(optional) - 1, -1):
            shown = columns[:count]
            fitting = shorten(shown, [row[:count] for row in cells])
            if _least_width(shown, fitting, kept) <= width:
                _print_grid(shown, fitting, kept, width)
                _say_where_it_is_whole(shown, fitting, cells, whole)
                return len(cells)
    _print_blocks(columns, cells)
    return len(cells)


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one pair a line, values in one column."""
    pairs = list(fields)
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        first, *rest = clean(value, keep_lines=True).split("\n")
        click.echo(f"{name:<{width}}  {first}".rstrip())
        for line in rest:
            click.echo(f"{'':<{width}}  {line}".rstrip())


def screen_columns() -> int:
    """Return how wide stdout is; where nobody watches, as wide as anything needs."""
    import shutil

    return shutil.get_terminal_size().columns if is_terminal() else _PIPE_COLUMNS


def is_terminal() -> bool:
    """Whether somebody watches stdout; nobody does where it was closed (>&-)."""
    return sys.stdout is not None and sys.stdout.isatty()


def _cut(
    columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str], width: int
) -> list[Sequence[str]]:
    """Return rows whose cells are cut until they fit, as far as that goes.

    Of a `whole` column those are cut that are longer than most of it; the others, the widest first, down to a least.
    """
    from rich.cells import cell_len

    widths, least = [], []
    for at, name in enumerate(columns):
        lengths = sorted(cell_len(row[at]) for row in rows)
        usual = lengths[(len(rows) - 1) // 2] if name in whole else min(lengths[-1], _LEAST_CUT_COLUMN)
        widths.append(max(len(name), lengths[-1]))
        least.append(max(len(name), usual))
    while sum(widths) + _GAP * (len(columns) - 1) > width:
        at = max(range(len(columns)), key=lambda at: widths[at] if widths[at] > least[at] else 0)
        if widths[at] <= least[at]:
            break
        widths[at] -= 1
    return [[fitted(cell, widths[at]) for at, cell in enumerate(row)] for row in rows]


def _say_where_it_is_whole(
    columns: Sequence[str], shown: Sequence[Sequence[str]], cells: Sequence[Sequence[str]], whole: Sequence[str]
) -> None:
    """Say that something was cut which people copy."""
    places = [at for at, name in enumerate(columns) if name in whole]
    if any(row[at] != cell[at] for row, cell in zip(shown, cells, strict=True) for at in places):
        click.echo("what ends in … is cut: -o json has it whole", err=True)


def fitted(text: str, width: int) -> str:
    """Return a text that takes so many columns of a terminal at most; a cut one ends in "…"."""
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


def _least_width(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str]) -> int:
    from rich.cells import cell_len

    total = _GAP * (len(columns) - 1)
    for at, name in enumerate(columns):
        longest = max(cell_len(row[at]) for row in rows)
        total += max(len(name), longest if name in whole else min(longest, _LEAST_COLUMN))
    return total


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    for at, row in enumerate(rows):
        if at:
            click.echo()
        print_fields(zip(columns, row, strict=True))


def _print_grid(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[str], width: int) -> None:
    from io import StringIO

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in whole)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    drawn = StringIO()
    Console(file=drawn, width=width).print(table)
    for line in drawn.getvalue().splitlines():
        click.echo(line.rstrip())
