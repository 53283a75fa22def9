"""The fields of a service's JSON answer: each is what the service documents, or refused in words that can be shown.

The SDK's models are not asked: they let nearly anything pass. Nor is pydantic, whose messages quote what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .checks import is_whole

_Kind = TypeVar("_Kind")

_WORDS = {str: "text", int: "a whole number", bool: "true or false", dict: "an object", list: "a list"}


class AnswerError(ValueError):
    """An answer is not of the documented shape; the message names the field and the types, never the content."""


def optional(answer: Mapping[str, Any], name: str, kind: type[_Kind]) -> _Kind | None:
    """Return a field, None where it is missing or null; a number out of range is taken as it is.

    Raises:
        AnswerError: it is of another type.
    """
    value = answer.get(name)
    if value is None or (is_whole(value) if kind is int else isinstance(value, kind)):
        return value
    raise AnswerError(f"expected {name} to be {_WORDS[kind]}, got {type(value).__name__}")


def required(answer: Mapping[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    """Return a field that is always there.

    Raises:
        AnswerError: it is missing, null or of another type.
    """
    value = optional(answer, name, kind)
    if value is None:
        raise AnswerError(f"expected {name} to be {_WORDS[kind]}, got nothing")
    return value


def objects(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a list of objects, empty where the field is missing or null.

    Raises:
        AnswerError: it is no list, or holds something else.
    """
    found = optional(answer, name, list) or []
    for one in found:
        if not isinstance(one, dict):
            raise AnswerError(f"expected {name} to hold objects, got {type(one).__name__} among them")
    return found
