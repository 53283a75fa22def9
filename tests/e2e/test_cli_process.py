"""The command as a process: what stands on which stream, and that nothing of it is secret."""

import os
import signal
import subprocess
import sys

import pytest

from tests.peer import Drop, Peer, Reply

COMMAND = [sys.executable, "-c", "from fc_async.cli.root import run; run()"]
ACCEPTED = Reply(202, headers={"x-fc-request-id": "r-1", "x-fc-async-task-id": "t-1"})


def fc_async(*arguments, **environment):
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def test_debug_logs_requests_without_secrets_and_payloads():
    with Peer(ACCEPTED) as peer:
        done = fc_async(
            "--debug", "invoke", "orders", "-d", "the-payload", "-o", "json", FC_ASYNC_ENDPOINT=peer.url,
            FC_ASYNC_LOCAL_ACCESS_KEY="the-key:the-secret",
        )  # fmt: skip
    assert done.returncode == 0
    assert f"POST {peer.url}/2023-03-30/functions/orders/invocations: 202" in done.stderr
    assert "r-1" in done.stdout
    for private in ("the-payload", "the-key", "the-secret", "Authorization"):
        assert private not in done.stdout + done.stderr


def test_an_error_is_no_traceback_and_holds_no_payload():
    with Peer(Drop()) as peer:
        done = fc_async("invoke", "orders", "-d", "the-payload", FC_ASYNC_ENDPOINT=peer.url)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 2
    assert "Traceback" not in done.stderr
    assert "the-payload" not in done.stderr


def test_without_a_terminal_nothing_is_asked_and_nothing_is_done():
    with Peer(Reply(204)) as peer:
        done = fc_async("config", "delete", "orders", FC_ASYNC_ENDPOINT=peer.url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr
    assert not peer.requests


@pytest.mark.parametrize("arguments", [("queue", "delete", "dead"), ("topic", "publish", "alarm", "-")], ids=" ".join)
def test_a_closed_stdin_is_no_terminal_and_no_text(arguments):
    with Peer(Reply(200, "<Queue/>")) as peer:
        closed = ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, *arguments, "--endpoint", peer.url]
        done = subprocess.run(closed, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stdin" in done.stderr or "no terminal" in done.stderr
    assert {one.method for one in peer.requests} <= {"GET"}


def test_a_closed_stdout_is_no_failure():
    """What was printed is lost, as was asked for."""
    empty = "<Messages/>"
    with Peer(Reply(200, "<Queue/>"), Reply(200, empty)) as peer:
        closed = ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, "dlq", "list", "dead", "--endpoint", peer.url]
        done = subprocess.run(closed, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "defect" not in done.stderr


def test_a_reader_that_goes_away_is_no_failure():
    with Peer(Reply(body={"tasks": [{"taskId": f"t-{at}", "status": "Failed"} for at in range(5000)]})) as peer:
        process = subprocess.Popen(
            [*COMMAND, "task", "list", "orders", "-o", "ndjson", "--endpoint", peer.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(timeout=60) == 0
    assert err == ""


def test_bash_completes_commands_and_options():
    words = {"COMP_WORDS": "fc-async config se", "COMP_CWORD": "2", "_FC_ASYNC_COMPLETE": "bash_complete"}
    assert fc_async(**words).stdout.split() == ["plain,set"]
    options = {"COMP_WORDS": "fc-async task list --st", "COMP_CWORD": "3", "_FC_ASYNC_COMPLETE": "bash_complete"}
    assert fc_async(**options).stdout.split() == ["plain,--status"]


def test_help_loads_nothing_that_takes_time():
    heavy = [
        "asyncio",
        "importlib.metadata",
        "pydantic",
        "requests",
        "rich",
        "alibabacloud_fc20230330",
        "mns",
        "logging",
    ]
    command = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(sorted(set({heavy}) & set(sys.modules)), file=sys.stderr))\n"
        "from fc_async.cli.root import run; run()"
    )
    done = subprocess.run([sys.executable, "-c", command, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


def test_an_interrupt_while_waiting_says_that_the_task_goes_on():
    running = Reply(body={"taskId": "t-1", "status": "Running"})
    with Peer(running) as peer:
        process = subprocess.Popen(
            [*COMMAND, "--debug", "task", "wait", "orders", "t-1", "--endpoint", peer.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert "200" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "the task goes on: fc-async task get orders t-1" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_stdout_that_is_full_is_said_and_is_no_defect_of_ours():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "whoami", "--endpoint", "http://127.0.0.1:1"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("Error: stdout cannot be written to: ")


def test_a_terminal_that_is_no_utf_8_shows_an_escape_for_what_it_has_not():
    done = fc_async("local", "assumptions", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u2500\\u2500" in done.stdout
