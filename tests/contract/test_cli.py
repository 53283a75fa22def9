"""The commands against the local service: what they print where, and how they end."""

import json

import pytest
from alibabacloud_fc20230330 import models

from fc_async import QueueClient
from fc_async.cli.root import run
from fc_async.local import LocalServer
from fc_async.local.system_clock import SystemClock
from tests.contract.fc_sdk import create_alias, create_function

FAILING = "def handler(event, context):\n    raise ValueError('no')\n"


@pytest.fixture
def fc_async(local, capsys, monkeypatch):
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def failing(fc):
    create_function(fc, "orders", FAILING)


def test_config_set_keeps_what_is_not_named_and_shows_what_changed(fc_async, failing, local):
    assert fc_async("config", "set", "orders", "--on-failure", "queue:dead", "--max-retries", "1")[0] == 0
    code, out, err = fc_async("config", "set", "orders", "--max-retries", "0", "--max-age", "6h")
    assert (code, out) == (0, "")
    assert err.splitlines()[0] == f"local {local.url}"
    assert "max retries: 1 → 0" in err
    wire = json.loads(fc_async("config", "get", "orders", "-o", "json")[1])
    assert wire["maxAsyncRetryAttempts"] == 0
    assert wire["maxAsyncEventAgeInSeconds"] == 21600
    assert wire["destinationConfig"] == {
        "onFailure": {"destination": "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"}
    }


def test_config_list_shows_every_qualifier(fc_async, fc, failing):
    create_alias(fc, "orders", "prod")
    fc_async("config", "set", "orders", "--max-retries", "0")
    fc_async("config", "set", "orders@prod", "--max-retries", "2")
    listed = json.loads(fc_async("config", "list", "orders", "-o", "json")[1])
    assert [(one["qualifier"], one["maxAsyncRetryAttempts"]) for one in listed] == [("LATEST", 0), ("prod", 2)]
    table = fc_async("config", "list")[1]
    assert "LATEST" in table
    assert "prod" in table


def test_config_delete_asks_and_without_a_terminal_does_nothing(fc_async, failing):
    fc_async("config", "set", "orders", "--max-retries", "0")
    code, out, err = fc_async("config", "delete", "orders")
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert fc_async("config", "delete", "orders", "--yes")[0] == 0
    assert fc_async("config", "get", "orders")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "code_said"),
    [
        (["config", "get", "nobody"], "FunctionNotFound"),
        (["config", "get", "orders"], "AsyncConfigNotExists"),
        (["invoke", "nobody"], "FunctionNotFound"),
        (["dlq", "peek", "nobody"], "QueueNotExist"),
        (["dlq", "redrive", "nobody", "--yes"], "QueueNotExist"),
    ],
)
def test_what_the_service_refuses_is_one_sentence_with_code_and_request_id(fc_async, failing, arguments, code_said):
    code, out, err = fc_async(*arguments)
    assert (code, out) == (1, "")
    assert code_said in err
    assert "request id " in err
    assert len([line for line in err.splitlines() if not line.startswith("local ")]) == 1


def test_invoke_prints_request_id_and_task_id(fc_async, failing):
    code, out, _ = fc_async("invoke", "orders", "-d", "{}", "-o", "json")
    accepted = json.loads(out)
    assert code == 0
    assert accepted["requestId"] == accepted["taskId"]


def test_invoke_sync_of_a_failing_handler_prints_its_error_and_ends_with_1(fc_async, failing):
    code, out, err = fc_async("invoke", "orders", "--sync")
    assert code == 1
    assert json.loads(out)["errorType"] == "ValueError"
    assert "the function failed with ValueError" in err


def test_a_queue_is_shown_with_its_letters_and_with_what_is_no_record(fc_async, failing, local):
    queue = QueueClient("dead", endpoint=local.url)
    queue.create()
    queue.send("no record at all")
    fc_async("config", "set", "orders", "--on-failure", "queue:dead", "--max-retries", "0")
    fc_async("invoke", "orders", "-d", "{}")
    local.settle()
    code, out, err = fc_async("dlq", "peek", "dead")
    assert code == 0
    assert "not a record" in out
    assert "ValueError" in out
    assert "about 2 letters, 2 seen" in err
    assert "expires at" in err
    letters = json.loads(fc_async("dlq", "peek", "dead", "-o", "json")[1])
    assert [letter["record"] is None for letter in letters] == [True, False]


