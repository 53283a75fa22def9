"""The commands plan and apply when something goes wrong on the way: what they say is what happened."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from alibabacloud_fc20230330 import models

from fc_async import AsyncInvokeConfig, FunctionsClient, MnsAccount
from fc_async.cli.root import run
from fc_async.local import LocalServer
from fc_async.local.up.status import add_fault
from tests.contract.fc_sdk import create_function, fc_client
from tests.peer import Peer, Received, Reply

ID = {"X-Fc-Request-Id": "1-a", "Content-Type": "application/json"}
NAMES = ("billing", "mails", "orders")
SEVEN_DAYS = 604800
SECRET = "hunter2"


@pytest.fixture
def local() -> Iterator[LocalServer]:
    with LocalServer(workers=0) as server:
        for name in NAMES:
            create_function(fc_client(server), name, "def handler(event, context):\n    pass\n")
        yield server


@pytest.fixture
def functions(local: LocalServer) -> Iterator[FunctionsClient]:
    with FunctionsClient(endpoint=local.url) as client:
        yield client


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def fc_async(
    local: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Called:
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(ended.value.code or 0), said.out, said.err

    return call


def write(text: str) -> None:
    Path("f.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")


def all_retry(times: int) -> str:
    return "functions:\n" + "".join(f"  {name}: {{max_retries: {times}}}\n" for name in NAMES)


def applied(out: str) -> tuple[list[str], list[str], list[str]]:
    """Return the names of what is done, failed and not reached."""
    found = json.loads(out)
    return tuple(  # type: ignore[return-value]
        [one.get("function") or one["name"] for one in found[key]] for key in ("done", "failed", "notReached")
    )


NAMING = """\
functions:
  orders: {on_failure: 'queue:dead', on_success: 'topic:done'}
  mails: {on_failure: 'acs:mns:cn-beijing:9:/queues/far/messages'}
topics:
  done: {subscriptions: {copy: {queue: copies}, far: {queue: 'acs:mns:cn-beijing:9:queues/far'}}}
