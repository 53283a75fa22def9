"""What would change, field by field, to bring the live state to a document; nothing is changed here.

What is equal is no change: null is absent, LATEST is no qualifier, destinations are compared with region and account
filled in, and an unset number is the service's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..arn import Arn, FunctionArn, QueueArn, QueueEndpoint, TopicArn, UnknownArn
from ..checks import LATEST, FunctionName
from ..config import AsyncInvokeConfig, DestinationConfig, with_defaults
from ..errors import ArgumentError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .fleet import Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from .live import live_functions, live_queues, live_topics
from .masked import masked

CREATED_QUEUE = {"message_retention_period": 604800, "maximum_message_size": 65536}
"""What a queue that we create has where nothing else is named: dead letters are to wait as long as the service lets."""

CONFIG_KEYS = {
    "on_failure": "on_failure",
    "on_success": "on_success",
    "max_retries": "max_async_retry_attempts",
    "max_age": "max_async_event_age_in_seconds",
    "async_task": "async_task",
}
"""The keys of a config in a plan, as in a document, and the service's own."""

KINDS = ("queue", "topic", "subscription", "config")
"""In the order in which they are applied: destinations come before the functions that name them."""


@dataclass(frozen=True)
class Change:
    """One thing that would change.

    Args:
        kind: config, queue, topic or subscription.
        action: create, update or delete.
        function: function name, of a config.
        qualifier: version or alias, of a config; None: LATEST.
        name: of a queue or topic; of a subscription TOPIC/NAME.
        fields: the old and the new value of each field that differs, by the document's keys; None is unset. A URL is
            shown without what may be secret in it.
        before: the whole of it as it was read, ready for JSON; None: it was not there.
        after: the whole of it as it is to be; None: it is to go.
    """

    kind: str
    action: str
    function: str | None = None
    qualifier: str | None = None
    name: str | None = None
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    after: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def title(self) -> str:
        """What it is about, for people: `orders@prod`, `queue dead`."""
        if self.kind == "config":
            return str(FunctionName(self.function or "", self.qualifier))
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Plan:
    """What would change.

    Args:
        changes: in the order in which they are applied.
        place: where: `local URL`, or `account/region`.
        notes: sentences for people, about what is left alone.
    """

    changes: tuple[Change, ...] = ()
    place: str = ""
    notes: tuple[str, ...] = ()


def plan(
    document: Fleet,
    functions: FunctionsClient,
    mns: MnsAccount | None = None,
    *,
    prune: bool = False,
    create_destinations: bool = False,
) -> Plan:
    """Compare a document with what is live.

    Args:
        document: what is to be; see `read_document`.
        functions: asked for the configs, 16 functions at once.
        mns: asked for queues and topics; None will do for a document that names none.
        prune: delete configs of the document's functions on versions and aliases that it does not name.
        create_destinations: create the queues and topics of this account and region that configs name, where they are
            missing and the document does not list them.

    Raises:
        ArgumentError: the document needs `mns`, or is of another region than the client.
        ServiceError: a read was refused.
        TransportError: a read got no answer.
    """
    _check_region(document, functions)
    wanted = _resolved(document, functions)
    if create_destinations:
        wanted = _with_destinations(wanted, functions)
    if mns is None and (wanted.queues or wanted.topics):
        raise ArgumentError("mns: expected an MnsAccount, because the document names queues or topics, got None")
    changes, notes = [*_of_mns(wanted, mns)] if mns is not None else [], []
    live = live_functions(functions, [one.name for one in wanted.functions])
    for want, have in zip(wanted.functions, live, strict=True):
        changes += _of_function(want, have, prune=prune)
        left = [] if prune else [str(want.name_of(one)) for one in have.configs if one not in want.configs]
        notes += [f"{one} is not in the file: left alone (--prune deletes its config)" for one in left]
    changes.sort(key=lambda one: KINDS.index(one.kind))  # a stable sort: the document's order within a kind
    return Plan(tuple(changes), functions.settings.place, tuple(notes))


def config_state(config: AsyncInvokeConfig | None) -> dict[str, Any] | None:
    """Return a config as a plan keeps it, None where there is none; unset numbers are the service's defaults."""
    if config is None:
        return None
    filled = with_defaults(config)
    return {key: _plain(getattr(filled, name)) for key, name in CONFIG_KEYS.items()}


def config_of(state: Mapping[str, Any]) -> AsyncInvokeConfig:
    """Return the config that a plan's state tells.

    Raises:
        ArgumentError: it tells none.
    """
    halves = {key: state.get(key) for key in ("on_success", "on_failure") if state.get(key) is not None}
    return AsyncInvokeConfig(
        destination_config=DestinationConfig(**halves) if halves else None,
        max_async_event_age_in_seconds=state.get("max_age"),
        max_async_retry_attempts=state.get("max_retries"),
        async_task=state.get("async_task"),
    )


