"""What outlives the process: each change of what is to be kept is told to one of these, by who makes the change.

Engine, mailbox and catalog know no more of the store than this. Without `--data` nothing is kept, and they tell it to
`NOT_KEPT`.
"""

from __future__ import annotations

from typing import Any, Final, Protocol, TypeVar

_Key = TypeVar("_Key", contravariant=True)
_Value = TypeVar("_Value", contravariant=True)


class Kept(Protocol[_Key, _Value]):
    """The things of one kind that outlive the process."""

    def put(self, key: _Key, value: _Value) -> None:
        """Keep a thing as it will be when this turn of the event loop is over."""

    def drop(self, key: _Key) -> None:
        """Keep it no longer; harmless where it was not kept."""


class NotKept:
    """Keeps nothing."""

    def put(self, key: object, value: object) -> None:
        pass

    def drop(self, key: object) -> None:
        pass


NOT_KEPT: Final[Any] = NotKept()
