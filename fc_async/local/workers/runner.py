"""Runs handlers: a pool of worker processes, each one invocation at a time and reused while its code is the same."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
from collections import deque
from collections.abc import Callable, Coroutine, Hashable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import limits
from ..access_key import AccessKey
from ..catalog.function import DeployedFunction, FunctionSpec
from ..clock import Clock
from ..engine.invocation import SYSTEM_ERROR, Outcome
from ..ids import Ids
from ..system_clock import SystemClock
from . import worker_process as resident_memory
from .code_folder import CodeFolder
from .execution import Execution
from .handler_environment import handler_environment
from .worker_process import Answer, WorkerProcess

UNHANDLED = "UnhandledInvocationError"
"""Error type of every failure of a Python handler (only Node.js callbacks are "handled")."""

_CODE_IN_THE_CLOUD = "/code"
"""Source: the stack traces of error-handling-1-1 and of awesome-fc/async-invocation-dlq."""

log = logging.getLogger("fc_async.local")


@dataclass(frozen=True)
class _Code:
    """What a warm worker was started for; it serves only invocations that ask for the same."""

    name: str
    qualifier: str | None
    version_id: str
    code_dir: Path
    revision: int
    files: int


class ProcessRunner:
    """Runs handlers in processes.

    Args:
        workers: how many run at once; 0 runs none.
        endpoint: base URL of the local service, which handlers find in FC_ASYNC_ENDPOINT.
        region: region id.
        account_id: account id.
        ids: names for the workers.
        home: a folder that is empty when the service starts; the handlers' HOME.
        access_key: what the service asks for; None: it asks for none.
        clock: real time: a handler's timeout is its own, also where the service's time is moved by hand.
    """

    def __init__(
        self,
        workers: int,
        *,
        endpoint: str,
        region: str,
        account_id: str,
        ids: Ids,
        home: Path,
        access_key: AccessKey | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.workers = workers
        self.free = workers
        self._endpoint = endpoint
        self._region = region
        self._account_id = account_id
        self._ids = ids
        self._home = home
        self._access_key = access_key
        self._clock = SystemClock() if clock is None else clock
        self._folders: dict[Path, CodeFolder] = {}
        self._idle: list[tuple[_Code, WorkerProcess]] = []  # the longest idle first
        self._busy: set[WorkerProcess] = set()
        self._dying: set[asyncio.Future[None]] = set()
        self._at_work: dict[asyncio.Future[None], DeployedFunction] = {}  # by the place that each has taken
        self._released: set[tuple[str, Path]] = set()  # what is at work and no longer needed
        self._queue: deque[asyncio.Future[None]] = deque()  # sync invocations; the async ones wait in the engine
        self._is_queues_turn = True
        self._notes = SaidOnce(log)
        self._is_closed = False

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        place = self._take_place()
        if place.done():
            self._at_work[place] = function
        return self._run_in(place, (lambda: function) if begin is None else begin, qualifier, request_id, event)

    async def _run_in(
        self,
        place: asyncio.Future[None],
        begin: Callable[[], DeployedFunction],
        qualifier: str | None,
        request_id: str,
        event: bytes,
    ) -> Execution:
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._give_place()  # it came at the moment at which nobody wanted it any more
            raise
        if self._is_closed:
            raise asyncio.CancelledError
        try:
            function = self._at_work[place] = begin()
            return await self._run(function, qualifier, request_id, event)
        finally:
            self._at_work.pop(place, None)
            self._give_place()

    def _take_place(self) -> asyncio.Future[None]:
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.free > 0:
            self.free -= 1
            place.set_result(None)
        else:
            self._queue.append(place)
        return place

    def _give_place(self) -> None:
        """Free a place; every other one is the engine's if something waits there.

        The dispatcher pumps as soon as the execution that has ended is accounted for, in the same turn of the loop.
        What it leaves goes to the queue on the next turn.
        """
        self.free += 1
        self._is_queues_turn = not self._is_queues_turn
        if self._is_queues_turn:
            self._serve_queue()
        else:
            asyncio.get_running_loop().call_soon(self._serve_queue)

    def _serve_queue(self) -> None:
        while self._queue and self.free > 0:
            place = self._queue.popleft()
            if not place.done():
                self.free -= 1
                place.set_result(None)

    async def _run(self, function: DeployedFunction, qualifier: str | None, request_id: str, event: bytes) -> Execution:
        code = _Code(
            function.spec.name,
            qualifier,
            function.version_id,
            function.spec.code_dir,
            function.revision,
            await self._fingerprint(function.spec.code_dir) if function.is_watched else 0,
        )
        try:
            worker = self._warm(code) or await self._start(code, function)
        except OSError as error:
            log.error("%s: no worker could be started: %s", function.spec.name, error.strerror)
            return Execution(SYSTEM_ERROR)
        self._busy.add(worker)
        try:
            answer = await worker.execute(request_id, event)
        except BaseException:
            self._kill(worker)
            raise
        finally:
            self._busy.discard(worker)
        if answer.kind == "answered":
            self._keep(code, worker)
            self._note_modules(function.spec.name, answer.outside_modules)
        outcome = _outcome(answer, function.spec)
        return Execution(outcome, answer.duration_ms, answer.memory_mb, worker.instance_id)

    async def _fingerprint(self, folder: Path) -> int:
        return await self._folders.setdefault(folder, CodeFolder(folder)).fingerprint()

    def _warm(self, code: _Code) -> WorkerProcess | None:
        for index in range(len(self._idle) - 1, -1, -1):
            of, worker = self._idle[index]
            if not worker.is_alive:
                del self._idle[index]
                self._kill(worker)
            elif of == code:
                del self._idle[index]
                return worker
            elif of.name == code.name and of.qualifier == code.qualifier:
                del self._idle[index]
                self._kill(worker)  # its code is out of date
        return None

    def _keep(self, code: _Code, worker: WorkerProcess) -> None:
        if (code.name, code.code_dir) in self._released:
            self._kill(worker)
        else:
            self._idle.append((code, worker))

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        for of, worker in self._idle:
            if (of.name, of.code_dir) not in needed:
                self._kill(worker)
        self._idle = [(of, worker) for of, worker in self._idle if (of.name, of.code_dir) in needed]
        at_work = {(function.spec.name, function.spec.code_dir) for function in self._at_work.values()}
        self._released = at_work - needed
        return {code_dir for _, code_dir in at_work}

    def _kill(self, worker: WorkerProcess) -> None:
        death = worker.kill()
        self._dying.add(death)
        death.add_done_callback(self._dying.discard)

    async def _start(self, code: _Code, deployed: DeployedFunction) -> WorkerProcess:
        function = deployed.spec
        if len(self._idle) + len(self._busy) >= self.workers and self._idle:
            self._kill(self._idle.pop(0)[1])
        self._note_runtime(function.runtime)
        worker = WorkerProcess(function, f"c-{self._ids.request_id(self._clock.now_ms())[2:]}", self._clock)
        about = {
            "code_dir": str(function.code_dir),
            # A folder of the developer's own keeps its path: that is where he looks for the line.
            "code_shown_as": str(function.code_dir) if deployed.is_watched else _CODE_IN_THE_CLOUD,
            "max_response_bytes": limits.SYNC_RESPONSE_BYTES,
            "name": function.name,
            "handler": function.handler,
            "memory_mb": function.memory_mb,
            "timeout_seconds": function.timeout_seconds,
            "qualifier": "LATEST" if code.qualifier is None else code.qualifier,
            "version_id": code.version_id,
            "region": self._region,
            "account_id": self._account_id,
        }
        environment = handler_environment(
            function,
            qualifier=code.qualifier,
            instance_id=worker.instance_id,
            region=self._region,
            account_id=self._account_id,
            endpoint=self._endpoint,
            home=str(self._home),
            access_key=self._access_key,
            host=os.environ,
        )
        await worker.start(about, environment)
        return worker

    def _note_runtime(self, runtime: str) -> None:
        self._notes.say(runtime, "runtime %s runs here on Python %s", runtime, platform.python_version())
        if not resident_memory.IS_KNOWN:
            self._notes.say("memory", "memorySize is not enforced: this system does not tell what a process holds")

    def _note_modules(self, function: str, modules: tuple[str, ...]) -> None:
        for module in modules:
            self._notes.say(
                (function, module),
                "function %s: module %s is loaded from outside the code folder; in the cloud it is missing unless the "
                "code, a layer or the runtime brings it",
                function,
                module,
            )

    async def close(self) -> None:
        """Kill every worker, also one that is at work; returns when they are gone."""
        self._is_closed = True
        for worker in [*self._busy, *(worker for _, worker in self._idle)]:
            self._kill(worker)
        self._idle.clear()
        for place in self._queue:
            place.cancel()
        await asyncio.gather(*self._dying)
        await asyncio.sleep(0)  # the transports of the killed workers close on the loop's next turn


def _outcome(answer: Answer, function: FunctionSpec) -> Outcome:
    if answer.kind == "answered":
        return Outcome(answer.payload, UNHANDLED if answer.failed else "")
    if answer.kind == "timed out":
        message = f"Function timed out after {function.timeout_seconds} seconds"
    elif answer.kind == "out of memory":
        message = f"Function ran out of memory (limit: {function.memory_mb} MB)"
    else:
        message = (
            "Process exited unexpectedly before completing request "
            f"(duration: {answer.duration_ms}ms, maxMemoryUsage: {answer.memory_mb}MB)"
        )
    return Outcome(_message_json(message), UNHANDLED)


def _message_json(message: str) -> bytes:
    return json.dumps({"errorMessage": message}, indent=4).encode()


class SaidOnce:
    """Says each thing the first time.

    Args:
        log: where.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: set[Hashable] = set()

    def say(self, about: Hashable, message: str, *arguments: object) -> None:
        """Log a line, unless one about the same was logged before."""
        if about not in self._said:
            self._said.add(about)
            self._log.info(message, *arguments)
