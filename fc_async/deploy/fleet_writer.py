"""Write a fleet as `fc-async.yaml`, in a stable order; what the file could not say is left out, with a comment.

A document decides what is deleted, so what stands in it must read back as what it was. Each entry is held to the model
that reads it. One that would be refused (an age over 7 days that an older API took, an ARN that is none) is not
written: what a document does not name is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from ..arn import FunctionArn, QueueArn, QueueEndpoint, TopicArn, parse_arn
from ..checks import LATEST, NAME
from ..config import AsyncInvokeConfig
from ..errors import ArgumentError
from ..mns.topic_checks import check_name, check_subscription
from .fleet import Facts, Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from .fleet_model import ConfigEntry, QueueEntry, TopicEntry
from .masked import masked

SCHEMA = "fc-async.schema.json"
"""What the first line names as the schema, for editors: the file that `fc-async export --schema` prints."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_:/@.-]*(?<!:)")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_SHORT = re.compile(r"[A-Za-z0-9_-]+")
_SHORT_QUALIFIER = re.compile(r"[A-Za-z0-9_.-]+")
_SECONDS = ("max_age", "visibility_timeout", "message_retention_period", "delay_seconds", "polling_wait_seconds")

Block = list[str]
Notes = Mapping[str, Sequence[str]]


def write_fleet(fleet: Fleet, *, home: tuple[str, str] = ("", ""), notes: Notes | None = None) -> str:
    """Return a fleet as the text of `fc-async.yaml`.

    Args:
        fleet: what to write; functions, queues and topics are sorted by name.
        home: region and account whose queues, topics and functions are named in short (`queue:dead`).
        notes: sentences that stand as comments above what they are about: by `FUNCTION[@QUALIFIER]`, `queue:NAME`,
            `topic:NAME`.
    """
    writer = _Writer(home, notes or {})
    lines = [f"# yaml-language-server: $schema={SCHEMA}", "version: 1"]
    lines += _section("functions", [writer.function(one) for one in sorted(fleet.functions, key=lambda one: one.name)])
    lines += _section("queues", [writer.queue(one) for one in sorted(fleet.queues, key=lambda one: one.name)])
    lines += _section("topics", [writer.topic(one) for one in sorted(fleet.topics, key=lambda one: one.name)])
    return "\n".join(lines) + "\n"


def short_destination(arn: object, home: tuple[str, str]) -> str:
    """Return a destination as `queue:NAME`, `topic:NAME` or `function:NAME[@QUALIFIER]` where it is at home.

    Args:
        arn: an ARN value; what it leaves out is that of home.
        home: region and account; with ("", "") only an ARN that leaves both out is short.
    """
    kinds = ((QueueArn, "queue"), (TopicArn, "topic"), (FunctionArn, "function"))
    kind = next((word for of, word in kinds if isinstance(arn, of)), None)
    if not isinstance(arn, (QueueArn, TopicArn, FunctionArn)) or not _SHORT.fullmatch(arn.name):
        return str(arn)
    if (arn.region or home[0], arn.account_id or home[1]) != home or getattr(arn, "service", None):
        return str(arn)
    qualifier = getattr(arn, "qualifier", None)
    if qualifier is not None and not _SHORT_QUALIFIER.fullmatch(qualifier):
        return str(arn)
    return f"{kind}:{arn.name}" + (f"@{qualifier}" if qualifier else "")


