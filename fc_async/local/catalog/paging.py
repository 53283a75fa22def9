"""Function Compute's `limit` and `nextToken`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from .. import limits
from ..listing import UnknownToken, page_of
from ..whole_number import whole_number_of
from .fc_errors import invalid_argument

_Item = TypeVar("_Item")


def page(items: Iterable[tuple[str, _Item]], query: Mapping[str, str]) -> tuple[list[_Item], str]:
    """Return the items that `limit` and `nextToken` ask for, in the order of their keys, and the next token.

    The token names the first key of the next page, as was seen in FC 2.0; "" when nothing is left.

    Raises:
        FcError: 400 InvalidArgument, for a limit out of range or a token that no listing has returned.
    """
    limit = _limit(query.get("limit"))
    try:
        return page_of(items, query.get("nextToken", ""), limit)
    except UnknownToken:
        raise invalid_argument("nextToken is not one that a listing has returned") from None


def _limit(text: str | None) -> int:
    default, highest = limits.PAGE_SIZE
    if not text:
        return default
    limit = whole_number_of(text, 1, highest)
    if limit is None:
        raise invalid_argument(f"limit must be an integer from 1 to {highest}")
    return limit