def test_redrive_with_something_left_ends_with_1_and_names_it(capsys):
    with LocalServer(clock=SystemClock(), workers=1) as local:
        queue = QueueClient("dead", endpoint=local.url)
        queue.create()
        message_id = queue.send("no record at all")
        with pytest.raises(SystemExit) as ended:
            run(["dlq", "redrive", "dead", "--yes", "--endpoint", local.url])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert said.out.startswith("sent 0, done 0, came back 0, left 1\nleft 1: not a record: ")
    assert f"  message {message_id}\n" in said.out


def test_config_set_shows_before_and_after_and_warns_of_what_would_be_lost(fc_async, failing):
    code, out, err = fc_async("config", "set", "orders", "--on-success", "queue:done", "--max-retries", "2")
    lines = err.splitlines()
    assert (code, out) == (0, "")
    assert "on success: nowhere → queue:done" in lines
    assert "max retries: not set (3) → 2" in lines
    assert [line for line in lines if line.startswith("warning: a queue takes 64 KB")]
    assert [line for line in lines if line.startswith("warning: orders has no OnFailure: what fails after 2 retries")]


def test_config_set_says_nothing_of_roles_where_nobody_needs_one(fc_async, failing):
    assert "role" not in fc_async("config", "set", "orders", "--on-failure", "queue:dead")[2]


def test_config_set_warns_of_nothing_where_nothing_is_lost(fc_async, fc):
    create_function(fc, "ready", FAILING, role="acs:ram::1234567890123456:role/r")
    create_function(fc, "orders", FAILING)
    assert "warning" not in fc_async("config", "set", "ready", "--on-failure", "function:orders")[2]
    assert "warning" not in fc_async("config", "set", "ready", "--max-retries", "0")[2]


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        ("queue:gone", "warning: queue gone does not exist, and what is sent to it is lost; to create it: "
         "fc-async queue create gone"),
        ("function:gone", "warning: function gone does not exist, and what is sent to it is lost; to create it: "
         "fc-async deploy gone --code DIR --runtime RUNTIME --handler HANDLER"),
        ("function:orders@9", "warning: function orders@9 does not exist, and what is sent to it is lost; to create "
         "it: fc-async deploy orders --code DIR --runtime RUNTIME --handler HANDLER --publish"),
        ("topic:gone", "warning: topic gone does not exist, and what is sent to it is lost; to create it: "
         "fc-async topic create gone"),
    ],
)  # fmt: skip
def test_config_set_names_a_destination_that_does_not_exist_and_what_creates_it(fc_async, failing, destination, said):
    code, _, err = fc_async("config", "set", "orders", "--on-failure", destination)
    assert code == 0
    assert said in err.splitlines()


def test_config_set_is_content_with_a_queue_that_is_there(fc_async, failing, local):
    QueueClient("dead", endpoint=local.url).create()
    assert "exist" not in fc_async("config", "set", "orders", "--on-failure", "queue:dead")[2]


def test_config_list_fails_where_something_has_no_on_failure_and_ci_asks(fc_async, fc, failing, local):
    QueueClient("dead", endpoint=local.url).create()
    code, out, _ = fc_async("config", "list", "--fail-on-none")
    assert (code, "orders" in out) == (1, True)
    fc_async("config", "set", "orders", "--on-failure", "queue:dead")
    assert fc_async("config", "list", "--fail-on-none")[0] == 0
    create_alias(fc, "orders", "prod")
    assert fc_async("config", "list", "--fail-on-none")[0] == 0
    assert fc_async("config", "list", "--fail-on-none", "--all-qualifiers", "-o", "json")[0] == 1
    assert fc_async("config", "list")[0] == 0


