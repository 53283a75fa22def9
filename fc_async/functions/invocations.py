"""The calls about functions and their invocation: get, invoke, invoke later, invoke many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain
from typing import Any, Union

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..arn import parse_arn
from ..checks import DAY_SECONDS, check_delay, check_function, check_task_id, check_timeout
from ..errors import ArgumentError, FunctionError, ServiceError
from ..records.error_detail import read_error
from ..transport.adapter import Answer
from ..transport.fc_transport import last_answer, request_id
from ..transport.service_text import identifier
from .calls import addressed
from .invoke_many import invoke_each
from .outcomes import Accepted, Invocation, InvokeFailed, InvokeResult
from .payload import MAX_PAYLOAD_BYTES, payload_bytes
from .tasks import TaskCalls

MARGIN_SECONDS = 10
"""What a synchronous invocation may take beyond the function's own timeout: the way there and back, a cold start."""

PAGE_SIZE = 100
"""Functions, versions or aliases asked for at once, the most that the service gives (docstrings of the FC SDK)."""


class InvokeCalls(TaskCalls):
    """The calls about functions and their invocation."""

    _max_payload_bytes: int | None = MAX_PAYLOAD_BYTES

    def get_function(self, function: str, *, qualifier: str | None = None) -> Any:
        """Return the function as the SDK's `Function` model: role, timeout, runtime and so on.

        Raises:
            ServiceError: it does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        action, name, query = addressed("get_function", function, qualifier)
        request = models.GetFunctionRequest(**query)
        found = self._answered(
            action,
            lambda: self.sdk.get_function_with_options(name, request, {}, RuntimeOptions()),
            models.Function().from_map,
        )
        self._learn_from_text(found.function_arn)
        return found

    def iter_functions(self, prefix: str | None = None) -> Iterator[str]:
        """Go through the names of the functions in the region, page by page.

        Args:
            prefix: how the name begins; None: every function.

        Raises:
            ServiceError: the service refused.
            TransportError: no answer came.
        """
        begins = None if prefix is None else check_function(prefix)

        def ask(token: str | None) -> object:
            request = models.ListFunctionsRequest(prefix=begins, limit=PAGE_SIZE, next_token=token)
            return self.sdk.list_functions_with_options(request, {}, RuntimeOptions())

        return self._pages("iter_functions", ask, _names("functions", "functionName"))

    def iter_qualifiers(self, function: str) -> Iterator[str]:
        """Go through a function's versions, then its aliases, page by page; LATEST is not among them.

        Args:
            function: function name.

        Raises:
            ServiceError: the function does not exist (404), or the service refused.
            TransportError: no answer came.
        """
        action, name, _ = addressed("iter_qualifiers", function, None)

        def versions(token: str | None) -> object:
            request = models.ListFunctionVersionsRequest(limit=PAGE_SIZE, next_token=token)
            return self.sdk.list_function_versions_with_options(name, request, {}, RuntimeOptions())

        def aliases(token: str | None) -> object:
            request = models.ListAliasesRequest(limit=PAGE_SIZE, next_token=token)
            return self.sdk.list_aliases_with_options(name, request, {}, RuntimeOptions())

        return chain(
            self._pages(action, versions, _names("versions", "versionId")),
            self._pages(action, aliases, _names("aliases", "aliasName")),
        )

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
        """Hand an invocation to the service's queue; only its answer 202 counts as accepted.

        It is repeated when it cannot have arrived, or was throttled (429). When it may have arrived it is not:
        `TransportError.sent` says so. With `deduplicated` it is repeated then too, because the service refuses a task
        id that it has: such a refusal after an attempt that may have arrived is answered with the request id that
        the task has, and `repeated=True`.

        Args:
            function: function name.
            payload: str is UTF-8 as it is, bytes as they are, a Path is read, None is no body, anything else is
                compact JSON; 131072 bytes at most (`max_payload_bytes`).
            qualifier: version or alias; None: LATEST.
            delay_seconds: run no earlier than this, 0 to 3600, a number or a timedelta; None and 0: at once.
            task_id: an id of your own, a letter or `_` first, 128 characters at most; None: the service's.
            deduplicated: True says that asyncTask is on for this function and qualifier, so that a task id is accepted
                once; needs a task id. Default False.

        Raises:
            ArgumentError: the payload is too long or an argument cannot be right; nothing was sent.
            ServiceError: the service refused; 409 when it has a task of this id.
            TransportError: no answer came.
        """
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
        answer = self._repeats.run(lambda again: _send_or_conflict(send, again), harmless_twice=deduplicated)
        if isinstance(answer, ServiceError):
            return self._accepted_before(function, qualifier, task_id, answer)
        return Accepted(request_id(answer) or "", identifier(answer.headers.get("x-fc-async-task-id")) or task_id)

    def invoke_many(
        self,
        function: str,
        payloads: Iterable[Any],
        *,
        qualifier: str | None = None,
        concurrency: int = 16,
        rate_per_second: float | None = None,
    ) -> list[Accepted | InvokeFailed]:
        """Hand many invocations to the service's queue, several at a time; what fails stops nothing.

        Args:
            function: function name.
            payloads: payloads as for `invoke_async`, or `Invocation`s, which have options of their own; all of them
                are taken before the first is sent.
            qualifier: version or alias; None: LATEST.
            concurrency: how many at a time, 1 to 64. Default 16.
            rate_per_second: begin no more than so many a second, 1/86400 (once a day) to 86400; None: no limit.

        Returns:
            What came of each, in the order of the payloads: `Accepted`, or `InvokeFailed` with the error that
            `invoke_async` raises.

        Raises:
            ArgumentError: function, qualifier, concurrency, rate or payloads cannot be right; nothing was sent.
        """
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
            sleep=self._sleep,
            clock=self._clock,
        )

    def invoke(
        self,
        function: str,
        payload: Any,
        *,
        qualifier: str | None = None,
        timeout_seconds: float | timedelta | None = None,
    ) -> InvokeResult:
        """Run a function and wait for what it returns; never repeated when it may have run.

        Args:
            function: function name.
            payload: as for `invoke_async`, without its limit.
            qualifier: version or alias; None: LATEST.
            timeout_seconds: longest wait for the answer, over 0, 86400 at most, a number or a timedelta; None: the
                function's own timeout, which is asked for first, and 10 seconds; where it may not be read (403) the
                client's read timeout.

        Raises:
            FunctionError: the function ran and its handler failed.
            ServiceError: the service refused.
            TransportError: no answer came; `.sent` says whether the function may have run.
        """
        wait_seconds = None if timeout_seconds is None else check_timeout("timeout_seconds", timeout_seconds)
        headers = {"x-fc-invocation-type": "Sync"}
        send = self._sender("invoke", function, qualifier, payload_bytes(payload), headers, expected=200)
        if wait_seconds is None:
            wait_seconds = self._own_timeout(function, qualifier)
        answer = self._repeats.run(lambda _: send(wait_seconds), harmless_twice=False)
        kind = identifier(answer.headers.get("x-fc-error-type"))
        if kind is not None:
            raise FunctionError(read_error(answer.body, kind), answer.body, request_id(answer))
        return InvokeResult(answer.body, request_id(answer) or "")

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
            request = models.InvokeFunctionRequest(body=raw, **query)
            own = models.InvokeFunctionHeaders(common_headers=dict(headers))  # a copy: the SDK may write into it
            self._transport.call(
                action,
                lambda: self.sdk.invoke_function_with_options(name, request, own, runtime),
                expected=(expected,),
                private=private,
            )
            return last_answer()

        return send

    def _accepted_before(
        self, function: str, qualifier: str | None, task_id: str | None, refused: ServiceError
    ) -> Accepted:
        """Return the acceptance of an earlier attempt, if its task can be found; else the refusal holds."""
        try:
            task = self._registered_task(function, task_id or "", qualifier, is_known_to_be_on=True)
        except ServiceError as error:
            if error.status not in {403, 404}:
                raise
        else:
            return Accepted(task.request_id or "", task_id, repeated=True)
        raise refused

    def _own_timeout(self, function: str, qualifier: str | None) -> float | None:
        try:
            found = self.get_function(function, qualifier=qualifier)
        except ServiceError as error:
            if error.status != 403:
                raise
            return None
        is_known = isinstance(found.timeout, int) and 0 < found.timeout <= DAY_SECONDS
        return found.timeout + MARGIN_SECONDS if is_known else None

    def _learn_from_text(self, arn: object) -> None:
        try:
            found = parse_arn(arn) if isinstance(arn, str) else None
        except ArgumentError:
            return
        self._learn_from(found)


def _names(listed: str, key: str) -> Callable[[dict[str, Any]], tuple[list[str], str | None]]:
    """Return what reads a page of a list of names."""

    def read(wire: dict[str, Any]) -> tuple[list[str], str | None]:
        names = [one[key] for one in wire.get(listed) or ()]  # null when there is none
        if not all(isinstance(name, str) for name in names):
            raise TypeError
        return names, wire.get("nextToken")

    return read


_Sender = Callable[[Union[float, None]], Answer]


def _send_or_conflict(send: _Sender, may_have_arrived: bool) -> Answer | ServiceError:
    """Send; a 409 after an attempt that may have arrived is returned, because it tells that this attempt did."""
    try:
        return send(None)
    except ServiceError as error:
        if not may_have_arrived or error.status != 409:
            raise
        return error
