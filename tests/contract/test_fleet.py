"""A fleet is planned and applied: afterwards it is what the document says, and every summary is true."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fc_async import (
    ApplyInterrupted,
    AsyncInvokeConfig,
    DestinationConfig,
    Fleet,
    FunctionsClient,
    MnsAccount,
    PlanMoved,
    ServiceError,
    apply,
    plan,
    read_document,
)
from fc_async.cli.root import run
from fc_async.config import is_same
from fc_async.deploy.fleet import FleetFunction
from fc_async.deploy.live import live_fleet
from fc_async.deploy.plan_file import read_plan, to_json, write_plan
from fc_async.local import LocalServer
from fc_async.settings.endpoint import Endpoint
from fc_async.settings.settings import Settings
from tests.contract.fc_sdk import create_alias, create_function, fc_client

HANDLER = "def handler(event, context):\n    pass\n"
NAMES = ("orders", "billing")
QUALIFIERS = (None, "prod")
DOCUMENT = """\
version: 1
functions:
  orders:
    on_failure: queue:dead
    max_retries: 0
    qualifiers:
      prod: {on_failure: queue:dead, on_success: topic:done, max_age: 6h}
queues:
  dead: {delay_seconds: 1}
topics:
  done:
    subscriptions:
      copy: {queue: dead, tag: urgent}
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalServer]:
    with LocalServer(workers=0) as local:
        yield with_functions(local)


@pytest.fixture
def fresh() -> Iterator[LocalServer]:
    with LocalServer(workers=0) as local:
        yield with_functions(local)


def with_functions(local: LocalServer) -> LocalServer:
    fc = fc_client(local)
    for name in NAMES:
        create_function(fc, name, HANDLER)
        create_alias(fc, name, "prod")
    return local


@pytest.fixture
def document(tmp_path: Path) -> Callable[[str], Fleet]:
    def read(text: str) -> Fleet:
        (tmp_path / "fc-async.yaml").write_text(text)
        return read_document(tmp_path / "fc-async.yaml")

    return read


@pytest.fixture
def clients(fresh: LocalServer) -> Iterator[tuple[FunctionsClient, MnsAccount]]:
    with FunctionsClient(endpoint=fresh.url) as functions, MnsAccount(endpoint=fresh.url) as mns:
        yield functions, mns


DESTINATIONS = st.sampled_from([None, "queue:dead", "queue:other", "topic:done", "function:billing@prod"])


@st.composite
def configs(draw: st.DrawFn) -> AsyncInvokeConfig:
    halves = {"on_success": draw(DESTINATIONS), "on_failure": draw(DESTINATIONS)}
    return AsyncInvokeConfig(
        destination_config=DestinationConfig(**halves) if any(halves.values()) else None,
        max_async_event_age_in_seconds=draw(st.sampled_from([None, 1, 60, 86400])),
        max_async_retry_attempts=draw(st.sampled_from([None, 0, 2, 3])),
        async_task=draw(st.sampled_from([None, False, True])),
    )


FLEETS = st.lists(
    st.dictionaries(st.sampled_from(QUALIFIERS), configs()), min_size=len(NAMES), max_size=len(NAMES)
).map(lambda found: Fleet(tuple(FleetFunction(name, of) for name, of in zip(NAMES, found, strict=True))))

MERGES = [
    {},
    {"put_merges": False},
    {"put_merges_inside_destination": True},
    {"empty_destination_config_clears": False},
    {"put_merges_inside_destination": True, "empty_destination_config_clears": False},
    {"empty_destination_refused": False},
]


def holds(functions: FunctionsClient, fleet: Fleet) -> bool:
    wanted = {(one.name, of): config for one in fleet.functions for of, config in one.configs.items()}
    nothing = AsyncInvokeConfig()
    return all(
        is_same(
            functions.find_config(name, qualifier=of) or nothing,
            wanted.get((name, of), nothing).resolved("cn-hangzhou", "1234567890123456"),
        )
        for name in NAMES
        for of in QUALIFIERS
    )


