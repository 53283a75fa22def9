"""How a config changes: what is there before, what is sent, and what people are told about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config_view import fields
from .options import say

if TYPE_CHECKING:
    from ..config import AsyncInvokeConfig
    from ..functions import FunctionsClient
    from .arguments import FunctionName


def read_before(client: FunctionsClient, function: FunctionName) -> AsyncInvokeConfig | None:
    """Return the config that is there now (an empty one where there is none); None when it may not be read."""
    from ..config import AsyncInvokeConfig
    from ..errors import ServiceError

    try:
        return client.find_config(function.name, qualifier=function.qualifier) or AsyncInvokeConfig()
    except ServiceError as error:
        if error.status != 403:
            raise
    return None


def merged(before: AsyncInvokeConfig | None, named: dict[str, Any]) -> AsyncInvokeConfig:
    """Return what is sent: what was named, and the old value of everything else."""
    from ..config import AsyncInvokeConfig, DestinationConfig

    old = before if before is not None else AsyncInvokeConfig()
    halves = old.destination_config
    on_success = _either(named["on_success"], None if halves is None else halves.on_success)
    on_failure = _either(named["on_failure"], None if halves is None else halves.on_failure)
    if on_success is not None or on_failure is not None:
        halves = DestinationConfig(on_success=on_success, on_failure=on_failure)
    return AsyncInvokeConfig(
        destination_config=halves,
        max_async_retry_attempts=_either(named["max_retries"], old.max_async_retry_attempts),
        max_async_event_age_in_seconds=_either(named["max_age"], old.max_async_event_age_in_seconds),
        async_task=_either(named["async_task"], old.async_task),
    )


def without(before: AsyncInvokeConfig, named: dict[str, bool]) -> AsyncInvokeConfig:
    """Return a config without what was named."""
    from ..config import AsyncInvokeConfig, DestinationConfig

    halves = before.destination_config
    on_success = None if halves is None or named["on_success"] else halves.on_success
    on_failure = None if halves is None or named["on_failure"] else halves.on_failure
    has_destination = on_success is not None or on_failure is not None
    return AsyncInvokeConfig(
        destination_config=DestinationConfig(on_success=on_success, on_failure=on_failure) if has_destination else None,
        max_async_retry_attempts=None if named["max_retries"] else before.max_async_retry_attempts,
        max_async_event_age_in_seconds=None if named["max_age"] else before.max_async_event_age_in_seconds,
        async_task=None if named["async_task"] else before.async_task,
    )


def nothing() -> AsyncInvokeConfig:
    """Return a config in which nothing is set."""
    from ..config import AsyncInvokeConfig

    return AsyncInvokeConfig()


def with_function(config: AsyncInvokeConfig, before: AsyncInvokeConfig | None) -> AsyncInvokeConfig:
    """Return the config as one of the same function as before: for showing, it is never sent."""
    return config.model_copy(update={"function": None if before is None else before.function})


def say_unknown(named: dict[str, Any]) -> None:
    """Tell that the old config may not be read, and what that means for what was not named."""
    lost = ""
    if (named["on_success"] is None) != (named["on_failure"] is None):
        other = "OnFailure" if named["on_failure"] is None else "OnSuccess"
        lost = f" (whether the service keeps an {other} that is there is not known)"
    say(f"before: unknown (403: no permission to read it); sending only what was named{lost}")


def say_change(before: AsyncInvokeConfig | None, after: AsyncInvokeConfig) -> None:
    """Tell what was and what is, one line for each field that differs."""
    old = {} if before is None else dict(fields(before))
    changed = [(name, old.get(name, "unknown"), value) for name, value in fields(after)]
    lines = [f"{name}: {was} → {value}" for name, was, value in changed if was != value]
    for line in lines or ["nothing changed"]:
        say(line)


def _either(new: Any, old: Any) -> Any:
    return old if new is None else new
