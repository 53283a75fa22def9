"""What the client does again, seen from the service: how many requests come, and what the caller is told."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from fc_async import Accepted, AccessKey, AsyncInvokeConfig, FcAsyncError, FunctionsClient, ServiceError, TransportError
from tests.peer import Drop, Peer, Received, Reply

ID = {"X-Fc-Request-Id": "1-a"}
KEY = AccessKey("the-id", "the-secret")
BUSY = Reply(429, {"Code": "ResourceExhausted"}, ID)
BROKEN = [Reply(500, b"", ID), Reply(502, "<html>", ID), Reply(503, {"Code": "ResourceThrottled"}, ID), Drop()]
TASK = {"taskId": "t-1", "status": "Running", "requestId": "1-first"}
ACCEPTED = Reply(202, b"", {"X-Fc-Request-Id": "1-b", "X-Fc-Async-Task-Id": "t-1"})

Call = Callable[[FunctionsClient], Any]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def play(call: Call, *script: Reply | Drop, time: Time | None = None) -> tuple[Any, list[Received]]:
    """Return what the call came to, an answer or an error, and the requests that arrived."""
    time = time or Time()
    with (
        Peer(*script) as peer,
        FunctionsClient(endpoint=peer.url, sleep=time.sleep, clock=lambda: time.now, random=lambda: 1.0) as client,
    ):
        try:
            outcome = call(client)
        except FcAsyncError as error:
            outcome = error
    return outcome, peer.requests


def unheard() -> str:
    """Return an address of this machine that counts as no loopback, where nothing listens."""
    with Peer() as gone:
        return f"http://0.0.0.0:{gone.port}"


def once(client: FunctionsClient) -> Accepted:
    return client.invoke_async("main", "payload", task_id="t-1")


def deduplicated(client: FunctionsClient) -> Accepted:
    return client.invoke_async("main", "payload", task_id="t-1", deduplicated=True)


CONFIG = Reply(200, {"maxAsyncRetryAttempts": 1}, ID)
HARMLESS: list[tuple[Call, Reply]] = [
    (lambda client: client.get_config("main"), CONFIG),
    (lambda client: client.put_config("main", AsyncInvokeConfig(max_async_retry_attempts=1)), CONFIG),
    (lambda client: client.delete_config("main"), Reply(204, b"", ID)),
    (lambda client: list(client.iter_configs()), Reply(200, {"configs": []}, ID)),
    (lambda client: client.get_function("main"), Reply(200, {"functionName": "main"}, ID)),
    (lambda client: client.get_task("main", "t-1"), Reply(200, TASK, ID)),
    (lambda client: list(client.iter_tasks("main")), Reply(200, {"tasks": [TASK]}, ID)),
    (deduplicated, ACCEPTED),
]
ONCE: list[tuple[Call, Reply]] = [
    (once, ACCEPTED),
    (lambda client: client.invoke_async("main", "payload"), ACCEPTED),
    (lambda client: client.invoke("main", "payload", timeout_seconds=9), Reply(200, b"done", ID)),
    (lambda client: client.stop_task("main", "t-1"), Reply(204, b"", ID)),
]


@pytest.mark.parametrize(("call", "yes"), HARMLESS + ONCE)
def test_every_call_is_repeated_when_it_was_throttled(call: Call, yes: Reply) -> None:
    outcome, requests = play(call, BUSY, BUSY, yes)
    assert not isinstance(outcome, FcAsyncError)
    assert len(requests) == 3


@pytest.mark.parametrize(("call", "yes"), HARMLESS + ONCE)
def test_throttled_for_good_is_said_with_code_and_request_id(call: Call, yes: Reply) -> None:
    time = Time()
    outcome, requests = play(call, BUSY, time=time)
    assert isinstance(outcome, ServiceError)
    assert (outcome.status, outcome.code, outcome.request_id) == (429, "ResourceExhausted", "1-a")
    assert len(requests) == 5
    assert time.sleeps == [0.5, 1, 2, 4]


@pytest.mark.parametrize(("call", "yes"), HARMLESS + ONCE)
def test_every_call_is_repeated_when_nothing_can_be_reached(call: Call, yes: Reply) -> None:
    time = Time()
    with (
        FunctionsClient(endpoint=unheard(), insecure=True, credentials=KEY, sleep=time.sleep) as client,
        pytest.raises(TransportError) as caught,
    ):
        call(client)
    assert not caught.value.sent
    assert len(time.sleeps) == 4


@pytest.mark.parametrize(("call", "yes"), HARMLESS + ONCE)
def test_a_loopback_port_that_refuses_is_asked_once_and_the_error_asks_for_the_local_service(
    call: Call, yes: Reply
) -> None:
    with Peer() as gone:
        url = gone.url
    time = Time()
    with FunctionsClient(endpoint=url, sleep=time.sleep) as client, pytest.raises(TransportError) as caught:
        call(client)
    assert (caught.value.sent, time.sleeps) == (False, [])
    assert str(caught.value).endswith("is `fc-async local up` running?")
    assert not pickle.loads(pickle.dumps(caught.value)).sent  # noqa: S301 - our own bytes


def test_a_service_that_comes_back_is_reached() -> None:
    url = unheard()
    port = int(url.rpartition(":")[2])
    came_back: list[Peer] = []
    with FunctionsClient(
        endpoint=url,
        insecure=True,
        credentials=KEY,
        sleep=lambda _: came_back.append(Peer(ACCEPTED, port=port)),
    ) as client:
        assert once(client).request_id == "1-b"
    with came_back[0]:
        assert len(came_back) == 1


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: str(getattr(fault, "status", "drop")))
@pytest.mark.parametrize(("call", "yes"), HARMLESS)
def test_what_is_harmless_twice_is_repeated_after_sending(call: Call, yes: Reply, fault: Reply | Drop) -> None:
    outcome, requests = play(call, fault, yes)
    assert not isinstance(outcome, FcAsyncError)
    assert len(requests) == 2
    assert (requests[0].method, requests[0].target, requests[0].body) == (
        requests[1].method,
        requests[1].target,
        requests[1].body,
    )


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: str(getattr(fault, "status", "drop")))
@pytest.mark.parametrize(("call", "yes"), ONCE)
def test_what_is_not_harmless_twice_is_sent_once(call: Call, yes: Reply, fault: Reply | Drop) -> None:
    time = Time()
    outcome, requests = play(call, fault, yes, time=time)
    assert isinstance(outcome, (ServiceError, TransportError))
    assert len(requests) == 1
    assert time.sleeps == []


def test_each_repeat_is_signed_anew() -> None:
    _, requests = play(once, BUSY, ACCEPTED)
    assert requests[0].headers["x-acs-signature-nonce"] != requests[1].headers["x-acs-signature-nonce"]
    assert requests[0].headers["authorization"] != requests[1].headers["authorization"]


GONE = Reply(404, {"Code": "AsyncConfigNotExists"}, ID)


def test_a_deleted_config_that_a_repeat_misses_was_deleted() -> None:
    outcome, requests = play(lambda client: client.delete_config("main"), Drop(), GONE)
    assert outcome is None
    assert len(requests) == 2


@pytest.mark.parametrize("script", [[GONE], [BUSY, GONE]])
def test_a_config_that_was_never_there_is_a_404(script: list[Reply]) -> None:
    outcome, _ = play(lambda client: client.delete_config("main"), *script)
    assert isinstance(outcome, ServiceError)
    assert outcome.code == "AsyncConfigNotExists"


TAKEN = Reply(409, {"Code": "AsyncTaskAlreadyExists"}, {"X-Fc-Request-Id": "1-conflict"})
MISSING = Reply(404, {"Code": "AsyncTaskNotFound"}, ID)


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: str(getattr(fault, "status", "drop")))
def test_a_task_that_a_repeat_finds_there_was_accepted_before(fault: Reply | Drop) -> None:
    outcome, requests = play(deduplicated, fault, TAKEN, Reply(200, TASK, ID))
    assert outcome == Accepted("1-first", "t-1", repeated=True)
    assert [request.method for request in requests] == ["POST", "POST", "GET"]


def test_the_task_may_take_a_moment_to_be_found() -> None:
    outcome, requests = play(deduplicated, Drop(), TAKEN, MISSING, MISSING, Reply(200, TASK, ID))
    assert outcome == Accepted("1-first", "t-1", repeated=True)
    assert len(requests) == 5


@pytest.mark.parametrize("answer", [MISSING, Reply(403, {"Code": "AccessDenied"}, ID)])
def test_a_conflict_whose_task_cannot_be_found_stays_a_conflict(answer: Reply) -> None:
    time = Time()
    outcome, _ = play(deduplicated, Drop(), TAKEN, answer, time=time)
    assert isinstance(outcome, ServiceError)
    assert (outcome.status, outcome.request_id) == (409, "1-conflict")
    assert sum(time.sleeps) <= 0.5 + 5


@pytest.mark.parametrize("script", [[TAKEN], [BUSY, TAKEN]])
def test_a_task_id_that_another_has_is_a_409(script: list[Reply]) -> None:
    outcome, requests = play(deduplicated, *script, Reply(200, TASK, ID))
    assert isinstance(outcome, ServiceError)
    assert outcome.status == 409
    assert len(requests) == len(script)


def test_deduplicated_without_a_task_id_is_refused_before_the_call() -> None:
    outcome, requests = play(lambda client: client.invoke_async("main", "x", deduplicated=True))
    assert isinstance(outcome, ValueError)
    assert "task_id" in str(outcome)
    assert requests == []


def test_a_concurrent_update_is_not_repeated() -> None:
    busy = Reply(409, {"Code": "ConcurrentUpdateError", "Message": "ConcurrentUpdateError: main"}, ID)
    outcome, requests = play(lambda client: client.put_config("main", AsyncInvokeConfig()), busy)
    assert isinstance(outcome, ServiceError)
    assert outcome.code == "ConcurrentUpdateError"
    assert len(requests) == 1


def test_many_are_repeated_each_for_itself() -> None:
    outcome, requests = play(
        lambda client: client.invoke_many("main", [1, 2, 3], concurrency=1), ACCEPTED, BUSY, ACCEPTED, Drop()
    )
    assert [type(one).__name__ for one in outcome] == ["Accepted", "Accepted", "InvokeFailed"]
    assert outcome[2].index == 2
    assert outcome[2].error.sent
    assert [json.loads(request.body) for request in requests] == [1, 2, 2, 3]
