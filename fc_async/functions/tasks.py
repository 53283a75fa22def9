"""The calls about async tasks: get, list, stop, wait."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from alibabacloud_fc20230330 import models
from darabonba.runtime import RuntimeOptions

from ..checks import check_known_task_id, check_wait
from ..errors import ServiceError, SettingsError, TaskTimeout, TransportError
from ..transport.repeat import FOREVER
from .async_task import AsyncTask, task_query
from .calls import addressed
from .configs import ConfigCalls

PAGE_SIZE = 100
"""Tasks asked for at once, the most that the service gives (docstring of the FC SDK's ListAsyncTasksRequest)."""

REGISTRATION_SECONDS = 5
"""For a moment after its acceptance a task is 404 (aliyun/alibabacloud-aiops-skills); how long: assumed."""

_NOTHING_TO_WAIT_FOR = {"FunctionNotFound", "VersionNotFound", "AliasNotFound"}
_FIRST_LOOK_SECONDS = 0.25
_LONGEST_LOOK_SECONDS = 5.0


class TaskCalls(ConfigCalls):
    """The calls about async tasks."""

    def get_task(self, function: str, task_id: str, *, qualifier: str | None = None) -> AsyncTask:
        """Return one async task; the service keeps them for 7 days.

        Args:
            function: function name.
            task_id: the task's id, as `Accepted` has it.
            qualifier: version or alias that was invoked; None: LATEST.

        Raises:
            ServiceError: there is no such task (404; also for a moment after its acceptance, and always while
                asyncTask is off), or the service refused.
            TransportError: no answer came.
        """
        return self._get_task(function, task_id, qualifier)

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
        """Go through a function's async tasks, page by page; the service keeps them for 7 days.

        Args:
            function: function name.
            qualifier: version or alias that was invoked; None: LATEST.
            prefix: how the task's id begins; None: any.
            status: one of the statuses of `AsyncTask`; None: any.
            started_time_begin: the begin of the time in which it was started, in milliseconds since 1970 or as a
                datetime with a time zone; None: any.
            started_time_end: the end of that time, likewise.
            sort_order_by_time: `asc` or `desc`; None: the service's order.
            include_payload: also fill `task_payload`. Default False.

        Raises:
            ArgumentError: an argument cannot be right; nothing was sent.
            ServiceError: the service refused.
            TransportError: no answer came.
        """
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
            return self.sdk.list_async_tasks_with_options(name, request, {}, RuntimeOptions())

        return self._pages(action, ask, _read_page)

    def stop_task(self, function: str, task_id: str, *, qualifier: str | None = None) -> None:
        """Stop an async task: one that waits does not run, one that runs is broken off.

        Args:
            function: function name.
            task_id: the task's id.
            qualifier: version or alias that was invoked; None: LATEST.

        Raises:
            ServiceError: there is no such task (404), it is over (412), or the service refused.
            TransportError: no answer came; when `.sent`, the task may be stopped.
        """
        action, name, query = addressed("stop_task", function, qualifier)
        task, request = check_known_task_id(task_id), models.StopAsyncTaskRequest(**query)
        self._call(
            f"{action} {task}",
            lambda: self.sdk.stop_async_task_with_options(name, task, request, {}, RuntimeOptions()),
            expected=(200, 204),
        )

    def wait_task(
        self, function: str, task_id: str, *, timeout_seconds: float | timedelta | None, qualifier: str | None = None
    ) -> AsyncTask:
        """Wait until an async task is over, and return it, however it ended.

        Args:
            function: function name.
            task_id: the task's id, as `Accepted` has it; it may be a moment old.
            timeout_seconds: longest wait, 0 to a year, a number or a timedelta; 0: look once; None: for as long as it
                takes. A service that does not answer is left when the time is over, after a second at the earliest.
            qualifier: version or alias that was invoked; None: LATEST.

        Raises:
            TaskTimeout: it was not over in time, or the service did not tell; it goes on.
            SettingsError: asyncTask is off for this function and qualifier, so that nothing can be known of the task.
            ServiceError: there is no such task (404, also after 5 seconds), or the service refused.
            TransportError: no answer came, and there was time left.
        """
        limit_seconds = check_wait("timeout_seconds", timeout_seconds)
        until, look_seconds, task = self._clock() + limit_seconds, _FIRST_LOOK_SECONDS, None
        try:
            task = self._registered_task(function, task_id, qualifier, until)
            while not task.is_over and (left_seconds := until - self._clock()) > 0:
                self._sleep(min(look_seconds, left_seconds))
                look_seconds = min(look_seconds * 2, _LONGEST_LOOK_SECONDS)
                task = self._get_task(function, task_id, qualifier, until)
        except TransportError:
            if self._clock() < until or not limit_seconds:  # of a single look the failure is what there is to tell
                raise
        if task is not None and task.is_over:
            return task
        raise _timeout(addressed("wait_task", function, qualifier)[0], task_id, task, limit_seconds)

    def _get_task(self, function: str, task_id: str, qualifier: str | None, until: float = FOREVER) -> AsyncTask:
        action, name, query = addressed("get_task", function, qualifier)
        task, request = check_known_task_id(task_id), models.GetAsyncTaskRequest(**query)
        return self._answered(
            f"{action} {task}",
            lambda: self.sdk.get_async_task_with_options(name, task, request, {}, self._runtime(until)),
            AsyncTask.from_wire,
            until,
        )

    def _registered_task(
        self,
        function: str,
        task_id: str,
        qualifier: str | None,
        until: float = FOREVER,
        *,
        is_known_to_be_on: bool = False,
    ) -> AsyncTask:
        """Return a task that was accepted just now, for which the service may answer 404 for a moment."""
        registered = min(until, self._clock() + REGISTRATION_SECONDS)
        look_seconds, is_on = _FIRST_LOOK_SECONDS, is_known_to_be_on
        while True:
            try:
                return self._get_task(function, task_id, qualifier, until)
            except ServiceError as error:
                if error.status != 404 or error.code in _NOTHING_TO_WAIT_FOR:
                    raise
                missing = error
            if not is_on:
                self._require_tasks(function, qualifier, until)
                is_on = True
            left_seconds = registered - self._clock()
            if left_seconds <= 0:
                raise missing
            self._sleep(min(look_seconds, left_seconds))
            look_seconds *= 2

    def _require_tasks(self, function: str, qualifier: str | None, until: float) -> None:
        try:
            config = self._find_config(function, qualifier, until)
        except ServiceError as error:
            if error.status != 403:
                raise
            return  # whoever may not read the config learns from the task's own 404
        if config is None or not config.async_task:
            raise _tasks_are_off(function if qualifier is None else f"{function}@{qualifier}")


def _read_page(wire: dict[str, Any]) -> tuple[list[AsyncTask], str | None]:
    return [AsyncTask.from_wire(one) for one in wire.get("tasks") or ()], wire.get("nextToken")  # null: there is none


def _timeout(action: str, task_id: str, task: AsyncTask | None, limit_seconds: float) -> TaskTimeout:
    how_far = f"{task.status}, not over," if task else "not known to be over"
    return TaskTimeout(f"{action}: the task {task_id} is {how_far} after {limit_seconds:g} seconds; it goes on")


def _tasks_are_off(shown: str) -> SettingsError:
    return SettingsError(
        f"asyncTask is off for {shown}, so nothing can be known of its invocations; switch it on with"
        f" fc-async config set {shown} --async-task (put_config with async_task=True in Python)"
    )
