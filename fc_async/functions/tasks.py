"""The calls about async tasks: get, list, stop, wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..answered import objects, optional
from ..checks import FunctionName, check_known_task_id, check_wait
from ..config import AsyncInvokeConfig
from ..errors import ServiceError, SettingsError, TaskTimeout, TransportError
from ..transport.repeat import FOREVER
from .async_task import AsyncTask, task_query
from .calls import Calls, addressed

PAGE_SIZE = 100
"""Tasks asked for at once, the most that the service gives (docstring of the FC SDK's ListAsyncTasksRequest)."""

REGISTRATION_SECONDS = 5
"""For a moment after its acceptance a task is 404 (aliyun/alibabacloud-aiops-skills); how long: assumed."""

_NOTHING_TO_WAIT_FOR = {"FunctionNotFound", "VersionNotFound", "AliasNotFound"}
_FIRST_LOOK_SECONDS = 0.25
_LONGEST_LOOK_SECONDS = 5.0


class FindConfig(Protocol):
    """Finds a function's async config (`Configs.find_config`)."""

    def __call__(
        self, function: str, *, qualifier: str | None = None, until: float = FOREVER
    ) -> AsyncInvokeConfig | None: ...


class Tasks:
    """The calls about async tasks; `FunctionsClient` describes them.

    Args:
        calls: makes them.
        find_config: tells whether a task that cannot be found could exist at all.
    """

    def __init__(self, calls: Calls, *, find_config: FindConfig) -> None:
        self._calls = calls
        self._find_config = find_config

    def get_task(
        self, function: str, task_id: str, *, qualifier: str | None = None, until: float = FOREVER
    ) -> AsyncTask:
        """Return one task; stop repeating at the clock reading `until`."""
        action, name, query = addressed("get_task", function, qualifier)
        task, request = check_known_task_id(task_id), models.GetAsyncTaskRequest(**query)
        return self._calls.read(
            f"{action} {task}",
            lambda: self._calls.sdk.get_async_task_with_options(name, task, request, {}, self._calls.runtime(until)),
            AsyncTask.from_wire,
            until,
        )

    def iter_tasks(
        self,
        function: str,
        *,
        qualifier: str | None = None,
        prefix: str | None = None,
        status: str | None = None,
        started_time_begin: int | datetime | None = None,
        started_time_end: int | datetime | None = None,
        sort_order_by_time: str | None = None,
        include_payload: bool = False,
    ) -> Iterator[AsyncTask]:
        """Go through a function's tasks."""
        action, name, _ = addressed("iter_tasks", function, qualifier)
        query = task_query(
            qualifier=qualifier,
            prefix=prefix,
            status=status,
            started_time_begin=started_time_begin,
            started_time_end=started_time_end,
            sort_order_by_time=sort_order_by_time,
            include_payload=include_payload,
        )

        def ask(token: str | None) -> object:
            request = models.ListAsyncTasksRequest(**query, limit=PAGE_SIZE, next_token=token)
            return self._calls.sdk.list_async_tasks_with_options(name, request, {}, RuntimeOptions())

        return self._calls.pages(action, ask, _read_page)

    def stop_task(self, function: str, task_id: str, *, qualifier: str | None = None) -> None:
        """Stop a task."""
        action, name, query = addressed("stop_task", function, qualifier)
        task, request = check_known_task_id(task_id), models.StopAsyncTaskRequest(**query)

        def stop(_: bool) -> object:
            return self._calls.once(
                f"{action} {task}",
                lambda: self._calls.sdk.stop_async_task_with_options(name, task, request, {}, RuntimeOptions()),
                expected=(200, 204),
            )

        self._calls.repeat(stop, harmless_twice=False)

    def wait_task(
        self, function: str, task_id: str, *, timeout_seconds: float | timedelta | None, qualifier: str | None = None
    ) -> AsyncTask:
        """Wait until a task is over, and return it."""
        limit_seconds = check_wait("timeout_seconds", timeout_seconds)
        until, look_seconds, task = self._calls.clock() + limit_seconds, _FIRST_LOOK_SECONDS, None
        try:
            task = self.registered(function, task_id, qualifier=qualifier, until=until)
            while not task.is_over and (left_seconds := until - self._calls.clock()) > 0:
                self._calls.sleep(min(look_seconds, left_seconds))
                look_seconds = min(look_seconds * 2, _LONGEST_LOOK_SECONDS)
                task = self.get_task(function, task_id, qualifier=qualifier, until=until)
        except TransportError:
            if self._calls.clock() < until or not limit_seconds:  # after a single look the failure is all there is
                raise
        if task is not None and task.is_over:
            return task
        raise _timeout(addressed("wait_task", function, qualifier)[0], task_id, task, limit_seconds)

    def registered(
        self,
        function: str,
        task_id: str,
        *,
        qualifier: str | None = None,
        until: float = FOREVER,
        is_known_to_be_on: bool = False,
    ) -> AsyncTask:
        """Return a task that was accepted just now, for which the service may answer 404 for a moment."""
        registered = min(until, self._calls.clock() + REGISTRATION_SECONDS)
        look_seconds, is_on = _FIRST_LOOK_SECONDS, is_known_to_be_on
        while True:
            try:
                return self.get_task(function, task_id, qualifier=qualifier, until=until)
            except ServiceError as error:
                if error.status != 404 or error.code in _NOTHING_TO_WAIT_FOR:
                    raise
                missing = error
            if not is_on:
                self._require_tasks(function, qualifier, until)
                is_on = True
            left_seconds = registered - self._calls.clock()
            if left_seconds <= 0:
                raise missing
            self._calls.sleep(min(look_seconds, left_seconds))
            look_seconds *= 2

    def _require_tasks(self, function: str, qualifier: str | None, until: float) -> None:
        try:
            config = self._find_config(function, qualifier=qualifier, until=until)
        except ServiceError as error:
            if error.status != 403:
                raise
            return  # without the permission to read the config, the task's own 404 has to do
        if config is None or not config.async_task:
            raise _tasks_are_off(FunctionName(function, qualifier))


def _read_page(wire: dict[str, Any]) -> tuple[list[AsyncTask], str | None]:
    return [AsyncTask.from_wire(one) for one in objects(wire, "tasks")], optional(wire, "nextToken", str)


def _timeout(action: str, task_id: str, task: AsyncTask | None, limit_seconds: float) -> TaskTimeout:
    how_far = f"{task.status}, not over," if task else "not known to be over"
    return TaskTimeout(f"{action}: the task {task_id} is {how_far} after {limit_seconds:g} seconds; it goes on")


def _tasks_are_off(function: FunctionName) -> SettingsError:
    return SettingsError(
        f"asyncTask is off for {function}, so nothing can be known of its invocations; switch it on with"
        f" fc-async config set {function} --async-task (put_config with async_task=True in Python)"
    )
