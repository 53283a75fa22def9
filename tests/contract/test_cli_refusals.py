"""What goes wrong between the command line and the service ends in a sentence and an exit code."""

import json

import pytest

from fc_async.cli.root import run
from tests.peer import Drop, Peer, Reply

CONFIG = {
    "functionArn": "acs:fc:cn-hangzhou:1:functions/orders",
    "maxAsyncRetryAttempts": 1,
    "destinationConfig": {"onFailure": {"destination": "acs:mns:cn-hangzhou:1:/queues/dead/messages"}},
}
SECRET = "a-secret-that-no-line-may-hold"


def refused(status, code):
    return Reply(status, {"Code": code, "Message": f"{code} it is", "RequestId": "r-1"})


@pytest.fixture
def fc_async(capsys):
    def call(peer, *arguments):
        with pytest.raises(SystemExit) as ended:
            run([*arguments, "--endpoint", peer.url])
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_config_set_that_may_not_read_says_so_and_sends_only_what_was_named(fc_async):
    with Peer(refused(403, "AccessDenied"), Reply(body=CONFIG), refused(403, "AccessDenied")) as peer:
        code, out, err = fc_async(peer, "config", "set", "orders", "--max-retries", "1")
    assert (code, out) == (0, "")
    assert "before: unknown" in err
    assert "sending only what was named" in err
    assert "max retries: unknown → 1" in err
    assert "no role" not in err
    assert json.loads(peer.requests[1].body) == {"maxAsyncRetryAttempts": 1}


@pytest.mark.parametrize(
    ("status", "code_said"),
    [
        (400, "InvalidArgument"),
        (403, "AccessDenied"),
        (404, "FunctionNotFound"),
        (409, "ConcurrentUpdateError"),
        (412, "AsyncTaskAlreadyCompleted"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["config", "get", "orders"],
        ["config", "list", "orders"],
        ["config", "unset", "orders", "--on-failure"],
        ["config", "delete", "orders", "--yes"],
        ["invoke", "orders", "-d", SECRET],
        ["invoke", "orders", "-d", SECRET, "--sync"],
        ["task", "list", "orders"],
        ["task", "stop", "orders", "t-1"],
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else str(words),
)
def test_what_the_service_refuses_is_one_sentence_with_its_code_and_request_id(fc_async, status, code_said, arguments):
    with Peer(refused(status, code_said)) as peer:
        code, out, err = fc_async(peer, *arguments)
    assert (code, out) == (1, "")
    [line] = [line for line in err.splitlines() if not line.startswith("local ")]
    assert line.startswith("Error: ")
    assert code_said in line
    assert "request id r-1" in line
    assert SECRET not in err


@pytest.mark.parametrize(
    "step",
    [
        Reply(302, headers={"Location": "http://127.0.0.1:9/"}),
        Reply(200, "no JSON"),
        Reply(200, []),
        Reply(200, {"maxAsyncRetryAttempts": "many"}),
        Reply(400, "<html>"),
    ],
    ids=["redirect", "no JSON", "a list", "a wrong type", "HTML"],
)
def test_an_answer_that_cannot_be_is_one_sentence(fc_async, step):
    with Peer(step) as peer:
        code, out, err = fc_async(peer, "config", "get", "orders", "--timeout", "1")
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("Error: get_config orders: ")


def test_a_connection_that_is_dropped_after_an_invocation_was_sent_is_not_tried_again(fc_async):
    with Peer(Drop()) as peer:
        code, out, err = fc_async(peer, "invoke", "orders", "-d", SECRET)
    assert (code, out) == (1, "")
    assert len(peer.requests) == 1
    assert SECRET not in err


def test_task_ids_and_payloads_that_are_too_long_are_refused_before_anything_is_sent(fc_async, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"x" * 131073)
    with Peer() as peer:
        too_long = fc_async(peer, "invoke", "orders", "-d", f"@{path}")
        dry = fc_async(peer, "invoke", "orders", "-d", f"@{path}", "--dry-run")
        bad_id = fc_async(peer, "invoke", "orders", "--task-id", "9")
    assert not peer.requests
    assert {code for code, _, _ in (too_long, dry, bad_id)} == {2}
    assert "131073 bytes" in too_long[2]
    assert "131072" in too_long[2]


def test_config_set_sends_the_old_values_with_the_change_so_that_they_stay_either_way(fc_async):
    old = {**CONFIG, "maxAsyncEventAgeInSeconds": 60, "asyncTask": True}
    with Peer(Reply(body=old)) as peer:
        code, _, _ = fc_async(peer, "config", "set", "orders@prod", "--max-retries", "0", "--on-success", "queue:done")
    assert code == 0
    put = next(one for one in peer.requests if one.method == "PUT")
    assert put.target.endswith("qualifier=prod")
    assert json.loads(put.body) == {
        "destinationConfig": {
            "onFailure": CONFIG["destinationConfig"]["onFailure"],
            "onSuccess": {"destination": "acs:mns:cn-hangzhou:1234567890123456:/queues/done/messages"},
        },
        "maxAsyncRetryAttempts": 0,
        "maxAsyncEventAgeInSeconds": 60,
        "asyncTask": True,
    }


def test_config_list_is_shown_where_functions_may_not_be_listed(fc_async):
    with Peer(Reply(body={"configs": [CONFIG]}), refused(403, "AccessDenied")) as peer:
        code, out, err = fc_async(peer, "config", "list")
    assert code == 0
    assert "orders" in out
    assert err == "not shown: functions without a config (403 AccessDenied)\n"


def test_config_list_all_qualifiers_shows_versions_and_aliases_without_a_config(fc_async):
    configs = Reply(body={"configs": [CONFIG]})
    function = Reply(body={"functionName": "orders"})
    aliases = Reply(body={"aliases": [{"aliasName": "prod"}], "nextToken": "more"})
    last_aliases = Reply(body={"aliases": [{"aliasName": "test"}]})
    versions = Reply(body={"versions": [{"versionId": "1"}]})
    with Peer(configs, function, aliases, last_aliases, versions) as peer:
        code, out, err = fc_async(peer, "config", "list", "orders", "--all-qualifiers", "-o", "json")
    assert (code, err) == (0, "")
    assert [(one["qualifier"], one["functionArn"].rpartition(":")[2]) for one in json.loads(out)] == [
        ("LATEST", "functions/orders"),
        ("1", "functions/orders/1"),
        ("prod", "functions/orders/prod"),
        ("test", "functions/orders/test"),
    ]
