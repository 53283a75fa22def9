"""fc-async dlq: the group; each file beside this one holds commands of one kind."""

from __future__ import annotations

import click

from ..options import FcGroup
from .consume import consume
from .look import peek
from .redrive import redrive


@click.group("dlq", cls=FcGroup)
def command() -> None:
    """Look into a dead-letter queue, send its letters again.

    \b
    Examples:
      fc-async dlq peek dead
      fc-async dlq redrive dead
    """


command.add_command(peek)
command.add_command(redrive)
command.add_command(consume)
