"""What a request is called: the service's action, and the function, queue or topic that it is about.

A batch is its own action (`BatchSendMessage`), and is met by a fault of the single one (`SendMessage`) as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from ..routing import RoutingTable, path_parts

DELIVER: Final = "Deliver"
"""A record on its way to a destination; no request."""

_FC = "/2023-03-30"
_ROUTES: Final[dict[str, tuple[str, ...]]] = {
    f"POST {_FC}/functions/{{name}}/invocations": ("InvokeFunction",),
    f"POST {_FC}/functions": ("CreateFunction",),
    f"GET {_FC}/functions": ("ListFunctions",),
    f"GET {_FC}/functions/{{name}}": ("GetFunction",),
    f"PUT {_FC}/functions/{{name}}": ("UpdateFunction",),
    f"DELETE {_FC}/functions/{{name}}": ("DeleteFunction",),
    f"GET {_FC}/functions/{{name}}/code": ("GetFunctionCode",),
    f"PUT {_FC}/functions/{{name}}/async-invoke-config": ("PutAsyncInvokeConfig",),
    f"GET {_FC}/functions/{{name}}/async-invoke-config": ("GetAsyncInvokeConfig",),
    f"DELETE {_FC}/functions/{{name}}/async-invoke-config": ("DeleteAsyncInvokeConfig",),
    f"GET {_FC}/async-invoke-configs": ("ListAsyncInvokeConfigs",),
    f"GET {_FC}/functions/{{name}}/async-tasks/{{item}}": ("GetAsyncTask",),
    f"GET {_FC}/functions/{{name}}/async-tasks": ("ListAsyncTasks",),
    f"PUT {_FC}/functions/{{name}}/async-tasks/{{item}}/stop": ("StopAsyncTask",),
    f"POST {_FC}/functions/{{name}}/versions": ("PublishFunctionVersion",),
    f"GET {_FC}/functions/{{name}}/versions": ("ListFunctionVersions",),
    f"DELETE {_FC}/functions/{{name}}/versions/{{item}}": ("DeleteFunctionVersion",),
    f"POST {_FC}/functions/{{name}}/aliases": ("CreateAlias",),
    f"GET {_FC}/functions/{{name}}/aliases": ("ListAliases",),
    f"GET {_FC}/functions/{{name}}/aliases/{{item}}": ("GetAlias",),
    f"PUT {_FC}/functions/{{name}}/aliases/{{item}}": ("UpdateAlias",),
    f"DELETE {_FC}/functions/{{name}}/aliases/{{item}}": ("DeleteAlias",),
    f"PUT {_FC}/functions/{{name}}/concurrency": ("PutConcurrencyConfig",),
    f"GET {_FC}/functions/{{name}}/concurrency": ("GetConcurrencyConfig",),
    f"DELETE {_FC}/functions/{{name}}/concurrency": ("DeleteConcurrencyConfig",),
    f"GET {_FC}/concurrency-configs": ("ListConcurrencyConfigs",),
    f"POST {_FC}/functions/{{name}}/invoke/disable": ("DisableFunctionInvocation",),
    f"POST {_FC}/functions/{{name}}/invoke/enable": ("EnableFunctionInvocation",),
    "GET /queues": ("ListQueue",),
    "PUT /queues/{name}": ("CreateQueue", "SetQueueAttributes"),
    "GET /queues/{name}": ("GetQueueAttributes",),
    "DELETE /queues/{name}": ("DeleteQueue",),
    "POST /queues/{name}/messages": ("SendMessage", "BatchSendMessage"),
    "GET /queues/{name}/messages": ("ReceiveMessage", "BatchReceiveMessage", "PeekMessage", "BatchPeekMessage"),
    "DELETE /queues/{name}/messages": ("DeleteMessage", "BatchDeleteMessage"),
    "PUT /queues/{name}/messages": ("ChangeMessageVisibility",),
    "GET /topics": ("ListTopic",),
    "PUT /topics/{name}": ("CreateTopic", "SetTopicAttributes"),
    "GET /topics/{name}": ("GetTopicAttributes",),
    "DELETE /topics/{name}": ("DeleteTopic",),
    "POST /topics/{name}/messages": ("PublishMessage",),
    "GET /topics/{name}/subscriptions": ("ListSubscriptionByTopic",),
    "PUT /topics/{name}/subscriptions/{item}": ("Subscribe", "SetSubscriptionAttributes"),
    "GET /topics/{name}/subscriptions/{item}": ("GetSubscriptionAttributes",),
    "DELETE /topics/{name}/subscriptions/{item}": ("Unsubscribe",),
}
_TABLE: Final = RoutingTable(_ROUTES)

ACTIONS: Final = ("*", DELIVER, *sorted({action for actions in _ROUTES.values() for action in actions}))
"""All that a fault may name."""

NAMING_NONE: Final = frozenset(
    action for route, actions in _ROUTES.items() if "{name}" not in route for action in actions
)
"""Those whose path names no function, queue or topic."""

BATCHES: Final = frozenset(
    action for actions in _ROUTES.values() if any(one.startswith("Batch") for one in actions) for action in actions
)
"""Those that may be met as a batch."""


@dataclass(frozen=True)
class Asked:
    """What a request asks for.

    Args:
        actions: what it may be called; none for what is no action of a service.
        resources: the function, queue or topic that it is about.
    """

    actions: frozenset[str]
    resources: frozenset[str]


def asked(method: str, path: str, query: str, body: bytes | None) -> Asked:
    """Return what a request asks for.

    Args:
        method: as sent.
        path: as sent, without its query.
        query: what follows the question mark, "" for nothing.
        body: what was sent with it; None where that was not read.
    """
    found = _TABLE.find(method, path_parts(path))
    if found is None:
        return Asked(frozenset(), frozenset())
    actions, named = found
    resources = frozenset({unquote(named["name"])} if "name" in named else ())
    return Asked(frozenset(_narrowed(actions, query.lower(), body)), resources)


def needs_body(action: str) -> bool:
    """Whether only the body tells a request of this action from others."""
    return action in ("BatchSendMessage", "BatchDeleteMessage")


def _narrowed(actions: tuple[str, ...], query: str, body: bytes | None) -> tuple[str, ...]:
    """Return those of a path's actions that the query and the body leave."""
    if "ReceiveMessage" in actions:
        verb = "Peek" if "peekonly=true" in query else "Receive"
        single = f"{verb}Message"
        return (single, f"Batch{single}") if "numofmessages=" in query else (single,)
    if "SendMessage" in actions:
        return actions if body is None or b"<Messages" in body[:512] else actions[:1]
    if "DeleteMessage" in actions:
        return actions if body is None or body else actions[:1]
    if "metaoverride=true" in query:
        return actions[1:]
    return actions[:1]
