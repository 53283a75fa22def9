"""Async tasks, and the client's other reading calls, against a scripted server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fc_async import ArgumentError, FunctionsClient, ServiceError, SettingsError, TaskTimeout, TransportError
from tests.peer import Drop, Peer, Reply

ID = {"X-Fc-Request-Id": "1-a"}
MISSING = Reply(404, {"Code": "AsyncTaskNotFound"}, ID)
IS_ON = Reply(200, {"asyncTask": True}, ID)
PATH = "/2023-03-30/functions/main/async-tasks"


def task(status: str, **more: Any) -> Reply:
    return Reply(200, {"taskId": "t-1", "status": status, "requestId": "1-a", **more}, ID)


class Waiting:
    """A client whose clock only sleeping moves."""

    def __init__(self, peer: Peer) -> None:
        self.now = 0.0
        self.client = FunctionsClient(endpoint=peer.url, sleep=self.sleep, clock=lambda: self.now, random=lambda: 1.0)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, timeout_seconds: Any = None, qualifier: str | None = None) -> Any:
        with self.client as client:
            return client.wait_task("main", "t-1", timeout_seconds=timeout_seconds, qualifier=qualifier)


def test_a_task_is_read_by_its_id_and_qualifier() -> None:
    with Peer(task("Succeeded", endTime=5)) as peer, FunctionsClient(endpoint=peer.url) as client:
        found = client.get_task("main", "1-64e70cf1-5cbef92ea8fc8c42899cf5d1", qualifier="prod")
        assert (found.status, found.end_time) == ("Succeeded", 5)
        assert peer.requests[0].target == f"{PATH}/1-64e70cf1-5cbef92ea8fc8c42899cf5d1?qualifier=prod"


def test_a_list_asks_for_every_filter_and_goes_through_the_pages() -> None:
    first = {"tasks": [{"taskId": "a", "status": "Failed"}], "nextToken": "n&1"}
    with Peer(Reply(200, first, ID), Reply(200, {"tasks": None}, ID)) as peer:
        with FunctionsClient(endpoint=peer.url) as client:
            found = list(
                client.iter_tasks(
                    "main",
                    qualifier="prod",
                    prefix="fcr-",
                    status="Failed",
                    started_time_begin=0,
                    started_time_end=10,
                    sort_order_by_time="desc",
                    include_payload=True,
                )
            )
        assert [one.task_id for one in found] == ["a"]
        asked = [parse_qs(urlsplit(request.target).query) for request in peer.requests]
    filters = {
        "qualifier": ["prod"],
        "prefix": ["fcr-"],
        "status": ["Failed"],
        "startedTimeBegin": ["0"],
        "startedTimeEnd": ["10"],
        "sortOrderByTime": ["desc"],
        "includePayload": ["True"],
        "limit": ["100"],
    }
    assert asked == [filters, {**filters, "nextToken": ["n&1"]}]


def test_a_list_of_tasks_that_repeats_its_pages_ends_in_an_error() -> None:
    again = Reply(200, {"tasks": [], "nextToken": "again"}, ID)
    said = pytest.raises(ServiceError, match="without an end")
    with Peer(again) as peer, FunctionsClient(endpoint=peer.url) as client, said:
        list(client.iter_tasks("main"))


def test_a_filter_that_cannot_be_right_is_refused_at_once() -> None:
    with Peer() as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(ArgumentError, match="status"):
            client.iter_tasks("main", status="succeeded")
        assert peer.requests == []


@pytest.mark.parametrize("task_id", ["", "a/b", "a b", "x" * 129, None, 7, "..", "a\n"])
def test_a_task_id_that_cannot_be_one_is_refused_before_the_call(task_id: Any) -> None:
    with Peer() as peer, FunctionsClient(endpoint=peer.url) as client:
        calls: list[Callable[[], object]] = [
            lambda: client.get_task("main", task_id),
            lambda: client.stop_task("main", task_id),
            lambda: client.wait_task("main", task_id, timeout_seconds=1),
        ]
        for call in calls:
            with pytest.raises(ArgumentError, match="task_id"):
                call()
        assert peer.requests == []


def test_a_task_is_stopped_with_a_put() -> None:
    with Peer(Reply(204, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        client.stop_task("main", "t-1", qualifier="2")
        assert (peer.requests[0].method, peer.requests[0].target) == ("PUT", f"{PATH}/t-1/stop?qualifier=2")


def test_a_task_that_is_over_cannot_be_stopped() -> None:
    over = Reply(412, {"Code": "AsyncTaskAlreadyCompleted"}, ID)
    said = pytest.raises(ServiceError, match=r"stop_task main t-1.*412 AsyncTaskAlreadyCompleted")
    with Peer(over) as peer, FunctionsClient(endpoint=peer.url) as client, said:
        client.stop_task("main", "t-1")


@pytest.mark.parametrize("status", ["Succeeded", "Failed", "Stopped", "Expired", "Invalid"])
def test_waiting_ends_with_the_task_however_it_ended(status: str) -> None:
    script = [task("Enqueued"), task("Dequeued"), task("Running"), task("Retrying"), task("Stopping"), task(status)]
    with Peer(*script) as peer:
        waiting = Waiting(peer)
        assert waiting.wait(timeout_seconds=60).status == status
        assert len(peer.requests) == 6
    assert waiting.now == 0.25 + 0.5 + 1 + 2 + 4


def test_waiting_without_a_limit_goes_on_and_looks_every_five_seconds_at_most() -> None:
    with Peer(*[task("Running")] * 30, task("Succeeded")) as peer:
        waiting = Waiting(peer)
        waiting.wait()
        assert len(peer.requests) == 31
    assert waiting.now == 0.25 + 0.5 + 1 + 2 + 4 + 25 * 5


def test_a_wait_that_is_over_says_how_far_the_task_is() -> None:
    with Peer(task("Running")) as peer:
        waiting = Waiting(peer)
        with pytest.raises(TaskTimeout, match=r"t-1 is Running.*after 3 seconds") as caught:
            waiting.wait(timeout_seconds=timedelta(seconds=3))
    assert waiting.now == 3
    assert isinstance(caught.value, TimeoutError)


def test_a_wait_of_zero_looks_once() -> None:
    with Peer(task("Running")) as peer:
        with pytest.raises(TaskTimeout):
            Waiting(peer).wait(timeout_seconds=0)
        assert len(peer.requests) == 1
    with Peer(task("Failed")) as peer:
        assert Waiting(peer).wait(timeout_seconds=0).status == "Failed"


@pytest.mark.parametrize("script", [[], [task("Running")], [MISSING]], ids=["at once", "later", "its config"])
def test_a_wait_for_a_service_that_hangs_is_over_in_time(script: list[Reply]) -> None:
    never = threading.Event()
    with Peer(*script, Reply(200, hold=never)) as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(TaskTimeout, match=r"t-1 is .*after 0\.3 seconds; it goes on") as caught:
            client.wait_task("main", "t-1", timeout_seconds=0.3)
        assert caught.value.__context__ is None
        assert len(peer.requests) == len(script) + 1
        never.set()


def test_a_service_that_breaks_while_there_is_time_is_a_transport_error() -> None:
    with Peer(Drop()) as peer:
        with pytest.raises(TransportError):
            Waiting(peer).wait(timeout_seconds=60)
        assert len(peer.requests) == 5


def test_a_task_may_be_missing_for_five_seconds_after_its_acceptance() -> None:
    with Peer(MISSING, IS_ON, MISSING, MISSING, task("Succeeded")) as peer:
        assert Waiting(peer).wait(timeout_seconds=60).status == "Succeeded"
        assert len(peer.requests) == 5


def test_a_task_that_stays_missing_is_a_404_after_five_seconds() -> None:
    with Peer(MISSING, IS_ON, MISSING) as peer:
        waiting = Waiting(peer)
        with pytest.raises(ServiceError, match="AsyncTaskNotFound"):
            waiting.wait(timeout_seconds=60)
    assert waiting.now == 5


@pytest.mark.parametrize(
    "config",
    [Reply(200, {"asyncTask": False}, ID), Reply(200, {}, ID), Reply(404, {"Code": "AsyncConfigNotExists"}, ID)],
)
def test_waiting_where_async_tasks_are_off_is_refused_with_how_to_switch_them_on(config: Reply) -> None:
    with Peer(MISSING, config) as peer:
        with pytest.raises(SettingsError, match="fc-async config set main@prod --async-task"):
            Waiting(peer).wait(timeout_seconds=60, qualifier="prod")
        assert "qualifier=prod" in peer.requests[1].target


def test_waiting_needs_no_permission_to_read_the_config() -> None:
    with Peer(MISSING, Reply(403, {"Code": "AccessDenied"}, ID), task("Succeeded")) as peer:
        assert Waiting(peer).wait().status == "Succeeded"


@pytest.mark.parametrize("code", ["FunctionNotFound", "AliasNotFound", "VersionNotFound"])
def test_a_function_that_is_not_there_is_not_waited_for(code: str) -> None:
    with Peer(Reply(404, {"Code": code}, ID)) as peer:
        waiting = Waiting(peer)
        with pytest.raises(ServiceError, match=code):
            waiting.wait()
        assert len(peer.requests) == 1


@pytest.mark.parametrize("seconds", [-1, -0.1, float("inf"), float("nan"), True, "5", 1e10, 10**400])
def test_a_wait_that_is_no_time_is_refused(seconds: Any) -> None:
    with Peer() as peer:
        with pytest.raises(ArgumentError, match="timeout_seconds"):
            Waiting(peer).wait(timeout_seconds=seconds)
        assert peer.requests == []


UNREADABLE: dict[str, tuple[Any, str]] = {
    "no id": ({"status": "Running"}, "expected taskId to be text, got nothing"),
    "an id that is a number": ({"taskId": 7, "status": "x"}, "expected taskId to be text, got int"),
    "a status that is a number": ({"taskId": "t-1", "status": 7}, "expected status to be text, got int"),
    "a time that is text": ({"taskId": "t-1", "status": "x", "endTime": "5"}, "expected endTime to be a whole number"),
    "events that are none": ({"taskId": "t-1", "status": "x", "events": [7]}, "expected events to hold objects"),
    "a list": ([], "expected a JSON object, got list"),
    "no JSON": ("<html>", "expected JSON, got something else"),
}


@pytest.mark.parametrize(("body", "reason"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_answer_that_is_no_task_is_the_services_fault_and_the_field_is_named(body: Any, reason: str) -> None:
    said = pytest.raises(ServiceError, match=rf"get_task main t-1: .* 200 .*cannot be read \({reason}")
    with Peer(Reply(200, body, ID)) as peer, FunctionsClient(endpoint=peer.url) as client, said:
        client.get_task("main", "t-1")


LISTS: dict[str, tuple[Any, str]] = {
    "a task that is a number": ({"tasks": [7]}, "expected tasks to hold objects, got int among them"),
    "tasks that are text": ({"tasks": "t-1"}, "expected tasks to be a list, got str"),
    "a task without an id": ({"tasks": [{"status": "Failed"}]}, "expected taskId to be text, got nothing"),
    "a token that is an object": ({"tasks": [], "nextToken": {}}, "expected nextToken to be text, got dict"),
}


@pytest.mark.parametrize(("body", "reason"), LISTS.values(), ids=LISTS.keys())
def test_a_list_that_holds_no_tasks_is_the_services_fault_and_the_field_is_named(body: Any, reason: str) -> None:
    said = pytest.raises(ServiceError, match=reason)
    with Peer(Reply(200, body, ID)) as peer, FunctionsClient(endpoint=peer.url) as client, said:
        list(client.iter_tasks("main"))


@pytest.mark.parametrize(
    "asked",
    [Reply(200, {"functionName": "main", "timeout": 60}, ID), Reply(403, {"Code": "AccessDenied"}, ID)],
    ids=["told", "forbidden"],
)
def test_a_sync_invocation_asks_for_the_functions_own_timeout_first(asked: Reply) -> None:
    with Peer(asked, Reply(200, b"done", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        assert client.invoke("main", None, qualifier="prod").payload == b"done"
        assert [request.method for request in peer.requests] == ["GET", "POST"]
        assert all("qualifier=prod" in request.target for request in peer.requests)


def test_a_sync_invocation_of_a_function_that_is_not_there_is_not_sent() -> None:
    with Peer(Reply(404, {"Code": "FunctionNotFound"}, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(ServiceError, match="FunctionNotFound"):
            client.invoke("main", None)
        assert len(peer.requests) == 1


def test_the_time_for_a_sync_invocation_holds() -> None:
    never = threading.Event()
    with Peer(Reply(200, hold=never)) as peer:
        with FunctionsClient(endpoint=peer.url) as client, pytest.raises(TransportError, match=r"0\.1 seconds"):
            client.invoke("main", None, timeout_seconds=timedelta(seconds=0.1))
        never.set()