@pytest.mark.parametrize("assumed", MERGES, ids=lambda one: "-".join(one) or "default")
def test_two_documents_after_each_other_leave_exactly_the_second(assumed: dict[str, bool]) -> None:
    with (
        LocalServer(workers=0, assume=assumed) as local,
        FunctionsClient(endpoint=with_functions(local).url) as functions,
    ):

        @settings(max_examples=max(3, settings().max_examples // 10))
        @given(FLEETS, FLEETS)
        def check(first: Fleet, second: Fleet) -> None:
            for fleet in (first, second):
                summary = apply(plan(fleet, functions, prune=True), functions)
                assert not summary.failed
                assert not summary.not_reached
                assert holds(functions, fleet)
            assert plan(second, functions, prune=True).changes == ()

        check()


def test_what_is_missing_is_made_before_what_names_it(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, mns = clients
    wanted = document(DOCUMENT)
    made: list[str] = []
    found = plan(wanted, functions, mns)
    summary = apply(found, functions, mns, on_progress=lambda change, _: made.append(change.kind))
    assert summary.done == found.changes
    assert made == sorted(made, key={"queue": 0, "topic": 0, "subscription": 1, "config": 2}.__getitem__)
    with mns.queue("dead") as queue:
        attributes = queue.get_attributes()
    assert (attributes.message_retention_period, attributes.maximum_message_size) == (604800, 65536)
    assert attributes.delay_seconds == 1
    with mns.topic("done") as topic:
        assert [one.filter_tag for one in topic.iter_subscriptions()] == ["urgent"]
    assert plan(wanted, functions, mns).changes == ()


def test_a_qualifier_that_is_not_named_is_left_alone_unless_pruned(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, _ = clients
    functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=1), qualifier="prod")
    functions.put_config("billing", AsyncInvokeConfig(max_async_retry_attempts=1))
    wanted = document("version: 1\nfunctions:\n  orders: {}\n")
    found = plan(wanted, functions)
    assert found.changes == ()
    assert found.notes == ("orders@prod is not in the file: left alone (--prune deletes its config)",)
    (pruned,) = plan(wanted, functions, prune=True).changes
    assert (pruned.action, pruned.qualifier) == ("delete", "prod")
    apply(plan(wanted, functions, prune=True), functions)
    assert functions.find_config("orders", qualifier="prod") is None
    assert functions.find_config("billing") is not None


def test_a_default_that_is_written_out_is_put_and_never_deletes_the_config(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, _ = clients
    wanted = document("version: 1\nfunctions:\n  orders: {max_retries: 3}\n")
    assert plan(wanted, functions).changes == ()  # none is there: the default holds already
    functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=1))
    (change,) = plan(wanted, functions).changes
    assert (change.action, dict(change.fields)) == ("update", {"max_retries": (1, 3)})
    apply(plan(wanted, functions), functions)
    assert functions.get_config("orders").max_async_retry_attempts == 3


def test_missing_destinations_are_made_where_that_is_asked(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, mns = clients
    wanted = document("version: 1\nfunctions:\n  orders: {on_failure: 'queue:dead', on_success: 'topic:done'}\n")
    assert [one.kind for one in plan(wanted, functions, mns).changes] == ["config"]
    found = plan(wanted, functions, mns, create_destinations=True)
    assert [one.kind for one in found.changes] == ["queue", "topic", "config"]
    assert not apply(found, functions, mns).failed


def test_a_changed_subscription_and_a_changed_attribute_are_brought_over(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, mns = clients
    apply(plan(document(DOCUMENT), functions, mns), functions, mns)
    later = document(DOCUMENT.replace("urgent", "late").replace("delay_seconds: 1", "delay_seconds: 0"))
    found = plan(later, functions, mns)
    assert {one.title: dict(one.fields) for one in found.changes} == {
        "queue dead": {"delay_seconds": (1, 0)},
        "subscription done/copy": {"tag": ("urgent", "late")},
    }
    assert not apply(found, functions, mns).failed
    assert plan(later, functions, mns).changes == ()


def test_a_saved_plan_is_applied_exactly_and_again_without_harm(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet], tmp_path: Path
) -> None:
    functions, mns = clients
    found = plan(document(DOCUMENT), functions, mns)
    write_plan(found, tmp_path / "plan.json")
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o600
    saved = read_plan(tmp_path / "plan.json")
    assert to_json(saved) == to_json(found)
    for _ in range(2):
        assert len(apply(saved, functions, mns).done) == len(found.changes)


def test_a_plan_is_refused_whole_where_what_is_live_has_moved(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, mns = clients
    found = plan(document(DOCUMENT), functions, mns)
    functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=7))
    with pytest.raises(PlanMoved, match="changed since the plan was made: orders;"):
        apply(found, functions, mns)
    assert list(mns.iter_queues()) == []
    assert functions.get_config("orders").max_async_retry_attempts == 7


def test_a_plan_of_another_place_is_refused(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet], shared: LocalServer
) -> None:
    found = plan(document("version: 1\nfunctions:\n  orders: {max_retries: 1}\n"), clients[0])
    with FunctionsClient(endpoint=shared.url) as other, pytest.raises(PlanMoved, match="the plan is for local"):
        apply(found, other)


