from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mns.queue import Message

from fc_async import RecordError, envelope, iter_records, parse_record, parse_records
from tests.roads import ROADS, record, to_base64, topic_json, topic_string

GOLDEN = Path(__file__).parents[1] / "golden"

ENVELOPES: dict[str, list[tuple[str, ...]]] = {
    "row1-announcement-fc3.json": [()],
    "row1-announcement-fc2.json": [()],
    "row1-iso-timestamp-fc2.json": [()],
    "row1-failure-fc2.json": [()],
    "row1-stopped-fc2.json": [()],
    "row1-filled-in-fc2.json": [()],
    "row1-qualifier-fc3.json": [()],
    "row2-queue-plain.txt": [()],
    "row3-queue-base64.txt": [("base64",)],
    "row4-topic-queue-json.json": [("topic-json",)],
    "row4-topic-queue-json-base64.json": [("topic-json", "base64")],
    "row4-topic-queue-json-number.json": [("topic-json",)],
    "row4-topic-push-xml.xml": [("topic-xml",)],
    "row4-topic-queue-xml-typo.xml": [("topic-xml", "base64")],
    "row4-topic-queue-simplified.txt": [()],
    "row5-topic-trigger-stream.txt": [()],
    "row5-topic-trigger-stream-string.json": [("topic-stream",)],
    "row5-topic-trigger-stream-attributes.json": [("topic-stream",)],
    "row5-topic-trigger-json.json": [("topic-json",)],
    "row5-topic-trigger-json-attributes.json": [("topic-json",)],
    "row6-queue-trigger.json": [("cloudevent",)],
    "row6-queue-trigger-base64.json": [("cloudevent", "base64")],
    "row6-queue-trigger-list.json": [("cloudevent",), ("cloudevent", "base64")],
    "row6-queue-trigger-of-topic.json": [("cloudevent", "topic-json", "base64")],
    "row6-rocketmq-trigger.json": [("cloudevent",)],
    "row6-rocketmq-trigger-list.json": [("cloudevent",), ("cloudevent", "base64")],
    "row7-eventbridge-object.json": [("cloudevent",)],
    "row7-eventbridge-text.json": [("cloudevent",)],
}
FAILURE = json.loads((GOLDEN / "records/row1-failure-fc2.json").read_text())


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_golden_file_gives_its_record_and_its_envelopes(name: str) -> None:
    found = parse_records((GOLDEN / "records" / name).read_bytes())
    assert [one.envelopes for one in found] == ENVELOPES[name]
    if not name.startswith("row1"):
        assert [one.to_dict() for one in found] == [FAILURE] * len(found)


def test_every_golden_file_states_its_origin_and_is_tested() -> None:
    files = {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*") if path.is_file()} - {"README.md"}
    rows = [
        line.split("|") for line in (GOLDEN / "README.md").read_text().splitlines() if line.startswith("| records/")
    ]
    assert {row[1].strip() for row in rows} == {name for name in files if name.startswith("records/")}
    assert all(len(row[3].strip()) > 10 for row in rows)
    assert {f"records/{name}" for name in ENVELOPES} == {name for name in files if name.startswith("records/")}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20) + 1, 10**20 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]))
records = st.builds(
    lambda extra, request, response, condition, count, when: {
        **extra,
        **record(requestPayload=request, responsePayload=response, timestamp=when),
        "requestContext": {
            **extra, "requestId": "r", "functionArn": "acs:fc:::functions/f", "condition": condition,
            "approximateInvokeCount": count,
        },
    },
    st.dictionaries(st.sampled_from(["version", "new", "é", "x" * 40]), json_values, max_size=3),
    texts,
    texts,
    texts,
    st.none() | st.integers(-(10**20) + 1, 10**20 - 1),
    st.none() | st.integers(-62135596800000, 253402300799999),
)  # fmt: skip


@given(records, st.lists(st.sampled_from(sorted(ROADS)), max_size=3), st.booleans())
def test_a_record_comes_out_of_every_road_as_it_went_in(
    wire: dict[str, Any], names: list[str], ascii_only: bool
) -> None:
    roads = [ROADS[name] for name in names]
    # An event bus carries an object only where the text is one, and a JSON string inside base64 is no road.
    if "event_bus_object" in names[1:] or ("base64" in names and "topic_string" in names):
        return
    # XML has no characters such as U+FFFE, not even escaped; JSON can escape them.
    text = json.dumps(wire, ensure_ascii=ascii_only or "topic_xml" in names)
    for road, _ in roads:
        text = road(text)
    found = parse_record(text.encode())
    assert found.to_dict() == wire
    assert found.envelopes == tuple(reversed([name for _, name in roads if name]))
    assert parse_record(text) == found
    assert parse_record({"TopicName": "t", "Message": text}).to_dict() == wire


def test_structures_are_told_apart_in_order_whatever_else_is_there() -> None:
    text = json.dumps(record())
    assert parse_record(
        {"specversion": "1.0", "body": "x", "attrs": {}, "TopicName": "t", "Message": text}
    ).envelopes == ("topic-json",)
    assert parse_record({"specversion": "1.0", "requestContext": 1, "body": text, "attrs": {}}).envelopes == (
        "topic-stream",
    )
    assert parse_record({"requestContext": 1, "specversion": "1.0", "data": record()}).envelopes == ("cloudevent",)


