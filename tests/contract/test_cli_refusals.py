"""What goes wrong between the command line and the service ends in a sentence and an exit code."""

import json
import time

import pytest

from fc_async.cli.config.view import answer
from fc_async.cli.root import run
from fc_async.config import AsyncInvokeConfig, DestinationConfig
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
    for said in (too_long[2], dry[2]):
        assert "131073 bytes" in said
        assert "131072" in said
        assert "--max-payload" in said
        assert "max_payload_bytes" not in said


def test_a_longer_payload_is_sent_where_max_payload_allows_it(fc_async, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"x" * 131073)
    with Peer(Reply(202, headers={"x-fc-request-id": "r-1"})) as peer:
        sent = fc_async(peer, "invoke", "orders", "-d", f"@{path}", "--max-payload", "131073")
        dry = fc_async(peer, "invoke", "orders", "-d", f"@{path}", "--max-payload", "131073", "--dry-run")
        short = fc_async(peer, "invoke", "orders", "-d", "12", "--max-payload", "1")
    assert [sent[0], dry[0], short[0]] == [0, 0, 2]
    assert [len(one.body) for one in peer.requests] == [131073]


def test_config_set_that_may_not_read_warns_of_everything_that_was_not_named(fc_async):
    with Peer(refused(403, "AccessDenied")) as peer:
        code, _, err = fc_async(peer, "config", "set", "orders", "--on-success", "queue:done", "--dry-run")
    lines = err.splitlines()
    assert code == 0
    assert lines[1].endswith(
        "whether the service keeps the rest (on failure, max retries, max age, async task) or resets it is not known"
    )
    assert [line for line in lines if "→" in line] == ["on success: unknown → queue:done"]
    assert "has no OnFailure" not in err


def test_a_dry_run_for_programs_has_whole_destinations_or_short_ones(fc_async):
    named = ("config", "set", "orders", "--on-success", "queue:done", "--dry-run", "-o", "json")
    missing = refused(404, "AsyncConfigNotExists")
    with Peer(missing) as peer:
        known = json.loads(fc_async(peer, *named)[1])
    assert known["destinationConfig"] == {
        "onSuccess": {"destination": "acs:mns:cn-hangzhou:1234567890123456:/queues/done/messages"}
    }
    wanted = AsyncInvokeConfig(destination_config=DestinationConfig(on_success="queue:done"))
    assert answer(wanted)["destinationConfig"] == {"onSuccess": {"destination": "queue:done"}}


@pytest.mark.parametrize("named", [["--async-task"], ["--max-age", "60"], ["--max-retries", "2"]])
def test_config_set_warns_of_retries_without_on_failure_whatever_was_named(fc_async, named):
    old = {"functionArn": CONFIG["functionArn"], "maxAsyncRetryAttempts": 2}
    with Peer(Reply(body=old)) as peer:
        _, _, err = fc_async(peer, "config", "set", "orders", *named)
    assert "warning: orders has no OnFailure: what fails after 2 retries is lost" in err


def test_config_set_says_nothing_of_on_failure_where_nothing_is_retried(fc_async):
    old = {"functionArn": CONFIG["functionArn"], "maxAsyncRetryAttempts": 0}
    with Peer(Reply(body=old)) as peer:
        _, _, err = fc_async(peer, "config", "set", "orders", "--async-task")
    assert "OnFailure" not in err


def test_config_set_leaves_an_odd_value_of_the_services_alone(fc_async):
    with Peer(Reply(body={**CONFIG, "maxAsyncEventAgeInSeconds": 0})) as peer:
        code, _, _ = fc_async(peer, "config", "set", "orders", "--max-retries", "2")
    assert code == 0
    put = next(one for one in peer.requests if one.method == "PUT")
    assert json.loads(put.body) == {
        "destinationConfig": CONFIG["destinationConfig"],
        "maxAsyncEventAgeInSeconds": 0,
        "maxAsyncRetryAttempts": 2,
    }


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, "--on-success"),
        ({"destinationConfig": {}}, "--on-success"),
        ({"destinationConfig": {"onSuccess": None, "onFailure": None}}, "--on-failure"),
        (CONFIG, "--on-success"),
        ({"maxAsyncRetryAttempts": 3}, "--max-retries"),
        ({"maxAsyncEventAgeInSeconds": 86400}, "--max-age"),
        ({"asyncTask": False}, "--async-task"),
    ],
)
def test_config_unset_of_what_is_not_set_only_reads(fc_async, config, named):
    with Peer(Reply(body=config)) as peer:
        code, _, err = fc_async(peer, "config", "unset", "orders", named)
    assert code == 0
    assert err.splitlines()[1:] == ["nothing changed"]
    assert [one.method for one in peer.requests] == ["GET"]


