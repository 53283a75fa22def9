"""What the local service takes the cloud to do where no source says so: one value for each name of `limits.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ArgumentError
from . import limits
from .limits import Choice, Text, WholeNumber

_BY_NAME = {assumption.name: assumption for assumption in limits.ASSUMPTIONS}
_MAX_TEXT_CHARACTERS = 128


def _default(name: str) -> Any:
    return _BY_NAME[name].default


@dataclass(frozen=True)
class Assumptions:
    """One set of values; what is not given has its default. Meaning and reason of each stand in `limits.py`."""

    put_merges: bool = _default("put_merges")
    put_merges_inside_destination: bool = _default("put_merges_inside_destination")
    empty_destination_config_clears: bool = _default("empty_destination_config_clears")
    empty_destination_refused: bool = _default("empty_destination_refused")
    expired_fires_on_failure: bool = _default("expired_fires_on_failure")
    stopped_fires_on_failure: bool = _default("stopped_fires_on_failure")
    stopped_condition: str = _default("stopped_condition")
    failure_record_per_attempt: bool = _default("failure_record_per_attempt")
    age_checked_on_retry: bool = _default("age_checked_on_retry")
    age_counts_delay: bool = _default("age_counts_delay")
    function_error_retry_seconds: int = _default("function_error_retry_seconds")
    backoff_cap_seconds: int | None = _default("backoff_cap_seconds")
    five_hours_from: str = _default("five_hours_from")
    mns_body_base64: bool = _default("mns_body_base64")
    record_arn_has_qualifier: bool = _default("record_arn_has_qualifier")
    non_utf8_payload: str = _default("non_utf8_payload")
    task_id_without_async_task: str = _default("task_id_without_async_task")
    task_registration_delay_seconds: int = _default("task_registration_delay_seconds")
    duplicate_task_code: str = _default("duplicate_task_code")
    chain_depth: int = _default("chain_depth")


def read_assumptions(given: Mapping[str, object]) -> Assumptions:
    """Return the assumptions with some of them set.

    Args:
        given: values by name, as Python values or as they are typed (`"true"`, `"none"`, `"30"`).

    Raises:
        ArgumentError: a name or a value that there is not; the message lists those that there are.
    """
    return Assumptions(**{name: _value(name, value) for name, value in given.items()})


def split_assumption(text: str) -> tuple[str, str]:
    """Take NAME=VALUE apart; raises ArgumentError for what is none."""
    name, separator, value = text.partition("=")
    if not separator:
        raise ArgumentError(f"expected NAME=VALUE, got {text[:80]!r}; the names are {_names()}")
    return name, value


def shown_value(value: object) -> str:
    """Return a value as it is typed: `true`, `none`, `30`; an empty text is written as two quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "''" if value == "" else str(value)


def shown_values(assumption: Choice | WholeNumber | Text) -> str:
    """Return what an assumption can be, the default first, as in `true|false`."""
    if isinstance(assumption, Choice):
        return "|".join(map(shown_value, assumption.values))
    if isinstance(assumption, WholeNumber):
        none = "none, " if assumption.default is None else ""
        return f"{none}{assumption.low} to {assumption.high}"
    return "any text"


def _value(name: str, value: object) -> Any:
    assumption = _BY_NAME.get(name)
    if assumption is None:
        raise ArgumentError(f"there is no assumption {name[:80]!r}; the names are {_names()}")
    found, read = _read(assumption, value)
    if not found:
        raise ArgumentError(f"{name} is {shown_values(assumption)}, got {str(value)[:80]!r}")
    return read


def _read(assumption: Choice | WholeNumber | Text, value: object) -> tuple[bool, Any]:
    """Return whether the value is one of the assumption's, and which."""
    if isinstance(assumption, Choice):
        typed = {shown_value(choice): choice for choice in assumption.values} | {
            choice: choice for choice in assumption.values if isinstance(choice, str)
        }
        shown = value if isinstance(value, str) else shown_value(value)
        return shown in typed, typed.get(shown)
    if isinstance(assumption, Text):
        return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT_CHARACTERS and value.isprintable(), value
    if value is None or value == "none":
        return assumption.default is None, None
    return _read_number(assumption, value)


def _read_number(assumption: WholeNumber, value: object) -> tuple[bool, Any]:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        value = int(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and assumption.low <= value <= assumption.high, value  # type: ignore[operator]


def _names() -> str:
    return ", ".join(_BY_NAME)
