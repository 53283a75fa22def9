"""What a stranger can cost with an array of refused elements, as multiples of `json.loads`; `make bench` has more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from fc_async import RecordError, iter_records, parse_record, parse_records

RAW = b"[" + b",".join([b'{"n": NaN}'] * 20_000) + b"]"


def seconds(call: Callable[[], object]) -> float:
    """CPU time of the fastest of three, so that a busy machine tells the same."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        call()
        taken.append(time.process_time() - start)
    return min(taken)


def refused(read: Callable[[bytes], object]) -> None:
    with pytest.raises(RecordError):
        read(RAW)


@pytest.mark.parametrize(
    ("read", "limit"),
    [
        (lambda: refused(parse_record), 12),
        (lambda: refused(parse_records), 12),
        (lambda: sum(1 for _ in iter_records(RAW)), 25),
    ],
    ids=["parse_record", "parse_records", "iter_records"],
)
def test_an_array_of_refused_elements_costs_a_bounded_multiple_of_json(read: Callable[[], object], limit: int) -> None:
    assert seconds(read) <= limit * seconds(lambda: json.loads(RAW))
