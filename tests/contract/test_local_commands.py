"""fc-async local assumptions and status: what they print where, and how they end."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from alibabacloud_fc20230330.client import Client

from fc_async.cli.root import run
from fc_async.local import LocalServer, limits
from tests.contract.fc_sdk import create_alias, create_function, invoke_async, put_config

Command = Callable[..., tuple[object, str, str]]

ASSUMED_OF_MNS = {
    "mns_codes_in_our_words",
    "mns_delay_0_is_no_delay",
    "mns_deleting_a_missing_queue_is_refused",
    "mns_deleting_a_missing_topic_is_refused",
    "mns_empty_body_is_refused",
    "mns_envelope_counts_for_the_queues_size",
    "mns_handle_of_a_message_that_is_gone",
    "mns_illegal_character_becomes",
    "mns_md5_with_properties",
    "mns_order_id",
    "mns_parameter_sent_twice_has",
    "mns_push_content_md5",
    "mns_push_headers_of",
    "mns_pushes_that_wait_for_a_deleted_subscription",
    "mns_released_message_keeps_its_priority",
    "mns_request_bytes",
    "mns_retention_counts_from",
    "mns_subscribed_queue_that_is_missing",
    "mns_changed_strategy_applies_to",
    "mns_json_escapes",
    "mns_subscribing_again_compares",
    "mns_xml_notification_has",
    "mns_tag_in_json",
    "mns_topic_message_count",
    "mns_topic_name_characters",
    "mns_topicoriginated",
    "mns_unknown_elements_are_refused",
    "mns_unsubscribing_what_is_missing_is_refused",
    "mns_white_space_around_a_tag",
    "mns_xml_depth",
    "mns_xml_elements",
}


@pytest.fixture
def fc_async(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.delenv("FC_ASYNC_ENDPOINT", raising=False)
    monkeypatch.delenv("FC_ASYNC_LOCAL_ACCESS_KEY", raising=False)

    def call(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_assumptions_are_listed_with_values_default_and_why(fc_async: Command) -> None:
    code, out, err = fc_async("local", "assumptions")
    assert (code, err) == (0, "")
    for assumption in limits.ASSUMPTIONS:
        assert assumption.name in out
        assert assumption.why in out
    assert "ignored|honoured|rejected" in out
    assert "expired_condition" in out


def test_assumptions_in_json_have_name_value_and_why(fc_async: Command) -> None:
    code, out, _ = fc_async("local", "assumptions", "-o", "json")
    listed = {entry["name"]: entry for entry in json.loads(out)}
    assert code == 0
    assert listed["put_merges"]["value"] is True
    assert listed["backoff_cap_seconds"]["value"] is None
    assert listed["chain_depth"]["values"] == "1 to 1000"
    assert listed["task_order"]["values"] is None
    assert all(entry["why"] for entry in listed.values())


def test_all_that_is_assumed_of_both_services_is_listed(fc_async: Command) -> None:
    code, table, _ = fc_async("local", "assumptions")
    assert code == 0
    listed = {entry["name"] for entry in json.loads(fc_async("local", "assumptions", "-o", "json")[1])}
    names = {rule.name for rule in limits.RULES if "assumed" in rule.source}
    assert {name for name in names if name.startswith("mns_")} == ASSUMED_OF_MNS
    assert {"page_size", "codes_in_our_words", *ASSUMED_OF_MNS} <= names
    assert listed == names | {assumption.name for assumption in limits.ASSUMPTIONS}
    assert names <= set(table.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--assume", "nothing=1"), "the names are put_merges, "),
        (("--assume", "put_merges"), "expected NAME=VALUE"),
        (("--assume", "chain_depth=1001"), "chain_depth is 1 to 1000"),
        (("--assume", "put_merges=true", "--assume", "five_hours_from=now"), "first_failure|acceptance"),
        (("--access-key", "id"), "ID:SECRET"),
        (("--host", "0.0.0.0"), "--access-key"),  # noqa: S104
        (("--host", "evil.example"), "IP address"),
        (("--workers", "-1"), "--workers"),
    ],
)
def test_what_was_typed_wrong_is_exit_2_and_nothing_starts(
    fc_async: Command, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = fc_async("local", "up", "--port", "0", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) <= 3


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ("put_merges=maybe", 2, "assume.txt:1: put_merges is true|false, got 'maybe'"),
        ("# a comment\n\n put_merges = true \n nothing = 1 \n", 2, "assume.txt:4: there is no assumption 'nothing'"),
        ("put_merges", 2, "assume.txt:1: expected NAME=VALUE, got 'put_merges'"),
        (None, 1, "cannot read"),
        (b"\xff", 1, "UTF-8"),
        ("x" * 70_000, 1, "expected at most 65536 bytes"),
    ],
)
def test_a_file_of_assumptions_is_held_to_what_typed_ones_are(
    fc_async: Command, tmp_path: Path, content: str | bytes | None, code: int, said: str
) -> None:
    path = tmp_path / "assume.txt"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ended, out, err = fc_async("local", "up", "--port", "0", "--assume", f"@{path}")
    assert (ended, out) == (code, "")
    assert said in err
    assert len(err.splitlines()) <= 3


def test_a_file_in_which_no_function_can_be_run_is_exit_1_with_the_reason(fc_async: Command, tmp_path: Path) -> None:
    props = "{functionName: main, runtime: nodejs20, handler: index.handler, code: .}"
    path = tmp_path / "s.yaml"
    path.write_text(f"edition: 3.0.0\nresources: {{main: {{component: fc3, props: {props}}}}}\n")
    ended, out, err = fc_async("local", "up", "--port", "0", "-f", str(path))
    assert (ended, out) == (1, "")
    assert "s.yaml:2:13: resources.main: runtime nodejs20 is not run here, only python3*" in err
    assert len(err.splitlines()) == 1


def test_a_key_of_a_file_reaches_no_terminal_as_a_command(fc_async: Command, tmp_path: Path) -> None:
    props = '{functionName: %s, region: %s, runtime: python3.10, handler: i.h, code: ., "x\\e[2J\\n": 1}'
    functions = "".join(f"  {name}: {{component: fc3, props: {props % (name, name)}}}\n" for name in ("one", "two"))
    path = tmp_path / "s.yaml"
    path.write_text(f"edition: 3.0.0\nresources:\n{functions}")
    code, out, err = fc_async("local", "up", "--port", "0", "-f", str(path))
    assert (code, out) == (1, "")
    assert err.count("not used here: x\\x1b[2J\\n\n") == 2


def test_status_says_why_a_record_was_lost_also_one_to_what_is_no_arn(
    fc_async: Command, local: LocalServer, fc: Client
) -> None:
    create_function(fc, "main", "def handler(event, context): pass\n")
    for destination in ("nowhere", "acs:mns:cn-hangzhou:1234567890123456:/topics/none/messages"):
        put_config(fc, "main", on_success=destination)
        invoke_async(fc, "main")
        local.advance(10)
    lines = fc_async("local", "status", "--endpoint", local.url, "-o", "json")[1]
    reasons = [one["deliveries"][0]["reason"] for one in json.loads(lines)["invocations"]]
    assert reasons[-1] == "it is no ARN"
    table = fc_async("local", "status", "--endpoint", local.url)[1]
    assert "lost nowhere" in table


def test_status_shows_metrics_and_invocations(fc_async: Command, local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", "def handler(event, context): pass\n")
    create_alias(fc, "main", "prod")
    put_config(fc, "main", "prod", on_success="acs:eventbridge:cn-hangzhou:1:eventbus/bus")
    request_id = invoke_async(fc, "main", qualifier="prod").headers["x-fc-request-id"]
    local.settle()
    code, out, _ = fc_async("local", "status", "--endpoint", local.url)
    assert code == 0
    assert "FunctionAsyncEventExpiredDropped" in out
    line = next(line for line in out.splitlines() if request_id in line)
    assert "main@prod" in line
    assert "outbox acs:eventbridge:cn-hangzhou:1:eventbus/bus" in line
    told = json.loads(fc_async("local", "status", "-o", "json", "--endpoint", local.url)[1])
    assert set(told) == {"status", "metrics", "invocations"}
    assert told["invocations"][0]["requestId"] == request_id


def test_status_without_a_service_is_one_sentence(fc_async: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = fc_async("local", "status", "--endpoint", url)
    assert (code, out) == (1, "")
    assert "fc-async local up" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "endpoint", ["https://127.0.0.1", "http://10.0.0.1:9700", "nonsense", "http://[::1", "file:///x"]
)
def test_status_asks_only_this_machine(fc_async: Command, endpoint: str) -> None:
    code, out, err = fc_async("local", "status", "--endpoint", endpoint)
    assert (code, out) == (2, "")
    assert "expected the URL of a local service" in err


def test_status_shows_the_last_20_or_as_many_as_asked_for_of_a_function_or_those_that_failed(
    fc_async: Command, local: LocalServer, fc: Client
) -> None:
    create_function(fc, "main", "def handler(event, context):\n    if event == b'x': raise ValueError('no')\n")
    create_function(fc, "other", "def handler(event, context): pass\n")
    put_config(fc, "main", max_async_retry_attempts=0)
    failed = invoke_async(fc, "main", b"x").headers["x-fc-request-id"]
    ids = [invoke_async(fc, "main").headers["x-fc-request-id"] for _ in range(20)]
    other = invoke_async(fc, "other").headers["x-fc-request-id"]
    local.settle()

    def shown(*arguments: str) -> list[str]:
        out = fc_async("local", "status", "--endpoint", local.url, "-o", "json", *arguments)[1]
        return [one["requestId"] for one in json.loads(out)["invocations"]]

    assert shown() == [other, *ids[:0:-1]]
    assert shown("--limit", "1") == [other]
    assert shown("--function", "other") == [other]
    assert shown("--failed") == [failed]
    assert fc_async("local", "status", "--endpoint", local.url, "--limit", "0")[0] == 2


def test_invocation_shows_one_whole(fc_async: Command, local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", "def handler(event, context):\n    raise ValueError('no\\x1b[2J')\n")
    create_function(fc, "after", "def handler(event, context): pass\n")
    arn = f"acs:fc:{local.region}:{local.account_id}:functions/after"
    put_config(fc, "main", max_async_retry_attempts=0, on_failure=arn)
    request_id = invoke_async(fc, "main", b"the event").headers["x-fc-request-id"]
    local.settle()
    code, out, err = fc_async("local", "invocation", request_id, "--endpoint", local.url)
    assert (code, err) == (0, "")
    expected = ("Failed", "the event", "ValueError: no\\x1b[2J", 'File "/code/index.py"', "after: Succeeded")
    for said in (request_id, *expected):
        assert said in out
    whole = json.loads(fc_async("local", "invocation", request_id, "-o", "json", "--endpoint", local.url)[1])
    out = fc_async("local", "invocation", whole["children"][0]["requestId"], "--endpoint", local.url)[1]
    assert f"a record of {request_id}" in out
    code, out, err = fc_async("local", "invocation", "1-2-3", "--endpoint", local.url)
    assert (code, out) == (1, "")
    assert "no invocation '1-2-3' is known here" in err
