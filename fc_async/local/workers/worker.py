"""The process in which handlers run: one invocation at a time, until the socket closes.

Started by worker_process.py as a script with two arguments: the number of the socket's descriptor, and a JSON object
about the function. It imports nothing of fc_async, so that a handler finds the package only where it would find it
in the cloud. On the socket, both ways: two big-endian 32-bit lengths, a JSON header, a payload.

    in   {"request_id"}                       the event
    out  {"failed", "memory_kb", "outside"}   what the handler returned, or the error JSON
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import logging
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

_LENGTHS = struct.Struct("!II")
_TRACEBACK_CHARACTERS = 65536


def main(arguments: list[str]) -> None:
    """Serve invocations until the other side closes the socket."""
    connection = socket.socket(fileno=int(arguments[1]))
    connection.set_inheritable(False)
    # A child that the handler forks would hold the socket open, and a crash would look like a handler at work.
    os.register_at_fork(after_in_child=connection.close)
    about = json.loads(arguments[2])
    # -I has kept this file's folder off the path (its queue.py would hide Python's), and PYTHONPATH with it.
    extra = os.environ.get("PYTHONPATH", "")
    modules = OutsideModules(about["code_dir"], sys.path)
    sys.path[:0] = [about["code_dir"], *filter(None, extra.split(os.pathsep))]
    sys.argv = [about["handler"]]
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="[%(levelname)s] %(message)s")
    load = _loader(about["handler"])
    if "lifeline" in about:
        end_with_service(about["lifeline"])
    while (frame := receive(connection)) is not None:
        header, event = frame
        failed, payload = execute(load, event, context_of(about, header["request_id"]), about)
        _flush(sys.stdout)
        _flush(sys.stderr)
        send(connection, {"failed": failed, "memory_kb": _peak_memory_kb(), "outside": modules.new()}, payload)
    if _leads_a_group():
        os.killpg(os.getpid(), signal.SIGKILL)  # what handlers have started and left behind goes, too


def _leads_a_group() -> bool:
    """Whether this process was started as worker_process.py does, so that its group is what handlers started."""
    return os.getpgrp() == os.getpid()


def end_with_service(lifeline: int) -> None:
    """Have this process, and what handlers have started, end when the service does, whatever a handler is doing.

    A thread that watched would stand still while the handler holds the interpreter, and would make its forks unsafe. So
    the kernel is asked for a signal, on Linux one that no handler can ignore. The socket would not do: the signal of an
    invocation that comes is sent a moment after it can be read, and so may hit the handler of that very invocation.

    Args:
        lifeline: the reading end of a pipe into which nothing is ever written, and which the service's end closes.
    """
    os.set_inheritable(lifeline, False)
    if sys.platform == "linux":
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    else:  # the signal is SIGIO, which is ignored unless somebody takes it
        signal.signal(signal.SIGIO, lambda *_: os._exit(1))
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid() if _leads_a_group() else os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    try:
        os.read(lifeline, 1)
    except BlockingIOError:
        return  # the service is there
    os._exit(1)  # it died before the lines above


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


def execute(load: Callable[[], Any], event: bytes, context: Any, about: dict[str, Any]) -> tuple[bool, bytes]:
    """Run the handler; return whether it failed, and its answer or the error JSON.

    Args:
        load: finds the handler.
        event: what it is called with.
        context: what it is called with, too.
        about: the function.
    """
    try:
        answer = _as_bytes(load()(event, context))
    except SystemExit:
        raise  # the process ends, as it does in the service
    except BaseException as error:  # whatever a handler raises is its invocation's outcome
        _print_traceback(error, about)
        answer = error_json(error, about)
        return True, answer if len(answer) <= about["max_response_bytes"] else _too_large(len(answer), about)
    if len(answer) > about["max_response_bytes"]:
        return True, _too_large(len(answer), about)
    return False, answer


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


def _too_large(response_bytes: int, about: dict[str, Any]) -> bytes:
    max_bytes = about["max_response_bytes"]
    message = f"expected a response of at most {max_bytes} bytes, the handler returned {response_bytes}"
    return json.dumps({"errorMessage": message}, indent=4).encode()


def _print_traceback(error: BaseException, about: dict[str, Any]) -> None:
    """Write the traceback where the handler's own prints go, as the service's runtime does."""
    text = traceback_text(error, about)
    if len(text) > _TRACEBACK_CHARACTERS:
        half = _TRACEBACK_CHARACTERS // 2
        text = f"{text[:half]}\n...\n{text[-half:]}"
    _flush(sys.stdout)
    data = text.encode("utf-8", "backslashreplace")
    with contextlib.suppress(OSError):  # it may have closed it, too
        while data:
            data = data[os.write(2, data) :]


def _flush(stream: Any) -> None:
    with contextlib.suppress(Exception):  # the handler may have closed it, or put anything in its place
        stream.flush()


def traceback_text(error: BaseException, about: dict[str, Any]) -> str:
    """Return the traceback as Python prints it, without the frames of this file, with the paths of `error_json`."""
    try:
        whole = traceback.TracebackException(type(error), error, error.__traceback__)
        waiting: list[Any] = [whole]
        while waiting:
            one = waiting.pop()
            one.stack = _handlers_frames(one.stack, about)
            waiting += filter(None, (one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())))
        return "".join(whole.format())
    except Exception:  # an error of a handler's own class may fail at anything
        return f"{type(error).__name__}: the traceback could not be turned into text\n"


def _handlers_frames(stack: traceback.StackSummary, about: dict[str, Any]) -> traceback.StackSummary:
    return traceback.StackSummary.from_list(
        [
            traceback.FrameSummary(_shown(frame.filename, about), frame.lineno, frame.name, line=frame.line or "")
            for frame in stack
            if not _is_machinery(frame.filename)
        ]
    )


def error_json(error: BaseException, about: dict[str, Any]) -> bytes:
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
            [f'File "{_shown(frame.filename, about)}"', f"line {frame.lineno}", f"in {frame.name}", frame.line or ""]
            for frame in frames
        ],
    }
    return json.dumps(body, indent=4).encode()


def _shown(filename: str, about: dict[str, Any]) -> str:
    code_dir = about["code_dir"]
    return about["code_shown_as"] + filename[len(code_dir) :] if filename.startswith(code_dir + os.sep) else filename


def _is_machinery(filename: str) -> bool:
    return filename == __file__ or filename == importlib.__file__ or filename.startswith("<frozen importlib")


class FCContext(SimpleNamespace):
    """What a handler is called with beside its event; named as the service's, which errors about it quote."""