@pytest.mark.parametrize("output", ["json", "ndjson"])
def test_config_delete_for_programs_goes_on_where_the_config_may_not_be_read(fc_async, output):
    with Peer(refused(403, "AccessDenied"), Reply(204)) as peer:
        code, out, err = fc_async(peer, "config", "delete", "orders", "--yes", "-o", output)
    assert (code, out) == (0, "null\n")
    assert "before: unknown (403" in err
    assert [one.method for one in peer.requests] == ["GET", "DELETE"]


def test_config_list_asks_again_where_it_is_throttled(fc_async):
    functions = Reply(body={"functions": [{"functionName": "bare"}, {"functionName": "orders"}], "nextToken": ""})
    with Peer(Reply(body={"configs": [CONFIG]}), refused(429, "ResourceThrottled"), functions) as peer:
        code, out, err = fc_async(peer, "config", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["bare", "orders"]
    assert "not shown" not in err


@pytest.mark.parametrize(
    "step",
    [refused(400, "InvalidArgument"), Reply(200, "no JSON"), Reply(body={"functions": [{}]})],
    ids=["400", "no JSON", "no name"],
)
def test_config_list_fails_where_functions_cannot_be_listed_for_another_reason(fc_async, step):
    with Peer(Reply(body={"configs": [CONFIG]}), step) as peer:
        code, out, err = fc_async(peer, "config", "list")
    assert (code, out) == (1, "")
    assert err.startswith("Error: iter_functions: ")


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
    with Peer(configs, function, versions, aliases, last_aliases) as peer:
        code, out, err = fc_async(peer, "config", "list", "orders", "--all-qualifiers", "-o", "json")
    assert (code, err) == (0, "")
    assert [(one["qualifier"], one["functionArn"].rpartition(":")[2]) for one in json.loads(out)] == [
        ("LATEST", "functions/orders"),
        ("1", "functions/orders/1"),
        ("prod", "functions/orders/prod"),
        ("test", "functions/orders/test"),
    ]


@pytest.mark.parametrize(
    "arguments",
    [["config", "get", "orders"], ["invoke", "orders"], ["task", "list", "orders"], ["dlq", "peek", "dead"]],
    ids=" ".join,
)
def test_without_a_local_service_every_command_asks_for_it_within_a_second(fc_async, arguments):
    with Peer() as gone:
        pass
    began = time.monotonic()
    code, out, err = fc_async(gone, *arguments)
    assert time.monotonic() - began < 1  # it is the time that is promised
    assert (code, out) == (1, "")
    assert err.splitlines()[-1].endswith("is `fc-async local up` running?")


@pytest.mark.parametrize("named", [(), ("orders",)], ids=["all", "one"])
def test_config_list_fail_on_none_does_not_pass_where_it_could_not_look(fc_async, named):
    with Peer(Reply(body={"configs": [CONFIG]}), refused(403, "AccessDenied")) as peer:
        code, out, err = fc_async(peer, "config", "list", *named, "--fail-on-none")
    assert (code, out) == (1, "")
    assert "403 AccessDenied" in err


@pytest.mark.parametrize(
    ("answer_of_queue", "said"),
    [
        (Reply(403, "<Error><Code>AccessDenied</Code></Error>"), "could not be looked at (403 AccessDenied)"),
        (Reply(404, "<html>"), "could not be looked at (404 without a code)"),
        (Drop(), "could not be looked at: get_attributes dead: "),
    ],
    ids=["403", "a page", "no answer"],
)
def test_config_set_says_of_a_destination_that_it_could_not_be_looked_at(fc_async, answer_of_queue, said):
    with Peer(Reply(body=CONFIG), Reply(body=CONFIG), answer_of_queue) as peer:
        code, _, err = fc_async(peer, "config", "set", "orders", "--on-failure", "queue:dead")
    assert code == 0
    assert f"warning: queue dead {said}" in err
    assert "does not exist" not in err
