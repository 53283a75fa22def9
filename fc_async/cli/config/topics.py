"""Whether a topic that a config names delivers to anyone: one without a subscription takes records and keeps none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .existence import is_here

if TYPE_CHECKING:
    from ...arn import Arn
    from ...functions.client import FunctionsClient
    from ..options import CommonOptions


def without_subscriber(options: CommonOptions, client: FunctionsClient, destinations: list[Arn | None]) -> list[str]:
    """Return a sentence for each topic that is not there or has no subscription, with the command that mends it.

    What is in another region or account is not looked at: this client cannot see it.

    Args:
        options: of the command line, for a client of topics.
        client: knows the place that the config is in.
        destinations: what was named; None: nothing.
    """
    from ...arn import TopicArn

    topics = [one for one in dict.fromkeys(destinations) if isinstance(one, TopicArn) and is_here(client, one)]
    found = [_look(options, client, one.name) for one in topics]
    return [sentence for sentence in found if sentence is not None]


def _look(options: CommonOptions, client: FunctionsClient, name: str) -> str | None:
    from ...errors import FcAsyncError, ServiceError

    try:
        with options.topic(name) as topic:
            if topic.settings.endpoint.is_loopback != client.settings.endpoint.is_loopback:
                return None  # they are two places, and a topic of the other says nothing
            if next(topic.iter_subscriptions(), None) is not None:
                return None
    except ServiceError as error:
        if error.status == 404:
            create = f"fc-async topic create {name}"
            return f"topic {name} does not exist, and what is sent to it is lost; to create it: {create}"
        return f"topic {name} could not be looked at ({error.status} {error.code or 'without a code'})"
    except FcAsyncError as error:
        return f"topic {name} could not be looked at: {error}"
    subscribe = f"fc-async topic subscribe {name} NAME --queue QUEUE"
    return f"topic {name} has no subscription, and what is sent to it goes nowhere; to add one: {subscribe}"
