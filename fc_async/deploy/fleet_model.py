"""What `fc-async.yaml` may hold, as pydantic models: they check a file, and the JSON Schema is made of them.

Every description is a sentence that an editor shows. `null` is the same as an absent key.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ..arn import parse_destination
from ..checks import NAME, is_whole, seconds_of
from ..config import MAX_EVENT_AGE_SECONDS, MAX_RETRY_ATTEMPTS
from ..errors import ArgumentError

_SIZE = re.compile(r"([0-9]{1,12})\s*(|B|KB|MB)", re.IGNORECASE)
_SIZE_BYTES = {"": 1, "B": 1, "KB": 1024, "MB": 1024 * 1024}
_DURATION_PATTERN = "^[0-9]{1,12}[smhd]$"
_SIZE_PATTERN = "^[0-9]{1,12} ?([Kk][Bb]|[Mm][Bb]|[Bb])$"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value[:60])
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (int, float)):
        return str(value)[:40]
    return "a mapping" if isinstance(value, dict) else "a list"


def _whole(least: int, most: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        if value is None or is_whole(value, least, most):
            return value
        raise ValueError(f"expected a whole number from {least} to {most}, got {_shown(value)}")

    return BeforeValidator(check)


def _seconds(least: int, most: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        seconds = seconds_of(value) if isinstance(value, str) and not value.isdigit() else value
        if value is None or is_whole(seconds, least, most):
            return seconds
        raise ValueError(f"expected {least} to {most} seconds as a number, or 90s, 15m, 6h, 7d, got {_shown(value)}")

    return BeforeValidator(check)


def _size(least: int, most: int) -> BeforeValidator:
    def check(value: Any) -> Any:
        found = _SIZE.fullmatch(value) if isinstance(value, str) and not value.isdigit() else None
        size = int(found[1]) * _SIZE_BYTES[found[2].upper()] if found else value
        if value is None or is_whole(size, least, most):
            return size
        raise ValueError(f"expected {least} to {most} bytes as a number, or 64KB, got {_shown(value)}")

    return BeforeValidator(check)


def _flag(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"expected true or false, got {_shown(value)}")


def _version(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"expected 1, got {_shown(value)}")


def _destination(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"expected queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN, got {_shown(value)}")
    try:
        parse_destination(value)
    except ArgumentError as error:
        raise ValueError(str(error)) from None
    return value


def _number_schema(least: int, most: int, pattern: str | None = None) -> WithJsonSchema:
    number: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    texts = [] if pattern is None else [{"type": "string", "pattern": pattern}]
    return WithJsonSchema({"anyOf": [number, *texts, {"type": "null"}]})


def _text(value: Any) -> Any:
    if value is None or (isinstance(value, str) and value):
        return value
    raise ValueError(f"expected a text, got {_shown(value)}")


Destination = Annotated[Any, BeforeValidator(_destination), WithJsonSchema({"type": ["string", "null"]})]
Flag = Annotated[Any, BeforeValidator(_flag), WithJsonSchema({"type": ["boolean", "null"]})]
Text = Annotated[Any, BeforeValidator(_text), WithJsonSchema({"type": ["string", "null"]})]
Age = Annotated[Any, _seconds(1, MAX_EVENT_AGE_SECONDS), _number_schema(1, MAX_EVENT_AGE_SECONDS, _DURATION_PATTERN)]
Retries = Annotated[Any, _whole(0, MAX_RETRY_ATTEMPTS), _number_schema(0, MAX_RETRY_ATTEMPTS)]
Payload = Annotated[Any, _size(0, 33554432), _number_schema(0, 33554432, _SIZE_PATTERN)]
MessageSize = Annotated[Any, _size(1024, 65536), _number_schema(1024, 65536, _SIZE_PATTERN)]
Hidden = Annotated[Any, _seconds(1, 43200), _number_schema(1, 43200, _DURATION_PATTERN)]
Retention = Annotated[Any, _seconds(60, 604800), _number_schema(60, 604800, _DURATION_PATTERN)]
Delay = Annotated[Any, _seconds(0, 604800), _number_schema(0, 604800, _DURATION_PATTERN)]
Wait = Annotated[Any, _seconds(0, 30), _number_schema(0, 30, _DURATION_PATTERN)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConfigEntry(_Entry):
    """The async config of one function and version or alias; a key that is absent is unset."""

    on_failure: Destination = Field(
        default=None, description="Where failures go: queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or an ARN."
    )
    on_success: Destination = Field(default=None, description="Where successes go, likewise.")
    max_retries: Retries = Field(
        default=None, description="Attempts after the first, 0 to 8; the service's default is 3."
    )
    max_age: Age = Field(
        default=None, description="How long an event may wait: 6h, or seconds; the service's default is 1d."
    )
    async_task: Flag = Field(
        default=None, description="Whether invocations are tasks that can be followed and stopped."
    )
    reentrant: Flag = Field(
        default=None, description="Whether running twice does no harm. For check alone, never sent."
    )
    max_payload: Payload = Field(
        default=None, description="The longest payload: 64KB, or bytes. For check alone, never sent."
    )


class FunctionEntry(ConfigEntry):
    """A function: the config of LATEST, and those of its versions and aliases."""

    qualifiers: dict[str, ConfigEntry | None] | None = Field(
        default=None, description="The configs of versions and aliases, by name; `{}` after a name: it must have none."
    )


class QueueEntry(_Entry):
    """A queue; an attribute that is not named is left alone."""

    visibility_timeout: Hidden = Field(default=None, description="How long a received message stays invisible.")
    maximum_message_size: MessageSize = Field(default=None, description="The largest body, in bytes or as 64KB.")
    message_retention_period: Retention = Field(default=None, description="How long a message is kept, 7d at most.")
    delay_seconds: Delay = Field(default=None, description="How long a new message stays invisible.")
    polling_wait_seconds: Wait = Field(
        default=None, description="How long a receive waits that does not say so itself."
    )
    logging_enabled: Flag = Field(default=None, description="Whether the service logs what happens to messages.")


class SubscriptionEntry(_Entry):
    """Who gets a topic's messages: exactly one of queue and endpoint."""

    queue: Text = Field(default=None, description="A queue's name, or acs:mns:REGION:ACCOUNT:queues/NAME.")
    endpoint: Text = Field(default=None, description="An http or https URL.")
    format: Literal["JSON", "SIMPLIFIED", "XML"] | None = Field(default=None, description="Default JSON.")
    strategy: Literal["BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"] | None = Field(
        default=None, description="What happens after a failed push; default BACKOFF_RETRY."
    )
    tag: Text = Field(default=None, description="Only messages with this tag.")


class TopicEntry(_Entry):
    """A topic; an attribute or subscription that is not named is left alone."""

    maximum_message_size: MessageSize = Field(default=None, description="The largest body, in bytes or as 64KB.")
    logging_enabled: Flag = Field(default=None, description="Whether the service logs what happens to messages.")
    subscriptions: dict[str, SubscriptionEntry] | None = Field(
        default=None, description="Who gets the messages, by name."
    )


class DocumentEntry(_Entry):
    """The async configuration of a fleet of functions. What is not listed is not touched."""

    version: Annotated[Literal[1], BeforeValidator(_version)] = Field(description="The version of this format.")
    functions: dict[str, FunctionEntry | None] | None = Field(default=None, description="Functions, by name.")
    queues: dict[str, QueueEntry | None] | None = Field(default=None, description="MNS queues, by name.")
    topics: dict[str, TopicEntry | None] | None = Field(default=None, description="MNS topics, by name.")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, which `fc-async.schema.json` holds."""
    schema = DocumentEntry.model_json_schema()
    named = schema["properties"]["functions"]["anyOf"][0]
    named["propertyNames"] = {"pattern": f"^(?:{NAME.pattern})$"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "fc-async.yaml"}
