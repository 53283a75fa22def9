"""What people type, as values: function names, durations, moments, destinations, task ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from datetime import datetime

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # not generic at run time before click 8.2

_SHOWN_CHARACTERS = 60


class FunctionName(NamedTuple):
    """FUNCTION[@QUALIFIER] as typed."""

    name: str
    qualifier: str | None

    def __str__(self) -> str:
        return self.name if self.qualifier is None else f"{self.name}@{self.qualifier}"


class FunctionNameType(_ParamType):
    """Reads FUNCTION[@QUALIFIER]."""

    name = "function[@qualifier]"
    _pattern = r"([A-Za-z_][A-Za-z0-9_-]{0,63})(?:@([A-Za-z0-9_-]{1,64}))?"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FunctionName:
        if isinstance(value, FunctionName):
            return value
        found = re.fullmatch(self._pattern, value)
        if found is None and "/" in value:
            self.fail(
                "service/function is a name of FC 2.0; this is FC 3.0, where a function stands alone"
                " (records of 2.0 are readable)",
                param,
                ctx,
            )
        if found is None:
            expected = "expected FUNCTION or FUNCTION@QUALIFIER (letters, digits, _ and -; 64 at most)"
            self.fail(f"{expected}, got {value[:_SHOWN_CHARACTERS]!r}", param, ctx)
        return FunctionName(found[1], found[2])


_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = r"([0-9]{1,12})([smhd]?)"


class DurationType(_ParamType):
    """Reads 90s, 15m, 6h, 2d or plain seconds, as whole seconds."""

    name = "duration"

    def __init__(self, minimum_seconds: int = 0, maximum_seconds: int | None = None) -> None:
        self._minimum = minimum_seconds
        self._maximum = maximum_seconds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(_DURATION, str(value))
        if found is None:
            self.fail(f"expected 90s, 15m, 6h, 2d or a number of seconds, got {str(value)[:40]!r}", param, ctx)
        seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
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
        ago = re.fullmatch(r"([0-9]{1,6})([smhd])", value)
        if ago is not None:
            return datetime.now(timezone.utc) - timedelta(seconds=int(ago[1]) * _UNIT_SECONDS[ago[2]])
        try:
            moment = datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", value))  # Python 3.10 reads no Z
        except ValueError:
            self.fail(f"expected 15m, 6h, 2d (ago) or 2026-01-31T08:00:00Z, got {value[:40]!r}", param, ctx)
        if moment.year < 1970:
            self.fail(f"expected a moment since 1970, got {value[:40]!r}", param, ctx)
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


class DestinationType(_ParamType):
    """Reads queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or a full ARN."""

    name = "destination"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ..arn import parse_destination
        from ..errors import ArgumentError

        try:
            return parse_destination(value)
        except ArgumentError as error:
            self.fail(str(error), param, ctx)


class TaskIdType(_ParamType):
    """Reads the id of an async task."""

    name = "task_id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        # The service's own ids begin with a digit (they are request ids); only ids of one's own begin with a letter.
        if re.fullmatch(r"[A-Za-z0-9_-]{1,128}", value) is None:
            expected = "expected letters, digits, '_' and '-', 128 at most"
            self.fail(f"{expected}, got {value[:_SHOWN_CHARACTERS]!r}", param, ctx)
        return str(value)


class NewTaskIdType(TaskIdType):
    """Reads an id for an async task that is to come: a letter or `_` first (docstring of the FC SDK)."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,127}", value) is None:
            expected = "expected a letter or '_', then letters, digits, '_' or '-', 128 at most"
            self.fail(f"{expected}, got {value[:_SHOWN_CHARACTERS]!r}", param, ctx)
        return str(value)


FUNCTION = FunctionNameType()
DESTINATION = DestinationType()
MOMENT = MomentType()
TASK_ID = TaskIdType()
NEW_TASK_ID = NewTaskIdType()
