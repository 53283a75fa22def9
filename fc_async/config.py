"""The async configuration of a function, as values: what PutAsyncInvokeConfig sends and GetAsyncInvokeConfig answers.

A field may be spelled as the service does (`maxAsyncRetryAttempts`, also in a Serverless Devs file), as Python does
(`max_async_retry_attempts`), or as ROS and the announcement of the feature do (`MaxAsyncRetryAttempts`, and the
announcement's `MaxAsyncRetryAttemps`); what is written is always the service's form.

Ranges and defaults: API 2023-03-30, PutAsyncInvokeConfigInput
(https://alibabacloud.com/help/zh/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-struct-putasyncinvokeconfiginput).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, get_args

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_camel

from .answered import optional
from .argument_model import ArgumentModel, shown
from .arn import Arn, FunctionArn, QueueEndpoint, UnknownArn, parse_arn, parse_destination
from .checks import is_whole, seconds_of
from .errors import ArgumentError

MAX_RETRY_ATTEMPTS = 8
MAX_EVENT_AGE_SECONDS = 604800
DEFAULT_RETRY_ATTEMPTS = 3
DEFAULT_EVENT_AGE_SECONDS = 86400

_MISSPELT = {"MaxAsyncRetryAttemps": "max_async_retry_attempts"}


def _destination(value: Any) -> Arn | None:
    if isinstance(value, Mapping):
        if not set(value) <= {"destination", "Destination"} or len(value) > 1:
            raise ValueError(f"expected an object with the one key destination, got the keys {sorted(map(str, value))}")
        value = next(iter(value.values()), None)
        if not isinstance(value, str):
            raise ValueError("expected an object with the one key destination, an ARN as text, got an empty one")
    if isinstance(value, str):
        value = parse_destination(value)
    if isinstance(value, QueueEndpoint):
        raise ValueError(f"expected a destination (/queues/NAME/messages), got a subscription's endpoint, {value}")
    if value is not None and not isinstance(value, get_args(Arn)):
        raise ValueError(f"expected a destination as an ARN or a short form (queue:NAME), got {type(value).__name__}")
    return value


def _wire_destination(value: Arn | None) -> dict[str, str] | None:
    return None if value is None else {"destination": str(value)}


def _whole_seconds(value: Any) -> Any:
    if isinstance(value, str):
        seconds = None if value.isdigit() else seconds_of(value)  # a number is written as one
        return value if seconds is None else seconds
    if isinstance(value, timedelta):
        if value % timedelta(seconds=1):
            raise ValueError(f"expected whole seconds, got {value}")
        return value // timedelta(seconds=1)
    return value


def _answered_arn(value: Any) -> Arn | None:
    """What the service answers is not refused: the documentation's own sample is no well-formed ARN."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return parse_arn(value)
    except ArgumentError:
        return UnknownArn(value)


def _answered_half(value: Any) -> Arn | None:
    return _answered_arn(value.get("destination") if isinstance(value, Mapping) else value)


def _moment(value: Any) -> datetime | None:
    try:
        return _MOMENT.validate_python(value)
    except ValueError:
        return None


_MOMENT: TypeAdapter[datetime] = TypeAdapter(datetime)

_AS_TEXT = {"type": "string", "description": "An ARN (acs:...), or queue:NAME, topic:NAME, function:NAME[@QUALIFIER]."}
_AS_OBJECT = {
    "type": "object",
    "properties": {"destination": _AS_TEXT},
    "required": ["destination"],
    "additionalProperties": False,
}
_NULL = {"type": "null"}

if TYPE_CHECKING:
    Destination = Arn | None
else:  # the ARN values know nothing of pydantic
    Destination = Annotated[
        Any,
        BeforeValidator(_destination),
        PlainSerializer(_wire_destination),
        WithJsonSchema({"anyOf": [_AS_OBJECT, _AS_TEXT, _NULL]}, mode="validation"),
        WithJsonSchema(_AS_OBJECT, mode="serialization"),  # what is None is not written
    ]


