"""The body of PutAsyncInvokeConfig with its keys as the API writes them, where they are read in any case.

FC 2.0 read `{"DestinationConfig": {"OnSuccess": {"Destination": ...}}}` (fc-python-sdk:test/async_config_test.py);
whether FC 3.0 does is the assumption `put_keys_ignore_case`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEYS = (
    *("asyncTask", "maxAsyncEventAgeInSeconds", "maxAsyncRetryAttempts"),
    *("destinationConfig", "onSuccess", "onFailure", "destination"),
)
_DEPTH = 2
_BY_LOWER = {key.lower(): key for key in _KEYS}


def respelt(body: Mapping[str, Any], depth: int = 0) -> tuple[dict[str, Any], list[str]]:
    """Return a body with every key that is one but for its case as the API writes it, and the keys that were not so.

    Where a body has a key both ways, the one that is written as the API writes it counts.

    Args:
        body: the JSON object that was sent.
        depth: how far below the top it stands.
    """
    found: dict[str, Any] = {}
    others: list[str] = []
    for key, value in body.items():
        is_below = isinstance(value, dict) and depth < _DEPTH
        inner, inner_others = respelt(value, depth + 1) if is_below else (value, [])
        name = _BY_LOWER.get(key.lower(), key)
        others += [*([key] if name != key else []), *inner_others]
        if name == key or name not in body:
            found[name] = inner
    return found, others
