"""Points in time as Function Compute writes them."""

from __future__ import annotations

from datetime import datetime, timezone


def rfc3339(ms: int) -> str:
    """Return milliseconds since 1970 as `2020-09-10T02:45:02Z` (the form of the API's samples)."""
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
