"""fc-async dlq peek, list, show, summary, queues: look at dead letters without taking anything out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..options import FcCommand, common_options, output_option, say
from ..output import print_document, print_documents, print_fields, print_table
from . import letter_view, summary_view
from .counted import counted_letters
from .letter_view import moment, span, without_error
from .pages import print_array, print_pages, print_raw
from .source import arrivals_of, listed, say_expiry, source_argument
from .where_option import where_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...dlq.arrival import Arrivals
    from ...dlq.key_fields import KeyFields
    from ...dlq.look import Look
    from ...dlq.queues import FailureQueue
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
        show_head(queue, seen, arrivals_of(context, queue))
    else:
        print_documents((letter.to_dict() for letter in seen.letters), output)


@click.command("list", cls=FcCommand)
@source_argument
@where_option
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N letters. Default: no limit.")
@output_option
@click.pass_context
def list_(context: click.Context, source: str, conditions: tuple[str, ...], limit: int | None, output: str) -> None:
    """List the letters of a SPOOL, or those at the head of a QUEUE (16).

    A SPOOL ends in .spool or holds a /. Conditions: function=main@prod,
    error=OutOfStock, condition=..., text~timeout, since=2h, until=...,
    attempts>=3, group=a1b2c3, id=...

    \b
    Examples:
      fc-async dlq list dead
      fc-async dlq list ./dead.spool --where error=OutOfStock --where since=2h
    """
    import time
    from itertools import islice

    from ...dlq.spool_place import is_spool

    with listed(context, source, conditions) as letters:
        chosen = islice(letters, limit)
        if output != "table":
            documents = (letter_view.document(letter.fields) for letter in chosen)
            if output == "json":
                print_array(documents)
            else:
                print_documents(documents, output)
            return
        columns = letter_view.SPOOL_COLUMNS if is_spool(source) else letter_view.QUEUE_COLUMNS
        now_ms = round(time.time() * 1000)
        print_pages(columns, (letter_view.row(letter, columns, now_ms) for letter in chosen))


@click.command("show", cls=FcCommand)
@source_argument
@click.argument("letter_id", metavar="ID")
@click.option("--raw", is_flag=True, help="The message's body alone, as it came.")
@output_option
@click.pass_context
def show(context: click.Context, source: str, letter_id: str, raw: bool, output: str) -> None:
    """Show one letter whole; ID is its request id or its message id.

    \b
    Examples:
      fc-async dlq show dead 1-64e70cf1-5cbef92ea8fc8c42899cf5d1
      fc-async dlq show ./dead.spool 1-64e70cf1-5cbef92ea8fc8c42899cf5d1 --raw
    """
    from ...dlq.key_fields import key_fields
    from ...dlq.spool_place import is_spool
    from ...errors import FcAsyncError
    from .find import FORGOTTEN, letters_of

    found = letters_of(context, source, letter_id)
    letter = found[0]
    if raw and letter.problem == FORGOTTEN:
        raise FcAsyncError(f"{letter_id}: {FORGOTTEN}")
    if raw:
        print_raw(letter.message.message_body)
    elif output != "table":
        print_document(letter.to_dict(), output)
    else:
        known = letter.record is not None and letter.record.is_success and not is_spool(source)
        by_failure = arrivals_of(context, source).by_failure(key_fields(letter)) if known else None
        print_fields(letter_view.details(letter, by_failure))
    if len(found) > 1:
        others = ", ".join(one.message.message_id for one in found[1:])
        say(f"{len(found)} letters have this id; the other messages: {others}")


@click.command("summary", cls=FcCommand)
@source_argument
@where_option
@output_option
@click.pass_context
def summary(context: click.Context, source: str, conditions: tuple[str, ...], output: str) -> None:
    """Group the letters of a SPOOL, or at the head of a QUEUE, by failure.

    Letters of one group agree in function, condition, error type, message
    (numbers, ids and quoted values taken out) and place in the code. Repeats
    of one letter count once. Conditions are those of "dlq list".

    \b
    Examples:
      fc-async dlq summary dead
      fc-async dlq summary ./dead.spool --where function=orders
    """
    from ...dlq.summary import summary as grouped

    arrived: dict[str, bool | None] = {}

    def fields() -> Iterator[KeyFields]:
        for letter in letters:
            if letter.fields.is_success:
                known = arrived.setdefault(letter.fields.group, letter.by_failure)
                arrived[letter.fields.group] = known if known == letter.by_failure else None
            yield letter.fields

    with listed(context, source, conditions) as letters:
        groups = grouped(fields())
        if output != "table":
            print_documents(map(summary_view.document, groups), output)
            return
        rows = (summary_view.row(group, arrived.get(group.group)) for group in groups)
        print_table(summary_view.COLUMNS, rows, whole=summary_view.WHOLE, optional=summary_view.OPTIONAL)
        if groups and groups[0].histogram is not None:
            say(summary_view.scale(groups[0].histogram))


@click.command("queues", cls=FcCommand)
@output_option
@click.pass_context
def queues(context: click.Context, output: str) -> None:
    """List every queue that an OnFailure in the region names.

    \b
    Examples:
      fc-async dlq queues
      fc-async dlq queues -o json
    """
    import time

    from ...dlq.queues import failure_queues

    common = common_options(context)
    found = failure_queues(common.functions(), common.queue)
    now_ms = round(time.time() * 1000)
    if output != "table":
        print_documents(map(_told, found), output)
    elif not print_table(_QUEUE_COLUMNS, (_queue_row(one, now_ms) for one in found), whole=_WHOLE_OF_QUEUES):
        say("no OnFailure of a function in this region names a queue")


_QUEUE_COLUMNS = ("queue", "functions", "active", "hidden", "oldest", "expires in")
_WHOLE_OF_QUEUES = ("active", "hidden", "oldest", "expires in")


def _told(queue: FailureQueue) -> dict[str, object]:
    """Return a queue for programs; why one could not be looked at is said on stderr."""
    if queue.problem is not None:
        say(f"{queue.queue}: {queue.problem}")
    return {
        "queue": queue.queue,
        "functions": list(queue.functions),
        "active": queue.active,
        "hidden": queue.hidden,
        "oldest": moment(queue.oldest_ms),
        "expires": moment(queue.expires_ms),
    }


def _queue_row(queue: FailureQueue, now_ms: int) -> tuple[str, ...]:
    names = ", ".join(queue.functions)
    return (
        queue.queue,
        names if queue.problem is None else f"{names}: {queue.problem}",
        "?" if queue.active is None else str(queue.active),
        "?" if queue.hidden is None else str(queue.hidden),
        "-" if queue.oldest_ms is None else span((now_ms - queue.oldest_ms) / 1000),
        "-" if queue.expires_ms is None else span((queue.expires_ms - now_ms) / 1000),
    )


def show_head(queue: str, seen: Look, arrivals: Arrivals) -> None:
    """Print the letters at a queue's head, and about how many there are."""
    columns = ("enqueued (UTC)", "function", "error", "request id", "runs")
    rows = (_row(letter, arrivals) for letter in seen.letters)
    print_table(columns, rows, whole=("enqueued (UTC)", "request id"), optional=("runs",))
    say(f"{queue}: about {counted_letters(seen.about_letters)}, {len(seen.letters)} seen")
    say_expiry(seen)


def _row(letter: Letter, arrivals: Arrivals) -> tuple[str, ...]:
    from ...dlq.key_fields import key_fields

    enqueued = "?" if letter.enqueued is None else letter.enqueued.strftime("%m-%d %H:%M:%S")
    if letter.record is None:
        return (enqueued, "-", letter.error, f"message {letter.message.message_id}", "-")
    is_success = letter.record.is_success
    error = without_error(arrivals.by_failure(key_fields(letter))) if is_success else letter.error
    runs = letter.record.approximate_invoke_count
    return (
        enqueued,
        letter.function_name or "-",
        error,
        letter.record.request_id,
        "?" if runs is None else str(runs),
    )
