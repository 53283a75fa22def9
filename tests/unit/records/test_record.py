from __future__ import annotations

import copy
import json
import pickle
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from fc_async import FunctionArn, FunctionError, InvocationRecord, RecordError, parse_record, parse_records
from fc_async.records.error_detail import ErrorDetail
from tests.roads import ARN, queue_trigger, record, success, to_base64, topic_json

GOLDEN = Path(__file__).parents[2] / "golden/records"


def context(**changes: Any) -> dict[str, Any]:
    return {**record()["requestContext"], **changes}


def test_the_announcements_own_sample_is_a_failure() -> None:
    found = parse_record((GOLDEN / "row1-announcement-fc3.json").read_bytes())
    assert not found.is_success
    assert found.error is not None
    assert (found.error.type, found.error.message, found.error.frames) == ("FunctionResourceExhausted", "", ())
    assert found.approximate_invoke_count == 3
    assert found.timestamp == datetime(2022, 8, 10, 8, 31, 16, 975000, timezone.utc)


def test_a_stopped_task_looks_like_a_success() -> None:
    assert parse_record((GOLDEN / "row1-stopped-fc2.json").read_bytes()).is_success


@pytest.mark.parametrize(("name", "function"), [
    ("row1-failure-fc2.json", FunctionArn("main", qualifier="LATEST", service="Destination-destination")),
    ("row1-filled-in-fc2.json", FunctionArn("main", "cn-hangzhou", "1234567890123456", "LATEST", "demo")),
    ("row1-qualifier-fc3.json", FunctionArn("main", "cn-hangzhou", "1234567890123456", "prod")),
])  # fmt: skip
def test_the_function_is_known_by_name_service_and_qualifier(name: str, function: FunctionArn) -> None:
    assert parse_record((GOLDEN / name).read_bytes()).function == function


def test_a_status_of_200_must_be_there_for_a_success() -> None:
    assert parse_record(success()).is_success
    for outcome in (None, {}, {"statusCode": None}, {"statusCode": 500}, {"statusCode": 200, "functionError": "x"}):
        assert not parse_record({**success(), "responseContext": outcome}).is_success


@pytest.mark.parametrize(
    "wire",
    [
        {"requestContext": {"requestId": "r", "functionArn": ARN}},
        {
            "requestContext": {"requestId": "r", "functionArn": ARN, "condition": None, "approximateInvokeCount": None},
            "requestPayload": None,
            "responseContext": None,
            "responsePayload": None,
            "timestamp": None,
        },
    ],
)
def test_absent_and_null_are_empty_text_for_the_errors_and_none_for_the_rest(wire: dict[str, Any]) -> None:
    found = parse_record(wire)
    assert (found.condition, found.function_error) == ("", "")
    assert [
        found.approximate_invoke_count,
        found.request_payload,
        found.status_code,
        found.response_payload,
        found.timestamp,
        found.request_bytes(),
    ] == [None] * 6
    assert found.to_dict() == wire


@pytest.mark.parametrize(("change", "path"), [
    ({"requestContext": None}, "requestContext"),
    ({"requestContext": []}, "requestContext"),
    ({"requestContext": context(requestId=None)}, "requestContext.requestId"),
    ({"requestContext": context(requestId="")}, "requestContext.requestId"),
    ({"requestContext": context(requestId=5)}, "requestContext.requestId"),
    ({"requestContext": context(functionArn="")}, "requestContext.functionArn"),
    ({"requestContext": context(functionArn=None)}, "requestContext.functionArn"),
    ({"requestContext": context(functionArn=5)}, "requestContext.functionArn"),
    ({"requestContext": context(approximateInvokeCount=True)}, "requestContext.approximateInvokeCount"),
    ({"requestContext": context(approximateInvokeCount=1.0)}, "requestContext.approximateInvokeCount"),
    ({"requestContext": context(condition=1)}, "requestContext.condition"),
    ({"responseContext": "x"}, "responseContext"),
    ({"responseContext": {"statusCode": "200"}}, "responseContext.statusCode"),
    ({"responseContext": {"statusCode": False}}, "responseContext.statusCode"),
    ({"responseContext": {"functionError": {}}}, "responseContext.functionError"),
    ({"requestPayload": {}}, "requestPayload"),
    ({"responsePayload": 1}, "responsePayload"),
    ({"timestamp": True}, "timestamp"),
    ({"timestamp": 1.5}, "timestamp"),
])  # fmt: skip
def test_a_field_of_the_wrong_type_is_refused_by_name(change: dict[str, Any], path: str) -> None:
    with pytest.raises(RecordError, match=f"expected {path} "):
        parse_record(record(**change))


