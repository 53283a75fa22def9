"""One page of a sorted listing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TypeVar

from .. import limits
from .fc_errors import invalid_argument

_Item = TypeVar("_Item")


def page(items: Iterable[tuple[str, _Item]], query: Mapping[str, str]) -> tuple[list[_Item], str]:
    """Return the items that `limit` and `nextToken` ask for, in the order of their keys, and the next token.

    The token names the first key of the next page, as was seen in FC 2.0; "" when nothing is left.

    Raises:
        FcError: 400 InvalidArgument, for a limit out of range or a token that is none of ours.
    """
    limit = _limit(query.get("limit"))
    first = _key(query.get("nextToken", ""))
    rest = sorted((pair for pair in items if pair[0] >= first), key=lambda pair: pair[0])
    token = base64.urlsafe_b64encode(rest[limit][0].encode()).decode() if len(rest) > limit else ""
    return [item for _, item in rest[:limit]], token


def _limit(text: str | None) -> int:
    if not text:
        return limits.DEFAULT_PAGE_SIZE
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= limits.MAX_PAGE_SIZE):
        raise invalid_argument(f"limit must be an integer from 1 to {limits.MAX_PAGE_SIZE}")
    return int(text)


def _key(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise invalid_argument("nextToken is not one that a listing has returned") from None
