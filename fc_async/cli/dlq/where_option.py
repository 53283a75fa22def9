"""The argument SPOOL and the option --where, for every command that works on a spool."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ...dlq.spool import Spool
    from ...dlq.where import Where

where_option = click.option(
    "--where",
    "conditions",
    metavar="CONDITION",
    multiple=True,
    help="Only these letters of a SPOOL: error=TYPE, group=ID, since=2h ...; several are and.",
)


def where_of(conditions: Sequence[str]) -> Where | None:
    """Read what was typed; None where nothing was.

    Raises:
        ArgumentError: a condition does not parse.
    """
    from ...dlq.where import parse_where

    return parse_where(conditions, round(time.time() * 1000)) if conditions else None


def opened(text: str, *, read_only: bool = False) -> Spool:
    """Open the spool that was typed.

    Raises:
        click.UsageError: it is the name of a queue.
        SpoolError: it cannot be opened.
    """
    from ...dlq.spool import Spool
    from ...dlq.spool_place import is_spool
    from ...errors import SpoolError

    if not is_spool(text):
        raise click.UsageError(
            f"expected a SPOOL (it ends in .spool or holds a '/'), got the name of a queue, {text[:60]!r}: "
            "`dlq pull` makes a spool of a queue"
        )
    spool = Spool(Path(text), read_only=read_only)
    try:
        spool.counts()  # reads the whole index: where that is damaged, letters would be passed over without a word
    except SpoolError:
        spool.close()
        raise
    return spool
