"""Every number and behaviour of the local service, as data: the one place that lists all of them.

Each line: name, value, and where it comes from; `assumed` where no source was found, so that the service itself may
differ. Where a line makes a constant, the code uses that constant; where it makes none, it says how something is done,
and a test observes it. Sources named "limits page" and the like are pages of
https://www.alibabacloud.com/help/en/functioncompute/; those of MNS, unless a line says otherwise, are
https://www.alibabacloud.com/help/en/mns/product-overview/limits and the pages of the single operations
(API 2015-06-06). What can be set with `--assume` stands in `assumptions.py`.
"""

from __future__ import annotations

from typing import Final

from .assumptions import ASSUMPTIONS as ASSUMPTIONS
from .rule import Rules

REGION: Final = "cn-hangzhou"
ACCOUNT_ID: Final = "1234567890123456"

_rules = Rules()
_value, _behaviour = _rules.value, _rules.behaviour

# Function Compute: sizes

ASYNC_PAYLOAD_BYTES: Final = _value(
    "async_payload_bytes", 131072, "limits page: 128 KB; that this means 131072 is assumed"
)
SYNC_PAYLOAD_BYTES: Final = _value("sync_payload_bytes", 32 * 1024 * 1024, "limits page: 32 MB")
SYNC_RESPONSE_BYTES: Final = _value(
    "sync_response_bytes", 32 * 1024 * 1024, "assumed: as large as a request; beyond it, an invocation error"
)
LOG_RESULT_BYTES: Final = _value("log_result_bytes", 4096, "InvokeFunction: X-Fc-Log-Type Tail returns 4 KB")
CONTROL_BODY_BYTES: Final = _value("control_body_bytes", 70 * 1024 * 1024, "assumed: a 50 MB code package in base64")
CONFIG_BODY_BYTES: Final = _value("config_body_bytes", 1024 * 1024, "assumed")
JSON_VALUES: Final = _value("json_values", 100_000, "ours: bounds what a body can cost")
JSON_DEEP: Final = _value("json_deep", 100, "ours: how deep a body may be nested; what is kept of it can be read again")
MAX_DELAY_SECONDS: Final = _value("max_delay_seconds", 3600, "FC 2.0 documents [0, 3600], FC 3.0 (0, 3600)")
PACKAGE_BYTES: Final = _value("package_bytes", 50 * 1024 * 1024, "assumed: the largest zip of a file of functions")
UNPACKED_CODE_BYTES: Final = _value("unpacked_code_bytes", 500 * 1024 * 1024, "assumed")
CODE_ENTRIES: Final = _value("code_entries", 100_000, "assumed")
CODE_FOLDERS_DEEP: Final = _value("code_folders_deep", 100, "assumed: how deep an entry of a zip may lie")

# Function Compute: async invocations and their records