class Refusing(FunctionsClient):
    """A client to which the service refuses what is asked about one function."""

    refused = "billing"
    reads_too = False

    def replace_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        if function == self.refused:
            raise ServiceError(403, "AccessDenied")
        return super().replace_config(function, config, qualifier=qualifier)

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        if self.reads_too and function == self.refused:
            raise ServiceError(403, "AccessDenied")
        return super().iter_configs(function)


BOTH = "version: 1\nfunctions:\n  billing: {max_retries: 1}\n  orders: {max_retries: 1}\n"


def test_a_read_that_is_refused_stops_the_plan(fresh: LocalServer, document: Callable[[str], Fleet]) -> None:
    with Refusing(endpoint=fresh.url) as functions:
        functions.reads_too = True
        with pytest.raises(ServiceError, match="403"):
            plan(document(BOTH), functions)


def test_one_refused_function_of_many_costs_only_itself_and_a_second_apply_finishes(
    fresh: LocalServer, document: Callable[[str], Fleet]
) -> None:
    wanted = document(BOTH)
    with Refusing(endpoint=fresh.url) as functions:
        summary = apply(plan(wanted, functions), functions, on_error="continue")
        assert [one.function for one in summary.done] == ["orders"]
        assert [(one.function, str(error.args[0])) for one, error in summary.failed] == [("billing", "403")]
        functions.refused = ""
        assert [one.function for one in apply(plan(wanted, functions), functions).done] == ["billing"]
        assert plan(wanted, functions).changes == ()


def test_after_a_failure_what_had_not_begun_is_not_reached(
    fresh: LocalServer, document: Callable[[str], Fleet]
) -> None:
    text = "version: 1\nfunctions:\n" + "".join(f"  f{at}: {{max_retries: 1}}\n" for at in range(60))
    with FunctionsClient(endpoint=fresh.url) as functions:  # none of these functions exists: each is refused
        found = plan(document(text), functions)
        summary = apply(found, functions)
    assert summary.done == ()
    assert 1 <= len(summary.failed) <= 32
    assert len(summary.failed) + len(summary.not_reached) == 60


def test_throttled_throughout_everything_is_told_as_failed_or_not_reached(
    fresh: LocalServer, document: Callable[[str], Fleet]
) -> None:
    with FunctionsClient(endpoint=fresh.url, sleep=lambda _: None) as functions:
        found = plan(document(BOTH), functions)
        with fresh_fault(fresh, {"action": "ListAsyncInvokeConfigs", "status": 429, "code": "ResourceThrottled"}):
            for read in (lambda: plan(document(BOTH), functions), lambda: apply(found, functions)):
                with pytest.raises(ServiceError, match="429"):
                    read()
        assert live_fleet(functions, None, ["billing", "orders"]).functions[0].configs == {}
        with fresh_fault(fresh, {"action": "PutAsyncInvokeConfig", "status": 429, "code": "ResourceThrottled"}):
            summary = apply(found, functions, on_error="continue")
        assert len(summary.failed) == 2
        assert all(isinstance(error, ServiceError) and error.status == 429 for _, error in summary.failed)
        assert len(apply(found, functions).done) == 2


