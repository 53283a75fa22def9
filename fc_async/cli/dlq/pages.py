"""Letters on stdout: in pages, which stop in a terminal alone; in a narrow one the error has a line of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import click

from ..options import say
from ..output import fitted, is_terminal
from ..terminal import clean
from .letter_view import ERROR, FUNCTION, MESSAGE_ID, WHOLE

_PIPE_ROWS = 1000
"""Rows whose columns are as wide as each other, where nobody watches."""

_PIPE_COLUMNS = 1000

_ONE_LINE_COLUMNS = 140
"""How wide a terminal is that shows a letter on one line."""

_LEAST_ERROR = 20
"""An error that shares its line with the rest is not cut shorter."""

_LEAST_FUNCTION = 12
"""Likewise a function's name."""

_BESIDE_ROWS = 5
"""Lines of a screen that are no rows: headings, the question, what is said at the end."""

_INDENT = "    "


def print_pages(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print letters a page at a time; memory does not grow with their number.

    Args:
        columns: headings, as `letter_view` has them.
        rows: one text for each heading.
    """
    rest = iter(rows)
    width, size = _screen()
    for number, first in enumerate(rest):
        if number and size is not None and not _goes_on():
            return
        page = chain([first], islice(rest, (size or _PIPE_ROWS) - 1))
        _print_page(columns, [[clean(cell) for cell in row] for row in page], width)


def print_array(values: Iterable[Any]) -> None:
    """Print a JSON array an element at a time, as `print_json` prints it whole."""
    number = 0
    for number, value in enumerate(values, 1):
        text = json.dumps(value, indent=2).replace("\n", "\n  ")
        click.echo(("[\n  " if number == 1 else ",\n  ") + text, nl=False)
    click.echo("\n]" if number else "[]")


def print_raw(text: str) -> None:
    """Print a text as it came, byte for byte, where no terminal would obey it; in a terminal cleaned."""
    if is_terminal():
        click.echo(clean(text, keep_lines=True))
    else:
        click.echo(text.encode("utf-8", "surrogatepass"), nl=False)


def _screen() -> tuple[int, int | None]:
    """Return the width, and how many letters a screen shows; None where nobody can ask for the next page."""
    import shutil

    if not is_terminal():
        return _PIPE_COLUMNS, None
    screen = shutil.get_terminal_size()
    if sys.stdin is None or not sys.stdin.isatty():
        return screen.columns, None
    lines = screen.lines - _BESIDE_ROWS
    return screen.columns, max(1, lines // 2 if screen.columns < _ONE_LINE_COLUMNS else lines)


def _goes_on() -> bool:
    say("-- any key: the next page; q: the end --")
    return click.getchar() not in ("q", "Q", "\x1b")


def _print_page(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print rows below headings; where it is narrow each on two lines, the second its error.

    What does not fit at the end of a line is left out: it stands in `dlq show`. Without rich, whose tables take half a
    millisecond for each letter.
    """
    from rich.cells import cell_len, set_cell_size

    error = columns.index(ERROR)
    is_apart = width < _ONE_LINE_COLUMNS
    places = [at for at in range(len(columns)) if not is_apart or at != error]
    widths = {at: max(cell_len(one[at]) for one in (columns, *rows)) for at in places}
    if not is_apart:
        spare = width - _line_width(places, widths) + widths[error]
        widths[error] = min(widths[error], max(_LEAST_ERROR, spare))
    _cut_the_function(columns, places, widths, width)
    while len(places) > len(WHOLE) and _line_width(places, widths) > width:
        places.pop()

    def line(cells: Sequence[str]) -> str:
        return "  ".join(set_cell_size(fitted(cells[at], widths[at]), widths[at]) for at in places).rstrip()

    click.echo(line(columns))
    click.echo("─" * min(width, _line_width(places, widths)))
    for row in rows:
        click.echo(line(row))
        if is_apart:
            click.echo(_INDENT + fitted(row[error], width - len(_INDENT)))


def _cut_the_function(columns: Sequence[str], places: Sequence[int], widths: dict[int, int], width: int) -> None:
    """Let one long name cost none of the columns beside it; the message id comes last, and is left out before that."""
    at = columns.index(FUNCTION)
    others = [one for one in places if columns[one] != MESSAGE_ID]
    spare = width - _line_width(others, widths) + widths[at]
    widths[at] = min(widths[at], max(_LEAST_FUNCTION, spare))


def _line_width(places: Sequence[int], widths: dict[int, int]) -> int:
    return sum(widths[at] + 2 for at in places) - 2
