"""One execution of a handler, and the port through which the service has handlers executed."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ..catalog.function import DeployedFunction, FunctionSpec
from ..engine.invocation import Outcome


@dataclass(frozen=True)
class Execution:
    """One execution of a handler.

    Args:
        outcome: how it ended.
        duration_ms: how long it took.
        memory_mb: most memory that its process has held.
        instance_id: the worker that ran it.
        printed: the end of what the handler printed and logged, 4 KB at most.
        takes_ms: how much of the service's time passes before it has ended, where that is moved by hand.
    """

    outcome: Outcome
    duration_ms: int = 0
    memory_mb: int = 0
    instance_id: str = ""
    printed: bytes = b""
    takes_ms: int = 0


class Runner(Protocol):
    """Executes handlers."""

    @property
    def workers(self) -> int:
        """How many executions there can be at once."""

    @property
    def free(self) -> int:
        """How many executions can begin now."""

    def run(
        self,
        function: DeployedFunction,
        qualifier: str | None,
        request_id: str,
        event: bytes,
        begin: Callable[[], DeployedFunction] | None = None,
    ) -> Coroutine[Any, Any, Execution]:
        """Execute a handler once; never raises for what the handler does.

        A free place is taken by the call itself, before anything is awaited; without one, it waits for its turn. At
        its turn `begin` says what the function is by then; what it raises, this raises.
        """

    def abort(self, function: str) -> None:
        """End the executions of a function that are under way, as if their process had exited."""

    def release(self, needed: Set[tuple[str, Path]]) -> set[Path]:
        """End the workers of other functions and code folders than `needed`, the busy ones after their invocation.

        Returns:
            the code folders that are being worked in.
        """

    async def close(self) -> None:
        """Stop everything."""


def can_run(function: FunctionSpec) -> bool:
    """Whether the function's runtime is one that runs here: any Python 3."""
    return function.runtime.startswith("python3")
