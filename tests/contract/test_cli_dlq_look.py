"""`fc-async dlq queues|list|show|summary|peek`: what lies in a queue or a spool, told truly and taken from nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, QueueClient
from fc_async.cli.root import run
from fc_async.testing import LocalFC, record

Command = Callable[..., tuple[object, str, str]]
NASTY = "\x1b]0;pwn\x07\x9b2J\u202egnp"


class OutOfStock(Exception):  # noqa: N818 - a name of the user's
    pass


@pytest.fixture
def dlq(fc_local: LocalFC, capfd: pytest.CaptureFixture[str]) -> Command:
    def call(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(["dlq", *arguments, "--endpoint", fc_local.endpoint])
        said = capfd.readouterr()
        return ended.value.code, said.out, said.err

    return call


def told(dlq: Command, *arguments: str) -> Any:
    code, out, _ = dlq(*arguments, "-o", "json")
    assert code == 0
    return json.loads(out)


def config(failure: str | None = None, success: str | None = None) -> AsyncInvokeConfig:
    return AsyncInvokeConfig(destination_config=DestinationConfig(on_failure=failure, on_success=success))


def failures(queue: QueueClient, count: int, **details: Any) -> None:
    for number in range(count):
        error = OutOfStock(f"sku {number} of 'store-{number}' is gone")
        given = {"function": "orders", "error": error, "request_id": f"r-{number}", **details}
        queue.send(record({"sku": number}, **given).text)


def test_a_list_holds_what_is_known_of_each_letter(fc_local: LocalFC, dlq: Command) -> None:
    queue = fc_local.queue("dead")
    failures(queue, 1, qualifier="prod", attempts=3)
    queue.send("no record")
    one, other = told(dlq, "list", "dead")
    seen = queue.peek(16)
    assert one["enqueued"].endswith("+00:00")
    assert {**one, "enqueued": None} == {
        "messageId": seen[0].message_id,
        "requestId": "r-0",
        "function": "orders@prod",
        "errorType": "OutOfStock",
        "message": "sku 0 of 'store-0' is gone",
        "attempts": 3,
        "enqueued": None,
    }
    assert [other[key] for key in ("requestId", "function", "errorType", "attempts")] == [None] * 4
    assert other["messageId"] == seen[1].message_id


def test_a_list_of_a_queue_is_its_head_and_says_about_how_many_more_there_are(fc_local: LocalFC, dlq: Command) -> None:
    queue = fc_local.queue("dead")
    failures(queue, 20)
    code, out, err = dlq("list", "dead")
    assert (code, out.count("OutOfStock")) == (0, 16)
    assert 'dead: 16 at the head, about 4 more ("fc-async dlq pull dead" takes all into a spool)' in err
    assert "the oldest one seen expires at" in err
    assert len(told(dlq, "list", "dead", "--limit", "3")) == 3
    assert queue.get_attributes().inactive_messages == 0
    assert {message.dequeue_count for message in queue.peek(16)} == {0}


@pytest.mark.parametrize("command", ["list", "summary"])
def test_letters_of_a_queue_cannot_be_selected_and_the_reason_is_told(
    fc_local: LocalFC, dlq: Command, command: str
) -> None:
    fc_local.queue("dead")
    code, out, err = dlq(command, "dead", "--where", "error=x")
    assert (code, out) == (2, "")
    assert "MNS cannot select letters of a queue; take them into a spool first: fc-async dlq pull dead" in err


def test_a_summary_groups_failures_that_differ_only_by_what_differs_each_time(fc_local: LocalFC, dlq: Command) -> None:
    queue = fc_local.queue("dead")
    failures(queue, 3)
    failures(queue, 1)  # r-0 once more: delivery is at least once
    queue.send(record(error="no", function="pay", request_id="r-9").text)
    for _ in range(2):
        queue.send("no record")
    groups = told(dlq, "summary", "dead")
    times = [(one.pop("first") is None, one.pop("last") is None) for one in groups]
    assert times == [(False, False)] * 3
    assert [len(one.pop("group")) for one in groups] == [6] * 3
    failed = "UnhandledInvocationError"
    nothing = dict.fromkeys(("function", "condition", "errorType", "frame"))
    stock = {"function": "orders", "condition": failed, "errorType": "OutOfStock", "frame": "index.handler"}
    pay = {"function": "pay", "condition": failed, "errorType": "Exception", "frame": None}
    assert groups[0] == {"count": 3, "message": "sku # of '*' is gone", **stock}
    assert sorted(groups[1:], key=lambda one: -one["count"]) == [
        {"count": 2, "message": "not a record", **nothing},
        {"count": 1, "message": "no", **pay},
    ]
    code, out, err = dlq("summary", "dead")
    assert (code, "sku # of '*' is gone in index.handler" in out, "each bar is" in err) == (0, True, True)


def test_a_letter_is_shown_whole_by_its_request_id_or_its_message_id(fc_local: LocalFC, dlq: Command) -> None:
    queue = fc_local.queue("dead")
    first = record({"id": 7}, error=OutOfStock("first"), function="orders", request_id="r-first")
    body = record(first.text, error=KeyError("k"), function="pay", request_id="r-1").text
    message_id = queue.send(body)
    code, out, _ = dlq("show", "dead", "r-1")
    assert (code, out) == (0, dlq("show", "dead", message_id)[1])
    assert "outcome         failed: KeyError" in out
    assert "stack trace     /code/index.py:1 in handler: raise KeyError(...)" in out
    assert '"requestPayload": "{\\"id\\": 7}"' in out
    assert "came through    acs:fc:cn-hangzhou:1234567890123456:functions/orders (r-first)" in out
    assert told(dlq, "show", "dead", "r-1")["record"]["requestContext"]["requestId"] == "r-1"
    assert dlq("show", "dead", "r-1", "--raw")[1] == body


def test_letters_that_share_a_request_id_are_all_named(fc_local: LocalFC, dlq: Command) -> None:
    queue = fc_local.queue("dead")
    ids = [queue.send(record({"n": number}, error="no", request_id="r-1").text) for number in range(2)]
    code, out, err = dlq("show", "dead", "r-1")
    assert (code, ids[0] in out) == (0, True)
    assert f"2 letters have this id; the other messages: {ids[1]}" in err


def test_what_is_no_record_is_shown_with_its_body(fc_local: LocalFC, dlq: Command) -> None:
    message_id = fc_local.queue("dead").send("no\nrecord\u202e")
    code, out, _ = dlq("show", "dead", message_id)
    assert (code, "\u202e" in out) == (0, False)
    assert "body        no\n            record\\u202e" in out
    assert dlq("show", "dead", message_id, "--raw")[1] == "no\nrecord\u202e"


@pytest.mark.parametrize(
    ("letter_id", "code"), [("nope", 1), ("", 2), ("\x1b" * 300, 1)], ids=["none", "empty", "nasty"]
)
def test_an_id_that_no_letter_has_is_one_sentence(fc_local: LocalFC, dlq: Command, letter_id: str, code: int) -> None:
    failures(fc_local.queue("dead"), 1)
    ended, out, err = dlq("show", "dead", letter_id)
    assert (ended, out, "\x1b" in err) == (code, "", False)
    assert len(err.splitlines()) <= 3


@pytest.mark.parametrize("command", ["list", "summary", "show", "peek"])
def test_a_queue_that_is_not_there_is_exit_1(dlq: Command, command: str) -> None:
    code, out, err = dlq(command, "nowhere", *(["r-1"] if command == "show" else []))
    assert (code, out, "QueueNotExist" in err) == (1, "", True)


@pytest.mark.parametrize("command", ["list", "summary", "show", "peek"])
def test_nothing_that_a_terminal_obeys_is_printed(fc_local: LocalFC, dlq: Command, command: str) -> None:
    queue = fc_local.queue("dead")
    queue.send(record({NASTY: NASTY}, error=NASTY, condition=NASTY, request_id="r-1").text)
    for output in ("table", "json"):
        code, out, err = dlq(command, "dead", *(["r-1"] if command == "show" else []), "-o", output)
        assert code == 0
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set(out + err)
        assert command == "peek" or "u202e" in out


def test_a_success_is_called_so_and_only_what_came_by_on_failure_may_be_a_stopped_task(
    fc_local: LocalFC, dlq: Command
) -> None:
    dead, done, other = fc_local.queue("dead"), fc_local.queue("done"), fc_local.queue("other")
    fc_local.function("orders", lambda event, context: event, config=config("queue:dead", "queue:done"))
    for queue in (dead, done, other):
        queue.send(record({}, function="orders", request_id="r-1").text)
    for command in (("list", "{}"), ("summary", "{}"), ("show", "{}", "r-1"), ("peek", "{}")):
        shown = {name: dlq(*(word.format(name) for word in command))[1] for name in ("dead", "done", "other")}
        assert "stopped or unknown" in shown["dead"]
        assert "succeeded" in shown["done"]
        assert "stopped" not in shown["done"]
        assert "succeeded, or stopped" in shown["other"]
    assert told(dlq, "list", "dead")[0]["errorType"] is None


@pytest.mark.parametrize(
    ("condition", "shown"), [("", "stopped or unknown"), ("AsyncInvocationStopped", "AsyncInvocationStopped")]
)
def test_a_stopped_task_is_never_called_a_success(fc_local: LocalFC, dlq: Command, condition: str, shown: str) -> None:
    fc_local.assume(stopped_condition=condition)
    asked = AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:dead"), async_task=True)
    fc_local.function("slow", lambda event, context: None, config=asked, duration="1h")
    fc_local.functions.invoke_async("slow", b"{}", task_id="t-1")
    fc_local.functions.stop_task("slow", "t-1")
    fc_local.advance("2h")
    for command in (("list", "dead"), ("summary", "dead"), ("peek", "dead")):
        out = dlq(*command)[1]
        assert (shown in out, "succeeded" in out) == (True, False)


def test_the_queues_of_a_region_are_those_that_an_on_failure_names(fc_local: LocalFC, dlq: Command) -> None:
    dead = fc_local.queue("dead")
    for name in ("pay", "orders"):
        fc_local.function(name, lambda event, context: event, config=config("queue:dead", "queue:done"))
    fc_local.queue("unused")
    failures(dead, 20)
    dead.receive(2)
    code, out, err = dlq("queues", "-o", "json")
    (found,) = json.loads(out)
    assert (code, err) == (0, "")
    assert {**found, "oldest": None, "expires": None} == {
        "queue": "dead",
        "functions": ["orders", "pay"],
        "active": 18,
        "hidden": 2,
        "oldest": None,
        "expires": None,
    }
    assert found["oldest"] < found["expires"]
    code, out, _ = dlq("queues")
    assert (code, "orders, pay" in out) == (0, True)


def test_a_queue_that_is_not_there_is_a_row_with_the_reason(fc_local: LocalFC, dlq: Command) -> None:
    fc_local.function("orders", lambda event, context: event)
    fc_local.functions.put_config("orders", config("queue:gone"))
    code, out, err = dlq("queues", "-o", "json")
    unknown = dict.fromkeys(("active", "hidden", "oldest", "expires"))
    assert (code, json.loads(out)) == (0, [{"queue": "gone", "functions": ["orders"], **unknown}])
    assert err == "gone: there is no such queue: what fails is lost\n"
    assert "orders: there is no such queue: what fails is lost" in dlq("queues")[1]


def test_a_region_without_such_a_queue_says_so(dlq: Command) -> None:
    assert dlq("queues") == (0, "", "no OnFailure of a function in this region names a queue\n")
    assert told(dlq, "queues") == []


# a spool


@pytest.fixture
def spool(fc_local: LocalFC, tmp_path: Path) -> str:
    """A spool of 40 letters of `orders`, two of them by its alias, and one message that is no record."""
    spools = pytest.importorskip("fc_async.dlq.spool")
    places = pytest.importorskip("fc_async.dlq.spool_place")
    queue = fc_local.queue("dead")
    failures(queue, 38)
    failures(queue, 2, qualifier="prod", request_id="r-p", attempts=5)
    queue.send("no record")
    path = tmp_path / "dead.spool"
    place = places.SpoolPlace("1234567890123456", "cn-hangzhou", "dead", fc_local.endpoint)
    with spools.Spool.create(path, place) as made:
        while messages := queue.receive(16):
            made.take(messages)
            queue.delete([message.receipt_handle for message in messages])
    return str(path)


def test_a_list_of_a_spool_holds_all_its_letters_and_those_that_are_selected(spool: str, dlq: Command) -> None:
    assert len(told(dlq, "list", spool)) == 41
    assert len(told(dlq, "list", spool, "--limit", "17")) == 17
    chosen = told(dlq, "list", spool, "--where", "function=orders@prod", "--where", "attempts>=5")
    assert [one["function"] for one in chosen] == ["orders@prod"] * 2
    code, out, err = dlq("list", spool, "--where", "id=r-7")
    assert (code, out.count("OutOfStock"), f"{spool}: held 41" in err) == (0, 1, True)


def test_a_summary_of_a_spool_gives_ids_that_select(spool: str, dlq: Command) -> None:
    groups = told(dlq, "summary", spool)
    assert [(one["count"], one["errorType"]) for one in groups] == [(40, "OutOfStock"), (1, None)]
    (chosen,) = told(dlq, "summary", spool, "--where", f"group={groups[1]['group']}")
    assert (chosen["message"], len(told(dlq, "list", spool, "--where", f"group={groups[0]['group']}"))) == (
        "not a record",
        40,
    )


def test_a_letter_of_a_spool_is_shown(spool: str, dlq: Command) -> None:
    code, out, err = dlq("show", spool, "r-p")
    assert (code, "failed: OutOfStock" in out, "2 letters have this id" in err) == (0, True, True)
    assert json.loads(dlq("show", spool, "r-3", "--raw")[1])["requestContext"]["requestId"] == "r-3"
    assert dlq("show", spool, "nope")[0] == 1


@pytest.mark.parametrize("command", ["list", "summary"])
def test_a_condition_that_does_not_parse_is_exit_2_with_a_caret(spool: str, dlq: Command, command: str) -> None:
    code, out, err = dlq(command, spool, "--where", "attempts>three")
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == ["  attempts>three", "           ^"]
    assert dlq(command, spool, "--where", "")[0] == 2


def test_a_spool_that_is_not_there_is_exit_1(spool: str, dlq: Command) -> None:
    code, out, err = dlq("list", f"{spool}/nothing.spool")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
