"""fc-async dlq: the group; each file beside this one holds commands of one kind."""

from __future__ import annotations

import click

from ..options import FcGroup
from .consume import consume
from .custody import pull
from .look import list_, peek, queues, show, summary
from .putting_back import drop, push, restore
from .redrive import redrive
from .spool_files import export, spools


@click.group("dlq", cls=FcGroup)
def command() -> None:
    """Look into a dead-letter queue, send its letters again.

    \b
    Examples:
      fc-async dlq queues
      fc-async dlq summary dead
      fc-async dlq redrive dead
    """


command.add_command(queues)
command.add_command(peek)
command.add_command(list_)
command.add_command(show)
command.add_command(summary)
command.add_command(pull)
command.add_command(push)
command.add_command(restore)
command.add_command(drop)
command.add_command(export)
command.add_command(spools)
command.add_command(redrive)
command.add_command(consume)
