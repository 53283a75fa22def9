from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fc_async import (
    ArgumentError,
    EventBusArn,
    FunctionArn,
    QueueArn,
    QueueEndpoint,
    RocketMqTopicArn,
    TopicArn,
    UnknownArn,
    parse_arn,
    parse_destination,
)
from fc_async.arn import Arn

KNOWN: dict[str, Arn] = {
    "acs:fc:cn-hangzhou:123:functions/f": FunctionArn("f", "cn-hangzhou", "123"),
    "acs:fc:cn-hangzhou:123:functions/f/prod": FunctionArn("f", "cn-hangzhou", "123", "prod"),
    "acs:fc:cn-hangzhou::functions/f": FunctionArn("f", "cn-hangzhou"),
    "acs:fc:::services/s/functions/f": FunctionArn("f", service="s"),
    "acs:fc:::services/s.LATEST/functions/f": FunctionArn("f", qualifier="LATEST", service="s"),
    "acs:mns:cn-hangzhou:123:/queues/q/messages": QueueArn("q", "cn-hangzhou", "123"),
    "acs:mns:::/queues/q/messages": QueueArn("q"),
    "acs:mns:cn-hangzhou::/topics/t/messages": TopicArn("t", "cn-hangzhou"),
    "acs:mns:cn-hangzhou:123:queues/q": QueueEndpoint("q", "cn-hangzhou", "123"),
    "acs:eventbridge:cn-hangzhou:123:eventbus/b": EventBusArn("b", "cn-hangzhou", "123"),
    "acs:mq:cn-hangzhou:123:/instances/MQ_INST_1_B/topic/t": RocketMqTopicArn("MQ_INST_1_B", "t", "cn-hangzhou", "123"),
}


@pytest.mark.parametrize("text", KNOWN)
def test_an_arn_is_a_value_and_its_text_is_the_wire_form(text: str) -> None:
    found = parse_arn(text)
    assert found == KNOWN[text]
    assert hash(found) == hash(KNOWN[text])
    assert str(found) == text
    assert pickle.loads(pickle.dumps(found)) == found == copy.deepcopy(found)  # noqa: S301 - our own bytes
    assert parse_destination(text) == found


def test_values_of_different_kinds_are_different() -> None:
    assert len({*KNOWN.values(), *KNOWN.values()}) == len(KNOWN)
    assert QueueArn("q") != TopicArn("q")


@pytest.mark.parametrize("text", KNOWN)
def test_resolved_fills_in_what_was_left_out_and_nothing_else(text: str) -> None:
    filled = KNOWN[text].resolved("cn-beijing", "999")
    assert "::" not in str(filled)
    if "::" not in text:
        assert filled == KNOWN[text]
    assert (
        str(QueueArn("q", "cn-hangzhou").resolved("cn-beijing", "999")) == "acs:mns:cn-hangzhou:999:/queues/q/messages"
    )


@pytest.mark.parametrize(
    "text",
    [
        "acs:oss:cn:1:bucket/x",
        "acs:fc:cn:1:functions/",
        "acs:fc:cn:1:functions/a/b/c",
        "acs:fc:cn:1:custom-domains/x",
        "acs:mns:cn:1:/queues/q/message",
        "acs:mns:cn:1:/queues/q/messages/",
        "acs:mns:cn:1:/queues/q/messages\n",
        "acs:x:y:z:",
        "acs:eventbridge:cn:1:/eventbus/b",
    ],
)
def test_an_arn_of_an_unknown_kind_is_kept_as_it_is(text: str) -> None:
    assert parse_arn(text) == UnknownArn(text)
    assert str(parse_arn(text)) == text
    assert parse_arn(text).resolved("r", "1") == UnknownArn(text)


