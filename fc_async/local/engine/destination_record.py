"""The JSON object that a destination receives when an async invocation has ended."""

from __future__ import annotations

import base64
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
    condition: str,
    error: str,
    response_payload: bytes,
    non_utf8_payload: str = "replace",
) -> dict[str, Any]:
    """Return the record, its fields in the order in which the service writes them.

    Args:
        timestamp_ms: when the invocation was accepted, in milliseconds since 1970.
        request_id: id of the invocation.
        function_arn: the function.
        invoke_count: how often the handler was started; 1 without a retry.
        request_payload: the event.
        status_code: 200, also for a handler that failed; anything else is a system error.
        condition: error code of the invocation, "" on success.
        error: error type of a failure, "" on success.
        response_payload: what the handler returned, or its error JSON.
        non_utf8_payload: what becomes of bytes that are no UTF-8: `replace` puts U+FFFD in their place, `base64`
            encodes the whole payload (assumption of that name).

    Source: https://www.alibabacloud.com/help/en/fc/user-guide/result-callback and the record shown in
    awesome-fc/async-invocation-dlq.
    """
    return {
        "timestamp": timestamp_ms,
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": invoke_count,
        },
        "requestPayload": _text(request_payload, non_utf8_payload),
        "responseContext": {"statusCode": status_code, "functionError": error},
        "responsePayload": _text(response_payload, non_utf8_payload),
    }


def _text(payload: bytes, non_utf8_payload: str) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        if non_utf8_payload == "base64":
            return base64.b64encode(payload).decode()
        return payload.decode("utf-8", "replace")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def record_bytes(record: dict[str, Any]) -> bytes:
    """Return a record as it goes over the wire: compact JSON in UTF-8; the sizes of the limits are those of it."""
    return _ENCODER.encode(record).encode()