def is_same_state(kind: str, one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Tell whether two states of a thing are the same; no config has the same effect as one of defaults alone."""
    nothing = _NO_EFFECT if kind == "config" else None
    return (nothing if one is None else one) == (nothing if other is None else other)


def queue_state(queue: FleetQueue | FleetTopic | None) -> dict[str, Any] | None:
    """Return the attributes of a queue or topic as a plan keeps them; None where it does not exist."""
    return None if queue is None else dict(queue.attributes)


def subscription_state(one: FleetSubscription | None, region: str, account_id: str) -> dict[str, Any] | None:
    """Return a subscription as a plan keeps it, its defaults filled in; None where it does not exist."""
    if one is None:
        return None
    queue = one.queue if one.queue is None or one.queue.startswith("acs:") else None
    if one.queue is not None and queue is None:
        queue = str(QueueEndpoint(one.queue, region, account_id))
    return {
        "queue": queue,
        "endpoint": one.endpoint,
        "format": one.format or "JSON",
        "strategy": one.strategy or "BACKOFF_RETRY",
        "tag": one.tag,
    }


def change_of(
    kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, **named: str | None
) -> Change:
    """Return the change from one state to another.

    Args:
        kind: config, queue, topic or subscription.
        before: what it is; None: it is not there.
        after: what it is to be; None: it is to go.
        named: function and qualifier, or name, as a Change's.
    """
    action = "create" if before is None else "delete" if after is None else "update"
    return Change(kind, action, fields=_differences(kind, before, after), before=before, after=after, **named)


def _check_region(document: Fleet, functions: FunctionsClient) -> None:
    region = functions.settings.region
    if document.region is None or region is None or functions.settings.endpoint.is_loopback:
        return
    if document.region != region.value:
        raise ArgumentError(f"{document.place} is of region {document.region}, and this client of {region.value}")


def _destinations(fleet: Fleet) -> list[Arn]:
    configs = [config for one in fleet.functions for config in one.configs.values()]
    return [arn for config in configs for arn in (config.on_failure, config.on_success) if arn is not None]


def _resolved(fleet: Fleet, functions: FunctionsClient) -> Fleet:
    """Fill in region and account; they are asked for only where a short destination needs them."""
    known = (UnknownArn,)
    if all(isinstance(one, known) or (one.region and one.account_id) for one in _destinations(fleet)):
        return fleet
    return fleet.resolved(functions.settings.require_region(), functions.account_id)


def _with_destinations(fleet: Fleet, functions: FunctionsClient) -> Fleet:
    here = (functions.settings.require_region(), functions.account_id)
    named = [one for one in _destinations(fleet) if (getattr(one, "region", 0), getattr(one, "account_id", 0)) == here]
    queues = dict.fromkeys(one.name for one in named if isinstance(one, QueueArn))
    topics = dict.fromkeys(one.name for one in named if isinstance(one, TopicArn))
    for of, added in ((fleet.queues, queues), (fleet.topics, topics)):
        for listed in of:
            added.pop(listed.name, None)
    return replace(
        fleet,
        queues=(*fleet.queues, *(FleetQueue(name) for name in queues)),
        topics=(*fleet.topics, *(FleetTopic(name) for name in topics)),
    )


def _of_function(want: FleetFunction, have: FleetFunction, *, prune: bool) -> Iterator[Change]:
    unnamed = [one for one in have.configs if one not in want.configs] if prune else []
    for qualifier in (*want.configs, *unnamed):
        before = config_state(have.configs.get(qualifier))
        named = want.configs.get(qualifier)
        after = None if named == AsyncInvokeConfig() else config_state(named)  # named with nothing: it is to have none
        if not is_same_state("config", before, after):
            yield change_of("config", before, after, function=want.name, qualifier=qualifier)


def _of_mns(wanted: Fleet, mns: MnsAccount) -> Iterator[Change]:
    queues = live_queues(mns, [one.name for one in wanted.queues])
    for queue, there in zip(wanted.queues, queues, strict=True):
        yield from _attributes("queue", queue, there, CREATED_QUEUE)
    topics = live_topics(mns, [one.name for one in wanted.topics])
    for topic, is_there in zip(wanted.topics, topics, strict=True):
        yield from _attributes("topic", topic, is_there, {})
        yield from _subscriptions(topic, is_there, mns)


def _attributes(
    kind: str, want: FleetQueue | FleetTopic, have: FleetQueue | FleetTopic | None, created: Mapping[str, Any]
) -> Iterator[Change]:
    before = queue_state(have)
    after = {**(created if before is None else before), **want.attributes}
    if before != after:
        yield change_of(kind, before, after, name=want.name)


def _subscriptions(want: FleetTopic, have: FleetTopic | None, mns: MnsAccount) -> Iterator[Change]:
    if not want.subscriptions:
        return
    place = mns.settings.require_region(), mns.settings.require_account_id()
    there = {} if have is None else {one.name: one for one in have.subscriptions}
    for one in want.subscriptions:
        before = subscription_state(there.get(one.name), *place)
        after = subscription_state(one, *place)
        if before != after:
            yield change_of("subscription", before, after, name=f"{want.name}/{one.name}")


def _differences(
    kind: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, tuple[Any, Any]]:
    nothing: Mapping[str, Any] = _NO_EFFECT if kind == "config" else {}
    old, new = before or nothing, after or nothing
    names = dict.fromkeys((*old, *new))
    found = {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}
    if "endpoint" in found:
        found["endpoint"] = masked(*found["endpoint"])
    return found


def _plain(value: object) -> Any:
    if isinstance(value, FunctionArn) and value.qualifier == LATEST:
        value = FunctionArn(value.name, value.region, value.account_id, None, value.service)
    return value if value is None or isinstance(value, (bool, int)) else str(value)


_NO_EFFECT = {key: _plain(getattr(with_defaults(AsyncInvokeConfig()), name)) for key, name in CONFIG_KEYS.items()}