def test_a_config_that_someone_deletes_meanwhile_is_deleted(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, _ = clients
    functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=1))
    found = plan(document("version: 1\nfunctions:\n  orders: {}\n"), functions)
    functions.delete_config("orders")
    assert apply(found, functions).done == found.changes


class TooLate(FunctionsClient):
    """A client that someone is quicker than: what it deletes is gone just before, and one function does not exist."""

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        super().delete_config(function, qualifier=qualifier)
        super().delete_config(function, qualifier=qualifier)

    def iter_configs(self, function: str | None = None) -> Iterator[AsyncInvokeConfig]:
        if function == "gone":
            raise ServiceError(404, "FunctionNotFound")
        return super().iter_configs(function)


def test_a_config_that_goes_while_it_is_deleted_is_deleted(
    fresh: LocalServer, document: Callable[[str], Fleet]
) -> None:
    with TooLate(endpoint=fresh.url) as functions:
        functions.put_config("orders", AsyncInvokeConfig(max_async_retry_attempts=1))
        found = plan(document("version: 1\nfunctions:\n  orders: {}\n"), functions)
        assert apply(found, functions).done == found.changes


def test_a_function_that_does_not_exist_has_no_config(fresh: LocalServer, document: Callable[[str], Fleet]) -> None:
    with TooLate(endpoint=fresh.url) as functions:
        (change,) = plan(document("version: 1\nfunctions:\n  gone: {max_retries: 1}\n"), functions).changes
        assert (change.action, change.before) == ("create", None)


