"""What ListFunctions lets through. Source: SDK model ListFunctionsRequest, 4.8.3."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .fc_errors import wrong_value

Wire = Mapping[str, Any]
Filter = Callable[[Wire], bool]


def function_filter(query: Mapping[str, str]) -> Filter:
    """Return whether a function, as the API answers it, is asked for.

    Raises:
        FcError: 400 InvalidArgument.
    """
    filters = [make(query[key]) for key, make in _FILTERS.items() if query.get(key)]
    return lambda wire: all(lets_through(wire) for lets_through in filters)


def _prefix(text: str) -> Filter:
    return lambda wire: bool(wire["functionName"].startswith(text))


def _same(key: str) -> Callable[[str], Filter]:
    return lambda text: lambda wire: wire.get(key) == text


def _description(text: str) -> Filter:
    return lambda wire: text in wire.get("description", "")


def _gpu_type(text: str) -> Filter:
    return lambda wire: wire.get("gpuConfig", {}).get("gpuType") == text


def _fc_version(text: str) -> Filter:
    if text not in ("v2", "v3"):
        raise wrong_value("fcVersion", text, "v2 or v3")
    return lambda _: text == "v3"


def _disable(text: str) -> Filter:
    if text not in ("true", "false"):
        raise wrong_value("disable", text, "true or false")
    return lambda wire: wire.get("invocationRestriction", {}).get("disable", False) is (text == "true")


def _tags(text: str) -> Filter:
    asked = _pairs(text)
    return lambda wire: asked <= {(tag.get("Key"), tag.get("Value")) for tag in wire.get("tags", ())}


def _pairs(text: str) -> set[tuple[str, str]]:
    try:
        tags = json.loads(text)
    except (ValueError, RecursionError):
        tags = None
    if not isinstance(tags, list) or not all(_is_pair(tag) for tag in tags):
        raise wrong_value("tags", text, 'a JSON list of {"Key": text, "Value": text}')
    return {(tag["Key"], tag["Value"]) for tag in tags}


def _is_pair(tag: Any) -> bool:
    return isinstance(tag, dict) and isinstance(tag.get("Key"), str) and isinstance(tag.get("Value"), str)


_FILTERS: dict[str, Callable[[str], Filter]] = {
    "prefix": _prefix,
    "functionName": _same("functionName"),
    "runtime": _same("runtime"),
    "resourceGroupId": _same("resourceGroupId"),
    "description": _description,
    "gpuType": _gpu_type,
    "fcVersion": _fc_version,
    "disable": _disable,
    "tags": _tags,
}
