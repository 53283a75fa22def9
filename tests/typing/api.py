"""The public API as users type it; mypy --strict reads this file, nothing runs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union

from alibabacloud_fc20230330.client import Client
from alibabacloud_fc20230330.models import Function, GetFunctionRequest
from pydantic import BaseModel
from typing_extensions import assert_type

from fc_async import (
    Accepted,
    AsyncInvokeConfig,
    AsyncTask,
    Consumer,
    ConsumerSummary,
    DeployedFunction,
    DestinationConfig,
    Finding,
    FunctionArn,
    FunctionsClient,
    Invocation,
    InvocationRecord,
    InvokeFailed,
    InvokeResult,
    Letter,
    LoggingObserver,
    MemoryDedupe,
    MnsAccount,
    QueueClient,
    QueueMessage,
    RecordError,
    Reject,
    Retry,
    SqliteDedupe,
    TopicClient,
    check,
    destination_handler,
    export,
    graph,
    on_failure,
    on_success,
    parse_record,
    read_document,
    verify_notification,
)


def configure(client: FunctionsClient) -> AsyncInvokeConfig:
    wanted = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"),
        max_async_retry_attempts=0,
    )
    client.replace_config("main", wanted)
    return client.put_config("main", wanted, qualifier="prod")


def age(client: FunctionsClient) -> None:
    AsyncInvokeConfig(max_async_event_age_in_seconds="6h")
    AsyncInvokeConfig(max_async_event_age_in_seconds=timedelta(hours=6))
    AsyncInvokeConfig(max_async_retry_atempts=1)  # type: ignore[call-arg]
    DestinationConfig(on_falure="queue:dead")  # type: ignore[call-arg]


def official(client: FunctionsClient) -> str | None:
    assert_type(client.sdk, Client)
    found = client.get_function("main", qualifier="prod")
    assert_type(found, Function)
    assert_type(client.sdk.get_function("main", GetFunctionRequest()).body, Function | None)
    return found.role


def deploy(client: FunctionsClient) -> tuple[str, bool, str | None]:
    done = client.deploy_function(
        "main", Path("code"), runtime="python3.10", handler="index.handler", environment={"A": "1"}, publish=True
    )
    assert_type(done, DeployedFunction)
    client.deploy_function("main", "code")  # type: ignore[call-arg]
    return done.function_arn, done.created, done.version


def queue_of(queue: QueueClient) -> None:
    queue.create(message_retention_period=timedelta(days=7), maximum_message_size=65536, update=True)
    queue.create(mesage_retention_period=60)  # type: ignore[arg-type]
    queue.create(visibility_timeout="60")  # type: ignore[arg-type]
    queue.remove()


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


# A `def` without annotations is Any to a checker, whatever decorates it; a lambda takes its types from the decorator.
@on_failure
def untyped(record, context):  # type: ignore[no-untyped-def]
    return record.request_id


by_lambda = on_failure(lambda record, context: record.request_id)
by_called_lambda = on_failure()(lambda record, context: assert_type(record, InvocationRecord).request_id)
many_by_lambda = on_success(many=True)(lambda records, context: assert_type(records, list[InvocationRecord])[0])

assert_type(untyped, Callable[[Any, Any], Any | None])
assert_type(by_lambda, Callable[[Any, Any], str | None])
assert_type(by_called_lambda, Callable[[Any, Any], str | None])
assert_type(many_by_lambda, Callable[[Any, Any], InvocationRecord | None])
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


def consume_for_years(queue: QueueClient) -> None:
    def handle(letter: Letter) -> None:
        if letter.record is None:
            raise Reject("no record")
        raise Retry(after_seconds=timedelta(minutes=1))

    consumer = Consumer(
        queue,
        handle,
        concurrency=4,
        max_receives=5,
        on_exhausted=lambda letter: letter.message.message_id,
        on_reject=lambda letter, error: (letter.problem, str(error)),
        handler_timeout_seconds=timedelta(minutes=1),
        missing="raise",
        dedupe=MemoryDedupe(1000),
        observer=LoggingObserver(),
    )
    assert_type(consumer.run(max_messages=1, idle_timeout_seconds=0.5), ConsumerSummary)
    assert_type(consumer.run_for(timedelta(seconds=50)).first_unreadable_expires, datetime | None)
    assert_type(consumer.run_for(50, idle_timeout_seconds=5), ConsumerSummary)
    for letter in Consumer("dead", endpoint="http://127.0.0.1:9700", dedupe=SqliteDedupe(Path("done.sqlite"))):
        assert_type(letter, Letter)
    Consumer("dead", concurrency="4")  # type: ignore[arg-type]
    Consumer("dead", missing="no")  # type: ignore[arg-type]
    Consumer("dead", end_point="x")  # type: ignore[call-arg]


def look_at_a_fleet(functions: FunctionsClient, mns: MnsAccount) -> None:
    document = read_document("fc-async.yaml")
    assert_type(check(document), list[Finding])
    assert_type(check(document, functions, mns), list[Finding])
    assert_type(export(functions, mns, ["orders"]), str)
    assert_type(graph(document, format="dot"), str)


async def consume_in_asyncio(queue: QueueClient) -> None:
    async def handle(letter: Letter) -> None:
        assert_type(letter.record, InvocationRecord | None)

    assert_type(await Consumer(queue, handle).run_async(deadline_seconds=5), ConsumerSummary)
    async for letter in Consumer(queue):
        assert_type(letter, Letter)