def _within(minimum: int, maximum: int, what: str = "") -> BeforeValidator:
    """Refuse numbers out of range, with the range; what the service answers is taken as it is."""

    def check(value: Any) -> Any:
        if value is None or is_whole(value, minimum, maximum):
            return value
        raise ValueError(f"expected a whole number from {minimum} to {maximum}{what}, got {shown(value)}")

    return BeforeValidator(check, json_schema_input_type=int | None)


class _Wire(ArgumentModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )

    @model_serializer(mode="wrap")
    def _without_none(self, dump: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def] # a type is the schema
        """Leave out what is None, however the value is dumped: the service refuses empty halves."""
        return {key: value for key, value in dump(self).items() if value is not None}

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object of PutAsyncInvokeConfig: what is None is left out."""
        return self.model_dump(by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, data: Any) -> Any:
        """Bring every spelling to the field's name; a key that is none stays, and is refused as one."""
        if not isinstance(data, Mapping):
            return data
        spellings = cls._spellings()
        named: dict[str, Any] = {}
        for key, value in data.items():
            name = spellings.get(key, str(key))
            if name in named:
                raise ValueError(f"expected {name} once, got it in two spellings, one of them {str(key)[:80]!r}")
            named[name] = value
        return named

    @classmethod
    def _spellings(cls) -> dict[str, str]:
        spellings = {name: name for name in cls.model_fields} | _MISSPELT
        for name, field in cls.model_fields.items():
            wire = field.alias or name
            spellings |= {wire: name, wire[:1].upper() + wire[1:]: name}
        return spellings


class DestinationConfig(_Wire):
    """Where the outcome goes: one destination for success, one for failure, each optional.

    Args:
        on_success: an ARN value, an ARN as text, or a short form (`queue:NAME`); None: nowhere.
        on_failure: the same, for invocations that failed after all retries.
    """

    on_success: Destination = None
    on_failure: Destination = None

    if TYPE_CHECKING:

        def __init__(self, *, on_success: Arn | str | None = None, on_failure: Arn | str | None = None) -> None: ...

    def resolved(self, region: str, account_id: str) -> DestinationConfig:
        """Return a copy whose destinations have region and account filled in."""
        halves = {"on_success": self.on_success, "on_failure": self.on_failure}
        return self.model_copy(
            update={name: value.resolved(region, account_id) for name, value in halves.items() if value is not None}
        )

    @classmethod
    def from_wire(cls, answer: Mapping[str, Any]) -> DestinationConfig:
        """Read what the service answered, which is not refused: an empty half is None, what is no ARN an UnknownArn."""
        return cls.model_construct(
            on_success=_answered_half(answer.get("onSuccess")), on_failure=_answered_half(answer.get("onFailure"))
        )


