"""The JSON object that a destination receives when an async invocation has ended."""

from __future__ import annotations

import json
from typing import Any


def destination_record(
    *,
    timestamp_ms: int,
    request_id: str,
    function_arn: str,
    invoke_count: int,
    request_payload: bytes,
    status_code: int,
    error: str,
    response_payload: bytes,
) -> dict[str, Any]:
    """Return the record, its fields in the order in which the service writes them.

    Args:
        timestamp_ms: when the invocation was accepted, in milliseconds since 1970.
        request_id: id of the invocation.
        function_arn: the function, without a qualifier.
        invoke_count: how often the handler was started; 1 without a retry.
        request_payload: the event; bytes that are not UTF-8 are replaced (assumed).
        status_code: 200, also for a handler that failed; anything else is a system error.
        error: error type of a failure, "" on success; stands in both `condition` and `functionError`.
        response_payload: what the handler returned, or its error JSON.

    Source: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback and the record shown in
    awesome-fc/async-invocation-dlq.
    """
    return {
        "timestamp": timestamp_ms,
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": error,
            "approximateInvokeCount": invoke_count,
        },
        "requestPayload": request_payload.decode("utf-8", "replace"),
        "responseContext": {"statusCode": status_code, "functionError": error},
        "responsePayload": response_payload.decode("utf-8", "replace"),
    }


def record_bytes(record: dict[str, Any]) -> bytes:
    """Return a record as it goes over the wire: compact JSON in UTF-8; the sizes of the limits are those of it."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
