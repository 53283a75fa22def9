"""Every assumption at every value: what a client sees of it. One is varied at a time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.errors import ArgumentError
from fc_async.local import LocalServer, limits
from tests.contract.fc_sdk import (
    create_alias,
    error,
    get_config,
    get_task,
    invoke,
    invoke_async,
    list_tasks,
    publish,
    put_config,
    refused,
    request,
    stop_task,
)
from tests.contract.service import LocalService
from tests.peer import Peer

FAILS = "def handler(event, context):\n    raise ValueError('no')\n"
ECHOES = "def handler(event, context):\n    return event\n"

Assuming = Callable[..., LocalService]


def put_raw(service: LocalService, function: str, body: str) -> tuple[int, dict[str, str], bytes]:
    return request(service.server, "PUT", f"/2023-03-30/functions/{function}/async-invoke-config", body)


def mns(service: LocalService, method: str, path: str, body: str = "") -> None:
    assert request(service.server, method, path, body, {"x-mns-version": "2015-06-06"})[0] < 300


def subscribe(service: LocalService, endpoint: str, more: str) -> None:
    body = f"<Subscription><Endpoint>{endpoint}</Endpoint>{more}</Subscription>"
    mns(service, "PUT", "/topics/t/subscriptions/s", body)


def limit(service: LocalService, function: str, instances: int | None) -> None:
    body = json.dumps({"instances": instances})
    assert request(service.server, "PUT", f"/_local/functions/{function}/limit", body)[0] == 200


# The config


@pytest.mark.parametrize("merges", [True, False])
def test_put_merges(assuming: Assuming, merges: bool) -> None:
    service = assuming(put_merges=merges)
    main = service.function(ECHOES)
    put_config(service.fc, main, max_async_retry_attempts=0)
    config = put_config(service.fc, main, max_async_event_age_in_seconds=60)
    assert config.max_async_retry_attempts == (0 if merges else None)
    assert config.max_async_event_age_in_seconds == 60


@pytest.mark.parametrize("merges", [True, False])
def test_put_merges_inside_destination(assuming: Assuming, merges: bool) -> None:
    service = assuming(put_merges_inside_destination=merges)
    main = service.function(ECHOES)
    put_config(service.fc, main, on_success="acs:mns:::/queues/a/messages")
    halves = put_config(service.fc, main, on_failure="acs:mns:::/queues/b/messages").destination_config
    assert halves.on_failure.destination == "acs:mns:::/queues/b/messages"
    assert (halves.on_success is not None) == merges


@pytest.mark.parametrize("clears", [True, False])
def test_empty_destination_config_clears(assuming: Assuming, clears: bool) -> None:
    service = assuming(empty_destination_config_clears=clears)
    main = service.function(ECHOES)
    put_config(service.fc, main, on_success="acs:mns:::/queues/a/messages")
    assert put_raw(service, main, '{"destinationConfig": {}}')[0] == 200
    assert (get_config(service.fc, main).destination_config.on_success is None) == clears


@pytest.mark.parametrize("is_refused", [True, False])
def test_empty_destination_refused(assuming: Assuming, is_refused: bool) -> None:
    service = assuming(empty_destination_refused=is_refused)
    main = service.function(ECHOES)
    answer = put_raw(service, main, '{"destinationConfig": {"onSuccess": {"destination": ""}}}')
    if is_refused:
        assert error(answer) == (400, "InvalidDestinationResources")
    else:
        assert answer[0] == 200
        invoke_async(service.fc, main)
        service.server.advance(0)
        assert get_config(service.fc, main).destination_config.on_success.destination == ""
    nothing = put_raw(service, main, '{"destinationConfig": {"onSuccess": {}}}')
    assert error(nothing) == (400, "InvalidDestinationResources")


# Which ends fire, and what they say


@pytest.mark.parametrize("fires", [False, True])
def test_expired_fires_on_failure(assuming: Assuming, fires: bool) -> None:
    service = assuming(expired_fires_on_failure=fires)
    dead, main = service.queue(), service.function(FAILS)
    put_config(service.fc, main, on_failure=dead.arn, max_async_event_age_in_seconds=1, max_async_retry_attempts=8)
    limit(service, main, 0)
    invoke_async(service.fc, main, b"late")
    records = service.later(10, dead.take)
    assert len(records) == fires
    for record in records:
        assert record["requestContext"]["condition"] == "AsyncEventExpired"
        assert record["responseContext"] == {"statusCode": 200, "functionError": "AsyncEventExpired"}
        assert (record["requestPayload"], record["responsePayload"]) == ("late", "")


def stopped_records(service: LocalService) -> list[dict[str, dict[str, str]]]:
    dead, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, on_failure=dead.arn, async_task=True)
    invoke_async(service.fc, main, x_fc_async_task_id="t", common_headers={"x-fc-async-delay": "60"})
    stop_task(service.fc, main, "t")
    return service.later(3600, dead.take)


@pytest.mark.parametrize("fires", [True, False])
def test_stopped_fires_on_failure(assuming: Assuming, fires: bool) -> None:
    assert len(stopped_records(assuming(stopped_fires_on_failure=fires))) == fires


@pytest.mark.parametrize("condition", ["AsyncInvocationStopped", ""])
def test_stopped_condition(assuming: Assuming, condition: str) -> None:
    (record,) = stopped_records(assuming(stopped_condition=condition))
    assert record["requestContext"]["condition"] == condition
    assert record["responseContext"] == {"statusCode": 200, "functionError": ""}


@pytest.mark.parametrize("per_attempt", [False, True])
def test_failure_record_per_attempt(assuming: Assuming, per_attempt: bool) -> None:
    service = assuming(failure_record_per_attempt=per_attempt)
    dead, main = service.queue(), service.function(FAILS)
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=2)
    invoke_async(service.fc, main)
    records = service.later(2, dead.take)
    counts = [record["requestContext"]["approximateInvokeCount"] for record in records]
    assert counts == ([1, 2, 3] if per_attempt else [3])
    assert len({record["requestContext"]["requestId"] for record in records}) == 1


# Time


@pytest.mark.parametrize("checked", [True, False])
def test_age_checked_on_retry(assuming: Assuming, checked: bool) -> None:
    service = assuming(age_checked_on_retry=checked)
    dead, main = service.queue(), service.function(FAILS)
    put_config(service.fc, main, on_failure=dead.arn, max_async_event_age_in_seconds=1, max_async_retry_attempts=3)
    invoke_async(service.fc, main)
    assert len(service.later(10, dead.take)) == (0 if checked else 1)


@pytest.mark.parametrize("counts", [False, True])
def test_age_counts_delay(assuming: Assuming, counts: bool) -> None:
    service = assuming(age_counts_delay=counts)
    good, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, on_success=good.arn, max_async_event_age_in_seconds=5)
    invoke_async(service.fc, main, common_headers={"x-fc-async-delay": "6"})
    assert len(service.later(6, good.take)) == (0 if counts else 1)


@pytest.mark.parametrize("seconds", [0, 1, 3600])
def test_function_error_retry_seconds(assuming: Assuming, seconds: int) -> None:
    service = assuming(function_error_retry_seconds=seconds)
    dead, main = service.queue(), service.function(FAILS)
    put_config(service.fc, main, on_failure=dead.arn, max_async_retry_attempts=1)
    invoke_async(service.fc, main)
    if seconds:
        assert service.later(seconds - 0.001, dead.take) == []
    assert len(service.later(0.001, dead.take)) == 1


@pytest.mark.parametrize(("cap", "attempts"), [("none", 7), (1, 61), (10, 10)])
def test_backoff_cap_seconds(assuming: Assuming, cap: str | int, attempts: int) -> None:
    service = assuming(backoff_cap_seconds=cap)
    main = service.function(ECHOES)
    limit(service, main, 0)
    invoke_async(service.fc, main)
    service.server.advance(60)
    (invocation,) = json.loads(request(service.server, "GET", "/_local/invocations")[2])
    assert (invocation["status"], len(invocation["attempts"])) == ("Retrying", attempts)
    assert {attempt["statusCode"] for attempt in invocation["attempts"]} == {429}


@pytest.mark.parametrize(("since", "status"), [("first_failure", "Retrying"), ("acceptance", "Failed")])
def test_five_hours_from(assuming: Assuming, since: str, status: str) -> None:
    service = assuming(five_hours_from=since, age_counts_delay=False)
    main = service.function(ECHOES)
    limit(service, main, 0)
    invoke_async(service.fc, main, common_headers={"x-fc-async-delay": "3600"})
    service.server.advance(3600 + 4 * 3600)
    (invocation,) = json.loads(request(service.server, "GET", "/_local/invocations")[2])
    assert invocation["status"] == status


# The wire


@pytest.mark.parametrize("is_base64", [False, True])
@pytest.mark.parametrize("by_topic", [False, True])
def test_mns_body_base64(assuming: Assuming, is_base64: bool, by_topic: bool) -> None:
    service = assuming(mns_body_base64=is_base64)
    good, main = service.queue(), service.function(ECHOES)
    mns(service, "PUT", "/topics/t")
    simplified = "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>"
    subscribe(service, f"acs:mns:::queues/{good.queue.queue_name}", simplified)
    put_config(service.fc, main, on_success="acs:mns:::/topics/t/messages" if by_topic else good.arn)
    invoke_async(service.fc, main, b"x" * 20_000)
    (body,) = service.later(0, good.bodies)
    text = base64.b64decode(body, validate=True).decode() if is_base64 else body
    assert json.loads(text)["requestPayload"] == "x" * 20_000


@pytest.mark.parametrize("passes", [False, True])
def test_untagged_passes_filter(assuming: Assuming, passes: bool) -> None:
    service = assuming(untagged_passes_filter=passes)
    dead, main = service.queue(), service.function(FAILS)
    mns(service, "PUT", "/topics/t")
    subscribe(service, f"acs:mns:::queues/{dead.queue.queue_name}", "<FilterTag>red</FilterTag>")
    put_config(service.fc, main, on_failure="acs:mns:::/topics/t/messages", max_async_retry_attempts=0)
    invoke_async(service.fc, main)
    assert len(service.later(0, dead.bodies)) == passes


@pytest.mark.parametrize("kind", ["application/json", "text/xml", "text/plain"])
def test_json_push_content_type(assuming: Assuming, kind: str) -> None:
    service = assuming(json_push_content_type=kind)
    mns(service, "PUT", "/topics/t")
    with Peer() as peer:
        subscribe(service, peer.url, "<NotifyContentFormat>JSON</NotifyContentFormat>")
        mns(service, "POST", "/topics/t/messages", "<Message><MessageBody>x</MessageBody></Message>")
        service.server.advance(0)
        (received,) = peer.requests
    assert received.headers["content-type"] == f"{kind};charset=utf-8"


@pytest.mark.parametrize("has_qualifier", [False, True])
def test_record_arn_has_qualifier(assuming: Assuming, has_qualifier: bool) -> None:
    service = assuming(record_arn_has_qualifier=has_qualifier)
    good, main = service.queue(), service.function(ECHOES)
    create_alias(service.fc, main, "prod")
    put_config(service.fc, main, "prod", on_success=good.arn)
    put_config(service.fc, main, on_success=good.arn)
    for qualifier in ("prod", None):
        invoke_async(service.fc, main, qualifier=qualifier)
        (record,) = service.later(0, good.take)
        suffix = "/prod" if has_qualifier and qualifier else ""
        assert record["requestContext"]["functionArn"] == service.arn(main) + suffix


@pytest.mark.parametrize(("treatment", "text"), [("replace", "\ufffdA"), ("base64", "/0E=")])
def test_non_utf8_payload(assuming: Assuming, treatment: str, text: str) -> None:
    service = assuming(non_utf8_payload=treatment)
    good, main = service.queue(), service.function(ECHOES)
    put_config(service.fc, main, on_success=good.arn)
    invoke_async(service.fc, main, b"\xffA")
    (record,) = service.later(0, good.take)
    assert (record["requestPayload"], record["responsePayload"]) == (text, text)


# Tasks


@pytest.mark.parametrize("treatment", ["ignored", "honoured", "rejected"])
def test_task_id_without_async_task(assuming: Assuming, treatment: str) -> None:
    service = assuming(task_id_without_async_task=treatment)
    main = service.function(ECHOES)

    def call() -> str:
        return str(invoke_async(service.fc, main, x_fc_async_task_id="mine").headers["x-fc-async-task-id"])

    if treatment == "rejected":
        assert refused(call) == (400, "InvalidArgument")
        assert invoke_async(service.fc, main).status_code == 202
    elif treatment == "honoured":
        assert call() == "mine"
        assert refused(call) == (409, "AsyncTaskAlreadyExists")
        assert get_task(service.fc, main, "mine").task_id == "mine"
    else:
        assert {call(), call()} & {"mine"} == set()
        assert invoke_async(service.fc, main, x_fc_async_task_id="-no id-").status_code == 202
        assert refused(lambda: get_task(service.fc, main, "mine")) == (404, "AsyncTaskNotFound")


@pytest.mark.parametrize("seconds", [0, 30])
def test_task_registration_delay_seconds(assuming: Assuming, seconds: int) -> None:
    service = assuming(task_registration_delay_seconds=seconds)
    main = service.function(ECHOES)
    put_config(service.fc, main, async_task=True)
    invoke_async(service.fc, main, x_fc_async_task_id="t")
    if seconds:
        service.server.advance(seconds - 1)
        assert refused(lambda: get_task(service.fc, main, "t")) == (404, "AsyncTaskNotFound")
        assert list_tasks(service.fc, main).tasks == []
    service.server.advance(1)
    assert get_task(service.fc, main, "t").status == "Succeeded"


@pytest.mark.parametrize("code", ["AsyncTaskAlreadyExists", "StatefulAsyncInvocationAlreadyExists"])
def test_duplicate_task_code(assuming: Assuming, code: str) -> None:
    service = assuming(duplicate_task_code=code)
    main = service.function(ECHOES)
    put_config(service.fc, main, async_task=True)
    invoke_async(service.fc, main, x_fc_async_task_id="t")
    assert refused(lambda: invoke_async(service.fc, main, x_fc_async_task_id="t")) == (409, code)


@pytest.mark.parametrize("depth", [1, 3])
def test_chain_depth(assuming: Assuming, depth: int, caplog: pytest.LogCaptureFixture) -> None:
    service = assuming(chain_depth=depth)
    main = service.function("def handler(event, context):\n    return 'x'\n")
    put_config(service.fc, main, on_success=service.arn(main))
    invoke_async(service.fc, main)
    service.server.advance(60)
    invocations = json.loads(request(service.server, "GET", "/_local/invocations")[2])
    assert len(invocations) == 1 + depth
    assert [invocation["deliveries"][0]["status"] for invocation in invocations] == ["lost"] + ["delivered"] * depth
    assert f"the chain of destinations that led here is {depth} deep" in caplog.text


# What a function needs, and what its handler is given


def lost_or_not(service: LocalService, arn: str, **fields: str) -> tuple[str, str | None, int]:
    """What becomes of a record: status and reason, and the count of the lost."""
    main = service.function(ECHOES, **fields)
    put_config(service.fc, main, on_success=arn)
    invoke_async(service.fc, main)
    service.server.advance(0)
    (invocation,) = json.loads(request(service.server, "GET", "/_local/invocations")[2])
    (delivery,) = invocation["deliveries"]
    metrics = json.loads(request(service.server, "GET", "/_local/health")[2])["metrics"]
    return delivery["status"], delivery.get("reason"), metrics["FunctionDestinationErrors"]


@pytest.mark.parametrize("needs", [False, True])
def test_destination_needs_role(assuming: Assuming, needs: bool, caplog: pytest.LogCaptureFixture) -> None:
    service = assuming(destination_needs_role=needs)
    status, reason, lost = lost_or_not(service, service.queue().arn)
    assert (status, lost) == (("lost", 1) if needs else ("delivered", 0))
    assert (reason is not None) == needs
    assert "the function has no role" in caplog.text
    put_config(service.fc, "function-2", on_success="acs:mns:::/queues/queue-1/messages", max_async_retry_attempts=0)
    put_config(service.fc, "function-2", on_success="acs:mns:::/queues/queue-1/messages", max_async_retry_attempts=1)
    warned = [record for record in caplog.records if "has no role" in record.message and "config" not in record.message]
    assert len([record for record in warned if record.message.startswith("function ")]) == 2  # one for each destination


@pytest.mark.parametrize("needs", [False, True])
def test_a_role_is_enough(assuming: Assuming, needs: bool, caplog: pytest.LogCaptureFixture) -> None:
    service = assuming(destination_needs_role=needs)
    assert lost_or_not(service, service.queue().arn, role="acs:ram::1:role/r") == ("delivered", None, 0)
    assert "role" not in caplog.text


def test_the_role_that_counts_is_that_of_the_version_that_was_invoked(assuming: Assuming) -> None:
    service = assuming(destination_needs_role=True)
    arn = service.queue().arn
    main = service.function(ECHOES)
    publish(service.fc, main)
    change = models.UpdateFunctionRequest(body=models.UpdateFunctionInput(role="acs:ram::1:role/r"))
    service.fc.update_function(main, change)
    for qualifier in ("1", "LATEST"):
        put_config(service.fc, main, qualifier, on_success=arn)
        invoke_async(service.fc, main, qualifier=qualifier)
    service.server.advance(0)
    invocations = json.loads(request(service.server, "GET", "/_local/invocations")[2])
    assert {one["qualifier"]: one["deliveries"][0]["status"] for one in invocations} == {
        "1": "lost",
        "LATEST": "delivered",
    }


@pytest.mark.parametrize("is_lost", [False, True])
@pytest.mark.parametrize("place", ["cn-beijing:1234567890123456", "cn-hangzhou:1", ":1"])
def test_destination_crosses_region(
    assuming: Assuming, is_lost: bool, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    service = assuming(destination_crosses_region=is_lost)
    name = service.queue().arn.split("/")[2]
    role = "acs:ram::1:role/r"
    status, reason, lost = lost_or_not(service, f"acs:mns:{place}:/queues/{name}/messages", role=role)
    assert (status, lost) == (("lost", 1) if is_lost else ("delivered", 0))
    assert (reason is not None and "destination_crosses_region" in reason) == is_lost
    assert "the cloud does not deliver across" in caplog.text


@pytest.mark.parametrize("is_read", [True, False])
def test_put_keys_ignore_case(assuming: Assuming, is_read: bool, caplog: pytest.LogCaptureFixture) -> None:
    service = assuming(put_keys_ignore_case=is_read)
    main = service.function(ECHOES)
    dead = "acs:mns:::/queues/dead/messages"
    body = {"DestinationConfig": {"OnFailure": {"Destination": dead}}, "MaxAsyncRetryAttempts": 5, "asynctask": True}
    assert put_raw(service, main, json.dumps({"maxAsyncRetryAttempts": 1, **body}))[0] == 200
    assert put_raw(service, main, json.dumps({"Unknown": {"X": 1}}))[0] == 200
    config = get_config(service.fc, main)
    assert config.max_async_retry_attempts == 1
    assert config.async_task is (True if is_read else None)
    found = config.destination_config and config.destination_config.on_failure.destination
    assert found == (dead if is_read else None)
    assert caplog.text.count("put_keys_ignore_case") == 1


@pytest.mark.parametrize(("context", "has_all"), [("runtime", False), ("union", True)])
def test_context(assuming: Assuming, context: str, has_all: bool) -> None:
    service = assuming(context=context)
    has = "[hasattr(context, name) for name in ('credentials', 'service', 'tracing', 'getLogger', 'log_store')]"
    source = f"def handler(event, context):\n    return {has} + [getattr(context, 'logger', None) is not None]\n"
    for runtime, own in (("python3.12", [False] * 3 + [True] * 2), ("python3.10", [True] * 3 + [False] * 2)):
        main = service.function(source, runtime=runtime)
        seen = json.loads(invoke(service.fc, main).body.read())
        assert seen == ([True] * 6 if has_all else [*own, False])


# The table itself


def test_alias_update_needs_change(assuming: Callable[..., LocalService]) -> None:
    body = models.UpdateAliasInput(version_id="LATEST")
    for needs in (False, True):
        service = assuming(alias_update_needs_change=needs)
        main = service.function("def handler(event, context): pass")
        create_alias(service.fc, main, "prod")

        def update(fc: Client = service.fc, main: str = main) -> object:
            return fc.update_alias(main, "prod", models.UpdateAliasRequest(body=body)).status_code

        if needs:
            assert refused(update) == (400, "InvalidArgument")
        else:
            assert update() == 200


def test_every_assumption_is_varied_here() -> None:
    named = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {assumption.name for assumption in limits.ASSUMPTIONS} <= named


def test_an_assumption_that_there_is_not_stops_the_service() -> None:
    with pytest.raises(ArgumentError, match=r"no assumption 'x'; the names are put_merges, "):
        LocalServer(assume={"x": True})
    with pytest.raises(ArgumentError, match=r"put_merges is true\|false, got 'maybe'"):
        LocalServer(assume={"put_merges": "maybe"})
