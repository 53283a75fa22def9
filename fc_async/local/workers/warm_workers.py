"""Workers that have run and wait for more: each serves only what asks for the very code that it was started for."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from .worker_process import WorkerProcess


@dataclass(frozen=True)
class Code:
    """What a worker was started for.

    Args:
        name: the function.
        qualifier: version or alias that was invoked; None: LATEST.
        version_id: the published version behind it, or LATEST.
        code_dir: folder of its code.
        revision: grows when the function is changed.
        files: changes when a watched folder is edited; 0 for one that nothing edits.
    """

    name: str
    qualifier: str | None
    version_id: str
    code_dir: Path
    revision: int
    files: int


class WarmWorkers:
    """The idle workers.

    Args:
        kill: ends a worker that is of no more use.
    """

    def __init__(self, kill: Callable[[WorkerProcess], None]) -> None:
        self._kill = kill
        self._idle: list[tuple[Code, WorkerProcess]] = []  # the longest idle first

    def __len__(self) -> int:
        return len(self._idle)

    def take(self, code: Code) -> WorkerProcess | None:
        """Return a worker of this code, the one that was idle for the shortest time; kill those that are out of date.

        Returns:
            None when there is none.
        """
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

    def keep(self, code: Code, worker: WorkerProcess) -> None:
        """Keep a worker for the next invocation that asks for its code."""
        self._idle.append((code, worker))

    def kill_longest_idle(self) -> None:
        """End one worker, if there is one."""
        if self._idle:
            self._kill(self._idle.pop(0)[1])

    def kill_others(self, needed: Set[tuple[str, Path]]) -> None:
        """End the workers of other functions and code folders than `needed`."""
        idle, self._idle = self._idle, []
        for code, worker in idle:
            if (code.name, code.code_dir) in needed:
                self._idle.append((code, worker))
            else:
                self._kill(worker)
