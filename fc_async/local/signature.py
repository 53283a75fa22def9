"""Signatures: whoever knows the service's access key, and nobody else, may call it. Read only if it was given one.

ACS3-HMAC-SHA256 (Function Compute) is checked over the request as it stood on the wire, with the headers that the
client names in SignedHeaders; the body is held to its signed hash when it is read. "MNS" (MNS) signs no body.

Sources: the signing code of alibabacloud_tea_openapi 0.4.6 and of aliyun-mns-sdk 1.3.0; codes and words of refusals:
`fc_errors.py` and https://help.aliyun.com/document_detail/27501.html.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

from multidict import CIMultiDictProxy

from ..errors import ArgumentError
from . import limits
from .fc_errors import invalid_access_key_id, missing_header, request_time_too_skewed, signature_not_match
from .mns_errors import MailboxError
from .wire_time import ms_of_http_date, ms_of_rfc3339, rfc3339

_ACS3 = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),\s*SignedHeaders=(?P<headers>[^,]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]+)"
)
_ALWAYS_SIGNED = {"host", "x-acs-date", "x-acs-content-sha256"}
_SIGNED_WHERE_SENT = ("x-acs-", "x-fc-")
_MNS = re.compile(r"MNS (?P<id>[^:]+):(?P<signature>[A-Za-z0-9+/=]+)")
_SHOWN_CHARACTERS = 128

Headers = CIMultiDictProxy[str]


@dataclass(frozen=True)
class AccessKey:
    """The one pair that requests are signed with.

    Args:
        id: access key id.
        secret: its secret; never shown.
    """

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.id!r}, '***')"


def read_access_key(text: str) -> AccessKey:
    """Read ID:SECRET; raises ArgumentError, without the text, for what is none."""
    key_id, _, secret = text.partition(":")
    if not key_id or not secret or not text.isascii() or not text.isprintable() or any(bad in text for bad in ", "):
        raise ArgumentError("expected an access key as ID:SECRET, both without blanks and commas")
    return AccessKey(key_id, secret)


def check_acs3(method: str, raw_target: str, headers: Headers, key: AccessKey, now_ms: int) -> str:
    """Check the signature of a request to Function Compute.

    Args:
        method: as sent.
        raw_target: path and query as they stood in the request line.
        headers: as sent.
        key: the access key that must have signed it.
        now_ms: real time.

    Returns:
        The SHA-256, in hexadecimal, that the body must have.

    Raises:
        FcError: 400 MissingRequiredHeader; 403 InvalidAccessKeyID, SignatureNotMatch, or AccessDenied for the time.
    """
    found = _ACS3.fullmatch(_required(headers, "Authorization"))
    if found is None:
        raise signature_not_match()
    if not hmac.compare_digest(found["id"].encode("utf-8", "replace"), key.id.encode()):
        raise invalid_access_key_id(found["id"][:_SHOWN_CHARACTERS])
    _check_time(_required(headers, "x-acs-date"), now_ms)
    body_hash = _required(headers, "x-acs-content-sha256")
    names = found["headers"].lower().split(";")
    if not set(names) >= _must_be_signed(headers):
        raise signature_not_match()
    canonical = _canonical_request(method, raw_target, headers, names, body_hash)
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical).hexdigest()}"
    expected = hmac.new(key.secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, found["signature"]):
        raise signature_not_match()
    return body_hash.lower()


def check_body(body: bytes | bytearray, signed_hash: str) -> None:
    """Raise FcError 403 SignatureNotMatch if the body is not the one that was signed."""
    if not hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), signed_hash.encode("utf-8", "replace")):
        raise signature_not_match()


def check_mns(method: str, raw_target: str, headers: Headers, key: AccessKey, now_ms: int) -> None:
    """Check the signature of a request to MNS; arguments as of `check_acs3`.

    Raises:
        MailboxError: 400 MissingAuthorizationHeader, InvalidAuthorizationHeader, MissingDateHeader;
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
    if time_ms is None or abs(now_ms - time_ms) > limits.CLOCK_SKEW_MS:
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


def _must_be_signed(headers: Headers) -> set[str]:
    """What decides what a request does: else somebody on the way could turn a sync invocation into an async one."""
    return _ALWAYS_SIGNED | {name for name in map(str.lower, headers) if name.startswith(_SIGNED_WHERE_SENT)}


def _required(headers: Headers, name: str) -> str:
    value = headers.get(name)
    if not value:
        raise missing_header(name)
    return value


def _check_time(text: str, now_ms: int) -> None:
    time_ms = ms_of_rfc3339(text)
    if time_ms is None or abs(now_ms - time_ms) > limits.CLOCK_SKEW_MS:
        raise request_time_too_skewed(text[:_SHOWN_CHARACTERS], rfc3339(now_ms))


def _canonical_request(method: str, raw_target: str, headers: Headers, names: Iterable[str], body_hash: str) -> bytes:
    path, _, query = raw_target.partition("?")
    names = sorted(names)
    lines = [f"{name}:{','.join(sorted(value.strip() for value in headers.getall(name, [])))}" for name in names]
    parts = [method, path, _canonical_query(query), *lines, "", ";".join(names), body_hash]
    return "\n".join(parts).encode("utf-8", "surrogateescape")


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    # Clients write a blank as + in the query, and sign it as %20.
    decoded = sorted((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in decoded)


def _encoded(text: str) -> str:
    return quote(text, safe="~", errors="surrogateescape")
