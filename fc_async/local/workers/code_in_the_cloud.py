"""`/code`: the code folder's place in the cloud, which handlers' variables name, and which is not there here."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

CODE_IN_THE_CLOUD: Final = "/code"
"""Source: the stack traces of error-handling-1-1 and of awesome-fc/async-invocation-dlq."""

_LARGEST_ERROR_BYTES = 65536


def as_here(value: str, code_dir: Path) -> str:
    """Return a variable's value with the code folder in place of `/code`, in each part of a path list.

    Args:
        value: as the function has it: `/code/x.json`, `/code/python:/opt/python`, or anything else, which stays.
        code_dir: the code folder on this machine.
    """
    if CODE_IN_THE_CLOUD not in value:
        return value
    return os.pathsep.join(_part(part, code_dir) for part in value.split(os.pathsep))


def _part(part: str, code_dir: Path) -> str:
    if part == CODE_IN_THE_CLOUD or part.startswith(f"{CODE_IN_THE_CLOUD}/"):
        return f"{code_dir}{part[len(CODE_IN_THE_CLOUD) :]}"
    return part


def is_missing_there(error_json: bytes) -> bool:
    """Whether a handler failed because it looked for a file under `/code`.

    Args:
        error_json: what the failure was answered with.
    """
    if len(error_json) > _LARGEST_ERROR_BYTES or b"FileNotFoundError" not in error_json:
        return False
    try:
        error = json.loads(error_json)
    except ValueError:
        return False
    message = str(error.get("errorMessage"))
    return error.get("errorType") == "FileNotFoundError" and (
        f"'{CODE_IN_THE_CLOUD}/" in message or f"'{CODE_IN_THE_CLOUD}'" in message
    )
