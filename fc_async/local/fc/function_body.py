"""The body of CreateFunction and UpdateFunction: JSON that may hold a zip of 50 MB, in base64, as one of its texts.

The zip is taken out before the JSON is read. As part of a text it would be held several times over, and four times as
large if there is one emoji in the description.
"""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from .. import limits
from ..catalog.fc_errors import invalid_argument
from .request_body import json_object, read_body

_ZIP = re.compile(rb'"zipFile"\s*:\s*"([A-Za-z0-9+/=\\]{4096,})"')
_TAKEN_OUT = "taken out"


async def read_function_body(request: web.BaseRequest) -> dict[str, Any]:
    """Return the body, with `code.zipFile` as bytes (still base64) where it is long.

    Raises:
        FcError: 400 EntityTooLarge, for more than 70 MB; 400 InvalidArgument, also for more than 1 MB beside the zip.
    """
    body = await read_body(request, limits.CONTROL_BODY_BYTES)
    found = _ZIP.search(body)
    if found is None:
        return json_object(_small(body))
    start, end = found.span(1)
    wire = json_object(_small(body[:start] + _TAKEN_OUT.encode() + body[end:]))
    code = wire.get("code")
    if not isinstance(code, dict) or code.get("zipFile") != _TAKEN_OUT:
        raise invalid_argument("zipFile is expected in code, once")
    code["zipFile"] = found[1].replace(b"\\/", b"/")  # as JSON may write it
    return wire


def _small(body: bytes) -> bytes:
    if len(body) > limits.CONFIG_BODY_BYTES:
        raise invalid_argument(
            f"the body has more than {limits.CONFIG_BODY_BYTES} bytes beside a code.zipFile in base64"
        )
    return body
