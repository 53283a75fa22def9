"""How a config changes: what is there before, what is sent, and what people are told about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..options import say
from .view import fields

if TYPE_CHECKING:
    from ...checks import FunctionName
    from ...config import AsyncInvokeConfig
    from ...functions.client import FunctionsClient


def read_before(client: FunctionsClient, function: FunctionName) -> AsyncInvokeConfig | None:
    """Return the config that is there now (an empty one where there is none); None when it may not be read."""
    from ...config import AsyncInvokeConfig
    from ...errors import ServiceError

    try:
        return client.find_config(function.name, qualifier=function.qualifier) or AsyncInvokeConfig()
    except ServiceError as error:
        if error.status != 403:
            raise
    return None


def merged(before: AsyncInvokeConfig | None, named: dict[str, Any]) -> AsyncInvokeConfig:
    """Return what is sent: what was named, and the old value of everything else, whatever the service has there."""
    from ...config import AsyncInvokeConfig

    old = before if before is not None else AsyncInvokeConfig()
    return _changed(
        old,
        (_either(named["on_success"], old.on_success), _either(named["on_failure"], old.on_failure)),
        _either(named["max_retries"], old.max_async_retry_attempts),
        _either(named["max_age"], old.max_async_event_age_in_seconds),
        _either(named["async_task"], old.async_task),
    )


def without(before: AsyncInvokeConfig, named: dict[str, bool]) -> AsyncInvokeConfig:
    """Return a config without what was named."""
    return _changed(
        before,
        (None if named["on_success"] else before.on_success, None if named["on_failure"] else before.on_failure),
        None if named["max_retries"] else before.max_async_retry_attempts,
        None if named["max_age"] else before.max_async_event_age_in_seconds,
        None if named["async_task"] else before.async_task,
    )


def as_sent(client: FunctionsClient, config: AsyncInvokeConfig) -> AsyncInvokeConfig:
    """Return the config with its short destinations written out, where region and account are known."""
    region, account = client.settings.region, client.settings.account_id
    return config if region is None or account is None else config.resolved(region.value, account.value)


def only_named(named: dict[str, Any]) -> set[str]:
    """Return the names of the fields that were named on the command line."""
    return {_field(name) for name, value in named.items() if value is not None}


def say_unknown(named: dict[str, Any]) -> None:
    """Tell that the old config may not be read, and what that means for what was not named."""
    rest = ", ".join(_field(name) for name, value in named.items() if value is None)
    lost = f"; whether the service keeps the rest ({rest}) or resets it is not known" if rest else ""
    say(f"before: unknown (403: no permission to read it); sending only what was named{lost}")


def say_change(before: AsyncInvokeConfig | None, after: AsyncInvokeConfig, *, only: set[str] | None = None) -> None:
    """Tell what was and what is, one line for each field that differs.

    Args:
        before: the old config; None: unknown.
        after: the new one.
        only: the fields that are known of the new one; None: all.
    """
    old = {} if before is None else dict(fields(before))
    known = [(name, value) for name, value in fields(after) if only is None or name in only]
    changed = [(name, old.get(name, "unknown"), value) for name, value in known]
    lines = [f"{name}: {was} → {value}" for name, was, value in changed if was != value]
    for line in lines or ["nothing changed"]:
        say(line)


def _changed(
    old: AsyncInvokeConfig, halves: tuple[Any, Any], retries: int | None, age: int | None, task: bool | None
) -> AsyncInvokeConfig:
    """Return a config of the same function that is not sent yet: when it was last modified is not known.

    It is read as an answer is, so that an odd value of the service's is no mistake of typing.
    """
    from ...config import AsyncInvokeConfig

    halves_by_name = zip(("onSuccess", "onFailure"), halves, strict=True)
    named = {name: {"destination": str(arn)} for name, arn in halves_by_name if arn is not None}
    return AsyncInvokeConfig.from_wire(
        {
            "functionArn": None if old.function is None else str(old.function),
            "createdTime": old.created_time,
            "destinationConfig": named or None,
            "maxAsyncRetryAttempts": retries,
            "maxAsyncEventAgeInSeconds": age,
            "asyncTask": task,
        }
    )


def _field(option: str) -> str:
    """Return the name under which a field is shown: `max_retries` is "max retries"."""
    return option.replace("_", " ")


def _either(new: Any, old: Any) -> Any:
    return old if new is None else new