class AsyncInvokeConfig(_Wire):
    """The async configuration of one function and qualifier.

    None means "leave alone" (not sent); 0 means zero.

    Args:
        destination_config: where the outcome goes; `DestinationConfig()` sends `{}`.
        max_async_event_age_in_seconds: 1 to 604800, a timedelta of whole seconds, or a text (`90s`, `15m`, `6h`, `7d`);
            the service's default is 86400.
        max_async_retry_attempts: 0 to 8, 0 means that a failure is not retried; the service's default is 3.
        async_task: whether the invocations are async tasks, which can be looked up and stopped.

    What the service answers also fills `function` (with its qualifier), `created_time` and `last_modified_time`, None
    otherwise; they cannot be given, are never sent and not part of equality.
    """

    destination_config: DestinationConfig | None = None
    max_async_event_age_in_seconds: Annotated[
        int | None,
        _within(1, MAX_EVENT_AGE_SECONDS, " (seconds), a timedelta or a text as 6h"),
        BeforeValidator(_whole_seconds),
    ] = Field(default=None, json_schema_extra={"minimum": 1, "maximum": MAX_EVENT_AGE_SECONDS})
    max_async_retry_attempts: Annotated[int | None, _within(0, MAX_RETRY_ATTEMPTS)] = Field(
        default=None, json_schema_extra={"minimum": 0, "maximum": MAX_RETRY_ATTEMPTS}
    )
    async_task: bool | None = Field(default=None, strict=True)
    _function: FunctionArn | None = PrivateAttr(default=None)
    _created_time: datetime | None = PrivateAttr(default=None)
    _last_modified_time: datetime | None = PrivateAttr(default=None)

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            destination_config: DestinationConfig | Mapping[str, Any] | None = None,
            max_async_event_age_in_seconds: int | timedelta | str | None = None,
            max_async_retry_attempts: int | None = None,
            async_task: bool | None = None,
        ) -> None: ...

    @property
    def on_success(self) -> Arn | None:
        """Where successes go; None: nowhere."""
        return None if self.destination_config is None else self.destination_config.on_success

    @property
    def on_failure(self) -> Arn | None:
        """Where invocations go that failed after all retries; None: nowhere, so that they are lost."""
        return None if self.destination_config is None else self.destination_config.on_failure

    @property
    def function(self) -> FunctionArn | None:
        """The function and qualifier that the answer names; None where it names none that is understood."""
        return self._function

    @property
    def created_time(self) -> datetime | None:
        """When the config was created, by the service's clock."""
        return self._created_time

    @property
    def last_modified_time(self) -> datetime | None:
        """When the config was last changed, by the service's clock."""
        return self._last_modified_time

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsyncInvokeConfig) and self._sent() == other._sent()

    def __hash__(self) -> int:
        return hash(str(self._sent()))

    def _sent(self) -> tuple[Any, ...]:
        return (
            self.destination_config,
            self.max_async_event_age_in_seconds,
            self.max_async_retry_attempts,
            self.async_task,
        )

    @classmethod
    def from_wire(cls, answer: dict[str, Any]) -> AsyncInvokeConfig:
        """Read what the service answered: what is null or unknown is left out, what is out of range is taken.

        Raises:
            ValueError: a value is of another type than the service's; then it is no answer of the service.
        """
        halves = optional(answer, "destinationConfig", dict)
        config = cls.model_construct(
            destination_config=None if halves is None else DestinationConfig.from_wire(halves),
            max_async_event_age_in_seconds=optional(answer, "maxAsyncEventAgeInSeconds", int),
            max_async_retry_attempts=optional(answer, "maxAsyncRetryAttempts", int),
            async_task=optional(answer, "asyncTask", bool),
        )
        arn = _answered_arn(answer.get("functionArn"))
        config._function = arn if isinstance(arn, FunctionArn) else None
        config._created_time = _moment(answer.get("createdTime"))
        config._last_modified_time = _moment(answer.get("lastModifiedTime"))
        return config

    def resolved(self, region: str, account_id: str) -> AsyncInvokeConfig:
        """Return a copy whose destinations have region and account filled in."""
        if self.destination_config is None:
            return self
        return self.model_copy(update={"destination_config": self.destination_config.resolved(region, account_id)})


NUMBERS = ("max_async_retry_attempts", "max_async_event_age_in_seconds", "async_task")
"""The fields that have a default of the service's: all but the destinations."""


def with_defaults(config: AsyncInvokeConfig) -> AsyncInvokeConfig:
    """Return the config with the service's defaults in place of None; destinations stay as they are."""
    return config.model_copy(
        update={
            "max_async_retry_attempts": _or(DEFAULT_RETRY_ATTEMPTS, config.max_async_retry_attempts),
            "max_async_event_age_in_seconds": _or(DEFAULT_EVENT_AGE_SECONDS, config.max_async_event_age_in_seconds),
            "async_task": _or(False, config.async_task),
        }
    )


def is_same(one: AsyncInvokeConfig, other: AsyncInvokeConfig) -> bool:
    """Tell whether two configs have the same effect: None is the service's default."""
    return _effect(one) == _effect(other)


def _effect(config: AsyncInvokeConfig) -> tuple[Any, ...]:
    filled = with_defaults(config)
    return (config.on_success, config.on_failure, *(getattr(filled, name) for name in NUMBERS))


def _or(default: object, value: object) -> object:
    return default if value is None else value