FUNCTION_RECORD_BYTES: Final = _value("function_record_bytes", 131072, "result-callback: Function Compute 128 KB")
EVENTBRIDGE_RECORD_BYTES: Final = _value("eventbridge_record_bytes", 65536, "result-callback: EventBridge 64 KB")
ROCKETMQ_RECORD_BYTES: Final = _value("rocketmq_record_bytes", 4 * 1024 * 1024, "result-callback: RocketMQ 4 MB")
DELIVERY_RETRY_MS: Final = _value(
    "delivery_retry_ms", (500, 1000, 2000), "assumed: that and how a delivery is repeated is not documented"
)
MAX_RETRY_ATTEMPTS: Final = _value("max_retry_attempts", 8, "API 2023-03-30 PutAsyncInvokeConfigInput: 0 to 8")
DEFAULT_RETRY_ATTEMPTS: Final = _value("default_retry_attempts", 3, "API 2023-03-30 PutAsyncInvokeConfigInput")
MAX_EVENT_AGE_SECONDS: Final = _value(
    "max_event_age_seconds", 604800, "API 2023-03-30 PutAsyncInvokeConfigInput: 1 to 604800"
)
DEFAULT_EVENT_AGE_SECONDS: Final = _value(
    "default_event_age_seconds", 86400, "API 2023-03-30 PutAsyncInvokeConfigInput"
)
MAX_DESTINATION_CHARACTERS: Final = _value("max_destination_characters", 512, "OpenAPI metadata of 2023-03-30")
SYSTEM_ERROR_FIRST_RETRY_MS: Final = _value(
    "system_error_first_retry_ms", 500, "retry-policy: 0.5 s, then doubled each time"
)
SYSTEM_ERROR_RETRY_WINDOW_MS: Final = _value(
    "system_error_retry_window_ms", 5 * 3600 * 1000, "retry-policy: up to 5 hours"
)
_behaviour(
    "throttled_attempt_counts",
    True,
    "assumed: result-callback's sample has FunctionResourceExhausted and a count of 3",
)
THROTTLED_RECORD_CONDITION: Final = _value(
    "throttled_record_condition",
    "FunctionResourceExhausted",
    "result-callback's sample; assumed: that it is one of 5 hours of throttling",
)
THROTTLED_RECORD_STATUS: Final = _value("throttled_record_status", 200, "assumed: as in result-callback's sample")
SYSTEM_ERROR_RECORD_ERROR: Final = _value(
    "system_error_record_error",
    "",
    "assumed: functionError, also after throttling, as in result-callback's sample",
)
SYSTEM_ERROR_RECORD_CONDITION: Final = _value(
    "system_error_record_condition", "InternalServerError", "assumed: the error code of the last answer"
)
SYSTEM_ERROR_RECORD_STATUS: Final = _value(
    "system_error_record_status", 500, "result-callback: not 200 for a system error; assumed: that of the answer"
)
EXPIRED_CONDITION: Final = _value(
    "expired_condition", "AsyncEventExpired", "assumed, as is that functionError says the same"
)
DELETED_WHILE_WAITING: Final = _value(
    "deleted_while_waiting", "Invalid", "assumed: so ends what waits for a function or qualifier that is deleted"
)
_behaviour("settings_read_at", "use", "assumed: a config that is put applies to invocations that already wait")
_behaviour("record_timestamp", "acceptance", "assumed: result-callback says 'invocation timestamp'")

# Function Compute: async configs

_behaviour("put_null_is_unset", True, "assumed: a null key is as if it were not there")
_behaviour("unknown_fields_are_refused", False, "assumed: passed over and not answered, in a function and a config")
_behaviour("put_checks_function", True, "assumed: a config for a function that does not exist is refused")
_behaviour("put_checks_destination", False, "fc-python-sdk tests put destinations that were never made (FC 2.0)")
_behaviour("delete_function_deletes_configs", True, "assumed")
_behaviour(
    "missing_function_is_said_before_config", True, "assumed: 404 of function or qualifier before that of the config"
)
EMPTY_DESTINATION_STATUS: Final = _value(
    "empty_destination_status", 400, "assumed; code and words: terraform-provider-alicloud#10031"
)

# Function Compute: async tasks

FUNCTION_NAME_PATTERN: Final = _value(
    "function_name_pattern", r"[A-Za-z_][A-Za-z0-9_-]{0,63}", "Serverless-Devs#768, the service's own message"
)
TASK_ID_PATTERN: Final = _value(
    "task_id_pattern", r"[A-Za-z_][A-Za-z0-9_-]{0,127}", "SDK docstring of x-fc-async-task-id, in prose"
)
_behaviour(
    "task_belongs_to_qualifier",
    True,
    "assumed: a task is found under the qualifier that was invoked, and only there",
)
_behaviour("task_started_time", "acceptance", "assumed: SDK says start time of the task")
TASK_HISTORY_MS: Final = _value(
    "task_history_ms", 7 * 86400 * 1000, "overview-25: only task status within 7 days can be queried"
)
TASK_HISTORY_TASKS: Final = _value("task_history_tasks", 100_000, "ours: bounds how many ended tasks are known")
_behaviour(
    "task_payload_until",
    "history",
    "ours: a task that ended is known without its payload once history_invocations or history_bytes are over",
)
TASK_COMPLETED_CODE: Final = _value(
    "task_completed_code",
    "AsyncTaskAlreadyCompleted",
    "assumed: FC 2.0 has StatefulAsyncInvocationAlreadyCompleted",
)
TASK_ORDER: Final = _value("task_order", "desc", "assumed: newest first")
TASK_END_TIME_BEFORE_THE_END: Final = _value("task_end_time_before_the_end", 0, "observed in FC 2.0")

