"""Models that people write as arguments: what is wrong with one is an ArgumentError of one sentence, as everywhere.

Inside of a model of the user's, pydantic reports it as it reports that model's other fields.
"""

from __future__ import annotations

from difflib import get_close_matches
from inspect import isclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel

from .checks import is_whole
from .errors import ArgumentError

_SHOWN_CHARACTERS = 40
_EXPECTED = {"bool_type": "True or False"}


class _OneVoice(type(BaseModel)):  # type: ignore[misc] # pydantic's own metaclass has no public name
    """Is asked where a class is called by its name, and passed by where pydantic makes a field of a larger model."""

    def __call__(cls, *arguments: Any, **fields: Any) -> Any:
        try:
            return super().__call__(*arguments, **fields)
        except ValidationError as error:
            reason = _sentence(error, cls)
        raise ArgumentError(reason)  # out here: pydantic's exception holds all that was passed


if TYPE_CHECKING:
    ArgumentModel = BaseModel
else:

    class ArgumentModel(BaseModel, metaclass=_OneVoice):
        """A model whose faults are ArgumentErrors where it is made by name."""


def shown(value: object) -> str:
    """Return a value as a message may show it: what is long is cut, what has parts is named by its kind."""
    if value is None or isinstance(value, (bool, float)) or is_whole(value, -(10**20), 10**20):
        return str(value)
    return repr(value[:_SHOWN_CHARACTERS]) if isinstance(value, str) else type(value).__name__


def _sentence(error: ValidationError, model: Any) -> str:
    """Say the first of what pydantic found: the field in our spelling, what is allowed, what came."""
    first = error.errors(include_url=False)[0]
    *outer, last = (str(step) for step in first["loc"]) if first["loc"] else ("",)
    names: list[str] = []
    for step in outer:
        names.append(_spellings(model).get(step, step))
        model = _inner_model(model, names[-1])
    if first["type"] == "extra_forbidden":
        return ": ".join([*filter(None, [".".join(names)]), _unknown(last, model)])
    path = ".".join([*names, _spellings(model).get(last, last)])
    return f"{path}: {_fault(first, model, last)}" if path else _fault(first, model, last)


def _fault(found: Any, model: Any, field: str) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    inner = _inner_model(model, _spellings(model).get(field, field))
    expected = _EXPECTED.get(found["type"], "another value")
    if inner is not None:
        expected = f"a {inner.__name__} ({', '.join(inner.model_fields)})"
    return f"expected {expected}, got {shown(found['input'])}"


def _unknown(field: str, model: Any) -> str:
    spellings = _spellings(model)
    close = get_close_matches(field, spellings, n=1)
    hint = f"; did you mean {spellings[close[0]]}?" if close else ""
    return f"expected a field among {', '.join(dict.fromkeys(spellings.values()))}, got {shown(field)}{hint}"


def _spellings(model: Any) -> dict[str, str]:
    fields = () if model is None else model.model_fields
    return {spelt: name for name in fields for spelt in (name, to_camel(name))}


def _inner_model(model: Any, field: str) -> Any:
    """Return the model that a field holds, None where it holds none."""
    info = None if model is None else model.model_fields.get(field)
    kinds = () if info is None else get_args(info.annotation)
    return next((kind for kind in kinds if isclass(kind) and issubclass(kind, BaseModel)), None)
