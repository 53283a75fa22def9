"""fc-async dlq: look into a dead-letter queue, and send its letters again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .dlq_consume import consume
from .options import FcGroup, common_options, confirm, dry_run_option, output_option, say, yes_option
from .output import print_documents, print_table

if TYPE_CHECKING:
    from ..dlq.look import Look
    from ..dlq.redrive import RedriveSummary
    from ..mns.letter import Letter


@click.group("dlq", cls=FcGroup)
def command() -> None:
    """Look into a dead-letter queue, send its letters again.

    \b
    Examples:
      fc-async dlq peek dead
      fc-async dlq redrive dead
    """


@command.command("peek")
@click.argument("queue")
@output_option
@click.pass_context
def peek(context: click.Context, queue: str, output: str) -> None:
    """Show the letters at the head of QUEUE (at most 16) and leave them there.

    \b
    Examples:
      fc-async dlq peek dead
      fc-async dlq peek dead -o ndjson
    """
    from ..dlq.look import look

    seen = look(common_options(context).queue(queue))
    if output == "table":
        _show(queue, seen)
    else:
        print_documents((letter.to_dict() for letter in seen.letters), output)


@command.command("redrive")
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
    from ..dlq.look import look
    from ..dlq.redrive import redrive as send_again

    common = common_options(context)
    functions, letters = common.functions(), common.queue(queue)
    say(f"{functions.settings.place} queue {queue}")
    if dry_run:
        _show(queue, look(letters))
        say("dry run: nothing was sent")
        return
    count = letters.get_attributes().active_messages
    about = "the" if count is None else f"about {count}"
    confirm(f"Invoke again what {about} letters ask for (at least once each)?", yes=yes)
    summary = send_again(letters, functions, allow_loss=allow_loss)
    _say_summary(summary)
    if summary.left or summary.stopped:
        context.exit(1)


def _row(letter: Letter) -> tuple[str, ...]:
    enqueued = "?" if letter.enqueued is None else letter.enqueued.strftime("%m-%d %H:%M:%S")
    if letter.record is None:
        return (enqueued, "-", letter.error, f"message {letter.message.message_id}", "-")
    runs = letter.record.approximate_invoke_count
    return (
        enqueued,
        letter.function_name or "-",
        letter.error,
        letter.record.request_id,
        "?" if runs is None else str(runs),
    )


def _show(queue: str, seen: Look) -> None:
    columns = ("enqueued (UTC)", "function", "error", "request id", "runs")
    print_table(columns, map(_row, seen.letters), whole=("enqueued (UTC)", "request id"), optional=("runs",))
    say(f"{queue}: about {seen.about_letters} letters, {len(seen.letters)} seen")
    if seen.first_expiry is not None:
        say(f"the oldest one seen expires at {seen.first_expiry.isoformat(timespec='seconds')}")


def _say_summary(summary: RedriveSummary) -> None:
    for message_id, reason in summary.left:
        say(f"left {message_id}: {reason}")
    click.echo(f"sent again {summary.sent}, repeats removed {summary.repeats}, left in the queue {len(summary.left)}")
    if summary.newer:
        say(f"arrived after the start and not sent: {summary.newer}")
    if summary.stopped is not None:
        say(f"stopped: {summary.stopped}")


command.add_command(consume)