# Function Compute: functions, versions, aliases

ALIAS_NAME_PATTERN: Final = _value("alias_name_pattern", r"[A-Za-z_][A-Za-z0-9_-]{0,127}", "assumed")
_behaviour("alias_of_latest", True, "assumed: an alias may point to LATEST")
_behaviour("version_used_by_alias_is_kept", True, "assumed: 400 InvalidArgument")
_behaviour("delete_function_deletes_versions_and_aliases", True, "assumed")
LOCAL_PAGE_INVOCATIONS: Final = _value("local_page_invocations", 1_000, "ours: of one answer of /_local/invocations")
HISTORY_INVOCATIONS: Final = _value(
    "history_invocations", 10_000, "ours: ended invocations that /_local/invocations shows"
)
HISTORY_BYTES: Final = _value("history_bytes", 64 * 1024 * 1024, "ours: bounds what the history holds")
MAX_ADVANCE_SECONDS: Final = _value("max_advance_seconds", 366 * 86400, "ours: the longest that time is moved at once")
MAX_INSTANCES: Final = _value("max_instances", 1_000_000, "ours: the highest limit that /_local/ sets on a function")
CLOCK_SKEW_MS: Final = _value("clock_skew_ms", 15 * 60 * 1000, "assumed for Function Compute; MNS documents 15 minutes")
CLOCK_SKEW_CODE: Final = _value("clock_skew_code", "AccessDenied", "assumed; status and words: funcraft#983")
CONCURRENCY_CONFIG_NOT_FOUND_CODE: Final = _value(
    "concurrency_config_not_found_code", "ConcurrencyConfigNotFound", "assumed, as is its status 404"
)
_behaviour("reserved_concurrency_0", "every invocation is throttled", "assumed; the SDK gives no range")
DISABLED_FUNCTION_CODE: Final = _value(
    "disabled_function_code", "AccessDenied", "assumed, as is the status 403, of a sync and of an async invocation"
)
_behaviour(
    "disabled_function_keeps_what_waits",
    True,
    "assumed: it waits as when it is throttled, up to 5 hours, and runs once the function is enabled",
)
_behaviour(
    "abort_ongoing_request_ends_with",
    "Process exited unexpectedly",
    "assumed: instances are destroyed (DisableFunctionInvocation); what is async is tried again as after any failure",
)
TEMP_BUCKET_OBJECT_BYTES: Final = _value(
    "temp_bucket_object_bytes", 100 * 1024 * 1024, "ours: the largest package of a deploy tool"
)
TEMP_BUCKET_OBJECTS: Final = _value("temp_bucket_objects", 16, "ours: the last so many packages are kept")
CODE_DOWNLOADS: Final = _value("code_downloads", 1_000, "ours: the last so many URLs of GetFunctionCode work")
PUBLISH_UNCHANGED: Final = _value(
    "publish_unchanged",
    (400, "VersionPublishError", "No changes were made since last publish"),
    "public scripts for FC 3.0 have the code and the words; the status is assumed",
)
_behaviour(
    "publish_compares", "fields and package", "assumed: with the newest version that is there; an update alone is none"
)
CODE_DOWNLOAD_BYTES: Final = _value(
    "code_download_bytes", 100 * 1024 * 1024, "ours: the largest folder that GetFunctionCode packs"
)
_behaviour(
    "list_functions_description", "substring", "assumed: how ListFunctions compares it; gpuType and the others: equal"
)
DEFAULT_TIMEOUT_SECONDS: Final = _value("default_timeout_seconds", 3, "API 2023-03-30 CreateFunctionInput: 3 s")
MAX_TIMEOUT_SECONDS: Final = _value("max_timeout_seconds", 86400, "API 2023-03-30 CreateFunctionInput: 86400 s")
DEFAULT_MEMORY_MB: Final = _value("default_memory_mb", 512, "assumed")
MEMORY_MB: Final = _value("memory_mb", (128, 32768), "SDK docstring of CreateFunctionInput: 128 MB to 32 GB")
MEMORY_STEP_MB: Final = _value("memory_step_mb", 64, "SDK docstring of CreateFunctionInput: a multiple of 64 MB")
CPU: Final = _value("cpu", (0.05, 16), "SDK docstring of CreateFunctionInput: 0.05 to 16 vCPU")
CPU_STEP: Final = _value("cpu_step", 0.05, "SDK docstring of CreateFunctionInput: a multiple of 0.05 vCPU")
MEMORY_GB_PER_CPU: Final = _value(
    "memory_gb_per_cpu", (1, 4), "SDK docstring of CreateFunctionInput; midwayjs/midway#2868; where both are sent"
)
DISK_MB: Final = _value("disk_mb", (512, 10240), "SDK docstring of CreateFunctionInput: 512 and 10240")
INSTANCE_CONCURRENCY: Final = _value("instance_concurrency", (1, 200), "doc 144586: 1 to 200")
RUNTIMES: Final = _value(
    "runtimes",
    (
        *("python3.12", "python3.10", "python3.9", "python3"),
        *("nodejs20", "nodejs18", "nodejs16", "nodejs14", "nodejs12"),
        *("java11", "java8", "go1", "php7.2", "dotnetcore3.1"),
        *("custom", "custom.debian10", "custom.debian11", "custom.debian12", "custom-container"),
    ),
    "SDK docstring of CreateFunctionInput",
)
VARIABLE_NAME_PATTERN: Final = _value("variable_name_pattern", r"[A-Za-z][A-Za-z0-9_]*", "environment-variables page")
RESERVED_VARIABLES: Final = _value("reserved_variables", "FC_", "environment-variables page: names that begin so")
ENVIRONMENT_BYTES: Final = _value(
    "environment_bytes", 4096, "environment-variables page: 4 KB; that names and values count in UTF-8 is assumed"
)
MAX_TEXT_CHARACTERS: Final = _value("max_text_characters", 256, "assumed: longest runtime and handler")
PAGE_SIZE: Final = _value("page_size", (20, 100), "assumed: 20 and 100 as in FC 2.0")
_behaviour(
    "environment_version",
    "version id",
    "assumed: FC_VER_ID and FC_FUNCTION_VERSION hold the id of the published version, LATEST where there is none",
)
_behaviour(
    "handler_none_is", "null", "assumed: a handler's return value that is neither bytes nor text is sent as JSON"
)
_behaviour(
    "codes_in_our_words",
    (
        "FunctionAlreadyExists",
        "AsyncTaskNotFound",
        "ResourceExhausted",
        "ConcurrencyConfigNotFound",
        "ResourceThrottled",
    ),
    "assumed: the words of these refusals; their codes have sources",
)

