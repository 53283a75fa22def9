"""Function Compute and MNS in a thread of a test's own process: what the fixture `fc_local` is, and `local()` gives."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..checks import seconds_of
from ..errors import ArgumentError, LocalError
from ..local.catalog.fc_errors import FcError
from ..local.catalog.function import FunctionSpec
from ..local.clock import ManualClock
from ..local.faults.fault_json import read_fault
from ..local.server import LocalServer
from ..local.up.status import add_fault, limit_function, read_faults, read_metrics, read_status
from ..local.workers.in_process import InProcessHandler
from .defects import Defects
from .handlers import handler_of, is_in_a_handler, wait_for_handlers

if TYPE_CHECKING:
    from .. import AsyncInvokeConfig, FunctionsClient, InvocationRecord, QueueClient, TopicClient

MAX_ADVANCE_SECONDS: Final = 366 * 86400
_NO_CODE: Final = Path(__file__).parent

Handler = Callable[[Any, Any], Any]


def new_server() -> LocalServer:
    """Return a local service whose handlers may be callables; not started."""
    return LocalServer(clock=ManualClock(), workers=2, handlers={})


@contextmanager
def local() -> Iterator[LocalFC]:
    """Give a local service of one's own, without pytest; FC_ASYNC_ENDPOINT names it meanwhile.

    Raises:
        LocalError: at the end, when the service itself has met a defect.
    """
    with new_server() as server, Defects() as defects:
        before = {name: os.environ.get(name) for name in LocalFC.environment(server)}
        _set(LocalFC.environment(server))
        try:
            with LocalFC(server) as fc:
                yield fc
        finally:
            _set(before)
    defects.fail()


class LocalFC:
    """A local service in the hands of one test.

    Args:
        server: it runs; when the block ends it is as it was at its start.
    """

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self._is_over = False
        self._ending = ExitStack()
        self._functions: FunctionsClient | None = None

    @staticmethod
    def environment(server: LocalServer) -> dict[str, str | None]:
        """Return the variables by which code under test finds the service; None for what must not be set."""
        return {
            "FC_ASYNC_ENDPOINT": server.url,
            "FC_ASYNC_FC_ENDPOINT": None,
            "FC_ASYNC_MNS_ENDPOINT": None,
            "FC_ASYNC_INTERNAL": None,
            "FC_ASYNC_LOCAL_ACCESS_KEY": None,
            # They would decide the ARNs that code under test writes, on a machine that has them.
            "ALIBABA_CLOUD_REGION_ID": server.region,
            "ALIBABA_CLOUD_ACCOUNT_ID": server.account_id,
        }

    def __enter__(self) -> LocalFC:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._ending.close()
        still_running = wait_for_handlers(self._server)
        self._server.reset(assume={})
        self._server.handlers.clear()
        if still_running:
            warnings.warn(
                f"{still_running} still runs after its test; what it asks of the service now reaches the next test's",
                RuntimeWarning,
                stacklevel=2,
            )

    def _alive(self) -> LocalServer:
        if self._is_over:
            raise LocalError("this local service was a test's that is over; use the fixture of the test that runs")
        return self._server

    # what is there

    @property
    def endpoint(self) -> str:
        """The base URL of both services."""
        return self._alive().url

    @property
    def functions(self) -> FunctionsClient:
        """A client for functions."""
        from .. import FunctionsClient

        self._alive()
        if self._functions is None:
            self._functions = self._ending.enter_context(FunctionsClient(endpoint=self.endpoint))
        return self._functions

    def queue(self, name: str) -> QueueClient:
        """Create a queue, if it is not there, and return a client for it."""
        from .. import QueueClient

        queue = self._ending.enter_context(QueueClient(name, endpoint=self.endpoint))
        queue.create()
        return queue

    def topic(self, name: str) -> TopicClient:
        """Create a topic, if it is not there, and return a client for it."""
        from .. import TopicClient

        topic = self._ending.enter_context(TopicClient(name, endpoint=self.endpoint))
        topic.create()
        return topic

    def function(
        self,
        name: str,
        handler: Handler | str = "index.handler",
        *,
        code: Path | str | None = None,
        config: AsyncInvokeConfig | None = None,
        duration: float | timedelta | str | None = None,
        runtime: str = "python3.10",
        timeout_seconds: int = 60,
        environment: Mapping[str, str] | None = None,
        memory_mb: int | None = None,
    ) -> str:
        """Create or change a function; return its name.

        Args:
            name: function name.
            handler: a callable, run in a thread of this process with the event in bytes and the context of the runtime;
                or, with `code`, MODULE.FUNCTION in that folder, run in a process as `fc-async local up` does.
            code: the folder.
            config: its async config; queues and topics that it names are created.
            duration: how much manual time an async execution takes; seconds, a timedelta or `30s`, `5m`; None: none.
            runtime: decides what the context has.
            timeout_seconds: real time after which a handler is given up, 1 to 86400.
            environment: the function's variables; not for a callable, which lives in this process.
            memory_mb: its memory; not for a callable, for the same reason.

        Raises:
            ArgumentError: a value that cannot be.
            LocalError: the service refuses it.
        """
        server = self._alive()
        is_callable = callable(handler)
        if is_callable == (code is not None):
            raise ArgumentError("handler: expected a callable, or code= with MODULE.FUNCTION as handler")
        if is_callable and (environment is not None or memory_mb is not None):
            raise ArgumentError(
                "environment and memory_mb: a callable lives in this process and has neither; pass code="
            )
        if is_callable and not str(runtime).startswith("python3"):
            raise ArgumentError(f"runtime: expected one of Python 3 for a callable, got {str(runtime)[:40]!r}")
        if config is not None:
            _check_config(config)
        takes_ms = 0 if duration is None else round(_seconds("duration", duration) * 1000)
        if takes_ms and not is_callable:
            raise ArgumentError("duration: expected a callable as handler; code= takes the time that it takes")
        fields: dict[str, Any] = {} if memory_mb is None else {"memory_mb": memory_mb}
        spec = FunctionSpec(
            name=name,
            runtime=runtime,
            handler=handler if isinstance(handler, str) else "callable.handler",
            code_dir=_NO_CODE if code is None else Path(code),
            timeout_seconds=timeout_seconds,
            environment=dict(environment or {}),
            async_config=config,
            **fields,
        )
        with handler_of(server.handlers, name, InProcessHandler(handler, takes_ms) if callable(handler) else None):
            server.deploy_folder(spec)
        return name

    # time and trouble

    def advance(self, time: float | timedelta | str) -> None:
        """Move time on; return when everything that became due has been done.

        Args:
            time: seconds, a timedelta, or a text as `6h`; 0 to 366 days.

        Raises:
            ArgumentError: a time that cannot be.
            LocalError: called by a handler, whose own execution would have to end first.
        """
        seconds = _seconds("time", time)
        if is_in_a_handler():
            raise LocalError("a handler cannot move time: its own execution has to end before time moves")
        self._alive().advance(seconds)

    def settle(self) -> None:
        """Wait until nothing is being executed or pushed; time does not move.

        Raises:
            LocalError: called by a handler, which would wait for its own end.
        """
        if is_in_a_handler():
            raise LocalError("a handler cannot wait for itself: what is being executed includes its own execution")
        self._alive().settle()

    def fault(
        self,
        action: str,
        *,
        resource: str | None = None,
        times: int | None = None,
        after: int = 0,
        status: int | None = None,
        code: str | None = None,
        delay_seconds: float | None = None,
        drop: str | None = None,
        truncate: bool = False,
        slow_body_seconds: float | None = None,
        partial: int | None = None,
        clock_jump_seconds: float | None = None,
        probability: float | None = None,
        seed: int | None = None,
    ) -> None:
        """Have the service fail from now on, until the test ends.

        Args:
            action: one of the service's, as ReceiveMessage or InvokeFunction; Deliver: a record on its way to its
                destination; *: any.
            resource: only this function, queue or topic; for Deliver the destination's name or ARN.
            times: how often it happens; None: without end.
            after: how many it leaves alone first.
            status: HTTP status that is answered in the place of the work, 300 to 599.
            code: the service's code in that answer.
            delay_seconds: real time that passes before the work, 0 to 3600.
            drop: `before` or `after` the work the connection is closed.
            truncate: the answer ends in the middle of its body.
            slow_body_seconds: real time over which the answer's body is spread, 0 to 3600.
            partial: how many entries of a batch are worked on, 0 to 16; the others fail.
            clock_jump_seconds: what the service's time jumps by, before the work.
            probability: in how many of what it meets it happens, 0 to 1.
            seed: the same seed decides alike.

        Raises:
            ArgumentError: a fault that cannot be.
        """
        given = {
            "action": action,
            "resource": resource,
            "times": times,
            "after": after,
            "status": status,
            "code": code,
            "delaySeconds": delay_seconds,
            "drop": drop,
            "truncate": truncate,
            "slowBodySeconds": slow_body_seconds,
            "partial": partial,
            "clockJumpSeconds": clock_jump_seconds,
            "probability": probability,
            "seed": seed,
        }
        endpoint = self.endpoint
        wire = {key: value for key, value in given.items() if value is not None}
        try:
            read_fault(wire)
        except FcError as refused:
            raise ArgumentError(refused.message) from None
        add_fault(endpoint, wire)

    def limit(self, function: str, instances: int | None) -> None:
        """Throttle a function: beyond so many executions at once it is 429, with 0 always; None lifts it.

        Raises:
            LocalError: there is no such function.
        """
        limit_function(self.endpoint, function, instances)

    def assume(self, **names: object) -> None:
        """Start the service over with these assumptions, until the test ends; call it before anything else.

        Args:
            names: values by name; `fc-async local assumptions` lists them.

        Raises:
            ArgumentError: an assumption that cannot be.
        """
        self._alive().reset(assume=names)

    # looking in

    def invocations(self, function: str | None = None) -> list[dict[str, Any]]:
        """Return the last invocations, newest first and 1,000 at most, as GET /_local/invocations has them.

        Args:
            function: only those of this function; None: all.
        """
        wanted = "" if function is None else function
        found: list[dict[str, Any]] = read_status(self.endpoint, limit=1000, function=wanted)["invocations"]
        return found

    def records(self, queue: str | QueueClient) -> list[InvocationRecord]:
        """Return the records in a queue, oldest first, also those that are hidden; takes none.

        Raises:
            RecordError: a message that is none.
            LocalError: there is no such queue.
        """
        from .. import parse_record

        name = queue if isinstance(queue, str) else queue.queue
        return [parse_record(body) for body in self._alive().message_bodies(name)]

    def metrics(self) -> dict[str, int]:
        """Return the counts by their CloudMonitor names."""
        found: dict[str, int] = read_metrics(self.endpoint)
        return found

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults, and how often each has `happened`."""
        return read_faults(self.endpoint)


def _seconds(name: str, time: float | timedelta | str) -> float:
    value: object = time
    if isinstance(time, timedelta):
        value = time.total_seconds()
    elif isinstance(time, str):
        value = seconds_of(time)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_ADVANCE_SECONDS:
        raise ArgumentError(f"{name}: expected seconds, a timedelta or a text as 6h, up to 366 days, got {time!r:.80}")
    return value


def _check_config(config: object) -> None:
    from ..config import AsyncInvokeConfig

    if not isinstance(config, AsyncInvokeConfig):
        raise ArgumentError(f"config: expected an AsyncInvokeConfig, got {type(config).__name__}")


def _set(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
