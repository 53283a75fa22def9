"""The public API as users type it; mypy --strict reads this file, nothing runs it."""

from __future__ import annotations

from datetime import datetime

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
    parse_record,
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
