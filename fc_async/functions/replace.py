"""Replacing an async config: afterwards the function has exactly this one, whether the service merges or replaces.

FC 2.0 documents that a PUT leaves alone what it does not name; for FC 3.0 nothing is documented. So: PUT, look, and
only if something is left over that must go, remove it. Numbers go by putting their defaults. A destination can only go
with the whole config (an empty one is refused: `InvalidDestinationResources`), so in that case the function has no
destinations for the time of one call. If the deletion or the new config fails then, the old one is put back and looked
at; what the first PUT brought in and cannot be taken out again is an error that has the command which restores it.
"""

from __future__ import annotations

import shlex
from typing import Protocol

from ..checks import FunctionName
from ..config import NUMBERS, AsyncInvokeConfig, is_same, with_defaults
from ..errors import FcAsyncError, ReplaceIncomplete, ServiceError, TransportError
from ..transport.repeat import is_in_doubt


class GetsAndPuts(Protocol):
    """The calls that replacing is made of, those of a `FunctionsClient`."""

    def find_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig | None: ...

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig: ...

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None: ...


def replace(
    configs: GetsAndPuts, function: str, config: AsyncInvokeConfig, qualifier: str | None, options: tuple[str, ...] = ()
) -> AsyncInvokeConfig:
    """Make this the function's config and return what the service then answers (`FunctionsClient.replace_config`).

    Args:
        configs: gets, puts and deletes.
        function: function name.
        config: what is to be there afterwards.
        qualifier: version or alias; None: LATEST.
        options: what the command that restores the old config needs besides, to act in the same place.
    """
    old = configs.find_config(function, qualifier=qualifier)
    put = configs.put_config(function, config, qualifier=qualifier)
    if old is None:
        return put
    there = configs.find_config(function, qualifier=qualifier) or AsyncInvokeConfig()
    if _keeps_destination(config, there):
        return _put_again(configs, function, config, qualifier, old, options)
    if _keeps_number(config, there):
        return configs.put_config(function, with_defaults(config), qualifier=qualifier)
    return there


def restore_command(
    function: str, config: AsyncInvokeConfig, qualifier: str | None, place: tuple[str, ...] = ()
) -> str:
    """Return the command line that puts this config back."""
    task = {None: None, True: "--async-task", False: "--no-async-task"}[config.async_task]
    valued = {
        "--on-success": config.on_success,
        "--on-failure": config.on_failure,
        "--max-retries": config.max_async_retry_attempts,
        "--max-age": config.max_async_event_age_in_seconds,
    }
    options = [part for option, value in valued.items() if value is not None for part in (option, str(value))]
    options += [] if task is None else [task]
    return shlex.join(["fc-async", "config", "set", str(FunctionName(function, qualifier)), *options, *place])


def _delete_command(function: str, qualifier: str | None, place: tuple[str, ...]) -> str:
    return shlex.join(["fc-async", "config", "delete", str(FunctionName(function, qualifier)), "--yes", *place])


def _put_again(
    configs: GetsAndPuts,
    function: str,
    config: AsyncInvokeConfig,
    qualifier: str | None,
    old: AsyncInvokeConfig,
    options: tuple[str, ...],
) -> AsyncInvokeConfig:
    is_deleted = False
    try:
        _delete(configs, function, qualifier)
        is_deleted = True
        return configs.put_config(function, config, qualifier=qualifier)
    except BaseException as error:  # an interrupt at this point would leave the function without its destinations
        failure = error
    if _is_put_back(configs, function, qualifier, old):
        raise failure
    command = restore_command(function, with_defaults(old), qualifier, options)
    if is_deleted and not _may_have_arrived(failure):
        raise ReplaceIncomplete(old, command) from failure
    delete = _delete_command(function, qualifier, options)  # what may be there goes first: a PUT may leave it alone
    raise ReplaceIncomplete(old, f"{delete} ; {command}", is_gone=False) from failure


def _may_have_arrived(failure: BaseException) -> bool:
    return is_in_doubt(failure) if isinstance(failure, (ServiceError, TransportError)) else True


def _delete(configs: GetsAndPuts, function: str, qualifier: str | None) -> None:
    try:
        configs.delete_config(function, qualifier=qualifier)
    except ServiceError as error:
        if error.code != "AsyncConfigNotExists":
            raise


def _is_put_back(configs: GetsAndPuts, function: str, qualifier: str | None, old: AsyncInvokeConfig) -> bool:
    """Put the old config back with its defaults, and look: where the service merges, the new one may show through."""
    try:
        configs.put_config(function, with_defaults(old), qualifier=qualifier)
        there = configs.find_config(function, qualifier=qualifier)
    except FcAsyncError:
        return False
    return there is not None and is_same(old, there)


def _keeps_destination(wanted: AsyncInvokeConfig, there: AsyncInvokeConfig) -> bool:
    pairs = (wanted.on_success, there.on_success), (wanted.on_failure, there.on_failure)
    return any(want is None and have is not None for want, have in pairs)


def _keeps_number(wanted: AsyncInvokeConfig, there: AsyncInvokeConfig) -> bool:
    want, have = with_defaults(wanted), with_defaults(there)
    return any(getattr(wanted, name) is None and getattr(want, name) != getattr(have, name) for name in NUMBERS)
