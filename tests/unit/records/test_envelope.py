from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mns.queue import Message

from fc_async import RecordError, iter_records, parse_record, parse_records
from fc_async.records import envelope, strict_json
from tests.roads import ROADS, queue_trigger, record, success, to_base64, topic_json, topic_string

GOLDEN = Path(__file__).parents[2] / "golden"

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
    # An event bus carries an object only where the text is one.
    no_object = {"base64", "topic_xml", "topic_string"}
    assume(
        all(
            after != "event_bus_object" or before not in no_object
            for before, after in pairwise(one for one in names if one != "plain")
        )
    )
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


INNER = record(new=1)


@pytest.mark.parametrize(
    ("data", "envelopes"),
    [
        ({**json.loads(topic_json(json.dumps(INNER))), "messageBody": "x"}, ("cloudevent", "topic-json")),
        ({"body": json.dumps(INNER), "attrs": {}, "messageBody": "x"}, ("cloudevent", "topic-stream")),
        ({**json.loads(queue_trigger(json.dumps(INNER))), "messageBody": "x"}, ("cloudevent", "cloudevent")),
        ({**INNER, "messageBody": "x", "body": "x"}, ("cloudevent",)),
        ({"messageBody": json.dumps(INNER), "body": "x"}, ("cloudevent",)),
        ({"body": json.dumps(INNER), "topic": "t"}, ("cloudevent",)),
    ],
)
def test_an_events_data_is_opened_by_its_own_structure_first(data: dict[str, Any], envelopes: tuple[str, ...]) -> None:
    found = parse_record({"specversion": "1.0", "data": data})
    assert found.envelopes == envelopes
    assert found.to_dict()["new"] == 1


def deep(levels: int) -> dict[str, Any]:
    return json.loads(f'{json.dumps(record())[:-1]}, "new": {"[" * (levels - 1)}{"]" * (levels - 1)}}}')


@pytest.mark.parametrize(
    "road",
    [
        lambda wire: wire,
        lambda wire: [wire],
        json.dumps,
        lambda wire: json.dumps([wire]),
        lambda wire: {"specversion": "1.0", "data": wire},
        lambda wire: json.dumps({"specversion": "1.0", "data": wire}),
        lambda wire: json.dumps([{"specversion": "1.0", "data": {"messageBody": wire}}]),
        lambda wire: to_base64(json.dumps(wire)),
        lambda wire: topic_json(json.dumps(wire)),
    ],
)
def test_depth_counts_from_the_record_whatever_its_road(road: Any) -> None:
    assert parse_record(road(deep(64))).to_dict() == deep(64)
    with pytest.raises(RecordError, match="64 deep"):
        parse_record(road(deep(65)))


def test_base64_of_a_json_string_is_a_road_too() -> None:
    assert parse_record(to_base64(topic_string(json.dumps(record())))).envelopes == ("base64", "topic-stream")


def test_a_plain_word_that_is_valid_base64_is_refused() -> None:
    with pytest.raises(RecordError, match="base64"):
        parse_record(b"test")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "=",
        lambda text: text[:-1],
        lambda text: text[:8] + " " + text[8:],
        lambda text: text.replace("e", "-"),
        lambda text: text[:8] + "\t\t\t\t" + text[8:],
        lambda text: text[:8] + "----" + text[8:],
    ],
)
def test_base64_that_is_not_strict_is_refused(change: Any) -> None:
    with pytest.raises(RecordError, match="base64 of one of these"):
        parse_record(change(to_base64(json.dumps(record()) + "  ")))


