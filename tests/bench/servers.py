"""The processes that are measured: started, asked for their port, killed."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCAL_UP = ("-c", "from fc_async.cli.root import run; run()", "local", "up", "--port", "0")

HANDLER = "def handler(event, context):\n    return b'done'\n"


def listening() -> socket.socket:
    """Return a listening socket at a free port."""
    return socket.create_server(("127.0.0.1", 0))


@contextmanager
def started(*arguments: str, **variables: str) -> Iterator[tuple[int, int]]:
    """Run Python with these arguments; give the port, which the first line of its stdout ends in, and the pid."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**environment(), **variables},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        port = re.search(r"(\d+)\s*$", line)
        if port is None:
            raise SystemExit(f"{' '.join(arguments)} did not start: {line!r}")
        yield int(port[1]), process.pid
    finally:
        process.terminate()
        process.communicate()


def environment() -> dict[str, str]:
    """Return our environment, without what could reach a cloud or a proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA_CLOUD_", "FC_ASYNC_"))}
    return {**kept, "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"}


@contextmanager
def local_up(*arguments: str, on_success: str | None = None, handler: str = HANDLER) -> Iterator[tuple[int, int]]:
    """Run `fc-async local up` with one function, main, of this handler, and these further arguments."""
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        code.mkdir()
        (code / "index.py").write_text(handler)
        file = Path(folder) / "s.yaml"
        file.write_text(_document(on_success))
        # What it unpacks is gone with the folder, also where it is killed.
        with started(*LOCAL_UP, "-f", str(file), *arguments, TMPDIR=folder) as at:
            yield at


def _document(on_success: str | None) -> str:
    config = ""
    if on_success is not None:
        config = f"      asyncInvokeConfig: {{destinationConfig: {{onSuccess: {{destination: '{on_success}'}}}}}}\n"
    return (
        "edition: 3.0.0\nname: bench\naccess: default\nresources:\n  main:\n    component: fc3\n    props:\n"
        "      region: cn-hangzhou\n      functionName: main\n      runtime: python3.10\n      handler: index.handler\n"
        f"      code: ./code\n{config}"
    )
