"""A plan as JSON: for programs (`-o json`), and as the file that `apply` takes.

The file says besides what the contract names where it applies, and each thing whole, before and after: `apply` changes
exactly that, and refuses where what is live is neither. It can hold a subscriber's URL: it is written for its owner
alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import DocumentError
from .plan import Change, Plan
from .yaml_1_2 import read_text

FORMAT = "fc-async plan 1"
MAX_FILE_BYTES = 64 * 1024 * 1024
_TEXTS = ("kind", "action")
_KINDS = ("config", "queue", "topic", "subscription")
_ACTIONS = ("create", "update", "delete")


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
    """Tell whether a file is a saved plan rather than a document: it begins with a brace."""
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip().startswith(b"{")
    except (OSError, ValueError):
        return False  # who reads it as a document says why


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan to a file of mode 0600.

    Raises:
        DocumentError: it cannot be written.
    """
    changes = [{**change_json(one), "before": one.before, "after": one.after} for one in plan.changes]
    body = {"format": FORMAT, "place": plan.place, "changes": changes}
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(json.dumps(body, indent=2) + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(f"cannot write {path}: {reason}") from None


def read_plan(path: Path) -> Plan:
    """Read a plan that `write_plan` wrote.

    Raises:
        DocumentError: it cannot be read, or is no such file.
    """
    try:
        found = json.loads(read_text(path, MAX_FILE_BYTES))
    except (ValueError, RecursionError) as error:
        if isinstance(error, DocumentError):
            raise
        found = None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("changes"), list):
        raise DocumentError(f"{path}: expected a plan that `fc-async plan --out` wrote, got something else")
    place = found.get("place")
    return Plan(tuple(_change(path, one) for one in found["changes"]), place if isinstance(place, str) else "")


def _change(path: Path, found: Any) -> Change:
    if not _is_change(found):
        raise DocumentError(f"{path}: expected changes as `fc-async plan --out` writes them, got another; plan again")
    pairs = {name: (pair[0], pair[1]) for name, pair in found["fields"].items()}
    texts = {key: found.get(key) for key in ("kind", "action", "function", "qualifier", "name")}
    return Change(**texts, fields=pairs, before=found.get("before"), after=found.get("after"))


def _is_change(found: Any) -> bool:
    if not isinstance(found, dict) or found.get("kind") not in _KINDS or found.get("action") not in _ACTIONS:
        return False
    states = (found.get("before"), found.get("after"))
    name = found.get("function" if found["kind"] == "config" else "name")
    fields = found.get("fields")
    return (
        isinstance(name, str)
        and isinstance(found.get("qualifier"), (str, type(None)))
        and isinstance(fields, Mapping)
        and all(isinstance(pair, list) and len(pair) == 2 for pair in fields.values())
        and all(state is None or isinstance(state, dict) for state in states)
        and any(state is not None for state in states)
        and (found["action"] == "delete") == (states[1] is None)
    )
