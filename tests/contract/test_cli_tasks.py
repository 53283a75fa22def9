"""Async tasks on the command line, against a service whose answers are scripted."""

import json

import pytest

from fc_async.cli.root import run
from tests.peer import Peer, Reply

ON = Reply(body={"asyncTask": True, "functionArn": "acs:fc:cn-hangzhou:1:functions/orders"})
OFF = Reply(body={"asyncTask": False, "functionArn": "acs:fc:cn-hangzhou:1:functions/orders"})
ACCEPTED = Reply(202, headers={"x-fc-request-id": "r-1", "x-fc-async-task-id": "t-1"})


def task(status="Succeeded", **fields):
    return {
        "taskId": "t-1",
        "status": status,
        "requestId": "r-1",
        "startedTime": 1764000000123,
        "endTime": 1764000002123,
        "durationMs": 1999,
        "alreadyRetriedTimes": 2,
        "taskPayload": None,
        "events": [{"eventId": 1, "status": "Enqueued", "timestamp": 1764000000000, "eventDetail": ""}],
        "newSince": "kept",
        **fields,
    }


@pytest.fixture
def fc_async(capsys):
    def call(peer, *arguments):
        with pytest.raises(SystemExit) as ended:
            run([*arguments, "--endpoint", peer.url])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_task_list_sends_every_filter(fc_async):
    with Peer(Reply(body={"tasks": [task()], "nextToken": ""})) as peer:
        code, out, _ = fc_async(
            peer, "task", "list", "orders@prod", "--status", "failed", "--prefix", "t-", "--order", "asc",
            "--since", "2025-11-24T16:00:00Z", "--until", "2025-11-24T17:00:00Z", "--include-payload", "-o", "json",
        )  # fmt: skip
    assert code == 0
    assert json.loads(out) == [task()]
    [request] = peer.requests
    path, _, query = request.target.partition("?")
    sent = dict(pair.split("=") for pair in query.split("&"))
    limit = sent.pop("limit")
    assert path == "/2023-03-30/functions/orders/async-tasks"
    assert 1 <= int(limit) <= 100
    assert sent == {
        "qualifier": "prod",
        "status": "Failed",
        "prefix": "t-",
        "sortOrderByTime": "asc",
        "startedTimeBegin": "1764000000000",
        "startedTimeEnd": "1764003600000",
        "includePayload": "True",
    }


def test_task_list_goes_through_all_pages_and_stops_at_its_limit(fc_async):
    pages = [Reply(body={"tasks": [task(taskId=f"t-{at}")], "nextToken": token}) for at, token in enumerate("ab")]
    last = Reply(body={"tasks": None, "nextToken": ""})
    with Peer(*pages, last) as peer:
        code, out, _ = fc_async(peer, "task", "list", "orders", "-o", "ndjson")
        assert [json.loads(line)["taskId"] for line in out.splitlines()] == ["t-0", "t-1"]
    with Peer(*pages, last) as peer:
        code, out, _ = fc_async(peer, "task", "list", "orders", "--limit", "1")
        assert code == 0
        assert len(out.splitlines()) == 3
        assert len(peer.requests) == 1


def test_no_tasks_are_a_sentence_and_no_data(fc_async):
    with Peer(Reply(body={"tasks": None})) as peer:
        code, out, err = fc_async(peer, "task", "list", "orders")
        assert (code, out) == (0, "")
        assert err.startswith("no such tasks")
        assert fc_async(peer, "task", "list", "orders", "-o", "json")[1] == "[]\n"


def test_a_task_is_shown_without_what_a_terminal_would_obey(fc_async):
    shown = task(taskPayload="订单\u001b[2J\nzwei", taskErrorMessage="a\u009bb", newSince=1)
    with Peer(Reply(body=shown)) as peer:
        code, out, _ = fc_async(peer, "task", "get", "orders", "t-1")
        assert json.loads(fc_async(peer, "task", "get", "orders", "t-1", "-o", "json")[1]) == shown
    assert code == 0
    assert not {"\x1b", "\x9b"} & set(out)
    assert "订单\\x1b[2J" in out
    assert "2025-11-24T16:00:00.123Z" in out


def test_task_stop_stops_and_shows_the_task(fc_async):
    with Peer(Reply(204), Reply(body=task("Stopping"))) as peer:
        code, out, err = fc_async(peer, "task", "stop", "orders@prod", "t-1", "-o", "json")
    assert code == 0
    assert json.loads(out)["status"] == "Stopping"
    assert f"local {peer.url}" in err.splitlines()
    assert [(one.method, one.target) for one in peer.requests] == [
        ("PUT", "/2023-03-30/functions/orders/async-tasks/t-1/stop?qualifier=prod"),
        ("GET", "/2023-03-30/functions/orders/async-tasks/t-1?qualifier=prod"),
    ]


