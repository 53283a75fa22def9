"""Lists of letters in a terminal of 80 columns: two lines a letter, a screen at a time, nothing that it obeys."""

import fcntl
import os
import struct
import subprocess
import termios
import time

import pytest
from rich.cells import cell_len

from fc_async import QueueMessage
from fc_async.testing import record
from tests.e2e.test_cli_terminal import COLUMNS, COMMAND, in_terminal, opened, read

MORE = "-- any key: the next page; q: the end --"

SERVICE_ID = "1-64e70cf1-5cbef92ea8fc8c42899cf5d1"
NASTY = "订单不存在\x1b[2J\x9b2J\u202edrow " + "x" * 200


@pytest.fixture
def dead(fc_local):
    queue = fc_local.queue("dead")
    queue.send(record({NASTY: NASTY}, error=NASTY, function="orders", request_id=SERVICE_ID, attempts=3).text)
    return queue


def shown(fc_local, *arguments, typed=""):
    code, lines = in_terminal("dlq", *arguments, "--endpoint", fc_local.endpoint, typed=typed)
    assert code == 0
    assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set("".join(lines))
    return lines


def test_a_letter_has_two_lines_the_second_its_error(fc_local, dead):
    lines = shown(fc_local, "list", "dead")
    assert lines[0].split() == ["request", "id", "function", "runs", "age"]
    assert lines[2].startswith(f"{SERVICE_ID}  orders    3")
    assert lines[3].startswith("    Exception: 订单不存在\\x1b[2J\\x9b2J\\u202edrow xxx")
    assert lines[3].endswith("…")
    assert max(map(cell_len, lines)) <= COLUMNS


def test_one_long_name_costs_none_of_the_columns_beside_it(fc_local, dead):
    dead.send(record({}, error="no", function="f" * 64, request_id=f"{SERVICE_ID[:-1]}6").text)
    lines = shown(fc_local, "list", "dead")
    assert lines[0].split() == ["request", "id", "function", "runs", "age"]
    assert any(f"6  {'f' * 20}" in line and "…" in line for line in lines)
    assert max(map(cell_len, lines)) <= COLUMNS


def test_a_group_fits_and_a_raw_body_is_cleaned(fc_local, dead):
    lines = shown(fc_local, "summary", "dead")
    assert any("█" in line for line in lines)
    assert max(map(cell_len, lines[:4])) <= COLUMNS
    assert "requestContext" in "".join(shown(fc_local, "show", "dead", SERVICE_ID, "--raw"))


def paged(fc_local, path, keys):
    """Run `dlq list` in a terminal of 50 lines and press a key at each question; return what stood there."""
    ours, theirs = opened()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    arguments = ["dlq", "list", str(path), "--endpoint", fc_local.endpoint]
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    given = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "close_fds": True}
    with subprocess.Popen([*COMMAND, *arguments], env=environment, **given) as process:
        os.close(theirs)
        seen, asked = b"", 0
        while piece := read(ours):
            seen += piece
            if seen.count(MORE.encode() + b"\r\n") > asked:
                asked += 1
                wait_for_raw(ours)
                os.write(ours, keys[asked - 1 : asked].encode() or b"q")
        os.close(ours)
        assert process.wait(timeout=60) == 0
    return seen.decode().replace("\r\n", "\n").splitlines()


def wait_for_raw(terminal):
    """Wait until single keys are read: what is typed before that is thrown away."""
    deadline = time.monotonic() + 60
    while termios.tcgetattr(terminal)[3] & termios.ICANON and time.monotonic() < deadline:
        os.sched_yield()


def test_a_screen_is_shown_at_a_time_and_q_ends_it(fc_local, tmp_path):
    spools = pytest.importorskip("fc_async.dlq.spool")
    places = pytest.importorskip("fc_async.dlq.spool_place")
    path = tmp_path / "dead.spool"
    with spools.Spool.create(path, places.SpoolPlace("1", "cn-hangzhou", "dead", fc_local.endpoint)) as made:
        made.take([QueueMessage(f"m-{at}", record(error="no", request_id=f"r-{at}").text) for at in range(60)])
    lines = paged(fc_local, path, " q")
    assert lines.count(MORE) == 2
    assert sum(line.startswith("r-") for line in lines) == 44
