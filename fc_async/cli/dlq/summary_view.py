"""Groups of letters as people read them (rows, bars) and as programs do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .letter_view import moment, span, without_error

if TYPE_CHECKING:
    from ...dlq.summary import Group, Histogram

COLUMNS = ("group", "count", "function", "error", "when", "first (UTC)", "last (UTC)")
WHOLE = ("group", "count", "when")
OPTIONAL = ("first (UTC)", "last (UTC)")

_BARS = " ▁▂▃▄▅▆▇█"
_LINE_CHARACTERS = 160
_USUAL = "UnhandledInvocationError"
"""What the condition says of every error that a handler raised: a person need not read it."""


def document(group: Group) -> dict[str, Any]:
    """Return a group for programs; null for what it does not have."""
    return {
        "group": group.group,
        "count": group.count,
        "function": group.function,
        "condition": group.condition,
        "errorType": group.error_type,
        "message": group.message if group.is_record else "not a record",
        "frame": group.frame,
        "first": moment(group.first_ms),
        "last": moment(group.last_ms),
    }


def row(group: Group, by_failure: bool | None) -> tuple[str, ...]:
    """Return a group as a row under COLUMNS.

    Args:
        group: one of a summary.
        by_failure: whether its letters without an error came by OnFailure; None: not known.
    """
    return (
        group.group,
        str(group.count),
        group.function or "-",
        _error(group, by_failure),
        bars(group.histogram),
        _short(group.first_ms),
        _short(group.last_ms),
    )


def bars(histogram: Histogram | None) -> str:
    """Return a histogram as a line of bars: a letter or more is at least the lowest bar."""
    if histogram is None:
        return "-"
    most = max(histogram.counts)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most) if most else 0] for count in histogram.counts)


def scale(histogram: Histogram) -> str:
    """Say what the bars of a summary are."""
    end_ms = histogram.from_ms + histogram.bin_ms * len(histogram.counts)
    return f"when: each bar is {span(histogram.bin_ms / 1000)}, {_short(histogram.from_ms)} to {_short(end_ms)} (UTC)"


def _error(group: Group, by_failure: bool | None) -> str:
    if not group.is_record:
        return "not a record"
    if group.is_success:
        return without_error(by_failure)
    said = ": ".join(filter(None, (group.error_type, group.message))) or "unknown"
    said = said if len(said) <= _LINE_CHARACTERS else f"{said[: _LINE_CHARACTERS - 1]}…"
    condition = "" if group.condition in (None, group.error_type, _USUAL) else f" [{group.condition}]"
    return said + condition + (f" in {group.frame}" if group.frame else "")


def _short(milliseconds: int | None) -> str:
    text = moment(milliseconds)
    return "-" if text is None else f"{text[5:10]} {text[11:16]}"