@pytest.mark.parametrize(
    "text", ["", "acs", "acs:", "acs:mns:cn:/queues/q", "arn:aws:lambda:x:y", "queue:q", "acs:x:y:z:" + "a" * 503]
)
def test_what_is_no_arn_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="expected an ARN"):
        parse_arn(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: QueueArn(""),
        lambda: QueueArn("a/b"),
        lambda: QueueArn("a b"),
        lambda: QueueArn("a\n"),
        lambda: QueueArn(5),  # type: ignore[arg-type]
        lambda: QueueArn(None),  # type: ignore[arg-type]
        lambda: QueueArn("q", region="a:b"),
        lambda: QueueArn("q", account_id="a b"),
        lambda: FunctionArn("f", service="a.b"),
        lambda: FunctionArn("f", qualifier="a/b"),
        lambda: RocketMqTopicArn("", "t"),
        lambda: TopicArn("t" * 600),
        lambda: QueueArn("q" * 480).resolved("cn-hangzhou", "1" * 16),
        lambda: parse_destination("queue:" + "q" * 600),
    ],
)
def test_a_value_that_its_text_could_not_be_read_back_from_is_refused_where_it_is_made(make: Callable[[], Arn]) -> None:
    with pytest.raises(ArgumentError, match=r"expected (name|region|account_id|service|qualifier|instance_id|an ARN)"):
        make()


@pytest.mark.parametrize(
    "text", ["acs:mns:::/queues/a b/messages", "acs:x:y:z:\x1b[2J", "acs:mns:a\n::/queues/q/messages"]
)
def test_a_destination_has_neither_spaces_nor_control_characters(text: str) -> None:
    assert parse_arn(text) == UnknownArn(text)  # as a part of what the service says it is kept
    with pytest.raises(ArgumentError, match="without spaces"):
        parse_destination(text)


def test_an_empty_qualifier_is_none() -> None:
    assert FunctionArn("f", qualifier="") == FunctionArn("f", service="") == FunctionArn("f")


def test_short_forms_are_arns_without_region_and_account() -> None:
    assert parse_destination("queue:dead") == QueueArn("dead")
    assert parse_destination("topic:t") == TopicArn("t")
    assert parse_destination("function:f") == FunctionArn("f")
    assert parse_destination("function:f@prod") == FunctionArn("f", qualifier="prod")


@pytest.mark.parametrize(
    "text", ["", "queue:", "queue:a b", "queue:a@b", "bucket:x", "function:f@", "Queue:q", "queue:q\n"]
)
def test_other_short_forms_are_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="queue:NAME"):
        parse_destination(text)


def test_an_arn_shows_its_parts_in_order_and_holds_nothing_else() -> None:
    assert repr(QueueArn("q", "r")) == "QueueArn(name='q', region='r', account_id='')"
    assert repr(RocketMqTopicArn("i", "t")) == "RocketMqTopicArn(instance_id='i', name='t', region='', account_id='')"
    assert not any(hasattr(value, "__dict__") for value in KNOWN.values())
    assert TopicArn(name="t", account_id="1") == TopicArn("t", "", "1")


@pytest.mark.parametrize("qualifier", [None, "", "prod"])
def test_the_text_of_a_functions_arn_is_the_same_with_and_without_the_checks(qualifier: str | None) -> None:
    assert FunctionArn.as_text("f", "r", "1", qualifier) == str(FunctionArn("f", "r", "1", qualifier))


@pytest.mark.parametrize("value", list(KNOWN.values()))
def test_an_arn_is_frozen(value: Arn) -> None:
    with pytest.raises(AttributeError, match="is frozen: build a new one"):
        value.region = "x"  # type: ignore[misc, union-attr]
    with pytest.raises(AttributeError, match="is frozen"):
        del value.region  # type: ignore[union-attr]


SPACES = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
names = st.text(st.characters(exclude_characters="/." + SPACES, exclude_categories=["Cs"]), min_size=1, max_size=30)
parts = st.text(st.characters(exclude_characters="/:" + SPACES, exclude_categories=["Cs"]), max_size=20)


@given(names, parts, parts, st.none() | names, st.none() | names)
def test_a_function_arn_reads_back_as_it_was_written(
    name: str, region: str, account: str, qualifier: str | None, service: str | None
) -> None:
    value = FunctionArn(name, region, account, qualifier, service)
    assert parse_arn(str(value)) == value


@given(st.text(max_size=600))
def test_any_text_is_an_arn_or_an_argument_error(text: str) -> None:
    for attempt in (text, "acs:" + text, "acs:fc:::" + text):
        try:
            assert str(parse_arn(attempt)) == attempt
        except ArgumentError:
            assert not attempt.startswith("acs:") or attempt.count(":") < 4 or len(attempt) > 512
