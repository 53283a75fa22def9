"""fc-async dlq redrive as a process: how it ends when it is hurried, or nobody reads what it says."""

import os
import signal
import subprocess
import time
from contextlib import suppress

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig
from fc_async.testing import record
from tests.contract.fc_sdk import request
from tests.e2e.test_cli_process import COMMAND

CALL_SECONDS = 45


class At:
    def __init__(self, url):
        self.url = url


@pytest.fixture
def dead(fc_local):
    """Three letters of a function without async tasks."""
    fc_local.queue("failed")
    net = DestinationConfig(on_failure="queue:failed")
    fc_local.function("orders", lambda event, _: event, config=AsyncInvokeConfig(destination_config=net))
    queue = fc_local.queue("dead")
    for n in range(3):
        queue.send(record({"n": n}, function="orders", error="no", request_id=f"r-{n}").text)
    fc_local.advance(60)
    return queue


def started(fc_local, folder, *arguments, **given):
    environment = {**os.environ, "FC_ASYNC_ENDPOINT": fc_local.endpoint, "XDG_STATE_HOME": str(folder)}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **given}
    return subprocess.Popen([*COMMAND, "dlq", *arguments], env=environment, cwd=folder, text=True, **streams)


def until_a_call_hangs(fc_local):
    deadline = time.monotonic() + 60
    while not any(one["happened"] for one in fc_local.faults()):
        assert time.monotonic() < deadline
        os.sched_yield()


@pytest.mark.slow
@pytest.mark.parametrize("source", ["dead", "./night.spool"], ids=["queue", "spool"])
def test_a_second_ctrl_c_waits_for_no_call_that_hangs(fc_local, dead, tmp_path, source):
    if source != "dead":
        with started(fc_local, tmp_path, "pull", "dead", "--yes", "--spool", source, "--wait", "0") as pull:
            assert pull.wait(timeout=60) == 0
    fc_local.fault("InvokeFunction", delay_seconds=CALL_SECONDS, times=3)
    with started(fc_local, tmp_path, "redrive", source, "--yes") as process:
        until_a_call_hangs(fc_local)
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.4)
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(timeout=CALL_SECONDS / 2) == 130
        finally:
            process.kill()
        said = process.stderr.read()
    assert "stopped at once: what was in flight stands as planned in the journal; the same command goes on" in said
    assert "Traceback" not in said


def test_a_reader_that_goes_before_anything_was_sent_is_no_success(fc_local, dead, tmp_path):
    read, write = os.pipe()
    os.close(read)
    with started(fc_local, tmp_path, "redrive", "dead", "--yes", stdout=write, stderr=write) as process:
        os.close(write)
        assert process.wait(timeout=60) == 1
    assert dead.get_attributes().active_messages == 3


def test_messages_of_a_fifo_queue_are_left_with_the_reason(fc_local, dead, tmp_path):
    body = record({"n": 9}, function="orders", error="no", request_id="r-9").text
    message = f"<Message><MessageBody><![CDATA[{body}]]></MessageBody><MessageGroupId>one</MessageGroupId></Message>"
    headers = {"x-mns-version": "2015-06-06", "Content-Type": "text/xml"}
    status, _, answer = request(At(fc_local.endpoint), "POST", "/queues/dead/messages", message.encode(), headers)
    assert status == 201, answer
    fc_local.advance(60)
    with started(fc_local, tmp_path, "redrive", "dead", "--yes", "--wait", "0") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[0]) == (1, "sent 3, done 3, came back 0, left 1")
    assert "left 1: a message of a FIFO queue: its order would be lost" in out
    assert "leave 1 of the first 4: a message of a FIFO queue: its order would be lost" in err
    assert len(fc_local.invocations("orders")) == 3
