"""The signature "MNS ID:SIGNATURE": who knows the access key may call MNS. It signs no body.

Sources: the signing code of aliyun-mns-sdk 1.3.0; codes and words of refusals:
https://help.aliyun.com/document_detail/27501.html.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

from multidict import CIMultiDictProxy

from .. import limits
from ..access_key import AccessKey
from ..mailbox.errors import MailboxError
from ..times import ms_of_http_date

Headers = CIMultiDictProxy[str]

_MNS = re.compile(r"MNS (?P<id>[^:]+):(?P<signature>[A-Za-z0-9+/=]+)")


def check_mns(method: str, raw_target: str, headers: Headers, key: AccessKey, now_ms: int) -> None:
    """Check the signature of a request to MNS; arguments as of `check_acs3`.

    Raises:
        MailboxError: 400 MissingAuthorizationHeader, InvalidAuthorizationHeader, MissingDateHeader, InvalidDateHeader;
            403 InvalidAccessKeyId, SignatureDoesNotMatch; 408 TimeExpired.
    """
    if "Authorization" not in headers:
        raise MailboxError(400, "MissingAuthorizationHeader", "The Authorization header is missing.")
    found = _MNS.fullmatch(headers["Authorization"])
    if found is None:
        raise MailboxError(400, "InvalidAuthorizationHeader", "The Authorization header is not MNS ID:SIGNATURE.")
    if not hmac.compare_digest(found["id"].encode("utf-8", "replace"), key.id.encode()):
        raise MailboxError(403, "InvalidAccessKeyId", "The AccessKey Id you provided is not exist.")
    date = headers.get("x-mns-date") or headers.get("Date")
    if not date:
        raise MailboxError(400, "MissingDateHeader", "The Date header is missing.")
    time_ms = ms_of_http_date(date)
    if time_ms is None:
        raise MailboxError(400, "InvalidDateHeader", "The Date header is not a date of HTTP.")
    if abs(now_ms - time_ms) > limits.CLOCK_SKEW_MS:
        raise MailboxError(408, "TimeExpired", "The http request you sent is expired.")
    mns_headers = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("x-mns-"))
    lines = [method, headers.get("Content-MD5", ""), headers.get("Content-Type", ""), date]
    lines += [f"{name}:{value}" for name, value in mns_headers]
    to_sign = "\n".join([*lines, raw_target])
    expected = hmac.new(key.secret.encode(), to_sign.encode("utf-8", "surrogateescape"), hashlib.sha1).digest()
    if not hmac.compare_digest(base64.b64encode(expected).decode(), found["signature"]):
        raise MailboxError(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
