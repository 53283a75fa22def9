"""The service's async tasks as values: what GetAsyncTask and ListAsyncTasks answer, and what a list can be asked for.

Fields: API 2023-03-30, AsyncTask and ListAsyncTasksRequest (docstrings of alibabacloud-fc20230330).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from typing import Any, TypeGuard

from ..answered import objects, optional, required
from ..checks import FINAL_STATUSES, STATUSES, check_qualifier, is_whole
from ..errors import ArgumentError

MAX_MILLISECONDS = 253402300799999
"""The last millisecond of the year 9999: what a datetime can say."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class AsyncTaskEvent:
    """One step of a task's life.

    Args:
        event_id: number of the step.
        status: the task's status from then on.
        timestamp: when, in milliseconds since 1970.
        event_detail: the service's own text, which can hold the handler's error.
    """

    event_id: int | None = None
    status: str | None = None
    timestamp: int | None = None
    event_detail: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AsyncTask:
    """One async task; None where the service names nothing. What functions were given or returned is not in `repr`.

    Args:
        task_id: the task's id.
        status: Enqueued, Dequeued, Running, Stopping, Retrying, or one of the final ones: Succeeded, Failed, Stopped,
            Expired, Invalid; also a newer word of the service's.
        started_time: milliseconds since 1970.
        end_time: milliseconds since 1970; 0 before the end.
        duration_ms: how long it ran.
        already_retried_times: attempts after the first.
        destination_status: what came of the record's delivery.
        events: the steps of its life.
        function_arn: the function, as the service writes it.
        instance_id: the instance that ran it.
        qualifier: version or alias.
        request_id: the id of the invocation.
        return_payload: what the function returned, where the service keeps it.
        task_error_message: what it failed with.
        task_payload: what the function was given; in lists only with `include_payload`.
        wire: the service's JSON, with fields that are newer than this client.
    """

    task_id: str
    status: str
    started_time: int | None = None
    end_time: int | None = None
    duration_ms: int | None = None
    already_retried_times: int | None = None
    destination_status: str | None = None
    events: tuple[AsyncTaskEvent, ...] = ()
    function_arn: str | None = None
    instance_id: str | None = None
    qualifier: str | None = None
    request_id: str | None = None
    return_payload: str | None = field(default=None, repr=False)
    task_error_message: str | None = field(default=None, repr=False)
    task_payload: str | None = field(default=None, repr=False)
    wire: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_over(self) -> bool:
        """True when the status will not change any more."""
        return self.status in FINAL_STATUSES

    @classmethod
    def from_wire(cls, answer: dict[str, Any]) -> AsyncTask:
        """Read one task of an answer.

        Raises:
            AnswerError: it names no id or no status, or a field is of another type than the service documents.
        """
        events = tuple([AsyncTaskEvent(**_fields(AsyncTaskEvent, one)) for one in objects(answer, "events")])
        return cls(**_fields(cls, answer), events=events, wire=answer)


_READERS: dict[Any, Callable[[dict[str, Any], str], Any]] = {
    "str": lambda answer, name: required(answer, name, str),
    "str | None": lambda answer, name: optional(answer, name, str),
    "int | None": lambda answer, name: optional(answer, name, int),
}
"""How a field is read, by the type that it is declared with."""

_OF_OTHER_KINDS = {"events", "wire"}


def _fields(kind: type[AsyncTask | AsyncTaskEvent], answer: dict[str, Any]) -> dict[str, Any]:
    """Return the documented fields of an answer that hold one text or number, under their names here."""
    single = [one for one in fields(kind) if one.name not in _OF_OTHER_KINDS]
    return {one.name: _READERS[one.type](answer, _camel(one.name)) for one in single}


def _camel(name: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), name)


def task_query(
    *,
    qualifier: str | None,
    prefix: str | None,
    status: str | None,
    started_time_begin: int | datetime | None,
    started_time_end: int | datetime | None,
    sort_order_by_time: str | None,
    include_payload: bool,
) -> dict[str, Any]:
    """Return the checked fields of a ListAsyncTasksRequest; what is None is left out.

    Raises:
        ArgumentError: one of them cannot be right.
    """
    asked = {
        "qualifier": check_qualifier(qualifier),
        "prefix": _prefix(prefix),
        "status": _one_of("status", status, STATUSES),
        "started_time_begin": _milliseconds("started_time_begin", started_time_begin),
        "started_time_end": _milliseconds("started_time_end", started_time_end),
        "sort_order_by_time": _one_of("sort_order_by_time", sort_order_by_time, ("asc", "desc")),
        "include_payload": include_payload or None,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _prefix(prefix: object) -> str | None:
    if prefix is None or (isinstance(prefix, str) and 0 < len(prefix) <= 128 and prefix.isprintable()):
        return prefix
    raise ArgumentError(f"prefix: expected the first 1 to 128 characters of a task id, got {str(prefix)[:40]!r}")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str | None:
    if value is None or (isinstance(value, str) and value in known):
        return value
    raise ArgumentError(f"{name}: expected one of {', '.join(known)}, got {str(value)[:40]!r}")


def _milliseconds(name: str, moment: object) -> int | None:
    if moment is None:
        return None
    number = (moment - _EPOCH) // timedelta(milliseconds=1) if _has_zone(moment) else moment
    if is_whole(number, 0, MAX_MILLISECONDS):
        return number
    shown = str(moment)[:40] if isinstance(moment, (datetime, str)) else type(moment).__name__
    raise ArgumentError(
        f"{name}: expected milliseconds since 1970, 0 to {MAX_MILLISECONDS}, or a datetime with a time zone,"
        f" got {shown!r}"
    )


def _has_zone(moment: object) -> TypeGuard[datetime]:
    return isinstance(moment, datetime) and moment.tzinfo is not None