def test_a_plain_word_that_is_valid_base64_is_refused() -> None:
    with pytest.raises(RecordError, match="base64"):
        parse_record(b"test")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text[:-1],
        lambda text: text[:8] + "\n" + text[8:],
        lambda text: text.replace("e", "-"),
        lambda text: text[:8] + "\n\n\n\n" + text[8:],
        lambda text: text[:8] + "----" + text[8:],
    ],
)
def test_base64_that_is_not_strict_is_refused(change: Any) -> None:
    with pytest.raises(RecordError):
        parse_record(change(to_base64(json.dumps(record()) + "  ")))


def test_base64_of_garbage_is_refused() -> None:
    for garbage in ("\x00\x01\x02\x03", "{oops", "<a/>", "[1]", '"x"'):
        with pytest.raises(RecordError):
            parse_record(to_base64(garbage))


def test_four_envelopes_are_accepted_and_five_are_not() -> None:
    text = json.dumps(record())
    for _ in range(4):
        text = topic_json(text)
    assert parse_record(text).envelopes == ("topic-json",) * 4
    with pytest.raises(RecordError, match="at most 4 envelopes"):
        parse_record(topic_json(text))
    with pytest.raises(RecordError):
        parse_record(to_base64(text))
    doubly = to_base64(to_base64(to_base64(to_base64(json.dumps(record())))))
    assert parse_record(doubly).envelopes == ("base64",) * 4
    with pytest.raises(RecordError):
        parse_record(to_base64(doubly))


INSIDE = "<Notification><TopicName>t</TopicName><Message>&a;</Message></Notification>"


@pytest.mark.parametrize(
    "dtd", ['<!DOCTYPE N [<!ENTITY a "{}">]>', '<!DOCTYPE N SYSTEM "http://127.0.0.1:1/x.dtd">', ""]
)
def test_xml_with_a_dtd_or_entities_is_refused(dtd: str) -> None:
    with pytest.raises(RecordError, match=r"DTD|well-formed"):
        parse_record(dtd + INSIDE)


@pytest.mark.parametrize(
    "xml",
    [
        "<",
        "<a>",
        "<Notification/>",
        "<Other><TopicName>t</TopicName><Message>{}</Message></Other>",
        "<Notification><TopicName>t</TopicName><Message><b/></Message></Notification>",
        "<a>" * 70 + "</a>" * 70,
    ],
)
def test_other_xml_is_refused(xml: str) -> None:
    with pytest.raises(RecordError, match="Notification"):
        parse_record(xml)


def test_a_message_of_the_mns_sdk_is_read_by_its_body() -> None:
    assert parse_record(Message(to_base64(json.dumps(record())))).envelopes == ("base64",)
    assert [one.envelopes for one in parse_records([Message(json.dumps(record()))])] == [()]
    with pytest.raises(RecordError) as caught:
        parse_record(Message("nonsense"))
    assert caught.value.raw == b"nonsense"
    empty = Message()
    empty.message_body = None
    with pytest.raises(RecordError, match="NoneType"):
        parse_record(empty)


def test_a_list_of_one_is_accepted_and_a_longer_one_names_parse_records() -> None:
    assert parse_record([json.dumps(record())]) == parse_record(record())
    assert parse_record(json.dumps([record()])) == parse_record(record())
    for source in ([record(), record()], json.dumps([record(), record()]), []):
        with pytest.raises(RecordError, match="parse_records"):
            parse_record(source)


def test_parse_records_raises_on_the_first_bad_one_with_its_index_and_bytes() -> None:
    source = json.dumps([record(), {"a": "secret"}, {"b": 1}])
    with pytest.raises(RecordError, match="record 1 of 3") as caught:
        parse_records(source)
    assert caught.value.index == 1
    assert caught.value.raw == b'{"a": "secret"}'
    assert "secret" not in f"{caught.value} {caught.value!r}"
    assert parse_records([]) == []


def test_iter_records_gives_a_record_or_an_error_for_each() -> None:
    kinds = [
        type(found).__name__ for found in iter_records([record(), b"nonsense", [record()], 5, json.dumps(record())])
    ]
    assert kinds == ["InvocationRecord", "RecordError", "RecordError", "RecordError", "InvocationRecord"]
    assert [str(found) for found in iter_records(b"[1")] == [str(next(iter_records(b"[1")))]


def test_an_error_keeps_the_bytes_and_quotes_nothing_of_them() -> None:
    for source in (
        b'{"secret": 1}',
        '{"secret": 1}',
        b"secret",
        b'{"secret": NaN}',
        b"\xff secret",
        b'{"secret": "\\ud800"}',
    ):
        with pytest.raises(RecordError) as caught:
            parse_record(source)
        assert caught.value.raw == (source if isinstance(source, bytes) else source.encode())
        assert "secret" not in f"{caught.value} {caught.value!r}"
        assert caught.value.__context__ is None
        assert isinstance(caught.value, ValueError)


def test_explain_names_each_layer_and_why_and_ends_with_the_record() -> None:
    layers = envelope.explain(topic_json(to_base64(json.dumps(record()))))
    assert [layer.name for layer in layers] == ["topic-json", "base64", "record"]
    assert "TopicName" in layers[0].why


def test_explain_tells_how_far_it_came_when_there_is_no_record() -> None:
    layers = envelope.explain(topic_json("hello"))
    assert [layer.name for layer in layers] == ["topic-json", "unreadable"]
    assert envelope.explain(b"test")[0].name == "unreadable"
    assert envelope.explain([1, 2])[0].why.endswith("a list of 2")
    assert [layer.name for layer in envelope.explain(topic_string("{}"))] == ["topic-stream", "unreadable"]
