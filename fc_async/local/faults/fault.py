"""A fault that was asked for: what it meets, how often, and what it does then."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from .actions import DELIVER


@dataclass(frozen=True)
class Fault:
    """One fault, as /_local/faults takes it; what is None or False is not asked for.

    Args:
        action: the service's action that it meets, `Deliver` for a record on its way to a destination, `*` for any.
        resource: name of the function, queue or topic; for `Deliver` the destination's name or ARN. None: any.
        after: how many it leaves alone first.
        times: how often it happens; None: without end.
        probability: in how many of what it meets it happens, from 0 to 1.
        seed: the same seed decides alike; None: 0.
        status: HTTP status of the answer, which is given in the place of the work.
        code: the service's code in it.
        delay_seconds: real time that passes before the work.
        drop: `before` or `after` the work the connection is closed, without an answer.
        truncate: the answer ends in the middle of its body.
        slow_body_seconds: real time over which the body of the answer is spread.
        partial: how many entries of a batch are worked on; the others fail.
        clock_jump_seconds: what the service's time jumps by, before the work.
    """

    action: str
    resource: str | None = None
    after: int = 0
    times: int | None = None
    probability: float | None = None
    seed: int | None = None
    status: int | None = None
    code: str | None = None
    delay_seconds: float | None = None
    drop: str | None = None
    truncate: bool = False
    slow_body_seconds: float | None = None
    partial: int | None = None
    clock_jump_seconds: float | None = None

    @property
    def is_in_place_of_the_work(self) -> bool:
        """Whether the work is not done: no other fault can be in its place, too."""
        return self.action == DELIVER or self.status is not None or self.code is not None or self.drop == "before"


class ActiveFault:
    """A fault that meets requests, and how often it has happened.

    Args:
        fault: what was asked for.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.happened = 0
        self._met = 0
        self._random = Random(0 if fault.seed is None else fault.seed)  # noqa: S311 - chance that can be repeated

    def happens(self, actions: frozenset[str], resources: frozenset[str]) -> bool:
        """Tell whether it happens to this request; counts it.

        Args:
            actions: what the request may be called.
            resources: what it is about, by every name that it has.
        """
        fault = self.fault
        if fault.action != "*" and fault.action not in actions:
            return False
        if fault.resource is not None and fault.resource not in resources:
            return False
        self._met += 1
        if self._met <= fault.after or (fault.times is not None and self.happened >= fault.times):
            return False
        if fault.probability is not None and self._random.random() >= fault.probability:
            return False
        self.happened += 1
        return True


class FaultBook:
    """The faults that were asked for, in the order in which they came."""

    def __init__(self) -> None:
        self._active: list[ActiveFault] = []

    def add(self, fault: Fault) -> None:
        """Have a fault meet what comes from now on."""
        self._active.append(ActiveFault(fault))

    def clear(self) -> None:
        """Forget all of them."""
        self._active.clear()

    def all(self) -> list[ActiveFault]:
        """Return all of them."""
        return list(self._active)

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._active

    def meeting(self, actions: frozenset[str], resources: frozenset[str]) -> list[Fault]:
        """Return the faults that happen to a request now, each counted.

        Of those that are in the place of the work only the first meets it; the others are left for the next request.
        """
        met: list[Fault] = []
        for active in self._active:
            is_taken = active.fault.is_in_place_of_the_work and any(fault.is_in_place_of_the_work for fault in met)
            if not is_taken and active.happens(actions, resources):
                met.append(active.fault)
        return met
