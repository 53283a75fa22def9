from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any

import pytest

from fc_async import ArgumentError, InvocationRecord, RecordError, destination_handler, on_failure, on_success
from tests.roads import queue_trigger, record, success, to_base64

CONTEXT = object()
FAILED = json.dumps(record()).encode()
DONE = json.dumps(success()).encode()


def test_a_handler_is_given_the_record_and_the_context() -> None:
    @destination_handler
    def handler(record: InvocationRecord, context: Any) -> tuple[str, Any]:
        """Say what."""
        return record.request_id, context

    assert handler(FAILED, CONTEXT) == ("1-63f2c1d2-15b8d9f3a1c2", CONTEXT)
    assert (handler.__name__, handler.__doc__) == ("handler", "Say what.")


def test_any_road_may_lead_to_it() -> None:
    handler = destination_handler(lambda record, _: record.envelopes)
    assert handler(queue_trigger(to_base64(FAILED.decode())).encode(), CONTEXT) == ("cloudevent", "base64")


def test_more_than_one_record_is_refused_without_many() -> None:
    handler = destination_handler(lambda record, _: record)
    with pytest.raises(RecordError, match="parse_records"):
        handler(b"[" + FAILED + b"," + FAILED + b"]", CONTEXT)


def test_with_many_it_is_given_a_list_also_of_one() -> None:
    handler = destination_handler(many=True)(lambda records, _: len(records))
    assert handler(b"[" + FAILED + b"," + DONE + b"]", CONTEXT) == 2
    assert handler(FAILED, CONTEXT) == 1
    assert handler(b"[]", CONTEXT) == 0


def test_an_unreadable_event_raises_so_that_the_service_retries() -> None:
    handler = destination_handler(lambda record, _: record)
    with pytest.raises(RecordError, match="expected a record"):
        handler(b"nonsense", CONTEXT)


ALL = [destination_handler, on_failure, on_success]


@pytest.mark.parametrize("decorator", ALL)
def test_what_unreadable_returns_is_the_handlers_result(decorator: Any) -> None:
    handler = decorator(unreadable=lambda error, context: (error.raw, context))(lambda *_: "never")
    assert handler(b"nonsense", CONTEXT) == (b"nonsense", CONTEXT)


def test_with_many_each_bad_record_is_handed_over_and_the_good_ones_reach_the_handler_in_one_list() -> None:
    told: list[tuple[int | None, object]] = []

    @destination_handler(many=True, unreadable=lambda error, context: told.append((error.index, context)))
    def handler(records: list[InvocationRecord], _context: Any) -> list[bool]:
        return [one.is_success for one in records]

    assert handler(b"[1," + FAILED + b',{"n": NaN},' + DONE + b"]", CONTEXT) == [False, True]
    assert told == [(0, CONTEXT), (2, CONTEXT)]


@pytest.mark.parametrize("decorator", ALL)
@pytest.mark.parametrize(("event", "bad"), [(b"nonsense", 1), (b"[1, 2]", 2), (b"[", 1), (b"[]", 0)])
def test_with_many_and_without_a_good_record_the_handler_is_not_called_and_no_result_is_passed_on(
    decorator: Any, event: bytes, bad: int
) -> None:
    told: list[object] = []

    def unreadable(error: RecordError, _context: Any) -> str:
        told.append(error)
        return "ignored"

    assert decorator(many=True, unreadable=unreadable)(lambda *_: "never")(event, CONTEXT) is None
    assert len(told) == bad


def test_with_many_and_without_unreadable_one_bad_record_raises_for_the_whole_batch() -> None:
    called: list[object] = []
    with pytest.raises(RecordError, match="record 1 of 2") as caught:
        destination_handler(many=True)(lambda records, _: called.append(records))(b"[" + FAILED + b", 1]", CONTEXT)
    assert (caught.value.index, called) == (1, [])


def test_with_many_what_unreadable_raises_is_raised() -> None:
    def unreadable(error: RecordError, _context: Any) -> None:
        raise error

    with pytest.raises(RecordError, match="record 1 of 2"):
        destination_handler(many=True, unreadable=unreadable)(lambda *_: "never")(b"[" + FAILED + b", 1]", CONTEXT)


def test_what_the_handler_raises_is_not_taken_for_an_unreadable_event() -> None:
    def fail(_record: Any, _context: Any) -> None:
        raise RecordError("mine")

    with pytest.raises(RecordError, match="mine"):
        destination_handler(unreadable=lambda *_: "swallowed")(fail)(FAILED, CONTEXT)


@pytest.mark.parametrize(("decorator", "mine", "other"), [(on_failure, FAILED, DONE), (on_success, DONE, FAILED)])
def test_the_other_kind_answers_none_and_is_logged_once(
    decorator: Any, mine: bytes, other: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[str] = []

    @decorator
    def handler(record: InvocationRecord, _context: Any) -> str:
        calls.append(record.request_id)
        return "ran"

    with caplog.at_level(logging.WARNING, "fc_async"):
        assert handler(mine, CONTEXT) == "ran"
        assert caplog.records == []
        assert handler(other, CONTEXT) is None
        assert handler(other, CONTEXT) is None
    assert len(calls) == 1
    assert [entry.name for entry in caplog.records] == ["fc_async"]
    assert "handler" in caplog.text


def test_with_many_the_other_kind_is_left_out() -> None:
    handler = on_failure(many=True)(lambda records, _: [one.request_id for one in records])
    assert handler(b"[" + FAILED + b"," + DONE + b"]", CONTEXT) == ["1-63f2c1d2-15b8d9f3a1c2"]
    assert handler(DONE, CONTEXT) is None


async def coroutine(record: Any, context: Any) -> None:
    pass


async def generator(record: Any, context: Any) -> Any:
    yield record


class AsyncCall:
    async def __call__(self, record: Any, context: Any) -> None:
        pass


@pytest.mark.parametrize("decorator", [destination_handler, on_failure, on_success])
@pytest.mark.parametrize(
    "function", [5, "handler", object(), coroutine, generator, AsyncCall(), partial(coroutine, context=1)]
)
def test_what_cannot_be_a_handler_is_refused_at_decoration(decorator: Any, function: Any) -> None:
    for decorate in (decorator, decorator(), decorator(many=True), lambda one: decorator(unreadable=one)):
        with pytest.raises(ArgumentError, match=r"a function|a plain function"):
            decorate(function)


def test_whatever_is_called_plainly_can_be_a_handler() -> None:
    class Plain:
        def __call__(self, record: InvocationRecord, _context: Any) -> str:
            return record.request_id

        def method(self, record: InvocationRecord, _context: Any) -> str:
            return record.request_id

    for function in (Plain(), Plain().method, partial(Plain.method, Plain())):
        assert destination_handler(function)(FAILED, CONTEXT) == "1-63f2c1d2-15b8d9f3a1c2"
