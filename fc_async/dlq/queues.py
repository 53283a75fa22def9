"""Which queues failures go to, what lies in each, and when the oldest letter will be gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..arn import FunctionArn, QueueArn
from ..checks import LATEST, FunctionName
from ..config import AsyncInvokeConfig
from ..errors import ArgumentError, ServiceError, TransportError
from ..functions.client import FunctionsClient
from ..mns.queue_client import QueueClient
from .look import look


@dataclass(frozen=True)
class FailureQueue:
    """A queue that the OnFailure of a function names.

    Args:
        queue: its name; where it lies in another region or account, its ARN.
        functions: `NAME[@QUALIFIER]` of those whose failures go there, sorted.
        active: about how many letters can be received; None: not known, as in all that follows.
        hidden: about how many another reader holds.
        oldest_ms: when the oldest of the 16 letters at its head was enqueued, milliseconds since 1970; None also where
            none was seen.
        expires_ms: when that letter will be gone.
        problem: why the queue could not be looked at; None: it was.
    """

    queue: str
    functions: tuple[str, ...]
    active: int | None = None
    hidden: int | None = None
    oldest_ms: int | None = None
    expires_ms: int | None = None
    problem: str | None = None


def failure_queues(functions: FunctionsClient, open_queue: Callable[[str], QueueClient]) -> Iterator[FailureQueue]:
    """Look at every queue that an OnFailure in the region names, by name; one that cannot be looked at says why.

    Args:
        functions: its region's functions are asked for their configs.
        open_queue: makes a client for a queue of that region; it is closed again.

    Raises:
        ServiceError: the configs may not be listed.
        TransportError: no answer came to that.
    """
    for arn, names in sorted(_named(functions).items(), key=lambda one: (one[0].name, str(one[0]))):
        where = _elsewhere(arn, functions)
        if where is None:
            yield _looked_at(arn.name, names, open_queue)
        else:
            yield FailureQueue(str(arn), names, problem=where)


def _named(functions: FunctionsClient) -> dict[QueueArn, tuple[str, ...]]:
    named: dict[QueueArn, set[str]] = {}
    for config in functions.iter_configs():
        if isinstance(config.on_failure, QueueArn):
            named.setdefault(_whole(config.on_failure, config), set()).add(_function(config))
    return {arn: tuple(sorted(names)) for arn, names in named.items()}


def _whole(arn: QueueArn, config: AsyncInvokeConfig) -> QueueArn:
    """Fill in what an ARN leaves out: it is then the function's own region and account."""
    function = config.function
    return arn.resolved(function.region, function.account_id) if isinstance(function, FunctionArn) else arn


def _function(config: AsyncInvokeConfig) -> str:
    name, qualifier = getattr(config.function, "name", None), getattr(config.function, "qualifier", None)
    return str(FunctionName(name or "unknown", None if qualifier == LATEST else qualifier))


def _elsewhere(arn: QueueArn, functions: FunctionsClient) -> str | None:
    settings = functions.settings
    if settings.endpoint.is_loopback:
        return None  # the local service takes a region and an account as they are written
    for part, known in ((arn.region, settings.region), (arn.account_id, settings.account_id)):
        if part and known is not None and part != known.value:
            return f"it is of {arn.account_id}/{arn.region}, this is {settings.place}"
    return None


def _looked_at(name: str, names: tuple[str, ...], open_queue: Callable[[str], QueueClient]) -> FailureQueue:
    try:
        with open_queue(name) as queue:
            seen = look(queue)
    except (ServiceError, TransportError, ArgumentError) as error:
        return FailureQueue(name, names, problem=_reason(error))
    oldest_ms = min((one.message.enqueue_time for one in seen.letters if one.message.enqueue_time), default=None)
    retention = seen.attributes.message_retention_period
    expires_ms = None if oldest_ms is None or retention is None else oldest_ms + retention * 1000
    counts = (seen.attributes.active_messages, seen.attributes.inactive_messages)
    return FailureQueue(name, names, *counts, oldest_ms, expires_ms)


def _reason(error: Exception) -> str:
    if isinstance(error, ServiceError) and error.code == "QueueNotExist":
        return "there is no such queue: what fails is lost"
    return str(error)
