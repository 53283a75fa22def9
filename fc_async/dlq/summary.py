"""Groups of letters: how many failed in the same way, when, and where.

A failure can send several records, and a queue delivers each at least once (design, decision 14): what agrees in
request id, function ARN and payload is one letter and counts once; what is no record counts by message id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .groups import normalised
from .key_fields import KeyFields

BINS = 24
"""Most bars of a histogram."""

# Each divides the next, so that bins become wider by adding neighbours up.
_WIDTHS_SECONDS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
_SHOWN_CHARACTERS = 512


@dataclass(frozen=True)
class Histogram:
    """How many letters were enqueued when.

    Args:
        from_ms: where the first bin begins, milliseconds since 1970.
        bin_ms: width of a bin.
        counts: letters in each; as many bins in each group of one summary.
    """

    from_ms: int
    bin_ms: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Letters that failed in the same way.

    Args:
        group: its id, 6 hex digits.
        count: letters, repeats of one counted once.
        function: the function's name, its ARN where that is not understood; None for what is no record.
        condition: the invocation's error code; None where there is none.
        error_type: the handler's error type; None for successes and for what is no record.
        message: the message without what differs from letter to letter, 512 characters at most; None where there is
            none.
        frame: where the function's own code raised; None where that is not known.
        is_record: False for the group of all that is no record.
        is_success: whether the records name no error.
        first_ms: earliest enqueue time, milliseconds since 1970; None where no letter has one.
        last_ms: the latest.
        histogram: enqueue times; None where no letter of any group has one.
    """

    group: str
    count: int
    function: str | None
    condition: str | None
    error_type: str | None
    message: str | None
    frame: str | None
    is_record: bool
    is_success: bool
    first_ms: int | None
    last_ms: int | None
    histogram: Histogram | None


def summary(letters: Iterable[KeyFields]) -> list[Group]:
    """Group letters, the largest group first.

    Args:
        letters: any number; one pass, and of each only a number is kept.
    """
    seen: set[int] = set()
    groups: dict[str, _Counted] = {}
    bins = _Bins()
    for fields in letters:
        counted = groups.get(fields.group)
        if counted is None:
            counted = groups[fields.group] = _Counted(_what(fields), bins.of_a_group())
        counted.see(fields.enqueued_ms)
        key = _key(fields)
        if key not in seen:
            seen.add(key)
            counted.count += 1
            bins.add(counted.bins, fields.enqueued_ms)
    found = [counted.group(bins.histogram(counted.bins)) for counted in groups.values()]
    return sorted(found, key=lambda one: (-one.count, -(one.last_ms or 0), one.group))


def _key(fields: KeyFields) -> int:
    """Return a number that letters share only where they are one: 64 bits, so that a million take 70 MB and no more."""
    if fields.request_id is None:
        return hash((fields.message_id,))
    return hash((fields.request_id, fields.function_arn, fields.payload))


def _what(fields: KeyFields) -> Group:
    is_record = fields.is_record
    message = normalised(fields.message)[:_SHOWN_CHARACTERS] if is_record and fields.message else None
    function = fields.function or fields.function_arn
    what = (fields.group, 0, function, fields.condition, fields.error_type, message, fields.frame)
    return Group(*what, is_record, fields.is_success, None, None, None)


class _Counted:
    def __init__(self, what: Group, bins: dict[int, int]) -> None:
        self._what = what
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self.count = 0
        self.bins = bins

    def see(self, enqueued_ms: int | None) -> None:
        if enqueued_ms is None:
            return
        if self._first_ms is None or enqueued_ms < self._first_ms:
            self._first_ms = enqueued_ms
        if self._last_ms is None or enqueued_ms > self._last_ms:
            self._last_ms = enqueued_ms

    def group(self, histogram: Histogram | None) -> Group:
        return replace(
            self._what, count=self.count, first_ms=self._first_ms, last_ms=self._last_ms, histogram=histogram
        )


class _Bins:
    """The bins of all groups, equally wide; where they become too many, all become wider."""

    def __init__(self) -> None:
        self._all: list[dict[int, int]] = []
        self._step = 0
        self._width_ms = _WIDTHS_SECONDS[0] * 1000
        self._span: tuple[int, int] | None = None

    def of_a_group(self) -> dict[int, int]:
        self._all.append({})
        return self._all[-1]

    def add(self, bins: dict[int, int], moment_ms: int | None) -> None:
        if moment_ms is None:
            return
        place = moment_ms // self._width_ms
        if self._span is None or not self._span[0] <= place <= self._span[1]:
            self._reach(place)
            place = moment_ms // self._width_ms
        bins[place] = bins.get(place, 0) + 1

    def _reach(self, place: int) -> None:
        first, last = (place, place) if self._span is None else self._span
        first, last = min(first, place), max(last, place)
        while last - first >= BINS:
            times = self._widen()
            first, last = first // times, last // times
        self._span = first, last

    def _widen(self) -> int:
        """Make bins wider, and return how many of the old ones a new one holds."""
        self._step += 1
        known = self._step < len(_WIDTHS_SECONDS)
        times = _WIDTHS_SECONDS[self._step] // _WIDTHS_SECONDS[self._step - 1] if known else 2
        self._width_ms *= times
        for bins in self._all:
            finer = dict(bins)
            bins.clear()
            for place, count in finer.items():
                bins[place // times] = bins.get(place // times, 0) + count
        return times

    def histogram(self, bins: dict[int, int]) -> Histogram | None:
        if self._span is None:
            return None
        first, last = self._span
        counts = tuple(bins.get(place, 0) for place in range(first, last + 1))
        return Histogram(first * self._width_ms, self._width_ms, counts)
