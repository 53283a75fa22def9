"""Sends one letter again: noted before it is sent, and noted what came of it before anything is deleted for it.

                       task mode                                     without
    202                accepted                                      accepted
    409                get_task tells: done, or left with a reason   left
    429, 5xx, not sent waited out, and sent again                    the same
    no answer          sent again under its task id                  sent again: at least once
    anything else      left, with the service's reason               the same

What is passing uses nothing up, and is waited out until everything is to stop: then the letter stays planned.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from ..checks import FunctionName
from ..errors import FcAsyncError, ServiceError, TransportError
from ..functions.async_task import AsyncTask
from ..functions.client import FunctionsClient
from ..mns.consume.back_off import BackOff
from ..mns.letter import Letter
from .breaker import Breaker
from .choosing import Chosen
from .entry import SENT, Entry, State
from .pace import Pace
from .spool import Spool
from .targets import Target, Targets, refusal_of
from .task_id import task_id_of

REGISTRATION_SECONDS = 60.0
"""So long a task that was accepted may be answered 404 (assumption task_registration_delay_seconds)."""

_MOST_WAIT_SECONDS = 30.0
_LOOK_FIRST_SECONDS, _LOOK_MOST_SECONDS = 0.2, 5.0
_Answer = TypeVar("_Answer")


class Stopped(Exception):  # noqa: N818 - not a failure
    """Everything is to stop: what was about to be done is not."""


@dataclass(frozen=True)
class Result:
    """What became of a letter.

    Args:
        state: accepted or done: it may be deleted; left or planned: it stays.
        reason: why it stays; None: it does not.
        is_new: whether an invocation was accepted for it now, and not before.
        is_counted: whether it is counted already: it came again, because its delete has not worked.
        is_repeat: whether this very run was done with it before.
    """

    state: State
    reason: str | None = None
    is_new: bool = False
    is_counted: bool = False
    is_repeat: bool = False


class Sender:
    """Sends letters, from several threads at once.

    Args:
        spool: the journal.
        functions: the client that invokes.
        targets: what is known of each function.
        pace: how fast.
        stopping: set when everything is to stop.
        breaker: is told what was accepted, and how it ended; None: nobody is.
        until_succeeded: whether a letter is done only when its task has succeeded.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        spool: Spool,
        functions: FunctionsClient,
        targets: Targets,
        pace: Pace,
        stopping: threading.Event,
        breaker: Breaker | None = None,
        *,
        until_succeeded: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._functions = functions
        self._targets = targets
        self._pace = pace
        self._stopping = stopping
        self._breaker = breaker or Breaker(None, functions, lambda _: None, None)
        self._until_succeeded = until_succeeded
        self._clock = clock
        self._looking = threading.Lock()

    def look(self, name: FunctionName) -> Target:
        """Return what is known of a function, however long it takes to ask. Raises Stopped."""
        known = self._targets.find(name)
        if known is not None:
            return known
        with self._looking:  # one asks for as long as nobody answers; the others hear the end before they ask
            return self._patiently(lambda: self._targets.look(name))

    def task_for(self, planned: Entry) -> AsyncTask | None:
        """Return the task that a run which was killed asked another function for, where it stands for the letter.

        Raises:
            ServiceError: it may not be asked for.
            Stopped: everything is to stop.
        """
        target = self.look(FunctionName.parse(planned.target or ""))
        age_seconds = time.time() - planned.changed_ms / 1000
        task = self._registered(
            planned, target, max(0.0, min(REGISTRATION_SECONDS, REGISTRATION_SECONDS - age_seconds))
        )
        return task if task is not None and _stands(task, target) else None

    def send(self, letter: Letter, chosen: Chosen, generation: int = 0, known_task_id: str | None = None) -> Result:
        """Send a letter.

        Args:
            letter: the letter.
            chosen: where to, and what.
            generation: how often it was sent again on purpose.
            known_task_id: the task id that another spool has for that; None: none has.

        Raises:
            SpoolError: the journal cannot be written.
            Stopped: everything is to stop; the letter was not sent, or it is planned and nothing more is known.
        """
        target = self.look(chosen.target)
        task_id = None
        if target.is_task_mode:
            task_id = known_task_id or task_id_of(target.name, letter, chosen.payload, generation)
        if not self._pace.wait(self._stopping):
            raise Stopped
        entry = self._spool.plan(letter, str(target.name), task_id, generation=generation)
        result = self._sent(entry, target, chosen.payload)
        if self._until_succeeded and result.state in (State.ACCEPTED, State.DONE):
            try:
                result = self._until_its_end(entry, target, is_new=result.is_new)
            except Stopped:  # what was accepted is counted
                return Result(State.PLANNED, "its end is not known", is_new=result.is_new)
        return result

    def _sent(self, entry: Entry, target: Target, payload: bytes) -> Result:
        name = target.name
        try:
            accepted = self._patiently(
                lambda: self._functions.invoke_async(
                    name.name,
                    payload,
                    qualifier=name.qualifier,
                    task_id=entry.task_id,
                    deduplicated=entry.task_id is not None,
                )
            )
        except ServiceError as error:
            if error.status == 409 and entry.task_id is not None:
                return self._as_its_task(entry, target)
            if error.status == 404:
                self._targets.gone(name, refusal_of(name, error))
            return self._left(entry, refusal_of(name, error))
        except (TransportError, Stopped):
            raise
        except FcAsyncError as error:
            return self._left(entry, str(error))
        if not accepted.request_id:
            return self._left(entry, "the answer 202 named no request id, so that nothing is known to be accepted")
        if accepted.repeated:  # its own attempt, or that of a run that was killed
            result = self._as_its_task(entry, target)
            return replace(result, is_new=result.state in SENT)
        self._spool.note(entry.number, State.ACCEPTED, new_request_id=accepted.request_id)
        if not self._until_succeeded:
            self._breaker.accepted(target, entry.task_id)
        return Result(State.ACCEPTED, is_new=True)

    def _left(self, entry: Entry, reason: str) -> Result:
        self._spool.note(entry.number, State.LEFT, reason=reason)
        return Result(State.LEFT, reason)

    # a task of that id is there

    def _as_its_task(self, entry: Entry, target: Target) -> Result:
        try:
            task = self._registered(entry, target)
        except ServiceError as error:
            return self._not_known(entry, refusal_of(target.name, error))
        if task is None:
            return self._not_known(entry)
        if self._until_succeeded:
            return Result(State.ACCEPTED)
        return self._judged(entry, target, task)

    def _not_known(self, entry: Entry, refusal: str = "is not known yet") -> Result:
        reason = f"a task of its id was accepted, and {refusal} (--resume asks again)"
        self._spool.note(entry.number, State.PLANNED, reason=reason)
        return Result(State.PLANNED, reason)

    def _judged(self, entry: Entry, target: Target, task: AsyncTask) -> Result:
        """Done is what has succeeded, goes on, or failed where the failure's own letter stands for it."""
        if _stands(task, target):
            self._spool.note(entry.number, State.DONE, new_request_id=task.request_id)
            return Result(State.DONE)
        again = "; --again sends it under another id"
        return self._left(entry, f"its task {entry.task_id} ended before: {task.status}{again}")

    def _registered(self, entry: Entry, target: Target, wait_seconds: float = REGISTRATION_SECONDS) -> AsyncTask | None:
        until = self._clock() + wait_seconds
        delay = _LOOK_FIRST_SECONDS
        while (task := self._find(entry, target)) is None and self._clock() < until:
            self._rest(delay)
            delay = min(2 * delay, _LOOK_MOST_SECONDS)
        return task

    def _find(self, entry: Entry, target: Target) -> AsyncTask | None:
        name, task_id = target.name, entry.task_id
        assert task_id is not None  # noqa: S101 - the callers look
        try:
            return self._patiently(lambda: self._functions.get_task(name.name, task_id, qualifier=name.qualifier))
        except ServiceError as error:
            if error.status == 404:
                return None
            raise

    def _until_its_end(self, entry: Entry, target: Target, *, is_new: bool) -> Result:
        delay = _LOOK_FIRST_SECONDS
        while True:
            try:
                task = self._registered(entry, target)
            except ServiceError as error:
                return replace(self._not_known(entry, refusal_of(target.name, error)), is_new=is_new)
            if task is None:
                return replace(self._not_known(entry), is_new=is_new)
            if task.is_over:
                break
            self._rest(delay)
            delay = min(2 * delay, _LOOK_MOST_SECONDS)
        self._breaker.ended(target, task.status)
        if task.status == "Succeeded":
            self._spool.note(entry.number, State.DONE, new_request_id=task.request_id)
            return Result(State.DONE, is_new=is_new)
        return Result(State.LEFT, self._left(entry, f"its task ended as {task.status} again").reason, is_new=is_new)

    # what is passing

    def _patiently(self, call: Callable[[], _Answer]) -> _Answer:
        """Make a call, and again for as long as what hinders it may pass; raises Stopped."""
        back_off = BackOff(random.random, most_seconds=_MOST_WAIT_SECONDS)
        while True:
            if self._stopping.is_set():
                raise Stopped
            try:
                return call()
            except TransportError:
                pass
            except ServiceError as error:
                if error.status != 429 and error.status < 500:
                    raise
            self._rest(back_off.next_seconds())

    def _rest(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise Stopped


def _stands(task: AsyncTask, target: Target) -> bool:
    """Whether a task stands for its letter: it has succeeded, goes on, or its failure's own letter does."""
    return not task.is_over or task.status == "Succeeded" or (task.status == "Failed" and target.has_net)
