"""Where records meet pydantic: bodies read as models, and a record as the field of a model.

The only file of this folder that loads pydantic; it is itself loaded on first use only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import CoreSchema, core_schema

from ..errors import RecordError

MAX_FAULTS_SHOWN = 5


def read_as(model: Any, text: str, path: str) -> Any:
    """Validate JSON text as a pydantic model or any type that pydantic takes.

    Args:
        model: a pydantic model, a dataclass, a TypedDict, `list[int]`, ...
        text: its JSON, already known to be some.
        path: what the text is called in the error (`requestPayload`).

    Raises:
        RecordError: it does not fit; names each path and fault, never a value.
    """
    try:
        return _adapter(model).validate_json(text)
    except ValidationError as error:
        reason = _faults(error, path, model)
    raise RecordError(reason, text.encode())


def record_schema(take: Callable[[Any], Any], wire: Callable[[Any], Any]) -> CoreSchema:
    """Return the schema of a record: `take` makes one of anything, `wire` gives its JSON object."""
    return core_schema.no_info_plain_validator_function(
        take, serialization=core_schema.plain_serializer_function_ser_schema(wire)
    )


def _adapter(model: Any) -> TypeAdapter[Any]:
    try:
        return _kept_adapter(model)
    except TypeError:  # a type that cannot be hashed (Annotated with a list in it) is built each time
        return TypeAdapter(model)


@lru_cache(maxsize=64)
def _kept_adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _faults(error: ValidationError, path: str, model: Any) -> str:
    # The fault is pydantic's error type: its sentence can quote the value (a union's tag, a validator's own words).
    faults = [
        f"{'.'.join([path, *map(_step, fault['loc'])])}: {fault['type']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)[:MAX_FAULTS_SHOWN]
    ]
    more = error.error_count() - len(faults)
    # Not `error.title`: for what is no model it names pydantic's and our own functions.
    name = model.__name__ if isinstance(model, type) else "the type"
    return f"expected {path} to fit {name}, got {'; '.join(faults)}" + (f"; and {more} more" if more else "")


def _step(part: int | str) -> str:
    text = str(part)
    return (text if text.isprintable() else ascii(text))[:64]
