"""Wires one local service: makes its parts and gives each the others that it needs. Nothing runs yet."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from .access_key import AccessKey
from .assumptions import Assumptions
from .catalog.async_configs import AsyncConfigs
from .catalog.control_plane import ControlPlane
from .catalog.functions import FunctionCatalog
from .clock import Clock, ManualClock
from .counted import counted
from .declared import Declared
from .dispatch.destination_warnings import DestinationWarnings
from .dispatch.dispatcher import Dispatcher
from .dispatch.push import Pusher
from .dispatch.push_signature import PushSignature
from .engine.engine import Engine
from .faults.chain import FaultChain, failing_destination
from .faults.fault import FaultBook
from .fc.async_tasks import AsyncTasks
from .fc.code_downloads import CodeDownloads
from .fc.code_reader import CodeReader
from .fc.concurrency_routes import ConcurrencyRoutes
from .fc.invoke import Invoker
from .fc.routes import FcRoutes
from .fc.temp_bucket import TempBucket
from .gateway import Gateway
from .http.connection import may_be_gone
from .ids import Ids
from .kept import NOT_KEPT
from .mailbox.mailbox import Mailbox
from .mailbox.topics import Topics
from .mns.routes import MnsRoutes
from .own_routes import Control, LocalRoutes
from .store.kept_answers import KeptAnswers
from .store.parts import Parts
from .system_clock import SystemClock
from .workers.execution import Runner
from .workers.in_process import InProcessHandler, InProcessRunner
from .workers.runner import ProcessRunner
from .workers.scratch import Scratch
from .workers.uploaded_code import UploadedCode

if TYPE_CHECKING:  # SQLite is loaded where something is kept
    from .store.store import Store


@dataclass(frozen=True)
class Setup:
    """What was asked of a service, checked.

    Args:
        region: region id of everything in it.
        account_id: account id of everything in it.
        host: the address at which it listens.
        clock: its time.
        workers: how many handlers run at once, where the runner is ours.
        runner: executes the handlers; None: worker processes.
        handlers: callables that are handlers, by the names of their functions.
        random: where its ids come from.
        assumptions: what it is taken to do where no source says so.
        access_key: what requests must be signed with; None: signatures are not read.
    """

    region: str
    account_id: str
    host: str
    clock: Clock
    workers: int
    runner: Runner | None
    handlers: dict[str, InProcessHandler] | None
    random: Random
    assumptions: Assumptions
    access_key: AccessKey | None


@dataclass(frozen=True)
class Service:
    """The parts of a service that its life needs.

    Args:
        gateway: answers every request.
        faults: stands before it.
        declared: makes what a file asks for.
        dispatcher: moves async invocations along.
        mailbox: the queues.
        pusher: pushes messages of topics to HTTP endpoints.
        signature: has the certificate of those pushes.
        mns: holds the receives that wait.
        runner: executes handlers.
        uploaded: the code that lies on disk.
        kept: what outlives the process, where something does.
        owns_runner: whether the runner ends with these parts, and not with what was given it.
    """

    gateway: Gateway
    faults: FaultChain
    declared: Declared
    dispatcher: Dispatcher
    mailbox: Mailbox
    pusher: Pusher
    signature: PushSignature
    mns: MnsRoutes
    runner: Runner
    uploaded: UploadedCode
    kept: Parts
    owns_runner: bool

    def handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        """Answer one request."""
        return self.faults.handle(request)

    def refuse_unparsed(self, request: web.BaseRequest, path: str, defect: BaseException | None) -> web.Response:
        """Answer what is no HTTP, as far as its path could be read; or what a defect of ours has left unanswered."""
        return self.gateway.refuse_unparsed(request, path, defect)

    async def quiet(self) -> None:
        """Wait until nothing is being executed or pushed: a push may make its receiver invoke, and the other way."""
        while self.dispatcher.is_busy or self.pusher.is_busy:
            await self.dispatcher.quiet()
            await self.pusher.quiet()

    def holds(self, now_ms: int) -> str:
        """Return how many invocations and messages it holds, in words; "" for none."""
        counts = ((self.dispatcher.unfinished, "invocation"), (self.mailbox.count_messages(now_ms), "message"))
        return " and ".join(counted(number, noun) for number, noun in counts if number)

    async def close(self, *, for_good: bool = False) -> None:
        """Answer those who wait, abandon what is being executed or pushed, end the workers.

        Args:
            for_good: also those of a runner that was given, which others go on using otherwise; so with the folders of
                code that are kept.
        """
        if not for_good:
            self.uploaded.retire()
        self.mns.close()
        await self.pusher.close()
        await self.dispatcher.close()
        if self.owns_runner or for_good:
            await self.runner.close()


class _NothingKept:
    functions = queues = messages = topics = pushes = invocations = deliveries = NOT_KEPT


def assemble(setup: Setup, url: str, scratch: Scratch, control: Control, store: Store | None = None) -> Service:
    """Make the parts of one service.

    Args:
        setup: what was asked for.
        url: where handlers reach the service.
        scratch: its folder on disk.
        control: moves its time, and starts it over.
        store: keeps it; None: it is in memory alone.
    """
    kept = _NothingKept if store is None else store.shelves
    ids = Ids(setup.random)
    book = FaultBook()
    bucket = TempBucket(scratch.bucket, setup.account_id, setup.access_key, SystemClock())
    downloads = CodeDownloads()
    mailbox = Mailbox(random=setup.random, kept=kept.queues, kept_messages=kept.messages)
    topics = Topics(
        mailbox,
        random=setup.random,
        account_id=setup.account_id,
        untagged_passes_filter=setup.assumptions.untagged_passes_filter,
        kept=kept.topics,
        kept_pushes=kept.pushes,
    )
    signature = PushSignature(url)
    pusher = Pusher(
        topics,
        setup.clock,
        real_time=SystemClock(),
        signature=signature,
        random=setup.random,
        json_content_type=setup.assumptions.json_push_content_type,
    )
    engine = Engine(setup.region, setup.account_id, setup.assumptions, kept.invocations)
    catalog = FunctionCatalog(setup.region, setup.account_id)
    runner: Runner = _process_runner(setup, ids, url, scratch) if setup.runner is None else setup.runner
    if setup.handlers is not None:
        runner = InProcessRunner(
            runner,
            setup.handlers,
            region=setup.region,
            account_id=setup.account_id,
            has_union_context=setup.assumptions.context == "union",
        )
    plane = ControlPlane(
        clock=setup.clock,
        catalog=catalog,
        configs=AsyncConfigs(setup.region, setup.account_id, setup.assumptions),
        engine=engine,
        kept=kept.functions,
    )
    dispatcher = Dispatcher(
        clock=setup.clock,
        ids=ids,
        catalog=catalog,
        engine=engine,
        runner=runner,
        mailbox=mailbox,
        topics=topics,
        assumptions=setup.assumptions,
        fails=failing_destination(book),
        kept=kept.deliveries,
    )
    folders = scratch if store is None else store.folder
    settled = _at_once if store is None else store.settled
    uploaded = UploadedCode(folders.code, folders.packages, catalog, runner, settled)
    warnings = DestinationWarnings(plane, setup.assumptions)
    mns = MnsRoutes(
        mailbox,
        topics,
        setup.clock,
        random=setup.random,
        may_be_gone=may_be_gone,
        before_pushes=pusher.prepare,
        real_time=SystemClock() if isinstance(setup.clock, ManualClock) else None,
    )
    gateway = Gateway(
        bound_address=setup.host,
        clock=setup.clock,
        ids=ids,
        fc=_fc_routes(setup, plane, engine, dispatcher, runner, uploaded, warnings, bucket, downloads),
        bucket=bucket,
        mns=mns,
        local=LocalRoutes(
            control_plane=plane,
            engine=engine,
            dispatcher=dispatcher,
            mailbox=mailbox,
            topics=topics,
            signature=signature,
            clock=setup.clock,
            control=control,
            faults=book,
            downloads=downloads,
        ),
        access_key=setup.access_key,
    )
    declared = Declared(
        control_plane=plane,
        mailbox=mailbox,
        topics=topics,
        clock=setup.clock,
        region=setup.region,
        account_id=setup.account_id,
        unpacked=folders.code,
        warnings=warnings,
    )
    handle = gateway.handle if store is None else KeptAnswers(gateway.handle, gateway.refuse, store.settled).handle
    return Service(
        gateway=gateway,
        faults=FaultChain(book, handle, gateway.refuse, setup.clock),
        declared=declared,
        dispatcher=dispatcher,
        mailbox=mailbox,
        pusher=pusher,
        signature=signature,
        mns=mns,
        runner=runner,
        uploaded=uploaded,
        kept=Parts(plane, engine, mailbox, topics, dispatcher.delivery),
        owns_runner=setup.runner is None,
    )


async def _at_once() -> None:
    """Where nothing is kept there is nothing to wait for."""


def _process_runner(setup: Setup, ids: Ids, url: str, scratch: Scratch) -> ProcessRunner:
    return ProcessRunner(
        setup.workers,
        endpoint=url,
        region=setup.region,
        account_id=setup.account_id,
        ids=ids,
        home=scratch.home,
        access_key=setup.access_key,
        has_union_context=setup.assumptions.context == "union",
    )


def _fc_routes(
    setup: Setup,
    plane: ControlPlane,
    engine: Engine,
    dispatcher: Dispatcher,
    runner: Runner,
    uploaded: UploadedCode,
    warnings: DestinationWarnings,
    bucket: TempBucket,
    downloads: CodeDownloads,
) -> FcRoutes:
    invoker = Invoker(
        control_plane=plane,
        engine=engine,
        dispatcher=dispatcher,
        runner=runner,
        assumptions=setup.assumptions,
    )
    tasks = AsyncTasks(
        clock=setup.clock,
        catalog=plane.catalog,
        engine=engine,
        dispatcher=dispatcher,
        assumptions=setup.assumptions,
    )
    concurrency = ConcurrencyRoutes(control_plane=plane, clock=setup.clock, dispatcher=dispatcher, runner=runner)
    return FcRoutes(
        control_plane=plane,
        invoker=invoker,
        tasks=tasks,
        concurrency=concurrency,
        uploaded=uploaded,
        code=CodeReader(bucket, uploaded),
        downloads=downloads,
        warnings=warnings,
        assumptions=setup.assumptions,
    )