"""


def test_missing_queues_and_topics_are_made_where_that_is_asked(local: LocalServer, fc_async: Called) -> None:
    write(NAMING)
    without = json.loads(fc_async("plan", "f.yaml", "-o", "json")[1])["changes"]
    assert {one["kind"] for one in without} == {"topic", "subscription", "config"}
    code, out, _ = fc_async("apply", "f.yaml", "--create-destinations", "--yes", "-o", "json")
    assert (code, applied(out)) == (0, (["dead", "copies", "done", "done/copy", "done/far", "orders", "mails"], [], []))
    with MnsAccount(endpoint=local.url) as mns:
        assert {
            one.queue_name: (one.message_retention_period, one.maximum_message_size) for one in mns.iter_queues()
        } == dict.fromkeys(("copies", "dead"), (SEVEN_DAYS, 65536))
    assert fc_async("plan", "f.yaml", "--create-destinations", "--detailed-exitcode")[0] == 0


def test_a_function_whose_queue_cannot_be_made_is_not_reached(local: LocalServer, fc_async: Called) -> None:
    write("functions:\n  orders: {on_failure: 'queue:dead'}\n  mails: {max_retries: 0}\n")
    add_fault(local.url, {"action": "CreateQueue", "times": 1, "status": 403, "code": "AccessDenied"})
    words = ("apply", "f.yaml", "--create-destinations", "--on-error", "continue", "--yes", "-o", "json")
    code, out, _ = fc_async(*words)
    assert (code, applied(out)) == (1, (["mails"], ["dead"], ["orders"]))
    code, out, _ = fc_async(*words)
    assert (code, applied(out)) == (0, (["dead", "orders"], [], []))


class Service:
    """Function Compute with configs of its own, which sends this process a signal while it answers the first PUT."""

    def __init__(self, number: signal.Signals) -> None:
        self._signals = [number]
        self._lock = threading.Lock()
        self.configs: dict[str, dict[str, Any]] = {}

    def answer(self, received: Received) -> bytes:
        path, _, query = received.target.partition("?")
        name = path.split("/")[3] if path.startswith("/2023-03-30/functions/") else ""
        arn = f"acs:fc:cn-hangzhou:1234567890123456:functions/{name}"
        if received.method == "PUT":
            with self._lock:
                self.configs[name] = {**json.loads(received.body), "functionArn": arn}
                if self._signals:
                    signal.pthread_kill(threading.main_thread().ident or 0, self._signals.pop())
            return json.dumps(self.configs[name]).encode()
        asked = dict(pair.partition("=")[::2] for pair in query.split("&"))
        if name:
            return json.dumps(self.configs.get(name, {})).encode()
        there = self.configs.get(unquote(asked.get("functionName", "")))
        return json.dumps({"configs": [] if there is None else [there]}).encode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_an_interrupted_apply_says_what_it_did_and_a_second_one_finishes(
    fc_async: Called, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    names = [f"f{at:02}" for at in range(40)]
    write("functions:\n" + "".join(f"  {name}: {{max_retries: 1}}\n" for name in names))
    service, before = Service(number), signal.getsignal(number)
    with Peer(Reply(body=service.answer, headers=ID)) as peer:
        monkeypatch.setenv("FC_ASYNC_ENDPOINT", peer.url)
        code, out, err = fc_async("apply", "f.yaml", "--yes", "-o", "json")
        done, failed, not_reached = applied(out)
        assert code == 128 + number
        assert err.rstrip("\n").splitlines()[-1] == "stopped; what had begun came to its end"  # click 8.1 adds a line
        assert (sorted(done), failed) == (sorted(service.configs), [])
        assert sorted(done + not_reached) == names
        assert signal.getsignal(number) is before
        code, out, _ = fc_async("apply", "f.yaml", "--yes", "-o", "json")
        assert (code, sorted(applied(out)[0])) == (0, not_reached)
        assert sorted(service.configs) == names


def test_an_interrupt_while_the_live_state_is_read_ends_the_reading_and_begins_nothing(
    fc_async: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"f{at:03}" for at in range(120)]
    write("functions:\n" + "".join(f"  {name}: {{max_retries: 1}}\n" for name in names))
    asked: list[str] = []
    before, lock = signal.getsignal(signal.SIGTERM), threading.Lock()

    def answer(received: Received) -> bytes:
        with lock:
            asked.append(received.method)
            if len(asked) == len(names) + 1:  # the plan has read them all, so this is what apply reads
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
                while signal.getsignal(signal.SIGTERM) is not before:  # put back as soon as it has come
                    threading.Event().wait(0.001)
        return b'{"configs": []}'

    with Peer(Reply(body=answer, headers=ID)) as peer:
        monkeypatch.setenv("FC_ASYNC_ENDPOINT", peer.url)
        code, out, _ = fc_async("apply", "f.yaml", "--yes", "-o", "json")
    assert (code, applied(out)) == (143, ([], [], names))
    assert set(asked) == {"GET"}
    assert len(asked) < 2 * len(names)


def test_a_plan_that_fails_half_way_says_so_and_writes_no_file(local: LocalServer, fc_async: Called) -> None:
    write(all_retry(1))
    add_fault(local.url, {"action": "ListAsyncInvokeConfigs", "after": 2, "status": 403, "code": "AccessDenied"})
    code, out, err = fc_async("plan", "f.yaml", "--out", "plan.json")
    assert (code, out) == (1, "")
    assert "403 AccessDenied" in err
    assert not Path("plan.json").exists()


def test_one_function_that_may_not_be_changed_costs_only_itself(local: LocalServer, fc_async: Called) -> None:
    write(all_retry(1))
    fault = {"action": "PutAsyncInvokeConfig", "resource": "mails", "times": 1, "status": 403, "code": "AccessDenied"}
    add_fault(local.url, fault)
    code, out, _ = fc_async("apply", "f.yaml", "--yes", "--on-error", "continue")
    assert code == 1
    assert out.splitlines()[0].startswith("failed: mails: ")
    assert out.splitlines()[1] == "2 done, 1 failed, 0 not reached; run it again to finish"
    assert fc_async("apply", "f.yaml", "--yes")[:2] == (0, "1 done, 0 failed, 0 not reached\n")


def test_a_saved_plan_is_refused_where_someone_deleted_the_config_meanwhile(
    functions: FunctionsClient, fc_async: Called
) -> None:
    functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=1))
    write("functions:\n  orders: {max_retries: 2}\n  mails: {max_retries: 2}\n")
    assert fc_async("plan", "f.yaml", "--out", "plan.json")[0] == 0
    functions.delete_config("orders")
    code, out, err = fc_async("apply", "plan.json", "--yes")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == "Error: changed since the plan was made: orders; nothing was applied, plan again"
    assert functions.find_config("mails") is None
    assert fc_async("apply", "f.yaml", "--yes")[:2] == (0, "2 done, 0 failed, 0 not reached\n")


def test_a_saved_plan_of_another_place_is_refused_before_it_is_shown(
    fc_async: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(all_retry(1))
    assert fc_async("plan", "f.yaml", "--out", "plan.json")[0] == 0
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", "http://127.0.0.1:9")
    code, out, err = fc_async("apply", "plan.json", "--yes")
    assert (code, out) == (1, "")
    assert err.startswith("Error: the plan is for local http://127.0.0.1:")


def test_16_functions_are_read_at_once_and_no_more(fc_async: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    write("functions:\n" + "".join(f"  f{at}: {{}}\n" for at in range(48)))
    together, lock, numbers = threading.Barrier(16), threading.Lock(), [0, 0]

    def answer(_: Received) -> bytes:
        with lock:
            numbers[0] += 1
            numbers[1] = max(numbers)
        together.wait(5)  # breaks where fewer than 16 come at once
        with lock:
            numbers[0] -= 1
        return b'{"configs": []}'

    with Peer(Reply(body=answer, headers=ID)) as peer:
        monkeypatch.setenv("FC_ASYNC_ENDPOINT", peer.url)
        assert fc_async("plan", "f.yaml")[0] == 0
    assert numbers == [0, 16]


def test_hostile_text_of_what_is_live_does_not_reach_the_terminal(local: LocalServer, fc_async: Called) -> None:
    arn = "acs:mns:cn-hangzhou:1234567890123456:/queues/\u202e\x1b[2J\n+ orders/messages"
    body = models.PutAsyncInvokeConfigInput().from_map({"destinationConfig": {"onFailure": {"destination": arn}}})
    fc_client(local).put_async_invoke_config("orders", models.PutAsyncInvokeConfigRequest(body=body))
    write("functions:\n  orders: {}\n")
    plain, as_json, applied = (
        fc_async(*words)
        for words in (("plan", "f.yaml"), ("plan", "f.yaml", "-o", "json"), ("apply", "f.yaml", "--yes"))
    )
    said = plain[1] + as_json[1] + applied[1] + applied[2]
    assert "2J" in said
    assert not set(said) & {"\u202e", "\x1b"}
    assert plain[1].splitlines()[0] == "- orders"
    assert len(plain[1].splitlines()) == 3


def test_a_hostile_qualifier_of_what_is_live_does_not_reach_the_terminal(
    fc_async: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = "acs:fc:cn-hangzhou:1234567890123456:functions/orders/\x1b[2J"
    answer = {"configs": [{"functionArn": arn, "maxAsyncRetryAttempts": 1}]}
    write("functions:\n  orders: {qualifiers: {prod: {}}}\n")
    with Peer(Reply(body=answer, headers=ID)) as peer:
        monkeypatch.setenv("FC_ASYNC_ENDPOINT", peer.url)
        for words in (("plan", "f.yaml"), ("plan", "f.yaml", "--prune")):
            lines = fc_async(*words)[1].splitlines()
            assert sum("[2J" in one for one in lines) == 1
            assert "\x1b" not in "".join(lines)


HOOK = f"topics:\n  done: {{subscriptions: {{hook: {{endpoint: 'http://127.0.0.1:9/{SECRET}?t={SECRET}'}}}}}}\n"


def test_a_subscribers_secret_is_shown_nowhere(local: LocalServer, fc_async: Called) -> None:
    write(HOOK)
    said = [fc_async("plan", "f.yaml", "--out", "plan.json"), fc_async("plan", "f.yaml", "-o", "json")]
    add_fault(local.url, {"action": "Subscribe", "times": 1, "status": 403, "code": "AccessDenied"})
    said += [fc_async("apply", "plan.json", "--yes", "-o", "json"), fc_async("apply", "plan.json", "--yes")]
    said += [fc_async("graph", "--live"), fc_async("export"), fc_async("check", "f.yaml", "--live")]
    write(HOOK.replace("?t=", "?s="))
    said += [fc_async("plan", "f.yaml"), fc_async("apply", "f.yaml", "--yes"), fc_async("graph", "f.yaml")]
    assert SECRET not in str(said)
    assert "http://127.0.0.1/… → http://127.0.0.1/… (another)" in said[-3][1]
    assert [code for code, _, _ in said] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]


def test_the_secrets_of_an_s_yaml_are_shown_nowhere(fc_async: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", SECRET)
    text = (
        "edition: 3.0.0\nresources:\n  main:\n    component: fc3\n    props:\n      functionName: orders\n"
        f"      environmentVariables: {{PASSWORD: {SECRET}}}\n"
        "      asyncInvokeConfig: {destinationConfig: {onFailure: {destination: GOES}}}\n"
    )
    Path("s.yaml").write_text(text.replace("GOES", "acs:mns:cn-hangzhou:1234567890123456:/queues/d/messages"))
    assert "queue:d" in fc_async("plan", "s.yaml")[1]
    Path("bad.yaml").write_text(text.replace("GOES", "'${env(HOOK)}'"))
    said = [fc_async(command, file) for file in ("s.yaml", "bad.yaml") for command in ("plan", "check", "graph")]
    assert SECRET not in str(said)


def test_a_plan_as_people_see_it(local: LocalServer, functions: FunctionsClient, fc_async: Called) -> None:
    write(GOLDEN_BEFORE)
    assert fc_async("apply", "f.yaml", "--create-destinations", "--yes")[0] == 0
    write(GOLDEN_AFTER)
    assert fc_async("plan", "f.yaml")[1].replace(local.url, "URL") == GOLDEN


GOLDEN_BEFORE = """\
functions:
  orders: {on_failure: 'queue:dead', on_success: 'function:billing', max_retries: 0, max_age: 90s}
  mails: {on_failure: 'queue:dead', async_task: true}
  billing: {qualifiers: {LATEST: {max_retries: 1}}}
