"""Time moved by hand, faults on demand, and a fresh start: what /_local/ offers for a rehearsal."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from alibabacloud_fc20230330.client import Client
from mns.mns_exception import MNSExceptionBase, MNSServerException
from mns.queue import Message, Queue

from fc_async import QueueClient
from fc_async.cli.root import run
from fc_async.errors import ServiceError, TransportError
from fc_async.local import LocalServer, ManualClock
from fc_async.local.catalog.function import FunctionSpec
from tests.contract.fc_sdk import create_function, fc_client, invoke, invoke_async, put_config, refused, request
from tests.contract.test_local_routes import invocations

Command = Callable[..., tuple[object, str, str]]
ECHOES = "def handler(event, context):\n    return event\n"
FAILS = "def handler(event, context):\n    raise ValueError('no')\n"
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"


def ask(local: LocalServer, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    status, _, answer = request(local, method, f"/_local/{path}", None if body is None else json.dumps(body))
    return status, json.loads(answer) if answer else None


def fault(local: LocalServer, **words: Any) -> None:
    assert ask(local, "POST", "faults", words) == (204, None)


def happened(local: LocalServer) -> list[int]:
    return [one["happened"] for one in ask(local, "GET", "faults")[1]]


@pytest.fixture
def queue(local: LocalServer) -> QueueClient:
    client = QueueClient("dead", endpoint=local.url, read_timeout_seconds=60)
    client.create()
    return client


# Time


def test_time_is_moved_over_http_and_what_became_due_is_done_by_then(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", FAILS)
    put_config(fc, "main", max_async_retry_attempts=8)
    invoke_async(fc, "main")
    assert ask(local, "POST", "clock/advance", {"seconds": 6 * 3600}) == (204, None)
    (shown,) = invocations(local)
    assert (shown["status"], len(shown["attempts"])) == ("Failed", 9)


def test_advance_0_waits_for_what_is_due_now(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    invoke_async(fc, "main")
    assert ask(local, "POST", "clock/advance", {"seconds": 0}) == (204, None)
    assert [one["status"] for one in invocations(local)] == ["Succeeded"]


@pytest.mark.parametrize(
    "seconds", [-1, 366 * 86400 + 1, "6h", None, True, 1e400], ids=["past", "too far", "text", "none", "bool", "inf"]
)
def test_time_that_cannot_be_moved_to_is_refused_and_time_stays(local: LocalServer, seconds: Any) -> None:
    status, answer = ask(local, "POST", "clock/advance", {"seconds": seconds})
    assert (status, answer["Code"]) == (400, "InvalidArgument")


def test_real_time_is_not_moved_by_hand() -> None:
    with LocalServer(workers=0) as local:
        status, answer = ask(local, "POST", "clock/advance", {"seconds": 1})
    assert (status, answer["Message"]) == (
        400,
        "time is real here; it moves by hand in what was started with --clock manual",
    )


def test_a_long_poll_ends_after_its_real_time_although_manual_time_stands_still(queue: QueueClient) -> None:
    assert queue.receive(wait_seconds=1) == []


def test_a_long_poll_ends_when_manual_time_passes_its_end(local: LocalServer, queue: QueueClient) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(queue.receive(wait_seconds=30)))
    thread.start()
    while thread.is_alive():
        ask(local, "POST", "clock/advance", {"seconds": 30})
    assert found == [[]]


# A fresh start


def test_a_reset_leaves_only_what_was_there_from_the_start(tmp_path: Path) -> None:
    (tmp_path / "index.py").write_text(ECHOES)
    spec = FunctionSpec("first", "python3.10", "index.handler", tmp_path)
    with LocalServer(clock=ManualClock(), workers=1, functions=[spec]) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        put_config(fc, "first", max_async_retry_attempts=1)
        invoke_async(fc, "main")
        QueueClient("dead", endpoint=local.url).create()
        fault(local, action="GetFunction", status=500)
        local.advance(60)
        assert ask(local, "POST", "reset") == (204, None)
        assert invocations(local) == []
        assert ask(local, "GET", "faults")[1] == []
        assert refused(lambda: invoke(fc, "main")) == (404, "FunctionNotFound")
        assert invoke(fc, "first", b"1").body.read() == b"1"
        with pytest.raises(ServiceError, match="QueueNotExist"):
            QueueClient("dead", endpoint=local.url).receive()
        local.advance(60)


def test_a_receive_that_waits_is_answered_by_a_reset(local: LocalServer, queue: QueueClient) -> None:
    found: list[Any] = []

    def receive() -> None:
        try:
            found.append(queue.receive(wait_seconds=30))
        except ServiceError as error:
            found.append(error.code)

    thread = threading.Thread(target=receive)
    thread.start()
    while thread.is_alive():
        ask(local, "POST", "reset")
        thread.join(0.01)
    assert found in ([[]], ["QueueNotExist"])  # the second where the first reset came before it


def test_a_handler_that_runs_is_ended_by_a_reset_and_its_folder_removed(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", "import time\ndef handler(event, context):\n    time.sleep(3600)\n", timeout=3600)
    invoke_async(fc, "main")
    assert ask(local, "POST", "reset") == (204, None)
    create_function(fc, "main", ECHOES)
    assert invoke(fc, "main", b"1").body.read() == b"1"


# Looking in


def test_metrics_are_prometheus_text_with_cloudmonitors_names_and_the_depth_of_each_queue(
    local: LocalServer, fc: Client, queue: QueueClient
) -> None:
    create_function(fc, "main", ECHOES)
    invoke(fc, "main")
    queue.send("1")
    queue.send("2")
    queue.send("3", delay_seconds=60)
    queue.receive()
    status, headers, body = request(local, "GET", "/_local/metrics")
    lines = body.decode().splitlines()
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "# TYPE FunctionTotalInvocations counter" in lines
    assert "FunctionTotalInvocations 1" in lines
    assert 'ActiveMessages{queue="dead"} 1' in lines
    assert 'InactiveMessages{queue="dead"} 1' in lines
    assert 'DelayMessages{queue="dead"} 1' in lines
    assert body.endswith(b"\n")


# Faults


def test_a_fault_meets_its_action_alone_for_the_next_n_after_the_first_k(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    fault(local, action="InvokeFunction", after=1, times=2, status=429)
    answers = []
    for _ in range(5):
        try:
            answers.append(invoke(fc, "main").status_code)
        except Exception as error:  # the SDK's
            answers.append(error.status_code)  # type: ignore[attr-defined]
    assert answers == [200, 429, 429, 200, 200]
    assert happened(local) == [2]


def test_a_throttled_function_is_refused_with_the_services_code(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    create_function(fc, "other", ECHOES)
    fault(local, action="InvokeFunction", resource="main", status=429)
    assert refused(lambda: invoke(fc, "main")) == (429, "ResourceExhausted")
    assert invoke(fc, "other").status_code == 200


def test_a_refusal_has_the_shape_of_its_service_and_the_code_that_was_asked_for(
    local: LocalServer, queue: QueueClient, mns_queue: Callable[[str], Queue]
) -> None:
    official = mns_queue("dead")
    fault(local, action="SendMessage", status=503, code="Busy")
    with pytest.raises(MNSServerException) as caught:
        official.send_message(Message("1"))
    assert caught.value.type == "Busy"
    fault(local, action="ReceiveMessage", status=500)
    with pytest.raises(ServiceError, match="InternalError"):
        queue.receive()


def test_chance_repeats_with_its_seed(local: LocalServer) -> None:
    def answers() -> list[int]:
        ask(local, "DELETE", "faults")
        fault(local, action="*", status=503, probability=0.5, seed=7)
        return [request(local, "GET", "/2023-03-30/functions")[0] for _ in range(20)]

    first = answers()
    assert set(first) == {200, 503}
    assert answers() == first


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_has_no_answer_and_the_work_is_done_or_not(
    local: LocalServer, queue: QueueClient, when: str, left: int
) -> None:
    fault(local, action="SendMessage", drop=when, times=1)
    with pytest.raises(TransportError) as caught:
        queue.send("1")
    assert caught.value.sent
    assert len(queue.peek(16)) == left


def test_a_truncated_answer_says_its_length_and_ends_before(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    fault(local, action="InvokeFunction", truncate=True)
    with pytest.raises(http.client.IncompleteRead) as caught:
        request(local, "POST", "/2023-03-30/functions/main/invocations", b"0123456789")
    assert caught.value.partial == b"01234"


def test_a_slow_body_and_a_delay_take_real_time_and_change_nothing(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    fault(local, action="InvokeFunction", slowBodySeconds=0.1, delaySeconds=0.1)
    began = time.monotonic()
    assert invoke(fc, "main", b"x" * 1000).body.read() == b"x" * 1000
    assert time.monotonic() - began >= 0.2


def test_an_empty_answer_can_be_slow_and_truncated(local: LocalServer, queue: QueueClient) -> None:
    fault(local, action="DeleteQueue", slowBodySeconds=0.01)
    queue.remove()
    fault(local, action="CreateQueue", truncate=True, times=1)
    with pytest.raises(TransportError):
        queue.create()


def test_of_a_partial_batch_so_many_entries_are_worked_on(
    local: LocalServer, queue: QueueClient, mns_queue: Callable[[str], Queue]
) -> None:
    official = mns_queue("dead")
    fault(local, action="BatchSendMessage", partial=1, times=1)
    with pytest.raises(MNSExceptionBase):
        official.batch_send_message([Message("1"), Message("2")])
    assert [message.message_body for message in queue.peek(16)] == ["1"]
    official.batch_send_message([Message("3"), Message("4")])
    fault(local, action="BatchReceiveMessage", partial=2, times=1)
    assert len(queue.receive(16)) == 2
    local.advance(60)
    handles = [message.receipt_handle for message in queue.receive(16)]
    fault(local, action="BatchDeleteMessage", partial=2)
    with pytest.raises(MNSExceptionBase):
        official.batch_delete_message(handles)
    local.advance(60)
    assert len(queue.peek(16)) == 1


def test_a_fault_of_the_batch_leaves_single_messages_alone(local: LocalServer, queue: QueueClient) -> None:
    fault(local, action="BatchSendMessage", status=500)
    fault(local, action="BatchReceiveMessage", status=500)
    fault(local, action="BatchDeleteMessage", status=500)
    queue.send("1")
    status, _, _ = request(local, "GET", "/queues/dead/messages", headers={"x-mns-version": "2015-06-06"})
    assert status == 200
    assert happened(local) == [0, 0, 0]


def test_a_failing_destination_is_tried_again_and_then_lost(local: LocalServer, fc: Client, queue: QueueClient) -> None:
    create_function(fc, "main", ECHOES)
    put_config(fc, "main", on_success=QUEUE)
    fault(local, action="Deliver", resource="dead", times=2)
    invoke_async(fc, "main")
    local.advance(60)
    assert len(queue.peek(16)) == 1
    fault(local, action="Deliver")
    invoke_async(fc, "main")
    local.advance(60)
    (delivery,) = invocations(local)[0]["deliveries"]
    assert (delivery["status"], delivery["reason"]) == ("lost", "a fault was asked for (Deliver)")


def test_a_clock_jumps_and_what_is_hidden_shows(local: LocalServer, queue: QueueClient) -> None:
    queue.send("1")
    queue.receive()
    fault(local, action="PeekMessage", clockJumpSeconds=3600, times=1)
    assert len(queue.peek()) == 1


def test_real_time_jumps_as_well_and_what_waits_for_it_is_called() -> None:
    with LocalServer(workers=1) as local:
        fc = fc_client(local)
        create_function(fc, "main", ECHOES)
        invoke_async(fc, "main", common_headers={"x-fc-async-delay": "3600"})
        fault(local, action="ListFunctions", clockJumpSeconds=3600, times=1)
        request(local, "GET", "/2023-03-30/functions")
        while invocations(local)[0]["status"] != "Succeeded":
            pass


def test_faults_meet_no_request_of_our_own(local: LocalServer) -> None:
    fault(local, action="*", status=500)
    assert ask(local, "GET", "health")[0] == 200
    assert ask(local, "DELETE", "faults") == (204, None)
    assert request(local, "GET", "/2023-03-30/functions")[0] == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "action (none): expected an action of Function Compute or MNS, Deliver or *"),
        (
            {"action": "RecieveMessage", "status": 500},
            "action 'RecieveMessage': expected an action of Function Compute or MNS, Deliver or *; "
            "did you mean ReceiveMessage?",
        ),
        ({"action": "*", "status": 200}, "status 200: expected an integer from 300 to 599"),
        ({"action": "*", "times": 0, "status": 500}, "times 0: expected an integer from 1 to 1000000000"),
        ({"action": "*", "drop": "now"}, "drop 'now': expected before or after"),
        ({"action": "*", "probability": 1.5, "status": 500}, "probability 1.5: expected a number from 0 to 1"),
        ({"action": "*", "seed": 1, "status": 500}, "seed: expected probability beside it"),
        ({"action": "*", "delaySeconds": -1}, "delaySeconds -1: expected a number from 0 to 3600"),
        ({"action": "*", "partial": 17}, "partial 17: expected an integer from 0 to 16"),
        ({"action": "*", "truncate": "yes"}, "truncate 'yes': expected true or false"),
    ],
    ids=["none", "misspelt", "status", "times", "drop", "probability", "seed", "delay", "partial", "truncate"],
)
def test_a_fault_that_says_nonsense_is_refused_by_name(local: LocalServer, body: Any, words: str) -> None:
    status, answer = ask(local, "POST", "faults", body)
    assert (status, answer["Message"]) == (400, words)
    assert ask(local, "GET", "faults")[1] == []


def test_a_fault_that_does_nothing_or_has_an_unknown_word_is_refused(local: LocalServer) -> None:
    assert "a fault that does nothing" in ask(local, "POST", "faults", {"action": "*"})[1]["Message"]
    assert "'stauts' is no word of a fault" in ask(local, "POST", "faults", {"action": "*", "stauts": 1})[1]["Message"]


def test_0_is_a_value_of_a_fault(local: LocalServer) -> None:
    fault(local, action="*", partial=0, after=0, probability=0, seed=0)
    assert ask(local, "GET", "faults")[1] == [
        {"action": "*", "after": 0, "probability": 0, "seed": 0, "partial": 0, "happened": 0}
    ]


def test_faults_meet_requests_from_several_clients_at_once_and_count_each(local: LocalServer) -> None:
    fault(local, action="ListFunctions", times=10, status=503)
    statuses: list[int] = []

    def call() -> None:
        for _ in range(10):
            connection = http.client.HTTPConnection(urlsplit(local.url).netloc, timeout=60)
            connection.request("GET", "/2023-03-30/functions")
            statuses.append(connection.getresponse().status)
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (statuses.count(503), statuses.count(200)) == (10, 30)


# The commands


@pytest.fixture
def fc_async(local: LocalServer, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[object, str, str]]:
    def call(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run([*arguments, "--endpoint", local.url])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_advance_moves_time_by_what_is_typed(local: LocalServer, fc: Client, fc_async: Command) -> None:
    create_function(fc, "main", ECHOES)
    invoke_async(fc, "main", common_headers={"x-fc-async-delay": "3600"})
    assert fc_async("local", "advance", "59m") == (0, "", "")
    assert [one["status"] for one in invocations(local)] == ["Enqueued"]
    assert fc_async("local", "advance", "60") == (0, "", "")
    assert [one["status"] for one in invocations(local)] == ["Succeeded"]


@pytest.mark.parametrize("time", ["367d", "soon", "1.5h"])
def test_a_time_that_cannot_be_typed_is_exit_2(fc_async: Command, time: str) -> None:
    code, out, err = fc_async("local", "advance", time)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_reset_clears_what_was_made(local: LocalServer, fc: Client, fc_async: Command) -> None:
    create_function(fc, "main", ECHOES)
    assert fc_async("local", "reset") == (0, "", "")
    assert refused(lambda: invoke(fc, "main")) == (404, "FunctionNotFound")


def test_a_fault_is_typed_listed_and_cleared(local: LocalServer, fc_async: Command) -> None:
    typed = ("InvokeFunction", "--resource", "main", "--status", "429", "--times", "3", "--delay", "20ms")
    assert fc_async("local", "fault", "add", *typed) == (0, "", "")
    assert fc_async("local", "fault", "add", "*", "--clock-jump", "-1h", "--partial", "0") == (0, "", "")
    code, out, _ = fc_async("local", "fault", "list", "-o", "json")
    assert (code, json.loads(out)) == (
        0,
        [
            {
                "action": "InvokeFunction",
                "resource": "main",
                "after": 0,
                "times": 3,
                "status": 429,
                "delaySeconds": 0.02,
                "happened": 0,
            },
            {"action": "*", "after": 0, "partial": 0, "clockJumpSeconds": -3600, "happened": 0},
        ],
    )
    assert "InvokeFunction" in fc_async("local", "fault", "list")[1]
    assert fc_async("local", "fault", "clear") == (0, "", "")
    assert ask(local, "GET", "faults")[1] == []


@pytest.mark.parametrize(
    "typed",
    [
        ("add", "*", "--delay", "-1"),
        ("add", "*", "--status", "200"),
        ("add", "*", "--drop", "now"),
        ("add", "*"),
        ("add",),
    ],
)
def test_a_fault_that_cannot_be_typed_is_exit_2(fc_async: Command, typed: tuple[str, ...]) -> None:
    assert fc_async("local", "fault", "add", *typed)[0] == 2


def test_an_action_that_is_none_is_named_with_the_nearest(fc_async: Command) -> None:
    code, out, err = fc_async("local", "fault", "add", "RecieveMessage", "--status", "503")
    assert (code, out) == (2, "")
    assert "did you mean ReceiveMessage?" in err
