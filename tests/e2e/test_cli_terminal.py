"""The command in a terminal of 80 columns: nothing is broken, cut or obeyed, whatever the service answers."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from rich.cells import cell_len

from tests.peer import Peer, Reply

COMMAND = [sys.executable, "-c", "from fc_async.cli.root import run; run()"]
COLUMNS = 80
SERVICE_ID = "1-64e70cf1-5cbef92ea8fc8c42899cf5d1"


def in_terminal(*arguments, typed=""):
    """Run the command in a terminal; return its exit code and what stood there, line by line."""
    ours, theirs = opened()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    seen = b""
    while piece := read(ours):
        seen += piece
    os.close(ours)
    return process.wait(timeout=60), seen.decode().replace("\r\n", "\n").splitlines()


def opened():
    """A container may have no terminals to give; everything else about the commands is tested without one."""
    try:
        return pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine has no terminal to open: {error}")


def read(terminal):
    """Linux ends a terminal that nobody writes to any more with an error, others with nothing."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def task(task_id, **fields):
    return {"taskId": task_id, "status": "Succeeded", "startedTime": 1764000000123, "durationMs": 1999, **fields}


def test_tasks_with_the_services_own_ids_fit_a_table():
    tasks = [task(SERVICE_ID, alreadyRetriedTimes=2), task("nightly", taskErrorMessage="处理失败：订单\x1b[2J不存在")]
    with Peer(Reply(body={"tasks": tasks})) as peer:
        code, lines = in_terminal("task", "list", "orders", "--endpoint", peer.url)
    assert code == 0
    assert lines[0].split()[:3] == ["task", "id", "status"]
    assert lines[2].startswith(f"{SERVICE_ID}  Succeeded  11-24 16:00:00")
    assert [line[64:] for line in lines[2:]] == ["", "处理失败：订单\\x", "1b[2J不存在"]
    assert max(map(cell_len, lines)) <= COLUMNS


def test_a_narrow_table_of_tasks_keeps_their_errors():
    ran = {"alreadyRetriedTimes": 12, "durationMs": 123456}
    tasks = [task(SERVICE_ID, taskErrorMessage="ValueError", **ran)]
    with Peer(Reply(body={"tasks": tasks})) as peer:
        _, lines = in_terminal("task", "list", "orders", "--endpoint", peer.url)
    assert lines[0].split()[-1] == "error"
    assert lines[2].endswith("ValueError")


def test_one_long_cell_is_cut_and_the_table_stays_a_table():
    tasks = [task("n" * 128), task("订单"), task("short", taskErrorMessage="ValueError")]
    with Peer(Reply(body={"tasks": tasks})) as peer:
        code, lines = in_terminal("task", "list", "orders", "--endpoint", peer.url)
    assert code == 0
    assert lines[0].split()[:3] == ["task", "id", "status"]
    assert re.fullmatch(r"n{20,}…  Succeeded  .*", lines[2])
    assert [line.split()[0] for line in lines[3:5]] == ["订单", "short"]
    assert lines[5:] == ["what ends in … is cut: -o json has it whole"]
    assert max(map(cell_len, lines)) <= COLUMNS


def test_where_most_rows_are_too_long_for_a_table_each_becomes_a_block_and_stays_whole():
    long_id = "n" * 128
    with Peer(Reply(body={"tasks": [task(long_id), task("订单"), task(long_id)]})) as peer:
        code, lines = in_terminal("task", "list", "orders", "--endpoint", peer.url)
    assert code == 0
    assert lines.count(f"task id        {long_id}") == 2
    assert "task id        订单" in lines


def test_nothing_that_a_terminal_obeys_reaches_it():
    nasty = "red\x1b[31m\x9b2J\x07\u202edrow\n订单"
    shown = task("t-1", taskPayload=nasty, taskErrorMessage=nasty, events=[{"status": "Failed", "eventDetail": nasty}])
    refusal = Reply(400, {"Code": "InvalidArgument", "Message": nasty, "RequestId": "r-1"})
    for step in (Reply(body=shown), refusal):
        with Peer(step) as peer:
            _, lines = in_terminal("task", "get", "orders", "t-1", "--endpoint", peer.url)
        assert not {"\x1b", "\x9b", "\x07", "\u202e"} & set("".join(lines))
        assert any("订单" in line for line in lines)


def test_what_cannot_be_taken_back_is_asked_and_no_means_no():
    with Peer(Reply(204)) as peer:
        code, lines = in_terminal("config", "delete", "orders", "--endpoint", peer.url, typed="n\n")
        assert code == 130
        assert any("Remove the async config of orders? [y/N]" in line for line in lines)
        assert not peer.requests
        assert in_terminal("config", "delete", "orders", "--endpoint", peer.url, typed="y\n")[0] == 0
        assert [one.method for one in peer.requests] == ["DELETE"]


def test_a_question_and_an_id_show_what_the_service_calls_a_thing_and_do_not_obey_it():
    nasty = "a&#x9b;2J&#x202e;b&#10;Delete nothing? [y/N]: y"
    names = f"<Subscriptions><Subscription><SubscriptionName>{nasty}</SubscriptionName></Subscription></Subscriptions>"
    for step, arguments in (
        (Reply(200, names), ("topic", "delete", "alarm")),
        (Reply(200, names), ("topic", "delete", "alarm", "--dry-run")),
        (Reply(201, f"<Message><MessageId>{nasty}</MessageId></Message>"), ("topic", "publish", "alarm", "x")),
    ):
        with Peer(step) as peer:
            _, lines = in_terminal(*arguments, "--endpoint", peer.url, typed="n\n")
        assert not {"\x9b", "\u202e"} & set("".join(lines))
        assert any("a\\x9b2J\\u202eb\\nDelete nothing?" in line for line in lines)


def test_a_record_that_is_typed_is_waited_for_with_a_word():
    code, lines = in_terminal("record", typed="{}\n\x04")
    assert any(line.startswith("reading stdin") and "Ctrl-D" in line for line in lines)
    assert (code, lines[-1].startswith("Error: ")) == (1, True)
