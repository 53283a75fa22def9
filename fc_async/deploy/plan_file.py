"""A plan as JSON: for programs (`-o json`), and as the file that `apply` takes.

The file says besides what the contract names where it applies, and each thing whole, before and after: `apply` changes
exactly that, and refuses where what is live is neither. It can hold a subscriber's URL: it is written for its owner
alone.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..checks import LATEST, FunctionName
from ..errors import DocumentError
from ..mns.topic_checks import check_name, check_subscription
from .change import CONFIG_KEYS, KINDS, Change, change_of, config_of
from .live import QUEUE_ATTRIBUTES, TOPIC_ATTRIBUTES
from .plan import Plan
from .yaml_1_2 import read_text

FORMAT = "fc-async plan 1"
MAX_FILE_BYTES = 64 * 1024 * 1024
_KEYS: Mapping[str, Collection[str]] = {
    "config": CONFIG_KEYS,
    "queue": QUEUE_ATTRIBUTES,
    "topic": TOPIC_ATTRIBUTES,
    "subscription": ("queue", "endpoint", "format", "strategy", "tag"),
}
_BEGINNING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"format"\s*:')


def change_json(change: Change) -> dict[str, Any]:
    """Return a change as the contract has it: keys that do not apply are left out."""
    named = {"function": change.function, "qualifier": change.qualifier, "name": change.name}
    return {
        "kind": change.kind,
        **{key: value for key, value in named.items() if value is not None},
        "action": change.action,
        "fields": {name: list(pair) for name, pair in change.fields.items()},
    }


def to_json(plan: Plan) -> dict[str, Any]:
    """Return `{"changes": [...]}`."""
    return {"changes": [change_json(one) for one in plan.changes]}


def is_plan_file(path: Path) -> bool:
    """Tell whether a file is a saved plan rather than a document (which may be written as JSON, too)."""
    try:
        if not path.is_file():  # what a pipe gave for a look would be gone
            return False
        with path.open("rb") as file:
            return _BEGINNING.match(file.read(256)) is not None
    except (OSError, ValueError):
        return False  # who reads it as a document says why


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan to a file of mode 0600; an older plan there is replaced, and stays where that fails.

    Raises:
        DocumentError: it cannot be written, or something else is there.
    """
    changes = [{**change_json(one), "before": one.before, "after": one.after} for one in plan.changes]
    body = {"format": FORMAT, "place": plan.place, "home": list(plan.home), "changes": changes}
    try:
        if path.exists() and not (path.is_file() and path.stat().st_size == 0) and not is_plan_file(path):
            raise DocumentError(f"cannot write {path}: it is there, and no plan: name another file")
        _replace(path, json.dumps(body, indent=2) + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"cannot write {path}: {reason}") from None


def _replace(path: Path, text: str) -> None:
    """Put a whole file in place of another at once: half a plan is of no use, and the older one would be gone."""
    beside, name = tempfile.mkstemp(prefix=".fc-async-plan-", dir=path.parent)
    try:
        with os.fdopen(beside, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def read_plan(path: Path) -> Plan:
    """Read a plan that `write_plan` wrote.

    Raises:
        DocumentError: it cannot be read, or is no such file.
    """
    text = read_text(path, MAX_FILE_BYTES)
    found: Any = None
    with suppress(ValueError, RecursionError):  # also a number of more digits than Python reads
        found = json.loads(text)
    if not isinstance(found, dict):
        raise DocumentError(f"{path}: expected a plan that `fc-async plan --out` wrote, got one that is damaged")
    if found.get("format") != FORMAT:
        raise DocumentError(f"{path}: expected a plan of format {FORMAT!r}, got another; plan again")
    place, home, changes = found.get("place"), found.get("home"), found.get("changes")
    if not isinstance(place, str) or not isinstance(home, list) or not isinstance(changes, list):
        raise DocumentError(f"{path}: expected place, home and changes, got a plan without one of them; plan again")
    made = tuple(_change(path, number, one) for number, one in enumerate(changes, 1))
    for title, times in Counter(one.title for one in made).items():
        if times > 1:
            raise DocumentError(f"{path}: expected each thing once, got {title} {times} times; plan again")
    region, account_id = (*map(str, home[:2]), "", "")[:2]
    return Plan(made, place, home=(region, account_id))


def _change(path: Path, number: int, found: Any) -> Change:
    if not _is_change(found) or not _is_possible(found):
        raise DocumentError(
            f"{path}: change {number}: expected what `fc-async plan --out` writes, got another; plan again"
        )
    named = {key: found[key] for key in ("function", "qualifier", "name") if found.get(key) is not None}
    made = change_of(found["kind"], found.get("before"), found.get("after"), **named)
    if change_json(made) != {key: value for key, value in found.items() if key not in ("before", "after")}:
        raise DocumentError(
            f"{path}: change {number}, {made.title}: what it shows is not what it does: it was edited; plan again"
        )
    return made


def _is_change(found: Any) -> bool:
    """Tell whether something has the shape of a change, and two states that differ in being there."""
    if not isinstance(found, dict) or found.get("kind") not in KINDS:
        return False
    name = found.get("function" if found["kind"] == "config" else "name")
    states = (found.get("before"), found.get("after"))
    return (
        isinstance(name, str)
        and isinstance(found.get("qualifier"), (str, type(None)))
        and any(state is not None for state in states)
        and all(state is None or _is_state(found["kind"], state) for state in states)
    )


def _is_state(kind: str, state: Any) -> bool:
    known = _KEYS[kind]
    return isinstance(state, dict) and all(
        key in known and isinstance(value, (str, int, type(None))) for key, value in state.items()
    )


def _is_possible(found: Mapping[str, Any]) -> bool:
    """Tell whether what a change wants could come out of a document."""
    kind, after = found["kind"], found.get("after")
    try:
        if kind == "config":
            FunctionName.checked(found["function"], found.get("qualifier"))
            if found.get("qualifier") == LATEST:  # a plan has one word for it, None: it would be there twice
                return False
            config_of(after or {})
        elif kind == "subscription":
            topic, _, name = found["name"].partition("/")
            check_name("topic", topic)
            wants = [(after or {}).get(key) for key in ("queue", "endpoint", "format", "strategy", "tag")]
            check_subscription(name, *wants)
        else:
            check_name(kind, found["name"])
    except ValueError:  # an ArgumentError, or pydantic's
        return False
    return after is not None or kind == "config"  # no plan deletes a queue, a topic or a subscription
