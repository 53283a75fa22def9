"""fc-async dlq push, restore and drop: what becomes of letters in custody that are not sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ..options import FcCommand, common_options, confirm, say, yes_option
from .counted import counted_letters
from .progress import ProgressLine, stopping
from .where_option import opened, where_of, where_option

if TYPE_CHECKING:
    from ...dlq.push import Returned


@click.command("push", cls=FcCommand)
@click.argument("spool")
@click.argument("queue", required=False)
@where_option
@click.pass_context
def push(context: click.Context, spool: str, queue: str | None, conditions: tuple[str, ...]) -> None:
    """Put what was not done back into its queue, or into QUEUE.

    Body, properties and priority stay as they were; message id, enqueue time,
    dequeue count and retention are new. What is planned stays, because it may
    have been accepted. No letter is put back twice, unless an answer was lost.

    \b
    Examples:
      fc-async dlq push ./night.spool
      fc-async dlq push ./night.spool dead --where error=OutOfStock
    """
    from ...dlq.drop import forget_what_is_due
    from ...dlq.push import push as putting_back

    where = where_of(conditions)
    with opened(spool) as source, stopping() as stop:
        client = common_options(context).queue(queue or source.place.queue)
        say(f"{client.settings.place} queue {client.queue}")
        with _counting() as show:
            result = putting_back(source, client, where, on_progress=show, stopping=stop.event)
        forget_what_is_due(source)
        context.exit(stop.exit_code(_say_returned(result, client.queue)))


@click.command("restore", cls=FcCommand)
@click.argument("spool")
@click.option("--accepted", is_flag=True, help="Also what was accepted, where no task tells how it ended.")
@click.option("--all", "everything", is_flag=True, help="All that is not back yet, also what is done or dropped.")
@click.pass_context
def restore(context: click.Context, spool: str, accepted: bool, everything: bool) -> None:
    """Put raw letters back into their queue, also some of those that were sent.

    What is not known to have succeeded goes back: in task mode each accepted
    one is asked for first. An execution cannot be taken back.

    \b
    Examples:
      fc-async dlq restore ./night.spool
      fc-async dlq restore ./night.spool --accepted
    """
    from ...dlq.drop import forget_what_is_due
    from ...dlq.restore import restore as restoring

    common = common_options(context)
    with opened(spool) as source, stopping() as stop, common.functions() as functions:
        client = common.queue(source.place.queue)
        say(f"{client.settings.place} queue {client.queue}")
        say("what was executed stays executed: a letter that goes back may be sent a second time")
        with _counting() as show:
            result = restoring(
                source,
                client,
                everything=everything,
                accepted=accepted,
                functions=functions,
                on_progress=show,
                stopping=stop.event,
            )
        forget_what_is_due(source)
        context.exit(stop.exit_code(_say_returned(result, client.queue)))


@click.command("drop", cls=FcCommand)
@click.argument("spool")
@where_option
@click.option("--forget", is_flag=True, help="Take the raw letters away at once, for good.")
@yes_option
@click.pass_context
def drop(context: click.Context, spool: str, conditions: tuple[str, ...], forget: bool, yes: bool) -> None:
    """Drop letters that are not wanted any more; --where selects them.

    They are not sent and not put back again. Their raw letters stay for 7 days
    (dlq restore --all brings them back), unless they are forgotten.

    \b
    Examples:
      fc-async dlq drop ./night.spool --where group=a1b2
      fc-async dlq drop ./night.spool --where until=3d --forget --yes
    """
    from ...dlq.drop import drop as dropping
    from ...dlq.drop import droppable

    if not conditions:
        raise click.UsageError("expected --where, which selects what is dropped; --where since=1970-01-01 selects all")
    where = where_of(conditions)
    with opened(spool) as source:
        say(f"{source.place.account_id}/{source.place.region} queue {source.place.queue}, spool {source.path}")
        count = sum(1 for _ in droppable(source, where, forget=forget))
        what = "and forget their raw letters, for good" if forget else "and keep their raw letters for 7 days"
        confirm(f"Drop {counted_letters(count)} {what}?", yes=yes)
        click.echo(f"dropped {dropping(source, where, forget=forget)}")
        if forget:
            say(f"the raw letters of {count} are gone for good")


@contextmanager
def _counting() -> Iterator[Callable[[int], None]]:
    """Give what shows how many letters are back; an error does not hide that number."""
    from ...errors import FcAsyncError

    line = ProgressLine()
    counts = [0]

    def show(count: int) -> None:
        counts[:] = [count]
        line.show(f"put back {count}")

    try:
        yield show
    except FcAsyncError:
        line.end()
        if counts[0]:
            say(f"put back {counts[0]} before this:")
        raise
    line.end()


def _say_returned(result: Returned, queue: str) -> int:
    """Say what went back and what stays; return the exit code."""
    for reason, count in result.stayed.items():
        ids = result.samples[reason]
        more = f" and {count - len(ids)} more" if count > len(ids) else ""
        say(f"{count} stay{'s' if count == 1 else ''} in the spool: {reason} ({', '.join(ids)}{more})")
    if result.twice:
        say(f"{result.twice} may be in {queue} twice: the answer to an earlier attempt was lost")
    click.echo(f"put back {result.returned} into {queue}")
    if result.returned:
        say("each has a new message id, enqueue time and dequeue count, and its retention begins again")
    if result.reason is not None:
        say(result.reason)
    return 1 if result.stayed or result.reason is not None else 0