class _Writer:
    def __init__(self, home: tuple[str, str], notes: Notes) -> None:
        self._home = home
        self._notes = notes

    def function(self, function: FleetFunction) -> Block:
        if not NAME.fullmatch(function.name):
            return [_comment(f"left out: function {function.name!r:.80}: its name cannot stand in this file")]
        entries: dict[str | None, dict[str, Any]] = {}
        left: dict[str | None, str] = {}
        for qualifier, config in function.configs.items():
            entry = self._config(config)
            reason = _refused(ConfigEntry, entry)
            if reason is None and (qualifier is None or NAME.fullmatch(qualifier)):
                entries[qualifier] = entry
            else:
                left[qualifier] = reason or "its name cannot stand in this file"
        comments = [
            _comment(f"left out: {function.name}@{qualifier or LATEST!s:.80}: {reason}")
            for qualifier, reason in left.items()
        ]
        if None in left and not entries:  # `orders: {}` would say that it must have none
            return comments
        return [*comments, *self._function(function, entries)]

    def _function(self, function: FleetFunction, entries: dict[str | None, dict[str, Any]]) -> Block:
        own, facts = entries.get(None), _facts(Facts(function.reentrant, function.max_payload_bytes))
        named = {qualifier: entry for qualifier, entry in entries.items() if qualifier is not None}
        block = [*self._comments(function.name), *_entry(function.name, {**(own or {}), **facts}, is_open=bool(named))]
        if not named:
            return block
        block.append("  qualifiers:")
        if own == {}:
            block.append(f"    {LATEST}: {{}}")
        for qualifier, entry in sorted(named.items()):
            inner = {**entry, **_facts(function.qualifier_facts.get(qualifier, Facts()))}
            lines = [*self._comments(f"{function.name}@{qualifier}"), *_entry(qualifier, inner)]
            block += [f"    {line}" for line in lines]
        return block

    def queue(self, queue: FleetQueue) -> Block:
        reason = _name_refused("queue", queue.name)
        if reason is not None:
            return [_comment(f"left out: {reason}")]
        attributes, comments = _attributes(QueueEntry, queue.attributes)
        return [*comments, *self._comments(f"queue:{queue.name}"), *_entry(queue.name, attributes)]

    def topic(self, topic: FleetTopic) -> Block:
        reason = _name_refused("topic", topic.name)
        if reason is not None:
            return [_comment(f"left out: {reason}")]
        attributes, comments = _attributes(TopicEntry, topic.attributes)
        lines: Block = []
        is_any = False
        for one in sorted(topic.subscriptions, key=lambda one: one.name):
            written = self._subscription(one)
            is_any = is_any or not written[0].startswith("#")
            lines += [f"    {line}" for line in written]
        block = [*comments, *self._comments(f"topic:{topic.name}")]
        block += _entry(topic.name, attributes, is_open=is_any)
        return [*block, *(["  subscriptions:"] if is_any else []), *lines]

    def _subscription(self, one: FleetSubscription) -> Block:
        if one.endpoint is not None and not _is_bare(one.endpoint):
            shown = masked(one.endpoint, None)[0]
            return [_comment(f"left out: {one.name}: {shown}: its address may hold a secret")]
        queue = one.queue
        if queue is not None and queue.startswith("acs:"):
            arn = parse_arn(queue)
            is_home = isinstance(arn, QueueEndpoint) and (arn.region, arn.account_id) == self._home
            queue = arn.name if isinstance(arn, QueueEndpoint) and is_home else queue
        try:
            check_subscription(
                one.name, queue, one.endpoint, one.format or "JSON", one.strategy or "BACKOFF_RETRY", one.tag
            )
        except ArgumentError as error:
            return [_comment(f"left out: {one.name}: {error}")]
        if "${" in f"{queue}{one.endpoint}{one.tag}":
            return [_comment(f"left out: {one.name}: '${{' cannot stand in this file")]
        values = {
            "queue": queue,
            "endpoint": one.endpoint,
            "format": one.format,
            "strategy": one.strategy,
            "tag": one.tag,
        }
        return _entry(one.name, {key: value for key, value in values.items() if value is not None})

    def _config(self, config: AsyncInvokeConfig) -> dict[str, Any]:
        values = {
            "on_failure": None if config.on_failure is None else short_destination(config.on_failure, self._home),
            "on_success": None if config.on_success is None else short_destination(config.on_success, self._home),
            "max_retries": config.max_async_retry_attempts,
            "max_age": config.max_async_event_age_in_seconds,
            "async_task": config.async_task,
        }
        return {key: value for key, value in values.items() if value is not None}

    def _comments(self, place: str) -> Iterator[str]:
        return (_comment(one) for one in self._notes.get(place, ()))


def _section(name: str, blocks: Sequence[Block]) -> Iterator[str]:
    if not blocks:
        return
    is_empty = all(line.lstrip().startswith("#") for block in blocks for line in block)
    yield f"{name}: {{}}" if is_empty else f"{name}:"
    for block in blocks:
        yield from (f"  {line}" for line in block)


def _entry(name: str, values: Mapping[str, Any], *, is_open: bool = False) -> Block:
    """Return a key and its values, one a line; `is_open`: more follows."""
    if not values and not is_open:
        return [f"{_scalar(name)}: {{}}"]
    return [f"{_scalar(name)}:", *(f"  {key}: {_value(key, value)}" for key, value in values.items())]


def _attributes(model: type[BaseModel], values: Mapping[str, Any]) -> tuple[dict[str, Any], Block]:
    """Return the attributes that can be written, and comments on those that cannot."""
    refused = {name: reason for name, value in values.items() if (reason := _refused(model, {name: value})) is not None}
    kept = {name: value for name, value in values.items() if name not in refused}
    return kept, [_comment(f"left out: {name}: {reason}") for name, reason in refused.items()]


def _refused(model: type[BaseModel], values: Mapping[str, Any]) -> str | None:
    """Return why a document would not take these values, None where it would."""
    try:
        model.model_validate(values)
    except ValidationError as error:
        return str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
    return "'${' cannot stand in this file" if any("${" in str(value) for value in values.values()) else None


def _name_refused(what: str, name: str) -> str | None:
    try:
        check_name(what, name)
    except ArgumentError as error:
        return str(error)
    return None


def _facts(facts: Facts) -> dict[str, Any]:
    values = {"reentrant": facts.reentrant, "max_payload": facts.max_payload_bytes}
    return {key: value for key, value in values.items() if value is not None}


def _is_bare(endpoint: str) -> bool:
    """Tell whether an address names a host and nothing else: a path or a query can be a password."""
    return bool(re.fullmatch(r"https?://[^/?#@\s]+/?", endpoint))


def _value(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return duration(value) if key in _SECONDS else str(value)
    return _scalar(str(value))


def duration(seconds: int) -> str:
    """Return seconds in the largest unit that divides them: `6h`, `90s`."""
    units = (("d", 86400), ("h", 3600), ("m", 60))
    return next((f"{seconds // size}{unit}" for unit, size in units if seconds and seconds % size == 0), f"{seconds}s")


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _comment(text: str) -> str:
    """Return a comment of one line; what is not printable could end it and begin an entry."""
    return "# " + "".join(one if one.isprintable() else "?" for one in text)