@pytest.mark.parametrize(
    "arn",
    [
        "acs:fc:cn-shanghai:1234/functions/my-func",  # the documentation's own sample
        "acs:fc:cn:1:functions/a/versions/1",
        "acs:mns:::/queues/q/messages",
        "arn:aws:lambda:x",
        "acs:fc:::functions/" + "f" * 600,
    ],
)
def test_a_function_arn_that_is_not_understood_costs_no_record(arn: str) -> None:
    found = parse_record(record(requestContext=context(functionArn=arn)))
    assert (found.function_arn, found.request_payload) == (arn, '{"failure": true}')
    assert found.error is not None
    with pytest.raises(
        RecordError, match=r"expected requestContext\.functionArn to be the ARN of a function"
    ) as caught:
        _ = found.function
    assert caught.value.raw == arn.encode()
    assert caught.value.__context__ is None


def test_an_int_enum_is_an_integer_wherever_one_belongs() -> None:
    found = parse_record(
        record(
            timestamp=HTTPStatus.OK,
            requestContext=context(approximateInvokeCount=HTTPStatus.OK),
            responseContext={"statusCode": HTTPStatus.OK},
        )
    )
    assert (found.status_code, found.approximate_invoke_count) == (200, 200)
    assert found.timestamp == datetime(1970, 1, 1, 0, 0, 0, 200000, timezone.utc)


@pytest.mark.parametrize(("value", "expected"), [
    (0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
    (253402300799999, datetime(9999, 12, 31, 23, 59, 59, 999000, timezone.utc)),
    (-62135596800000, datetime(1, 1, 1, tzinfo=timezone.utc)),
    ("2020-08-20T12:00:00.000Z", datetime(2020, 8, 20, 12, tzinfo=timezone.utc)),
    ("2020-08-20T12:00:00Z", datetime(2020, 8, 20, 12, tzinfo=timezone.utc)),
    ("2020-08-20T20:00:00.1+08:00", datetime(2020, 8, 20, 12, 0, 0, 100000, timezone.utc)),
    ("2020-08-20T12:00:00.123456789-0030", datetime(2020, 8, 20, 12, 30, 0, 123456, timezone.utc)),
    ("2020-08-20 12:00", datetime(2020, 8, 20, 12, tzinfo=timezone.utc)),
])  # fmt: skip
def test_a_timestamp_is_an_aware_datetime(value: Any, expected: datetime) -> None:
    found = parse_record(record(timestamp=value)).timestamp
    assert found == expected
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        253402300800000,
        -62135596800001,
        10**19,
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "2020-13-01T00:00:00Z",
        "2020-08-20T12:00:60Z",
        "2020-08-20",
        "2020-08-20T12:00:00+24:00",
        "2020-08-20T12:00:00+00:60",
        "٢٠٢٠-08-20T12:00:00Z",
        "now",
        "",
        "2020-08-20T12:00:00Z ",
    ],
)
def test_a_timestamp_that_a_datetime_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(RecordError, match="timestamp"):
        parse_record(record(timestamp=value))


def test_to_dict_keeps_unknown_fields_and_nulls_and_is_the_callers_to_change() -> None:
    wire = record(version="2", new={"deep": [1, None]}, responsePayload=None)
    kept = copy.deepcopy(wire)
    found = parse_record(wire)
    wire["new"]["deep"].append(2)
    found.to_dict()["new"]["deep"].append(3)
    assert found.to_dict() == kept


def test_a_record_is_frozen_and_equal_by_what_it_says_not_by_its_road() -> None:
    text = json.dumps(record())
    plain, wrapped = parse_record(text), parse_record(to_base64(text))
    assert plain == wrapped
    assert hash(plain) == hash(wrapped)
    assert plain != parse_record(success())
    assert plain != text
    for change in (
        lambda: setattr(plain, "request_id", "x"),
        lambda: delattr(plain, "request_id"),
        lambda: setattr(plain, "other", 1),
    ):
        with pytest.raises(AttributeError, match="frozen"):
            change()
    assert plain != parse_record({**record(), "new": None})


def test_a_record_can_be_pickled_and_copied() -> None:
    found = parse_record(to_base64(json.dumps(record())))
    for twin in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):  # noqa: S301 - our own bytes
        assert twin == found
        assert twin.envelopes == ("base64",)


def test_its_repr_shows_no_payload() -> None:
    assert "failure" not in repr(parse_record(record()))


