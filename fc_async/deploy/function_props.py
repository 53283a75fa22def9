"""The props of one function, their variables filled in, as a declared function: checked, and named as we name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from ..config import AsyncInvokeConfig, DestinationConfig
from .document import DeclaredFunction
from .faults import LeftOut
from .scalars import shown

_NUMBERS = ("timeout", "memorySize", "maxAsyncRetryAttempts", "maxAsyncEventAgeInSeconds")
_SPELT = {
    name.lower(): name
    for name in ("destination", *map(to_camel, (*AsyncInvokeConfig.model_fields, *DestinationConfig.model_fields)))
}
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
    if block is not None:
        config, qualifier = async_config_of(block)
        values |= {"async_config": config, "qualifier": qualifier}
    try:
        return DeclaredFunction.model_validate(values)
    except ValidationError as error:
        raise _refused(error, "props") from None


def async_config_of(block: Any) -> tuple[AsyncInvokeConfig, str | None]:
    """Return what an asyncInvokeConfig says, its variables filled in, and the version or alias that it is for.

    Raises:
        LeftOut: it cannot be one; the sentence names the fault.
    """
    if not isinstance(block, dict):
        raise LeftOut("expected a mapping", "props", "asyncInvokeConfig")
    _check_spelling(block, "props", "asyncInvokeConfig")
    qualifier = block.get("qualifier")
    block = {key: value for key, value in block.items() if key != "qualifier"}
    try:
        config = AsyncInvokeConfig.model_validate(_with_destinations(_with_numbers(block)))
    except ValidationError as error:
        raise _refused(error, "props", "asyncInvokeConfig") from None
    return config, None if qualifier is None else shown(qualifier)


def _check_spelling(block: Mapping[str, Any], *way: str) -> None:
    """Refuse the spellings and short forms that fc_async takes elsewhere: Serverless Devs sends on what is written."""
    for key, value in block.items():
        name = _SPELT.get(key.replace("_", "").lower(), key)
        if name != key:
            raise LeftOut(f"Serverless Devs calls it {name}", *way, key)
        if isinstance(value, dict):
            _check_spelling(value, *way, key)
        elif key == "destination" and isinstance(value, str) and not value.startswith("acs:"):
            raise LeftOut("expected an ARN (acs:...); Serverless Devs and the cloud know no short form", *way, key)


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


def _refused(error: ValidationError, *way: str) -> LeftOut:
    """Return why a function is left out: the first fault, where it stands; numbers are said, texts may be secret."""
    first = error.errors(include_url=False)[0]
    names = [_SPELT.get(str(part).replace("_", ""), str(part)) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        close = get_close_matches(names[-1], sorted(set(_SPELT.values())), n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return LeftOut(f"a key that Function Compute does not know{hint}", *way, *names)
    sentence = first["msg"].removeprefix("Value error, ").replace("Input should be ", "expected ")
    if sentence.startswith("expected ") and ", got " not in sentence:
        sentence += f", got {_kind(first['input'])}"
    return LeftOut(sentence.replace("String should ", "expected a text to "), *way, *names)


def _kind(value: Any) -> str:
    if isinstance(value, (bool, int, float)):
        return shown(value)
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "a text"


def _texts(variables: Any) -> dict[str, str]:
    """YAML reads 8080 and true as what they look like; a process's environment holds text."""
    if not isinstance(variables, dict):
        raise LeftOut("expected a mapping of names to texts", "props", "environmentVariables")
    for name, value in variables.items():
        if isinstance(value, (dict, list)):
            raise LeftOut("expected a text, got a mapping or list", "props", "environmentVariables", name)
    return {name: shown(value) for name, value in variables.items()}
