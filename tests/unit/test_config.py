from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionArn, QueueArn, TopicArn, UnknownArn
from fc_async.config import is_same, with_defaults
from fc_async.errors import ArgumentError

QUEUE = "acs:mns:cn-hangzhou:123:/queues/dead/messages"
WIRE = {
    "destinationConfig": {"onFailure": {"destination": QUEUE}},
    "maxAsyncEventAgeInSeconds": 21600,
    "maxAsyncRetryAttempts": 0,
    "asyncTask": True,
}


@pytest.mark.parametrize(
    "spelt",
    [
        WIRE,
        {
            "destination_config": {"on_failure": QUEUE},
            "max_async_event_age_in_seconds": 21600,
            "max_async_retry_attempts": 0,
            "async_task": True,
        },
        {
            "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
            "MaxAsyncEventAgeInSeconds": 21600,
            "MaxAsyncRetryAttempts": 0,
            "AsyncTask": True,
        },
        {**{key: value for key, value in WIRE.items() if "Retry" not in key}, "MaxAsyncRetryAttemps": 0},
        {**WIRE, "destinationConfig": {"onFailure": QUEUE}},
        {**WIRE, "destinationConfig": {"onFailure": {"destination": QUEUE}, "onSuccess": None}},
    ],
)
def test_every_spelling_is_read_and_the_wire_form_is_written(spelt: dict[str, Any]) -> None:
    config = AsyncInvokeConfig.model_validate(spelt)
    assert config.to_wire() == WIRE
    assert config == AsyncInvokeConfig(**WIRE)
    assert hash(config) == hash(AsyncInvokeConfig(**WIRE))


@pytest.mark.parametrize(
    "spelt",
    [
        {"maxAsyncRetryAttempts": 1, "max_async_retry_attempts": 1},
        {"MaxAsyncRetryAttempts": 1, "MaxAsyncRetryAttemps": 1},
        {"asyncTask": None, "AsyncTask": True},
        {"destinationConfig": {"onFailure": QUEUE, "OnFailure": QUEUE}},
        {"destinationConfig": {"onFailure": {"destination": QUEUE, "Destination": QUEUE}}},
    ],
)
def test_one_field_in_two_spellings_is_refused(spelt: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"two spellings|one key"):
        AsyncInvokeConfig.model_validate(spelt)


@pytest.mark.parametrize(
    "spelt",
    [
        {"qualifier": "x"},
        {"maxRetries": 1},
        {"destinationConfig": {"onError": QUEUE}},
        {"destinationConfig": {"onFailure": {"arn": QUEUE}}},
    ],
)
def test_an_unknown_key_is_refused(spelt: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Extra inputs|one key"):
        AsyncInvokeConfig.model_validate(spelt)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_async_retry_attempts", -1),
        ("max_async_retry_attempts", 9),
        ("max_async_retry_attempts", True),
        ("max_async_retry_attempts", "3"),
        ("max_async_event_age_in_seconds", 0),
        ("max_async_event_age_in_seconds", 604801),
        ("max_async_event_age_in_seconds", 1.0),
        ("max_async_event_age_in_seconds", timedelta(seconds=1.5)),
        ("max_async_event_age_in_seconds", timedelta(days=8)),
        ("async_task", 1),
        ("destination_config", "queue:q"),
    ],
)
def test_a_value_out_of_range_or_of_another_type_is_refused_by_field(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        AsyncInvokeConfig(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_async_retry_attempts", 0),
        ("max_async_retry_attempts", 8),
        ("max_async_event_age_in_seconds", 1),
        ("max_async_event_age_in_seconds", 604800),
        ("async_task", False),
    ],
)
def test_the_limits_themselves_and_zero_are_values(field: str, value: Any) -> None:
    assert list(AsyncInvokeConfig(**{field: value}).to_wire().values()) == [value]


@pytest.mark.parametrize("age", [21600, timedelta(hours=6), "6h", "360m", "21600s"])
def test_an_age_may_be_a_timedelta_or_a_text_with_a_unit(age: Any) -> None:
    assert AsyncInvokeConfig(max_async_event_age_in_seconds=age).to_wire() == {"maxAsyncEventAgeInSeconds": 21600}


