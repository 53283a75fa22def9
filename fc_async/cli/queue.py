"""fc-async queue: create, list, show, delete and empty MNS queues."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import DurationType
from .mns_view import QUEUE_COLUMNS, about, document, queue_fields, queue_row
from .options import FcGroup, common_options, confirm, dry_run_option, output_option, say, yes_option
from .output import print_document, print_documents, print_fields, print_table

if TYPE_CHECKING:
    from ..mns.message import QueueAttributes
    from ..mns.queue_client import QueueClient

max_message_size_option = click.option(
    "--max-message-size",
    "maximum_message_size",
    type=click.IntRange(1024, 65536),
    metavar="BYTES",
    help="Largest body. Default: 65536.",
)
logging_option = click.option(
    "--logging/--no-logging", "logging_enabled", default=None, help="Whether the service logs what happens to messages."
)
prefix_option = click.option("--prefix", metavar="TEXT", help="Only names that begin so.")


@click.group("queue", cls=FcGroup)
def command() -> None:
    """Create, list, show, delete and empty queues.

    \b
    Examples:
      fc-async queue create dead --retention 7d
      fc-async queue list
    """


@command.command("create")
@click.argument("queue")
@click.option(
    "--retention",
    "message_retention_period",
    type=DurationType(60, 604800),
    metavar="T",
    help="How long a message is kept, 60s to 7d. Default: 4d.",
)
@click.option(
    "--visibility",
    "visibility_timeout",
    type=DurationType(1, 43200),
    metavar="T",
    help="How long a received message stays hidden, 1s to 12h. Default: 30s.",
)
@click.option(
    "--delay",
    "delay_seconds",
    type=DurationType(0, 604800),
    metavar="T",
    help="How long a new message stays hidden, 0 to 7d. Default: 0.",
)
@click.option(
    "--polling-wait",
    "polling_wait_seconds",
    type=DurationType(0, 30),
    metavar="T",
    help="How long a receive waits by itself, 0 to 30s. Default: 0.",
)
@max_message_size_option
@logging_option
@click.option("--update", is_flag=True, help="Change a queue that is there to what is named.")
@dry_run_option
@click.pass_context
def create(context: click.Context, /, queue: str, update: bool, dry_run: bool, **attributes: Any) -> None:
    """Create a queue; one that is there with the same attributes stays.

    What is not named is the service's default. Dead letters expire: give a
    queue for failures --retention 7d, which is the longest.

    \b
    Examples:
      fc-async queue create dead --retention 7d
      fc-async queue create dead --retention 7d --update
    """
    client = common_options(context).queue(queue)
    say(client.settings.place)
    if dry_run:
        say(f"dry run: {queue} {_would_create(client, attributes, update)}; nothing was changed")
        return
    client.create(**attributes, update=update)
    say(f"{queue} is there")


@command.command("list")
@prefix_option
@output_option
@click.pass_context
def list_(context: click.Context, prefix: str | None, output: str) -> None:
    """List the queues of the account, and about what they hold.

    \b
    Examples:
      fc-async queue list
      fc-async queue list --prefix dead -o ndjson
    """
    found = common_options(context).mns().iter_queues(prefix)
    if output != "table":
        print_documents(map(document, found), output)
    elif not print_table(QUEUE_COLUMNS, map(queue_row, found), whole=QUEUE_COLUMNS[:1], optional=QUEUE_COLUMNS[4:]):
        say("no such queues")


@command.command("show")
@click.argument("queue")
@output_option
@click.pass_context
def show(context: click.Context, queue: str, output: str) -> None:
    """Show what a queue is set to, and about how much it holds.

    \b
    Example:
      fc-async queue show dead
    """
    found = common_options(context).queue(queue).get_attributes()
    if output == "table":
        print_fields(queue_fields(found))
    else:
        print_document(document(found), output)


@command.command("delete")
@click.argument("queue")
@yes_option
@dry_run_option
@click.pass_context
def delete(context: click.Context, queue: str, yes: bool, dry_run: bool) -> None:
    """Delete a queue, and the messages in it.

    \b
    Example:
      fc-async queue delete dead --yes
    """
    client = common_options(context).queue(queue)
    say(client.settings.place)
    what = f"the queue {queue} and {about(_held(_look(client)))} in it"
    if dry_run:
        say(f"dry run: {what} would be deleted; nothing was changed")
        return
    confirm(f"Delete {what}?", yes=yes)
    client.remove()
    say(f"{queue} is gone")


@command.command("purge")
@click.argument("queue")
@yes_option
@dry_run_option
@output_option
@click.pass_context
def purge(context: click.Context, queue: str, yes: bool, dry_run: bool, output: str) -> None:
    """Delete the messages in a queue, and keep the queue.

    MNS has no call for it: messages are received and deleted until none came
    twice. Inactive messages, which others hold, and delayed ones stay; they are
    counted at the end.

    \b
    Example:
      fc-async queue purge dead --yes
    """
    client = common_options(context).queue(queue)
    say(client.settings.place)
    before = _look(client)
    what = f"{about(None if before is None else before.active_messages)} of {queue}"
    if dry_run:
        say(f"dry run: {what} would be deleted; nothing was changed")
        return
    confirm(f"Delete {what}?", yes=yes)
    _tell_purged(client, _purged(client), output)


def _purged(client: QueueClient) -> int:
    """Empty a queue and return how many messages were deleted; also when it ends early, the number is told."""
    from ..mns.purge import purge as purging

    deleted = 0
    try:
        for count in purging(client):
            deleted += count
    except BaseException:
        say(f"deleted {deleted} before it stopped")
        raise
    return deleted


def _tell_purged(client: QueueClient, deleted: int, output: str) -> None:
    left = _look(client)
    inactive, delayed = (None, None) if left is None else (left.inactive_messages, left.delay_messages)
    if output == "table":
        click.echo(f"deleted {deleted}")
    else:
        print_document({"deleted": deleted, "inactiveMessages": inactive, "delayMessages": delayed}, output)
    if inactive:
        say(f"{about(inactive)} inactive: another reader holds them, and they come back unless it deletes them")
    if delayed:
        say(f"{about(delayed)} delayed: they become visible later")


def would_stay(named: dict[str, Any], differences: str, update: bool) -> str:
    """Say what a create would do to what is there already."""
    if update and named:
        return f"is there already, and {', '.join(named)} would be set"
    if differences and not update:
        return f"is there with other attributes, which is refused without --update ({differences})"
    return "is there already"


def _would_create(client: QueueClient, attributes: dict[str, Any], update: bool) -> str:
    from ..errors import ServiceError
    from ..mns.queue_attributes import differences

    named = {name: value for name, value in attributes.items() if value is not None}
    try:
        there = client.get_attributes()
    except ServiceError as error:
        if error.status != 404:
            raise
        return "would be created"
    return would_stay(named, differences(named, there), update)


def _look(client: QueueClient) -> QueueAttributes | None:
    """Return what a queue is; None where that may not be read, which hinders nothing."""
    from ..errors import ServiceError

    try:
        return client.get_attributes()
    except ServiceError as error:
        if error.status != 403:
            raise
    return None


def _held(queue: QueueAttributes | None) -> int | None:
    """Return about how many messages a queue holds, hidden ones too; None where it is not known."""
    if queue is None:
        return None
    counts = (queue.active_messages, queue.inactive_messages, queue.delay_messages)
    return None if None in counts else sum(one or 0 for one in counts)
