"""Letters on stdout: in pages, which stop in a terminal alone; in a narrow one the error has a line of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice

import click

from ..options import say
from ..output import print_table
from ..terminal import clean
from .letter_view import ERROR, OPTIONAL, WHOLE

_PIPE_ROWS = 1000
"""Rows whose columns are as wide as each other, where nobody watches."""

_ONE_LINE_COLUMNS = 140
"""How wide a terminal is that shows a letter on one line."""

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
    size = _page_rows()
    for number, first in enumerate(rest):
        if number and size is not None and not _goes_on():
            return
        page = chain([first], islice(rest, (size or _PIPE_ROWS) - 1))
        if _is_narrow():
            _print_narrow(columns, [[clean(cell) for cell in row] for row in page])
        else:
            print_table(columns, page, whole=WHOLE, optional=[name for name in columns if name in OPTIONAL])


def print_raw(text: str) -> None:
    """Print a text as it came, byte for byte, where no terminal would obey it; in a terminal cleaned."""
    if sys.stdout.isatty():
        click.echo(clean(text, keep_lines=True))
    else:
        click.echo(text.encode("utf-8", "surrogatepass"), nl=False)


def _is_narrow() -> bool:
    import shutil

    return sys.stdout.isatty() and shutil.get_terminal_size().columns < _ONE_LINE_COLUMNS


def _page_rows() -> int | None:
    """Return how many letters a screen shows; None where nobody is there who could ask for the next page."""
    import shutil

    if not sys.stdout.isatty() or sys.stdin is None or not sys.stdin.isatty():
        return None
    lines = shutil.get_terminal_size().lines - _BESIDE_ROWS
    return max(1, lines // 2 if _is_narrow() else lines)


def _goes_on() -> bool:
    say("-- any key: the next page; q: the end --")
    return click.getchar() not in ("q", "Q", "\x1b")


def _print_narrow(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print each letter on two lines, the second its error; what does not fit at the end of the first is left out."""
    import shutil

    from rich.cells import cell_len, set_cell_size

    width = shutil.get_terminal_size().columns
    places = [at for at, name in enumerate(columns) if name != ERROR]
    widths = {at: max(cell_len(one[at]) for one in (columns, *rows)) for at in places}
    while len(places) > 1 and sum(widths[at] + 2 for at in places) - 2 > width:
        places.pop()
    error = columns.index(ERROR)
    click.echo("  ".join(set_cell_size(columns[at], widths[at]) for at in places).rstrip())
    click.echo("─" * min(width, sum(widths[at] + 2 for at in places) - 2))
    for row in rows:
        click.echo("  ".join(set_cell_size(row[at], widths[at]) for at in places).rstrip())
        click.echo(_INDENT + _fitted(row[error], width - len(_INDENT)))


def _fitted(text: str, width: int) -> str:
    from rich.cells import cell_len, set_cell_size

    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"
