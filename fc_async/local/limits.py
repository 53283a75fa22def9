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


@dataclass(frozen=True)
class Choice:
    """An assumption that is one of a few values.

    Args:
        name: how `--assume` calls it.
        values: all of them, the default first.
        why: why this default was taken.
    """

    name: str
    values: tuple[bool | str, ...]
    why: str

    @property
    def default(self) -> bool | str:
        """The first value."""
        return self.values[0]


@dataclass(frozen=True)
class WholeNumber:
    """An assumption that is a whole number.

    Args:
        name: how `--assume` calls it.
        default: the value that is taken; None, written `none`: no number.
        low: least value.
        high: greatest value.
        why: why this default was taken.
    """

    name: str
    default: int | None
    low: int
    high: int
    why: str


@dataclass(frozen=True)
class Text:
    """An assumption that is any text of 1 to 128 characters.

    Args:
        name: how `--assume` calls it.
        default: the text that is taken.
        why: why this default was taken.
    """

    name: str
    default: str
    why: str


REGION: Final = "cn-hangzhou"
ACCOUNT_ID: Final = "1234567890123456"

ASYNC_PAYLOAD_BYTES: Final = 131072
SYNC_PAYLOAD_BYTES: Final = 32 * 1024 * 1024
SYNC_RESPONSE_BYTES: Final = 32 * 1024 * 1024
CONTROL_BODY_BYTES: Final = 70 * 1024 * 1024
CONFIG_BODY_BYTES: Final = 1024 * 1024
JSON_VALUES: Final = 100_000
UNPACKED_CODE_BYTES: Final = 500 * 1024 * 1024
CODE_ENTRIES: Final = 100_000

MAX_DELAY_SECONDS: Final = 3600
FUNCTION_RECORD_BYTES: Final = 131072
EVENTBRIDGE_RECORD_BYTES: Final = 65536
ROCKETMQ_RECORD_BYTES: Final = 4 * 1024 * 1024
DELIVERY_RETRY_MS: Final = (500, 1000, 2000)

MAX_RETRY_ATTEMPTS: Final = 8
DEFAULT_RETRY_ATTEMPTS: Final = 3
MAX_EVENT_AGE_SECONDS: Final = 604800
DEFAULT_EVENT_AGE_SECONDS: Final = 86400
MAX_DESTINATION_CHARACTERS: Final = 512
SYSTEM_ERROR_FIRST_RETRY_MS: Final = 500
SYSTEM_ERROR_RETRY_WINDOW_MS: Final = 5 * 3600 * 1000
THROTTLED_RECORD_CONDITION: Final = "FunctionResourceExhausted"
THROTTLED_RECORD_STATUS: Final = 200
SYSTEM_ERROR_RECORD_ERROR: Final = ""

