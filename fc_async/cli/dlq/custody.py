"""fc-async dlq pull: take the letters of a queue into a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..arguments import DurationType
from ..mns_view import about
from ..options import FcCommand, common_options, confirm, say, yes_option
from .counted import counted_letters
from .progress import ProgressLine, stopping

if TYPE_CHECKING:
    from ...dlq.pulled import Pulled, Pulling
    from ...mns.queue_client import QueueClient


@click.command("pull", cls=FcCommand)
@click.argument("queue")
@click.option("--spool", "file", metavar="FILE", help="The spool. Default: one in the folder of `dlq spools`.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N letters. Default: all.")
@click.option(
    "--wait",
    type=DurationType(0, 86400),
    metavar="T",
    help="How long to wait for letters that others hold. Default: the queue's visibility, 60s at most.",
)
@click.option("--where", "conditions", multiple=True, hidden=True)
@yes_option
@click.pass_context
def pull(
    context: click.Context,
    queue: str,
    file: str | None,
    limit: int | None,
    wait: int | None,
    conditions: tuple[str, ...],
    yes: bool,
) -> None:
    """Take the letters of QUEUE into a file, a SPOOL, and print its path.

    Each letter is on disk before it is deleted from the queue. What a SPOOL
    holds can be listed, selected, sent again and put back (dlq push). After a
    kill the same command goes on.

    \b
    Examples:
      fc-async dlq pull dead
      fc-async dlq pull dead --spool ./night.spool --limit 1000 --yes
    """
    from ...dlq.spool_place import is_spool
    from ...dlq.unfinished import path_for

    if conditions:
        raise click.UsageError("--where: MNS cannot select; pull the queue, and use --where on the spool")
    if file is not None and not is_spool(file):
        raise click.UsageError(f"--spool: expected a name that ends in .spool or holds a '/', got {file[:60]!r}")
    client = common_options(context).queue(queue)
    say(f"{client.settings.place} queue {queue}")
    found = client.get_attributes()
    path = path_for(client) if file is None else Path(file)
    _say_place(client, path)
    letters = about(found.active_messages).replace("message", "letter")
    confirm(f"Move {letters} of {queue} into {path}, which is then the only copy?", yes=yes)
    context.exit(_pulled(client, path, limit, wait))


def _say_place(client: QueueClient, path: Path) -> None:
    from ...dlq.spool_mount import warning_of
    from ...dlq.spool_place import place_of, spools_folder
    from ...dlq.spools import list_spools

    prefix = place_of(client).prefix
    for row in list_spools(spools_folder()):
        held = row.count("held", "planned", "left", "came_back")
        if row.place is None or row.place.prefix != prefix or not held:
            continue
        if os.path.realpath(row.path) == os.path.realpath(path):
            say(f"goes on with {path}, which holds {held} already")
        else:
            say(f"{row.path} holds {counted_letters(held)} of {client.queue} already")
    warning = warning_of(path)
    if warning is not None:
        say(f"warning: {warning}")


def _pulled(client: QueueClient, path: Path, limit: int | None, wait: int | None) -> int:
    from ...dlq.custody import pull as taking
    from ...errors import FcAsyncError

    line = ProgressLine()
    seen: list[Pulling] = []

    def show(now: Pulling) -> None:
        seen[:] = [now]
        line.show(_words(now))

    with stopping() as stop:
        try:
            spool = taking(
                client,
                path,
                limit=limit,
                wait_seconds=wait,
                on_progress=show,
                stopping=stop.event,
            )
        except FcAsyncError:
            line.end()
            if seen:
                say(f"took {seen[0].taken}: what was taken is in {path}")
            raise
        line.end()
        counts, pulled = spool.counts(), spool.pulled
        spool.close()
        assert pulled is not None  # noqa: S101 - it was just pulled
        _say_end(path, counts, pulled)
        click.echo(str(path))
        return stop.exit_code(0 if pulled.reason is None else 1)


def _say_end(path: Path, counts: dict[str, int], pulled: Pulled) -> None:
    held = counts.get("held", 0)
    say(f"took {pulled.taken}; {path} holds {f'{held}, and is the only copy of them' if held else 'none'}")
    if pulled.undeleted:
        say(f"{pulled.undeleted} of them may still be in the queue: the same command again deletes them there")
    if pulled.delayed:
        say(f"{pulled.delayed} are delayed and stay in the queue until they show")
    if pulled.reason is not None:
        say(pulled.reason)


def _words(now: Pulling) -> str:
    rate = now.taken / now.seconds if now.seconds else 0
    waits = f", waits for {now.waits_for}" if now.waits_for else ""
    return f"took {now.taken}, {rate:.0f}/s{waits}"