def test_config_set_does_not_look_where_it_cannot_see_nor_at_what_was_not_named(fc_async, failing, local):
    QueueClient("dead", endpoint=local.url).create()
    for named in (
        ["--on-failure", "queue:dead"],
        ["--on-success", "function:orders"],
        ["--on-success", "acs:mns:cn-beijing:1234567890123456:/queues/far/messages"],
        ["--on-success", "acs:fc:cn-hangzhou:99:functions/far"],
        ["--max-retries", "1"],
    ):
        assert "exist" not in fc_async("config", "set", "orders", *named)[2]


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(fc_async, failing):
    fc_async("config", "set", "orders", "--on-failure", "queue:dead", "--max-retries", "1")
    before = fc_async("config", "get", "orders", "-o", "json")
    changed = fc_async("config", "set", "orders", "--on-failure", "queue:other", "--dry-run")
    taken_out = fc_async("config", "unset", "orders", "--on-failure", "--dry-run")
    removed = fc_async("config", "delete", "orders", "--dry-run")
    invoked = fc_async("invoke", "orders", "-d", "{}", "--dry-run")
    assert "on failure: queue:dead → queue:other" in changed[2]
    assert "on failure: queue:dead → nowhere" in taken_out[2]
    assert "max retries: 1 → not set (3)" in removed[2]
    assert "orders would be invoked asynchronously with a payload of 2 bytes" in invoked[2]
    assert {code for code, _, _ in (changed, taken_out, removed, invoked)} == {0}
    assert fc_async("config", "get", "orders", "-o", "json") == before


def test_config_unset_takes_out_what_was_named_and_nothing_else(fc_async, failing):
    named = ("--on-failure", "queue:dead", "--on-success", "queue:done", "--max-retries", "1", "--max-age", "60")
    fc_async("config", "set", "orders", *named)
    code, out, err = fc_async("config", "unset", "orders", "--on-success", "--max-retries")
    assert (code, out) == (0, "")
    assert "on success: queue:done → nowhere" in err
    wire = json.loads(fc_async("config", "get", "orders", "-o", "json")[1])
    assert set(wire["destinationConfig"]) == {"onFailure"}
    assert wire["maxAsyncRetryAttempts"] in (None, 3)
    assert wire["maxAsyncEventAgeInSeconds"] == 60
    assert "nothing changed" in fc_async("config", "unset", "orders", "--on-success")[2]


def test_config_list_marks_functions_and_qualifiers_without_on_failure(fc_async, failing, fc):
    create_function(fc, "bare", FAILING)
    fc.publish_function_version("orders", models.PublishFunctionVersionRequest(body=models.PublishVersionInput()))
    alias = models.CreateAliasInput(alias_name="prod", version_id="1")
    fc.create_alias("orders", models.CreateAliasRequest(body=alias))
    fc_async("config", "set", "orders", "--on-failure", "queue:dead")
    fc_async("config", "set", "orders@prod", "--max-retries", "2")
    code, out, err = fc_async("config", "list")
    rows = [line.split()[:4] for line in out.splitlines()[2:]]
    assert code == 0
    assert [row[:3] for row in rows] == [
        ["bare", "LATEST", "NONE"],
        ["orders", "LATEST", "queue:dead"],
        ["orders", "prod", "NONE"],
    ]
    assert "2 of 3 without OnFailure" in err
    # Programs get the configs that exist, and on request what has none.
    assert len(json.loads(fc_async("config", "list", "-o", "json")[1])) == 2
    everything = [
        json.loads(line) for line in fc_async("config", "list", "--all-qualifiers", "-o", "ndjson")[1].splitlines()
    ]
    assert [
        one["qualifier"] for one in everything if one["functionArn"].endswith("1234567890123456:functions/bare")
    ] == ["LATEST"]


def test_what_changes_a_config_prints_it_for_programs_and_nothing_for_people(fc_async, failing):
    put = fc_async("config", "set", "orders", "--max-retries", "1", "--max-age", "60", "-o", "json")
    assert json.loads(put[1])["maxAsyncRetryAttempts"] == 1
    dry = fc_async("config", "set", "orders", "--max-retries", "2", "--dry-run", "-o", "ndjson")
    assert json.loads(dry[1])["maxAsyncRetryAttempts"] == 2
    taken_out = fc_async("config", "unset", "orders", "--max-age", "-o", "json")
    assert json.loads(taken_out[1])["maxAsyncEventAgeInSeconds"] in (None, 86400)
    removed = fc_async("config", "delete", "orders", "--yes", "-o", "json")
    assert json.loads(removed[1])["maxAsyncRetryAttempts"] == 1
    assert {code for code, _, _ in (put, dry, taken_out, removed)} == {0}


