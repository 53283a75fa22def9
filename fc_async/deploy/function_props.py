"""The props of one function, their variables filled in, as a declared function: checked, and named as we name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from ..config import AsyncInvokeConfig, DestinationConfig
from .document import DeclaredFunction
from .faults import LeftOut
from .scalars import shown

_NUMBERS = ("timeout", "memorySize", "maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds")
_WHOLE = re.compile(r"[-+]?[0-9]{1,15}")


def declared_function(values: dict[str, Any]) -> DeclaredFunction:
    """Return a function.

    Args:
        values: its props that are read, by the file's names, without what is empty.

    Raises:
        LeftOut: one of them cannot be; the sentence names it.
    """
    values = _with_numbers(values)
    block = values.pop("asyncInvokeConfig", None)
    if isinstance(values.get("code"), dict):
        values["code"] = values["code"]["src"]
    if "environmentVariables" in values:
        values["environmentVariables"] = _texts(values["environmentVariables"])
    try:
        if isinstance(block, dict):
            qualifier = block.pop("qualifier", None)
            values["qualifier"] = None if qualifier is None else shown(qualifier)
            values["async_config"] = AsyncInvokeConfig.model_validate(_with_destinations(_with_numbers(block)))
        elif block is not None:
            raise LeftOut("expected a mapping", "props", "asyncInvokeConfig")
        return DeclaredFunction.model_validate(values)
    except ValidationError as error:
        raise LeftOut(_first(error), "props") from None


def _with_numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """A number in quotes is taken as a number."""
    return {
        name: int(value) if name in _NUMBERS and isinstance(value, str) and _WHOLE.fullmatch(value) else value
        for name, value in values.items()
    }


def _with_destinations(block: dict[str, Any]) -> dict[str, Any]:
    """Leave out the halves whose ARN is empty, or was left out because it is not known here."""
    halves = block.get("destinationConfig")
    if not isinstance(halves, dict):
        return block
    return {**block, "destinationConfig": {half: value for half, value in halves.items() if value != {}}}


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    fields = {*AsyncInvokeConfig.model_fields, *DestinationConfig.model_fields}
    names = (to_camel(part) if part in fields else str(part) for part in first["loc"])
    return f"{'.'.join(names)}: {first['msg'].removeprefix('Value error, ')}"


def _texts(variables: Any) -> dict[str, str]:
    """YAML reads 8080 and true as what they look like; a process's environment holds text."""
    if not isinstance(variables, dict):
        raise LeftOut("expected a mapping of names to texts", "props", "environmentVariables")
    for name, value in variables.items():
        if isinstance(value, (dict, list)):
            raise LeftOut("expected a text, got a mapping or list", "props", "environmentVariables", name)
    return {name: shown(value) for name, value in variables.items()}