def test_two_applies_at_once_both_end_at_the_document(
    clients: tuple[FunctionsClient, MnsAccount], document: Callable[[str], Fleet]
) -> None:
    functions, mns = clients
    wanted = document(DOCUMENT)
    found = plan(wanted, functions, mns)
    summaries: list[Any] = []
    threads = [threading.Thread(target=lambda: summaries.append(apply(found, functions, mns))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(not one.failed for one in summaries)
    assert plan(wanted, functions, mns).changes == ()


class Interrupted(FunctionsClient):
    """A client whose user presses Ctrl-C while the first config is put; the main thread hears of it."""

    def replace_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        if function == "orders":
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        return super().replace_config(function, config, qualifier=qualifier)


def test_an_interrupted_apply_tells_what_it_did(fresh: LocalServer, document: Callable[[str], Fleet]) -> None:
    text = "version: 1\nfunctions:\n  orders: {max_retries: 1}\n" + "".join(f"  f{at}: {{}}\n" for at in range(3))
    with Interrupted(endpoint=fresh.url) as functions:
        with pytest.raises(ApplyInterrupted) as caught:
            apply(plan(document(text), functions), functions)
        assert [one.function for one in caught.value.summary.done] == ["orders"]
        assert functions.get_config("orders").max_async_retry_attempts == 1


def test_the_commands_plan_apply_and_find_nothing_left(
    fresh: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", fresh.url)
    file, saved = str(tmp_path / "fc-async.yaml"), str(tmp_path / "plan.json")
    (tmp_path / "fc-async.yaml").write_text(DOCUMENT)

    def call(*arguments: str) -> tuple[Any, str, str]:
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    code, out, _ = call("plan", file, "--detailed-exitcode", "--out", saved, "-o", "json")
    assert code == 3
    changes = json.loads(out)["changes"]
    assert changes[-1] == {
        "kind": "config",
        "function": "orders",
        "qualifier": "prod",
        "action": "create",
        "fields": {
            "on_failure": [None, "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"],
            "on_success": [None, "acs:mns:cn-hangzhou:1234567890123456:/topics/done/messages"],
            "max_age": [86400, 21600],
        },
    }
    assert call("plan", file)[1].replace(fresh.url, "URL") == GOLDEN
    assert call("apply", saved)[0] == 2  # there is no terminal to ask on
    assert call("apply", saved, "--yes", "--prune")[0] == 2
    code, out, err = call("apply", saved, "--yes", "-o", "json")
    assert (code, err.splitlines()[:2]) == (0, [f"local {fresh.url}", "+ queue dead"])
    assert json.loads(out) == {"done": changes, "failed": [], "notReached": []}
    assert call("plan", file, "--detailed-exitcode")[:2] == (0, f"no changes: local {fresh.url} is as the file says\n")
    (tmp_path / "fc-async.yaml").write_text("version: 1\nfunctions:\n  nobody: {max_retries: 1}\n")
    code, out, _ = call("apply", file, "--yes")
    assert code == 1
    assert "1 failed" in out


GOLDEN = """\
+ queue dead
    message_retention_period  604800 s (7d)
    maximum_message_size      65536
    delay_seconds             1 s
+ topic done
+ subscription done/copy
    queue     dead
    format    JSON
    strategy  BACKOFF_RETRY
    tag       urgent
+ orders
    on_failure   queue:dead
    max_retries  0
+ orders@prod
    on_failure  queue:dead
    on_success  topic:done
    max_age     21600 s (6h)
local URL: 5 to create
"""


class fresh_fault:  # noqa: N801 - a context, as `pytest.raises`
    """A fault of the local service, for as long as the block runs."""

    def __init__(self, local: LocalServer, fault: dict[str, Any]) -> None:
        self._url, self._fault = f"{local.url}/_local/faults", fault

    def __enter__(self) -> None:
        self._call("POST", json.dumps({**self._fault, "times": 1000}).encode())

    def __exit__(self, *_: object) -> None:
        self._call("DELETE", None)

    def _call(self, method: str, body: bytes | None) -> None:
        from urllib.request import Request, urlopen

        headers = {"Content-Type": "application/json"}
        with urlopen(Request(self._url, body, headers, method=method), timeout=60):
            pass


@pytest.mark.slow
def test_300_functions_of_3_qualifiers_are_read_changed_and_then_as_the_document_says(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(300)]
    with LocalServer(workers=0) as local, FunctionsClient(endpoint=local.url) as functions:
        fc = fc_client(local)
        for name in names:
            create_function(fc, name, HANDLER)
            for alias in ("blue", "prod"):
                create_alias(fc, name, alias)
            functions.put_config(name, AsyncInvokeConfig(max_async_retry_attempts=1), qualifier="prod")
        one = "{max_retries: 2, qualifiers: {blue: {max_age: 6h}, prod: {max_retries: 0, async_task: true}}}"
        (tmp_path / "fc-async.yaml").write_text(
            "version: 1\nfunctions:\n" + "".join(f"  {name}: {one}\n" for name in names)
        )
        wanted = read_document(tmp_path / "fc-async.yaml")
        before = live_fleet(functions, None)
        assert [len(function.configs) for function in before.functions] == [1] * 300
        found = plan(wanted, functions)
        assert sum(change.action == "update" for change in found.changes) == 300
        assert len(apply(found, functions).done) == 900
        assert plan(wanted, functions).changes == ()
        assert {len(function.configs) for function in live_fleet(functions, None).functions} == {3}


class InTheCloud(FunctionsClient):
    """A client that calls a local service and believes it is in the cloud; its account is known once it was asked."""

    asked = 0

    @property
    def account_id(self) -> str:
        self.asked += 1
        return "1234567890123456"

    @property
    def settings(self) -> Settings:
        found = super().settings
        endpoint = Endpoint("https", "fcv3.cn-hangzhou.aliyuncs.com", None, found.endpoint.source)
        return replace(found, endpoint=endpoint, account_id=found.account_id if self.asked else None)


def test_a_client_that_does_not_know_its_account_asks_before_it_plans_and_applies(
    fresh: LocalServer, document: Callable[[str], Fleet]
) -> None:
    wanted = document("version: 1\nfunctions:\n  orders: {max_retries: 1}\n")
    with InTheCloud(endpoint=fresh.url) as first, InTheCloud(endpoint=fresh.url) as second:
        found = plan(wanted, first)
        assert (found.place, found.home) == ("1234567890123456/cn-hangzhou", ("cn-hangzhou", "1234567890123456"))
        assert apply(found, second).done == found.changes
