"""What can be set on a queue: which values, what the service takes where none is given, how two sets differ.

Ranges and defaults: https://help.aliyun.com/document_detail/27497.html and its neighbours (facts, mns section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from mns.mns_xml_handler import QueueEncoder
from mns.queue import QueueMeta

from ..checks import check_whole, whole_seconds
from ..errors import ArgumentError
from .message import QueueAttributes

MAX_VISIBILITY_SECONDS = 43200
MAX_DELAY_SECONDS = 604800
MAX_WAIT_SECONDS = 30

_RANGES = {
    "visibility_timeout": (1, MAX_VISIBILITY_SECONDS),
    "maximum_message_size": (1024, 65536),
    "message_retention_period": (60, 604800),
    "delay_seconds": (0, MAX_DELAY_SECONDS),
    "polling_wait_seconds": (0, MAX_WAIT_SECONDS),
}
_DEFAULTS: Mapping[str, int | bool] = {
    "visibility_timeout": 30,
    "maximum_message_size": 65536,
    "message_retention_period": 345600,
    "delay_seconds": 0,
    "polling_wait_seconds": 0,
    "logging_enabled": False,
}


def checked(given: Mapping[str, object], unknown: Mapping[str, object]) -> dict[str, int | bool]:
    """Return the attributes that are not None, a timedelta as seconds.

    Raises:
        ArgumentError: one is out of range, or is none of a queue's.
    """
    for name in unknown:
        raise ArgumentError(_unknown(name))
    return {name: _value(name, value) for name, value in given.items() if value is not None}


def as_xml(attributes: Mapping[str, int | bool]) -> bytes:
    """Return the `<Queue>` that names these attributes."""
    meta = QueueMeta()
    for name, value in attributes.items():
        setattr(meta, name, value)
    xml: bytes = QueueEncoder.encode(meta)
    return xml


def differences(asked: Mapping[str, int | bool], there: QueueAttributes) -> str:
    """Say which attributes of a queue are others than a create asks for: what it does not name is asked as a default.

    Returns:
        "" where none is known to differ; an attribute that the service does not tell is not known to.
    """
    pairs = [(name, getattr(there, name), asked.get(name, default)) for name, default in _DEFAULTS.items()]
    return ", ".join(
        f"{name} is {has}, {wants} is asked for" + ("" if name in asked else " by default")
        for name, has, wants in pairs
        if has is not None and has != wants
    )


def _value(name: str, value: object) -> int | bool:
    if name != "logging_enabled":
        return check_whole(name, value if name == "maximum_message_size" else whole_seconds(value), *_RANGES[name])
    if isinstance(value, bool):
        return value
    raise ArgumentError(f"logging_enabled: expected True or False, got {str(value)[:40]}")


def _unknown(name: str) -> str:
    close = get_close_matches(name, _DEFAULTS, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"expected an attribute among {', '.join(_DEFAULTS)}, got {name[:40]!r}{hint}"