# The queues that the local service creates itself, for the destinations of a file of functions

CREATED_QUEUE_RETENTION_SECONDS: Final = _value(
    "created_queue_retention_seconds", 604800, "ours: dead letters stay seven days"
)
CREATED_QUEUE_MESSAGE_BYTES: Final = _value("created_queue_message_bytes", 65536, "ours: the largest that MNS takes")

# MNS: ranges

MNS_VISIBILITY_TIMEOUT_SECONDS: Final = _value(
    "mns_visibility_timeout_seconds",
    (1, 43_200),
    "MNS limits page; 0 is refused everywhere",
)
MNS_DELAY_SECONDS: Final = _value("mns_delay_seconds", (0, 604_800), "MNS limits page")
MNS_RETENTION_SECONDS: Final = _value("mns_retention_seconds", (60, 604_800), "MNS limits page")
MNS_MESSAGE_BYTES: Final = _value("mns_message_bytes", (1_024, 65_536), "MNS limits page")
MNS_POLLING_WAIT_SECONDS: Final = _value("mns_polling_wait_seconds", (0, 30), "MNS limits page")
MNS_PRIORITY: Final = _value("mns_priority", (1, 16), "SendMessage")
MNS_MESSAGES_AT_ONCE: Final = _value("mns_messages_at_once", (1, 16), "BatchReceiveMessage and its neighbours")
MNS_PAGE_SIZE: Final = _value("mns_page_size", (1, 1_000), "ListQueue")

