"""What a fault in a file costs: one value, or one function. What costs the whole file is a DocumentError.

Both are caught where the file is read; what is left of them is a sentence for people.
"""

from __future__ import annotations


class Unknown(Exception):  # noqa: N818 - a value that is missing, seldom an error
    """A value that only the cloud, or a deployment, could tell; it is left out. The text says which and why."""


class LeftOut(Exception):  # noqa: N818 - the reason why, never seen by a user as an exception
    """Why a function is left out.

    Args:
        reason: one sentence.
        keys: where it stands, counted from the resource; empty: the resource itself.
    """

    def __init__(self, reason: str, *keys: str | int) -> None:
        super().__init__(reason)
        self.keys = keys
