"""Read what is live, 16 calls at once: a read that fails for any reason other than "does not exist" raises.

A function's configs are read as one list of all its versions and aliases, a call for each function instead of one for
each qualifier. What cannot be read is never taken for absent: a plan would then put a config over it, or delete it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..checks import LATEST
from ..config import AsyncInvokeConfig
from ..errors import ServiceError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from ..mns.message import QueueAttributes
from ..mns.topic import Subscription, TopicAttributes
from .at_once import each
from .fleet import Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic

QUEUE_ATTRIBUTES = (
    "visibility_timeout",
    "maximum_message_size",
    "message_retention_period",
    "delay_seconds",
    "polling_wait_seconds",
    "logging_enabled",
)
TOPIC_ATTRIBUTES = ("maximum_message_size", "logging_enabled")


def live_fleet(functions: FunctionsClient, mns: MnsAccount | None, names: Sequence[str] | None = None) -> Fleet:
    """Return all that is live: configs, queues and topics with their subscriptions.

    Args:
        functions: asked for functions and configs.
        mns: asked for queues and topics; None: there are none in the answer.
        names: only these functions; None: all of the region.

    Raises:
        ServiceError: a read was refused.
        TransportError: a read got no answer.
    """
    listed = sorted(functions.iter_functions()) if names is None else sorted(set(names))
    found = tuple(live_functions(functions, listed))
    if mns is None:
        return Fleet(found)
    queues = sorted((_queue(one) for one in mns.iter_queues() if one.queue_name), key=lambda one: one.name)
    topics = sorted(one.topic_name for one in mns.iter_topics() if one.topic_name)
    return Fleet(found, tuple(queues), tuple(one for one in live_topics(mns, topics) if one is not None))


def live_functions(functions: FunctionsClient, names: Sequence[str]) -> list[FleetFunction]:
    """Return functions with the configs that they have, in the order of their names; none has an empty mapping.

    A destination that leaves out region or account is the function's own, and is returned with both.

    Raises:
        ServiceError: a read was refused, or an answer does not name the function and qualifier that it is about.
        TransportError: a read got no answer.
    """
    return each(lambda name: FleetFunction(name, _configs(functions, name)), names)


def live_queues(mns: MnsAccount, names: Sequence[str]) -> list[FleetQueue | None]:
    """Return queues, None for one that does not exist."""

    def read(name: str) -> FleetQueue | None:
        with mns.queue(name) as client:
            try:
                return _queue(client.get_attributes(), name)
            except ServiceError as error:
                if error.code != "QueueNotExist":
                    raise
        return None

    return each(read, names)


def live_topics(mns: MnsAccount, names: Sequence[str]) -> list[FleetTopic | None]:
    """Return topics with their subscriptions, None for one that does not exist."""

    def read(name: str) -> FleetTopic | None:
        with mns.topic(name) as client:
            try:
                attributes = client.get_attributes()
                subscriptions = sorted(client.iter_subscriptions(), key=lambda one: one.subscription_name or "")
            except ServiceError as error:
                if error.code != "TopicNotExist":
                    raise
                return None
        named = _named(attributes, TOPIC_ATTRIBUTES)
        return FleetTopic(name, named, tuple(_subscription(one) for one in subscriptions if one.subscription_name))

    return each(read, names)


def _configs(functions: FunctionsClient, name: str) -> dict[str | None, AsyncInvokeConfig]:
    found: dict[str | None, AsyncInvokeConfig] = {}
    try:
        for config in functions.iter_configs(name):
            if config.function is None or config.function.name != name:
                raise ServiceError(200, None, message="a config that names another function or none", action=name)
            qualifier = config.function.qualifier
            found[None if qualifier == LATEST else qualifier] = _resolved(functions, config)
    except ServiceError as error:
        if error.code != "FunctionNotFound":
            raise
    return dict(sorted(found.items(), key=lambda one: (one[0] is not None, one[0] or "")))


def _resolved(functions: FunctionsClient, config: AsyncInvokeConfig) -> AsyncInvokeConfig:
    """Fill in region and account; they are asked for only where a destination leaves one out."""
    named = [one for one in (config.on_failure, config.on_success) if one is not None]
    if all(getattr(one, "region", "?") and getattr(one, "account_id", "?") for one in named):
        return config
    return config.resolved(functions.settings.require_region(), functions.account_id)


def _queue(there: QueueAttributes, name: str = "") -> FleetQueue:
    return FleetQueue(there.queue_name or name, _named(there, QUEUE_ATTRIBUTES))


def _named(there: QueueAttributes | TopicAttributes, names: Sequence[str]) -> dict[str, int | bool]:
    return {name: value for name in names if (value := getattr(there, name)) is not None}


def _subscription(there: Subscription) -> FleetSubscription:
    endpoint = there.endpoint or ""
    is_queue = endpoint.startswith("acs:mns:")
    return FleetSubscription(
        name=there.subscription_name or "",
        queue=endpoint if is_queue else None,
        endpoint=None if is_queue else endpoint or None,
        format=there.notify_content_format,
        strategy=there.notify_strategy,
        tag=there.filter_tag,
    )
