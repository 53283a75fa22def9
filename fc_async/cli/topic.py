"""fc-async topic: MNS topics, who subscribes to them, and publishing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from .mns_view import (
    SUBSCRIPTION_COLUMNS,
    TOPIC_COLUMNS,
    subscription_row,
    topic_document,
    topic_fields,
    topic_row,
)
from .mns_view import document as as_document
from .options import FcGroup, common_options, confirm, dry_run_option, output_option, say, yes_option
from .output import print_document, print_documents, print_fields, print_table
from .queue import logging_option, max_message_size_option, prefix_option, would_stay
from .terminal import clean

if TYPE_CHECKING:
    from ..mns.topic_client import TopicClient

_MAX_STDIN_BYTES = 1024 * 1024
_FORMATS = ["XML", "JSON", "SIMPLIFIED"]
_STRATEGIES = ["BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"]


@click.group("topic", cls=FcGroup)
def command() -> None:
    """Topics: who subscribes to them, and publishing.

    A message of a topic goes to every subscription whose tag fits: a queue, or
    a URL that is pushed to.

    \b
    Examples:
      fc-async topic create alarm
      fc-async topic subscribe alarm pager --queue pager
      fc-async config set orders --on-failure topic:alarm
    """


@command.command("create")
@click.argument("topic")
@max_message_size_option
@logging_option
@click.option("--update", is_flag=True, help="Change a topic that is there to what is named.")
@dry_run_option
@click.pass_context
def create(context: click.Context, /, topic: str, update: bool, dry_run: bool, **attributes: Any) -> None:
    """Create a topic; one that is there with the same attributes stays.

    \b
    Example:
      fc-async topic create alarm
    """
    client = common_options(context).topic(topic)
    say(client.settings.place)
    if dry_run:
        say(f"dry run: {topic} {_would_create(client, attributes, update)}; nothing was changed")
        return
    client.create(**attributes, update=update)
    say(f"{topic} is there")


@command.command("list")
@prefix_option
@output_option
@click.pass_context
def list_(context: click.Context, prefix: str | None, output: str) -> None:
    """List the topics of the account in the region.

    \b
    Examples:
      fc-async topic list
      fc-async topic list --prefix alarm -o ndjson
    """
    found = common_options(context).mns().iter_topics(prefix)
    if output != "table":
        print_documents(map(as_document, found), output)
    elif not print_table(TOPIC_COLUMNS, map(topic_row, found), whole=TOPIC_COLUMNS[:1]):
        say("no such topics")


@command.command("show")
@click.argument("topic")
@output_option
@click.pass_context
def show(context: click.Context, topic: str, output: str) -> None:
    """Show what a topic is set to, and its subscriptions.

    \b
    Example:
      fc-async topic show alarm
    """
    client = common_options(context).topic(topic)
    found, subscriptions = client.get_attributes(), client.iter_subscriptions()
    if output != "table":
        print_document(topic_document(found, subscriptions), output)
        return
    print_fields(topic_fields(found))
    rows = [subscription_row(one) for one in subscriptions]
    if rows:
        click.echo()
    if not print_table(SUBSCRIPTION_COLUMNS, rows, whole=SUBSCRIPTION_COLUMNS[:2], optional=SUBSCRIPTION_COLUMNS[4:]):
        say(f"{topic} has no subscription: what is published there is delivered to nobody")


@command.command("delete")
@click.argument("topic")
@yes_option
@dry_run_option
@click.pass_context
def delete(context: click.Context, topic: str, yes: bool, dry_run: bool) -> None:
    """Delete a topic, and its subscriptions.

    The queues that it fed stay, with what is in them.

    \b
    Example:
      fc-async topic delete alarm --yes
    """
    client = common_options(context).topic(topic)
    say(client.settings.place)
    what = f"the topic {topic}{_with_subscriptions(client)}"
    if dry_run:
        say(f"dry run: {what} would be deleted; nothing was changed")
        return
    confirm(f"Delete {what}?", yes=yes)
    client.remove()
    say(f"{topic} is gone")


@command.command("subscribe")
@click.argument("topic")
@click.argument("name")
@click.option("--queue", metavar="QUEUE", help="Deliver to this queue: its name, or acs:mns:...:queues/NAME.")
@click.option("--url", metavar="URL", help="Push to this URL, or to what else the service takes as an endpoint.")
@click.option(
    "--format",
    "content_format",
    type=click.Choice(_FORMATS, case_sensitive=False),
    default="JSON",
    show_default=True,
    metavar="FORMAT",
    help="XML, JSON, or SIMPLIFIED: the text alone.",
)
@click.option(
    "--strategy",
    type=click.Choice(_STRATEGIES, case_sensitive=False),
    default="BACKOFF_RETRY",
    show_default=True,
    metavar="STRATEGY",
    help="BACKOFF_RETRY (3 times) or EXPONENTIAL_DECAY_RETRY (a day).",
)
@click.option("--tag", "filter_tag", metavar="TAG", help="Only messages of this tag. Default: all.")
@dry_run_option
@click.pass_context
def subscribe(
    context: click.Context, /, topic: str, name: str, queue: str | None, url: str | None, dry_run: bool, **details: Any
) -> None:
    """Deliver a topic's messages to a queue, or push them to a URL.

    NAME is the subscription's. A push is signed: verify_notification in Python
    tells whether it is the service's own.

    \b
    Examples:
      fc-async topic subscribe alarm pager --queue pager
      fc-async topic subscribe alarm web --url https://example.com/notified
    """
    if (queue is None) == (url is None):
        raise click.UsageError("name one of --queue and --url: where the messages go (--endpoint is where MNS is)")
    client = common_options(context).topic(topic)
    say(client.settings.place)
    if dry_run:
        from ..mns.topic_checks import check_subscription

        check_subscription(name, queue, url, **details)
        state = "is there already" if name in _subscriptions(client) else "would be made"
        say(f"dry run: the subscription {name} of {topic} {state}; nothing was changed")
        return
    client.subscribe(name, queue=queue, endpoint=url, **details)
    say(f"{name} is subscribed to {topic}")


@command.command("unsubscribe")
@click.argument("topic")
@click.argument("name")
@yes_option
@dry_run_option
@click.pass_context
def unsubscribe(context: click.Context, topic: str, name: str, yes: bool, dry_run: bool) -> None:
    """Remove the subscription NAME of a topic.

    \b
    Example:
      fc-async topic unsubscribe alarm pager --yes
    """
    client = common_options(context).topic(topic)
    say(client.settings.place)
    if dry_run:
        from ..mns.topic_checks import check_name

        check_name("subscription", name)
        state = "would be removed" if name in _subscriptions(client) else "is not there"
        say(f"dry run: the subscription {name} of {topic} {state}; nothing was changed")
        return
    confirm(f"Remove the subscription {name} of {topic}?", yes=yes)
    client.unsubscribe(name)
    say(f"{name} is no longer subscribed to {topic}")


@command.command("publish")
@click.argument("topic")
@click.argument("body")
@click.option("--tag", metavar="TAG", help="Of 1 to 16 characters; subscriptions may filter by it.")
@dry_run_option
@output_option
@click.pass_context
def publish(context: click.Context, topic: str, body: str, tag: str | None, dry_run: bool, output: str) -> None:
    """Publish BODY (- is stdin) to a topic, and print its id.

    \b
    Examples:
      fc-async topic publish alarm 'stock is low' --tag warn
      fc-async topic publish alarm - < event.json
    """
    client = common_options(context).topic(topic)
    say(client.settings.place)
    content = _stdin() if body == "-" else body.encode("utf-8", "surrogateescape")
    if dry_run:
        from ..mns.topic_checks import check_message

        check_message(content, tag)
        say(f"dry run: {len(content)} bytes would be published to {topic}; nothing was sent")
        return
    message_id = client.publish(content, tag=tag)
    if output == "table":
        click.echo(clean(message_id))
    else:
        print_document({"messageId": message_id}, output)


def _stdin() -> bytes:
    """Return what stdin holds; the service says how long a message may be, and this is far more."""
    from ..settings.bounded_read import read_stream

    if sys.stdin is None:
        raise click.UsageError("BODY is -, and stdin is closed")
    content = read_stream(sys.stdin.buffer, _MAX_STDIN_BYTES)
    if len(content) > _MAX_STDIN_BYTES:
        raise click.UsageError(f"stdin has over {_MAX_STDIN_BYTES} bytes, and a message takes 65536")
    return content


def _would_create(client: TopicClient, attributes: dict[str, Any], update: bool) -> str:
    from ..errors import ServiceError
    from ..mns.topic_checks import differences

    named = {name: value for name, value in attributes.items() if value is not None}
    try:
        there = client.get_attributes()
    except ServiceError as error:
        if error.status != 404:
            raise
        return "would be created"
    return would_stay(named, differences(named, there), update)


def _subscriptions(client: TopicClient) -> list[str]:
    return [one.subscription_name or "?" for one in client.iter_subscriptions()]


def _with_subscriptions(client: TopicClient) -> str:
    """Return whose subscriptions go with a topic, in words; where they may not be read, that there may be some."""
    from ..errors import ServiceError

    try:
        names = _subscriptions(client)
    except ServiceError as error:
        if error.status != 403:
            raise
        return " and its subscriptions"
    return f" and its subscriptions ({clean(', '.join(names))})" if names else ", which has no subscription"
