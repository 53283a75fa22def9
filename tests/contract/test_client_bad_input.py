"""Whatever goes wrong is one sentence with what the service said, and holds no secret and no payload anywhere."""

from __future__ import annotations

import functools
import io
import logging
import pickle
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from fc_async import (
    ArgumentError,
    AsyncInvokeConfig,
    FcAsyncError,
    FunctionError,
    FunctionsClient,
    QueueClient,
    ServiceError,
    TransportError,
    log_requests,
)
from fc_async.settings.access_key import AccessKey
from tests.peer import Drop, Peer, Reply

REQUEST_ID = "1-64e70cf1-5cbef92ea8fc8c42899cf5d1"
ID = {"X-Fc-Request-Id": REQUEST_ID}
KEY = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
PAYLOAD = "-".join(("4711", "0815", "is", "my", "card"))
PRIVATE = ("the-access-key", "the-security-token", PAYLOAD, "0815-is", "ACS3-HMAC")

Call = Callable[[FunctionsClient], Any]

CALLS: dict[str, Call] = {
    "get_config": lambda client: client.get_config("main", qualifier="prod"),
    "put_config": lambda client: client.put_config("main", AsyncInvokeConfig(max_async_retry_attempts=0)),
    "delete_config": lambda client: client.delete_config("main"),
    "iter_configs": lambda client: list(client.iter_configs("main")),
    "get_function": lambda client: client.get_function("main"),
    "invoke_async": lambda client: client.invoke_async("main", PAYLOAD, task_id="t-1"),
    "deduplicated": lambda client: client.invoke_async("main", PAYLOAD, task_id="t-1", deduplicated=True),
    "invoke": lambda client: client.invoke("main", PAYLOAD, timeout_seconds=5),
    "get_task": lambda client: client.get_task("main", "t-1"),
    "iter_tasks": lambda client: list(client.iter_tasks("main", include_payload=True)),
    "stop_task": lambda client: client.stop_task("main", "t-1"),
    "replace_config": lambda client: client.replace_config("main", AsyncInvokeConfig()),
    "wait_task": lambda client: client.wait_task("main", "t-1", timeout_seconds=0),
}
CHANGING = {"put_config", "delete_config", "invoke_async", "deduplicated", "invoke", "stop_task"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that a program sees that logs all there is, and switches our own lines on."""
    stream, everything = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    ours = logging.getLogger("fc_async")
    before = (ours.handlers[:], ours.level, ours.propagate, everything.level)
    everything.addHandler(handler)
    everything.setLevel(logging.DEBUG)
    log_requests(stream)
    yield stream
    everything.removeHandler(handler)
    ours.handlers[:], ours.level, ours.propagate = before[:3]
    everything.setLevel(before[3])


def failed(call: Call, log: io.StringIO, *script: Reply | Drop, **client: Any) -> FcAsyncError:
    """Return the error, after a look at everything that is printed, logged or seen on the way."""
    with (
        Peer(*script) as peer,
        FunctionsClient(endpoint=peer.url, credentials=KEY, sleep=lambda _: None, **client) as functions,
        pytest.raises(FcAsyncError) as caught,
    ):
        call(functions)
    error = caught.value
    printed = "".join(traceback.format_exception(error)) + repr(error) + log.getvalue()
    seen = printed + "".join(request.target for request in peer.requests)
    assert not [private for private in PRIVATE if private in seen], seen
    assert (error.__cause__, error.__context__) == (None, None)
    assert str(error).isprintable()
    assert "127.0.0.1" in log.getvalue()
    return error


REFUSALS = [
    (403, "AccessDenied"),
    (403, "SignatureNotMatch"),
    (403, "InvalidAccessKeyID"),
    (403, "SecurityTokenExpired"),
    (404, "FunctionNotFound"),
    (404, "VersionNotFound"),
    (404, "AliasNotFound"),
    (409, "ConcurrentUpdateError"),
    (409, "AsyncTaskAlreadyExists"),
    (412, "AsyncTaskAlreadyCompleted"),
    (412, "PreconditionFailed"),
    (429, "ResourceExhausted"),
    (500, "InternalServerError"),
    (501, "NotImplemented"),
    (503, "ResourceThrottled"),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("status", "code"), REFUSALS)
def test_a_refusal_keeps_status_code_and_request_id(call: str, status: int, code: str, log: io.StringIO) -> None:
    quoting = f"Authorization: ACS3-HMAC-SHA256 Credential=the-access-key-id of {PAYLOAD}"
    error = failed(CALLS[call], log, Reply(status, {"Code": code, "Message": quoting, "RequestId": REQUEST_ID}, ID))
    assert isinstance(error, ServiceError)
    assert (error.status, error.code, error.request_id) == (status, code, REQUEST_ID)
    assert f"answered {status} {code} (request id {REQUEST_ID})" in str(error)


@pytest.mark.parametrize("call", ["get_config", "delete_config", "get_task", "stop_task", "wait_task"])
def test_what_is_not_there_is_named_by_the_service(call: str, log: io.StringIO) -> None:
    code = "AsyncTaskNotFound" if "task" in call else "AsyncConfigNotExists"
    missing, is_on = Reply(404, {"Code": code}, ID), Reply(200, {"asyncTask": True}, ID)
    error = failed(CALLS[call], log, missing, *([is_on] if call == "wait_task" else []))
    assert isinstance(error, ServiceError)
    assert (error.status, error.code) == (404, code)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused_and_not_followed(call: str, status: int, log: io.StringIO) -> None:
    with Peer() as elsewhere:
        error = failed(CALLS[call], log, Reply(status, b"", {"Location": elsewhere.url, **ID}))
        assert elsewhere.requests == []
    assert isinstance(error, ServiceError)
    assert error.status == status


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("drop", [Drop(after_reading=False), Drop(after_reading=True)], ids=["before", "after"])
def test_a_dropped_connection_may_have_arrived(call: str, drop: Drop, log: io.StringIO) -> None:
    error = failed(CALLS[call], log, drop)
    assert isinstance(error, TransportError)
    assert error.sent
    assert "may have arrived" in str(error)


@pytest.mark.parametrize("call", CALLS)
def test_a_body_that_is_cut_short_is_no_answer(call: str, log: io.StringIO) -> None:
    error = failed(CALLS[call], log, Reply(200, '{"a": ', ID, missing_bytes=9))
    assert isinstance(error, TransportError)


@pytest.mark.parametrize("call", sorted(CALLS.keys() - {"invoke"}))
def test_a_service_that_hangs_is_left(call: str, log: io.StringIO) -> None:
    error = failed(CALLS[call], log, Reply(200, hold=threading.Event()), read_timeout_seconds=0.05)
    assert isinstance(error, TransportError)
    assert "0.05 seconds" in str(error)


@pytest.mark.parametrize("call", sorted(CALLS.keys() - CHANGING | {"put_config"}))
@pytest.mark.parametrize("body", [f"<html>{PAYLOAD}</html>", "[]", b"\xff", "7", '{"a":', "[" * 5000])
def test_an_answer_that_cannot_be_read_is_the_services_fault(call: str, body: Any, log: io.StringIO) -> None:
    error = failed(CALLS[call], log, Reply(200, body, ID))
    assert isinstance(error, ServiceError)
    assert error.request_id == REQUEST_ID
    assert "cannot be read" in str(error)


def test_what_a_handler_failed_with_is_in_no_message(log: io.StringIO) -> None:
    answer = Reply(200, {"errorMessage": PAYLOAD, "errorType": "ValueError"}, {**ID, "X-Fc-Error-Type": "Unhandled"})
    error = failed(CALLS["invoke"], log, answer)
    assert isinstance(error, FunctionError)
    assert error.error.message == PAYLOAD
    assert PAYLOAD.encode() in error.payload
    assert pickle.loads(pickle.dumps(error)).payload == error.payload  # noqa: S301 - our own


def test_what_a_task_holds_is_in_no_message(log: io.StringIO) -> None:
    task = {"taskId": "t-1", "status": "Running", "taskPayload": PAYLOAD, "returnPayload": PAYLOAD, "durationMs": "x"}
    for call in ("get_task", "iter_tasks"):
        assert "cannot be read" in str(failed(CALLS[call], log, Reply(200, {"tasks": [task], **task}, ID)))


@pytest.mark.parametrize(
    ("limit", "fits", "too_long"), [(131072, 131072, 131073), (0, 0, 1), (1, 1, 2), (262144, 262144, 262145)]
)
def test_a_payload_over_the_limit_is_refused_with_the_limit_and_what_moves_it(
    limit: int, fits: int, too_long: int
) -> None:
    answer = Reply(202, b"", ID)
    with Peer(answer) as peer, FunctionsClient(endpoint=peer.url, max_payload_bytes=limit) as client:
        client.invoke_async("main", b"x" * fits)
        with pytest.raises(ArgumentError, match=rf"{too_long} bytes.*takes {limit};.*max_payload_bytes"):
            client.invoke_async("main", b"x" * too_long)
        assert [len(request.body) for request in peer.requests] == [fits]


@pytest.mark.parametrize("number", [-1, 1.5, True, "131072"])
def test_a_payload_limit_that_is_none_is_refused(number: Any) -> None:
    with pytest.raises(ArgumentError, match="max_payload_bytes"):
        FunctionsClient(endpoint="http://127.0.0.1:1", max_payload_bytes=number)


@pytest.mark.parametrize(
    ("delay", "header"),
    [(None, None), (0, None), (1, "1"), (3600, "3600"), (timedelta(hours=1), "3600"), (timedelta(), None)],
)
def test_a_delay_in_its_range_is_sent(delay: Any, header: str | None) -> None:
    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        client.invoke_async("main", None, delay_seconds=delay)
        assert peer.requests[0].headers.get("x-fc-async-delay") == header


class Odd(dict[str, int]):
    """A dict that breaks when it is written."""

    def items(self) -> Any:
        raise RuntimeError("quotes the-payload")


REFUSED: list[tuple[str, Call]] = [
    ("delay_seconds", lambda client: client.invoke_async("main", None, delay_seconds=3601)),
    ("delay_seconds", lambda client: client.invoke_async("main", None, delay_seconds=-1)),
    ("delay_seconds", lambda client: client.invoke_async("main", None, delay_seconds=timedelta(seconds=1.5))),
    ("delay_seconds", lambda client: client.invoke_async("main", None, delay_seconds=timedelta(seconds=3601))),
    ("timeout_seconds", lambda client: client.invoke("main", None, timeout_seconds=timedelta())),
    ("timeout_seconds", lambda client: client.wait_task("main", "t", timeout_seconds=timedelta(seconds=-1))),
    ("task_id", lambda client: client.invoke_async("main", None, task_id="")),
    ("task_id", lambda client: client.invoke_async("main", None, task_id="1a")),
    ("task_id", lambda client: client.invoke_async("main", None, task_id="a" * 129)),
    ("qualifier", lambda client: client.invoke_async("main", None, qualifier="")),
    ("qualifier", lambda client: client.get_task("main", "t", qualifier="a/b")),
    ("function name", lambda client: client.invoke_many("a" * 257, [1])),
    ("FC 3.0", lambda client: client.invoke_many("service/main", [1])),
    ("timeout_seconds", lambda client: client.invoke("main", None, timeout_seconds=0)),
    ("timeout_seconds", lambda client: client.invoke("main", None, timeout_seconds=float("inf"))),
    ("timeout_seconds", lambda client: client.invoke("main", None, timeout_seconds=86400.1)),
    ("timeout_seconds", lambda client: client.invoke("main", None, timeout_seconds=1e10)),
    ("timeout_seconds", lambda client: client.wait_task("main", "t", timeout_seconds=1e300)),
    ("timeout_seconds", lambda client: client.wait_task("main", "t", timeout_seconds=10**5000)),
    ("rate_per_second", lambda client: client.invoke_many("main", [1], rate_per_second=1e-320)),
    ("payload", lambda client: client.invoke_async("main", object())),
    ("payload of .*Odd", lambda client: client.invoke_async("main", Odd(a=1))),
    ("payload", lambda client: client.invoke_async("main", float("nan"))),
    ("payload", lambda client: client.invoke_async("main", "\ud800")),
]


@pytest.mark.parametrize(("named", "call"), REFUSED)
def test_an_argument_out_of_range_is_named_and_nothing_is_sent(named: str, call: Call) -> None:
    with Peer() as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(ArgumentError, match=named) as caught:
            call(client)
        assert isinstance(caught.value, ValueError)
        assert peer.requests == []


def test_one_odd_payload_among_many_is_the_only_one_that_fails() -> None:
    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        outcomes = client.invoke_many("main", [{"a": 1}, Odd(a=1), {"a": 2}], concurrency=1)
        assert [type(one).__name__ for one in outcomes] == ["Accepted", "InvokeFailed", "Accepted"]
        assert "the-payload" not in str(outcomes[1])
        assert len(peer.requests) == 2


@pytest.mark.parametrize("name", ["connect_timeout_seconds", "read_timeout_seconds"])
@pytest.mark.parametrize(
    "seconds",
    [0, -1, 86400.1, 1e12, pytest.param(10**5000, id="of 5001 digits"), float("nan"), True, "5", timedelta(days=2)],
)
def test_a_timeout_that_no_socket_takes_is_refused_by_both_clients(name: str, seconds: Any) -> None:
    for make in (FunctionsClient, functools.partial(QueueClient, "dead")):
        with pytest.raises(ArgumentError, match=f"{name}: expected seconds over 0, 86400 at most"):
            make(endpoint="http://127.0.0.1:1", **{name: seconds})


@pytest.mark.parametrize("seconds", [0.001, 86400, timedelta(hours=24)])
def test_the_ends_of_a_timeout_are_taken_by_both_clients(seconds: Any) -> None:
    with Peer(Reply(404, {"Code": "AsyncConfigNotExists"}, ID)) as peer:
        FunctionsClient(endpoint=peer.url, connect_timeout_seconds=seconds).close()
        with FunctionsClient(endpoint=peer.url, read_timeout_seconds=86400) as client:
            assert client.find_config("main") is None
        QueueClient("dead", endpoint=peer.url, read_timeout_seconds=seconds).close()


@pytest.mark.parametrize("task_id", ["a", "_", "a" * 128])
def test_the_shortest_and_the_longest_task_id_are_sent(task_id: str) -> None:
    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        assert client.invoke_async("main", None, task_id=task_id).task_id == task_id
        assert peer.requests[0].headers["x-fc-async-task-id"] == task_id


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("max_async_retry_attempts", [0, 1, 8], [-1, 9, 1.5, True, "3"]),
        ("max_async_event_age_in_seconds", [1, 604800], [0, -1, 604801, True, "60"]),
    ],
)
def test_the_numbers_of_a_config_hold_their_ranges(field: str, good: list[int], bad: list[Any]) -> None:
    with Peer(Reply(200, {}, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        for number in good:
            client.put_config("main", AsyncInvokeConfig(**{field: number}))
        for number in bad:
            with pytest.raises(ArgumentError, match=field):
                AsyncInvokeConfig(**{field: number})
        assert len(peer.requests) == len(good)


@pytest.mark.parametrize("url", ["ftp://x", "http://example.com", "127.0.0.1", "", "https://u:secret-word@x"])
@pytest.mark.parametrize("argument", ["endpoint", "fc_endpoint", "mns_endpoint"])
def test_an_endpoint_that_cannot_be_one_is_named_by_its_argument(argument: str, url: str) -> None:
    with pytest.raises(ArgumentError, match=f"{argument}=") as caught:
        FunctionsClient(**{argument: url})
    assert "secret-word" not in str(caught.value)
