"""Choosing: where a letter goes and with what, or why it stays, without asking anybody."""

import json

import pytest

from fc_async.checks import FunctionName
from fc_async.dlq.choosing import Choosing
from fc_async.mns.letter import Letter
from fc_async.mns.message import QueueMessage
from fc_async.settings.search import find_settings
from fc_async.testing import record


def settings(endpoint):
    return find_settings("fc", endpoint=endpoint, region="cn-hangzhou", account_id="1", environment={}, home=None)


FAR, NEAR = settings("https://fc.example"), settings("http://127.0.0.1:9")


def letter(arn="acs:fc:cn-hangzhou:1:functions/orders", payload='{"n": 1}', **message):
    wire = record(payload, error="no").wire
    wire["requestContext"]["functionArn"] = arn
    return Letter.of(QueueMessage("m", json.dumps(wire), **message))


def chosen(one, **options):
    return Choosing(FAR, **options).choose(one)


@pytest.mark.parametrize("arn", ["acs:fc:cn-beijing:1:functions/orders", "acs:fc:cn-hangzhou:99:functions/orders"])
def test_a_record_of_another_region_or_account_is_left(arn):
    reason = chosen(letter(arn))
    assert reason.startswith("the record is of ")
    assert "this is 1/cn-hangzhou (--to FUNCTION sends it here)" in reason
    assert chosen(letter(arn), to=FunctionName("new")).target == FunctionName("new")
    assert Choosing(NEAR).choose(letter(arn)).target == FunctionName("orders")


def test_a_record_whose_region_and_account_were_left_out_is_sent():
    found = chosen(letter("acs:fc:::functions/orders/prod"))
    assert (found.target, found.payload) == (FunctionName("orders", "prod"), b'{"n": 1}')


@pytest.mark.parametrize(
    "arn", ["acs:fc:cn-hangzhou:1/functions/orders", "acs:fc:cn:1:functions/a/versions/1", "", "x"]
)
def test_a_function_that_is_not_understood_is_left_and_the_way_out_is_named(arn):
    reason = chosen(letter(arn))
    assert isinstance(reason, str)
    assert "--to FUNCTION" in reason or "not a record" in reason


def test_a_message_of_a_fifo_queue_is_left():
    assert chosen(letter(message_group_id="g")) == "a message of a FIFO queue: its order would be lost"


def test_a_published_version_is_sent_to_on_request_and_an_alias_always():
    assert "published version" in chosen(letter("acs:fc:::functions/orders/12"))
    assert chosen(letter("acs:fc:::functions/orders/12"), same_version=True).target == FunctionName("orders", "12")
    assert chosen(letter("acs:fc:::functions/orders/v12")).target == FunctionName("orders", "v12")


def test_a_function_of_fc_2_is_mapped_by_service_and_name():
    arn = "acs:fc:cn-hangzhou:1:services/s.prod/functions/orders"
    assert "--map s/orders=NAME" in chosen(letter(arn))
    assert "--map" in chosen(letter(arn), maps={"other/orders": FunctionName("new")})
    assert chosen(letter(arn), maps={"s/orders": FunctionName("new", "v")}).target == FunctionName("new", "v")


def test_a_transform_is_given_json_that_was_read_and_else_bytes():
    seen = []
    for payload in ('{"n": [1, "é"]}', "no json", "", "[" * 100_000):
        chosen(letter(payload=payload), transform=seen.append)
    assert seen == [{"n": [1, "é"]}, b"no json", b""]


def test_a_payload_nested_too_deeply_to_be_read_is_left():
    assert chosen(letter(payload="[" * 100_000), transform=lambda one: one) == "the transform raised RecursionError"


def test_the_payload_is_not_shown():
    assert "secret" not in repr(chosen(letter(payload='"secret"')))


def test_a_letter_names_its_function_also_where_its_arn_is_not_understood():
    arn = "acs:fc:cn:1:functions/a/versions/1"
    assert letter(arn).function_name == arn
    assert letter().function_name == "orders"
    assert letter("acs:fc:::functions/orders/prod").function_name == "orders@prod"
    assert Letter.of(QueueMessage("m", "no record")).function_name is None
