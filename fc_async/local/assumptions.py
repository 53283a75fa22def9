"""What the local service takes the cloud to do where no source says so, and where a client could be wrong about it.

Each field of `Assumptions` is the whole declaration: its name, its default, what else it may be, and why this default
was taken. `fc-async local assumptions` prints them; `--assume NAME=VALUE` and `LocalServer(assume=...)` set them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, TypeVar

from ..errors import ArgumentError
from .allowed import Allowed, AnyText, NotAllowed, OneOf, WholeNumber

_Choice = TypeVar("_Choice", bound="bool | str")
_Value = TypeVar("_Value")


def _one_of(*values: _Choice, why: str) -> _Choice:
    return _declared(OneOf(values), values[0], why)


def _number(default: _Value, low: int, high: int, *, why: str) -> _Value:
    return _declared(WholeNumber(low, high, or_none=default is None), default, why)


def _text(default: str, *, why: str) -> str:
    return _declared(AnyText(), default, why)


def _declared(allowed: Allowed, default: _Value, why: str) -> _Value:
    return field(default=default, metadata={"allowed": allowed, "why": why})


@dataclass(frozen=True)
class Assumptions:
    """One set of values; what is not given has its default."""

    put_merges: bool = _one_of(
        True, False, why="documented for FC 2.0 (putfunctionasyncinvokeconfig), for FC 3.0 nowhere"
    )
    put_merges_inside_destination: bool = _one_of(
        False, True, why="no source; destinationConfig is replaced as a whole"
    )
    empty_destination_config_clears: bool = _one_of(
        True, False, why="no source; destinationConfig {} is accepted (devsapp/fc)"
    )
    empty_destination_refused: bool = _one_of(
        True,
        False,
        why='onSuccess {} is refused (terraform-provider-alicloud#10031); for destination "" sources disagree',
    )
    expired_fires_on_failure: bool = _one_of(
        False, True, why="retry-policy says dropped; no page names a record for it"
    )
    stopped_fires_on_failure: bool = _one_of(
        True, False, why="best-practices-for-asynchronous-tasks: fails or is stopped"
    )
    stopped_condition: str = _one_of(
        "AsyncInvocationStopped", "", why="the one record seen (FC 2.0) has ''; the code is FC's"
    )
    failure_record_per_attempt: bool = _one_of(
        False,
        True,
        why="result-callback: after the retries; serverless-cd guards against one for each failed execution",
    )
    age_checked_on_retry: bool = _one_of(
        True, False, why="no source; retry-policy speaks of the time until it is dequeued"
    )
    age_counts_delay: bool = _one_of(False, True, why="no source; a delay that was asked for is no backlog")
    function_error_retry_seconds: int = _number(1, 0, 3600, why="no source names the time between retries")
    backoff_cap_seconds: int | None = _number(None, 1, 18_000, why="no source names a cap of the doubling")
    five_hours_from: str = _one_of(
        "first_failure", "acceptance", why="retry-policy: up to 5 hours, without a beginning"
    )
    put_keys_ignore_case: bool = _one_of(
        True, False, why="FC 2.0 read PascalCase keys of a PUT (fc-python-sdk tests); for FC 3.0 no source"
    )
    alias_update_needs_change: bool = _one_of(
        False, True, why="true: UpdateAlias without a change is refused, as public scripts say; code and status unknown"
    )
    destination_needs_role: bool = _one_of(
        False, True, why="false: a warning; true: lost, as result-callback says: without a role nothing is delivered"
    )
    destination_crosses_region: bool = _one_of(
        False,
        True,
        why="false: a warning; true: a record to another region or account is lost, as in the cloud",
    )
    context: str = _one_of(
        "runtime", "union", why="runtime: what each has (context-1, doc 422182); union: what any of them has"
    )
    mns_body_base64: bool = _one_of(False, True, why="samples show the body as plain JSON; the wire was not seen")
    untagged_passes_filter: bool = _one_of(
        False, True, why="no source; a subscription's FilterTag and a message without a tag, as every record is"
    )
    json_push_content_type: str = _one_of(
        "application/json", "text/xml", "text/plain", why="documented for XML and SIMPLIFIED only"
    )
    record_arn_has_qualifier: bool = _one_of(
        False, True, why="seen without for LATEST; for versions and aliases unknown"
    )
    non_utf8_payload: str = _one_of("replace", "base64", why="no source; a record holds payloads as JSON strings")
    task_id_without_async_task: str = _one_of(
        "ignored", "honoured", "rejected", why="the SDK says only: enable asynchronous tasks beforehand"
    )
    task_registration_delay_seconds: int = _number(0, 0, 3600, why="GET may answer 404 for a short time after the 202")
    duplicate_task_code: str = _text(
        "AsyncTaskAlreadyExists", why="FC 2.0 has StatefulAsyncInvocationAlreadyExists; 409 is FC's"
    )
    chain_depth: int = _number(16, 1, 1000, why="ours: the service is not known to stop a chain that calls itself")


@dataclass(frozen=True)
class Assumption:
    """One field of `Assumptions`, as it is listed.

    Args:
        name: how `--assume` calls it.
        default: the value that is taken.
        allowed: what it may be.
        why: why this default was taken.
    """

    name: str
    default: bool | int | str | None
    allowed: Allowed
    why: str


_DEFAULTS = Assumptions()
ASSUMPTIONS: Final = tuple(
    Assumption(one.name, getattr(_DEFAULTS, one.name), one.metadata["allowed"], one.metadata["why"])
    for one in fields(Assumptions)
)
"""All of them, in the order of their declaration."""

_BY_NAME = {assumption.name: assumption for assumption in ASSUMPTIONS}


def read_assumptions(given: Mapping[str, object]) -> Assumptions:
    """Return the assumptions with some of them set.

    Args:
        given: values by name, as Python values or as they are typed (`"true"`, `"none"`, `"30"`).

    Raises:
        ArgumentError: a name that is not known, or a value that is not allowed; the message lists those that are.
    """
    return Assumptions(**{name: _read(name, value) for name, value in given.items()})


def split_assumption(text: str) -> tuple[str, str]:
    """Take NAME=VALUE apart; raises ArgumentError for what is none."""
    name, separator, value = text.partition("=")
    if not separator:
        raise ArgumentError(f"expected NAME=VALUE, got {text[:80]!r}; the names are {_names()}")
    return name, value


def _read(name: str, value: object) -> Any:
    assumption = _BY_NAME.get(name)
    if assumption is None:
        raise ArgumentError(f"there is no assumption {name[:80]!r}; the names are {_names()}")
    try:
        return assumption.allowed.read(value)
    except NotAllowed:
        reason = f"{name} is {assumption.allowed}, got {str(value)[:80]!r}"
    raise ArgumentError(reason)


def _names() -> str:
    return ", ".join(_BY_NAME)