def test_a_record_can_be_built_from_its_fields() -> None:
    when = datetime(2022, 8, 10, 8, 31, 16, 975000, timezone.utc)
    built = InvocationRecord("r", ARN, "X", 1, "p", 200, "X", "q", when)
    assert parse_record(built.to_dict()) == built
    assert built.timestamp == when
    assert InvocationRecord("r", FunctionArn("f")).function_arn == "acs:fc:::functions/f"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"request_id": ""}, "requestId"),
        ({"request_id": None}, "requestId"),
        ({"function_arn": 5}, "functionArn"),
        ({"function_arn": None}, "functionArn"),
        ({"condition": 5}, "condition"),
        ({"status_code": "200"}, "statusCode"),
        ({"request_payload": b"x"}, "JSON"),
        ({"response_payload": {}}, "responsePayload"),
        ({"timestamp": datetime(2022, 8, 10)}, "one without"),
        ({"timestamp": 1660120276975}, "datetime"),
        ({"timestamp": "2020-08-20T12:00:00Z"}, "datetime"),
        ({"envelopes": "base64"}, "tuple of texts"),
        ({"envelopes": ["base64"]}, "tuple of texts"),
        ({"envelopes": (1,)}, "tuple of texts"),
    ],
)
def test_a_part_of_the_wrong_type_is_refused_where_a_record_is_built(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(RecordError, match=said):
        InvocationRecord(**{"request_id": "r", "function_arn": ARN, **parts})


def test_a_record_error_shows_no_content_in_its_args_and_keeps_it_through_copies() -> None:
    with pytest.raises(RecordError, match="record 1 of 2") as caught:
        parse_records(b'[{"requestContext":{"requestId":"r","functionArn":"f"}},{"secret":1}]')
    error = caught.value
    assert error.args == (error.reason,)
    assert "secret" not in f"{error!r} {error.args!r}"
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert (twin.reason, twin.raw, twin.index) == (error.reason, b'{"secret":1}', 1)


def test_a_function_error_shows_neither_payload_nor_control_characters() -> None:
    error = FunctionError(ErrorDetail("My\x1b[2JError\n", "secret"), b"secret", "id")
    assert str(error) == "the function failed with My?[2JError? (request id id)"
    assert "secret" not in f"{error!r} {error.args!r}"
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (twin.error, twin.payload, twin.request_id) == (error.error, b"secret", "id")


def test_the_error_is_typed_by_the_runtime_then_condition_then_function_error_then_status() -> None:
    def kind(payload: str | None, condition: str = "", function_error: str = "", status: int | None = None) -> str:
        error = InvocationRecord("r", ARN, condition, None, None, status, function_error, payload).error
        assert error is not None
        return error.type

    assert kind('{"errorMessage": "m", "errorType": "T"}', "C", "F", 500) == "T"
    assert kind('{"errorType": "T"}', "C", "F", 500) == "T"
    assert kind('{"errorMessage": "m"}', "C", "F", 500) == "C"
    assert kind(None, "", "F", 500) == "F"
    assert kind("", "", "", 500) == "HTTP 500"
    assert kind(None) == "unknown"
    assert parse_record(success()).error is None


def test_the_payloads_can_be_had_as_bytes_and_json() -> None:
    found = parse_record(record(requestPayload='{"ä": 1}'))
    assert found.request_bytes() == '{"ä": 1}'.encode()
    assert found.request_json() == {"ä": 1}
    assert found.response_json()["errorType"] == "MyError"
    for payload in (None, "", "x", "NaN", "[" * 65 + "]" * 65):
        with pytest.raises(RecordError, match="requestPayload"):
            parse_record(record(requestPayload=payload)).request_json()


def test_a_replacement_character_tells_that_the_payload_may_be_damaged() -> None:
    assert parse_record(record(requestPayload="a\ufffdb")).payload_may_be_damaged
    assert not parse_record(record()).payload_may_be_damaged
    assert not parse_record(record(requestPayload=None)).payload_may_be_damaged


def test_a_record_within_a_record_is_its_upstream_and_not_unwrapped() -> None:
    first = json.dumps(record(requestPayload="start"))
    second = json.dumps(success(requestPayload=queue_trigger(to_base64(first))))
    third = parse_record(topic_json(json.dumps(success(requestPayload=f"[{second}]"))))
    assert third.envelopes == ("topic-json",)
    assert third.upstream == parse_record(second)
    assert [one.request_payload == "start" for one in third.lineage()] == [True, False, False]
    assert third.lineage()[-1] is third
    assert third.upstream.upstream is not None
    assert third.upstream.upstream.envelopes == ("cloudevent", "base64")


@pytest.mark.parametrize(
    "payload", [None, "", "x", "{}", "[]", json.dumps([record(), record()]), json.dumps({"requestContext": {}})]
)
def test_without_exactly_one_record_in_its_payload_there_is_no_upstream(payload: str | None) -> None:
    found = parse_record(record(requestPayload=payload))
    assert found.upstream is None
    assert found.lineage() == (found,)


def test_a_long_chain_is_followed_to_its_start() -> None:
    text = json.dumps(record(requestPayload="start"))
    for _ in range(20):
        text = json.dumps(success(requestPayload=to_base64(text)))
    assert len(parse_record(text).lineage()) == 21
