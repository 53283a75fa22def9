"""Async tasks as the API has them: get, list, stop. A task is an async invocation whose config has asyncTask true.

Sources: API 2023-03-30 GetAsyncTask, ListAsyncTasks, StopAsyncTask (SDK models and their docstrings); what no source
says stands in `limits.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import limits
from ..assumptions import Assumptions
from ..catalog.fc_errors import invalid_argument, task_already_completed, task_not_found
from ..catalog.function import shown_qualifier
from ..catalog.functions import FunctionCatalog
from ..catalog.paging import page
from ..clock import Clock
from ..dispatch.dispatcher import Dispatcher
from ..engine.engine import Engine
from ..engine.invocation import Invocation
from ..engine.transitions import State

_STATUSES = {state.value for state in State} | {"Dequeued"}
_DESTINATION_STATUS = {"delivered": "Succeeded", "outbox": "Succeeded", "lost": "Failed"}
_LAST = 10**18


class AsyncTasks:
    """The async tasks of one account and region.

    Args:
        clock: the service's time.
        catalog: the functions and their qualifiers.
        engine: holds the tasks.
        dispatcher: stops them.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        catalog: FunctionCatalog,
        engine: Engine,
        dispatcher: Dispatcher,
        assumptions: Assumptions,
    ) -> None:
        self._clock = clock
        self._catalog = catalog
        self._engine = engine
        self._dispatcher = dispatcher
        self._registration_delay_ms = assumptions.task_registration_delay_seconds * 1000

    def get(self, function: str, qualifier: str | None, task_id: str) -> dict[str, Any]:
        """Return the API's AsyncTask; raises FcError 404 for function, qualifier or task."""
        return self._to_wire(self._find(function, qualifier, task_id), with_payload=True)

    def stop(self, function: str, qualifier: str | None, task_id: str) -> None:
        """Stop a task; raises FcError 404, and 412 when it has ended."""
        task = self._find(function, qualifier, task_id)
        if task.has_ended:
            raise task_already_completed(task_id)
        self._dispatcher.stop(task)

    def list(self, function: str, qualifier: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """Return the body of ListAsyncTasks; raises FcError 404 for the function, 400 for what a filter cannot be."""
        self._catalog.resolve(function, qualifier)
        prefix = query.get("prefix", "")
        status = _choice(query, "status", _STATUSES, "")
        ascending = _choice(query, "sortOrderByTime", {"asc", "desc"}, limits.TASK_ORDER) == "asc"
        begin_ms = _whole_number(query, "startedTimeBegin", 0)
        end_ms = _whole_number(query, "startedTimeEnd", _LAST)
        with_payload = _boolean(query, "includePayload")
        found = (
            (f"{task.number if ascending else _LAST - task.number:019d}", task)
            for task in self._engine.tasks(self._clock.now_ms(), function, qualifier)
            if self._is_registered(task)
            and task.task_id.startswith(prefix)
            and begin_ms <= task.accepted_ms <= end_ms
            and status in ("", task.state.value)
        )
        tasks, token = page(found, query)
        return {"tasks": [self._to_wire(task, with_payload=with_payload) for task in tasks], "nextToken": token}

    def _find(self, function: str, qualifier: str | None, task_id: str) -> Invocation:
        self._catalog.resolve(function, qualifier)
        task = self._engine.find_task(self._clock.now_ms(), function, qualifier, task_id)
        if task is None or not self._is_registered(task):
            raise task_not_found(task_id)
        return task

    def _is_registered(self, task: Invocation) -> bool:
        return self._clock.now_ms() - task.accepted_ms >= self._registration_delay_ms

    def _to_wire(self, task: Invocation, *, with_payload: bool) -> dict[str, Any]:
        attempts = task.ended_attempts or []
        wire = {
            "taskId": task.task_id,
            "requestId": task.request_id,
            "functionArn": self._catalog.arn(task.function, task.qualifier),
            "qualifier": shown_qualifier(task.qualifier),
            "status": task.state.value,
            "startedTime": task.accepted_ms,
            "endTime": limits.TASK_END_TIME_BEFORE_THE_END if task.ended_ms is None else task.ended_ms,
            "durationMs": sum(attempt.ended_ms - attempt.started_ms for attempt in attempts),
            "alreadyRetriedTimes": max(0, task.attempts - 1),
            "destinationStatus": _DESTINATION_STATUS[task.deliveries[-1][1]] if task.deliveries else "",
            "instanceId": attempts[-1].instance_id if attempts else "",
            "taskErrorMessage": attempts[-1].error if attempts else "",
            "events": task_events(task),
        }
        if with_payload:
            wire["taskPayload"] = task.payload.decode("utf-8", "replace")
        return wire


def task_events(task: Invocation) -> list[dict[str, Any]]:
    """Return the API's AsyncTaskEvents: every state that the task has been in."""
    events: list[tuple[str, int, str]] = [(State.ENQUEUED.value, task.accepted_ms, "")]
    attempts = task.ended_attempts or []
    for number, attempt in enumerate(attempts, 1):
        events.append((State.RUNNING.value, attempt.started_ms, ""))
        if number < task.attempts or task.state is State.RETRYING:
            events.append((State.RETRYING.value, attempt.ended_ms, attempt.error))
    if task.started_ms is not None:
        events.append((State.RUNNING.value, task.started_ms, ""))
    if task.ended_ms is not None:
        error = attempts[-1].error if attempts and task.state is State.FAILED else ""
        events.append((task.state.value, task.ended_ms, error))
    return [
        {
            "eventId": number,
            "status": status,
            "timestamp": time_ms,
            "eventDetail": f'{{"Error":"{error}"}}' if error else "",
        }
        for number, (status, time_ms, error) in enumerate(events, 1)
    ]


def _choice(query: Mapping[str, str], name: str, values: set[str], default: str) -> str:
    value = query.get(name) or default
    if value and value not in values:
        raise invalid_argument(f"{name} must be one of {', '.join(sorted(values))}")
    return value


def _whole_number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise invalid_argument(f"{name} must be a time in milliseconds since 1970")
    return int(text)


def _boolean(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "").lower()  # the Python SDK writes True
    if text not in ("", "true", "false"):
        raise invalid_argument(f"{name} must be true or false")
    return text == "true"
