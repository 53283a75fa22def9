"""Runs handlers: a pool of worker processes, each one invocation at a time and reused while its code is the same."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import platform
from collections.abc import Callable, Coroutine, Set
from pathlib import Path
from typing import Any

from ..access_key import AccessKey
from ..catalog.function import DeployedFunction, FunctionSpec
from ..clock import Clock
from ..engine.invocation import SYSTEM_ERROR, Outcome
from ..ids import Ids
from ..system_clock import SystemClock
from . import resident_memory
from .about import about_function
from .code_folder import CodeFolder
from .code_in_the_cloud import CODE_IN_THE_CLOUD, is_missing_there
from .environment import handler_environment
from .execution import Execution
from .places import Place, Places
from .said_once import SaidOnce
from .warm_workers import Code, WarmWorkers
from .worker_process import Answer, WorkerProcess

UNHANDLED = "UnhandledInvocationError"
"""Error type of every failure of a Python handler (only Node.js callbacks are "handled")."""

log = logging.getLogger("fc_async.local")


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
        has_union_context: whether a handler's context has what that of any runtime has, and not its own's alone.
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
        has_union_context: bool = False,
    ) -> None:
        self._has_union_context = has_union_context
        self.workers = workers
        self._endpoint = endpoint
        self._region = region
        self._account_id = account_id
        self._ids = ids
        self._home = home
        self._access_key = access_key
        self._clock = SystemClock() if clock is None else clock
        self._folders: dict[Path, CodeFolder] = {}
        self._places = Places(workers)
        self._warm = WarmWorkers(self._kill)
        self._busy: set[WorkerProcess] = set()
        self._dying: set[asyncio.Future[None]] = set()
        self._at_work: dict[Place, DeployedFunction] = {}  # by the place that each has taken
        self._released: set[tuple[str, Path]] = set()  # what is at work and no longer needed
        self._notes = SaidOnce(log)
        self._is_closed = False

    @property
    def free(self) -> int:
        return self._places.free

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        place = self._places.take()
        if place.done():
            self._at_work[place] = function
        return self._run_in(place, (lambda: function) if begin is None else begin, qualifier, request_id, event)

    async def _run_in(
        self,
        place: Place,
        begin: Callable[[], DeployedFunction],
        qualifier: str | None,
        request_id: str,
        event: bytes,
    ) -> Execution:
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self._places.give_back()  # it came just as its invocation was cancelled
            raise
        if self._is_closed:
            raise asyncio.CancelledError
        try:
            function = self._at_work[place] = begin()
            return await self._run(function, qualifier, request_id, event)
        finally:
            self._at_work.pop(place, None)
            self._places.give_back()

    async def _run(self, function: DeployedFunction, qualifier: str | None, request_id: str, event: bytes) -> Execution:
        code = Code(
            function.spec.name,
            qualifier,
            function.version_id,
            function.spec.code_dir,
            function.revision,
            await self._folder(function.spec.code_dir).fingerprint() if function.is_watched else 0,
        )
        try:
            worker = self._warm.take(code) or await self._start(code, function)
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
            if answer.failed and is_missing_there(answer.payload):
                self._note_code_folder(function.spec.name)
        outcome = outcome_of(answer, function.spec)
        return Execution(outcome, answer.duration_ms, answer.memory_mb, worker.instance_id, answer.printed)

    def _folder(self, path: Path) -> CodeFolder:
        folder = self._folders.get(path)
        if folder is None:
            folder = self._folders[path] = CodeFolder(path)
        return folder

    def _keep(self, code: Code, worker: WorkerProcess) -> None:
        if (code.name, code.code_dir) in self._released:
            self._kill(worker)
        else:
            self._warm.keep(code, worker)

    def abort(self, function: str) -> None:
        for worker in self._busy:
            if worker.function_name == function:
                worker.abort()

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        self._warm.kill_others(needed)
        at_work = {(function.spec.name, function.spec.code_dir) for function in self._at_work.values()}
        self._released = at_work - needed
        return {code_dir for _, code_dir in at_work}

    def _kill(self, worker: WorkerProcess) -> None:
        death = worker.kill()
        self._dying.add(death)
        death.add_done_callback(self._dying.discard)

    async def _start(self, code: Code, deployed: DeployedFunction) -> WorkerProcess:
        function = deployed.spec
        if len(self._warm) + len(self._busy) >= self.workers:
            self._warm.kill_longest_idle()
        self._note_runtime(function.runtime)
        worker = WorkerProcess(function, f"c-{self._ids.request_id(self._clock.now_ms())[2:]}", self._clock)
        environment = handler_environment(
            function,
            qualifier=code.qualifier,
            version_id=code.version_id,
            instance_id=worker.instance_id,
            region=self._region,
            account_id=self._account_id,
            endpoint=self._endpoint,
            home=str(self._home),
            access_key=self._access_key,
            host=os.environ,
        )
        about = about_function(
            deployed,
            code.qualifier,
            region=self._region,
            account_id=self._account_id,
            has_union_context=self._has_union_context,
        )
        await worker.start(about, environment)
        return worker

    def _note_runtime(self, runtime: str) -> None:
        self._notes.say(runtime, "runtime %s runs here on Python %s", runtime, platform.python_version())
        if not resident_memory.IS_KNOWN:
            self._notes.say("memory", "memorySize is not enforced: this system does not tell what a process holds")

    def _note_code_folder(self, function: str) -> None:
        self._notes.say(
            (function, CODE_IN_THE_CLOUD),
            "function %s: %s is its code folder in the cloud only; FC_FUNC_CODE_PATH names it everywhere",
            function,
            CODE_IN_THE_CLOUD,
        )

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
        for worker in self._busy:
            self._kill(worker)
        self._warm.kill_others(frozenset())
        self._places.close()
        await asyncio.gather(*self._dying)
        await asyncio.sleep(0)  # the transports of the killed workers close on the loop's next turn


def outcome_of(answer: Answer, function: FunctionSpec) -> Outcome:
    """Return how an execution ended, in the service's words."""
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
