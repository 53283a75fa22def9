"""One function as the engine sees it: its own queue, its qualifiers with their settings, its tasks, and its limit."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
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
    """One qualifier of a function, and the settings that it has at the moment.

    Args:
        lane: the function.
        qualifier: version or alias; None: LATEST.
        serial: tells it from an earlier one of the same name, also after a restart.
    """

    __slots__ = ("lane", "qualifier", "serial", "settings")

    def __init__(self, lane: Lane[AnyTask], qualifier: str | None, serial: int) -> None:
        self.lane = lane
        self.qualifier = qualifier
        self.serial = serial
        self.settings = DEFAULT_SETTINGS


class Lane(Generic[AnyTask]):
    """One function: what is ready, oldest first; its qualifiers, its tasks, and how many run."""

    __slots__ = ("function", "ready", "targets", "tasks", "running", "limit", "reserved", "is_disabled")

    def __init__(self, function: str) -> None:
        self.function = function
        self.ready: deque[AnyTask] = deque()
        self.targets: dict[str | None, Target[AnyTask]] = {}
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
        self._serials = itertools.count(1)

    def add(self, function: str) -> None:
        """Make a function known, so that invocations of it are accepted; harmless when it is known."""
        if function not in self._lanes:
            self._lanes[function] = Lane(function)
            self.add_qualifier(function, None)

    def remove(self, function: str) -> None:
        """Forget a function, its settings and its tasks; what waits for it becomes Invalid at its turn."""
        self._lanes.pop(function, None)

    def add_qualifier(self, function: str, qualifier: str | None) -> None:
        """Make a version or alias known, with the service's defaults; harmless when it is known."""
        lane = self.lane(function)
        if qualifier not in lane.targets:
            lane.targets[qualifier] = Target(lane, qualifier, next(self._serials))

    def remove_qualifier(self, function: str, qualifier: str) -> None:
        """Forget a version or alias and its settings; what waits for it becomes Invalid at its turn."""
        self.lane(function).targets.pop(qualifier, None)

    def configure(self, function: str, qualifier: str | None, settings: Settings | None) -> None:
        """Set what the async config of a qualifier asks for; None takes it back to the service's defaults."""
        self.target(function, qualifier).settings = Settings() if settings is None else settings

    def limit(self, function: str, instances: int | None) -> None:
        """Answer 429 where more executions than that would run at once; None lifts the limit."""
        self.lane(function).limit = instances

    def reserve(self, function: str, instances: int | None) -> None:
        """Take a function's reserved concurrency, a limit of its own beside `limit`; None: it has none."""
        self.lane(function).reserved = instances

    def disable(self, function: str, *, is_disabled: bool) -> None:
        """Start nothing more of a function while it is disabled."""
        self.lane(function).is_disabled = is_disabled

    # after a restart

    def serials(self, function: str) -> dict[str | None, int]:
        """Return what tells the qualifiers of a function from earlier ones of the same names."""
        return {qualifier: target.serial for qualifier, target in self.lane(function).targets.items()}

    def take_up(self, function: str, serials: Mapping[str | None, int]) -> None:
        """Make a function known as it was before a restart.

        Args:
            function: its name.
            serials: those of its qualifiers, None for LATEST.
        """
        lane = self._lanes[function] = Lane(function)
        lane.targets = {qualifier: Target(lane, qualifier, serial) for qualifier, serial in serials.items()}
        for serial in serials.values():
            self._count_on(serial)

    def target_of(self, function: str, qualifier: str | None, serial: int) -> Target[AnyTask]:
        """Return what an invocation of before a restart is for, also where that is gone."""
        lane = self._lanes.get(function)
        target = None if lane is None else lane.targets.get(qualifier)
        if target is None or target.serial != serial:
            self._count_on(serial)
            return Target(Lane(function), qualifier, serial)
        return target

    def _count_on(self, serial: int) -> None:
        self._serials = itertools.count(max(next(self._serials), serial + 1))

    # finding

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
