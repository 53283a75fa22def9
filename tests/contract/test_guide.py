"""What the Python of docs/guide does, block by block, beyond what the guide shows: tests/e2e runs it as it is typed."""

import json
import time

import pytest

from fc_async import FunctionsClient, QueueClient, TopicClient, parse_record
from fc_async.local import LocalServer
from fc_async.testing import record as sample_record
from tests.contract.fc_sdk import QUEUE, create_alias, create_function, put_config
from tests.peer import Peer, Reply
from tests.pushes import URL, a_push, certificate
from tests.roads import record, topic_json
from tests.snippets import ROOT, documents, sections

BLOCKS = [
    block.text
    for file in documents()
    if file.startswith("docs/guide/")
    for section in sections(file)
    for block in section.blocks
    if block.language == "python"
]

DOCUMENT = """\
version: 1
functions:
  orders:
    on_failure: queue:dead
    qualifiers:
      prod: {on_failure: queue:dead, on_success: function:billing@prod}
queues:
  dead: {message_retention_period: 7d}
"""

FAILING = "def handler(event, context):\n    raise ValueError('no')\n"
ECHO = "def handler(event, context):\n    return event\n"


def block(words):
    """The one block that holds these words."""
    [found] = [one for one in BLOCKS if words in one]
    return found


def run(text):
    names = {}
    exec(compile(text, "docs/guide", "exec"), names)  # noqa: S102 - our own guide
    return names


@pytest.fixture
def here(local, monkeypatch):
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)
    return local


def records(local, queue):
    found = []
    while messages := QueueClient(queue, endpoint=local.url).receive(16):
        for message in messages:
            found.append(parse_record(message))
            QueueClient(queue, endpoint=local.url).delete(message.receipt_handle)
    return found


def test_a_deploy_script_and_a_reader_of_records(here, fc, capsys):
    create_function(fc, "main", FAILING)
    run(block('QueueClient("dead").create(message_retention_period'))
    accepted = FunctionsClient().invoke_async("main", {"id": 7})
    here.settle()
    unreadable = QueueClient("dead").send("no record")
    run(block("queue.receive(16, wait_seconds=5)"))
    out = capsys.readouterr().out
    assert f"{accepted.request_id} main ValueError" in out
    assert f"{unreadable} is no record" in out
    here.advance(60)
    assert [message.message_id for message in QueueClient("dead").peek(16)] == [unreadable]


