"""What would change, field by field, to bring the live state to a document; nothing is changed here.

What is equal is no change: null is absent, LATEST is no qualifier, destinations are compared with region and account
filled in, and an unset number is the service's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..arn import Arn, QueueArn, QueueEndpoint, TopicArn, UnknownArn, parse_arn
from ..config import AsyncInvokeConfig
from ..errors import ArgumentError
from ..functions.client import FunctionsClient
from ..mns.account import MnsAccount
from .change import KINDS, Change, change_of, config_state, is_same_state, queue_state, subscription_state
from .fleet import Fleet, FleetFunction, FleetQueue, FleetTopic
from .live import live_functions, live_queues, live_topics

CREATED_QUEUE = {"message_retention_period": 604800, "maximum_message_size": 65536}
"""What a queue that we create has where nothing else is named: dead letters are to wait as long as the service lets."""


@dataclass(frozen=True)
class Plan:
    """What would change.

    Args:
        changes: in the order in which they are applied.
        place: where: `local URL`, or `account/region`.
        notes: sentences for people, about what is left alone.
        home: region and account, of which people read destinations in short; "" where the client knows no region.
    """

    changes: tuple[Change, ...] = ()
    place: str = ""
    notes: tuple[str, ...] = ()
    home: tuple[str, str] = ("", "")


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
        create_destinations: create the queues and topics of this account and region that configs and subscriptions
            name, where they are missing and the document does not list them.

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
    return Plan(tuple(changes), place_of(functions), tuple(notes), home_of(functions))


def place_of(functions: FunctionsClient) -> str:
    """Return where changes would happen; in the cloud the account is part of it, and asked for where it is not known.

    Raises:
        ServiceError: STS refused to tell the account.
        TransportError: STS gave no answer.
    """
    home_of(functions)
    return functions.settings.place


def home_of(functions: FunctionsClient) -> tuple[str, str]:
    """Return region and account; "" for a region that the client does not know.

    Raises:
        ServiceError, TransportError: as for `place_of`.
    """
    account_id, region = functions.account_id, functions.settings.region
    return ("" if region is None else region.value), account_id


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
    """Add the queues and topics here that configs and subscriptions name, and the file does not list."""
    here = (functions.settings.require_region(), functions.account_id)
    written = [one.queue for topic in fleet.topics for one in topic.subscriptions if one.queue is not None]
    pushed = [parse_arn(one) if one.startswith("acs:") else QueueEndpoint(one, *here) for one in written]
    named = [one for one in _destinations(fleet) if isinstance(one, (QueueArn, TopicArn))]
    known = [*named, *(one for one in pushed if isinstance(one, QueueEndpoint))]
    at_home = [one for one in known if (one.region, one.account_id) == here]
    queues = dict.fromkeys(one.name for one in at_home if isinstance(one, (QueueArn, QueueEndpoint)))
    topics = dict.fromkeys(one.name for one in at_home if isinstance(one, TopicArn))
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