# MNS: defaults

MNS_DEFAULT_VISIBILITY_TIMEOUT_SECONDS: Final = _value("mns_default_visibility_timeout_seconds", 30, "CreateQueue")
MNS_DEFAULT_DELAY_SECONDS: Final = _value("mns_default_delay_seconds", 0, "CreateQueue")
MNS_DEFAULT_RETENTION_SECONDS: Final = _value("mns_default_retention_seconds", 345_600, "CreateQueue")
MNS_DEFAULT_MESSAGE_BYTES: Final = _value("mns_default_message_bytes", 65_536, "CreateQueue")
MNS_DEFAULT_POLLING_WAIT_SECONDS: Final = _value("mns_default_polling_wait_seconds", 0, "CreateQueue")
MNS_DEFAULT_PRIORITY: Final = _value(
    "mns_default_priority", 8, "SendMessage; also meant by 0, which the Go SDK always sends"
)
MNS_DEFAULT_PAGE_SIZE: Final = _value("mns_default_page_size", 1_000, "ListQueue")

# MNS: sizes

MNS_BATCH_BYTES: Final = _value(
    "mns_batch_bytes", 65_536, "BatchSendMessage: the bodies of one batch together, in UTF-8"
)
MNS_QUEUE_NAME_CHARACTERS: Final = _value("mns_queue_name_characters", 120, "CreateQueue")
MNS_TOPIC_NAME_CHARACTERS: Final = _value("mns_topic_name_characters", 256, "assumed")
MNS_SUBSCRIPTION_NAME_CHARACTERS: Final = _value("mns_subscription_name_characters", 255, "Subscribe")
MNS_TAG_CHARACTERS: Final = _value("mns_tag_characters", 16, "PublishMessage and Subscribe")
MNS_REQUEST_BYTES: Final = _value(
    "mns_request_bytes",
    1_048_576,
    "assumed: 64 KB of text in which every character is an entity is 384 KB of XML; the rest is for properties",
)
MNS_XML_DEPTH: Final = _value("mns_xml_depth", 16, "assumed; a real request goes 5 deep")
MNS_XML_ELEMENTS: Final = _value(
    "mns_xml_elements", 20_000, "assumed; bounds what a hostile request of mns_request_bytes can make of memory"
)

# MNS: what happens

_behaviour("mns_retention_counts_from", "sending", "assumed: in whatever state the message is")
_behaviour("mns_handle_of_a_message_that_is_gone", "MessageNotExist", "assumed; ReceiptHandleError is no handle at all")
_behaviour("mns_released_message_keeps_its_priority", True, "assumed: also when it comes back")
_behaviour("mns_order_of_equal_priorities", "visible since", "ours: the service promises no order")
_behaviour("mns_delay_0_is_no_delay", True, "assumed: DelaySeconds 0 of a message overrides the queue's")
_behaviour("mns_empty_body_is_refused", True, "assumed")
MNS_ILLEGAL_CHARACTER_BECOMES: Final = _value(
    "mns_illegal_character_becomes", "\ufffd", "assumed: what XML 1.0 cannot hold is replaced when it is sent"
)
_behaviour(
    "mns_md5_with_properties",
    "body and properties",
    "assumed: recorded is neither md5(body) nor md5(base64(body)); the formula is not known",
)
_behaviour("mns_deleting_a_missing_queue_is_refused", False, "assumed")
_behaviour("mns_unknown_elements_are_refused", False, "assumed: they are passed over")
_behaviour("mns_parameter_sent_twice_has", "its first value", "assumed")
_behaviour(
    "mns_codes_in_our_words",
    (
        "QueueAlreadyExist",
        "QueueNameLengthError",
        "InvalidQueueName",
        "TopicAlreadyExist",
        "TopicNameLengthError",
        "TopicNameInvalid",
        "SubscriptionNotExist",
        "SubscriptionAlreadyExist",
        "SubscriptionNameLengthError",
        "SubscriptionNameInvalid",
        "EndpointInvalid",
    ),
    "assumed: the words of these refusals, and the statuses of a topic's; their codes are documented or the SDKs'",
)

