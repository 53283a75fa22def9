"""An async task as people read it: fields, a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..functions.async_task import AsyncTask, AsyncTaskEvent

COLUMNS = ("task id", "status", "started (UTC)", "error", "ran", "retries")
"""What a narrow terminal may do without stands last."""

_SHOWN_CHARACTERS = 2000


def fields(task: AsyncTask) -> list[tuple[str, str]]:
    """Return what is known of a task, as names and texts; what the service did not name is left out."""
    found = [
        ("task id", task.task_id),
        ("status", task.status),
        ("request id", task.request_id),
        ("function", task.function_arn),
        ("qualifier", task.qualifier),
        ("started", _moment(task.started_time)),
        ("ended", _moment(task.end_time)),
        ("ran", _duration(task)),
        ("retries", _text(task.already_retried_times)),
        ("error", task.task_error_message),
        ("destination", task.destination_status),
        ("instance", task.instance_id),
        ("payload", _payload(task.task_payload)),
        ("returned", _payload(task.return_payload)),
        ("events", "\n".join(map(_event, task.events))),
    ]
    return [(name, value) for name, value in found if value]


def row(task: AsyncTask) -> tuple[str, ...]:
    """Return a task as a row under COLUMNS."""
    return (
        task.task_id,
        task.status,
        _moment(task.started_time, "%m-%d %H:%M:%S") or "-",
        task.task_error_message or "",
        _duration(task) or "-",
        _text(task.already_retried_times) or "-",
    )


def _event(event: AsyncTaskEvent) -> str:
    parts = (_moment(event.timestamp, "%m-%d %H:%M:%S"), event.status, event.event_detail)
    return "  ".join(part.replace("\n", "\\n") for part in parts if part)


def _moment(milliseconds: int | None, form: str = "") -> str | None:
    """Return a moment in UTC; None for none, for 0 (the service's "not yet") and for what is none."""
    from datetime import datetime, timezone

    if not milliseconds:
        return None
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"
    return moment.strftime(form) if form else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _duration(task: AsyncTask) -> str | None:
    if task.duration_ms is None or not task.started_time:
        return None
    return f"{task.duration_ms} ms" if task.duration_ms < 1000 else f"{task.duration_ms / 1000:.1f} s"


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _payload(text: str | None) -> str | None:
    if text is None or len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
