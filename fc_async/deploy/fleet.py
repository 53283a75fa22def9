"""A fleet as values: the async configs, queues and topics of many functions, as a document names them or as they are.

One model for three sources: `fc-async.yaml` and `s.yaml` (`fleet_document.py`), and what is live (`live.py`). Nothing
here reads, writes or calls.

What is absent says something, and what it says depends on the source:

    in a document   a qualifier that is no key of `configs` is not named: it is left alone (pruned, where that is asked)
                    a qualifier whose config is `AsyncInvokeConfig()` is named with nothing: it must have no config
                    an attribute of a queue or topic that is not named is left alone
    live            `configs` has exactly the configs that there are; a function without any has an empty mapping
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..checks import FunctionName
from ..config import AsyncInvokeConfig

LIVE = "live"
"""The place of what was read from the services."""

Attributes = Mapping[str, int | bool]
"""Attributes of a queue or topic by the names of `QueueClient.create` and `TopicClient.create`; times in seconds."""


@dataclass(frozen=True)
class Facts:
    """What a document tells about a function for `check` alone; it is never sent.

    Args:
        reentrant: whether running an invocation twice does no harm; None: not told.
        max_payload_bytes: the longest payload that it is invoked with; None: not told.
    """

    reentrant: bool | None = None
    max_payload_bytes: int | None = None


@dataclass(frozen=True)
class FleetFunction:
    """One function of a fleet.

    Args:
        name: function name.
        configs: its async configs by version or alias, None for LATEST ("LATEST" is no key); the destinations of a
            document may be short, without region and account. An empty config: it must have none.
        reentrant: whether running an invocation twice does no harm; None: not told.
        max_payload_bytes: the longest payload that it is invoked with; None: not told.
        place: where it stands: FILE:LINE:COLUMN, or "live".
        places: where each of `configs` stands, by the same keys; one that is missing stands at `place`.
        qualifier_facts: what is told otherwise for one version or alias.
    """

    name: str
    configs: Mapping[str | None, AsyncInvokeConfig] = field(default_factory=dict)
    reentrant: bool | None = None
    max_payload_bytes: int | None = None
    place: str = LIVE
    places: Mapping[str | None, str] = field(default_factory=dict)
    qualifier_facts: Mapping[str, Facts] = field(default_factory=dict)

    def place_of(self, qualifier: str | None) -> str:
        """Return where the config of a version or alias stands."""
        return self.places.get(qualifier, self.place)

    def facts_of(self, qualifier: str | None) -> Facts:
        """Return what is told for a version or alias: its own facts, and the function's where it has none."""
        own = Facts() if qualifier is None else self.qualifier_facts.get(qualifier, Facts())
        reentrant = self.reentrant if own.reentrant is None else own.reentrant
        payload = self.max_payload_bytes if own.max_payload_bytes is None else own.max_payload_bytes
        return Facts(reentrant, payload)

    def name_of(self, qualifier: str | None) -> FunctionName:
        """Return `NAME[@QUALIFIER]`."""
        return FunctionName(self.name, qualifier)

    def resolved(self, region: str, account_id: str) -> FleetFunction:
        """Return a copy whose short destinations have region and account filled in."""
        configs = {qualifier: config.resolved(region, account_id) for qualifier, config in self.configs.items()}
        return replace(self, configs=configs)


@dataclass(frozen=True)
class FleetQueue:
    """One queue.

    Args:
        name: queue name.
        attributes: those that are named (in a document), or all that the service tells (live).
        place: FILE:LINE:COLUMN, or "live".
    """

    name: str
    attributes: Attributes = field(default_factory=dict)
    place: str = LIVE


@dataclass(frozen=True)
class FleetSubscription:
    """One subscription of a topic.

    Args:
        name: subscription name.
        queue: a queue's name, of the same account and region, or its endpoint ARN; exactly one of queue and endpoint.
        endpoint: what else messages go to, an http or https URL for example; it can hold a secret.
        format: content format (JSON, SIMPLIFIED, XML); None: not named, which is JSON.
        strategy: what happens after a failed push; None: not named, which is BACKOFF_RETRY.
        tag: only messages with this tag come; None: all.
        place: FILE:LINE:COLUMN, or "live".
    """

    name: str
    queue: str | None = None
    endpoint: str | None = field(default=None, repr=False)
    format: str | None = None
    strategy: str | None = None
    tag: str | None = None
    place: str = LIVE


@dataclass(frozen=True)
class FleetTopic:
    """One topic.

    Args:
        name: topic name.
        attributes: those that are named (in a document), or all that the service tells (live).
        subscriptions: those that are named, or all that there are (live); one that is not named is left alone.
        place: FILE:LINE:COLUMN, or "live".
    """

    name: str
    attributes: Attributes = field(default_factory=dict)
    subscriptions: tuple[FleetSubscription, ...] = ()
    place: str = LIVE


@dataclass(frozen=True)
class Fleet:
    """Functions, queues and topics; each name stands once in its tuple.

    Args:
        functions: in the order of their source.
        queues: likewise.
        topics: likewise.
        place: the file, or "live".
        region: the region that the file names (an s.yaml may); None: it names none.
    """

    functions: tuple[FleetFunction, ...] = ()
    queues: tuple[FleetQueue, ...] = ()
    topics: tuple[FleetTopic, ...] = ()
    place: str = LIVE
    region: str | None = None

    def resolved(self, region: str, account_id: str) -> Fleet:
        """Return a copy whose short destinations have region and account filled in."""
        return replace(self, functions=tuple(one.resolved(region, account_id) for one in self.functions))
