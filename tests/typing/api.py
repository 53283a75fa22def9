"""The public API as users type it; mypy --strict reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal, Optional, Union

from pydantic import BaseModel
from typing_extensions import assert_type

from fc_async import (
    Accepted,
    AsyncInvokeConfig,
    AsyncTask,
    DestinationConfig,
    FunctionArn,
    FunctionsClient,
    Invocation,
    InvocationRecord,
    InvokeFailed,
    InvokeResult,
    QueueClient,
    QueueMessage,
    RecordError,
    TopicClient,
    destination_handler,
    on_failure,
    on_success,
    parse_record,
    verify_notification,
)


def configure(client: FunctionsClient) -> AsyncInvokeConfig:
    wanted = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"),
        max_async_retry_attempts=0,
    )
    client.replace_config("main", wanted)
    return client.put_config("main", wanted, qualifier="prod")


def invoke(client: FunctionsClient) -> str:
    accepted: Accepted = client.invoke_async("main", {"order": 7})
    return accepted.request_id


def invoke_once(client: FunctionsClient, key: str) -> bool:
    accepted = client.invoke_async("main", b"x", task_id=key, deduplicated=True, delay_seconds=60)
    return accepted.repeated


def fan_out(client: FunctionsClient, keys: list[str]) -> list[InvokeFailed]:
    invocations = [Invocation({"key": key}, task_id=key) for key in keys]
    outcomes = client.invoke_many("main", invocations, concurrency=8, rate_per_second=50)
    return [one for one in outcomes if isinstance(one, InvokeFailed)]


def run(client: FunctionsClient) -> bytes:
    result: InvokeResult = client.invoke("main", {"order": 7}, timeout_seconds=30)
    return result.payload


def follow(client: FunctionsClient, task_id: str) -> tuple[str, int | None]:
    task: AsyncTask = client.wait_task("main", task_id, timeout_seconds=60)
    return task.status, task.duration_ms


def failed_since(client: FunctionsClient, since: datetime) -> list[str]:
    return [task.task_id for task in client.iter_tasks("main", status="Failed", started_time_begin=since)]


def consume(queue: QueueClient) -> list[InvocationRecord]:
    messages: list[QueueMessage] = queue.receive(16, wait_seconds=5)
    return [parse_record(message) for message in messages]


def look(record: InvocationRecord) -> tuple[str, FunctionArn, datetime | None, int | None]:
    return record.request_id, record.function, record.timestamp, record.status_code


class Order(BaseModel):
    id: int


def bodies(record: InvocationRecord) -> None:
    assert_type(record.request_as(Order), Order)
    assert_type(record.response_as(list[int]), list[int])
    # What is no class has no type for a checker (PEP 747), and is taken all the same.
    either: Order | None = record.request_as(Order | None)
    assert either is None or either.id
    assert_type(record.request_as(Optional[Order]), Any)  # noqa: UP045 - as users write it
    assert_type(record.request_as(Union[Order, int]), Any)
    assert_type(record.response_as(Literal["a", "b"]), Any)
    assert_type(record.response_as(Annotated[Order, "x"]), Any)


def answered(config: AsyncInvokeConfig) -> tuple[FunctionArn | None, datetime | None]:
    return config.function, config.created_time


@destination_handler
def plain(record: InvocationRecord, context: object) -> str:
    return record.request_id


@destination_handler()
def called(record: InvocationRecord, context: Any) -> int:
    return 1


@on_failure
def failures(record: InvocationRecord, context: Any) -> str:
    return record.request_id


@on_success(many=True)
def successes(records: list[InvocationRecord], context: Any) -> int:
    return len(records)


def rescue(error: RecordError, context: Any) -> bytes:
    return b""


@destination_handler(many=True, unreadable=rescue)
def rescued(records: list[InvocationRecord], context: Any) -> int:
    return len(records)


@on_failure(unreadable=rescue)
def rescued_failures(record: InvocationRecord, context: Any) -> int:
    return 1


assert_type(plain, Callable[[Any, Any], str])
assert_type(called, Callable[[Any, Any], int])
assert_type(failures, Callable[[Any, Any], str | None])
assert_type(successes, Callable[[Any, Any], int | None])
assert_type(rescued, Callable[[Any, Any], int | None])
assert_type(rescued_failures, Callable[[Any, Any], int | bytes | None])


@destination_handler  # type: ignore[arg-type]
def takes_a_dict(record: dict[str, Any], context: Any) -> None: ...


@on_failure  # type: ignore[arg-type]
def takes_no_context(record: InvocationRecord) -> None: ...


@destination_handler(many=True)  # type: ignore[arg-type]
def takes_one_of_many(record: InvocationRecord, context: Any) -> None: ...


@on_success()  # type: ignore[arg-type]
def takes_many_of_one(records: list[InvocationRecord], context: Any) -> None: ...


def frozen(record: InvocationRecord, arn: FunctionArn) -> None:
    record.request_id = "x"  # type: ignore[misc]
    arn.region = "x"  # type: ignore[misc]


def fan_out_failures(topic: TopicClient) -> list[str | None]:
    topic.create(maximum_message_size=65536, update=True)
    topic.subscribe("pager", queue="pager", content_format="XML", filter_tag="urgent")
    assert_type(topic.publish(b"x", tag="urgent"), str)
    return [one.endpoint for one in topic.iter_subscriptions()]


def notified(headers: dict[str, str], body: bytes, certificates: dict[str, str]) -> None:
    verify_notification("POST", "/notified", headers, body, certificates=certificates, max_age_seconds=60, now=0.0)