FUNCTION_NAME_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,63}"
TASK_ID_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,127}"
ALIAS_NAME_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_-]{0,127}"
TASK_HISTORY_MS: Final = 7 * 86400 * 1000
TASK_HISTORY_TASKS: Final = 100_000
HISTORY_INVOCATIONS: Final = 10_000
HISTORY_BYTES: Final = 64 * 1024 * 1024
MAX_INSTANCES: Final = 1_000_000
CLOCK_SKEW_MS: Final = 15 * 60 * 1000
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
    Rule("sync_response_bytes", SYNC_RESPONSE_BYTES, "assumed: as large as a request; beyond it, an invocation error"),
    Rule("control_body_bytes", CONTROL_BODY_BYTES, "assumed: a 50 MB code package in base64"),
    Rule("config_body_bytes", CONFIG_BODY_BYTES, "assumed"),
    Rule("json_values", JSON_VALUES, "ours: bounds what a body can cost"),
    Rule("max_delay_seconds", MAX_DELAY_SECONDS, "FC 2.0 documents [0, 3600], FC 3.0 (0, 3600)"),
    Rule("unpacked_code_bytes", UNPACKED_CODE_BYTES, "assumed"),
    Rule("code_entries", CODE_ENTRIES, "assumed"),
    Rule("function_record_bytes", FUNCTION_RECORD_BYTES, "result-callback: Function Compute 128 KB"),
    Rule("eventbridge_record_bytes", EVENTBRIDGE_RECORD_BYTES, "result-callback: EventBridge 64 KB"),
    Rule("rocketmq_record_bytes", ROCKETMQ_RECORD_BYTES, "result-callback: RocketMQ 4 MB"),
    Rule("delivery_retry_ms", DELIVERY_RETRY_MS, "assumed: that and how a delivery is repeated is not documented"),
    Rule("max_retry_attempts", MAX_RETRY_ATTEMPTS, "API 2023-03-30 PutAsyncInvokeConfigInput: 0 to 8"),
    Rule("default_retry_attempts", DEFAULT_RETRY_ATTEMPTS, "API 2023-03-30 PutAsyncInvokeConfigInput"),
    Rule("max_event_age_seconds", MAX_EVENT_AGE_SECONDS, "API 2023-03-30 PutAsyncInvokeConfigInput: 1 to 604800"),
    Rule("default_event_age_seconds", DEFAULT_EVENT_AGE_SECONDS, "API 2023-03-30 PutAsyncInvokeConfigInput"),
    Rule("max_destination_characters", MAX_DESTINATION_CHARACTERS, "OpenAPI metadata of 2023-03-30"),
    Rule("system_error_first_retry_ms", SYSTEM_ERROR_FIRST_RETRY_MS, "retry-policy: 0.5 s, then doubled each time"),
    Rule("system_error_retry_window_ms", SYSTEM_ERROR_RETRY_WINDOW_MS, "retry-policy: up to 5 hours"),
    Rule(
        "throttled_attempt_counts",
        True,
        "assumed: result-callback's sample has FunctionResourceExhausted and a count of 3",
    ),
    Rule(
        "throttled_record_condition",
        THROTTLED_RECORD_CONDITION,
        "result-callback's sample; assumed: that it is one of 5 hours of throttling",
    ),
    Rule("throttled_record_status", THROTTLED_RECORD_STATUS, "assumed: as in result-callback's sample"),
    Rule(
        "system_error_record_error",
        SYSTEM_ERROR_RECORD_ERROR,
        "assumed: functionError, also after throttling, as in result-callback's sample",
    ),
    Rule("system_error_record_condition", "InternalServerError", "assumed: the error code of the last answer"),
    Rule("system_error_record_status", 500, "result-callback: not 200 for a system error; assumed: that of the answer"),
    Rule("expired_condition", "AsyncEventExpired", "assumed, as is that functionError says the same"),
    Rule("deleted_while_waiting", "Invalid", "assumed: so ends what waits for a function or qualifier that is deleted"),
    Rule("settings_read_at", "use", "assumed: a config that is put applies to invocations that already wait"),
    Rule("record_timestamp", "acceptance", "assumed: result-callback says 'invocation timestamp'"),
    Rule("put_null_is_unset", True, "assumed: a null key is as if it were not there"),
    Rule("put_checks_function", True, "assumed: a config for a function that does not exist is refused"),
    Rule("put_checks_destination", False, "fc-python-sdk tests put destinations that were never made (FC 2.0)"),
    Rule("delete_function_deletes_configs", True, "assumed"),
    Rule("function_name_pattern", FUNCTION_NAME_PATTERN, "assumed"),
    Rule("task_id_pattern", TASK_ID_PATTERN, "SDK docstring of x-fc-async-task-id, in prose"),
    Rule(
        "task_belongs_to_qualifier",
        True,
        "assumed: a task is found under the qualifier that was invoked, and only there",
    ),
    Rule("task_started_time", "acceptance", "assumed: SDK says start time of the task"),
    Rule("task_history_ms", TASK_HISTORY_MS, "overview-25: only task status within 7 days can be queried"),
    Rule("task_history_tasks", TASK_HISTORY_TASKS, "ours: bounds how many ended tasks are known"),
    Rule(
        "task_payload_until",
        "history",
        "ours: a task that ended is known without its payload once history_invocations or history_bytes are over",
    ),
    Rule(
        "task_completed_code",
        "AsyncTaskAlreadyCompleted",
        "assumed: FC 2.0 has StatefulAsyncInvocationAlreadyCompleted",
    ),
    Rule("task_order", "desc", "assumed: newest first"),
    Rule("task_end_time_before_the_end", 0, "observed in FC 2.0"),
    Rule("alias_name_pattern", ALIAS_NAME_PATTERN, "assumed"),
    Rule("alias_of_latest", True, "assumed: an alias may point to LATEST"),
    Rule("version_used_by_alias_is_kept", True, "assumed: 400 InvalidArgument"),
    Rule("delete_function_deletes_versions_and_aliases", True, "assumed"),
    Rule("history_invocations", HISTORY_INVOCATIONS, "ours: ended invocations that /_local/invocations shows"),
    Rule("history_bytes", HISTORY_BYTES, "ours: bounds what the history holds"),
    Rule("clock_skew_ms", CLOCK_SKEW_MS, "assumed for Function Compute; MNS documents 15 minutes"),
    Rule("clock_skew_code", "AccessDenied", "assumed; status and words: funcraft#983"),
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