class FCContextWithLogger(FCContext):
    """The same where `getLogger()` gives the handler's logger."""

    def getLogger(self) -> logging.Logger:  # noqa: N802 - the service's name
        """Return the logger; from now on `context.logger` is it."""
        self.logger = logging.getLogger()
        return self.logger


FCContextWithLogger.__name__ = FCContext.__name__  # the service has one, which errors name


class Credentials(SimpleNamespace):
    """The keys that a handler signs with; a context that is printed or logged does not show them."""

    def __repr__(self) -> str:
        return "credentials(...)"


def context_of(about: dict[str, Any], request_id: str) -> FCContext:
    """Return what handlers of the runtime read of `context`.

    python3.12   logger (None until getLogger() was called), log_project, log_store; function with version and qualifier
    python3.10   and those before: credentials, service, tracing; neither logger nor getLogger()
    union        both, the logger from the start

    Source: https://help.aliyun.com/zh/functioncompute/fc-3-0/user-guide/context-1 and doc-detail/422182.
    """
    function = {name: about[key] for name, key in _FUNCTION}
    version = {name: about[name] for name in ("version_id", "qualifier")}
    fields = {"request_id": request_id, "region": about["region"], "account_id": about["account_id"]}
    logs = {"log_project": "", "log_store": ""}
    older = {
        "credentials": _credentials(),
        "service": SimpleNamespace(name="", **logs, **version),
        "tracing": SimpleNamespace(span_context="", jaeger_endpoint="", span_baggages={}),
    }
    if about["context"] == "python3.10":
        return FCContext(**fields, **older, function=SimpleNamespace(**function))
    fields |= {**logs, "function": SimpleNamespace(**function, **version)}
    if about["context"] == "union":
        return FCContextWithLogger(**fields, **older, logger=logging.getLogger())
    return FCContextWithLogger(**fields, logger=None)


_FUNCTION = (("name", "name"), ("handler", "handler"), ("memory", "memory_mb"), ("timeout", "timeout_seconds"))


def _credentials() -> Credentials:
    variable = os.environ.get
    return Credentials(
        access_key_id=variable("ALIBABA_CLOUD_ACCESS_KEY_ID", ""),
        access_key_secret=variable("ALIBABA_CLOUD_ACCESS_KEY_SECRET", ""),
        security_token=variable("ALIBABA_CLOUD_SECURITY_TOKEN", ""),
    )


def _peak_memory_kb() -> int:
    # ru_maxrss would count the memory that the starting process had at the fork.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return 0


class OutsideModules:
    """Names the third-party modules that a handler has loaded from outside its code folder, each once.

    Args:
        code_dir: the code folder.
        search_path: where this interpreter finds modules of its own: installed ones, and the standard library.
    """

    def __init__(self, code_dir: str, search_path: list[str]) -> None:
        self._code = os.path.realpath(code_dir) + os.sep
        self._installed = tuple(os.path.realpath(path) + os.sep for path in search_path if _is_site(path))
        self._known = set(sys.modules)
        self._count = len(sys.modules)

    def new(self) -> list[str]:
        """Return the top-level names that are new since the last call."""
        if len(sys.modules) == self._count:
            return []
        self._count = len(sys.modules)
        # A handler may put anything there, also under a key that is no text.
        tops = {name.partition(".")[0] for name in list(sys.modules) if isinstance(name, str)} - self._known
        self._known |= tops
        return sorted(name for name in tops - sys.stdlib_module_names if self._is_outside(sys.modules.get(name)))

    def _is_outside(self, module: Any) -> bool:
        try:
            file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
        except Exception:
            return False  # what stands in sys.modules may be any object of the handler's
        if not isinstance(file, str):
            return False  # built in, or made by the handler
        path = os.path.realpath(file)
        if path.startswith(self._installed):
            return True  # also where the environment lies inside the code folder
        return not path.startswith((self._code, os.path.dirname(os.path.realpath(os.__file__)) + os.sep))


def _is_site(path: str) -> bool:
    return os.path.basename(path) in ("site-packages", "dist-packages")


if __name__ == "__main__":
    main(sys.argv)
