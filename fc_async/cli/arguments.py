"""What people type, as values: function names, durations, moments, destinations, task ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from ..checks import FunctionName, seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # not generic at run time before click 8.2

_SHOWN_CHARACTERS = 60


class FunctionNameType(_ParamType):
    """Reads FUNCTION[@QUALIFIER]."""

    name = "function[@qualifier]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FunctionName:
        if isinstance(value, FunctionName):
            return value
        from ..errors import ArgumentError

        name, _, qualifier = value.rpartition("@") if "@" in value else (value, "", None)
        try:
            return FunctionName.checked(name, qualifier)
        except ArgumentError:  # its sentence speaks of arguments in Python
            self.fail(_no_function(value), param, ctx)


def _no_function(value: str) -> str:
    if "/" in value:
        return (
            "service/function is a name of FC 2.0; this is FC 3.0, where a function stands alone"
            " (records of 2.0 are readable)"
        )
    return f"expected FUNCTION or FUNCTION@QUALIFIER (letters, digits, '_' and '-'), got {value[:_SHOWN_CHARACTERS]!r}"


class DurationType(_ParamType):
    """Reads 90s, 15m, 6h, 2d or plain seconds, as whole seconds."""

    name = "duration"

    def __init__(self, minimum_seconds: int = 0, maximum_seconds: int | None = None) -> None:
        self._minimum = minimum_seconds
        self._maximum = maximum_seconds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        seconds = seconds_of(str(value))
        if seconds is None:
            self.fail(f"expected 90s, 15m, 6h, 2d or a number of seconds, got {str(value)[:40]!r}", param, ctx)
        if seconds < self._minimum or (self._maximum is not None and seconds > self._maximum):
            limit = f"{self._minimum} to {self._maximum}" if self._maximum is not None else f"at least {self._minimum}"
            self.fail(f"expected {limit} seconds, got {seconds}", param, ctx)
        return seconds


class MomentType(_ParamType):
    """Reads a moment: 15m or 6h or 2d ago, or ISO 8601 (UTC where it names no zone)."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        from datetime import datetime, timedelta, timezone

        if isinstance(value, datetime):
            return value
        try:
            moment = _moment(value)
        except OverflowError:
            moment = None
        except ValueError:
            self.fail(f"expected 15m, 6h, 2d (ago) or 2026-01-31T08:00:00Z, got {value[:40]!r}", param, ctx)
        # The difference and not the year: with its zone a moment of 1970 may be one of 1969.
        since = None if moment is None else moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
        if moment is None or since is None or not timedelta() <= since < _LAST_MOMENT_DAYS * timedelta(days=1):
            self.fail(f"expected a moment from 1970 to 9999 (UTC), got {value[:40]!r}", param, ctx)
        return moment


_LAST_MOMENT_DAYS = 2932897
"""From 1970 to the end of 9999."""


def _moment(text: str) -> datetime:
    from datetime import datetime, timedelta, timezone

    ago = seconds_of(text) if re.fullmatch("[0-9]{1,6}[smhd]", text) else None
    if ago is not None:
        return datetime.now(timezone.utc) - timedelta(seconds=ago)
    moment = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", text))  # Python 3.10 reads no Z
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


class DestinationType(_ParamType):
    """Reads queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or a full ARN."""

    name = "destination"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ..arn import QueueEndpoint, parse_destination
        from ..errors import ArgumentError

        try:
            found = parse_destination(value)
        except ArgumentError as error:
            self.fail(str(error), param, ctx)
        if isinstance(found, QueueEndpoint):
            self.fail(
                f"expected a destination (/queues/NAME/messages), got a subscription's endpoint, {found}", param, ctx
            )
        return found


class TaskIdType(_ParamType):
    """Reads the id of an async task."""

    name = "task_id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..checks import check_known_task_id
        from ..errors import ArgumentError

        try:
            return check_known_task_id(value)
        except ArgumentError:
            expected = "expected letters, digits, '_' and '-', 128 at most"
            self.fail(f"{expected}, got {value[:_SHOWN_CHARACTERS]!r}", param, ctx)


class NewTaskIdType(TaskIdType):
    """Reads an id for an async task that is to come: a letter or `_` first (docstring of the FC SDK)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..checks import check_task_id
        from ..errors import ArgumentError

        try:
            return check_task_id(value)
        except ArgumentError:
            expected = "expected a letter or '_', then letters, digits, '_' or '-', 128 at most"
            self.fail(f"{expected}, got {value[:_SHOWN_CHARACTERS]!r}", param, ctx)


FUNCTION = FunctionNameType()
DESTINATION = DestinationType()
MOMENT = MomentType()
TASK_ID = TaskIdType()
NEW_TASK_ID = NewTaskIdType()
