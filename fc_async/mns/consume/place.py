"""What may be said about where a queue is, as QueueClient takes it: for type checkers alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypedDict


class Place(TypedDict, total=False):
    """The settings of QueueClient."""

    endpoint: str | None
    mns_endpoint: str | None
    region: str | None
    account_id: str | None
    profile: str | None
    credentials: Any
    internal: bool
    insecure: bool
    connect_timeout_seconds: float | timedelta
    read_timeout_seconds: float | timedelta