def test_a_dry_run_claims_no_time_of_a_modification_that_was_not_made(fc_async, failing):
    fc_async("config", "set", "orders", "--max-retries", "1", "--max-age", "60")
    there = json.loads(fc_async("config", "get", "orders", "-o", "json")[1])
    assert there["lastModifiedTime"] is not None
    for change in (["set", "orders", "--max-retries", "2"], ["unset", "orders", "--max-age"]):
        told = json.loads(fc_async("config", *change, "--dry-run", "-o", "json")[1])
        assert told["lastModifiedTime"] is None
        assert (told["createdTime"], told["functionArn"]) == (there["createdTime"], there["functionArn"])
    for change in (["unset", "orders", "--async-task"], ["delete", "orders"]):  # these tell what is there
        told = json.loads(fc_async("config", *change, "--dry-run", "-o", "json")[1])
        assert told["lastModifiedTime"] == there["lastModifiedTime"]


def test_ndjson_is_one_object_a_line(fc_async, failing):
    fc_async("config", "set", "orders", "--max-retries", "0")
    for arguments in (["config", "get", "orders"], ["config", "list"], ["invoke", "orders"]):
        lines = fc_async(*arguments, "-o", "ndjson")[1].splitlines()
        assert [type(json.loads(line)) for line in lines] == [dict]


def test_a_dry_run_of_a_redrive_shows_the_letters_and_leaves_them(fc_async, failing, local):
    queue = QueueClient("dead", endpoint=local.url)
    queue.create()
    queue.send("no record at all")
    code, out, err = fc_async("dlq", "redrive", "dead", "--dry-run")
    assert code == 0
    assert "not a record" in out
    assert "dry run: nothing was sent" in err
    assert queue.get_attributes().active_messages == 1


def test_config_list_shows_destinations_of_every_kind(fc_async, failing):
    bus = "acs:eventbridge:cn-hangzhou:1234567890123456:eventbus/default"
    fc_async("config", "set", "orders", "--on-failure", bus, "--on-success", "function:next@prod")
    table = fc_async("config", "list")[1]
    assert bus in table
    assert "function:next@prod" in table


@pytest.mark.parametrize("output", ["table", "json", "ndjson"])
def test_config_list_fail_on_none_exits_1_where_something_has_no_on_failure(fc_async, fc, failing, output):
    def listed(*options):
        code, out, err = fc_async("config", "list", "-o", output, *options)
        return code, "without OnFailure" in err, out

    assert listed("--fail-on-none")[:2] == (1, True)  # it has no config at all
    fc_async("config", "set", "orders", "--max-retries", "0")
    assert listed("--fail-on-none")[:2] == (1, True)
    fc_async("config", "set", "orders", "--on-failure", "queue:dead")
    assert listed("--fail-on-none")[:2] == (0, False)
    assert listed("--fail-on-none")[2] == listed()[2]
    create_alias(fc, "orders", "prod")
    assert listed("--fail-on-none")[:2] == (0, False)
    assert listed("--fail-on-none", "--all-qualifiers")[:2] == (1, True)
    fc_async("config", "set", "orders@prod", "--max-retries", "0")
    assert listed("--fail-on-none")[:2] == (1, True)
    assert listed()[0] == 0


def test_what_dlq_peek_prints_is_read_by_record(fc_async, failing, local, tmp_path):
    queue = QueueClient("dead", endpoint=local.url)
    queue.create()
    fc_async("config", "set", "orders", "--on-failure", "queue:dead", "--max-retries", "0")
    for number in range(2):
        fc_async("invoke", "orders", "-d", str(number))
    local.settle()
    for output in ("ndjson", "json"):
        printed = fc_async("dlq", "peek", "dead", "-o", output)[1]
        (tmp_path / "letters").write_text(printed)
        code, out, err = fc_async("record", str(tmp_path / "letters"), "-o", "json")
        assert (code, err) == (0, "")
        assert sorted(one["requestPayload"] for one in json.loads(out)) == ["0", "1"]
