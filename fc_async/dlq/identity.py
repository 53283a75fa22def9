"""When two letters are one: only where request id, function ARN and payload agree (design, decision 14)."""

from __future__ import annotations

import hashlib

from ..mns.letter import Letter


def identity(letter: Letter) -> str:
    """Return 64 hexadecimal digits that two letters share only if they are one.

    What holds no record is one only with itself: by its message id, or by its body where the service named none.
    """
    record = letter.record
    if record is None:
        parts: tuple[str, ...] = ("message", letter.message.message_id or letter.message.message_body)
    else:
        payload = record.request_bytes()
        digest = "none" if payload is None else hashlib.sha256(payload).hexdigest()
        parts = ("record", record.request_id, record.function_arn, digest)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
