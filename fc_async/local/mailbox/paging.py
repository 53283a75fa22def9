"""One page of what has a name: queues, topics and subscriptions are listed alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from ..listing import UnknownToken, page_of
from .errors import invalid_argument
from .limits import RET_NUMBER

_Item = TypeVar("_Item")


def page(named: Mapping[str, _Item], prefix: str, marker: str | None, limit: int) -> tuple[list[_Item], str | None]:
    """Return one page by name, and what asks for the next.

    Args:
        named: everything that can be listed.
        prefix: only names that start so.
        marker: the next marker of the page before; None begins.
        limit: 1 to 1000.

    Returns:
        The items, and the marker of the next page; None on the last one.

    Raises:
        MailboxError: 400 InvalidArgument for a limit out of range or a marker that no listing has returned.
    """
    RET_NUMBER.checked(limit)
    found = (item for item in named.items() if item[0].startswith(prefix))
    try:
        items, next_marker = page_of(found, marker or "", limit)
    except UnknownToken:
        raise invalid_argument("The value of x-mns-marker is not one that a listing has returned") from None
    return items, next_marker or None
