"""What goes into an invocation or a deployment, and what comes of it, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ..errors import FcAsyncError


@dataclass(frozen=True)
class Accepted:
    """The service has taken an asynchronous invocation; it will run, or fail, later.

    Args:
        request_id: the id of the invocation, the one that its record will carry; "" when the answer named none.
        task_id: the async task's id; None when the answer named none.
        repeated: True when it had been accepted before under the same task id.
    """

    request_id: str
    task_id: str | None
    repeated: bool = False


@dataclass(frozen=True)
class Invocation:
    """One asynchronous invocation among many, with options of its own.

    Args:
        payload: as for `FunctionsClient.invoke_async`.
        task_id: an id of your own; None: the service's.
        delay_seconds: run no earlier than this, 0 to 3600, a number or a timedelta; None: at once.
    """

    payload: Any = field(repr=False)
    task_id: str | None = None
    delay_seconds: int | timedelta | None = None


@dataclass(frozen=True)
class InvokeFailed:
    """One of many invocations that was refused, or whose acceptance is unknown.

    Args:
        index: its place among the payloads, from 0.
        error: what `invoke_async` raised for it.
    """

    index: int
    error: FcAsyncError


@dataclass(frozen=True)
class InvokeResult:
    """What a function returned to a synchronous invocation.

    Args:
        payload: the returned bytes.
        request_id: the id of the invocation; "" when the answer named none.
    """

    payload: bytes = field(repr=False)
    request_id: str


@dataclass(frozen=True)
class DeployedFunction:
    """A function as a deployment left it.

    Args:
        function_arn: its ARN; "" when the answer named none.
        created: True when it was not there before.
        version: the version that was published; None when none was asked for.
    """

    function_arn: str
    created: bool
    version: str | None
