"""Points in time as the services write them, and as their clients do."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

_RFC3339 = "%Y-%m-%dT%H:%M:%SZ"


def rfc3339(ms: int) -> str:
    """Return milliseconds since 1970 as `2020-09-10T02:45:02Z` (the form of the API's samples)."""
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime(_RFC3339)


def ms_of_rfc3339(text: str) -> int | None:
    """Return milliseconds since 1970 of such a text, None for what is none."""
    try:
        return _ms(datetime.strptime(text, _RFC3339))
    except ValueError:
        return None


def ms_of_http_date(text: str) -> int | None:
    """Return milliseconds since 1970 of `Thu, 09 Jul 2015 03:01:34 GMT`, None for what is none."""
    try:
        return _ms(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def start_of_year(year: int) -> datetime:
    """Return the first moment of a year."""
    return datetime(year, 1, 1, tzinfo=timezone.utc)


def _ms(moment: datetime) -> int:
    return int(moment.replace(tzinfo=timezone.utc).timestamp()) * 1000