def test_a_dry_run_of_task_stop_only_looks(fc_async):
    with Peer(Reply(body=task("Running"))) as peer:
        code, _, err = fc_async(peer, "task", "stop", "orders", "t-1", "--dry-run")
    assert code == 0
    assert "it was not stopped" in err
    assert [one.method for one in peer.requests] == ["GET"]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("Succeeded", 0, ""),
        ("Failed", 1, "Error: the task t-1 ended as Failed (UnhandledInvocationError)\n"),
        ("Stopped", 1, "Error: the task t-1 ended as Stopped (UnhandledInvocationError)\n"),
        ("Expired", 1, "Error: the task t-1 ended as Expired (UnhandledInvocationError)\n"),
    ],
)
def test_task_wait_ends_with_1_unless_the_task_succeeded(fc_async, status, code, said):
    ended = task(status, taskErrorMessage="UnhandledInvocationError")
    with Peer(Reply(body=ended)) as peer:
        result = fc_async(peer, "task", "wait", "orders", "t-1", "-o", "json")
    assert result[0] == code
    assert json.loads(result[1]) == ended
    assert result[2] == said


@pytest.mark.parametrize("told", ["order 4711: card 4111 refused", "{}", "\u001b[2J", "a" * 65])
def test_what_a_handler_said_is_not_in_the_sentence_about_its_task(fc_async, told):
    with Peer(ON, ACCEPTED, Reply(body=task("Failed", taskErrorMessage=told))) as peer:
        code, _, err = fc_async(peer, "invoke", "orders", "--wait", "-o", "json")
    assert code == 1
    assert err.splitlines()[-1] == "Error: the task t-1 ended as Failed"


def test_an_acceptance_without_an_id_to_follow_is_what_was_found_and_not_what_was_typed(fc_async):
    with Peer(ON, Reply(202, headers={"x-fc-request-id": "r.1"})) as peer:
        code, out, err = fc_async(peer, "invoke", "orders", "--wait")
    assert (code, out) == (1, "")
    assert "accepted as task r.1 (request id r.1)" in err
    assert err.splitlines()[-1].startswith("Error: it was invoked, but cannot be followed: task_id: expected")


@pytest.mark.parametrize("options", [(), ("--wait",), ("-o", "json")])
def test_a_202_without_a_request_id_is_no_acceptance(fc_async, options):
    script = [ON] * ("--wait" in options)
    with Peer(*script, Reply(202, "<html>you are offline</html>")) as peer:
        code, out, err = fc_async(peer, "invoke", "orders", *options)
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].startswith(
        "Error: invoke_async orders: the service answered 202 without a code: without x-fc-request-id"
    )


@pytest.mark.parametrize(("output", "data"), [("table", ""), ("ndjson", '{"taskId":"t-1","status":null}\n')])
def test_task_stop_is_done_where_the_task_may_not_be_read(fc_async, output, data):
    with Peer(Reply(204), Reply(403, {"Code": "AccessDenied", "RequestId": "r-1"})) as peer:
        code, out, err = fc_async(peer, "task", "stop", "orders", "t-1", "-o", output)
    assert (code, out) == (0, data)
    assert err.splitlines()[1:] == ["asked to stop t-1", "its status is unknown (403: no permission to read it)"]


def test_task_wait_gives_up_after_max_wait_with_exit_1(fc_async):
    with Peer(Reply(body=task("Running", endTime=0))) as peer:
        code, out, err = fc_async(peer, "task", "wait", "orders", "t-1", "--max-wait", "0")
    assert (code, out) == (1, "")
    assert "is Running, not over" in err
    assert len(err.splitlines()) == 1


def test_invoke_wait_follows_the_task_it_made(fc_async):
    with Peer(ON, ACCEPTED, Reply(body=task())) as peer:
        code, out, err = fc_async(peer, "invoke", "orders@prod", "-d", "{}", "--wait", "--task-id", "t-1", "-o", "json")
    assert code == 0
    assert json.loads(out) == task()
    assert "accepted as task t-1 (request id r-1)" in err
    sent = peer.requests[1]
    assert sent.body == b"{}"
    assert sent.headers["x-fc-async-task-id"] == "t-1"


def test_invoke_wait_invokes_nothing_that_it_could_not_follow(fc_async):
    with Peer(OFF) as peer:
        code, out, err = fc_async(peer, "invoke", "orders", "--wait")
    assert (code, out) == (1, "")
    assert "fc-async config set orders --async-task" in err
    assert [one.method for one in peer.requests] == ["GET"]


def test_invoke_sends_delay_and_task_id(fc_async):
    with Peer(ACCEPTED) as peer:
        code, out, _ = fc_async(peer, "invoke", "orders", "--delay", "1h", "--task-id", "t-1", "-o", "json")
    assert code == 0
    assert json.loads(out) == {"requestId": "r-1", "taskId": "t-1"}
    assert peer.requests[0].headers["x-fc-async-delay"] == "3600"


def test_a_task_that_is_not_there_is_one_sentence(fc_async):
    with Peer(Reply(404, {"Code": "AsyncTaskNotFound", "Message": "no", "RequestId": "r-9"})) as peer:
        for verb in ("get", "stop"):
            code, out, err = fc_async(peer, "task", verb, "orders", "t-9")
            assert (code, out) == (1, "")
            assert "AsyncTaskNotFound" in err
            assert "r-9" in err