# MNS: topics

MNS_TOPIC_RETENTION_SECONDS: Final = _value(
    "mns_topic_retention_seconds", 86_400, "MNS limits page: one day; no push is tried again after it"
)
MNS_BACKOFF_RETRIES: Final = _value("mns_backoff_retries", 3, "NotifyStrategy: BACKOFF_RETRY")
MNS_BACKOFF_SECONDS: Final = _value("mns_backoff_seconds", (10, 20), "NotifyStrategy: BACKOFF_RETRY, by chance")
MNS_DECAY_RETRIES: Final = _value("mns_decay_retries", 176, "NotifyStrategy: EXPONENTIAL_DECAY_RETRY")
MNS_DECAY_LONGEST_SECONDS: Final = _value(
    "mns_decay_longest_seconds", 512, "NotifyStrategy: EXPONENTIAL_DECAY_RETRY, doubled from 1 up to this"
)
MNS_PUSH_TIMEOUT_SECONDS: Final = _value("mns_push_timeout_seconds", 5, "HttpEndpoint; in real time, here")
MNS_PUSH_TAKEN_STATUS: Final = _value(
    "mns_push_taken_status", (200, 299), "FAQ about message pushing; HttpEndpoint itself says 204"
)
MNS_PUSH_PATH: Final = _value("mns_push_path", "/notifications", "HttpEndpoint: of a URL that has no path")
MNS_PUSHES_AT_ONCE: Final = _value("mns_pushes_at_once", 8, "ours: to one subscription")
MNS_ORDER_ID: Final = _value("mns_order_id", "0", "assumed: what OpenService answers; nothing is ordered here")
_behaviour("mns_deleting_a_missing_topic_is_refused", False, "assumed")
_behaviour("mns_unsubscribing_what_is_missing_is_refused", False, "assumed: also of a topic that is missing")
_behaviour("mns_subscribed_queue_that_is_missing", "lost", "assumed: it can be subscribed; its messages are lost")
_behaviour(
    "mns_envelope_counts_for_the_queues_size",
    True,
    "assumed: a message whose envelope makes it larger than its queue takes is lost",
)
_behaviour(
    "mns_topicoriginated", "every message", "recorded, first of the properties; assumed for messages without others"
)
_behaviour("mns_subscriptions_of_a_topic", "any number", "ours: the MNS limits page says 100")
_behaviour("mns_queues_and_topics", "any number", "ours: the MNS limits page says 1,000 in a region")
_behaviour("mns_subscribing_again_compares", "attributes as they are now", "assumed: NotifyStrategy may have been set")
_behaviour("mns_changed_strategy_applies_to", "messages that wait, too", "assumed")
_behaviour("mns_xml_notification_has", "a line for each element", "assumed: the documented sample was set by hand")
_behaviour("mns_json_escapes", "what JSON must", "assumed: recorded is a message of ASCII only")
_behaviour("mns_tag_in_json", "last", "assumed: no tagged message was recorded")
_behaviour("mns_white_space_around_a_tag", "dropped", "assumed: a header could not hold it")
_behaviour("mns_topic_message_count", "messages that wait for a push", "assumed")
_behaviour("mns_pushes_that_wait_for_a_deleted_subscription", "lost", "assumed")
_behaviour("mns_push_content_md5", "base64 of hex", "assumed: as the SDKs send it")
_behaviour(
    "mns_push_headers_of",
    "every format",
    "assumed: topic, subscription and message; HttpEndpoint has id and tag for SIMPLIFIED, the Go SDK's sample all",
)

RULES: Final = _rules.all()
"""All of it, to be read or printed."""
