"""The task id of a redriven letter: the same letter asks for the same task, whoever sends it, and however often.

Two redrives of one letter, in whatever processes, ask for one task, and the service accepts it once (design,
decision 5). Tasks are per qualifier, so the qualifier is part of it.
"""

from __future__ import annotations

import hashlib

from ..checks import FunctionName
from ..mns.letter import Letter


def task_id_of(target: FunctionName, letter: Letter, payload: bytes, generation: int = 0) -> str:
    """Return the task id.

    Args:
        target: what is invoked.
        letter: the letter that it stands for.
        payload: what is sent.
        generation: how often the letter was sent again on purpose; 0: never.
    """
    request_id = letter.record.request_id if letter.record is not None else ""
    parts = (str(target), request_id or letter.message.message_id, hashlib.sha256(payload).hexdigest(), str(generation))
    return "fcr-" + hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
