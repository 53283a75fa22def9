"""A worker that cannot be started leaves nothing open."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from fc_async.local.catalog.function import FunctionSpec
from fc_async.local.system_clock import SystemClock
from fc_async.local.workers.worker_process import WorkerProcess


@pytest.mark.parametrize(
    ("code_dir", "about", "expected"),
    [("gone", {}, OSError), (".", {"handler": "\0"}, ValueError), (".", {"handler": object()}, TypeError)],
)
def test_a_start_that_fails_leaves_no_descriptor_open(
    tmp_path: Path, code_dir: str, about: dict[str, object], expected: type[Exception]
) -> None:
    async def descriptors_left() -> int:
        before = len(os.listdir("/dev/fd"))
        worker = WorkerProcess(FunctionSpec("main", "python3.10", "a.b", tmp_path / code_dir), "c-1", SystemClock())
        environment = {"A": "\0"} if expected is ValueError else {}
        with pytest.raises(expected):
            await worker.start(about, environment)
        return len(os.listdir("/dev/fd")) - before

    assert asyncio.run(descriptors_left()) == 0