ASSUMPTIONS: Final[tuple[Choice | WholeNumber | Text, ...]] = (
    Choice("put_merges", (True, False), "documented for FC 2.0 (putfunctionasyncinvokeconfig), for FC 3.0 nowhere"),
    Choice("put_merges_inside_destination", (False, True), "no source; destinationConfig is replaced as a whole"),
    Choice(
        "empty_destination_config_clears", (True, False), "no source; destinationConfig {} is accepted (devsapp/fc)"
    ),
    Choice(
        "empty_destination_refused",
        (True, False),
        'onSuccess {} is refused (terraform-provider-alicloud#10031); for destination "" sources disagree',
    ),
    Choice("expired_fires_on_failure", (False, True), "retry-policy says dropped; no page names a record for it"),
    Choice("stopped_fires_on_failure", (True, False), "best-practices-for-asynchronous-tasks: fails or is stopped"),
    Choice(
        "stopped_condition", ("AsyncInvocationStopped", ""), "the one record seen (FC 2.0) has ''; the code is FC's"
    ),
    Choice(
        "failure_record_per_attempt",
        (False, True),
        "result-callback: after the retries; serverless-cd guards against one for each failed execution",
    ),
    Choice("age_checked_on_retry", (True, False), "no source; retry-policy speaks of the time until it is dequeued"),
    Choice("age_counts_delay", (False, True), "no source; a delay that was asked for is no backlog"),
    WholeNumber("function_error_retry_seconds", 1, 0, 3600, "no source names the time between retries"),
    WholeNumber("backoff_cap_seconds", None, 1, 18_000, "no source names a cap of the doubling"),
    Choice("five_hours_from", ("first_failure", "acceptance"), "retry-policy: up to 5 hours, without a beginning"),
    Choice("mns_body_base64", (False, True), "samples show the body as plain JSON; the wire was not seen"),
    Choice("record_arn_has_qualifier", (False, True), "seen without for LATEST; for versions and aliases unknown"),
    Choice("non_utf8_payload", ("replace", "base64"), "no source; a record holds payloads as JSON strings"),
    Choice(
        "task_id_without_async_task",
        ("ignored", "honoured", "rejected"),
        "the SDK says only: enable asynchronous tasks beforehand",
    ),
    WholeNumber("task_registration_delay_seconds", 0, 0, 3600, "GET may answer 404 for a short time after the 202"),
    Text(
        "duplicate_task_code", "AsyncTaskAlreadyExists", "FC 2.0 has StatefulAsyncInvocationAlreadyExists; 409 is FC's"
    ),
    WholeNumber("chain_depth", 16, 1, 1000, "ours: the service is not known to stop a chain that calls itself"),
)
"""What the service is not known to do in one way or the other, and what a client could get wrong: the default first."""
