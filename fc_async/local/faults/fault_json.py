"""A fault as JSON: read from what was sent to /_local/faults, and written as it is listed."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from .. import limits
from ..catalog.fc_errors import invalid_argument, wrong_value
from ..whole_number import is_whole_number
from .actions import ACTIONS, BATCHES, DELIVER, NAMING_NONE
from .fault import ActiveFault, Fault

_EFFECTS = ("status", "code", "delay_seconds", "drop", "truncate", "slow_body_seconds", "partial", "clock_jump_seconds")


def read_fault(body: Mapping[str, Any]) -> Fault:
    """Return a fault.

    Raises:
        FcError: 400 InvalidArgument, with the field, the value and what is expected.
    """
    for key in body:
        if key not in _FIELDS:
            raise invalid_argument(f"{str(key)[:80]!r} is no word of a fault; expected one of {', '.join(_FIELDS)}")
    given = {name: check(key, body[key]) for key, (name, check) in _FIELDS.items() if body.get(key) is not None}
    fault = Fault(**{"action": _action("action", body.get("action")), **given})
    _check_effects(fault)
    if fault.seed is not None and fault.probability is None:
        raise invalid_argument("seed: expected probability beside it")
    if fault.resource is not None and fault.action in NAMING_NONE:
        raise invalid_argument(f"resource: the path of {fault.action} names no function, queue or topic; leave it out")
    return fault


def _check_effects(fault: Fault) -> None:
    keys = {name: key for key, (name, _) in _FIELDS.items()}
    given = [keys[name] for name in _EFFECTS if _is_given(getattr(fault, name))]
    if fault.action == DELIVER and given:
        raise invalid_argument(f"{given[0]}: {DELIVER} has no answer that could change; the record does not arrive")
    if fault.action != DELIVER and not given:
        words = ", ".join(keys[name] for name in _EFFECTS)
        raise invalid_argument(f"a fault that does nothing: expected one of {words}")
    if fault.partial is not None and fault.action not in ("*", *BATCHES):
        raise invalid_argument(f"partial: {fault.action} is no batch; expected *, {', '.join(sorted(BATCHES))}")


def fault_to_wire(active: ActiveFault) -> dict[str, Any]:
    """Return a fault as it is listed: what was asked for, and how often it has happened."""
    words = {key: getattr(active.fault, name) for key, (name, _) in _FIELDS.items()}
    return {**{key: value for key, value in words.items() if _is_given(value)}, "happened": active.happened}


def _is_given(value: object) -> bool:
    return value is not None and value is not False


def _action(key: str, value: object) -> str:
    if isinstance(value, str) and value in ACTIONS:
        return value
    nearest = difflib.get_close_matches(value, ACTIONS, 1) if isinstance(value, str) else []
    meant = f"; did you mean {nearest[0]}?" if nearest else ""
    raise wrong_value(key, value, f"an action of Function Compute or MNS, {DELIVER} or *{meant}")


def _text(key: str, value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= limits.MAX_DESTINATION_CHARACTERS and value.isprintable():
        return value
    raise wrong_value(key, value, f"a printable text of 1 to {limits.MAX_DESTINATION_CHARACTERS} characters")


def _whole(low: int, high: int) -> Callable[[str, object], int]:
    def check(key: str, value: object) -> int:
        if not is_whole_number(value, low, high):
            raise wrong_value(key, value, f"an integer from {low} to {high}")
        return value

    return check


def _number(low: float, high: float) -> Callable[[str, object], float]:
    def check(key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise wrong_value(key, value, f"a number from {low} to {high}")
        return value

    return check


def _drop(key: str, value: object) -> str:
    if value not in ("before", "after"):
        raise wrong_value(key, value, "before or after")
    return str(value)


def _boolean(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong_value(key, value, "true or false")
    return value


_MOST = 1_000_000_000
_FIELDS: dict[str, tuple[str, Callable[[str, object], Any]]] = {
    "action": ("action", _action),
    "resource": ("resource", _text),
    "after": ("after", _whole(0, _MOST)),
    "times": ("times", _whole(1, _MOST)),
    "probability": ("probability", _number(0, 1)),
    "seed": ("seed", _whole(0, 2**63 - 1)),
    "status": ("status", _whole(300, 599)),
    "code": ("code", _text),
    "delaySeconds": ("delay_seconds", _number(0, 3600)),
    "drop": ("drop", _drop),
    "truncate": ("truncate", _boolean),
    "slowBodySeconds": ("slow_body_seconds", _number(0, 3600)),
    "partial": ("partial", _whole(0, 16)),
    "clockJumpSeconds": ("clock_jump_seconds", _number(-limits.MAX_ADVANCE_SECONDS, limits.MAX_ADVANCE_SECONDS)),
}
