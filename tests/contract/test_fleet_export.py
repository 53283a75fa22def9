"""What is live, as a document: it says all of it, nothing would change, and what it lacks is told."""

import json

import pytest
from alibabacloud_fc20230330 import models

from fc_async import FunctionsClient, MnsAccount
from fc_async.cli.root import run
from fc_async.deploy.check import check
from fc_async.deploy.export import export
from fc_async.deploy.fleet_document import read_document
from fc_async.deploy.live import live_fleet
from fc_async.deploy.plan import plan
from fc_async.errors import ServiceError
from fc_async.local.up.status import add_fault
from tests.contract.fc_sdk import create_alias, create_function

IDLE = "def handler(event, context):\n    return None\n"


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
def clients(local):
    with FunctionsClient(endpoint=local.url) as functions, MnsAccount(endpoint=local.url) as mns:
        yield functions, mns


@pytest.fixture
def fleet(fc, fc_async, clients):
    """Three functions, one with an alias and without OnFailure, two queues and a topic."""
    _, mns = clients
    for name in ("orders", "billing", "idle"):
        create_function(fc, name, IDLE)
    create_alias(fc, "orders", "prod")
    with mns.queue("dead") as dead, mns.topic("alarm") as alarm:
        dead.create(message_retention_period=604800)
        alarm.create()
        alarm.subscribe("pager", queue="dead", filter_tag="urgent")
        alarm.subscribe("chat", endpoint="http://127.0.0.1:9/hook-7f3a")
    put(
        fc,
        "orders",
        None,
        maxAsyncRetryAttempts=0,
        destinationConfig=ends(onFailure=here("mns", "/queues/dead/messages")),
    )
    put(fc, "orders", "prod", asyncTask=True, destinationConfig=ends(onSuccess=here("mns", "/topics/alarm/messages")))
    put(fc, "billing", None, destinationConfig=ends(onFailure=here("mns", "/queues/gone/messages")))
    return clients


def here(service: str, resource: str, region="cn-hangzhou", account="1234567890123456") -> str:
    return f"acs:{service}:{region}:{account}:{resource}"


def ends(**halves: str) -> dict:
    return {half: {"destination": arn} for half, arn in halves.items()}


def put(fc, function: str, qualifier: str | None, **wire) -> None:
    body = models.PutAsyncInvokeConfigInput().from_map(wire)
    fc.put_async_invoke_config(function, models.PutAsyncInvokeConfigRequest(body=body, qualifier=qualifier))


def test_what_is_exported_plans_no_change(fleet, tmp_path):
    path = tmp_path / "fc-async.yaml"
    path.write_text(export(*fleet), encoding="utf-8")
    found = plan(read_document(path), *fleet, prune=True)
    assert found.changes == ()
    assert found.notes == ()


def test_the_document_of_a_fleet(fleet):
    assert (
        export(*fleet)
        == """\
# yaml-language-server: $schema=fc-async.schema.json
version: 1
functions:
  # OnFailure of billing is the queue gone, which does not exist
  billing:
    on_failure: queue:gone
  # idle has no OnFailure: what fails after 3 retries is lost
  idle: {}
  orders:
    on_failure: queue:dead
    max_retries: 0
    qualifiers:
      # orders@prod has no OnFailure: what fails after 3 retries is lost
      prod:
        on_success: topic:alarm
        async_task: true
queues:
  dead:
    visibility_timeout: 30s
    maximum_message_size: 65536
    message_retention_period: 7d
    delay_seconds: 0s
    polling_wait_seconds: 0s
    logging_enabled: false
topics:
  alarm:
    maximum_message_size: 65536
    logging_enabled: false
    subscriptions:
      # left out: chat: http://127.0.0.1/…: its address may hold a secret
      pager:
        queue: dead
        format: JSON
        strategy: BACKOFF_RETRY
        tag: urgent
"""
    )


@pytest.mark.parametrize(
    "arn", ["acs:mns:cn-hangzhou::/queues/dead/messages", "acs:mns:::/queues/dead/messages"], ids=["region", "none"]
)
def test_an_arn_that_leaves_out_what_it_may_plans_no_change_either(fleet, fc, tmp_path, arn):
    put(fc, "orders", None, destinationConfig=ends(onFailure=arn))
    path = tmp_path / "fc-async.yaml"
    path.write_text(export(*fleet), encoding="utf-8")
    assert plan(read_document(path), *fleet).changes == ()


@pytest.mark.parametrize(
    "wire", [{}, {"maxAsyncRetryAttempts": 3}, {"asyncTask": False, "maxAsyncEventAgeInSeconds": 86400}], ids=str
)
@pytest.mark.parametrize("qualifier", [None, "prod"], ids=["latest", "alias"])
def test_a_config_without_an_effect_plans_no_change(fleet, fc, tmp_path, wire, qualifier):
    for of in (None, "prod"):
        fc.delete_async_invoke_config("orders", models.DeleteAsyncInvokeConfigRequest(qualifier=of))
    put(fc, "orders", qualifier, **wire)
    path = tmp_path / "fc-async.yaml"
    path.write_text(export(*fleet), encoding="utf-8")
    assert plan(read_document(path), *fleet, prune=True).changes == ()


def test_only_the_named_functions_with_what_they_lead_to(fleet, fc_async):
    code, out, _ = fc_async("export", "--function", "orders")
    assert code == 0
    assert "billing" not in out
    assert "\n  dead:" in out
    assert "\n  alarm:" in out
    assert "queues:" not in fc_async("export", "--function", "billing")[1]


