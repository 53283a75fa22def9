"""How letters and groups are written: lengths of time, moments, bars; a strange number costs nothing."""

import pytest

from fc_async.cli.dlq.letter_view import details, document, moment, row, span
from fc_async.cli.dlq.redrive_view import question
from fc_async.cli.dlq.source import Listed
from fc_async.cli.dlq.summary_view import bars, scale
from fc_async.dlq.key_fields import KeyFields, key_fields
from fc_async.dlq.redrive_summary import RedrivePlan
from fc_async.dlq.spool_place import is_spool
from fc_async.dlq.summary import Histogram
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.testing import record


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "now"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (172799, "47h"),
        (172800, "2d"),
        (356400, "4d 3h"),
        (10**12, "11574074d 1h"),
    ],
)
def test_a_length_of_time_is_short(seconds, text):
    assert span(seconds) == text


def test_a_moment_is_iso_8601_in_utc_and_one_that_no_calendar_has_is_none():
    assert moment(1_767_225_600_123) == "2026-01-01T00:00:00.123+00:00"
    assert moment(None) is moment(10**18) is None


@pytest.mark.parametrize(
    ("source", "spool"), [("dead", False), ("dead.spool", True), ("./dead", True), ("/x/y", True), ("spool", False)]
)
def test_a_spool_ends_in_spool_or_holds_a_slash(source, spool):
    assert is_spool(source) is spool


def test_a_letter_that_is_no_record_is_a_row_and_a_document_of_what_is_known():
    fields = KeyFields("m-1", message="no JSON")
    assert document(fields) == {
        "messageId": "m-1",
        "requestId": None,
        "function": None,
        "errorType": None,
        "message": "no JSON",
        "attempts": None,
        "enqueued": None,
    }
    cells = row(Listed(fields), ("request id", "function", "error", "runs", "age", "state", "message id"), 0)
    assert cells == ("message m-1", "-", "not a record: no JSON", "-", "-", "-", "m-1")


def test_an_error_is_a_line_of_its_type_and_the_first_line_of_its_message():
    fields = KeyFields("m", request_id="r", error_type="E", message="first\nsecond")
    assert row(Listed(fields), ("error",), 0) == ("E: first",)
    assert len(row(Listed(KeyFields("m", request_id="r", message="x" * 4096)), ("error",), 0)[0]) == 120


@pytest.mark.parametrize(
    ("by_failure", "word"), [(True, "stopped or unknown"), (False, "succeeded"), (None, "succeeded, or stopped")]
)
def test_a_letter_without_an_error_is_called_by_how_it_came(by_failure, word):
    fields = KeyFields("m", request_id="r", is_success=True)
    assert row(Listed(fields, by_failure=by_failure), ("error",), 0) == (word,)
    letter = Letter.of(record("{}").as_queue_message())
    assert dict(details(letter, by_failure))["outcome"] == word


def test_every_letter_is_at_least_the_lowest_bar_and_none_is_none():
    assert bars(Histogram(0, 1000, (0, 1, 500, 1000))) == " ▁▄█"
    assert bars(Histogram(0, 1000, (0, 0))) == "  "
    assert bars(None) == "-"
    assert scale(Histogram(0, 900_000, (1, 2))) == "when: each bar is 15m, 01-01 00:00 to 01-01 00:30 (UTC)"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no record",
        record("[" * 5000, response="1" * 400).text,
        record("[" + "1," * 20_000 + "1]", error="\x1b").text,
        record(b"\xff", error="x" * 50_000).text,
        record({"n": 1e300}, condition="X", response="").text,
    ],
    ids=["empty", "none", "deep", "long", "bytes", "bare"],
)
def test_whatever_a_letter_holds_it_has_details(body):
    letter = Letter.of(QueueMessage("m", body, user_properties={"a": "b"}))
    shown = dict(details(letter, None))
    assert shown["message id"] == "m"
    assert shown["property"] == "a: b"
    assert all(text.count("\n") <= 10_000 for text in shown.values())
    assert key_fields(letter).message_id == "m"


@pytest.mark.parametrize(
    ("plan", "limit", "rate", "asked"),
    [
        (RedrivePlan({"main": 1}, {}), None, None, "Send 1 letter again to main, each at least once?"),
        (
            RedrivePlan(
                {"main": 3, "orders@prod": 4}, {"no record": 1}, guarantees={"main": "once", "orders@prod": "once"}
            ),
            None,
            20,
            "Send 7 letters again (4 to orders@prod, 3 to main), 20 a second at most, each once?",
        ),
        (
            RedrivePlan({"main": 15}, {"no record": 1}, is_exact=False, about_letters=120),
            None,
            None,
            "Send about 120 letters again (of the 16 looked at: 15 to main), each at least once?",
        ),
        (
            RedrivePlan({"a": 1, "b": 1, "c": 3, "d": 4, "e": 5}, {}),
            2,
            None,
            "Send 2 letters again (of the 14 looked at: 5 to e, 4 to d, 3 to c, 2 to 2 more functions), each at least"
            " once?",
        ),
    ],
    ids=["one", "two", "head", "limit"],
)
def test_the_question_before_a_redrive_names_functions_and_counts(plan, limit, rate, asked):
    assert question(plan, limit=limit, rate=rate) == asked
