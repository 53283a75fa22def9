"""fc-async dlq peek: look at a dead-letter queue without taking anything out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..options import FcCommand, common_options, output_option, say
from ..output import print_documents, print_table

if TYPE_CHECKING:
    from ...dlq.look import Look
    from ...mns.letter import Letter


@click.command("peek", cls=FcCommand)
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
    from ...dlq.look import look

    seen = look(common_options(context).queue(queue))
    if output == "table":
        show_head(queue, seen)
    else:
        print_documents((letter.to_dict() for letter in seen.letters), output)


def show_head(queue: str, seen: Look) -> None:
    """Print the letters at a queue's head, and about how many there are."""
    columns = ("enqueued (UTC)", "function", "error", "request id", "runs")
    print_table(columns, map(_row, seen.letters), whole=("enqueued (UTC)", "request id"), optional=("runs",))
    say(f"{queue}: about {seen.about_letters} letters, {len(seen.letters)} seen")
    if seen.first_expiry is not None:
        say(f"the oldest one seen expires at {seen.first_expiry.isoformat(timespec='seconds')}")


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