@pytest.mark.parametrize("break_", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_base64_in_lines_is_read_as_mail_and_the_base64_command_write_it(break_: str) -> None:
    text = to_base64(json.dumps(record()))
    lines = break_.join(text[start : start + 76] for start in range(0, len(text), 76)) + break_
    for source in (lines, lines.encode(), topic_json(lines), json.dumps([lines])):
        found = parse_record(source)
        assert found == parse_record(record())
        assert found.envelopes[-1] == "base64"


def test_a_byte_order_mark_before_a_record_or_a_list_is_no_part_of_it() -> None:
    text = json.dumps(record())
    for marked in ("\ufeff" + text, "\ufeff\n" + text, to_base64("\ufeff" + text), topic_json("\ufeff" + text)):
        for source in (marked, marked.encode()):
            assert parse_record(source) == parse_record(record())
    assert len(parse_records(f"\ufeff[{text}, {text}]")) == 2
    with pytest.raises(RecordError):
        parse_record("\ufeff\ufeff" + text)


def test_base64_of_garbage_is_refused() -> None:
    for garbage in ("\x00\x01\x02\x03", "{oops", "<a/>", '"x"'):
        with pytest.raises(RecordError, match=r"expected (JSON|a record|an XML)"):
            parse_record(to_base64(garbage))


def test_a_list_inside_an_envelope_is_refused_also_one_of_one() -> None:
    text = json.dumps([record()])
    for inside in (to_base64(text), topic_json(text), topic_string(text), queue_trigger(text)):
        with pytest.raises(RecordError, match="base64 of one of these"):
            parse_record(inside)


def test_four_envelopes_are_accepted_and_five_are_not() -> None:
    text = json.dumps(record())
    for _ in range(4):
        text = topic_json(text)
    assert parse_record(text).envelopes == ("topic-json",) * 4
    with pytest.raises(RecordError, match="at most 4 envelopes"):
        parse_record(topic_json(text))
    with pytest.raises(RecordError, match="at most 4 envelopes"):
        parse_record(to_base64(text))
    doubly = to_base64(to_base64(to_base64(to_base64(json.dumps(record())))))
    assert parse_record(doubly).envelopes == ("base64",) * 4
    with pytest.raises(RecordError, match="at most 4 envelopes"):
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
    ],
)
def test_other_xml_is_refused(xml: str) -> None:
    with pytest.raises(RecordError, match="Notification"):
        parse_record(xml)


def test_deep_xml_is_refused_as_such() -> None:
    with pytest.raises(RecordError, match="64 deep"):
        parse_record("<a>" * 70 + "</a>" * 70)


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


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ('{"n": NaN}', "NaN"),
        ('{"n": -Infinity}', "NaN"),
        ('{"n": 1e999}', "NaN"),
        ('{"n": "\\ud800"}', "surrogate"),
        ('{"n": ' + "1" * 21 + "}", "20 digits"),
        ('{"n": ' + "[" * 100 + "]" * 100 + "}", "64 deep"),
        ('{"n": ' + "[" * 700 + "]" * 700 + "}", "64 deep"),
        ('{"n": "]},{[\\"\\\\"}', "requestContext"),
        ('"\\ud800"', "surrogate"),
        ("NaN", "base64 of one of these"),
        ("5", "base64 of one of these"),
        ("[]", "a list where one record belongs"),
        ("[[" + json.dumps(record()) + "]]", "a list where one record belongs"),
    ],
)
def test_one_bad_element_of_a_json_list_costs_the_others_nothing(bad: str, said: str, as_text: bool) -> None:
    good = json.dumps(record())
    text = f" [ {good} , {bad} ,{good}]\n"
    source: Any = text if as_text else text.encode()
    first, error, last = iter_records(source)
    assert first == last == parse_record(good)
    assert isinstance(error, RecordError)
    assert (error.index, error.raw) == (1, bad.encode())
    assert said in str(error)
    with pytest.raises(RecordError, match="record 1 of 3") as caught:
        parse_records(source)
    assert (caught.value.index, caught.value.raw) == (1, bad.encode())
    for read in (parse_record, parse_records):
        with pytest.raises(RecordError, match=said) as caught:
            read(f"[{bad}]")
        assert caught.value.index == 0


def test_one_record_is_asked_for_so_a_list_is_not_read_beyond_its_second_element() -> None:
    good = json.dumps(record())
    for source in (f"[{good}, {good}, ...", f"[{good}, NaN]", "[1 , 2]", [good, good], f"[{'[' * 999},{']' * 999}, 1]"):
        with pytest.raises(RecordError, match=r"parse_records reads lists|JSON array"):
            parse_record(source)
    assert parse_record(f" [ {good} ] ") == parse_record(good)


REFUSED = {
    "nan": '{"n": NaN}',
    "surrogate": '{"a": "\\ud800"}',
    "surrogate alone": '"\\ud800"',
    "long": '{"n": %s}' % ("1" * 21),
    "no record": "{}",
    "deep": "[" * 65 + "]" * 65,
    "very deep": "[" * 700 + "]" * 700,
}


@pytest.mark.parametrize("kind", REFUSED)
def test_of_many_refused_elements_each_is_told_as_it_is_told_alone(kind: str) -> None:
    element = REFUSED[kind]
    (alone,) = iter_records(f"[{element}]")
    assert isinstance(alone, RecordError)
    found = list(iter_records(f"[{', '.join([element] * 50)}]"))
    for index, error in enumerate(found):
        assert isinstance(error, RecordError)
        assert (error.index, error.raw) == (index, element.encode())
        assert error.reason == f"record {index} of 50 (counted from 0): {alone.reason}"


