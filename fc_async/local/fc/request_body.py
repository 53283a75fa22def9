"""The body of a request to Function Compute: bounded, held to its signed hash, and read as JSON where it is JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from aiohttp import web

from .. import limits
from ..bounded_body import BodyBroken, BodyTooLarge, read_bounded
from ..catalog.fc_errors import entity_too_large, invalid_argument
from .signature import check_body

SIGNED_HASH: ContextVar[str | None] = ContextVar("SIGNED_HASH", default=None)
"""The hash that the body of the request that is being answered must have; None where no signature was checked."""


async def read_body(request: web.BaseRequest, limit_bytes: int) -> bytes:
    """Return the body.

    Raises:
        FcError: 400 EntityTooLarge, before more than `limit_bytes` are held; InvalidArgument for a broken body;
            403 SignatureNotMatch, for one that is not what was signed.
    """
    try:
        body = await read_bounded(request, limit_bytes)
    except BodyTooLarge:
        raise entity_too_large(limit_bytes) from None
    except BodyBroken:
        raise invalid_argument("the body is not what its headers say") from None
    signed_hash = SIGNED_HASH.get()
    if signed_hash is not None:
        check_body(body, signed_hash)
    return body


async def read_json_object(
    request: web.BaseRequest, limit_bytes: int, *, may_be_absent: bool = False
) -> dict[str, Any]:
    """Return the body as a JSON object; raises FcError as `read_body` does, and for what is none."""
    body = await read_body(request, limit_bytes)
    if not body and may_be_absent:
        return {}
    return json_object(body)


def json_object(body: bytes) -> dict[str, Any]:
    """Return a body's JSON object; raises FcError for what is none."""
    # An object for each of them would be twenty times the body; base64 holds none of these characters.
    if sum(body.count(mark) for mark in (b",", b"[", b"{")) > limits.JSON_VALUES:
        raise invalid_argument(f"the body has more than {limits.JSON_VALUES} values")
    try:
        value = json.loads(body, parse_constant=_no_json)
    except (ValueError, RecursionError):
        raise invalid_argument("the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise invalid_argument("the body must be a JSON object")
    if _is_too_deep(body, value):
        raise invalid_argument(f"the body is nested more than {limits.JSON_DEEP} deep")
    return value


def _is_too_deep(body: bytes, value: object) -> bool:
    if body.count(b"[") + body.count(b"{") <= limits.JSON_DEEP:
        return False
    level = [value]
    for _ in range(limits.JSON_DEEP):
        level = [inner for one in level for inner in _inside(one)]
    return any(isinstance(one, (dict, list)) for one in level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _no_json(word: str) -> None:
    """Refuse NaN and Infinity, which Python reads and JSON has not."""
    raise ValueError
