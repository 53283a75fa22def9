"""What makes two failures the same one: their message without what differs each time, and where it was raised.

A group's id stands in spools, in what people type (`group=`) and in what they write down: a change of these rules is a
change of every id. Messages come from strangers: each pattern below is linear in its text, which is cut first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from ..records.error_detail import ErrorDetail, Frame

MAX_MESSAGE_CHARACTERS = 4096
"""How much of a message counts."""

MAX_FRAME_CHARACTERS = 200

GROUP_DIGITS = 6
"""Hex digits of a group's id."""

QUOTED = "'*'"
VARYING = "#"

_QUOTED = re.compile(
    # A quotation without an end goes to the end of the text, where it may have been cut.
    r"'(?<![A-Za-z0-9]')[^'\n]*(?:'|\Z)(?:[A-Za-z0-9][^'\n]*')*"  # apostrophes in "can't" and 'O'Brien' close nothing
    r'|"[^"\n]*(?:"|\Z)(?:(?<=\\")[^"\n]*")*'  # \" closes nothing
    "|`[^`\n]*`|\u2018[^\u2018\u2019\n]*\u2019|\u201c[^\u201c\u201d\n]*\u201d|\u00ab[^\u00ab\u00bb\n]*\u00bb"
    "|\u300c[^\u300c\u300d\n]*\u300d"
)
_VARYING = re.compile(
    # Four pieces of hex or more: UUIDs, IPv6 and MAC addresses.
    r"(?<![A-Za-z0-9:-])(?:[0-9A-Fa-f]{1,12}[:-]){3,}[0-9A-Fa-f]{1,12}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9:])(?=[0-9A-Fa-f:]{0,39}[0-9])(?:[0-9A-Fa-f]{0,4}:){1,7}:[0-9A-Fa-f:]{0,35}(?![A-Za-z0-9:])"
    # Names of days and months, where a number stands beside them.
    r"|(?<![A-Za-z])(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?(?=[ ]{1,2}(?:[0-9]|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug"
    r"|Sep|Oct|Nov|Dec)[a-z]{0,6}[ ]{1,2}[0-9]))"
    r"|(?<![A-Za-z])(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:[a-z]{3,6})?(?=[ /,-]{1,2}[0-9])"
    # A word with a digit in it: numbers with their unit, ids, hex. ASCII alone: other scripts put no space around one.
    r"|(?:(?<![A-Za-z0-9])[-+](?=[0-9]))?(?<![A-Za-z0-9])[A-Za-z]*\d[A-Za-z0-9]*"
    r"|(?<![A-Za-z0-9])[0-9A-Fa-f]{8,}(?![A-Za-z0-9])"
)
_MERGED = re.compile(r"#(?:[-.:/+,=@ ]{0,2}#|[ ](?:UTC|GMT)(?![A-Za-z]))+")
_SPACE = re.compile(r"\s+")

# What is not the user's: the runtime, layers, installed packages, Node's own files.
_NOT_OWN = re.compile(
    r"site-packages/|dist-packages/|node_modules/|^/usr/|^/opt/|^/var/(?:fc|runtime|lang)/|^node:|^internal/|^<|/lib/python\d"
)
_CODE_FOLDER = "/code/"
"""Where Function Compute puts a function's code (https://www.alibabacloud.com/help/en/functioncompute/fc/)."""


def normalised(message: str) -> str:
    """Return a message without what differs from one failure to the next: two of one kind are equal.

    Numbers, times, addresses, ids, hex and UUIDs become `#`, quoted values `'*'`, white space one space.

    Args:
        message: any text; its first 4096 characters count.
    """
    text = _QUOTED.sub(QUOTED, message[:MAX_MESSAGE_CHARACTERS])
    return _SPACE.sub(" ", _MERGED.sub(VARYING, _VARYING.sub(VARYING, text))).strip()


def own_frame(error: ErrorDetail) -> str | None:
    """Return where a failure was raised in the function's own code, as `MODULE.FUNCTION`, without a line number.

    It is the own frame that is nearest to the raise. Files of the runtime, of layers and of installed packages are not
    the function's own. None where the trace names none.
    """
    own = next(filter(_is_own, _from_the_raise(error.frames)), None)
    return None if own is None else _name(own)[:MAX_FRAME_CHARACTERS]


def group_id(*parts: str | None) -> str:
    """Return the id of the group of failures that agree in these parts: 6 hex digits, the same on every machine."""
    text = "\0".join("" if part is None else f"={part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:GROUP_DIGITS]


def _from_the_raise(frames: tuple[Frame, ...]) -> Iterable[Frame]:
    """Put the frame that raised first: Python writes it last, Node.js and Go first."""
    is_python = any(frame.file is not None and frame.file.endswith(".py") for frame in frames)
    return reversed(frames) if is_python else frames


def _is_own(frame: Frame) -> bool:
    return frame.file is not None and _NOT_OWN.search(_path(frame.file)) is None


def _path(file: str) -> str:
    return file.removeprefix("file://")


def _name(frame: Frame) -> str:
    path = _path(frame.file or "")
    inner = path.removeprefix(_CODE_FOLDER) if path.startswith(_CODE_FOLDER) else path.rpartition("/")[2]
    module = re.sub(r"\.[A-Za-z]{1,4}\Z", "", inner).replace("/", ".")
    function = (frame.function or "").removeprefix("async ").removeprefix("new ")
    return ".".join(filter(None, (module, function.removeprefix(f"{module}."))))
