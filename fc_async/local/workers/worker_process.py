"""One worker process, seen from the service: start it, give it an invocation, kill it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..catalog.function import FunctionSpec
from ..clock import Clock, Timer
from . import resident_memory
from .channel import BrokenChannel, Frame, FrameReader, request_frame
from .handler_output import HandlerOutput
from .left_behind import descendants, kill_each, kill_left_behind

_WORKER_FILE = Path(__file__).with_name("worker.py")
_LOOK_MS = 20
_MAXRSS_UNITS_PER_KB = 1024 if sys.platform == "darwin" else 1  # bytes there, kilobytes elsewhere


@dataclass(frozen=True)
class Answer:
    """What came back from an execution.

    Args:
        kind: "answered", "timed out", "exited" or "out of memory".
        failed: whether the handler raised; only for "answered".
        payload: what it returned, or its error JSON; empty unless "answered".
        duration_ms: how long it took.
        memory_mb: most memory that the process has held; 0 where that cannot be told.
        outside_modules: third-party modules that it has loaded from outside its code folder, each told once.
        printed: the end of what the handler printed and logged, 4 KB at most.
    """

    kind: str
    failed: bool
    payload: bytes
    duration_ms: int
    memory_mb: int
    outside_modules: tuple[str, ...] = ()
    printed: bytes = b""


class WorkerProcess(asyncio.Protocol):
    """A running worker.

    Args:
        function: the function whose handler it runs.
        instance_id: its name in logs and answers.
        clock: real time, for the timeout and the duration.
    """

    def __init__(self, function: FunctionSpec, instance_id: str, clock: Clock) -> None:
        self.instance_id = instance_id
        self._function = function
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader()
        self._output: HandlerOutput | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._started_ms = 0
        self._memory_kb = 0  # the most that was seen
        self._next_look: Timer | None = None
        self._death: asyncio.Future[None] | None = None
        self._environment: Mapping[str, str] = {}
        self._lifeline = -1  # its end is what ends the process if this one is killed

    async def start(self, about: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Start the process.

        Raises:
            OSError: the operating system refused (the code folder is gone, no memory, too many processes).
        """
        self._environment = environment
        with contextlib.ExitStack() as unless_started, contextlib.ExitStack() as handed_over:
            ours, theirs = socket.socketpair()
            handed_over.callback(theirs.close)
            unless_started.callback(ours.close)
            output, output_end = os.pipe()
            handed_over.callback(os.close, output_end)
            unless_started.callback(os.close, output)
            lifeline_end, self._lifeline = os.pipe()
            handed_over.callback(os.close, lifeline_end)
            unless_started.callback(os.close, self._lifeline)
            self._output = HandlerOutput(self._function.name, output)
            # -I: the function's PYTHON* variables are for its handler and not for our start of it; -u: what a handler
            # printed before a crash is seen; -B: nothing is written into the developer's folder.
            text = json.dumps({**about, "lifeline": lifeline_end})
            command = [sys.executable, "-IuB", str(_WORKER_FILE), str(theirs.fileno()), text]
            self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own interpreter; returns at exec
                command,
                stdin=subprocess.DEVNULL,
                stdout=output_end,
                stderr=output_end,
                pass_fds=[theirs.fileno(), lifeline_end],
                cwd=self._function.code_dir,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C is ours to handle, and a kill reaches the handler's children
            )
            unless_started.pop_all()
        self._output.watch()
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
        except BaseException:
            self.kill()
            ours.close()
            raise

    @property
    def function_name(self) -> str:
        """The function whose handler it runs."""
        return self._function.name

    @property
    def is_alive(self) -> bool:
        """Whether it can take an invocation."""
        return self._transport is not None and self._death is None

    async def execute(self, request_id: str, event: bytes) -> Answer:
        """Run the handler once; always answers, soon after the function's timeout at the latest."""
        if self._transport is None or self._output is None:
            return Answer("exited", True, b"", 0, 0)
        self._output.begin(request_id)
        self._answer = asyncio.get_running_loop().create_future()
        self._started_ms = self._clock.now_ms()
        self._transport.write(request_frame(request_id, event))
        if self._next_look is None:
            self._look_later()
        try:
            answer = await self._answer
        finally:
            self._answer = None
            printed = self._output.end()
        return replace(answer, printed=printed) if printed else answer

    def _look_later(self) -> None:
        now_ms = self._clock.now_ms()
        deadline_ms = self._started_ms + self._function.timeout_seconds * 1000
        self._next_look = self._clock.call_at(min(now_ms + _LOOK_MS, deadline_ms), self._look)

    def _look(self) -> None:
        """Look after an execution: its time, its memory, its process.

        One timer serves all executions that follow each other quickly: what is over between two looks costs none.
        """
        self._next_look = None
        if self._answer is None or self._answer.done() or self._process is None or self._death is not None:
            return  # the next execution sets it again
        if self._clock.now_ms() - self._started_ms >= self._function.timeout_seconds * 1000:
            self._end("timed out")
        elif _has_ended(self._process.pid):  # and something that it started holds the socket open
            self._end("exited")
        elif self._is_over(self._note_memory(resident_memory.resident_kb(self._process.pid))):
            self._end("out of memory")
        else:
            self._look_later()

    def _note_memory(self, memory_kb: int) -> int:
        self._memory_kb = max(self._memory_kb, memory_kb)
        return memory_kb

    def _is_over(self, memory_kb: int) -> bool:
        return memory_kb > self._function.memory_mb * 1024

    def _end(self, kind: str) -> None:
        """Kill the process; the invocation is answered when it is gone."""
        duration_ms = self._clock.now_ms() - self._started_ms
        self.kill().add_done_callback(
            lambda _: self._resolve(Answer(kind, True, b"", duration_ms, self._memory_kb // 1024))
        )

    def abort(self) -> None:
        """Kill the process; an execution that is under way ends as if the process had exited."""
        self._end("exited")

    def _resolve(self, answer: Answer) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def kill(self) -> asyncio.Future[None]:
        """Kill the process and what it started; the future ends when it is gone. Harmless twice."""
        if self._death is None:
            loop = asyncio.get_running_loop()
            self._death = loop.create_future()
            if self._process is None:
                self._death.set_result(None)
            else:
                started = descendants(self._process.pid)  # before: those of a dead process are nobody's
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, signal.SIGKILL)
                kill_each(started)
                # In a thread: until the memory of a large process is given back, it is not gone.
                loop.run_in_executor(None, _reap, self._process, self._environment).add_done_callback(self._gone)
        return self._death

    def _gone(self, reaped: asyncio.Future[int]) -> None:
        assert self._death is not None and self._output is not None  # noqa: S101, PT018 - start() and kill() have
        if self._transport is not None:
            self._transport.abort()
        self._output.close()
        os.close(self._lifeline)
        if not resident_memory.IS_KNOWN and not reaped.cancelled():
            self._note_memory(reaped.result())
        self._death.set_result(None)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_unix_connection gives
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._death is not None:
            return
        try:
            if self._answer is None:  # nothing was asked
                raise BrokenChannel
            frame = self._reader.feed(data)
        except BrokenChannel:
            self._end("exited")
            return
        if frame is not None:
            self._answered(frame)

    def _answered(self, frame: Frame) -> None:
        if self._output is not None:
            self._output.read()  # what it printed before it answered belongs to this invocation
        if self._is_over(self._note_memory(frame.memory_kb)):  # between two looks, or after the last one
            self._end("out of memory")
            return
        duration_ms = self._clock.now_ms() - self._started_ms
        memory_mb = frame.memory_kb // 1024
        self._resolve(Answer("answered", frame.failed, frame.payload, duration_ms, memory_mb, frame.outside_modules))

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._end("exited")


def _has_ended(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True  # another part of this program has waited for it


def _reap(process: subprocess.Popen[bytes], environment: Mapping[str, str]) -> int:
    """Wait for the end of a process, and end what it left behind; return the most memory it has held, in kB.

    Linux counts what the process that started it held.
    """
    kill_left_behind(environment)
    try:
        _, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:
        process.returncode = 0
        return 0
    process.returncode = os.waitstatus_to_exitcode(status)
    return int(usage.ru_maxrss) // _MAXRSS_UNITS_PER_KB
