"""fc-async dlq redrive: send dead letters again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..options import FcCommand, common_options, confirm, dry_run_option, say, yes_option
from .look import show_head
from .source import arrivals_of

if TYPE_CHECKING:
    from ...dlq.redrive import RedriveSummary


@click.command("redrive", cls=FcCommand)
@click.argument("queue")
@click.option("--allow-loss", is_flag=True, help="Send even to a function without OnFailure: a new failure is lost.")
@yes_option
@dry_run_option
@click.pass_context
def redrive(context: click.Context, queue: str, allow_loss: bool, yes: bool, dry_run: bool) -> None:
    """Invoke the functions of QUEUE's dead letters again, with their original payloads.

    A letter is deleted after the service has accepted its invocation. What is no record, or may not be sent, stays.

    \b
    Examples:
      fc-async dlq redrive dead
      fc-async dlq redrive dead --yes
    """
    from ...dlq.look import look
    from ...dlq.redrive import redrive as send_again

    common = common_options(context)
    functions, letters = common.functions(), common.queue(queue)
    say(f"{functions.settings.place} queue {queue}")
    if dry_run:
        show_head(queue, look(letters), arrivals_of(context, queue))
        say("dry run: nothing was sent")
        return
    count = letters.get_attributes().active_messages
    about = "the" if count is None else f"about {count}"
    confirm(f"Invoke again what {about} letters ask for (at least once each)?", yes=yes)
    summary = send_again(letters, functions, allow_loss=allow_loss)
    _say_summary(summary)
    if summary.left or summary.stopped:
        context.exit(1)


def _say_summary(summary: RedriveSummary) -> None:
    for message_id, reason in summary.left:
        say(f"left {message_id}: {reason}")
    click.echo(f"sent again {summary.sent}, repeats removed {summary.repeats}, left in the queue {len(summary.left)}")
    if summary.newer:
        say(f"arrived after the start and not sent: {summary.newer}")
    if summary.stopped is not None:
        say(f"stopped: {summary.stopped}")
