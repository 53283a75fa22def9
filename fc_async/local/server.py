"""The local service, wired: one port, loopback only unless it checks signatures."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from ..arn import QueueArn, TopicArn
from ..errors import LocalError
from . import limits
from .access_key import read_access_key
from .assumptions import read_assumptions
from .catalog.async_configs import AsyncConfigs
from .catalog.control_plane import ControlPlane
from .catalog.fc_errors import FcError
from .catalog.function import FunctionSpec, normal_qualifier
from .catalog.functions import FunctionCatalog
from .clock import Clock, ManualClock
from .dispatch.dispatcher import Dispatcher
from .engine.engine import Engine
from .fc.async_tasks import AsyncTasks
from .fc.invoke import Invoker
from .fc.routes import FcRoutes
from .gateway import Gateway
from .http.connection import HttpServer
from .http.listener import base_url, bound_address, listen, raise_descriptor_limit
from .ids import Ids
from .mailbox.attributes import QueueChanges
from .mailbox.errors import MailboxError
from .mailbox.mailbox import Mailbox
from .mns.routes import MnsRoutes
from .own_routes import LocalRoutes
from .system_clock import SystemClock
from .workers.execution import Runner
from .workers.runner import ProcessRunner
from .workers.scratch import Scratch
from .workers.uploaded_code import UploadedCode

if TYPE_CHECKING:  # pydantic is a quarter of the time until the service is ready
    from ..config import AsyncInvokeConfig

_SHUTDOWN_SECONDS = 1.0
_BACKLOG = 4096
"""Connections that may wait to be accepted; beyond it a client tries again after a second."""

_T = TypeVar("_T")

log = logging.getLogger("fc_async.local")


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
        seed: the same seed gives the same ids; None: unpredictable ones.
        region: region id of everything in it.
        account_id: account id of everything in it.
        assume: values of assumptions by name (`fc-async local assumptions` lists them); what is not named has its
            default.
        access_key: `ID:SECRET` that every request must be signed with; None: signatures are accepted unread.

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
        seed: int | None = None,
        region: str = limits.REGION,
        account_id: str = limits.ACCOUNT_ID,
        assume: Mapping[str, object] | None = None,
        access_key: str | None = None,
    ) -> None:
        self.region = region
        self.account_id = account_id
        self.url = ""
        self._port = port
        self._assumptions = read_assumptions(assume or {})
        self._access_key = None if access_key is None else read_access_key(access_key)
        self._host = bound_address(host, is_signed=self._access_key is not None)
        self._clock = SystemClock() if clock is None else clock
        self._workers = (os.cpu_count() or 1) if workers is None else workers
        self._given_runner = runner
        self._functions = tuple(functions)
        self._random = Random(seed)  # noqa: S311 - ids, not secrets
        self._ids = Ids(self._random)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    # life

    async def start(self) -> None:
        """Open the port and serve.

        Raises:
            LocalError: the port is in use, or a function that is there from the start cannot be.
        """
        self._loop = asyncio.get_running_loop()
        raise_descriptor_limit()
        listener = listen(self._host, self._port)
        self.url = base_url(listener)
        self._scratch = Scratch()
        self._wire()
        self._http = web.ServerRunner(
            HttpServer(self._gateway.handle, self._gateway.refuse_unparsed), shutdown_timeout=_SHUTDOWN_SECONDS
        )
        try:
            for spec in self._functions:
                self._deploy(spec)
            await self._http.setup()
            await web.SockSite(self._http, listener, backlog=_BACKLOG).start()
        except BaseException:
            listener.close()
            await self.stop()
            raise

    def _wire(self) -> None:
        self._mailbox = Mailbox(random=self._random)
        self._engine = engine = Engine(self.region, self.account_id, self._assumptions)
        catalog = FunctionCatalog(self.region, self.account_id)
        configs = AsyncConfigs(self.region, self.account_id, self._assumptions)
        self._runner = self._given_runner or ProcessRunner(
            self._workers,
            endpoint=self.url,
            region=self.region,
            account_id=self.account_id,
            ids=self._ids,
            home=self._scratch.home,
            access_key=self._access_key,
        )
        self._plane = ControlPlane(clock=self._clock, catalog=catalog, configs=configs, engine=engine)
        self._dispatcher = dispatcher = Dispatcher(
            clock=self._clock,
            ids=self._ids,
            catalog=catalog,
            engine=engine,
            runner=self._runner,
            mailbox=self._mailbox,
            assumptions=self._assumptions,
        )
        self._mns = MnsRoutes(self._mailbox, self._clock, random=self._random)
        self._gateway = Gateway(
            bound_address=self._host,
            clock=self._clock,
            ids=self._ids,
            fc=self._fc_routes(catalog),
            mns=self._mns,
            local=LocalRoutes(control_plane=self._plane, engine=engine, dispatcher=dispatcher),
            access_key=self._access_key,
        )

    def _fc_routes(self, catalog: FunctionCatalog) -> FcRoutes:
        invoker = Invoker(
            control_plane=self._plane,
            engine=self._engine,
            dispatcher=self._dispatcher,
            runner=self._runner,
            assumptions=self._assumptions,
        )
        tasks = AsyncTasks(
            clock=self._clock,
            catalog=catalog,
            engine=self._engine,
            dispatcher=self._dispatcher,
            assumptions=self._assumptions,
        )
        uploaded = UploadedCode(self._scratch.code, catalog, self._runner)
        return FcRoutes(control_plane=self._plane, invoker=invoker, tasks=tasks, uploaded=uploaded)

    async def stop(self) -> None:
        """Close the port, kill the workers, remove what was unpacked."""
        self._mns.close()
        await self._dispatcher.close()
        await self._runner.close()
        await self._http.cleanup()
        self._scratch.remove()

    async def __aenter__(self) -> LocalServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> LocalServer:
        started: list[BaseException | None] = []
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run_thread, args=(started, ready), name="fc-async-local")
        self._thread.start()
        ready.wait()
        if started[0] is not None:
            self._thread.join()
            raise started[0]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._thread is not None  # noqa: S101, PT018 - __enter__ has set both
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run_thread(self, started: list[BaseException | None], ready: threading.Event) -> None:
        async def serve() -> None:
            self._stopped = asyncio.Event()
            try:
                await self.start()
            except BaseException as error:
                started.append(error)
                return
            finally:
                if not started:
                    started.append(None)
                ready.set()
            await self._stopped.wait()
            await self.stop()

        asyncio.run(serve())

    # functions from a folder

    def deploy_folder(self, spec: FunctionSpec) -> None:
        """Create or change a function whose code is a folder; edits there count on the next invocation.

        Its async config is put, and queues that its destinations name are created if they are not there.

        Raises:
            LocalError: a value is out of range, or the folder is not there.
        """
        self._on_loop(lambda: self._deploy(spec))

    def _deploy(self, spec: FunctionSpec) -> None:
        if not spec.code_dir.is_dir():
            raise LocalError(f"function {spec.name}: expected a folder of code at {spec.code_dir}, found none")
        try:
            self._plane.deploy_folder(spec)
            if spec.async_config is not None:
                self._put_config(spec, spec.async_config, normal_qualifier(spec.qualifier))
        except FcError as refused:
            raise LocalError(f"function {spec.name}: {refused.message}") from None
        log.info("function %s: code of %s, handler %s", spec.name, spec.code_dir, spec.handler)
        self._create_queues(spec)

    def _put_config(self, spec: FunctionSpec, config: AsyncInvokeConfig, qualifier: str | None) -> None:
        if qualifier is not None and self._plane.ensure_alias(spec.name, qualifier):
            log.info("function %s: alias %s created; it points to LATEST", spec.name, qualifier)
        resolved = config.resolved(self.region, self.account_id)
        self._plane.put_config(spec.name, qualifier, resolved.to_wire())

    def _create_queues(self, spec: FunctionSpec) -> None:
        destinations = spec.async_config.destination_config if spec.async_config is not None else None
        if destinations is None:
            return
        for destination in (destinations.on_success, destinations.on_failure):
            if isinstance(destination, QueueArn) and not self._mailbox.has_queue(destination.name):
                self._create_queue(destination.name, spec.name)
            elif isinstance(destination, TopicArn):
                log.warning(
                    "function %s: topic %s is not there; records to it will be lost", spec.name, destination.name
                )

    def _create_queue(self, name: str, function: str) -> None:
        changes = QueueChanges(
            message_retention_period_seconds=limits.CREATED_QUEUE_RETENTION_SECONDS,
            maximum_message_size_bytes=limits.CREATED_QUEUE_MESSAGE_BYTES,
        )
        try:
            self._mailbox.create_queue(name, self._clock.now_ms(), changes)
        except MailboxError as refused:
            raise LocalError(f"function {function}: queue {name}: {refused.message}") from None
        log.info("queue %s created, because function %s names it as a destination", name, function)

    # time

    def advance(self, seconds: float) -> None:
        """Move a ManualClock on, from another thread; returns when everything that became due has been done."""
        self._wait_for(self.advanced(seconds))

    def settle(self) -> None:
        """Wait, from another thread, until nothing is being executed; time does not move."""
        self._wait_for(self._dispatcher.quiet())

    async def advanced(self, seconds: float) -> None:
        """Move a ManualClock on, on the event loop, and do in its order what becomes due on the way."""
        clock = self._clock
        if not isinstance(clock, ManualClock):
            raise LocalError("only a ManualClock can be advanced; this service was started with another clock")
        until_ms = clock.now_ms() + round(seconds * 1000)
        await self._dispatcher.quiet()
        while (next_ms := clock.next_timer_ms()) is not None and next_ms <= until_ms:
            clock.advance_to(next_ms)
            await self._dispatcher.quiet()
        clock.advance_to(until_ms)
        await self._dispatcher.quiet()

    def _wait_for(self, coroutine: Any) -> None:
        assert self._loop is not None  # noqa: S101 - __enter__ has set it
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _on_loop(self, call: Callable[[], _T]) -> _T:
        if self._thread is None or threading.current_thread() is self._thread:
            return call()

        async def on_loop() -> _T:
            return call()

        assert self._loop is not None  # noqa: S101 - __enter__ has set it
        return asyncio.run_coroutine_threadsafe(on_loop(), self._loop).result()
