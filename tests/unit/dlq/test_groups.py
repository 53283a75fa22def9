"""Failures that differ only by what differs each time are one kind; ids of groups never change by themselves."""

import json
import time

import pytest

from fc_async.dlq.groups import GROUP_DIGITS, group_id, normalised, own_frame
from fc_async.records.error_detail import read_error


@pytest.mark.parametrize(
    ("messages", "kind"),
    [
        (["order 17 not found", "order 4 not found", "order 9999999999999 not found"], "order # not found"),
        (["took 1.5s", "took 12ms", "took -3", "took 1e-9", "took 1,234.50"], "took #"),
        (["no A17x", "no 1-64e70cf1-5cbef92ea8fc8c42899cf5d1", "no fcr-", "no deadbeefcafe"], None),
        (["id 8a3fbc00-12ab-4cde-9f01-aabbccddeeff gone", "id deadbeef-dead-beef-cafe-deadbeefdead gone"], "id # gone"),
        (["at 2026-01-31T08:00:00.123Z.", "at 2026-01-31 08:00:00,5.", "at 08:00."], "at #."),
        (["Thu Nov 26 04:47:59 UTC 2026 bad", "Fri, 27 Nov 2026 04:47:59 GMT bad", "1/Feb/2026 bad"], "# bad"),
        (["to 10.0.0.1:8080 refused", "to 192.168.255.1 refused", "to fe80::1ff:fe23:4567:890a refused"], None),
        (["mac aa:bb:cc:dd:ee:ff", "mac 00:11:22:33:44:55"], "mac #"),
        (["KeyError: 'sku-1'", 'KeyError: "a"', "KeyError: ''", "KeyError: `x`", "KeyError: “y”"], "KeyError: '*'"),
        (["can't open 'a'", "can't open 'O'Brien'", "can't open 'b c'"], "can't open '*'"),
        ([r'bad "a \"b\" c" here', 'bad "x" here'], "bad '*' here"),
        (["订单12345不存在", "订单6不存在"], "订单#不存在"),
        (["two  words\n", "two words"], "two words"),
    ],
    ids=[
        "number",
        "unit",
        "id",
        "uuid",
        "time",
        "date",
        "ip",
        "mac",
        "quoted",
        "apostrophe",
        "escaped",
        "han",
        "space",
    ],
)
def test_messages_that_differ_by_what_differs_each_time_are_one(messages, kind):
    kinds = {normalised(message) for message in messages}
    if kind is not None:
        assert kinds == {kind}
    elif "refused" in messages[0]:
        assert kinds == {"to # refused"}
    else:
        assert kinds == {"no #", "no fcr-"}


def test_words_stay_and_names_of_months_too_where_no_number_stands_beside_them():
    for text in ("Foo::Bar may go", "std::vector", "You May go", "Sun is out", "facade is bad", "dead-beef", ""):
        assert normalised(text) == text


def test_the_first_4096_characters_count():
    assert normalised("x" * 4096 + "y") == normalised("x" * 4096 + "z") == "x" * 4096


def test_a_message_that_was_cut_within_a_quotation_is_of_its_kind():
    assert normalised("no '" + "x" * 5000 + "'") == normalised("no '" + "y" * 9000) == "no '*'"


@pytest.mark.parametrize(
    "text", ["('a", '\\"', "a-", "1:", "a", "'", "f:", "-", "#", " ", "‘", "«", "Mon ", ":", "\0\u202e"]
)
def test_a_hostile_message_costs_little(text):
    began = time.process_time()
    normalised(text * 1_000_000)
    assert time.process_time() - began < 1


def trace(*frames):
    return read_error(json.dumps({"errorType": "E", "errorMessage": "m", "stackTrace": list(frames)}))


def python(file, function, line=13):
    return [f'File "{file}"', f"line {line}", f"in {function}", "raise E"]


def test_the_own_frame_is_the_functions_own_that_is_nearest_to_the_raise():
    handler, charge = python("/code/index.py", "handler"), python("/code/shop/pay.py", "charge")
    library = python("/usr/lib/python3.10/json/decoder.py", "decode")
    package = python("/code/python/lib/python3.10/site-packages/x.py", "call")
    layer = python("/opt/python/y.py", "call")
    assert own_frame(trace(handler)) == own_frame(trace(handler, library)) == "index.handler"
    assert own_frame(trace(handler, charge, package, layer, library)) == "shop.pay.charge"
    assert own_frame(trace(library)) is own_frame(trace()) is None


def test_a_line_number_does_not_count():
    assert own_frame(trace(python("/code/index.py", "handler", 1))) == own_frame(
        trace(python("/code/index.py", "handler"))
    )


def test_the_own_frame_of_node_is_the_first_one_that_is_its_own():
    inside = "    at Object.parse (node:internal/json:1:2)"
    package = "    at send (/code/node_modules/pg/index.js:5:6)"
    own = "    at async charge (file:///code/lib/pay.mjs:7:8)"
    handler = "    at exports.handler (/code/index.js:3:4)"
    assert own_frame(trace("E: m", inside, package, own, handler)) == "lib.pay.charge"
    assert own_frame(trace("E: m", inside, "    at /code/index.js:3:4")) == "index"


def test_the_own_frame_of_go_is_named_once():
    frame = {"path": "github.com/shop/main.go", "line": 3, "label": "main.HandleRequest"}
    assert own_frame(trace(frame)) == "main.HandleRequest"


@pytest.mark.parametrize("frames", [[None], [7], ["x" * 100_000], [python("/code/" + "x" * 9999 + ".py", "f" * 9999)]])
def test_a_trace_of_another_shape_costs_nothing(frames):
    found = own_frame(trace(*frames))
    assert found is None or len(found) <= 200


def test_the_id_of_a_group_is_the_same_on_every_machine_and_in_every_version():
    parts = ("orders", "UnhandledInvocationError", "OutOfStock", "sku # is gone", "index.handler")
    assert group_id(*parts) == "26d25e"
    assert group_id("what is no record") == "c562ab"
    assert len(group_id()) == GROUP_DIGITS


def test_what_is_missing_is_another_part_than_what_is_empty():
    ids = {group_id("a", None), group_id("a", ""), group_id("a"), group_id(None, "a"), group_id("", "a")}
    assert len(ids) == 5
