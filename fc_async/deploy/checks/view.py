"""What the rules look at: a fleet, and what the services told of it. None: they were not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ...arn import Arn, EventBusArn, FunctionArn, QueueArn, QueueEndpoint, RocketMqTopicArn, TopicArn, parse_arn
from ...checks import LATEST, FunctionName
from ...config import DEFAULT_EVENT_AGE_SECONDS, DEFAULT_RETRY_ATTEMPTS, AsyncInvokeConfig
from ..fleet import LIVE, Facts, Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic

DESTINATIONS = ("OnFailure", "OnSuccess")


@dataclass(frozen=True)
class Details:
    """What GetFunction told.

    Args:
        role: its ARN, "" where the function has none; None: it could not be read.
        timeout_seconds: how long an attempt may take; None: not told.
    """

    role: str | None = None
    timeout_seconds: int | None = None


@dataclass(frozen=True)
class Managed:
    """One config of a function, with what is known of it.

    Args:
        name: function and qualifier.
        config: its config; an empty one: it has none.
        place: where it stands.
        facts: what the document tells.
    """

    name: FunctionName
    config: AsyncInvokeConfig
    place: str
    facts: Facts

    @property
    def retries(self) -> int:
        """Attempts after the first; unset is the service's default."""
        told = self.config.max_async_retry_attempts
        return DEFAULT_RETRY_ATTEMPTS if told is None else told

    @property
    def max_age_seconds(self) -> int:
        """How long an event may wait; unset is the service's default."""
        told = self.config.max_async_event_age_in_seconds
        return DEFAULT_EVENT_AGE_SECONDS if told is None else told

    @property
    def destinations(self) -> tuple[tuple[str, Arn], ...]:
        """`OnFailure` and `OnSuccess`, those that are set."""
        both = zip(DESTINATIONS, (self.config.on_failure, self.config.on_success), strict=True)
        return tuple((which, arn) for which, arn in both if arn is not None)


@dataclass(frozen=True)
class View:
    """A fleet and what is known beside it.

    Args:
        fleet: its destinations have region and account wherever those are known.
        region: of the account that is looked at; "": not known.
        account_id: likewise.
        functions: names of the functions that exist; None: not asked.
        qualifiers: versions and aliases that exist, of the functions that were asked.
        queues: the queues that exist; None: not asked.
        topics: the topics that exist; None: not asked.
        details: what GetFunction told of functions, by name and qualifier.
        absent: configs whose function exists without that version or alias.
        needs_role: whether a function needs a role; on a local service it needs none.
    """

    fleet: Fleet
    region: str = ""
    account_id: str = ""
    functions: frozenset[str] | None = None
    qualifiers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    queues: Mapping[str, FleetQueue] | None = None
    topics: Mapping[str, FleetTopic] | None = None
    details: Mapping[FunctionName, Details] = field(default_factory=dict)
    absent: frozenset[FunctionName] = frozenset()
    needs_role: bool = True

    @cached_property
    def managed(self) -> tuple[Managed, ...]:
        """The configs; a function without any counts as one empty config."""
        return tuple(
            Managed(function.name_of(one), config, self._place(function, one), function.facts_of(one))
            for function in self.fleet.functions
            for one, config in (function.configs or {None: AsyncInvokeConfig()}).items()
        )

    @cached_property
    def queues_to_be(self) -> Mapping[str, FleetQueue]:
        """The queues that there are or will be: the file's attributes before those that they have."""
        found = dict(self.queues or {})
        for one in self.fleet.queues:
            there = found.get(one.name)
            found[one.name] = one if there is None else replace(one, attributes={**there.attributes, **one.attributes})
        return found

    @cached_property
    def topics_to_be(self) -> Mapping[str, FleetTopic]:
        """The topics that there are or will be: what the file subscribes, beside what is subscribed."""
        found = dict(self.topics or {})
        for one in self.fleet.topics:
            there = found.get(one.name)
            more = () if there is None else there.subscriptions
            found[one.name] = replace(one, subscriptions=(*one.subscriptions, *more))
        return found

    @cached_property
    def receiving(self) -> frozenset[str]:
        """Names of the queues here that receive records, also by way of a topic."""
        direct, topics = set(), set()
        for _, arn in (one for managed in self.managed for one in managed.destinations):
            if isinstance(arn, QueueArn) and self.is_here(arn):
                direct.add(arn.name)
            if isinstance(arn, TopicArn) and self.is_here(arn):
                topics.add(arn.name)
        for name in topics & self.topics_to_be.keys():
            direct |= {queue for one in self.topics_to_be[name].subscriptions if (queue := queue_of(one, self))}
        return frozenset(direct)

    def is_here(self, arn: Arn) -> bool:
        """Tell whether an ARN is of this region and account; where those are not known, it is taken to be."""
        region, account = getattr(arn, "region", ""), getattr(arn, "account_id", "")
        own_region, own_account = self.region or region, self.account_id or account
        return (region or own_region, account or own_account) == (own_region, own_account)

    def _place(self, function: FleetFunction, qualifier: str | None) -> str:
        place = function.place_of(qualifier)
        return str(function.name_of(qualifier)) if place == LIVE else place


def place_of_queue(queue: FleetQueue) -> str:
    """Return where a queue stands."""
    return f"queue:{queue.name}" if queue.place == LIVE else queue.place


def target(arn: FunctionArn) -> FunctionName:
    """Return the function and qualifier that a destination invokes."""
    return FunctionName(arn.name, None if arn.qualifier == LATEST else arn.qualifier)


def called(arn: Arn) -> str:
    """Return a destination as a sentence names it: `queue dead`, `function billing@prod`."""
    if isinstance(arn, FunctionArn):
        return f"function {target(arn)}"
    words = ((QueueArn, "queue"), (TopicArn, "topic"), (EventBusArn, "event bus"), (RocketMqTopicArn, "RocketMQ topic"))
    for kind, word in words:
        if isinstance(arn, kind):
            return f"{word} {arn.name}"
    return str(arn)


def queue_of(subscription: FleetSubscription, view: View) -> str | None:
    """Return the name of the queue that a subscription pushes to, None where it is none of this account and region."""
    written = subscription.queue
    if written is None or not written.startswith("acs:"):
        return written
    arn = parse_arn(written)
    return arn.name if isinstance(arn, QueueEndpoint) and view.is_here(arn) else None


def place_of_topic(topic: FleetTopic) -> str:
    """Return where a topic stands."""
    return f"topic:{topic.name}" if topic.place == LIVE else topic.place
