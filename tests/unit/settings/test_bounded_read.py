"""A file, a device and a pipe are read as far as they may be long, and one byte; nobody is waited for without end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fc_async.settings.bounded_read import FIFO_WAIT_SECONDS, read_bounded

READ = "import sys; from pathlib import Path; from fc_async.settings.bounded_read import read_bounded as r"
DEADLINE_SECONDS = 60


@pytest.mark.parametrize(("size", "read"), [(0, 0), (9, 9), (10, 10), (11, 11), (1000, 11)])
def test_a_file_is_read_to_its_end_or_one_byte_beyond_the_limit(tmp_path: Path, size: int, read: int) -> None:
    (tmp_path / "file").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "file", 10) == b"x" * read


def test_a_device_without_an_end_is_read_as_far() -> None:
    assert read_bounded(Path("/dev/zero"), 1000) == bytes(1001)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def test_a_fifo_to_which_nobody_writes_is_left(fifo: Path) -> None:
    assert FIFO_WAIT_SECONDS < 5
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="nobody writes to this FIFO"):
        read_bounded(fifo, 10, fifo_wait_seconds=0.05)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("parts", [[b"x"], [b"a", b"b" * 100_000], [b"x" * 200_000]], ids=["one", "two", "long"])
def test_a_fifo_with_a_writer_is_read_to_its_end(fifo: Path, parts: list[bytes]) -> None:
    def write() -> None:
        with fifo.open("wb", buffering=0) as writer:
            for part in parts:
                writer.write(part)

    thread = threading.Thread(target=write)
    thread.start()
    assert read_bounded(fifo, 10**6, fifo_wait_seconds=DEADLINE_SECONDS) == b"".join(parts)
    thread.join()


def test_a_fifo_is_read_no_further_than_a_file(fifo: Path) -> None:
    with subprocess.Popen(["cat", "/dev/zero"], stdout=os.open(fifo, os.O_RDWR)) as endless:
        assert read_bounded(fifo, 100_000) == bytes(100_001)
        endless.kill()


@pytest.mark.parametrize(("command", "given"), [("echo -n hello", b"hello"), ("true", b"")])
def test_the_pipe_of_a_process_substitution_is_read_also_when_its_writer_says_nothing(
    command: str, given: bytes
) -> None:
    program = f"{READ}; sys.stdout.buffer.write(r(Path(sys.argv[1]), 100))"
    line = f'exec "$0" -c "$1" <({command})'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, program], capture_output=True, check=True, timeout=DEADLINE_SECONDS
    )
    assert done.stdout == given


def test_what_cannot_be_read_is_an_os_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(OSError, match=r"directory"):
            read_bounded(path, 10)