def test_a_named_function_that_does_not_exist_is_an_error_and_not_an_empty_entry(fleet, fc_async):
    code, out, err = fc_async("export", "--function", "typo")
    assert (code, out) == (1, "")
    assert "FunctionNotFound" in err
    with pytest.raises(ServiceError):
        export(*fleet, ["typo"])


def test_the_schema_is_printed_without_a_call(capsys, monkeypatch):
    for name in ("FC_ASYNC_ENDPOINT", "ALIBABA_CLOUD_REGION_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as ended:
        run(["export", "--schema"])
    assert ended.value.code == 0
    assert "functions" in json.loads(capsys.readouterr().out)["properties"]


def test_check_of_what_is_live_names_functions_and_queues(fleet, fc_async):
    code, out, _ = fc_async("check", "--live", "-o", "json")
    found = [(one["id"], one["severity"], one["place"]) for one in json.loads(out)]
    assert code == 1
    assert found == [
        ("missing-queue", "error", "billing"),
        ("no-on-failure", "warning", "idle"),
        ("no-on-failure", "warning", "orders@prod"),
        ("large-payload", "info", "live"),
    ]
    assert set(json.loads(out)[0]) == {"id", "severity", "place", "message", "advice"}


def test_check_of_a_file_asks_nobody_and_with_live_finds_what_is_missing(fleet, fc_async, tmp_path, monkeypatch):
    path = tmp_path / "fc-async.yaml"
    path.write_text(
        "version: 1\nfunctions:\n"
        "  orders:\n    on_failure: function:billing@nobody\n    qualifiers: {gone: {on_failure: 'queue:dead'}}\n"
        "  absent: {on_failure: 'topic:alarm'}\n",
        encoding="utf-8",
    )
    code, out, _ = fc_async("check", str(path), "--live", "-o", "ndjson")
    assert code == 1
    errors = [one for one in map(json.loads, out.splitlines()) if one["severity"] == "error"]
    assert [(one["id"], one["place"].split(":", 1)[1]) for one in errors] == [
        ("missing-function", "3:3"),
        ("absent-function", "5:18"),
        ("absent-function", "6:3"),
    ]
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", "http://127.0.0.1:9")
    code, out, _ = fc_async("check", str(path), "-o", "json")
    assert code == 0
    assert all(one["severity"] != "error" for one in json.loads(out))


@pytest.mark.parametrize(("on", "code"), [("error", 0), ("warning", 1)])
def test_the_exit_code_follows_fail_on(fc_async, tmp_path, on, code):
    path = tmp_path / "fc-async.yaml"
    path.write_text("version: 1\nfunctions: {a: {}}\n", encoding="utf-8")
    ended, out, err = fc_async("check", str(path), "--fail-on", on)
    assert ended == code
    assert out.splitlines()[0] == (
        f"{path}:2:13: warning: a has no OnFailure: what fails after 3 retries is lost [no-on-failure]"
    )
    assert err == "1 warning\n"


@pytest.mark.parametrize("words", [("check",), ("graph",), ("graph", "f.yaml", "--live")], ids=" ".join)
def test_what_to_look_at_must_be_said(fc_async, words):
    assert fc_async(*words)[0] == 2


def test_a_file_that_cannot_be_read_is_one_sentence(fc_async, tmp_path):
    for command in ("check", "graph"):
        code, out, err = fc_async(command, str(tmp_path / "none.yaml"))
        assert (code, out) == (1, "")
        assert err.startswith("Error: ")


def test_the_live_fleet_is_drawn(fleet, fc, fc_async):
    put(fc, "idle", None, destinationConfig=ends(onFailure=here("fc", "functions/orders/gone")))
    code, out, _ = fc_async("graph", "--live")
    assert code == 0
    assert '[("gone (missing)")]' in out
    assert '|"pager"|' in out
    assert '["orders@gone (missing)"]' in out
    assert '["orders@prod"]' in out


@pytest.mark.parametrize("action", ["ListFunctions", "GetFunction", "GetQueueAttributes"])
def test_a_read_that_fails_ends_the_check(fleet, local, tmp_path, action):
    path = tmp_path / "fc-async.yaml"
    path.write_text("version: 1\nfunctions: {orders: {on_failure: 'queue:dead'}}\n", encoding="utf-8")
    add_fault(local.url, {"action": action, "status": 400, "code": "Odd"})
    with pytest.raises(ServiceError, match="Odd"):
        check(read_document(path), *fleet)


def test_a_function_that_may_not_be_looked_at_costs_only_what_it_would_tell(fleet, local):
    functions, mns = fleet
    everything = live_fleet(functions, mns)
    add_fault(local.url, {"action": "GetFunction", "status": 403, "code": "AccessDenied"})
    found = [one.id for one in check(everything, functions, mns)]
    assert found.count("role-not-read") == 4
    assert "missing-queue" in found


def test_hostile_text_does_not_reach_the_terminal(fleet, fc, fc_async, tmp_path):
    path = tmp_path / "\x1b[2Jfc-async.yaml"
    path.write_text("version: 1\nfunctions: {a: {}}\n", encoding="utf-8")
    assert "\\x1b[2Jfc-async.yaml:2:13: warning" in fc_async("check", str(path))[1]
    put(fc, "orders", None, destinationConfig=ends(onFailure=here("mns", "/queues/\u202e\x1b[2J;rm/messages")))
    said = "".join(map(str, fc_async("check", "--live") + fc_async("export") + fc_async("graph", "--live")))
    assert "rm" in said
    assert not set(said) & {"\u202e", "\x1b"}
