"""An async config as people read it (fields, a row) and as programs do (the service's AsyncConfig)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...checks import FunctionName

if TYPE_CHECKING:
    from datetime import datetime

    from ...arn import Arn
    from ...config import AsyncInvokeConfig

NOWHERE = "nowhere"
COLUMNS = ("function", "qualifier", "on failure", "on success", "max retries", "max age", "task")


def answer(config: AsyncInvokeConfig) -> dict[str, Any]:
    """Return the service's AsyncConfig: its names, null where nothing is set."""
    wire = config.to_wire()
    return {
        "asyncTask": wire.get("asyncTask"),
        "createdTime": _moment(config.created_time),
        "destinationConfig": _destinations(config),
        "functionArn": None if config.function is None else str(config.function),
        "lastModifiedTime": _moment(config.last_modified_time),
        "maxAsyncEventAgeInSeconds": wire.get("maxAsyncEventAgeInSeconds"),
        "maxAsyncRetryAttempts": wire.get("maxAsyncRetryAttempts"),
    }


def qualifier(config: AsyncInvokeConfig) -> str:
    """Return the qualifier that a config is of; LATEST where its ARN names none."""
    return FunctionName(function_name(config), getattr(config.function, "qualifier", None)).version


def function_name(config: AsyncInvokeConfig) -> str:
    """Return the name of the function that a config is of."""
    return str(getattr(config.function, "name", None) or "unknown")


def fields(config: AsyncInvokeConfig) -> list[tuple[str, str]]:
    """Return what a config says, as names and texts."""
    return [
        ("on failure", destination(config.on_failure, config.function)),
        ("on success", destination(config.on_success, config.function)),
        ("max retries", _or("not set (3)", config.max_async_retry_attempts)),
        ("max age", _or("not set (86400 s)", config.max_async_event_age_in_seconds, " s")),
        ("async task", _or("not set (off)", {True: "on", False: "off", None: None}[config.async_task])),
    ]


def row(config: AsyncInvokeConfig) -> tuple[str, ...]:
    """Return a config as a row under COLUMNS; what is not set is the service's default, in parentheses."""
    return (
        function_name(config),
        qualifier(config),
        destination(config.on_failure, config.function, nothing="NONE"),
        destination(config.on_success, config.function, nothing="-"),
        _or("(3)", config.max_async_retry_attempts),
        _or("(86400 s)", config.max_async_event_age_in_seconds, " s"),
        {True: "on", False: "off", None: "(off)"}[config.async_task],
    )


def destination(arn: Arn | None, own: Any, *, nothing: str = NOWHERE) -> str:
    """Return a destination in short where it is in the function's own region and account, else the whole ARN.

    Args:
        arn: where outcomes go; None: nowhere.
        own: the function's ARN; None where it is not known.
        nothing: what stands for None.
    """
    if arn is None:
        return nothing
    here = (getattr(own, "region", None), getattr(own, "account_id", None))
    place = (getattr(arn, "region", None), getattr(arn, "account_id", None))
    return short(arn) if place in {("", ""), here} else str(arn)


def short(arn: Arn) -> str:
    """Return the short form of an ARN that has one (`queue:NAME`), else the whole ARN."""
    from ...arn import FunctionArn, QueueArn, TopicArn

    if isinstance(arn, FunctionArn) and arn.service is None:
        return f"function:{FunctionName(arn.name, arn.qualifier)}"
    if isinstance(arn, QueueArn):
        return f"queue:{arn.name}"
    return f"topic:{arn.name}" if isinstance(arn, TopicArn) else str(arn)


def _destinations(config: AsyncInvokeConfig) -> dict[str, Any] | None:
    if config.destination_config is None:
        return None
    named = {"onFailure": config.on_failure, "onSuccess": config.on_success}
    return {name: {"destination": _whole(arn)} for name, arn in named.items() if arn is not None}


def _whole(arn: Arn) -> str:
    """Return the ARN; its short form while region or account are not known, for `acs:mns:::…` is of no use."""
    has_place = getattr(arn, "region", "?") and getattr(arn, "account_id", "?")
    return str(arn) if has_place else short(arn)


def _or(nothing: str, value: Any, unit: str = "") -> str:
    return nothing if value is None else f"{value}{unit}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
