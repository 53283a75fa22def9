"""Key fields: what is known of a letter without its body, whatever it holds; a spool's row brings it back."""

import json

import pytest

from fc_async import RecordError
from fc_async.dlq.key_fields import KeyFields, key_fields
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.testing import record


def fields_of(sample, **message):
    return key_fields(Letter.of(sample.as_queue_message(**message)))


def letter_of(**changes):
    wire = record({"id": 1}, error="sku 7 is gone").wire
    return key_fields(Letter.of(QueueMessage("m", json.dumps({**wire, **changes}))))


def test_a_failure_is_known_by_its_record_and_its_message():
    found = fields_of(record({"id": 1}, function="orders", qualifier="prod", error=KeyError("x"), attempts=3))
    assert (found.function, found.qualifier, found.attempts) == ("orders", "prod", 3)
    assert (found.condition, found.error_type, found.message) == ("UnhandledInvocationError", "KeyError", "'x'")
    assert (found.request_id, found.message_id) == (record().record.request_id, record().as_queue_message().message_id)
    assert (found.enqueued_ms, found.frame, found.is_success) == (1_767_225_600_000, "index.handler", False)
    assert found.function_arn == "acs:fc:cn-hangzhou:1234567890123456:functions/orders/prod"
    assert '"stackTrace"' in found.text


def test_a_success_has_no_error():
    found = fields_of(record("{}", response="fine"))
    assert (found.is_success, found.condition, found.error_type, found.message) == (True, None, None, None)
    assert found.text == "fine"


def test_what_is_no_record_is_one_group_with_its_reason():
    one, other = (key_fields(Letter.of(QueueMessage("m", body, enqueue_time=7))) for body in ("no record", "{}"))
    assert one.group == other.group
    assert (one.request_id, one.function, one.is_record, one.is_success, one.text) == (None, None, False, False, "")
    assert (one.message_id, one.enqueued_ms) == ("m", 7)
    assert one.message


def test_a_function_whose_arn_is_not_understood_is_known_by_its_arn():
    wire = record(error="no").wire
    wire["requestContext"]["functionArn"] = "acs:fc:cn:1:functions/a/versions/1"
    found = key_fields(Letter.of(QueueMessage("m", json.dumps(wire))))
    assert (found.function, found.function_arn) == (None, "acs:fc:cn:1:functions/a/versions/1")


def test_what_differs_each_time_does_not_part_a_group_and_everything_else_does():
    def group(**changes):
        return fields_of(record(**{"function": "orders", "error": "sku 7 of 'x' is gone", **changes})).group

    same = {
        group(),
        group(error="sku 9 of 'y' is gone"),
        group(request_id="r-2"),
        group(payload="x"),
        group(attempts=9),
    }
    assert len(same) == 1
    other = {group(), group(function="pay"), group(error="sku lost"), group(condition="X"), group(error=KeyError("k"))}
    assert len(other) == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"responsePayload": json.dumps({"errorMessage": "m" * 500_000, "errorType": "t" * 500_000})},
        {"responsePayload": "x" * 1_000_000},
        {"responsePayload": None},
        {"responsePayload": "\x1b[31m\u202e\0\ud83d\ude00"},
        {"responsePayload": json.dumps({"errorMessage": None, "errorType": 7, "stackTrace": [[["x"]]]})},
        {"requestPayload": None, "responseContext": None},
    ],
    ids=["huge parts", "huge text", "none", "controls", "types", "bare"],
)
def test_a_hostile_letter_is_known_within_bounds_and_comes_back_from_its_row(changes):
    found = letter_of(**changes)
    assert len(found.message or "") <= 4096
    assert len(found.text) <= 16384
    assert len(found.error_type or "") <= 1024
    assert len(found.group) == 6
    row = found.to_json()
    assert row.isascii()
    assert row.isprintable()
    assert KeyFields.from_json(row) == found


def test_a_message_that_is_the_whole_response_stands_in_the_text_once():
    assert letter_of(responsePayload="plain words").text == "plain words"


def test_letters_of_other_payloads_have_other_digests():
    digests = {letter_of(requestPayload=payload).payload for payload in ("a", "b", "", None)}
    assert len(digests) == 4
    assert letter_of(requestPayload="a") == letter_of(requestPayload="a")


def test_a_row_of_a_later_version_is_read_without_what_is_new():
    assert KeyFields.from_json('{"message_id": "m", "text": "t", "mood": 7}') == KeyFields("m", text="t")


@pytest.mark.parametrize(
    "row",
    ["", "[]", "{}", "null", '{"message_id": 7}', '{"message_id": "m", "attempts": "3"}', "[" * 100_000],
    ids=["empty", "list", "nothing", "null", "number", "text", "deep"],
)
def test_a_damaged_row_is_refused_in_one_sentence_without_its_content(row):
    with pytest.raises(RecordError, match="expected the key fields of a letter"):
        KeyFields.from_json(row)
