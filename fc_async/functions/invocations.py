"""The calls that invoke a function: later, many at once, or now."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Union

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..checks import DAY_SECONDS, check_delay, check_task_id, check_timeout, is_whole
from ..errors import ArgumentError, FunctionError, ServiceError
from ..records.error_detail import ErrorDetail, read_error
from ..transport.adapter import Answer
from ..transport.fc_transport import request_id
from .async_task import AsyncTask
from .calls import Calls, addressed
from .invoke_many import invoke_each
from .outcomes import Accepted, Invocation, InvokeFailed, InvokeResult
from .payload import MAX_PAYLOAD_BYTES, payload_bytes

MARGIN_SECONDS = 10
"""What a synchronous invocation may take beyond the function's own timeout: the way there and back, a cold start."""


class Invocations:
    """The calls that invoke; `FunctionsClient` describes them.

    Args:
        calls: makes them.
        registered: returns a task that was accepted just now (`Tasks.registered`).
        get_function: returns a function, whose timeout is asked for (`Catalog.get_function`).
        max_payload_bytes: longest payload of an asynchronous invocation; None: the service decides.
    """

    def __init__(
        self,
        calls: Calls,
        *,
        registered: Callable[..., AsyncTask],
        get_function: Callable[..., Any],
        max_payload_bytes: int | None = MAX_PAYLOAD_BYTES,
    ) -> None:
        self._calls = calls
        self._registered = registered
        self._get_function = get_function
        self._max_payload_bytes = max_payload_bytes

    def invoke_async(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        delay_seconds: int | timedelta | None = None,
        task_id: str | None = None,
        deduplicated: bool = False,
    ) -> Accepted:
        """Hand an invocation to the service's queue."""
        delay = check_delay(delay_seconds)
        headers = {"x-fc-invocation-type": "Async"}
        if delay:
            headers["x-fc-async-delay"] = str(delay)
        if task_id is not None:
            headers["x-fc-async-task-id"] = check_task_id(task_id)
        if deduplicated and task_id is None:
            raise ArgumentError("deduplicated: expected a task_id with it; without one every invocation is a new one")
        send = self._sender(
            "invoke_async", function, qualifier, payload_bytes(payload, self._max_payload_bytes), headers
        )
        answer = self._calls.repeat(lambda again: _send_or_conflict(send, again), harmless_twice=deduplicated)
        if isinstance(answer, ServiceError):
            return self._accepted_before(function, qualifier, task_id, answer)
        action = addressed("invoke_async", function, qualifier).action
        return Accepted(
            _accepted(action, answer), answer.private.identifier(answer.headers.get("x-fc-async-task-id")) or task_id
        )

    def invoke_many(
        self,
        function: str,
        payloads: Iterable[Any],
        *,
        qualifier: str | None = None,
        concurrency: int = 16,
        rate_per_second: float | None = None,
    ) -> list[Accepted | InvokeFailed]:
        """Hand many invocations to the service's queue, several at a time."""
        addressed("invoke_many", function, qualifier)

        def invoke(one: Invocation) -> Accepted:
            return self.invoke_async(
                function, one.payload, qualifier=qualifier, delay_seconds=one.delay_seconds, task_id=one.task_id
            )

        return invoke_each(
            invoke,
            payloads,
            concurrency=concurrency,
            rate_per_second=rate_per_second,
            sleep=self._calls.sleep,
            clock=self._calls.clock,
        )

    def invoke(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        timeout_seconds: float | timedelta | None = None,
    ) -> InvokeResult:
        """Run a function and wait for what it returns."""
        wait_seconds = None if timeout_seconds is None else check_timeout("timeout_seconds", timeout_seconds)
        headers = {"x-fc-invocation-type": "Sync"}
        send = self._sender("invoke", function, qualifier, payload_bytes(payload), headers, expected=200)
        if wait_seconds is None:
            wait_seconds = self.longest_wait(function, qualifier)
        answer = self._calls.repeat(lambda _: send(wait_seconds), harmless_twice=False)
        if answer.headers.get("x-fc-error-type"):
            raise FunctionError(_error_detail(answer), answer.body, request_id(answer))
        return InvokeResult(answer.body, request_id(answer) or "")

    def longest_wait(self, function: str, qualifier: str | None) -> float | None:
        """Return the seconds that a synchronous invocation may take; None where the function does not tell."""
        try:
            found = self._get_function(function, qualifier=qualifier)
        except ServiceError as error:
            if error.status != 403:
                raise
            return None
        is_known = is_whole(found.timeout, 1, DAY_SECONDS)
        return found.timeout + MARGIN_SECONDS if is_known else None

    def _sender(
        self,
        verb: str,
        function: str,
        qualifier: str | None,
        raw: bytes | None,
        headers: dict[str, str],
        *,
        expected: int = 202,
    ) -> _Sender:
        """Return what sends an invocation once, given the read timeout or None."""
        action, name, query = addressed(verb, function, qualifier)
        private = (raw.decode("utf-8", "replace"),) if raw else ()

        def send(read_seconds: float | None) -> Answer:
            runtime = RuntimeOptions()
            if read_seconds is not None:
                runtime.read_timeout = max(1, round(read_seconds * 1000))
            request = models.InvokeFunctionRequest(body=raw, **query)  # type: ignore[arg-type] # it takes bytes, too
            own = models.InvokeFunctionHeaders(common_headers=dict(headers))  # a copy: the SDK may write into it
            return self._calls.once(
                action,
                lambda: self._calls.sdk.invoke_function_with_options(name, request, own, runtime),
                expected=(expected,),
                private=private,
            )

        return send

    def _accepted_before(
        self, function: str, qualifier: str | None, task_id: str | None, refused: ServiceError
    ) -> Accepted:
        """Return the acceptance of an earlier attempt, if its task can be found; else the refusal holds."""
        try:
            task = self._registered(function, task_id or "", qualifier=qualifier, is_known_to_be_on=True)
        except ServiceError as error:
            if error.status not in {403, 404}:
                raise
        else:
            return Accepted(task.request_id or "", task_id, repeated=True)
        raise refused


_Sender = Callable[[Union[float, None]], Answer]


def _error_detail(answer: Answer) -> ErrorDetail:
    """Return what went wrong; its type, which the message shows, is the service's where it would quote what may not."""
    kind = answer.private.code(answer.headers["x-fc-error-type"]) or "unknown"
    error = read_error(answer.body, kind)
    return error if answer.private.code(error.type) else ErrorDetail(kind, error.message, error.frames)


def _accepted(action: str, answer: Answer) -> str:
    """Return the request id of an acceptance.

    Raises:
        ServiceError: there is none. Function Compute always gives one, so that something else answered: a proxy, or
            what listens at a wrong address. A letter must not be deleted for that.
    """
    found = request_id(answer)
    if found is None:
        raise ServiceError(
            answer.status,
            message="without x-fc-request-id, which Function Compute always gives: whatever answered, nothing is"
            " known to be accepted",
            action=action,
        )
    return found


def _send_or_conflict(send: _Sender, may_have_arrived: bool) -> Answer | ServiceError:
    """Send; a 409 after an attempt that may have arrived is returned, because it tells that this attempt did."""
    try:
        return send(None)
    except ServiceError as error:
        if not may_have_arrived or error.status != 409:
            raise
        return error
