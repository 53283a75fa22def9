"""The async configuration of a function, as values: what PutAsyncInvokeConfig sends and GetAsyncInvokeConfig answers.

Ranges and defaults: API 2023-03-30, PutAsyncInvokeConfigInput
(https://alibabacloud.com/help/zh/functioncompute/fc-3-0/developer-reference/api-fc-2023-03-30-struct-putasyncinvokeconfiginput).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from .arn import Arn, FunctionArn, QueueArn, TopicArn, UnknownArn, parse_arn, parse_destination

MAX_RETRY_ATTEMPTS = 8
MAX_EVENT_AGE_SECONDS = 604800
DEFAULT_RETRY_ATTEMPTS = 3
DEFAULT_EVENT_AGE_SECONDS = 86400

_ARN_TYPES = (FunctionArn, QueueArn, TopicArn, UnknownArn)


def _destination(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) != {"destination"}:
            raise ValueError(
                f"expected an object with the one key 'destination', got the keys {sorted(map(str, value))}"
            )
        value = value["destination"]
    if value is None or isinstance(value, _ARN_TYPES):
        return value
    if not isinstance(value, str):
        raise ValueError(f"expected a destination as text, got {type(value).__name__}")
    return parse_destination(value)


def _wire_destination(value: Arn | None) -> dict[str, str] | None:
    return None if value is None else {"destination": str(value)}


Destination = Annotated[Any, BeforeValidator(_destination), PlainSerializer(_wire_destination)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class DestinationConfig(_Wire):
    """Where the outcome goes: one destination for success, one for failure, each optional.

    Args:
        on_success: an ARN value, an ARN as text, or a short form (`queue:NAME`); None: nowhere.
        on_failure: the same, for invocations that failed after all retries.
    """

    on_success: Destination = None
    on_failure: Destination = None

    def resolved(self, region: str, account_id: str) -> DestinationConfig:
        """Return a copy whose destinations have region and account filled in."""
        parts = {
            name: value and value.resolved(region, account_id)
            for name, value in (("on_success", self.on_success), ("on_failure", self.on_failure))
        }
        return DestinationConfig(**parts)

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object that the service reads, without empty halves (`onSuccess: {}` is refused by it)."""
        return self.model_dump(by_alias=True, exclude_none=True)


class AsyncInvokeConfig(_Wire):
    """The async configuration of one function and qualifier.

    None means "leave alone" (not sent); 0 means zero.

    Args:
        destination_config: where the outcome goes; `DestinationConfig()` sends `{}`.
        max_async_event_age_in_seconds: 1 to 604800; the service's default is 86400.
        max_async_retry_attempts: 0 to 8, 0 means that a failure is not retried; the service's default is 3.
        async_task: whether the invocations are async tasks, which can be looked up and stopped.

    What the service answers also fills `function`, `created_time` and `last_modified_time`; they are never sent and
    not part of equality.
    """

    destination_config: DestinationConfig | None = None
    max_async_event_age_in_seconds: int | None = Field(default=None, ge=1, le=MAX_EVENT_AGE_SECONDS, strict=True)
    max_async_retry_attempts: int | None = Field(default=None, ge=0, le=MAX_RETRY_ATTEMPTS, strict=True)
    async_task: bool | None = Field(default=None, strict=True)
    function: Any = Field(default=None, validation_alias="functionArn", exclude=True, repr=False)
    created_time: datetime | None = Field(default=None, exclude=True, repr=False)
    last_modified_time: datetime | None = Field(default=None, exclude=True, repr=False)

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
        """Read what the service answered: nulls and unknown keys are left out, the function's ARN becomes a value."""
        known = {field.validation_alias: name for name, field in cls.model_fields.items()}
        parts = {known[key]: value for key, value in answer.items() if key in known and value is not None}
        if isinstance(parts.get("function"), str):
            parts["function"] = parse_arn(parts["function"])
        if isinstance(parts.get("destination_config"), dict):
            halves = {key: value for key, value in parts["destination_config"].items() if value}
            parts["destination_config"] = halves
        return cls(**parts)

    def resolved(self, region: str, account_id: str) -> AsyncInvokeConfig:
        """Return a copy whose destinations have region and account filled in."""
        if self.destination_config is None:
            return self
        return self.model_copy(update={"destination_config": self.destination_config.resolved(region, account_id)})

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON object of PutAsyncInvokeConfig: what is None is left out."""
        wire: dict[str, Any] = self.model_dump(by_alias=True, exclude_none=True)
        return wire
