"""One change of a plan, and what it is a change of: a config, queue, topic or subscription as a state ready for JSON.

What is equal is no change: null is absent, LATEST is no qualifier, and an unset number is the service's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..arn import FunctionArn, QueueEndpoint
from ..checks import LATEST, FunctionName
from ..config import AsyncInvokeConfig, DestinationConfig, with_defaults
from .fleet import FleetQueue, FleetSubscription, FleetTopic
from .masked import masked

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
