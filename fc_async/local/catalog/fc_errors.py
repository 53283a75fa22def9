"""What Function Compute says when it refuses: status, code and message, as documented.

Source: https://help.aliyun.com/zh/functioncompute/api-fc-2023-03-30-errorcodes unless a line says otherwise.
"""

from __future__ import annotations

from ...errors import LocalError
from .. import limits
from .function import shown_qualifier

_SHOWN_CHARACTERS = 80


class FcError(LocalError):
    """The local Function Compute refuses a call.

    Args:
        status: HTTP status of the answer.
        code: the service's error code.
        message: the service's sentence; never holds a payload.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(status, code, message)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


def invalid_argument(message: str) -> FcError:
    """The service gives no words for it; the message is ours."""
    return FcError(400, "InvalidArgument", message)


def wrong_value(field: str, value: object, expected: str) -> FcError:
    """A field that breaks a rule, in words that are ours: FIELD VALUE: expected RULE.

    Args:
        field: as the API spells it.
        value: what came; a text is cut, and of an object or a list only that it is one is said.
        expected: the rule.
    """
    return invalid_argument(f"{field} {_shown(value)[:_SHOWN_CHARACTERS]}: expected {expected}")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "(an object)" if isinstance(value, dict) else "(a list)"
    return "(none)" if value is None else repr(value)


def function_not_found(name: str) -> FcError:
    """No such function."""
    return FcError(404, "FunctionNotFound", f"function '{name}' does not exist.")


def function_already_exists(name: str) -> FcError:
    """The code is that of the official tools (devsapp/fc3); the words are assumed."""
    return FcError(409, "FunctionAlreadyExists", f"function '{name}' already exists.")


def version_not_found(name: str, version_id: str) -> FcError:
    """The words are those of FC 2.0 (error-codes), with a function where a service stood."""
    return FcError(404, "VersionNotFound", f"version '{version_id}' of function '{name}' does not exist")


def alias_not_found(name: str, alias: str) -> FcError:
    """The words are those of FC 2.0 (error-codes), with a function where a service stood."""
    return FcError(404, "AliasNotFound", f"alias '{alias}' of function '{name}' does not exist")


def alias_already_exists(name: str, alias: str) -> FcError:
    """Source: https://help.aliyun.com/document_detail/440324.html (FC 2.0)."""
    return FcError(409, "AliasAlreadyExists", f"alias '{alias}' of function '{name}' already exists")


def async_config_not_exists(name: str, qualifier: str | None) -> FcError:
    """Source: https://help.aliyun.com/document_detail/440324.html."""
    return FcError(404, "AsyncConfigNotExists", f"AsyncConfig for {name}:{shown_qualifier(qualifier)} does not exist.")


def invalid_destination() -> FcError:
    """The status is assumed; code and words: terraform-provider-alicloud#10031."""
    return FcError(
        limits.EMPTY_DESTINATION_STATUS,
        "InvalidDestinationResources",
        "The destination resource is invalid: destination can't be empty.",
    )


def entity_too_large(limit_bytes: int) -> FcError:
    """A payload over its limit."""
    return FcError(400, "EntityTooLarge", f"payload size exceeds maximum allowed size ({limit_bytes} bytes)")


def access_denied(message: str) -> FcError:
    """The service does not answer this caller; the message is ours."""
    return FcError(403, "AccessDenied", message)


def task_not_found(task_id: str) -> FcError:
    """The code is that of the official tools (alibabacloud-aiops-skills); the words are assumed."""
    return FcError(404, "AsyncTaskNotFound", f"async task '{task_id}' does not exist")


def task_already_exists(code: str, task_id: str) -> FcError:
    """The status is documented (task-deduplication), the code is an assumption, the words are ours."""
    return FcError(409, code, f"async task '{task_id}' already exists")


def task_already_completed(task_id: str) -> FcError:
    """Assumed, after FC 2.0's StatefulAsyncInvocationAlreadyCompleted."""
    return FcError(412, limits.TASK_COMPLETED_CODE, f"async task '{task_id}' has already ended")


def resource_exhausted(name: str) -> FcError:
    """Sources: developer.aliyun.com/ask/279119 for status and code; the words are assumed."""
    return FcError(429, "ResourceExhausted", f"function '{name}' runs as many instances as its limit allows")


def version_publish_error() -> FcError:
    """Nothing has changed since the last version; see `limits.py`."""
    return FcError(*limits.PUBLISH_UNCHANGED)


def concurrency_config_not_found(name: str) -> FcError:
    """Code and words are assumed."""
    return FcError(404, limits.CONCURRENCY_CONFIG_NOT_FOUND_CODE, f"function '{name}' has no concurrency config")


def function_is_disabled(name: str) -> FcError:
    """Assumed: no page says how an invocation of a function that is disabled is refused."""
    return FcError(403, limits.DISABLED_FUNCTION_CODE, f"invocation of function '{name}' is disabled")


def missing_header(header: str) -> FcError:
    """A header that must be there."""
    return FcError(400, "MissingRequiredHeader", f"required HTTP header {header} was not specified")


def invalid_access_key_id(access_key_id: str) -> FcError:
    """The access key is not the one that the service was started with."""
    return FcError(403, "InvalidAccessKeyID", f"invalid access key ID '{access_key_id}'")


def signature_not_match() -> FcError:
    """What was signed is not what came."""
    return FcError(
        403,
        "SignatureNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your access key and signing method",
    )


def request_time_too_skewed(request_time: str, current_time: str) -> FcError:
    """Status and words: alibaba/funcraft#983; the code is assumed."""
    return FcError(
        403,
        limits.CLOCK_SKEW_CODE,
        f"the difference between the request time '{request_time}' and the current time '{current_time}' is too large",
    )


def not_implemented(what: str) -> FcError:
    """Ours: the local service names what it does not do."""
    return FcError(501, "NotImplemented", f"{what} is not served by fc-async local")


def resource_throttled() -> FcError:
    """Sources: developer.aliyun.com/ask/279119 for the code; the words are assumed."""
    return FcError(503, "ResourceThrottled", "no worker: the local service was started with --workers 0")


def internal_error() -> FcError:
    """Something failed in the service itself."""
    return FcError(
        limits.SYSTEM_ERROR_RECORD_STATUS,
        limits.SYSTEM_ERROR_RECORD_CONDITION,
        "an internal error has occurred. Please retry.",
    )
