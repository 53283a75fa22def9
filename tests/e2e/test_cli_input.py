"""What commands read from files, pipes and stdin: bounded, and never waited for without an end."""

import json
import os
import subprocess
import sys

import pytest

from fc_async.settings.bounded_read import read_bounded
from tests.roads import record

COMMAND = [sys.executable, "-c", "from fc_async.cli.root import run; run()"]
NOWHERE = {**os.environ, "FC_ASYNC_ENDPOINT": "http://127.0.0.1:9"}


def fc_async(*arguments, stdin=subprocess.DEVNULL, **options):
    return subprocess.run(
        [*COMMAND, *arguments], stdin=stdin, capture_output=True, text=True, timeout=60, env=NOWHERE, **options
    )


@pytest.mark.parametrize("arguments", [("invoke", "f", "-d", "@/dev/zero"), ("invoke", "f", "-d", "-")])
def test_a_payload_without_an_end_is_read_to_its_limit_and_refused(arguments):
    with open("/dev/zero", "rb") as endless:
        done = fc_async(*arguments, stdin=endless)
    assert (done.returncode, done.stdout) == (2, "")
    assert "at least 131073 bytes" in done.stderr


@pytest.mark.parametrize("name", ["/dev/zero", "-"])
def test_a_record_without_an_end_is_read_to_its_limit_and_refused(name):
    with open("/dev/zero", "rb") as endless:
        done = fc_async("record", name, stdin=endless)
    assert (done.returncode, done.stdout) == (1, "")
    assert "at most 33554432 bytes" in done.stderr


def test_a_fifo_that_nobody_writes_to_fails(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(TimeoutError, match="nobody writes to this FIFO"):
        read_bounded(tmp_path / "fifo", 10, fifo_wait_seconds=0)


def test_a_fifo_with_a_writer_is_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with subprocess.Popen(["sh", "-c", f"printf 'a payload' > {tmp_path / 'fifo'}"]):
        assert read_bounded(tmp_path / "fifo", 100) == b"a payload"


def test_the_output_of_a_command_is_a_payload():
    line = f"{sys.executable} -c 'from fc_async.cli.root import run; run()' record <(printf %s \"$RECORD\")"
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        timeout=60,
        env={**NOWHERE, "RECORD": json.dumps(record())},
    )
    assert done.returncode == 0, done.stderr


def test_record_reads_what_peek_prints():
    letters = [
        {"messageId": "A", "enqueueTime": 1, "record": record(), "problem": None},
        {"messageId": "B", "enqueueTime": 2, "record": None, "problem": "not a record"},
    ]
    for text in ("\n".join(map(json.dumps, letters)), json.dumps(letters)):
        done = subprocess.run(
            [*COMMAND, "record", "-", "-o", "json"], input=text, capture_output=True, text=True, timeout=60, env=NOWHERE
        )
        assert done.returncode == 1
        assert [one["requestContext"]["requestId"] for one in json.loads(done.stdout)] == [
            record()["requestContext"]["requestId"]
        ]
        assert "message B holds no record: not a record" in done.stderr
