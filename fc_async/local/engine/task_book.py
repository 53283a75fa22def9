"""The async tasks of one function: found by qualifier and id, for as long as the service keeps them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from ...errors import LocalError
from .. import limits


class Task(Protocol):
    """What a task book has to know of an async task."""

    task_id: str
    accepted_ms: int

    @property
    def qualifier(self) -> str | None:
        """Version or alias that was invoked; None: LATEST."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens to it any more."""


AnyTask = TypeVar("AnyTask", bound=Task)


class DuplicateTaskError(LocalError):
    """There is a task of that id already."""


class TaskBook(Generic[AnyTask]):
    """The tasks, in the order of their acceptance."""

    def __init__(self) -> None:
        self._tasks: OrderedDict[tuple[str | None, str], AnyTask] = OrderedDict()

    def check_new(self, now_ms: int, qualifier: str | None, task_id: str) -> None:
        """Raise DuplicateTaskError if the id is taken."""
        if self.find(now_ms, qualifier, task_id) is not None:
            raise DuplicateTaskError(task_id)

    def add(self, task: AnyTask) -> None:
        """Add a task whose id is new; it takes the place of one that is kept no longer."""
        key = (task.qualifier, task.task_id)
        self._tasks[key] = task
        self._tasks.move_to_end(key)

    def find(self, now_ms: int, qualifier: str | None, task_id: str) -> AnyTask | None:
        """Return a task, None when there is none or it is kept no longer."""
        self._forget_old(now_ms)
        task = self._tasks.get((qualifier, task_id))
        return None if task is None or _is_over(task, now_ms) else task

    def of_qualifier(self, now_ms: int, qualifier: str | None) -> Iterator[AnyTask]:
        """Return the tasks of a qualifier, oldest first."""
        self._forget_old(now_ms)
        return (task for task in self._tasks.values() if task.qualifier == qualifier and not _is_over(task, now_ms))

    def holds(self, task: AnyTask) -> bool:
        """Whether a task is there."""
        return self._tasks.get((task.qualifier, task.task_id)) is task

    def forget(self, task: AnyTask) -> None:
        """Forget a task, if it is still there."""
        if self.holds(task):
            del self._tasks[task.qualifier, task.task_id]

    def _forget_old(self, now_ms: int) -> None:
        while self._tasks and _is_over(next(iter(self._tasks.values())), now_ms):
            self._tasks.popitem(last=False)


def _is_over(task: Task, now_ms: int) -> bool:
    return task.has_ended and now_ms - task.accepted_ms > limits.TASK_HISTORY_MS
