"""Where the service is unknown the client must be right either way: its promises at every value of the assumptions."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fc_async import (
    Accepted,
    ArgumentError,
    AsyncInvokeConfig,
    DestinationConfig,
    FcAsyncError,
    ServiceError,
    SettingsError,
)
from fc_async.config import with_defaults
from tests.contract.account import Account, at_every, local_account, local_client, real_account, refused
from tests.contract.service import LocalService
from tests.lossy import Lossy


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """One account; `request.param` are the assumptions, empty on a real one."""
    if not request.param:
        plugins = request.config.pluginmanager
        terminal, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

        def say(line: str) -> None:
            with capture.global_and_fixture_disabled():
                terminal.ensure_newline()
                terminal.write_line(line)

        with real_account(say) as real:
            yield real
        return
    assuming: Callable[..., LocalService] = request.getfixturevalue("assuming")
    with local_account(assuming(**request.param).server) as local:
        yield local


MERGES = at_every(
    put_merges=[True, False], put_merges_inside_destination=[False, True], empty_destination_config_clears=[True, False]
)


def config(
    on_success: str | None, on_failure: str | None, retries: int | None, age: int | None, task: bool | None
) -> AsyncInvokeConfig:
    both = DestinationConfig(on_success=on_success, on_failure=on_failure)
    return AsyncInvokeConfig(
        destination_config=both if on_success or on_failure else None,
        max_async_retry_attempts=retries,
        max_async_event_age_in_seconds=age,
        async_task=task,
    )


STEPS = [
    config("queue:ok", "queue:dead", 0, 60, True),
    config(None, "queue:dead", None, None, None),
    config("queue:ok", None, 8, None, False),
    config(None, None, None, 1, None),
    config("queue:ok", "queue:other", None, None, True),
    config(None, None, None, None, None),
]


def effective(found: AsyncInvokeConfig | None) -> tuple[Any, ...]:
    """Return what holds for the function, whether the service names its defaults or not."""
    filled = with_defaults(found or AsyncInvokeConfig())
    both = filled.destination_config or DestinationConfig()
    return (
        both.on_success,
        both.on_failure,
        filled.max_async_retry_attempts,
        filled.max_async_event_age_in_seconds,
        filled.async_task,
    )


@MERGES
def test_after_replace_config_exactly_the_new_config_holds(account: Account) -> None:
    client = account.client
    name = account.create_function()
    for wanted in [wanted for pair in itertools.permutations(STEPS, 2) for wanted in pair]:
        answered = client.replace_config(name, wanted)
        resolved = wanted.resolved(client.settings.require_region(), client.account_id)
        assert effective(answered) == effective(resolved)
        assert effective(client.find_config(name)) == effective(resolved)


@MERGES
def test_put_config_answers_what_get_config_then_finds(account: Account) -> None:
    client = account.client
    name = account.create_function()
    for wanted in STEPS:
        assert effective(client.put_config(name, wanted)) == effective(client.get_config(name))


@MERGES
def test_what_put_config_names_is_there_afterwards(account: Account) -> None:
    client = account.client
    name = account.create_function()
    for wanted in STEPS:
        found = client.put_config(name, wanted)
        assert wanted.max_async_retry_attempts in (None, found.max_async_retry_attempts)
        assert wanted.max_async_event_age_in_seconds in (None, found.max_async_event_age_in_seconds)
        assert wanted.async_task in (None, found.async_task)


@MERGES
def test_a_deleted_config_is_gone_and_deleting_it_again_is_a_404(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, STEPS[0])
    client.delete_config(name)
    assert client.find_config(name) is None
    refused("AsyncConfigNotExists", lambda: client.get_config(name))
    refused("AsyncConfigNotExists", lambda: client.delete_config(name))


REGISTRATION = at_every(task_registration_delay_seconds=[0, 1, 4])


@REGISTRATION
@pytest.mark.parametrize(("payload", "status"), [("fine", "Succeeded"), ("failure", "Failed")])
def test_a_task_can_be_waited_for_right_after_its_acceptance(account: Account, payload: str, status: str) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True, max_async_retry_attempts=0))
    accepted = client.invoke_async(name, payload)
    task = client.wait_task(name, accepted.task_id or "", timeout_seconds=60)
    assert (task.status, task.request_id, task.is_over) == (status, accepted.request_id, True)
    assert task.task_id in {one.task_id for one in client.iter_tasks(name, status=status)}


@REGISTRATION
def test_a_task_id_of_ones_own_is_accepted_once_and_found(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True))
    first = client.invoke_async(name, "one", task_id="mine", deduplicated=True)
    assert first == Accepted(first.request_id, "mine")
    refused(409, lambda: client.invoke_async(name, "two", task_id="mine", deduplicated=True))
    assert client.wait_task(name, "mine", timeout_seconds=60).request_id == first.request_id


@at_every(task_registration_delay_seconds=[6])
def test_a_task_that_is_missing_for_longer_than_five_seconds_is_a_404(account: Account) -> None:
    if account.server is None:  # nobody knows how to make a real account so slow
        return
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True))
    accepted = client.invoke_async(name, "fine")
    refused("AsyncTaskNotFound", lambda: client.wait_task(name, accepted.task_id or "", timeout_seconds=60))


@at_every(
    duplicate_task_code=["AsyncTaskAlreadyExists", "StatefulAsyncInvocationAlreadyExists"],
    task_registration_delay_seconds=[0, 2],
)
@pytest.mark.parametrize("lost", [1, 2, 4])
def test_an_acceptance_whose_answer_is_lost_is_found_and_not_doubled(account: Account, lost: int) -> None:
    if account.server is None:  # answers of a real account cannot be lost on purpose
        return
    name = account.create_function()
    account.client.put_config(name, AsyncInvokeConfig(async_task=True))
    with Lossy(account.server.url, lost) as network, local_client(account.server, network.url) as client:
        accepted = client.invoke_async(name, "fine", task_id="mine", deduplicated=True)
        assert network.carried > lost
    tasks = list(account.client.iter_tasks(name))
    assert [(task.task_id, task.request_id) for task in tasks] == [("mine", accepted.request_id)]
    assert accepted == Accepted(accepted.request_id, "mine", repeated=True)


def outcome(call: Callable[[], Any]) -> Any:
    """Return what the call answers, or the error that it raises."""
    try:
        return call()
    except FcAsyncError as error:
        return error


@at_every(task_id_without_async_task=["ignored", "honoured", "rejected"])
def test_without_async_tasks_waiting_is_refused_unless_the_task_is_there(account: Account) -> None:
    client = account.client
    name = account.create_function()
    accepted = outcome(lambda: client.invoke_async(name, "fine", task_id="mine"))
    if isinstance(accepted, ServiceError):
        assert accepted.status == 400
        return
    waited = outcome(lambda: client.wait_task(name, accepted.task_id, timeout_seconds=60))
    if isinstance(waited, SettingsError):
        assert f"fc-async config set {name} --async-task" in str(waited)
    else:
        assert waited.status == "Succeeded"


@at_every(task_registration_delay_seconds=[0])
def test_a_delayed_task_can_be_stopped_before_it_runs_and_only_once(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True))
    client.invoke_async(name, "fine", task_id="late", delay_seconds=3600)
    client.stop_task(name, "late")
    assert client.wait_task(name, "late", timeout_seconds=60).status == "Stopped"
    refused(412, lambda: client.stop_task(name, "late"))
    refused("AsyncTaskNotFound", lambda: client.stop_task(name, "never"))


@at_every(task_registration_delay_seconds=[0])
def test_tasks_are_listed_by_every_filter(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True, max_async_retry_attempts=0))
    for task_id, payload in [("a-1", "fine"), ("a-2", "failure"), ("b-1", "fine")]:
        client.invoke_async(name, payload, task_id=task_id)
        client.wait_task(name, task_id, timeout_seconds=60)

    def ids(**filters: Any) -> list[str]:
        return [task.task_id for task in client.iter_tasks(name, **filters)]

    assert ids(sort_order_by_time="asc") == ["a-1", "a-2", "b-1"]
    assert ids(sort_order_by_time="desc") == ["b-1", "a-2", "a-1"]
    assert sorted(ids(prefix="a-")) == ["a-1", "a-2"]
    assert ids(status="Failed") == ["a-2"]
    started = client.get_task(name, "b-1").started_time or 0
    assert "b-1" in ids(started_time_begin=started, started_time_end=started + 1)
    assert ids(started_time_end=0) == []
    assert {task.task_payload for task in client.iter_tasks(name, include_payload=True)} == {"fine", "failure"}


@at_every(task_registration_delay_seconds=[0])
def test_many_invocations_are_accepted_each_once_under_a_client_that_threads_share(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.put_config(name, AsyncInvokeConfig(async_task=True))
    outcomes: list[list[Any]] = []
    threads = [
        threading.Thread(target=lambda: outcomes.append(client.invoke_many(name, range(10), concurrency=8)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = [one for each in outcomes for one in each]
    assert all(isinstance(one, Accepted) for one in accepted)
    assert len({one.request_id for one in accepted}) == 40


@at_every(task_registration_delay_seconds=[0])
def test_a_payload_over_the_limit_is_refused_here_and_by_the_service(account: Account) -> None:
    client = account.client
    name = account.create_function()
    client.invoke_async(name, b"x" * 131072)
    with pytest.raises(ArgumentError, match="131072"):
        client.invoke_async(name, b"x" * 131073)