def test_a_function_is_deployed_from_a_folder(here, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    run(block("deployed = FunctionsClient()"))
    run(block("deployed = FunctionsClient()"))
    created, updated = capsys.readouterr().out.splitlines()
    assert created == "acs:fc:cn-hangzhou:1234567890123456:functions/main created"
    assert updated.endswith("functions/main updated")


def test_a_chain_hands_one_functions_record_to_the_next(here, fc):
    for name in ("done", "dead"):
        QueueClient(name).create()
    create_function(fc, "download", "def handler(event, context):\n    return {'photo': 1}\n")
    create_function(fc, "resize", ECHO)
    run(block('put_config("download"'))
    FunctionsClient().invoke_async("download", {})
    here.settle()
    [record] = records(here, "done")
    assert record.function.name == "resize"
    assert parse_record(record.request_payload).response_payload == '{"photo": 1}'


def test_a_fan_out_is_accepted_in_20_parts(here, fc, capsys):
    QueueClient("done").create()
    create_function(fc, "batch", "def handler(event, context):\n    return {}\n")
    FunctionsClient().put_config("batch", on_success("queue:done"))
    run(block("invoke_many"))
    here.settle()
    assert capsys.readouterr().out == "20 batches\n"
    assert len(records(here, "done")) == 20


def test_a_topic_hands_a_failure_to_queues_and_to_a_push_that_is_verified(here, fc, capsys):
    create_function(fc, "orders", FAILING)
    run(block('TopicClient("alarm")'))
    names = run(block("verify_notification"))
    with Peer(Reply(204)) as receiver:
        TopicClient("alarm").subscribe("web", endpoint=f"{receiver.url}/pushed")
        accepted = FunctionsClient().invoke_async("orders", {"id": 7})
        here.settle()
        here.advance(60)
        [push] = receiver.requests
    parts = (push.method, push.target, push.headers, push.body)
    assert names["pushed"](*parts, certificates=here.certificates) == 204
    assert capsys.readouterr().out == f"{accepted.request_id} orders ValueError\n"
    assert names["pushed"](*parts) == 403
    assert names["pushed"](*parts[:3], push.body + b" ", certificates=here.certificates) == 403
    for name in ("archive", "pager"):
        bodies = [message.message_body for message in QueueClient(name).receive(16)]
        assert sum("stock is low" in body for body in bodies) == 1
        assert sum(accepted.request_id in body for body in bodies) == 1


@pytest.mark.parametrize("owner", ["6660000000000000", None])
def test_a_push_of_another_account_is_refused_although_its_body_looks_like_an_envelope_of_ours(owner, capsys):
    names = run(block("verify_notification"))
    body = topic_json(json.dumps(record())).encode()
    ours = a_push(at=time.time(), body=body).header("X-MNS-Topic-Owner", names["OWNER"]).signed()
    theirs = ours.header("x-mns-topic-owner", owner).signed()
    mine = {URL: certificate("service")}
    assert names["pushed"](*ours.parts(), certificates=mine) == 204
    assert capsys.readouterr().out
    assert names["pushed"](*theirs.parts(), certificates=mine) == 403
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content_format", ["JSON", "XML", "SIMPLIFIED"])
@pytest.mark.parametrize("text", [json.dumps(record()), "stock is low"], ids=["record", "text"])
def test_a_push_of_every_format_is_answered_and_what_is_no_record_is_not_asked_for_again(
    here, capsys, content_format, text
):
    names = run(block("verify_notification"))
    topic = TopicClient("alarm")
    topic.create()
    with Peer(Reply(204)) as receiver:
        topic.subscribe("web", endpoint=f"{receiver.url}/pushed", content_format=content_format)
        topic.publish(text)
        here.settle()
        [push] = receiver.requests
    parts = (push.method, push.target, push.headers, push.body)
    assert names["pushed"](*parts, certificates=here.certificates) == 204
    assert ("main MyError" in capsys.readouterr().out) == (text != "stock is low")


def test_an_async_task_is_followed(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    with LocalServer(workers=1) as service:
        monkeypatch.setenv("FC_ASYNC_ENDPOINT", service.url)
        run(block("wait_task"))
        assert capsys.readouterr().out.startswith("Succeeded ")
        assert FunctionsClient().get_task("nightly", "nightly-2026-01-31").status == "Succeeded"


def test_a_consumer_acknowledges_what_its_handler_has_done(here, fc, capsys):
    queue = QueueClient("dead")
    queue.create()
    queue.send(json.dumps(record()))
    text = block("import Consumer, Reject").replace("idle_timeout_seconds=5", "max_messages=1")
    run(text)
    assert capsys.readouterr().out == "main {'failure': True}\n1 0 0\n"
    assert queue.peek() == []


def test_an_observer_for_opentelemetry_counts_letters_and_times_them(here):
    sdk = pytest.importorskip("opentelemetry.sdk.metrics")  # of the dev group
    reader = pytest.importorskip("opentelemetry.sdk.metrics.export").InMemoryMetricReader()
    pytest.importorskip("opentelemetry.metrics").set_meter_provider(sdk.MeterProvider([reader]))  # once in a process
    QueueClient("dead").create()
    for _ in range(3):
        QueueClient("dead").send(json.dumps(record()))
    run(block("OpenTelemetryObserver").replace("idle_timeout_seconds=5", "max_messages=3"))
    points = {
        one.name: one.data.data_points
        for resource in reader.get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for one in scope.metrics
    }
    assert sum(one.value for one in points["letters.received"]) == 3
    assert [one.value for one in points["letters.in_flight"]] == [3]
    for name in ("letters.duration", "letters.age"):
        assert [(dict(one.attributes), one.count) for one in points[name]] == [({"outcome": "acknowledged"}, 3)]


@pytest.mark.parametrize(
    "name",
    ["test_an_order_that_fails_becomes_a_dead_letter", "test_a_letter_comes_back_when_the_warehouse_is_closed"],
)
def test_the_tests_of_the_guide_pass(fc_local, name):
    run(block(name))[name](fc_local)


def test_the_file_of_a_team_is_checked_and_applied(here, fc, capsys, monkeypatch, tmp_path):
    for name in ("orders", "billing"):
        create_function(fc, name, ECHO)
        create_alias(fc, name, "prod")
    (tmp_path / "fc-async.yaml").write_text(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    run(block("read_document("))
    assert capsys.readouterr().out.splitlines()[-1] == "3 0 0"
    assert str(FunctionsClient().get_config("orders", qualifier="prod").on_failure).endswith(":/queues/dead/messages")
    run(block("read_document("))
    assert capsys.readouterr().out.splitlines()[-1] == "0 0 0"


def on_success(destination):
    from fc_async import AsyncInvokeConfig, DestinationConfig

    return AsyncInvokeConfig(destination_config=DestinationConfig(on_success=destination))


def test_a_redrive_from_a_script(here, fc, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    create_function(fc, "main", ECHO)
    QueueClient("dead").create()
    put_config(fc, "main", on_failure=QUEUE.format("dead"))
    QueueClient("dead").send(sample_record({"n": 1}, function="main", error="no").text)
    QueueClient("dead").send("no record")
    here.advance(60)
    run(block("Redrive(QueueClient"))
    out = capsys.readouterr().out
    assert out.startswith("1 1 0 True\n1 not a record")
