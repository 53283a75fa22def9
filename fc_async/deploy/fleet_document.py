"""Read a fleet from a file: `fc-async.yaml`, or the asyncInvokeConfig blocks of a Serverless Devs `s.yaml`.

Nothing is passed over: a document decides what is deleted, so that a key that is misread would take a destination
away. What cannot be right ends the reading, with file, line, column and the nearest right word.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..checks import LATEST, NAME
from ..config import AsyncInvokeConfig, DestinationConfig
from ..errors import ArgumentError, DocumentError
from ..mns.topic_checks import check_name, check_subscription
from .fleet import Facts, Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from .fleet_model import (
    ConfigEntry,
    DocumentEntry,
    FunctionEntry,
    QueueEntry,
    SubscriptionEntry,
    TopicEntry,
)
from .s_yaml_fleet import read_s_yaml_fleet
from .yaml_1_2 import YamlFile, read_yaml

_OF_S_YAML = ("edition", "resources", "services")
_ELSEWHERE = {
    "onfailure": "on_failure",
    "onsuccess": "on_success",
    "maxasyncretryattempts": "max_retries",
    "maxretryattempts": "max_retries",
    "maxasynceventageinseconds": "max_age",
    "asynctask": "async_task",
    "statefulinvocation": "async_task",
    "qualifier": "qualifiers",
    "messageretentionperiod": "message_retention_period",
    "maximummessagesize": "maximum_message_size",
}
"""What the service, Serverless Devs and other tools call a key, without `_` and in small letters."""

_SENT = ("on_failure", "on_success", "max_retries", "max_age", "async_task")


def read_document(
    path: Path | str, *, environment: Mapping[str, str] | None = None, region: str | None = None
) -> Fleet:
    """Read a document.

    Args:
        path: `fc-async.yaml` (it has `version: 1`), or an `s.yaml` (it has `resources`).
        environment: where `${env('X')}` of an s.yaml looks; None: this process's.
        region: what `${config('Region')}` of an s.yaml is; None: not known.

    Returns:
        The fleet; its destinations may be short, without region and account.

    Raises:
        DocumentError: the file cannot be read or does not say what it must; the message begins with its place.
    """
    file = read_yaml(Path(path))
    tree = file.value
    if not isinstance(tree, dict):
        kind = "nothing" if tree is None else type(tree).__name__
        raise DocumentError(f"{path}:1:1: expected a mapping that begins with 'version: 1', got {kind}")
    if any(key in tree for key in _OF_S_YAML) and "version" not in tree:
        return read_s_yaml_fleet(Path(path), environment, region)
    if "format" in tree and "version" not in tree:
        raise DocumentError(f"{path}: expected a document, got a saved plan: it is for fc-async apply alone")
    _refuse_variables(file, tree)
    try:
        entry = DocumentEntry.model_validate(tree)
    except ValidationError as error:
        message = _first_fault(file, error)
    else:
        return _Made(file).fleet(entry)
    raise DocumentError(message)


class _Made:
    """Makes the values of checked entries, each with its place."""

    def __init__(self, file: YamlFile) -> None:
        self._file = file

    def fleet(self, entry: DocumentEntry) -> Fleet:
        functions = [self._function(name, one or FunctionEntry()) for name, one in (entry.functions or {}).items()]
        queues = [self._queue(name, one or QueueEntry()) for name, one in (entry.queues or {}).items()]
        topics = [self._topic(name, one or TopicEntry()) for name, one in (entry.topics or {}).items()]
        return Fleet(tuple(functions), tuple(queues), tuple(topics), place=str(self._file.path))

    def _function(self, name: str, entry: FunctionEntry) -> FleetFunction:
        way = ("functions", name)
        if not NAME.fullmatch(name):
            self._refuse(way, f"expected a function name of letters, digits, '_' and '-', got {name[:80]!r}")
        configs: dict[str | None, AsyncInvokeConfig] = {}
        places: dict[str | None, str] = {}
        if entry.qualifiers is None or not entry.qualifiers or any(getattr(entry, key) is not None for key in _SENT):
            configs[None], places[None] = _config(entry), self._file.where(*way)
        facts: dict[str, Facts] = {}
        for written, one in (entry.qualifiers or {}).items():
            inner = one or ConfigEntry()
            qualifier = self._qualifier(way, written, configs)
            configs[qualifier] = _config(inner)
            places[qualifier] = self._file.where(*way, "qualifiers", written)
            if qualifier is not None and (inner.reentrant is not None or inner.max_payload is not None):
                facts[qualifier] = Facts(inner.reentrant, inner.max_payload)
        return FleetFunction(
            name, configs, entry.reentrant, entry.max_payload, self._file.where(*way), places, qualifier_facts=facts
        )

    def _qualifier(
        self, way: tuple[str, ...], written: str, taken: Mapping[str | None, AsyncInvokeConfig]
    ) -> str | None:
        qualifier = None if written == LATEST else written
        if not NAME.fullmatch(written):
            self._refuse((*way, "qualifiers", written), f"expected a version or an alias, got {written[:80]!r}")
        if qualifier in taken:
            self._refuse((*way, "qualifiers", written), "LATEST is given twice: the function's own keys are its config")
        return qualifier

    def _queue(self, name: str, entry: QueueEntry) -> FleetQueue:
        way = ("queues", name)
        self._check_name("queue", name, way)
        return FleetQueue(name, _given(entry), self._file.where(*way))

    def _topic(self, name: str, entry: TopicEntry) -> FleetTopic:
        way = ("topics", name)
        self._check_name("topic", name, way)
        subscriptions = [self._subscription(way, of, one) for of, one in (entry.subscriptions or {}).items()]
        attributes = {key: value for key, value in _given(entry).items() if key != "subscriptions"}
        return FleetTopic(name, attributes, tuple(subscriptions), self._file.where(*way))

    def _subscription(self, topic: tuple[str, ...], name: str, entry: SubscriptionEntry) -> FleetSubscription:
        way = (*topic, "subscriptions", name)
        reason = ""
        try:
            check_subscription(
                name, entry.queue, entry.endpoint, entry.format or "JSON", entry.strategy or "BACKOFF_RETRY", entry.tag
            )
        except ArgumentError as error:
            reason = str(error)
        if reason:
            self._refuse(way, reason.replace("queue= and endpoint=", "queue and endpoint"))
        return FleetSubscription(name=name, **_given(entry), place=self._file.where(*way))

    def _check_name(self, what: str, name: str, way: tuple[str, ...]) -> None:
        reason = ""
        try:
            check_name(what, name)
        except ArgumentError as error:
            reason = str(error)
        if reason:
            self._refuse(way, reason)

    def _refuse(self, way: tuple[str, ...], reason: str) -> None:
        raise DocumentError(f"{self._file.where(*way)}: {'.'.join(way)[:160]}: {reason}")


def _config(entry: ConfigEntry) -> AsyncInvokeConfig:
    named = entry.on_success is not None or entry.on_failure is not None
    return AsyncInvokeConfig(
        destination_config=DestinationConfig(on_success=entry.on_success, on_failure=entry.on_failure)
        if named
        else None,
        max_async_event_age_in_seconds=entry.max_age,
        max_async_retry_attempts=entry.max_retries,
        async_task=entry.async_task,
    )


def _given(entry: BaseModel) -> dict[str, Any]:
    return {name: value for name in type(entry).model_fields if (value := getattr(entry, name)) is not None}


def _refuse_variables(file: YamlFile, value: Any, *way: str | int) -> None:
    """Refuse `${...}`: sent as it stands it would be a destination that is nowhere."""
    if isinstance(value, str) and "${" in value:
        raise DocumentError(
            f"{file.where(*way)}: {'.'.join(map(str, way))[:160]}: expected a value, got a variable:"
            " only an s.yaml has them"
        )
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        _refuse_variables(file, one, *way, key)


def _first_fault(file: YamlFile, error: ValidationError) -> str:
    """Return the first fault with its place and, for an unknown key, the nearest right one; texts are not quoted."""
    first = error.errors(include_url=False, include_input=True)[0]
    way = tuple(first["loc"])
    shown = ".".join(map(str, way))[:160]
    if first["type"] == "extra_forbidden":
        return f"{file.where(*way)}: {shown}: {_unknown(way)}"
    if first["type"] == "missing":
        return f"{file.path}:1:1: expected 'version: 1' at the top"
    kind = {dict: "a mapping", list: "a list", str: "a text", type(None): "nothing"}
    got = kind.get(type(first["input"]), str(first["input"])[:40])
    known = {"dict_type": "expected a mapping", "model_type": "expected a mapping"}
    if first["type"] == "value_error":
        return f"{file.where(*way)}: {shown}: {first['ctx']['error']}"
    if first["type"] == "literal_error":
        return f"{file.where(*way)}: {shown}: expected {first['ctx']['expected']}, got {got}"
    return f"{file.where(*way)}: {shown}: {known.get(first['type'], 'expected another value')}, got {got}"


def _unknown(way: tuple[str | int, ...]) -> str:
    model = _model_at(way)
    key = str(way[-1])
    right = _ELSEWHERE.get(key.replace("_", "").replace("-", "").lower())
    close = [right] if right in model.model_fields else get_close_matches(key, model.model_fields, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"expected a key among {', '.join(model.model_fields)}, got {key[:80]!r}{hint}"


def _model_at(way: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model in which the last key of a way stands."""
    section = way[0] if len(way) > 1 else None
    if section == "functions":
        return ConfigEntry if "qualifiers" in way[2:-1] else FunctionEntry
    if section == "topics":
        return SubscriptionEntry if "subscriptions" in way[2:-1] else TopicEntry
    return QueueEntry if section == "queues" else DocumentEntry
