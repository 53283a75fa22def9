"""The process in which handlers run: one invocation at a time, until the socket closes.

Started by worker_process.py as a script with two arguments: the number of the socket's descriptor, and a JSON object
about the function. It imports nothing of fc_async, so that a handler finds the package only where it would find it
in the cloud. On the socket, both ways: two big-endian 32-bit lengths, a JSON header, a payload.

    in   {"request_id"}            the event
    out  {"failed", "memory_mb"}   what the handler returned, or the error JSON
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_LENGTHS = struct.Struct("!II")


def main(arguments: list[str]) -> None:
    """Serve invocations until the other side closes the socket."""
    connection = socket.socket(fileno=int(arguments[1]))
    connection.set_inheritable(False)
    # A child that the handler forks would hold the socket open, and a crash would look like a handler at work.
    os.register_at_fork(after_in_child=connection.close)
    about = json.loads(arguments[2])
    # -I has kept this file's folder off the path (its queue.py would hide Python's), and PYTHONPATH with it.
    extra = os.environ.get("PYTHONPATH", "")
    sys.path[:0] = [about["code_dir"], *filter(None, extra.split(os.pathsep))]
    sys.argv = [about["handler"]]
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(levelname)s] %(message)s")
    load = _loader(about["handler"])
    while (frame := receive(connection)) is not None:
        header, event = frame
        failed, payload = execute(load, event, _context(about, header["request_id"]))
        sys.stdout.flush()
        sys.stderr.flush()
        send(connection, {"failed": failed, "memory_mb": _peak_memory_mb()}, payload)


def receive(connection: socket.socket) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame; None when the other side is gone."""
    lengths = _exactly(connection, _LENGTHS.size)
    if lengths is None:
        return None
    header_bytes, payload_bytes = _LENGTHS.unpack(lengths)
    rest = _exactly(connection, header_bytes + payload_bytes)
    return None if rest is None else (json.loads(rest[:header_bytes]), bytes(rest[header_bytes:]))


def send(connection: socket.socket, header: dict[str, Any], payload: bytes) -> None:
    """Write one frame."""
    head = json.dumps(header).encode()
    connection.sendall(_LENGTHS.pack(len(head), len(payload)) + head + payload)


def _exactly(connection: socket.socket, count: int) -> bytearray | None:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return data


def execute(load: Callable[[], Any], event: bytes, context: Any) -> tuple[bool, bytes]:
    """Run the handler; return whether it failed, and its answer or the error JSON."""
    try:
        return False, _as_bytes(load()(event, context))
    except SystemExit:
        raise  # the process ends, as it does in the service
    except BaseException as error:  # whatever a handler raises is its invocation's outcome
        return True, error_json(error)


def _loader(handler: str) -> Callable[[], Any]:
    module, dot, function = handler.rpartition(".")

    def load() -> Any:
        if not (dot and module and function):
            raise ValueError(f"expected the handler as MODULE.FUNCTION, got {handler!r}")
        return getattr(importlib.import_module(module.replace("/", ".")), function)

    return load


def _as_bytes(returned: Any) -> bytes:
    if isinstance(returned, (bytes, bytearray)):
        return bytes(returned)
    return (returned if isinstance(returned, str) else json.dumps(returned)).encode()


def error_json(error: BaseException) -> bytes:
    """Return the error as Function Compute's Python runtime writes it.

    Source: https://www.alibabacloud.com/help/en/functioncompute/fc/error-handling-1-1 and the record shown in
    awesome-fc/async-invocation-dlq (4 spaces).
    """
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)]
    try:
        message = str(error)
    except Exception:  # a handler's own __str__ may fail too
        message = "the error could not be turned into text"
    body = {
        "errorMessage": message,
        "errorType": type(error).__name__,
        "stackTrace": [
            [f'File "{frame.filename}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
            for frame in frames
        ],
    }
    return json.dumps(body, indent=4).encode()


def _is_machinery(filename: str) -> bool:
    return filename == __file__ or filename == importlib.__file__ or filename.startswith("<frozen importlib")


def _context(about: dict[str, Any], request_id: str) -> SimpleNamespace:
    """Return what handlers read of `context`: the attributes of Python 3.12 in FC 3.0 and the older ones.

    Source: https://alibabacloud.com/help/zh/functioncompute/context-1 and doc-detail/422182.
    """
    variable = os.environ.get
    return SimpleNamespace(
        request_id=request_id,
        account_id=about["account_id"],
        region=about["region"],
        logger=logging.getLogger(),
        log_project="",
        log_store="",
        function=SimpleNamespace(
            name=about["name"],
            handler=about["handler"],
            memory=about["memory_mb"],
            timeout=about["timeout_seconds"],
            version_id=about["qualifier"],
            qualifier=about["qualifier"],
        ),
        credentials=SimpleNamespace(
            access_key_id=variable("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
            access_key_secret=variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
            security_token=variable("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
        ),
        service=SimpleNamespace(
            name="", log_project="", log_store="", qualifier=about["qualifier"], version_id=about["qualifier"]
        ),
        tracing=SimpleNamespace(span_context="", jaeger_endpoint="", span_baggages={}),
    )


def _peak_memory_mb() -> int:
    # ru_maxrss would count the memory that the starting process had at the fork.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


if __name__ == "__main__":
    main(sys.argv)
