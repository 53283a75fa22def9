"""replace_config: whatever the service does with a PUT, afterwards exactly the wanted config is there."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import pytest

from fc_async.config import AsyncInvokeConfig, DestinationConfig, with_defaults
from fc_async.errors import FcAsyncError, ReplaceIncomplete, ServiceError, TransportError
from fc_async.functions.replace import replace, restore_command

A = "acs:mns:cn-hangzhou:1234567890123456:/queues/a/messages"
B = "acs:mns:cn-hangzhou:1234567890123456:/queues/b/messages"


def config(
    on_success: str | None = None,
    on_failure: str | None = None,
    retries: int | None = None,
    age: int | None = None,
    task: bool | None = None,
) -> AsyncInvokeConfig:
    both = DestinationConfig(on_success=on_success, on_failure=on_failure)
    return AsyncInvokeConfig(
        destination_config=both if on_success or on_failure else None,
        max_async_retry_attempts=retries,
        max_async_event_age_in_seconds=age,
        async_task=task,
    )


class Service:
    """One function's config; merges as told, and fails as told: {number of the call: error}.

    What fails is not done, unless `arrives` has the number of the call.
    """

    def __init__(
        self,
        start: AsyncInvokeConfig | None,
        merges: str = "all",
        failures: Any = None,
        arrives: frozenset[int] = frozenset(),
    ) -> None:
        self.now = start
        self.calls: list[str] = []
        self._merges = merges
        self._failures = failures or {}
        self._arrives = arrives

    def _begin(self, name: str) -> None:
        self.calls.append(name)
        if len(self.calls) not in self._arrives:
            self._end()

    def _end(self) -> None:
        if len(self.calls) in self._failures:
            raise self._failures[len(self.calls)]

    def find_config(self, function: str, *, qualifier: str | None = None) -> AsyncInvokeConfig | None:
        assert (function, qualifier) == ("main", "prod")
        self._begin("GET")
        return self.now

    def put_config(
        self, function: str, config: AsyncInvokeConfig, *, qualifier: str | None = None
    ) -> AsyncInvokeConfig:
        assert (function, qualifier) == ("main", "prod")
        self._begin("PUT")
        old = self.now or AsyncInvokeConfig()
        if self._merges != "nothing":
            sent = {name for name in type(config).model_fields if getattr(config, name) is not None}
            changed = {name: getattr(config, name) for name in sent}
            if self._merges == "all" and "destination_config" in sent:
                changed["destination_config"] = _merged(old.destination_config, config.destination_config)
            config = old.model_copy(update=changed)
        self.now = config
        self._end()
        return config

    def delete_config(self, function: str, *, qualifier: str | None = None) -> None:
        assert (function, qualifier) == ("main", "prod")
        self._begin("DELETE")
        if self.now is None:
            raise ServiceError(404, "AsyncConfigNotExists")
        self.now = None
        self._end()


def _merged(old: DestinationConfig | None, new: DestinationConfig | None) -> DestinationConfig:
    old, new = old or DestinationConfig(), new or DestinationConfig()
    return DestinationConfig(on_success=new.on_success or old.on_success, on_failure=new.on_failure or old.on_failure)


def effective(found: AsyncInvokeConfig | None) -> tuple[Any, ...]:
    filled = with_defaults(found or AsyncInvokeConfig())
    both = filled.destination_config or DestinationConfig()
    return (
        both.on_success,
        both.on_failure,
        filled.max_async_retry_attempts,
        filled.max_async_event_age_in_seconds,
        filled.async_task,
    )


VARIANTS = [
    config(*parts)
    for parts in itertools.product((None, A), (None, A, B), (None, 0, 5), (None, 60), (None, False, True))
]


@pytest.mark.parametrize("merges", ["all", "top", "nothing"])
def test_afterwards_exactly_the_wanted_config_is_there(merges: str) -> None:
    for old, wanted in itertools.product([None, *VARIANTS[::7], VARIANTS[-1]], VARIANTS):
        service = Service(old, merges)
        answered = replace(service, "main", wanted, "prod")
        assert effective(service.now) == effective(wanted), (old, wanted)
        assert effective(answered) == effective(wanted)


@pytest.mark.parametrize(
    ("old", "wanted", "calls"),
    [
        (None, config(A, retries=0), ["GET", "PUT"]),
        (config(A, B), config(A, B, retries=1), ["GET", "PUT", "GET"]),
        (config(A, retries=0, age=60, task=True), config(A), ["GET", "PUT", "GET", "PUT"]),
        (config(A, B), config(A), ["GET", "PUT", "GET", "DELETE", "PUT"]),
    ],
)
def test_it_deletes_only_when_a_destination_must_go(
    old: AsyncInvokeConfig | None, wanted: AsyncInvokeConfig, calls: list[str]
) -> None:
    service = Service(old)
    replace(service, "main", wanted, "prod")
    assert service.calls == calls


OLD, WANTED = config(A, B, retries=0, age=60, task=True), config(A)
UNKNOWN = [ServiceError(500), TransportError("broke", sent=True), KeyboardInterrupt()]


def failed(
    failures: dict[int, BaseException],
    old: AsyncInvokeConfig = OLD,
    wanted: AsyncInvokeConfig = WANTED,
    merges: str = "all",
    arrives: frozenset[int] = frozenset(),
) -> tuple[Service, BaseException]:
    service = Service(old, merges, failures, arrives)
    with pytest.raises((FcAsyncError, KeyboardInterrupt)) as caught:
        replace(service, "main", wanted, "prod")
    assert caught.value.__context__ is None
    return service, caught.value


@pytest.mark.parametrize("error", [ServiceError(400), *UNKNOWN])
def test_a_new_config_that_cannot_be_put_gives_way_to_the_old_one(error: BaseException) -> None:
    service, raised = failed({5: error})
    assert raised is error
    assert service.now == OLD
    assert service.calls[3:] == ["DELETE", "PUT", "PUT", "GET"]


REPLACED = [
    (config(None, B, 2, 60, True), config(A, None, 0, 70, False)),
    (config(A, B, 2, 60, True), config(None, None, 0, 70, False)),
    (config(None, B), config(A, None, 0, 70, True)),
    (config(A, B, 0), config(None, A)),
    (config(None, B, 0, 60, True), config(None, None, task=False)),
]


@pytest.mark.parametrize("merges", ["all", "top", "nothing"])
@pytest.mark.parametrize("arrives", [True, False])
@pytest.mark.parametrize("error", [ServiceError(403), *UNKNOWN])
@pytest.mark.parametrize(("old", "wanted"), REPLACED)
def test_after_a_failed_delete_the_old_config_is_there_or_what_restores_it_is_told(
    old: AsyncInvokeConfig, wanted: AsyncInvokeConfig, error: BaseException, arrives: bool, merges: str
) -> None:
    start = Service(old, merges)
    replace(start, "main", wanted, "prod")
    if "DELETE" not in start.calls:
        return  # this service's PUT takes the destination away
    service, raised = failed({4: error}, old, wanted, merges, frozenset({4} if arrives else ()))
    if raised is error:
        assert effective(service.now) == effective(old)
        return
    assert isinstance(raised, ReplaceIncomplete)
    assert raised.__cause__ is error
    assert "no async config" not in str(raised)
    assert effective(service.now) != effective(old)
    assert raised.old_config == old
    delete, put = raised.command.split(" ; ")
    assert delete == "fc-async config delete main@prod --yes"
    assert put == restore_command("main", with_defaults(old), "prod")


def test_a_delete_that_is_refused_leaves_nothing_of_the_new_config() -> None:
    error = ServiceError(403, "AccessDenied")
    service, raised = failed({4: error}, wanted=config(A, retries=5, age=70, task=False))
    assert raised is error
    assert service.now == OLD


def test_what_the_old_config_left_open_is_put_back_as_the_default() -> None:
    error = ServiceError(403, "AccessDenied")
    service, raised = failed({4: error}, config(A, B), config(A, None, 0, 70, True))
    assert raised is error
    assert service.now == with_defaults(config(A, B))


@pytest.mark.parametrize("error", UNKNOWN)
def test_a_new_config_that_may_be_there_is_taken_away_by_the_command(error: BaseException) -> None:
    service, raised = failed({5: error, 6: ServiceError(500)}, arrives=frozenset({5}))
    assert isinstance(raised, ReplaceIncomplete)
    assert service.now is not None
    assert raised.command.startswith("fc-async config delete main@prod --yes ; fc-async config set ")
    assert "no async config" not in str(raised)


def test_a_config_that_was_deleted_meanwhile_is_put_all_the_same() -> None:
    service = Service(OLD, failures={4: ServiceError(404, "AsyncConfigNotExists")})
    replace(service, "main", WANTED, "prod")
    assert service.calls[3:] == ["DELETE", "PUT"]


def test_when_nothing_can_be_put_the_old_config_and_the_command_that_restores_it_are_told() -> None:
    service, raised = failed({5: ServiceError(400), 6: ServiceError(500)})
    assert isinstance(raised, ReplaceIncomplete)
    assert raised.old_config == OLD
    assert "has no async config now" in str(raised)
    assert raised.command == (
        f"fc-async config set main@prod --on-success {A} --on-failure {B} --max-retries 0 --max-age 60 --async-task"
    )
    assert raised.command in str(raised)
    assert service.now is None


def test_the_command_names_the_defaults_of_what_the_old_config_left_open() -> None:
    _, raised = failed({5: ServiceError(400), 6: ServiceError(500)}, config(A, B))
    assert isinstance(raised, ReplaceIncomplete)
    assert raised.command.endswith(" --max-retries 3 --max-age 86400 --no-async-task")
    copy = pickle.loads(pickle.dumps(raised))  # noqa: S301 - our own
    assert (str(copy), copy.command) == (str(raised), raised.command)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_failure_before_anything_is_deleted_ends_it(call: int) -> None:
    service, _ = failed({call: ServiceError(403)})
    assert len(service.calls) == call


def test_the_command_is_quoted_for_a_shell_and_names_only_what_is_set() -> None:
    odd = "acs:eventbridge:cn-hangzhou:1:eventbus/x;rm$IFS-rf"
    assert restore_command("main", config(on_failure=odd, task=False), None, ("--region=cn-beijing",)) == (
        f"fc-async config set main --on-failure '{odd}' --no-async-task --region=cn-beijing"
    )
