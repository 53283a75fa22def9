"""How a handler runs: what it sees, what its failures look like, and that nothing it does takes the service down."""

from __future__ import annotations

import json
import logging
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from fc_async.local.catalog.function import FunctionSpec
from fc_async.local.workers import resident_memory
from tests.contract.fc_sdk import create_function, fc_client, invoke, invoke_async, put_config, request, zipped

SEES_ALL = "import json, os\ndef handler(event, context):\n    return dict(os.environ)\n"


def failure(client: Client, name: str = "main", payload: bytes = b"{}") -> dict[str, Any]:
    """The error JSON of a sync invocation that fails."""
    answer = invoke(client, name, payload)
    assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    parsed: dict[str, Any] = json.loads(answer.body.read())
    return parsed


# What a handler sees


def test_a_handler_sees_its_own_variables_and_the_services_and_nothing_of_the_developers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "developer")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "developer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "developer")
    monkeypatch.setenv("PYTHONPATH", "/developer")
    with LocalServer(workers=1) as local:
        client = fc_client(local)
        create_function(client, "main", SEES_ALL, environment_variables={"MINE": "1"}, memory_size=256)
        seen = json.loads(invoke(client, "main").body.read())
        url = local.url
    assert "developer" not in "".join(seen.values())
    assert set(seen) == {
        "MINE", "PATH", "LANG", "TZ", "HOME", "FC_ASYNC_ENDPOINT",
        "FC_FUNC_CODE_PATH", "FC_ACCOUNT_ID", "FC_REGION", "FC_FUNCTION_NAME", "FC_FUNCTION_HANDLER",
        "FC_FUNCTION_MEMORY_SIZE", "FC_QUALIFIER", "FC_VER_ID", "FC_FUNCTION_VERSION", "FC_INSTANCE_ID",
        "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN",
    }  # fmt: skip
    assert (seen["MINE"], seen["FC_ASYNC_ENDPOINT"]) == ("1", url)
    assert (seen["FC_FUNCTION_NAME"], seen["FC_FUNCTION_HANDLER"]) == ("main", "index.handler")
    assert (seen["FC_REGION"], seen["FC_ACCOUNT_ID"]) == ("cn-hangzhou", "1234567890123456")
    assert (seen["FC_FUNCTION_MEMORY_SIZE"], seen["FC_QUALIFIER"]) == ("256", "LATEST")
    assert seen["HOME"] not in ("", os.environ.get("HOME"))


READS_CONTEXT = (
    "def shown(value):\n"
    "    parts = getattr(value, '__dict__', None)\n"
    "    return {name: shown(part) for name, part in parts.items()} if parts is not None else value\n"
    "def handler(event, context):\n"
    "    assert isinstance(event, bytes)\n"
    "    seen = {name: shown(part) for name, part in vars(context).items() if name != 'logger'}\n"
    "    before = getattr(context, 'logger', 'no logger')\n"
    "    if hasattr(context, 'getLogger'):\n"
    "        context.getLogger().info('seen by getLogger')\n"
    "        assert context.logger is context.getLogger()\n"
    "    kind = type(before).__name__ if not isinstance(before, str) else before\n"
    "    return [seen, kind, hasattr(context, 'getLogger'), context.request_id]\n"
)
EVERYWHERE = {"request_id", "region", "account_id", "function"}
OF_3_12 = {"log_project", "log_store"}
OF_3_10 = {"credentials", "service", "tracing"}


def context_seen(client: Client, runtime: str) -> tuple[dict[str, Any], str, bool]:
    create_function(client, "main", READS_CONTEXT, timeout=7, runtime=runtime)
    answer = invoke(client, "main")
    seen, logger, has_get_logger, request_id = json.loads(answer.body.read())
    assert request_id == answer.headers["x-fc-request-id"]
    assert (seen["account_id"], seen["region"]) == ("1234567890123456", "cn-hangzhou")
    function = seen["function"]
    assert [function[name] for name in ("name", "handler", "memory", "timeout")] == ["main", "index.handler", 512, 7]
    return seen, logger, has_get_logger