RETRIES = "max_async_retry_attempts: expected a whole number from 0 to 8, got "
FIELDS = "destination_config, max_async_event_age_in_seconds, max_async_retry_attempts, async_task"
FORMS = "expected queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN (acs:...), got 'dead'"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DestinationConfig(on_failure="dead"), f"on_failure: {FORMS}"),
        (lambda: AsyncInvokeConfig(max_async_retry_attempts=9), f"{RETRIES}9"),
        (lambda: AsyncInvokeConfig(maxAsyncRetryAttempts="3"), f"{RETRIES}'3'"),
        (lambda: AsyncInvokeConfig(max_async_retry_attempts=10**5000), f"{RETRIES}int"),
        (
            lambda: AsyncInvokeConfig(max_async_retry_atempts=1),
            f"expected a field among {FIELDS}, got 'max_async_retry_atempts'; did you mean max_async_retry_attempts?",
        ),
        (
            lambda: AsyncInvokeConfig(maxAsyncRetriAttempts=1),
            f"expected a field among {FIELDS}, got 'maxAsyncRetriAttempts'; did you mean max_async_retry_attempts?",
        ),
        (lambda: AsyncInvokeConfig(qualifier="prod"), f"expected a field among {FIELDS}, got 'qualifier'"),
        (
            lambda: DestinationConfig(on_falure="queue:dead"),
            "expected a field among on_success, on_failure, got 'on_falure'; did you mean on_failure?",
        ),
        (
            lambda: AsyncInvokeConfig(destination_config={"on_falure": "queue:dead"}),
            "destination_config: expected a field among on_success, on_failure, got 'on_falure';"
            " did you mean on_failure?",
        ),
        (
            lambda: AsyncInvokeConfig(destinationConfig={"onFailure": "dead"}),
            f"destination_config.on_failure: {FORMS}",
        ),
        (
            lambda: AsyncInvokeConfig(destination_config="queue:dead"),
            "destination_config: expected a DestinationConfig (on_success, on_failure), got 'queue:dead'",
        ),
        (lambda: AsyncInvokeConfig(async_task=1), "async_task: expected True or False, got 1"),
        (
            lambda: AsyncInvokeConfig(max_async_event_age_in_seconds="8d"),
            "max_async_event_age_in_seconds: expected a whole number from 1 to 604800 (seconds), a timedelta or a text"
            " as 6h, got 691200",
        ),
    ],
)
def test_what_is_wrong_with_a_config_is_an_argument_error_of_one_sentence(make: Any, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value) == said
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_inside_a_model_of_the_users_pydantic_reports_a_config_as_it_reports_that_models_own_fields() -> None:
    class Deployment(BaseModel):
        config: AsyncInvokeConfig
        replicas: int

    with pytest.raises(ValidationError) as caught:
        Deployment.model_validate(
            {"config": {"maxAsyncRetryAttempts": 9, "destinationConfig": {"onFailure": "dead"}}, "replicas": "many"}
        )
    assert [".".join(map(str, one["loc"])) for one in caught.value.errors()] == [
        "config.destination_config.on_failure",
        "config.max_async_retry_attempts",
        "replicas",
    ]


def test_none_is_left_alone_and_an_empty_destination_config_is_sent() -> None:
    assert AsyncInvokeConfig().to_wire() == {}
    assert AsyncInvokeConfig(destination_config=DestinationConfig()).to_wire() == {"destinationConfig": {}}
    assert DestinationConfig(on_success=QUEUE).to_wire() == {"onSuccess": {"destination": QUEUE}}


@pytest.mark.parametrize(
    "value",
    ["", "queue", "acs:mns:cn:1:queues/q", {"destination": ""}, {"destination": None}, {}, 5, [], "queue:" + "q" * 600,
     "acs:mns:::/queues/a b/messages"],
)  # fmt: skip
def test_a_destination_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        DestinationConfig(on_failure=value)


