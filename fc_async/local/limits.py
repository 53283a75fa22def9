"""Every number and assumption of the local service's Function Compute half, as data.

Each line: name, value, and where it comes from; `assumed` where no source was found, so that the service itself may
differ. Sources named "limits page" and the like are pages of https://www.alibabacloud.com/help/en/functioncompute/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Rule:
    """One number or behaviour of the service.

    Args:
        name: what the code calls it.
        value: what the local service does.
        source: document, SDK file, or `assumed` and why this value was taken.
    """

    name: str
    value: Any
    source: str


REGION: Final = "cn-hangzhou"
ACCOUNT_ID: Final = "1234567890123456"

ASYNC_PAYLOAD_BYTES: Final = 131072
SYNC_PAYLOAD_BYTES: Final = 32 * 1024 * 1024
CONTROL_BODY_BYTES: Final = 70 * 1024 * 1024
CONFIG_BODY_BYTES: Final = 1024 * 1024
JSON_VALUES: Final = 100_000
UNPACKED_CODE_BYTES: Final = 500 * 1024 * 1024
CODE_ENTRIES: Final = 100_000

MAX_DELAY_SECONDS: Final = 3600
FUNCTION_RECORD_BYTES: Final = 131072

MAX_RETRY_ATTEMPTS: Final = 8
DEFAULT_RETRY_ATTEMPTS: Final = 3
MAX_EVENT_AGE_SECONDS: Final = 604800
DEFAULT_EVENT_AGE_SECONDS: Final = 86400
MAX_DESTINATION_CHARACTERS: Final = 512
FUNCTION_ERROR_RETRY_MS: Final = 1000
SYSTEM_ERROR_FIRST_RETRY_MS: Final = 500
SYSTEM_ERROR_RETRY_WINDOW_MS: Final = 5 * 3600 * 1000

FUNCTION_NAME_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
TASK_ID_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,127}"
DEFAULT_TIMEOUT_SECONDS: Final = 3
MAX_TIMEOUT_SECONDS: Final = 86400
DEFAULT_MEMORY_MB: Final = 512
MIN_MEMORY_MB: Final = 128
MAX_MEMORY_MB: Final = 32768
MAX_TEXT_CHARACTERS: Final = 256
DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 100

CREATED_QUEUE_RETENTION_SECONDS: Final = 604800
CREATED_QUEUE_MESSAGE_BYTES: Final = 65536

RULES: Final = (
    Rule("async_payload_bytes", ASYNC_PAYLOAD_BYTES, "limits page: 128 KB; that this means 131072 is assumed"),
    Rule("sync_payload_bytes", SYNC_PAYLOAD_BYTES, "limits page: 32 MB"),
    Rule("control_body_bytes", CONTROL_BODY_BYTES, "assumed: a 50 MB code package in base64"),
    Rule("config_body_bytes", CONFIG_BODY_BYTES, "assumed"),
    Rule("json_values", JSON_VALUES, "ours: bounds what a body can cost"),
    Rule("max_delay_seconds", MAX_DELAY_SECONDS, "FC 2.0 documents [0, 3600], FC 3.0 (0, 3600)"),
    Rule("unpacked_code_bytes", UNPACKED_CODE_BYTES, "assumed"),
    Rule("code_entries", CODE_ENTRIES, "assumed"),
    Rule("function_record_bytes", FUNCTION_RECORD_BYTES, "result-callback: Function Compute 128 KB"),
    Rule("max_retry_attempts", MAX_RETRY_ATTEMPTS, "API 2023-03-30 PutAsyncInvokeConfigInput: 0 to 8"),
    Rule("default_retry_attempts", DEFAULT_RETRY_ATTEMPTS, "API 2023-03-30 PutAsyncInvokeConfigInput"),
    Rule("max_event_age_seconds", MAX_EVENT_AGE_SECONDS, "API 2023-03-30 PutAsyncInvokeConfigInput: 1 to 604800"),
    Rule("default_event_age_seconds", DEFAULT_EVENT_AGE_SECONDS, "API 2023-03-30 PutAsyncInvokeConfigInput"),
    Rule("max_destination_characters", MAX_DESTINATION_CHARACTERS, "OpenAPI metadata of 2023-03-30"),
    Rule("function_error_retry_ms", FUNCTION_ERROR_RETRY_MS, "assumed: the interval is not documented"),
    Rule("system_error_first_retry_ms", SYSTEM_ERROR_FIRST_RETRY_MS, "retry-policy: 0.5 s, then doubled each time"),
    Rule("system_error_retry_window_ms", SYSTEM_ERROR_RETRY_WINDOW_MS, "retry-policy: up to 5 hours"),
    Rule("five_hours_from", "first_failure", "assumed"),
    Rule("age_checked_on_retry", True, "assumed: the age is checked each time an invocation is dequeued"),
    Rule("age_counts_delay", False, "assumed"),
    Rule("expired_fires_on_failure", False, "assumed: an expired event is dropped, and no page names a record for it"),
    Rule("settings_read_at", "use", "assumed: a config that is put applies to invocations that already wait"),
    Rule("record_timestamp", "acceptance", "assumed: result-callback says 'invocation timestamp'"),
    Rule("record_arn_has_qualifier", False, "assumed: seen without for LATEST, unknown for versions and aliases"),
    Rule("non_utf8_payload", "replace", "assumed: a record holds payloads as JSON strings"),
    Rule("mns_body_base64", False, "assumed: samples show the body as plain JSON"),
    Rule("put_merges", True, "putfunctionasyncinvokeconfig (FC 2.0); assumed for FC 3.0"),
    Rule("put_merges_inside_destination", False, "assumed: destinationConfig is replaced as a whole"),
    Rule("put_null_is_unset", True, "assumed: a null key is as if it were not there"),
    Rule("empty_destination_config_clears", True, "assumed"),
    Rule("empty_destination_refused", True, "terraform-provider-alicloud#10031; assumed also for destination ''"),
    Rule("put_checks_function", True, "assumed: a config for a function that does not exist is refused"),
    Rule("put_checks_destination", False, "fc-python-sdk tests put destinations that were never made (FC 2.0)"),
    Rule("delete_function_deletes_configs", True, "assumed"),
    Rule("function_name_pattern", FUNCTION_NAME_PATTERN, "assumed"),
    Rule("task_id_pattern", TASK_ID_PATTERN, "SDK docstring of x-fc-async-task-id, in prose"),
    Rule("task_id_without_async_task", "ignored", "assumed"),
    Rule("default_timeout_seconds", DEFAULT_TIMEOUT_SECONDS, "API 2023-03-30 CreateFunctionInput: 3 s"),
    Rule("max_timeout_seconds", MAX_TIMEOUT_SECONDS, "API 2023-03-30 CreateFunctionInput: 86400 s"),
    Rule("default_memory_mb", DEFAULT_MEMORY_MB, "assumed"),
    Rule("memory_mb", (MIN_MEMORY_MB, MAX_MEMORY_MB), "SDK docstring of CreateFunctionInput: 128 MB to 32 GB"),
    Rule("max_text_characters", MAX_TEXT_CHARACTERS, "assumed: longest runtime and handler"),
    Rule("page_size", (DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE), "assumed: 20 and 100 as in FC 2.0"),
    Rule("handler_none_is", "null", "assumed: a handler's return value that is neither bytes nor text is sent as JSON"),
    Rule("created_queue_retention_seconds", CREATED_QUEUE_RETENTION_SECONDS, "ours: dead letters stay seven days"),
    Rule("created_queue_message_bytes", CREATED_QUEUE_MESSAGE_BYTES, "ours: the largest that MNS takes"),
)
"""All of it, for whoever wants to read or print it."""