def test_python_3_12_has_a_context_without_credentials_and_service(
    fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    seen, logger, has_get_logger = context_seen(fc, "python3.12")
    assert set(seen) == EVERYWHERE | OF_3_12
    assert (logger, has_get_logger) == ("NoneType", True)
    assert set(seen["function"]) == {"name", "handler", "memory", "timeout", "version_id", "qualifier"}
    assert "[INFO] seen by getLogger" in caplog.text


@pytest.mark.parametrize("runtime", ["python3.10", "python3.9", "python3"])
def test_older_runtimes_have_credentials_and_service_and_no_logger(fc: Client, runtime: str) -> None:
    seen, logger, has_get_logger = context_seen(fc, runtime)
    assert set(seen) == EVERYWHERE | OF_3_10
    assert (logger, has_get_logger) == ("no logger", False)
    assert set(seen["function"]) == {"name", "handler", "memory", "timeout"}
    assert set(seen["service"]) == {"name", "log_project", "log_store", "qualifier", "version_id"}
    assert set(seen["credentials"]) == {"access_key_id", "access_key_secret", "security_token"}


def test_what_a_context_has_not_is_missed_as_in_the_cloud(fc: Client) -> None:
    create_function(fc, "main", "def handler(event, context):\n    return context.credentials\n")
    error = failure(fc)
    assert error["errorType"] == "AttributeError"
    assert error["errorMessage"] == "'FCContext' object has no attribute 'credentials'"


def test_a_context_that_is_printed_shows_no_key(fc: Client) -> None:
    create_function(fc, "main", "def handler(event, context):\n    return repr(context)\n", runtime="python3.10")
    shown = invoke(fc, "main").body.read().decode()
    assert "FCContext(request_id=" in shown
    assert "credentials=credentials(...)" in shown
    assert "secret" not in shown


def test_a_file_under_code_is_missed_with_a_line_that_names_the_way_to_it(
    fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    create_function(fc, "main", "def handler(event, context):\n    return open(event.decode()).read()\n")
    for _ in range(2):
        assert failure(fc, payload=b"/code/data.txt")["errorType"] == "FileNotFoundError"
    assert caplog.text.count("FC_FUNC_CODE_PATH") == 1
    assert "function main: /code is its code folder in the cloud only" in caplog.text


def test_code_in_a_functions_variables_leads_to_its_files(fc: Client) -> None:
    files = {
        "index.py": (
            "import os, helper\ndef handler(event, context):\n    return helper.X + open(os.environ['DATA']).read()\n"
        ),
        "python/helper.py": "X = 'helped '\n",
        "data.txt": "data",
    }
    variables = {"PYTHONPATH": "/opt/python:/code/python", "DATA": "/code/data.txt"}
    code = models.InputCodeLocation(zip_file=zipped(files))
    create_function(fc, "main", "", code=code, environment_variables=variables)
    assert invoke(fc, "main").body.read() == b"helped data"
    assert fc.get_function("main", models.GetFunctionRequest()).body.environment_variables == variables


def test_a_handler_finds_the_modules_beside_it_and_its_files(fc: Client) -> None:
    files = {
        "index.py": "import helper\ndef handler(event, context):\n    return helper.text() + open('data.txt').read()\n",
        "helper/__init__.py": "def text():\n    return 'helped '\n",
        "data.txt": "data",
    }
    create_function(fc, "main", "", code=models.InputCodeLocation(zip_file=zipped(files)))
    assert invoke(fc, "main").body.read() == b"helped data"


def test_a_handler_can_live_in_a_folder_of_the_package(fc: Client) -> None:
    code = models.InputCodeLocation(zip_file=zipped({"src/main.py": "def go(event, context):\n    return 'deep'\n"}))
    create_function(fc, "main", "", code=code, handler="src/main.go")
    assert invoke(fc, "main").body.read() == b"deep"


def test_the_functions_own_pythonpath_is_searched_after_its_code(fc: Client) -> None:
    files = {
        "index.py": "import other, queue\ndef handler(event, context):\n    return other.text() + queue.__name__\n",
        "lib/other.py": "def text():\n    return 'from lib, '\n",
        "lib/index.py": "raise ValueError\n",
    }
    code = models.InputCodeLocation(zip_file=zipped(files))
    create_function(fc, "main", "", code=code, environment_variables={"PYTHONPATH": "lib", "PYTHONHOME": "/nowhere"})
    assert invoke(fc, "main").body.read() == b"from lib, queue"


@pytest.mark.parametrize(
    ("returned", "sent"),
    [("b'\\xff'", b"\xff"), ("'名'", "名".encode()), ("{'a': 1}", b'{"a": 1}'), ("None", b"null"), ("0", b"0")],
)
def test_bytes_and_text_are_returned_as_they_are_and_all_else_as_json(fc: Client, returned: str, sent: bytes) -> None:
    create_function(fc, "main", f"def handler(event, context):\n    return {returned}\n")
    assert invoke(fc, "main").body.read() == sent


# What failures look like


def test_a_timeout_kills_the_handler_and_says_so_and_retries_0_run_it_once(
    local: LocalServer, fc: Client, mns_queue: Any
) -> None:
    create_function(fc, "main", "def handler(event, context):\n    while True: pass\n", timeout=1)
    dead = mns_queue("dead")
    put_config(fc, "main", on_failure="acs:mns:::/queues/dead/messages", max_async_retry_attempts=0)
    invoke_async(fc, "main")
    local.advance(3600)
    record = json.loads(dead.receive_message(0).message_body)
    assert json.loads(record["responsePayload"]) == {"errorMessage": "Function timed out after 1 seconds"}
    assert record["requestContext"]["condition"] == "UnhandledInvocationError"
    assert record["requestContext"]["approximateInvokeCount"] == 1


@pytest.mark.parametrize(
    "death",
    [
        "os._exit(0)",
        "os._exit(3)",
        "sys.exit(1)",
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "ctypes.string_at(0)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "os.fork() or time.sleep(60); os._exit(1)",
        "subprocess.Popen(['sleep', '60']); os._exit(1)",
        "ctypes.CDLL(None).fork() or time.sleep(60); os._exit(1)",
    ],
)
def test_a_crash_is_an_error_of_its_invocation_and_the_next_one_runs(fc: Client, death: str) -> None:
    source = (
        "import ctypes, os, signal, subprocess, sys, time\n"
        "def handler(event, context):\n"
        f"    if event == b'die':\n        {death}\n"
        "    return 'alive'\n"
    )
    create_function(fc, "main", source, timeout=60)
    error = failure(fc, payload=b"die")
    assert list(error) == ["errorMessage"]
    start, _, rest = error["errorMessage"].partition("(duration: ")
    assert start == "Process exited unexpectedly before completing request "
    duration, _, memory = rest.partition("ms, maxMemoryUsage: ")
    assert duration.isdigit()
    assert memory.removesuffix("MB)").isdigit()
    assert invoke(fc, "main").body.read() == b"alive"


@pytest.mark.skipif(not resident_memory.IS_KNOWN, reason="this system does not tell what a process holds")
def test_the_memory_of_a_crash_is_its_workers_and_not_the_services(fc: Client) -> None:
    held = bytearray(b"x" * 200_000_000)  # by this process, which is the service
    source = "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    os._exit(1)\n"
    create_function(fc, "main", source, timeout=60)
    message = failure(fc)["errorMessage"]
    del held
    assert 4 <= int(message.partition("maxMemoryUsage: ")[2].removesuffix("MB)")) < 60


def test_a_key_in_sys_modules_that_is_no_text_harms_nobody(fc: Client) -> None:
    source = "import sys\ndef handler(event, context):\n    sys.modules[1] = sys\n    return 'alive'\n"
    create_function(fc, "main", source)
    assert [invoke(fc, "main").body.read() for _ in range(2)] == [b"alive"] * 2


@pytest.mark.parametrize("more", [0, 1])
def test_a_response_of_more_than_32_mb_is_an_error_of_the_invocation(fc: Client, more: int) -> None:
    create_function(fc, "main", "def handler(event, context):\n    return b'x' * int(event)\n", timeout=60)
    size = 32 * 1024 * 1024 + more
    answer = invoke(fc, "main", str(size).encode())
    if more:
        text = f"expected a response of at most {size - 1} bytes, the handler returned {size}"
        assert json.loads(answer.body.read()) == {"errorMessage": text}
        assert answer.headers["x-fc-error-type"] == "UnhandledInvocationError"
    else:
        assert len(answer.body.read()) == size


def test_a_stack_trace_names_uploaded_code_as_the_service_does_and_a_folder_as_it_is(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    source = "import json\ndef handler(event, context):\n    json.loads('{')\n"
    create_function(fc, "main", source)
    (tmp_path / "index.py").write_text(source)
    local.deploy_folder(FunctionSpec("folder", "python3.10", "index.handler", tmp_path))
    shown = [[frame[0] for frame in failure(fc, name)["stackTrace"]] for name in ("main", "folder")]
    assert [files[0] for files in shown] == ['File "/code/index.py"', f'File "{tmp_path / "index.py"}"']
    assert shown[0][1:] == shown[1][1:] != []


@pytest.mark.parametrize(
    ("source", "kind", "text"),
    [
        ("import nowhere\n", "ModuleNotFoundError", "No module named 'nowhere'"),
        ("def handler(\n", "SyntaxError", "index.py, line 1"),
        ("1 / 0\n", "ZeroDivisionError", "division by zero"),
        ("x = 1\n", "AttributeError", "no attribute 'handler'"),
        ("handler = 1\n", "TypeError", "not callable"),
        ("def handler(event, context): return object()\n", "TypeError", "not JSON serializable"),
        ("class E(Exception):\n  def __str__(self): raise ValueError\ndef handler(e, c): raise E\n", "E", "text"),
        ("def handler(event, context): raise KeyboardInterrupt\n", "KeyboardInterrupt", ""),
        ("def handler(event, context): return handler(event, context)\n", "RecursionError", "recursion"),
    ],
)
def test_what_cannot_be_loaded_or_called_is_an_error_without_a_line_of_ours(
    fc: Client, source: str, kind: str, text: str
) -> None:
    create_function(fc, "main", source)
    error = failure(fc)
    assert error["errorType"] == kind
    assert text in error["errorMessage"]
    assert "worker.py" not in json.dumps(error)
    assert "importlib" not in json.dumps(error)
    assert all(len(frame) == 4 for frame in error["stackTrace"])


@pytest.mark.parametrize("handler", ["index", "index.", ".handler", "nothing.handler", "..handler"])
def test_a_handler_that_names_nothing_is_an_error(fc: Client, handler: str) -> None:
    create_function(fc, "main", "def handler(event, context): pass\n", handler=handler)
    assert failure(fc)["errorType"] in ("ValueError", "ModuleNotFoundError", "TypeError")


def test_a_handler_that_is_repaired_is_loaded_again(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", "1 / 0\n")
    failure(fc)
    code = models.InputCodeLocation(zip_file=zipped({"index.py": "def handler(event, context): return 'repaired'\n"}))
    fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(code=code)))
    assert invoke(fc, "main").body.read() == b"repaired"


@pytest.mark.skipif(not resident_memory.IS_KNOWN, reason="this system does not tell what a process holds")
@pytest.mark.parametrize(
    "use",
    [
        "held = b'x' * 300_000_000; time.sleep(60)",
        "held = b'x' * 300_000_000; del held",
        "held = []\n    while True: held.append(b'x' * 1_000_000)",
    ],
)
def test_a_worker_that_holds_more_than_the_functions_memory_is_killed_and_says_so(fc: Client, use: str) -> None:
    source = f"import time\ndef handler(event, context):\n    if not event: return 'alive'\n    {use}\n"
    create_function(fc, "main", source, timeout=60, memory_size=128)
    assert failure(fc) == {"errorMessage": "Function ran out of memory (limit: 128 MB)"}
    assert invoke(fc, "main", b"").body.read() == b"alive"


@pytest.mark.skipif(not resident_memory.IS_KNOWN, reason="this system does not tell what a process holds")
def test_memory_that_is_reserved_and_not_used_harms_nobody(fc: Client) -> None:
    source = "import mmap\ndef handler(event, context):\n    return len(mmap.mmap(-1, 4_000_000_000))\n"
    create_function(fc, "main", source, memory_size=128)
    assert invoke(fc, "main").body.read() == b"4000000000"


def test_a_module_from_outside_the_code_folder_is_named_once(
    fc: Client, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("INFO", "fc_async.local")
    installed = tmp_path / "site-packages"
    installed.mkdir()
    (installed / "installed_here.py").write_text("import json\n")
    files = {
        "index.py": (
            "import own, sqlite3\n"
            "import os\ndef handler(event, context):\n    import installed_here\n    if event == b'die': os._exit(1)\n"
        ),
        "own/__init__.py": "",
    }
    code = models.InputCodeLocation(zip_file=zipped(files))
    create_function(fc, "main", "", code=code, environment_variables={"PYTHONPATH": str(installed)})
    for payload in (b"", b"", b"die", b""):
        invoke(fc, "main", payload)
    named = [line for line in caplog.messages if "from outside the code folder" in line]
    assert len(named) == 1
    assert named[0].startswith("function main: module installed_here is loaded from outside the code folder")


# How processes are used


def test_a_worker_is_reused_warm(fc: Client) -> None:
    create_function(fc, "main", "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n")
    answers = [invoke(fc, "main") for _ in range(3)]
    assert [answer.body.read() for answer in answers] == [b"1", b"2", b"3"]
    assert len({answer.headers["x-fc-instance-id"] for answer in answers}) == 1


def test_more_functions_than_workers_take_turns_and_no_process_is_left_over(fc: Client) -> None:
    pids = {}
    for name in ("a", "b", "c", "d", "a"):
        if name not in pids:
            create_function(fc, name, "import os\ndef handler(event, context): return os.getpid()\n")
        pids[name] = int(invoke(fc, name).body.read())
    assert [name for name in sorted(pids) if _is_running(pids[name])] == ["a", "d"]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_a_handler_prints_reaches_the_log_with_its_request_id(
    local: LocalServer, fc: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fc_async.local")
    source = (
        "import logging, os, sys\n"
        "def handler(event, context):\n"
        "    print('printed')\n"
        "    print('to stderr', file=sys.stderr)\n"
        "    logging.getLogger().info('logged')\n"
        "    os.system('echo from a child')\n"
        "    print('unfinished', end='')\n"
        "    sys.stdout.flush()\n"
        "    if event == b'die': os._exit(1)\n"
    )
    create_function(fc, "main", source)
    for payload in (b"", b"die"):
        caplog.clear()
        request_id = invoke(fc, "main", payload).headers["x-fc-request-id"]
        lines = [line.getMessage() for line in caplog.records if line.name == "fc_async.local.handler"]
        texts = ["printed", "to stderr", "[INFO] logged", "from a child", "unfinished"]
        assert lines == [f"main {request_id} {text}" for text in texts]


@pytest.mark.parametrize(
    "does",
    ["sys.stdout.close()", "sys.stderr.close()", "sys.stdout = sys.stderr = None", "sys.stdout = Unwilling()"],
    ids=["closes stdout", "closes stderr", "has neither", "replaces stdout"],
)
def test_a_handler_that_takes_its_own_output_away_is_answered_all_the_same(fc: Client, does: str) -> None:
    source = (
        "import sys\n"
        "class Unwilling:\n"
        "    def write(self, text): raise ValueError('written')\n"
        "    flush = close = write\n"
        "def handler(event, context):\n"
        f"    {does}\n"
        "    if event == b'fail': raise KeyError('mine')\n"
        "    return 'done'\n"
    )
    create_function(fc, "main", source)
    assert invoke(fc, "main").body.read() == b"done"
    assert failure(fc, payload=b"fail")["errorType"] == "KeyError"


def test_the_log_says_once_on_which_python_a_runtime_runs(fc: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "fc_async.local")
    for name in ("a", "b"):
        create_function(fc, name, "def handler(event, context): pass\n", runtime="python3.9")
        invoke(fc, name)
    said = [line for line in caplog.messages if line.startswith("runtime python3.9 runs here on Python 3.")]
    assert len(said) == 1


def test_a_handler_that_prints_much_and_returns_much_is_no_problem(fc: Client) -> None:
    create_function(fc, "main", "def handler(event, context):\n    print('x' * 300_000)\n    return event * 8\n")
    assert len(invoke(fc, "main", b"y" * 1_000_000).body.read()) == 8_000_000


def test_a_handler_reaches_the_local_service(fc: Client) -> None:
    source = (
        "import os, urllib.request\n"
        "def handler(event, context):\n"
        "    url = os.environ['FC_ASYNC_ENDPOINT'] + '/2023-03-30/functions/other/invocations'\n"
        "    return urllib.request.urlopen(url, data=b'ping').read()\n"
    )
    create_function(fc, "main", source)
    create_function(fc, "other", "def handler(event, context): return event + b' pong'\n")
    assert invoke(fc, "main").body.read() == b"ping pong"


def test_when_the_service_stops_its_workers_are_gone(tmp_path: Path) -> None:
    with LocalServer(workers=2) as local:
        client = fc_client(local)
        source = (
            "import os, subprocess, time\n"
            "def handler(event, context):\n"
            f"    open({str(tmp_path / 'pid')!r} + event.decode(), 'w').write(str(os.getpid()))\n"
            "    if event == b'busy': time.sleep(60)\n"
        )
        create_function(client, "main", source, timeout=60)
        invoke(client, "main", b"idle")
        invoke_async(client, "main", b"busy")
        while json.loads(request(local, "GET", "/_local/health")[2])["metrics"]["FunctionAsyncMessagesInProcess"] == 0:
            pass
    for path in tmp_path.iterdir():
        assert not _is_running(int(path.read_text()))


def test_a_worker_whose_service_was_killed_ends() -> None:
    ours, theirs = socket.socketpair()
    about = {"code_dir": ".", "handler": "index.handler"}
    worker = Path(__file__).parents[2] / "fc_async" / "local" / "workers" / "worker.py"
    with theirs, ours:
        command = [sys.executable, str(worker), str(theirs.fileno()), json.dumps(about)]
        with subprocess.Popen(command, pass_fds=[theirs.fileno()]) as process:
            theirs.close()
            ours.close()
            assert process.wait(60) == 0


LEAVES_A_DAEMON = """
import subprocess
def handler(event, context):
    variables = {} if b"bare" in event else None
    child = subprocess.Popen(["/bin/sleep", "600"], start_new_session=True, env=variables)
    with open(event.decode(), "w") as file:
        file.write(str(child.pid))
    while event.endswith(b"timeout"):
        pass
"""


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits for who started it to take note."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def _ends(pid: int) -> bool:
    """Whether a process ends: one that was killed is there for another moment."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 60)[0])
    finally:
        os.close(process)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process")
@pytest.mark.parametrize("how", ["with our variables", "bare"])
def test_what_a_handler_started_in_a_session_of_its_own_ends_with_its_execution_and_with_the_service(
    tmp_path: Path, how: str
) -> None:
    timed_out, answered = tmp_path / f"{how} timeout", tmp_path / f"{how} answered"
    with LocalServer(workers=1) as local:
        client = fc_client(local)
        create_function(client, "main", LEAVES_A_DAEMON, timeout=1)
        assert b"timed out" in invoke(client, "main", str(timed_out).encode()).body.read()
        assert _ends(int(timed_out.read_text()))
        invoke(client, "main", str(answered).encode())
        assert not _has_ended(int(answered.read_text()))  # its instance is still there
    assert _ends(int(answered.read_text()))
