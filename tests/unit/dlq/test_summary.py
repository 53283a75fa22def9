"""Groups of letters: how many, from when to when, the same for any order; and quick."""

import time

import pytest

from fc_async.dlq.groups import group_id
from fc_async.dlq.key_fields import KeyFields
from fc_async.dlq.summary import BINS, summary

HOUR_MS = 3_600_000


def letter(number, group="aaaaaa", enqueued_ms=0, **fields):
    given = {"request_id": f"r-{number}", "function": "main", "error_type": "E", "message": f"sku {number} is gone"}
    return KeyFields(f"m-{number}", group=group, enqueued_ms=enqueued_ms, **{**given, **fields})


def test_letters_of_one_group_are_counted_and_the_largest_group_is_first():
    found = summary([letter(1), letter(2, "bbbbbb", function="pay"), letter(3, enqueued_ms=HOUR_MS)])
    assert [(one.group, one.count, one.function) for one in found] == [("aaaaaa", 2, "main"), ("bbbbbb", 1, "pay")]
    assert (found[0].first_ms, found[0].last_ms) == (0, HOUR_MS)
    assert (found[0].message, found[0].error_type) == ("sku # is gone", "E")


def test_the_same_letter_counts_once_and_what_merely_shares_an_id_counts():
    twice = [letter(1, payload="p"), letter(1, payload="p", attempts=2)]
    assert summary(twice)[0].count == 1
    assert summary([*twice, letter(1, payload="q")])[0].count == 2
    assert summary([*twice, letter(1, payload="p", function_arn="other")])[0].count == 2


def test_what_is_no_record_is_one_group_counted_by_message():
    group = group_id("what is no record")
    found = summary([KeyFields(f"m-{number}", message=f"reason {number}", group=group) for number in (1, 2, 2)])
    assert [(one.count, one.is_record, one.function, one.message) for one in found] == [(2, False, None, None)]
    assert (found[0].first_ms, found[0].last_ms, found[0].histogram) == (None, None, None)


def test_a_function_whose_arn_is_not_understood_stands_with_its_arn():
    assert summary([letter(1, function=None, function_arn="acs:x")])[0].function == "acs:x"


@pytest.mark.parametrize("span_ms", [1, 10_000, HOUR_MS, 60 * HOUR_MS, 24 * 400 * HOUR_MS, 10**17])
@pytest.mark.parametrize("is_backward", [False, True])
def test_a_histogram_counts_every_letter_whatever_the_span_and_the_order(span_ms, is_backward):
    letters = [letter(number, enqueued_ms=span_ms * number // 99) for number in range(100)]
    letters.append(letter(100, "bbbbbb", enqueued_ms=0))
    groups = summary(letters[::-1] if is_backward else letters)
    assert groups == summary(letters)
    histogram = groups[0].histogram
    assert sum(histogram.counts) == groups[0].count == 100
    assert len(histogram.counts) <= BINS
    assert histogram.from_ms == 0
    assert histogram.bin_ms * len(histogram.counts) > span_ms
    assert histogram.counts[0] >= 1
    assert histogram.counts[-1] >= 1
    assert (groups[1].histogram.bin_ms, len(groups[1].histogram.counts)) == (histogram.bin_ms, len(histogram.counts))


def test_nothing_has_no_groups():
    assert summary([]) == []


def test_100_000_letters_are_grouped_in_3_seconds():
    letters = [letter(number, f"{number % 50:06x}", enqueued_ms=number * 1000) for number in range(100_000)]
    began = time.process_time()
    assert sum(one.count for one in summary(letters)) == 100_000
    assert time.process_time() - began < 3
