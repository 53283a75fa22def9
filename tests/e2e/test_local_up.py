"""`fc-async local up` as a process."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from fc_async.local import LocalServer
from fc_async.local.catalog.function import FunctionSpec

EXAMPLE = Path(__file__).parents[2] / "examples" / "dlq"
COMMAND = [sys.executable, "-c", "from fc_async.cli.root import run; run()", "local", "up"]


@contextmanager
def local_up(*arguments, **environment):
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**{name: value for name, value in os.environ.items() if name != "FC_ROLE_ARN"}, **environment},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_prints_its_url_alone_on_stdout_and_stops_with_0(stop):
    with local_up("--port", "0", "--workers", "1", "-f", str(EXAMPLE / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/_local/health") as answer:
            assert answer.status == 200
        process.send_signal(stop)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert "dlq-dead-letters" in err
    assert "not used here: description" in err
    assert "FC_ROLE_ARN" not in err
    assert "Traceback" not in err


def test_it_says_in_one_sentence_that_its_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with local_up("--port", str(port)) as process:
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert str(port) in err
    assert len(err.splitlines()) == 1


def test_its_workers_end_with_it():
    with local_up("--port", "0", "--workers", "2", "-f", str(EXAMPLE / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        request = urllib.request.Request(
            f"{url}/2023-03-30/functions/dlq-main/invocations", data=b"{}", headers={"X-Fc-Invocation-Type": "Sync"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b'{"done": {}}'
        children = children_of(process.pid)
        assert children
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert not [child for child in children if is_running(child)]


HOLDS_ON = """
import os, signal, subprocess, sys
def handler(event, context):
    if event == b"deaf":
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    child = subprocess.Popen(["sleep", "600"])
    print("pids", os.getpid(), child.pid, flush=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    while event != b"idle":
        pass
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process can ignore the signal")


@pytest.mark.parametrize("event", ["busy", "idle", pytest.param("deaf", marks=LINUX)])
def test_its_workers_and_what_they_started_end_when_it_is_killed(tmp_path, event):
    (tmp_path / "index.py").write_text(HOLDS_ON)
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nname: a\nresources:\n  main:\n    component: fc3\n    props: {region: cn-hangzhou, "
        "functionName: main, runtime: python3.10, handler: index.handler, code: ., timeout: 600}\n"
    )
    with local_up("--port", "0", "--workers", "1", "-f", str(tmp_path / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        request = urllib.request.Request(
            f"{url}/2023-03-30/functions/main/invocations", event.encode(), {"X-Fc-Invocation-Type": "Async"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 202
        worker, child = next(map(int, line.split("pids")[1].split()) for line in process.stderr if " pids " in line)
        if event == "idle":
            next(line for line in process.stderr if "ended Succeeded" in line)
        process.kill()
        process.wait()
    wait_until_ended(worker)
    wait_until_ended(child)


TWO_AND_A_HALF = """
edition: 3.0.0
resources:
  zipped:
    component: fc3
    props: {functionName: zipped, runtime: python3.10, handler: index.handler, code: code.zip,
            environmentVariables: {PYTHONPATH: /code/python}}
  without:
    component: fc3
    props: {functionName: without, runtime: python3.10, handler: nowhere.handler, code: code.zip}
  broken:
    component: fc3
    props: {functionName: broken, runtime: python3.10, handler: index.handler, code: broken.zip}
  uneven:
    component: fc3
    props: {functionName: uneven, runtime: python3.10, handler: index.handler, code: code.zip, memorySize: 200}
  site:
    component: fc3
    props: {functionName: site, runtime: nodejs20, handler: index.handler, code: dist}
"""


def test_a_function_that_cannot_be_costs_only_itself_and_code_may_be_a_zip(tmp_path):
    shutil.copy(EXAMPLE.parents[1] / "tests" / "golden" / "s_yaml" / "zipped" / "code.zip", tmp_path)
    (tmp_path / "broken.zip").write_bytes(b"PK")
    (tmp_path / "s.yaml").write_text(TWO_AND_A_HALF)
    (tmp_path / "assume.txt").write_text("# ours\nchain_depth=1\n")
    arguments = ("--port", "0", "--workers", "1", "-f", str(tmp_path / "s.yaml"), "--assume", f"@{tmp_path}/assume.txt")
    with local_up(*arguments) as process:
        url = process.stdout.readline().strip()
        answers = {name: invoked(url, name) for name in ("zipped", "without")}
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert answers["zipped"] == b"from the zip"
    assert json.loads(answers["without"])["errorType"] == "ModuleNotFoundError"
    assert "resources.site: runtime nodejs20 is not run here, only python3*; the function is left out" in err
    broken = (tmp_path / "broken.zip").resolve()
    assert f"function broken: {broken} is not a zip file, or is damaged; the function is left out" in err
    assert "function uneven: memorySize 200: expected a multiple of 64 MB; the function is left out" in err
    assert "Traceback" not in err


def test_where_no_function_is_left_it_ends_with_1_and_the_reason(tmp_path):
    props = "{functionName: main, runtime: python3.10, handler: index.handler, code: ., memorySize: 200}"
    (tmp_path / "s.yaml").write_text(f"resources: {{main: {{component: fc3, props: {props}}}}}")
    with local_up("--port", "0", "-f", str(tmp_path / "s.yaml")) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err == "Error: function main: memorySize 200: expected a multiple of 64 MB\n"


def invoked(url, name):
    request = urllib.request.Request(f"{url}/2023-03-30/functions/{name}/invocations", data=b"{}")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


FLOODS = """
import os
def handler(event, context):
    os.write(1, b"begun\\n")
    while True:
        os.write(1, b"y\\n" * 4096)
"""


@pytest.mark.slow
def test_a_log_that_nobody_reads_holds_up_neither_the_service_nor_its_end(tmp_path):
    (tmp_path / "index.py").write_text(FLOODS)
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nname: a\nresources:\n  main:\n    component: fc3\n    props: {region: cn-hangzhou, "
        "functionName: main, runtime: python3.10, handler: index.handler, code: ., timeout: 600}\n"
    )
    with local_up("--port", "0", "--workers", "1", "-f", str(tmp_path / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        request = urllib.request.Request(
            f"{url}/2023-03-30/functions/main/invocations", b"", {"X-Fc-Invocation-Type": "Async"}
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 202
        next(line for line in process.stderr if "begun" in line)
        unread = []
        # Until the pipe has filled and is full, and for some time more.
        while len(unread) < 50 or not unread[-1] or unread[-50] < unread[-1]:
            with urllib.request.urlopen(f"{url}/_local/health", timeout=60) as answer:
                assert answer.status == 200
            unread.append(waiting_bytes(process.stderr))
        assert unread[-1] > 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def waiting_bytes(pipe):
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="this system does not tell what a process has held at most")
@pytest.mark.parametrize(
    "body",
    [
        '{"description": "%s😀"}',
        '{"code": {"zipFile": "%s😀"}}',
        '{"code": {"zipFile": "%s"}, "description": "😀"}',
        '{"description": "%s',
    ],
)
def test_no_refusal_takes_more_than_300_mb(body):
    with local_up("--port", "0") as process:
        url = process.stdout.readline().strip()
        before = peak_mb(process.pid)
        data = (body % ("A" * 69 * 1024 * 1024)).encode()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{url}/2023-03-30/functions", data))
        refused.value.close()
        assert refused.value.code == 400
        assert peak_mb(process.pid) - before < 300


def peak_mb(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def wait_until_ended(pid):
    deadline = time.monotonic() + 60
    while is_running(pid) and not is_zombie(pid):
        assert time.monotonic() < deadline


def is_zombie(pid):
    """Whether a process has ended, and whoever inherited it has not asked for it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def children_of(pid):
    """Linux keeps parents in /proc, and a bare one has no ps; macOS has ps and no /proc."""
    if Path("/proc/self/stat").exists():
        stats = [stat_of(path) for path in Path("/proc").glob("[0-9]*")]
        return [int(child) for child, parent in filter(None, stats) if int(parent) == pid]
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    return [int(child) for child, parent in map(str.split, listed.stdout.splitlines()) if int(parent) == pid]


def stat_of(path):
    """Return pid and parent's pid as text; None for a process that has just ended."""
    try:
        text = (path / "stat").read_text()
    except OSError:
        return None
    return path.name, text.rpartition(")")[2].split()[1]


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_last_line_at_its_start_says_what_to_export_and_the_last_at_its_end_what_is_gone(tmp_path):
    (tmp_path / "index.py").write_text("def handler(event, context):\n    print('printed')\n")
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nname: a\nresources:\n  main:\n    component: fc3\n    props: {region: cn-hangzhou, "
        "functionName: main, runtime: python3.10, handler: index.handler, code: .}\n"
    )
    with local_up("--port", "0", "--workers", "0", "-f", str(tmp_path / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        started = [next(process.stderr)]
        while not started[-1].startswith("ready: "):
            started.append(next(process.stderr))
        for _ in range(2):
            request = urllib.request.Request(
                f"{url}/2023-03-30/functions/main/invocations", b"{}", {"X-Fc-Invocation-Type": "Async"}
            )
            with urllib.request.urlopen(request) as answer:
                assert answer.status == 202
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert started[-1] == f"ready: export FC_ASYNC_ENDPOINT={url}\n"
    assert "2 invocations were held in memory and are gone" in err.splitlines()[-1]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_more_signals_while_it_ends_lose_no_line_of_its_log_and_it_ends_with_0(tmp_path, stop):
    (tmp_path / "index.py").write_text(
        "def handler(event, context):\n    print('x' * 1000 + chr(10), end='x' * 9000)\n"
    )
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nname: a\nresources:\n  main:\n    component: fc3\n    props: {region: cn-hangzhou, "
        "functionName: main, runtime: python3.10, handler: index.handler, code: .}\n"
    )
    with local_up("--port", "0", "--workers", "1", "-f", str(tmp_path / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        for _ in range(20):
            urllib.request.urlopen(f"{url}/2023-03-30/functions/main/invocations", b"{}").close()
        read = []
        reader = threading.Thread(target=lambda: read.append(process.stderr.read()))
        reader.start()
        while process.poll() is None:
            process.send_signal(stop)
            reader.join(0.001)
        reader.join()
    assert process.returncode == 0, read[0][-500:]
    assert read[0].count(" ended, ") == 20
    assert "Traceback" not in read[0]


def test_quiet_leaves_one_line_for_an_invocation_and_nothing_that_it_printed(tmp_path):
    (tmp_path / "index.py").write_text("def handler(event, context):\n    print('printed')\n")
    (tmp_path / "s.yaml").write_text(
        "edition: 3.0.0\nname: a\nresources:\n  main:\n    component: fc3\n    props: {region: cn-hangzhou, "
        "functionName: main, runtime: python3.10, handler: index.handler, code: .}\n"
    )
    with local_up("--port", "0", "--workers", "1", "--quiet", "-f", str(tmp_path / "s.yaml")) as process:
        url = process.stdout.readline().strip()
        request = urllib.request.Request(f"{url}/2023-03-30/functions/main/invocations", b"{}")
        with urllib.request.urlopen(request) as answer:
            request_id = answer.headers["X-Fc-Request-Id"]
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert "printed" not in err
    assert len([line for line in err.splitlines() if request_id in line]) == 1


def test_status_that_follows_shows_each_that_is_new_and_none_that_was_there_before():
    functions = [FunctionSpec("main", "python3.10", "index.handler", EXAMPLE)]
    with LocalServer(workers=0, functions=functions) as local:
        old = [invoked_async(local.url) for _ in range(3)]
        command = [*COMMAND[:-1], "status", "--endpoint", local.url, "--limit", "1", "--follow", "-o", "ndjson"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            first = json.loads(process.stdout.readline())
            new = [invoked_async(local.url) for _ in range(2)]
            followed = [json.loads(process.stdout.readline())["requestId"] for _ in range(2)]
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert [one["requestId"] for one in first["invocations"]] == old[-1:]
    assert followed == new


def invoked_async(url):
    headers = {"X-Fc-Invocation-Type": "Async"}
    request = urllib.request.Request(f"{url}/2023-03-30/functions/main/invocations", b"{}", headers)
    with urllib.request.urlopen(request) as answer:
        return answer.headers["X-Fc-Request-Id"]


def test_it_takes_up_what_changes_in_its_file_and_says_so(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code/index.py").write_text("def handler(event, context):\n    return event\n")
    file = tmp_path / "s.yaml"
    write_functions(file, {"stays": 1, "goes": 1})
    with local_up("--port", "0", "--workers", "0", "-f", str(file)) as process:
        url = process.stdout.readline().strip()
        write_functions(file, {"stays": 0, "comes": 2})
        said_line(process, "function goes removed")
        said_line(process, "function comes: code of")
        assert retries(url, "stays") == 0
        assert retries(url, "comes") == 2
        file.write_text("edition: [")
        said_line(process, "cannot be read; the functions stay as they are")
        write_functions(file, {"stays": None})
        said_line(process, "function comes removed")
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            retries(url, "stays")
        refused.value.close()


def write_functions(file, retries):
    """Write a file of functions with these numbers of retries, None for no config; whole at once, as editors do."""
    lines = ["edition: 3.0.0", "name: changes", "access: default", "resources:"]
    for name, number in retries.items():
        lines += [f"  {name}:", "    component: fc3", "    props:", "      region: cn-hangzhou"]
        lines += [f"      functionName: {name}", "      runtime: python3.10", "      handler: index.handler"]
        lines += ["      code: ./code"]
        if number is not None:
            lines += [f"      asyncInvokeConfig: {{maxAsyncRetryAttempts: {number}}}"]
    new = file.with_suffix(".new")
    new.write_text("\n".join(lines))
    new.replace(file)


def said_line(process, words):
    """Wait for a line of its log."""
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended without saying: {words}")


def retries(url, name):
    path = f"{url}/2023-03-30/functions/{name}/async-invoke-config"
    with urllib.request.urlopen(path) as answer:
        return json.load(answer)["maxAsyncRetryAttempts"]