topics:
  done: {subscriptions: {copy: {queue: dead, tag: urgent}}}
"""
GOLDEN_AFTER = """\
functions:
  orders: {on_failure: 'acs:mns:cn-beijing:1234567890123456:/queues/dead/messages', max_retries: 3, max_age: 2h}
  mails: {}
  billing: {qualifiers: {prod: {}}}
queues:
  dead: {message_retention_period: 1d}
topics:
  done: {subscriptions: {copy: {queue: dead}}}
"""
GOLDEN = """\
~ queue dead
    message_retention_period  604800 s (7d) → 86400 s (1d)
~ subscription done/copy
    tag  urgent → not set
    (it is removed and made again: what is published in between does not come)
~ orders
    on_failure   queue:dead
                 → acs:mns:cn-beijing:1234567890123456:/queues/dead/messages
    on_success   function:billing → nowhere
    max_retries  0 → 3
    max_age      90 s → 7200 s (2h)
    (for the time of one call it may have no destinations)
- mails
    on_failure  queue:dead
    async_task  on
  billing is not in the file: left alone (--prune deletes its config)
local URL: 3 to update, 1 to delete
"""


def test_a_live_destination_that_is_no_arn_can_be_planned_away(fc_async: Called, tmp_path: Path) -> None:
    (tmp_path / "fc-async.yaml").write_text("version: 1\nfunctions:\n  orders: {}\n")
    live = {
        "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/orders",
        "destinationConfig": {"onFailure": {"destination": "\x1bdead"}},
    }
    with Peer(Reply(200, {"configs": [live]}, headers=ID)) as peer:
        code, out, err = fc_async("--endpoint", peer.url, "plan", "fc-async.yaml")
    assert (code, err, out.splitlines()[1]) == (0, "", "    on_failure  \\x1bdead")
