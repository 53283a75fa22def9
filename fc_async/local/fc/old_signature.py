"""How the deploy tool's older clients sign: FC 2016-08-15 for tempBucketToken, and the object store, version 1.

    METHOD, Content-MD5, Content-Type, date, the headers with the prefix in their order, resource; a line each

Sources: npm @alicloud/fc2 2.6.6 `helper.js` (HMAC-SHA256), ali-oss 6.18.1 `signUtils.js` (HMAC-SHA1).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from .. import limits
from ..access_key import AccessKey
from ..catalog.fc_errors import request_time_too_skewed, signature_not_match
from ..times import ms_of_http_date, rfc3339

_SHOWN_CHARACTERS = 128


@dataclass(frozen=True)
class Scheme:
    """One way to sign.

    Args:
        name: what Authorization begins with.
        prefix: of the headers that are signed; `PREFIXdate` stands in the place of Date.
        digest: of the HMAC.
    """

    name: str
    prefix: str
    digest: str


FC_2016: Final = Scheme("FC", "x-fc-", "sha256")
OSS_1: Final = Scheme("OSS", "x-oss-", "sha1")


def check_old_signature(scheme: Scheme, request: web.BaseRequest, key: AccessKey, resource: str, now_ms: int) -> None:
    """Check a request.

    Args:
        scheme: how it must be signed.
        request: as it came.
        key: what must have signed it.
        resource: what is asked, as the scheme writes it.
        now_ms: real time.

    Raises:
        FcError: 403, for another signature, and for a time that is too far from ours: it could be sent again for ever.
    """
    headers = request.headers
    date = headers.get(f"{scheme.prefix}date", headers.get("Date", ""))
    common = (request.method, headers.get("Content-MD5", ""), headers.get("Content-Type", ""), date)
    to_sign = "\n".join([*common, *_special(headers.items(), scheme.prefix), resource]).encode("utf-8", "replace")
    signature = b64encode(hmac.new(key.secret.encode(), to_sign, scheme.digest).digest()).decode()
    expected = f"{scheme.name} {key.id}:{signature}".encode()
    if not hmac.compare_digest(expected, headers.get("Authorization", "").encode("utf-8", "replace")):
        raise signature_not_match()
    time_ms = ms_of_http_date(date)
    if time_ms is None or abs(now_ms - time_ms) > limits.CLOCK_SKEW_MS:
        raise request_time_too_skewed(date[:_SHOWN_CHARACTERS], rfc3339(now_ms))


def _special(headers: Iterable[tuple[str, str]], prefix: str) -> list[str]:
    return sorted(f"{name.lower()}:{value.strip()}" for name, value in headers if name.lower().startswith(prefix))
