"""The public API as users type it; mypy --strict reads this file, nothing runs it."""

from __future__ import annotations

from datetime import datetime

from fc_async import (
    Accepted,
    AsyncInvokeConfig,
    DestinationConfig,
    FunctionArn,
    FunctionsClient,
    InvocationRecord,
    QueueClient,
    QueueMessage,
    parse_record,
)


def configure(client: FunctionsClient) -> AsyncInvokeConfig:
    wanted = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead"),
        max_async_retry_attempts=0,
    )
    return client.put_config("main", wanted, qualifier="prod")


def invoke(client: FunctionsClient) -> str:
    accepted: Accepted = client.invoke_async("main", {"order": 7})
    return accepted.request_id


def consume(queue: QueueClient) -> list[InvocationRecord]:
    messages: list[QueueMessage] = queue.receive(16, wait_seconds=5)
    return [parse_record(message) for message in messages]


def look(record: InvocationRecord) -> tuple[str, FunctionArn, datetime | None, int | None]:
    return record.request_id, record.function, record.timestamp, record.status_code