def test_a_short_form_is_an_arn_that_resolved_fills_in() -> None:
    config = AsyncInvokeConfig(
        destination_config=DestinationConfig(on_failure="queue:dead", on_success=QueueArn("ok", "eu"))
    )
    assert config.destination_config is not None
    assert config.destination_config.on_failure == QueueArn("dead")
    filled = config.resolved("cn-hangzhou", "123")
    assert filled.to_wire()["destinationConfig"] == {
        "onSuccess": {"destination": "acs:mns:eu:123:/queues/ok/messages"},
        "onFailure": {"destination": QUEUE},
    }
    assert AsyncInvokeConfig().resolved("r", "1") == AsyncInvokeConfig()


def test_what_the_service_answers_fills_the_read_only_fields_which_are_never_sent_nor_compared() -> None:
    answer = {
        **WIRE,
        "functionArn": "acs:fc:cn:1:functions/f/prod",
        "createdTime": "2020-09-10T02:45:02Z",
        "lastModifiedTime": None,
        "new": 1,
    }
    config = AsyncInvokeConfig.from_wire(answer)
    assert config.function == FunctionArn("f", "cn", "1", "prod")
    assert config.last_modified_time is None
    assert config.created_time == datetime(2020, 9, 10, 2, 45, 2, tzinfo=timezone.utc)
    assert config.to_wire() == WIRE
    assert config == AsyncInvokeConfig(**WIRE)


def test_an_answer_with_nulls_empty_halves_or_the_documentations_own_samples_is_read() -> None:
    answer = {
        "destinationConfig": {"onSuccess": None, "onFailure": {}},
        "maxAsyncRetryAttempts": None,
        "functionArn": "acs:fc:cn-shanghai:1234/functions/my-func",
        "createdTime": "2006-01-02T15:04:05Z07:00",
    }
    config = AsyncInvokeConfig.from_wire(answer)
    assert config.destination_config == DestinationConfig()
    assert config.function is None
    assert config.created_time is None


@pytest.mark.parametrize(
    ("answer", "wire"),
    [
        ({"destinationConfig": {"onFailure": {"destination": QUEUE, "new": 1}, "onError": {}}},
         {"destinationConfig": {"onFailure": {"destination": QUEUE}}}),
        ({"destinationConfig": {"onFailure": {"destination": ""}, "onSuccess": ""}}, {"destinationConfig": {}}),
        ({"destinationConfig": {"onFailure": {"destination": 5}, "onSuccess": []}}, {"destinationConfig": {}}),
        ({"destinationConfig": {"onFailure": {"destination": "no arn"}}},
         {"destinationConfig": {"onFailure": {"destination": "no arn"}}}),
        ({"maxAsyncEventAgeInSeconds": 10**9, "maxAsyncRetryAttempts": 99},
         {"maxAsyncEventAgeInSeconds": 10**9, "maxAsyncRetryAttempts": 99}),
        ({"functionArn": 5, "createdTime": {}, "lastModifiedTime": []}, {}),
    ],
)  # fmt: skip
def test_no_answer_is_refused_for_what_it_holds(answer: dict[str, Any], wire: dict[str, Any]) -> None:
    config = AsyncInvokeConfig.from_wire(answer)
    assert config.to_wire() == wire
    assert config.resolved("cn-hangzhou", "123").to_wire() == wire


@pytest.mark.parametrize(
    "answer",
    [
        {"destinationConfig": "x"},
        {"maxAsyncEventAgeInSeconds": "60"},
        {"maxAsyncEventAgeInSeconds": 1.5},
        {"maxAsyncRetryAttempts": True},
        {"maxAsyncRetryAttempts": []},
        {"asyncTask": 1},
        {"asyncTask": "yes"},
    ],
)
def test_an_answer_with_a_value_of_another_type_is_none_of_the_service(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"expected {next(iter(answer))} to be"):
        AsyncInvokeConfig.from_wire(answer)


def test_an_answered_destination_that_is_no_arn_is_kept_as_it_is() -> None:
    config = AsyncInvokeConfig.from_wire({"destinationConfig": {"onFailure": {"destination": "no arn"}}})
    assert config.destination_config is not None
    assert config.destination_config.on_failure == UnknownArn("no arn")


