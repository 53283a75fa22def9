"""One page of a sorted listing, and the token that asks for the next one: the same for every service."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TypeVar

_Item = TypeVar("_Item")


class UnknownToken(Exception):  # noqa: N818 - each service says it in its own words
    """A token is not one that a listing has returned."""


def page_of(items: Iterable[tuple[str, _Item]], token: str, limit: int) -> tuple[list[_Item], str]:
    """Return at most `limit` items from where `token` points, in the order of their keys, and the next token.

    Args:
        items: key and item, in any order.
        token: names the first key of the page; "" begins.
        limit: how many items at most.

    Returns:
        The items, and the token of the next page; "" when nothing is left.

    Raises:
        UnknownToken: no listing has returned the token.
    """
    first = _key_of(token)
    rest = sorted((pair for pair in items if pair[0] >= first), key=lambda pair: pair[0])
    next_token = base64.urlsafe_b64encode(rest[limit][0].encode()).decode() if len(rest) > limit else ""
    return [item for _, item in rest[:limit]], next_token


def _key_of(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise UnknownToken from None