def test_an_element_that_is_not_utf8_costs_the_others_nothing() -> None:
    good = json.dumps(record()).encode()
    assert [isinstance(one, RecordError) for one in iter_records(b'[{"\xff": 1},' + good + b"]")] == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[1",
        "[{}",
        "[{}}",
        "[}]",
        "[{]}",
        "[{},]",
        "[,{}]",
        '[{"a":}]',
        "[{}] x",
        "[{}][{}]",
        '["]',
        "[{} {}]",
        "[x]",
    ],
)
def test_a_list_whose_syntax_is_broken_is_one_error_without_an_index(text: str) -> None:
    good = json.dumps(record())
    for source in (text, text.replace("[", f"[{good},", 1)):
        (error,) = iter_records(source)
        assert isinstance(error, RecordError)
        assert (error.index, error.raw) == (None, source.encode())
        with pytest.raises(RecordError, match="expected a JSON array") as caught:
            parse_records(source)
        assert caught.value.index is None


def test_a_list_of_base64_texts_is_read_as_one_of_messages() -> None:
    texts = [to_base64(json.dumps(record())), json.dumps(record())]
    assert [one.envelopes for one in parse_records(json.dumps(texts))] == [("base64",), ()]


@given(st.lists(json_values.filter(lambda value: not isinstance(value, str)), max_size=4), st.sampled_from([None, 1]))
def test_an_array_is_cut_at_its_own_commas(values: list[Any], indent: int | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
        assert [json.loads(part) for part in envelope.split(text)] == values


class Raising:
    @property
    def message_body(self) -> str:
        raise RuntimeError("secret")


def released() -> memoryview:
    view = memoryview(b"{}")
    view.release()
    return view


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Raising(), "raises RuntimeError"),
        (released(), "released"),
        ((record(),), "tuple"),
        (5, "int"),
        (None, "NoneType"),
    ],
)
def test_whatever_comes_nothing_but_a_record_error_is_raised(source: Any, said: str) -> None:
    for one in (source, [source]):
        with pytest.raises(RecordError, match=said) as caught:
            parse_record(one)
        assert caught.value.__context__ is None
        assert [type(found) for found in iter_records(one)] == [RecordError]
        assert envelope.explain(one)[-1].name == "unreadable"


def nearly_full(call: Callable[[], object], room: int) -> object:
    """Call with so many frames left below the recursion limit; Ellipsis where not even the call itself has room."""
    frame, used = sys._getframe(), 0
    while frame is not None:
        frame, used = frame.f_back, used + 1  # type: ignore[assignment]

    def sink(levels: int) -> object:
        return call() if levels <= 0 else sink(levels - 1)

    try:
        return sink(sys.getrecursionlimit() - used - room)
    except RecursionError:
        return ...


def test_near_the_recursion_limit_it_is_a_record_error_of_its_own_kind() -> None:
    text = json.dumps(success(requestPayload=json.dumps(record(new=[[1]]))))
    found = parse_record(text)
    reasons, lineages = set(), set()
    for room in range(4, 40):
        items = nearly_full(lambda: list(iter_records(text)), room)
        reasons.update([] if items is ... else [getattr(one, "reason", None) for one in items])  # type: ignore[attr-defined]
        chain = nearly_full(found.lineage, room)
        lineages.add(chain if chain is ... else len(chain))  # type: ignore[arg-type]
    assert {None, strict_json.NO_STACK} == reasons
    assert lineages <= {..., 1, 2}


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
    assert [layer.name for layer in envelope.explain(b"test")] == ["unreadable"]
    assert envelope.explain([1, 2])[0].why.endswith("a list of 2")
    assert [layer.name for layer in envelope.explain(topic_string("{}"))] == ["topic-stream", "unreadable"]


@pytest.mark.parametrize(
    "change", [{"timestamp": True}, {"requestPayload": {}}, {"requestContext": {}}, {"responseContext": "x"}]
)
def test_explain_and_parse_agree_on_a_field_of_the_wrong_type(change: dict[str, Any]) -> None:
    source = to_base64(json.dumps(record(**change)))
    with pytest.raises(RecordError) as caught:
        parse_record(source)
    last = envelope.explain(source)[-1]
    assert (last.name, last.why) == ("unreadable", caught.value.reason)


def test_base64_within_base64_is_explained_as_such() -> None:
    why = {layer.why for layer in envelope.explain(to_base64(to_base64(json.dumps(record()))))[:2]}
    assert why == {"strict base64, and what it holds starts as JSON, XML or base64 again"}
