"""One function as the engine sees it: its own queue, its qualifiers with their settings, its tasks, and its limit."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic

from ...errors import LocalError
from .. import limits
from .task_book import AnyTask, TaskBook


@dataclass(frozen=True)
class Settings:
    """What the async config of one function and qualifier asks for.

    Args:
        max_retries: attempts after the first one when the handler fails; 0 means none.
        max_age_ms: what is older than this when it is taken out of the queue is dropped.
        on_success: ARN to which the record of a success goes; None: nowhere.
        on_failure: ARN to which the record of a failure goes; None: nowhere.
        async_task: whether invocations are async tasks, found by their id.
    """

    max_retries: int = limits.DEFAULT_RETRY_ATTEMPTS
    max_age_ms: int = limits.DEFAULT_EVENT_AGE_SECONDS * 1000
    on_success: str | None = None
    on_failure: str | None = None
    async_task: bool = False


DEFAULT_SETTINGS = Settings()
"""What holds where nothing was configured."""


class Target(Generic[AnyTask]):
    """One qualifier of a function, and the settings that it has at the moment."""

    __slots__ = ("lane", "qualifier", "settings")

    def __init__(self, lane: Lane[AnyTask], qualifier: str | None) -> None:
        self.lane = lane
        self.qualifier = qualifier
        self.settings = DEFAULT_SETTINGS


class Lane(Generic[AnyTask]):
    """One function: what is ready, oldest first; its qualifiers, its tasks, and how many run."""

    __slots__ = ("function", "ready", "targets", "tasks", "running", "limit", "reserved", "is_disabled")

    def __init__(self, function: str) -> None:
        self.function = function
        self.ready: deque[AnyTask] = deque()
        self.targets: dict[str | None, Target[AnyTask]] = {None: Target(self, None)}
        self.tasks: TaskBook[AnyTask] = TaskBook()
        self.running = 0
        self.limit: int | None = None
        self.reserved: int | None = None
        self.is_disabled = False

    @property
    def is_full(self) -> bool:
        """Whether one more execution would be over the lower of the function's limits, or it is disabled."""
        over_limit = self.limit is not None and self.running >= self.limit
        over_reserved = self.reserved is not None and self.running >= self.reserved
        return over_limit or over_reserved or self.is_disabled


class UnknownFunctionError(LocalError):
    """An invocation was accepted for a function or qualifier that the engine was never told of."""


class Lanes(Generic[AnyTask]):
    """The functions that there are. One that is deleted and made again is another one."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane[AnyTask]] = {}

    def add(self, function: str) -> None:
        """Make a function known; harmless when it is known."""
        self._lanes.setdefault(function, Lane(function))

    def remove(self, function: str) -> None:
        """Forget a function, if it is known."""
        self._lanes.pop(function, None)

    def lane(self, function: str) -> Lane[AnyTask]:
        """Return a function; raises UnknownFunctionError."""
        lane = self._lanes.get(function)
        if lane is None:
            raise UnknownFunctionError(function)
        return lane

    def target(self, function: str, qualifier: str | None) -> Target[AnyTask]:
        """Return a qualifier of a function, None for LATEST; raises UnknownFunctionError."""
        target = self.lane(function).targets.get(qualifier)
        if target is None:
            raise UnknownFunctionError(f"{function}@{qualifier}")
        return target

    def has(self, target: Target[AnyTask]) -> bool:
        """Whether function and qualifier are still those of an earlier time."""
        lane = target.lane
        return self._lanes.get(lane.function) is lane and lane.targets.get(target.qualifier) is target
