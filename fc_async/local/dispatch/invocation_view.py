"""Invocations as /_local shows them: a page, newest first, or one whole, with its tracebacks and its lineage."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import Any

from .. import limits
from ..catalog.fc_errors import FcError, invalid_argument
from ..catalog.function import shown_qualifier
from ..engine.history import History
from ..engine.invocation import Attempt, Invocation
from ..engine.transitions import State
from ..whole_number import whole_number_of
from ..workers.error_json import read_error

_STATUSES = {state.value for state in State}
_PAYLOAD_CHARACTERS = 4096


def invocations_page(history: History, query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a page of invocations, newest first.

    Args:
        history: all that are known.
        query: `limit`, 1,000 by default and at most; `before`, a request id, exclusive; `function`, a name; `status`,
            one or several with commas between them. Empty: not asked for.

    Raises:
        FcError: 400 InvalidArgument, for a limit out of range, a status that is none, or an unknown `before`.
    """
    most = limits.LOCAL_PAGE_INVOCATIONS
    limit = whole_number_of(query.get("limit") or str(most), 1, most)
    if limit is None:
        raise invalid_argument(f"limit must be an integer from 1 to {most}")
    statuses = set(filter(None, query.get("status", "").split(",")))
    if not statuses <= _STATUSES:
        raise invalid_argument(f"status must be one of {', '.join(sorted(_STATUSES))}, or several with commas")
    before = query.get("before", "")
    end = _find(history, before, 400).number if before else None
    function = query.get("function", "")
    found = (
        one
        for one in history.unordered()
        if (end is None or one.number < end)
        and function in ("", one.function)
        and (not statuses or one.state.value in statuses)
    )
    return [invocation_to_wire(one) for one in heapq.nlargest(limit, found, key=_number)]


def invocation_whole(history: History, request_id: str) -> dict[str, Any]:
    """Return one invocation: beside what a page shows its payload, its parent and what its records led to.

    Raises:
        FcError: 404, for one that is not known, or no longer.
    """
    invocation = _find(history, request_id, 404)
    made = sorted((one for one in history.unordered() if one.parent == request_id), key=_number)
    payload = invocation.payload.decode("utf-8", "replace")
    return {
        **invocation_to_wire(invocation, is_whole=True),
        "payload": payload[:_PAYLOAD_CHARACTERS],
        "payloadBytes": len(invocation.payload),
        "parent": invocation.parent,
        "children": [
            {"requestId": one.request_id, "function": one.function, "status": one.state.value} for one in made
        ],
    }


def _number(invocation: Invocation) -> int:
    return invocation.number


def _find(history: History, request_id: str, status: int) -> Invocation:
    for one in history.unordered():
        if one.request_id == request_id:
            return one
    code = "InvalidArgument" if status == 400 else "InvocationNotFound"
    raise FcError(status, code, f"no invocation '{request_id[:80]}' is known here")


def invocation_to_wire(invocation: Invocation, *, is_whole: bool = False) -> dict[str, Any]:
    """Return one invocation with its attempts and what became of its records; whole, with the errors of attempts."""
    return {
        "requestId": invocation.request_id,
        "taskId": invocation.task_id,
        "function": invocation.function,
        "qualifier": shown_qualifier(invocation.qualifier),
        "status": invocation.state.value,
        "acceptedTime": invocation.accepted_ms,
        "attempts": _attempts(invocation, is_whole),
        "deliveries": deliveries_to_wire(invocation),
    }


def _attempts(invocation: Invocation, is_whole: bool) -> list[dict[str, Any]]:
    wire = [_attempt(attempt, is_whole) for attempt in invocation.ended_attempts or []]
    if invocation.started_ms is not None:
        wire.append({"startedTime": invocation.started_ms, "endTime": 0})
    return wire


def _attempt(attempt: Attempt, is_whole: bool) -> dict[str, Any]:
    return {
        "startedTime": attempt.started_ms,
        "endTime": attempt.ended_ms,
        "statusCode": attempt.status_code,
        "functionError": attempt.error,
        "instanceId": attempt.instance_id,
        "memoryMb": attempt.memory_mb,
        **({"error": read_error(attempt.response)} if is_whole and attempt.response else {}),
    }


def deliveries_to_wire(invocation: Invocation) -> list[dict[str, Any]]:
    """Return what became of an invocation's records."""
    return [
        {
            "destination": delivery.destination,
            "status": status,
            "record": delivery.record,
            **({"reason": delivery.reason} if delivery.reason else {}),
        }
        for delivery, status in invocation.deliveries or []
    ]
