"""FunctionsClient: what it sends, against a scripted server, and that it fits the local service."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fc_async import (
    Accepted,
    ArgumentError,
    AsyncInvokeConfig,
    DestinationConfig,
    FunctionError,
    FunctionsClient,
    QueueArn,
    QueueClient,
    ServiceError,
)
from fc_async.local import LocalServer
from fc_async.local.catalog.function import FunctionSpec
from tests.peer import Peer, Reply

ID = {"X-Fc-Request-Id": "1-a"}
CONFIG = {
    "asyncTask": None,
    "createdTime": "2024-01-02T03:04:05Z",
    "destinationConfig": {
        "onSuccess": None,
        "onFailure": {"destination": "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"},
    },
    "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/main/prod",
    "lastModifiedTime": "2024-01-02T03:04:05Z",
    "maxAsyncEventAgeInSeconds": None,
    "maxAsyncRetryAttempts": 0,
    "somethingNew": 1,
}
HANDLER = """
import json
def handler(event, context):
    if json.loads(event or b"{}").get("failure"):
        raise ValueError("no")
    return event
"""


def test_put_config_sends_exactly_what_it_is_given_with_short_destinations_filled_in() -> None:
    config = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=0
    )
    with Peer(Reply(200, CONFIG, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        answered = client.put_config("main", config, qualifier="prod")
        request = peer.requests[0]
    assert (request.method, request.target) == (
        "PUT",
        "/2023-03-30/functions/main/async-invoke-config?qualifier=prod",
    )
    assert json.loads(request.body) == {
        "destinationConfig": {"onFailure": CONFIG["destinationConfig"]["onFailure"]},  # type: ignore[index]
        "maxAsyncRetryAttempts": 0,
    }
    assert answered.function.qualifier == "prod"
    assert answered.max_async_retry_attempts == 0
    assert answered.destination_config is not None
    assert answered.destination_config.on_failure == QueueArn("dead", "cn-hangzhou", "1234567890123456")


@pytest.mark.parametrize(
    ("config", "body"),
    [
        (AsyncInvokeConfig(), {}),
        (AsyncInvokeConfig(destination_config=DestinationConfig()), {"destinationConfig": {}}),
        (AsyncInvokeConfig(async_task=False), {"asyncTask": False}),
        (AsyncInvokeConfig(max_async_event_age_in_seconds=1), {"maxAsyncEventAgeInSeconds": 1}),
    ],
)
def test_put_config_tells_nothing_from_zero(config: AsyncInvokeConfig, body: dict[str, Any]) -> None:
    with Peer(Reply(200, CONFIG, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        client.put_config("main", config)
        assert json.loads(peer.requests[0].body) == body


def test_get_find_and_delete_address_the_qualifier() -> None:
    gone = Reply(404, {"Code": "AsyncConfigNotExists", "Message": "AsyncConfig for main:prod does not exist."}, ID)
    script = [Reply(200, CONFIG, ID), gone, Reply(204, b"", ID), gone, gone]
    with Peer(*script) as peer:
        with FunctionsClient(endpoint=peer.url) as client:
            assert client.get_config("main", qualifier="prod").max_async_retry_attempts == 0
            assert client.find_config("main", qualifier="prod") is None
            client.delete_config("main", qualifier="prod")
            with pytest.raises(ServiceError, match=r"delete_config main@prod.*404 AsyncConfigNotExists"):
                client.delete_config("main", qualifier="prod")
            with pytest.raises(ServiceError):
                client.get_config("main", qualifier="prod")
        path = "/2023-03-30/functions/main/async-invoke-config?qualifier=prod"
        assert {request.target for request in peer.requests} == {path}
        assert [request.method for request in peer.requests] == ["GET", "GET", "DELETE", "DELETE", "GET"]


def test_find_config_of_a_function_that_does_not_exist_is_an_error() -> None:
    missing = Reply(404, {"Code": "FunctionNotFound"}, ID)
    with Peer(missing) as peer, FunctionsClient(endpoint=peer.url) as client, pytest.raises(ServiceError) as caught:
        client.find_config("main")
    assert caught.value.code == "FunctionNotFound"


def test_iter_configs_goes_through_the_pages() -> None:
    pages = [
        Reply(200, {"configs": [CONFIG, CONFIG], "nextToken": "t&1"}, ID),
        Reply(200, {"configs": None, "nextToken": "t2"}, ID),
        Reply(200, {"configs": [CONFIG], "nextToken": ""}, ID),
    ]
    with Peer(*pages) as peer, FunctionsClient(endpoint=peer.url) as client:
        assert len(list(client.iter_configs())) == 3
        targets = [request.target for request in peer.requests]
    assert targets[0] == "/2023-03-30/async-invoke-configs?limit=100"
    assert "nextToken=t%261" in targets[1]
    assert "nextToken=t2" in targets[2]


def test_iter_configs_of_one_function_names_it() -> None:
    with Peer(Reply(200, {}, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        assert list(client.iter_configs("main")) == []
        assert "functionName=main" in peer.requests[0].target


def test_a_list_that_repeats_its_pages_ends_in_an_error() -> None:
    page = Reply(200, {"configs": [], "nextToken": "again"}, ID)
    with Peer(page) as peer, FunctionsClient(endpoint=peer.url) as client, pytest.raises(ServiceError) as caught:
        list(client.iter_configs())
    assert "without an end" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "[]",
        "7",
        b"\xff",
        {"maxAsyncRetryAttempts": "three"},
        {"asyncTask": 1},
        {"destinationConfig": "q"},
    ],
)
def test_an_answer_that_cannot_be_read_is_the_services_fault(body: Any) -> None:
    odd = Reply(200, body, ID)
    with Peer(odd) as peer, FunctionsClient(endpoint=peer.url) as client, pytest.raises(ServiceError) as caught:
        client.get_config("main")
    assert "cannot be read" in str(caught.value)
    assert (caught.value.status, caught.value.request_id) == (200, "1-a")
    assert caught.value.__context__ is None


def test_invoke_async_sends_the_payload_and_its_headers() -> None:
    answer = Reply(202, b"", {**ID, "X-Fc-Async-Task-Id": "task-1"})
    with Peer(answer) as peer, FunctionsClient(endpoint=peer.url) as client:
        accepted = client.invoke_async("main", {"a": "é"}, qualifier="2", delay_seconds=60, task_id="task-1")
        request = peer.requests[0]
    assert accepted == Accepted("1-a", "task-1", repeated=False)
    assert (request.method, request.target) == ("POST", "/2023-03-30/functions/main/invocations?qualifier=2")
    assert request.body == '{"a":"é"}'.encode()
    assert request.headers["x-fc-invocation-type"] == "Async"
    assert request.headers["x-fc-async-task-id"] == "task-1"
    assert request.headers["x-fc-async-delay"] == "60"


def test_invoke_async_without_options_sends_none_of_their_headers() -> None:
    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        accepted = client.invoke_async("main", None, delay_seconds=0)
        request = peer.requests[0]
    assert accepted == Accepted("1-a", None)
    assert request.body == b""
    assert not {"x-fc-async-delay", "x-fc-async-task-id", "content-type"} & set(request.headers)


def test_a_payload_over_the_limit_is_refused_before_the_call_only_when_asynchronous() -> None:
    large = b"x" * 131073
    with Peer(Reply(200, b"ok", ID), Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(ArgumentError, match="131072"):
            client.invoke_async("main", large)
        assert peer.requests == []
        assert client.invoke("main", large, timeout_seconds=60).payload == b"ok"
        with FunctionsClient(endpoint=peer.url, max_payload_bytes=None) as unlimited:
            unlimited.invoke_async("main", large)
        assert [len(request.body) for request in peer.requests] == [131073, 131073]


@pytest.mark.parametrize("name", ["..", "a/b", "a@prod", ""])
def test_a_bad_name_is_refused_before_the_call(name: str) -> None:
    with Peer() as peer, FunctionsClient(endpoint=peer.url) as client:
        for call in (client.get_config, client.delete_config, client.get_function, client.iter_configs):
            with pytest.raises(ArgumentError):
                call(name)
        assert peer.requests == []


def test_invoke_returns_bytes_or_the_handlers_error() -> None:
    failed = {"errorMessage": "secret-word", "errorType": "Value\x1bError", "stackTrace": []}
    script = [
        Reply(200, b"\x00\xff", ID),
        Reply(200, failed, {**ID, "X-Fc-Error-Type": "UnhandledInvocationError"}),
        Reply(200, "not json", {**ID, "X-Fc-Error-Type": "UnhandledInvocationError"}),
    ]
    with Peer(*script) as peer, FunctionsClient(endpoint=peer.url) as client:
        result = client.invoke("main", "x", qualifier="prod", timeout_seconds=60)
        assert (result.payload, result.request_id) == (b"\x00\xff", "1-a")
        assert peer.requests[0].headers["x-fc-invocation-type"] == "Sync"
        with pytest.raises(FunctionError) as caught:
            client.invoke("main", "x", timeout_seconds=60)
        with pytest.raises(FunctionError, match="UnhandledInvocationError"):
            client.invoke("main", "x", timeout_seconds=60)
    assert json.loads(caught.value.payload) == failed
    assert (caught.value.error.type, caught.value.error.message) == ("Value\x1bError", "secret-word")
    assert str(caught.value) == "the function failed with Value?Error (request id 1-a)"


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), True, "5", None])
def test_a_timeout_that_is_none_is_refused(seconds: Any) -> None:
    with pytest.raises(ArgumentError, match="read_timeout_seconds"):
        FunctionsClient(endpoint="http://127.0.0.1:1", read_timeout_seconds=seconds)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    code = tmp_path_factory.mktemp("code")
    (code / "index.py").write_text(HANDLER)
    with LocalServer(functions=[FunctionSpec("main", "python3.10", "index.handler", code)], workers=1) as server:
        yield server


def test_the_config_makes_the_round_trip_on_the_local_service(local: LocalServer) -> None:
    config = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead", on_success="function:main@LATEST"),
        max_async_retry_attempts=0,
        max_async_event_age_in_seconds=60,
        async_task=True,
    )
    with FunctionsClient(endpoint=local.url) as client:
        assert client.find_config("main") is None
        put = client.put_config("main", config)
        assert put == config.resolved("cn-hangzhou", "1234567890123456")
        assert client.get_config("main") == put
        assert [one.function.name for one in client.iter_configs()] == ["main"]
        client.delete_config("main")
        assert client.find_config("main") is None


def test_an_invocation_that_fails_reaches_the_queue_of_the_local_service(local: LocalServer) -> None:
    with FunctionsClient(endpoint=local.url) as client, QueueClient("dead", endpoint=local.url) as queue:
        queue.create(message_retention_period=604800)
        client.put_config(
            "main",
            AsyncInvokeConfig(
                destination_config=DestinationConfig(on_failure="queue:dead"), max_async_retry_attempts=0
            ),
        )
        accepted = client.invoke_async("main", {"failure": True})
        messages = queue.receive(wait_seconds=20)
        record = json.loads(messages[0].message_body)
    assert record["requestContext"]["requestId"] == accepted.request_id
    assert record["requestPayload"] == '{"failure":true}'


def test_a_synchronous_invocation_answers_on_the_local_service(local: LocalServer) -> None:
    with FunctionsClient(endpoint=local.url) as client:
        assert client.invoke("main", {"x": 1}).payload == b'{"x":1}'
        with pytest.raises(FunctionError) as caught:
            client.invoke("main", {"failure": True})
        assert caught.value.error.type == "ValueError"
        assert client.get_function("main").handler == "index.handler"
        with pytest.raises(ServiceError, match="FunctionNotFound"):
            client.get_function("gone")
