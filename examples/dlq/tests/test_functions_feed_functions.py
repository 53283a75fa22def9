"""Functions that feed functions, put under test: what one returns is the next one's event."""

import runpy
from pathlib import Path

from fc_async import AsyncInvokeConfig, DestinationConfig, parse_record

CODE = Path(__file__).parents[1] / "code"
KEYS = [f"photos/{number:04}.jpg" for number in range(1000)]
TO_COLLECT = AsyncInvokeConfig(destination_config=DestinationConfig(on_success="function:stories-collect"))


def handler_of(name):
    return runpy.run_path(str(CODE / f"{name}.py"))["handler"]


def test_what_a_function_returns_reaches_the_next_function_as_a_record(fc_local):
    events = []

    def collect(event, context):
        events.append(event)
        return handler_of("collect")(event, context)

    fc_local.function("stories-collect", collect)
    fc_local.function("stories-work", handler_of("work"), config=TO_COLLECT)
    accepted = fc_local.functions.invoke_async("stories-work", {"keys": KEYS[:50]})
    fc_local.settle()
    (record,) = map(parse_record, events)
    assert record.is_success
    assert record.request_id == accepted.request_id
    assert record.function.name == "stories-work"
    assert record.request_json() == {"keys": KEYS[:50]}
    assert record.response_json() == {"done": 50, "first": KEYS[0], "last": KEYS[49]}


def test_a_function_that_fails_feeds_the_next_one_nothing(fc_local):
    fc_local.function("stories-collect", handler_of("collect"))
    fc_local.function("stories-work", handler_of("work"), config=TO_COLLECT)
    fc_local.functions.invoke_async("stories-work", {"no": "keys"})
    fc_local.advance("6h")
    assert [one["status"] for one in fc_local.invocations("stories-work")] == ["Failed"]
    assert fc_local.invocations("stories-collect") == []


def test_a_thousand_keys_are_cut_into_parts_and_every_part_reaches_the_last_function(fc_local, monkeypatch):
    monkeypatch.setenv("WORK_FUNCTION", "stories-work")
    done = []

    def collect(event, context):
        done.append(handler_of("collect")(event, context)["done"])

    fc_local.function("stories-collect", collect)
    fc_local.function("stories-work", handler_of("work"), config=TO_COLLECT)
    fc_local.function("stories-split", handler_of("split"))
    fc_local.functions.invoke_async("stories-split", {"keys": KEYS})
    fc_local.settle()
    assert done == [50] * 20