@pytest.mark.parametrize("key", ["function", "functionArn", "created_time", "createdTime", "lastModifiedTime"])
def test_what_only_the_service_says_cannot_be_given(key: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        AsyncInvokeConfig.model_validate({key: "2020-09-10T02:45:02Z"})


def test_what_the_service_said_survives_copies() -> None:
    config = AsyncInvokeConfig.from_wire(
        {"functionArn": "acs:fc:cn:1:functions/f", "createdTime": "2020-09-10T02:45:02Z"}
    )
    for twin in (
        pickle.loads(pickle.dumps(config)),  # noqa: S301 - our own bytes
        config.model_copy(update={"async_task": True}),
        config.resolved("r", "1"),
    ):
        assert (twin.function, twin.created_time) == (FunctionArn("f", "cn", "1"), config.created_time)


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_describes_the_wire_form_with_its_limits(mode: Any) -> None:
    schema = AsyncInvokeConfig.model_json_schema(mode=mode)
    fields = schema["properties"]
    assert set(fields) == set(WIRE)
    assert (fields["maxAsyncRetryAttempts"]["minimum"], fields["maxAsyncRetryAttempts"]["maximum"]) == (0, 8)
    assert (fields["maxAsyncEventAgeInSeconds"]["minimum"], fields["maxAsyncEventAgeInSeconds"]["maximum"]) == (
        1,
        604800,
    )
    halves = schema["$defs"]["DestinationConfig"]["properties"]
    assert set(halves) == {"onSuccess", "onFailure"}
    taken = halves["onFailure"]["anyOf"] if mode == "validation" else [halves["onFailure"]]
    assert [one["type"] for one in taken] == ["object", "string", "null"][: len(taken)]
    assert taken[0]["properties"]["destination"]["type"] == "string"


def test_it_is_dumped_in_the_wire_form_and_read_back_however_it_is_dumped() -> None:
    config = AsyncInvokeConfig.model_validate(WIRE)
    assert config.model_dump() == json.loads(config.model_dump_json()) == WIRE
    assert AsyncInvokeConfig.model_validate_json(config.model_dump_json()) == config
    assert AsyncInvokeConfig().model_dump() == {}


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        AsyncInvokeConfig().async_task = True  # type: ignore[misc]


def test_a_bad_short_form_is_also_an_argument_error_of_ours() -> None:
    assert issubclass(ArgumentError, ValueError)


def test_a_config_tells_where_its_outcomes_go() -> None:
    both = AsyncInvokeConfig(destination_config=DestinationConfig(on_success="queue:ok", on_failure="topic:dead"))
    assert (both.on_success, both.on_failure) == (QueueArn("ok"), TopicArn("dead"))
    for nowhere in (AsyncInvokeConfig(), AsyncInvokeConfig(destination_config=DestinationConfig())):
        assert (nowhere.on_success, nowhere.on_failure) == (None, None)
    with pytest.raises(ValueError, match="Extra inputs"):
        AsyncInvokeConfig.model_validate({"on_failure": "queue:dead"})


DEFAULTS = AsyncInvokeConfig(max_async_retry_attempts=3, max_async_event_age_in_seconds=86400, async_task=False)


def test_configs_are_the_same_when_they_have_the_same_effect() -> None:
    assert is_same(AsyncInvokeConfig(), DEFAULTS)
    assert is_same(AsyncInvokeConfig(destination_config=DestinationConfig()), DEFAULTS)
    assert AsyncInvokeConfig() != DEFAULTS


@pytest.mark.parametrize(
    "other",
    [
        AsyncInvokeConfig(max_async_retry_attempts=0),
        AsyncInvokeConfig(max_async_event_age_in_seconds=1),
        AsyncInvokeConfig(async_task=True),
        AsyncInvokeConfig(destination_config=DestinationConfig(on_success="queue:a")),
        AsyncInvokeConfig(destination_config=DestinationConfig(on_failure="queue:a")),
    ],
)
def test_configs_differ_when_any_field_has_another_effect(other: AsyncInvokeConfig) -> None:
    assert not is_same(AsyncInvokeConfig(), other)
    assert is_same(other, with_defaults(other))
