"""The local service as an object, and its life: one port, loopback only unless it checks signatures."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from ..errors import LocalError
from . import limits
from .access_key import read_access_key
from .assembly import Service, Setup, assemble
from .assumptions import Assumptions, read_assumptions
from .catalog.function import FunctionSpec
from .clock import Clock, ManualClock
from .http.accepting import Accepting
from .http.connection import HttpServer
from .http.listener import base_url, bound_address, listen, raise_descriptor_limit
from .mailbox.errors import MailboxError
from .running import Running
from .store.turn import NotWritten
from .system_clock import SystemClock
from .threaded import OwnThread
from .workers.execution import Runner
from .workers.in_process import InProcessHandler
from .workers.scratch import Scratch

if TYPE_CHECKING:  # SQLite is loaded where something is kept
    from .store.store import Store

log = logging.getLogger("fc_async.local")

_SHUTDOWN_SECONDS = 1.0
_BACKLOG = 4096
"""Connections that may wait to be accepted; beyond it a client tries again after a second."""

_T = TypeVar("_T")


class LocalServer:
    """Function Compute and MNS on one loopback port.

    It is used from a thread (`with LocalServer() as local: ...` runs it in one of its own) or inside a running event
    loop (`async with LocalServer() as local: ...`).

    Args:
        port: the port; 0 picks a free one.
        host: a loopback address, or any address of this machine where there is an access key.
        clock: the service's time; None is real time, a ManualClock is moved with `advance`.
        workers: how many handlers run at once; None is the number of cores, 0 holds everything.
        runner: executes the handlers; None starts worker processes.
        functions: what is there from the start.
        left_out: hears why one of them cannot be; the others are there, at least one. None: then it does not start.
        seed: the same seed gives the same ids; None: unpredictable ones.
        region: region id of everything in it.
        account_id: account id of everything in it.
        assume: values of assumptions by name (`fc-async local assumptions` lists them); what is not named has its
            default.
        handlers: callables that are handlers, by the names of their functions; None: there are none.
        access_key: `ID:SECRET` that every request must be signed with; None: signatures are accepted unread.
        data: folder that its state is kept in, so that it outlives the process; None: it is in memory alone.

    Raises:
        ArgumentError: an assumption or an access key that cannot be, or a host that is no loopback address where there
            is no access key.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        clock: Clock | None = None,
        workers: int | None = None,
        runner: Runner | None = None,
        functions: Sequence[FunctionSpec] = (),
        left_out: Callable[[LocalError], None] | None = None,
        seed: int | None = None,
        region: str = limits.REGION,
        account_id: str = limits.ACCOUNT_ID,
        assume: Mapping[str, object] | None = None,
        handlers: dict[str, InProcessHandler] | None = None,
        access_key: str | None = None,
        data: Path | None = None,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.url = ""
        self.handlers = {} if handlers is None else handlers
        assumptions = read_assumptions(assume or {})
        key = None if access_key is None else read_access_key(access_key)
        self._setup = Setup(
            region=region,
            account_id=account_id,
            host=bound_address(host, is_signed=key is not None),
            clock=SystemClock() if clock is None else clock,
            workers=(os.cpu_count() or 1) if workers is None else workers,
            runner=runner,
            handlers=handlers,
            random=Random(seed),  # noqa: S311 - ids, not secrets
            assumptions=assumptions,
            access_key=key,
        )
        self._seed = seed
        self.data = None if data is None else data.absolute()
        self._port = port
        self._functions = tuple(functions)
        self._left_out = left_out
        self._refused: set[str] = set()  # names of those that could not be deployed as they are
        self._running: Running | None = None
        self._thread: OwnThread | None = None

    # life

    async def start(self) -> None:
        """Open the port and serve.

        Raises:
            LocalError: the port is in use, a function that is there from the start cannot be, or the state that is kept
                cannot be taken up.
        """
        raise_descriptor_limit()
        async with AsyncExitStack() as ending:
            store = self._open_store(ending)
            listener = ending.enter_context(listen(self._setup.host, self._port))
            self.url = base_url(listener)
            running = Running(asyncio.get_running_loop(), store)
            server = HttpServer(
                lambda request: running.service.handle(request),
                lambda request, path, defect: running.service.refuse_unparsed(request, path, defect),
            )
            http = web.ServerRunner(server, shutdown_timeout=_SHUTDOWN_SECONDS)
            ending.push_async_callback(http.cleanup)
            ending.push_async_callback(running.end_service)
            self._begin(running, is_start=True)
            await self._settle_store(running)
            await http.setup()
            accepting = Accepting(listener, server)
            accepting.start(_BACKLOG)
            ending.callback(accepting.stop)
            running.ending = ending.pop_all()
            self._running = running

    def _open_store(self, ending: AsyncExitStack) -> Store | None:
        if self.data is None:
            return None
        from .store.store import Store

        store = Store(self.data, self._setup.clock)
        ending.callback(store.close)
        self._setup = replace(self._setup, random=store.random(self._seed))
        store.begin()
        return store

    def _begin(self, running: Running, *, is_start: bool = False) -> None:
        """Make a service that has what was kept, and what is there from the start."""
        scratch = running.scratch = Scratch(cleans=is_start)
        service = running.service = assemble(self._setup, self.url, scratch, self, running.store)
        if running.store is not None and is_start:
            running.store.take_up(service.kept)
            taken_up = service.holds(self._setup.clock.now_ms())
            if taken_up:
                log.info("%s of %s taken up", taken_up, self.data)
        self._deploy_all(service, is_start=is_start)

    async def _settle_store(self, running: Running) -> None:
        """Have the beginning kept, and go on with what waits."""
        if running.store is None:
            return
        try:
            await running.service.uploaded.sweep()
        except NotWritten as failed:
            raise LocalError(f"--data {self.data}: {failed}") from None
        running.service.dispatcher.pump()
        running.service.pusher.pump()

    async def start_over(self, assumptions: Assumptions | None = None) -> None:
        """Be as it was at its start, on the event loop; only a clock stays where it is.

        Args:
            assumptions: what it is taken to do from now on; None: what it was.
        """
        running = self._alive()
        if assumptions is not None:
            self._setup = replace(self._setup, assumptions=assumptions)
        old_service, old_scratch = running.service, running.scratch
        if running.store is not None:
            running.store.start_over()
        self._begin(running)
        await old_service.close()
        running.remove_soon(old_scratch)
        if running.store is not None:
            await running.service.uploaded.sweep()

    def _deploy_all(self, service: Service, *, is_start: bool) -> None:
        self._refused = set()
        for spec in self._functions:
            try:
                service.declared.deploy(spec)
            except LocalError as reason:
                self._refused.add(spec.name)
                if not is_start:
                    log.warning("%s", reason)
                elif self._left_out is None or len(self._refused) == len(self._functions):
                    raise
                else:
                    self._left_out(reason)

    async def stop(self) -> None:
        """Close the port, kill the workers, remove what was unpacked; harmless twice."""
        running, self._running = self._running, None
        if running is not None:
            await running.ending.aclose()

    async def __aenter__(self) -> LocalServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> LocalServer:
        self._thread = OwnThread(self.start, self.stop)
        self._thread.begin()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._thread is not None  # noqa: S101 - __enter__ has set it
        self._thread.end()

    def reset(self, assume: Mapping[str, object] | None = None) -> None:
        """Be as it was at its start, asked from another thread; only a clock stays where it is.

        Args:
            assume: values of assumptions by name; None: they stay.

        Raises:
            ArgumentError: an assumption that cannot be.
            LocalError: the service does not run, or what it is now cannot be kept.
        """
        assumptions = None if assume is None else read_assumptions(assume)
        try:
            self._wait_for(lambda: self.start_over(assumptions))
        except NotWritten as failed:
            raise LocalError(f"--data {self.data}: {failed}") from None

    def message_bodies(self, queue: str) -> list[str]:
        """Return the bodies of all messages of a queue, oldest first, also of those that are hidden; takes none.

        Raises:
            LocalError: the service does not run, or has no such queue.
        """
        service = self._alive().service
        try:
            return self._on_loop(lambda: service.mailbox.bodies(queue, self._setup.clock.now_ms()))
        except MailboxError as refused:
            raise LocalError(f"queue {queue}: {refused.message}") from None

    def held(self) -> str:
        """Return what would be gone, or stay in the folder of its data, if it stopped now; "" for nothing.

        Raises:
            LocalError: the service does not run.
        """
        service = self._alive().service
        held = self._on_loop(lambda: service.holds(self._setup.clock.now_ms()))
        was, is_ = ("was", "is") if held in ("1 invocation", "1 message") else ("were", "are")
        if not held or self.data is not None:
            return held and f"{held} {is_} kept in {self.data}"
        return f"{held} {was} held in memory and {is_} gone"

    # functions from a folder

    def deploy_folder(self, spec: FunctionSpec) -> None:
        """Create or change a function whose code is a folder; edits there count on the next invocation.

        Its async config is put, and queues and topics that its destinations name are created if they are not there.

        Raises:
            LocalError: a value is out of range, or the folder is not there; or the service does not run.
        """
        service = self._alive().service
        self._on_loop(lambda: service.declared.deploy(spec))

    def redeclare(self, functions: Sequence[FunctionSpec]) -> None:
        """Have other functions than those of the start: what is new or changed is deployed, what is left out removed.

        One that cannot be deployed is logged, and stays as it was; the others are there.

        Raises:
            LocalError: the service does not run.
        """
        service = self._alive().service
        self._on_loop(lambda: self._redeclare(service, tuple(functions)))

    def _redeclare(self, service: Service, functions: tuple[FunctionSpec, ...]) -> None:
        known = {spec.name: spec for spec in self._functions}
        named = {spec.name for spec in functions}
        for name, spec in known.items():
            if name not in named:
                service.declared.remove(spec)
        for spec in functions:
            if known.get(spec.name) == spec and spec.name not in self._refused:
                continue
            self._refused.discard(spec.name)
            try:
                service.declared.deploy(spec, before=known.get(spec.name))
            except LocalError as reason:
                self._refused.add(spec.name)
                log.warning("%s", reason)
        self._functions = functions

    # pushes

    @property
    def certificates(self) -> dict[str, str]:
        """What the pushes of topics are signed with: the certificate (PEM) by the URL that they name.

        Raises:
            LocalError: the service does not run.
        """
        signature = self._alive().service.signature
        return {signature.certificate_url: signature.certificate_pem()}

    # time

    def advance(self, seconds: float) -> None:
        """Move a ManualClock on, from another thread; returns when everything that became due has been done."""
        self._wait_for(lambda: self.advanced(seconds))

    def settle(self) -> None:
        """Wait, from another thread, until nothing is being executed or pushed; time does not move."""
        self._wait_for(lambda: self._alive().service.quiet())

    async def advanced(self, seconds: float) -> None:
        """Move a ManualClock on, on the event loop, and do in its order what becomes due on the way."""
        clock = self._setup.clock
        if not isinstance(clock, ManualClock):
            raise LocalError("only a ManualClock can be advanced; this service was started with another clock")
        running = self._alive()
        async with running.advancing:
            until_ms = clock.now_ms() + round(seconds * 1000)
            await running.service.quiet()
            while (next_ms := clock.next_timer_ms()) is not None and next_ms <= until_ms:
                clock.advance_to(next_ms)
                await running.service.quiet()
            clock.advance_to(until_ms)
            await running.service.quiet()
            if running.store is not None:
                running.store.touch()

    def _alive(self) -> Running:
        if self._running is None:
            raise LocalError("the local service does not run; use it inside `with LocalServer() as local:`")
        return self._running

    def _wait_for(self, call: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        loop = self._alive().loop
        return asyncio.run_coroutine_threadsafe(call(), loop).result()

    def _on_loop(self, call: Callable[[], _T]) -> _T:
        if self._thread is None or self._thread.is_current:
            return call()

        async def on_loop() -> _T:
            return call()

        return self._wait_for(on_loop)
