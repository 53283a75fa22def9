"""ACS3-HMAC-SHA256: who knows the access key may call Function Compute. Read only if the service was given a key.

It is checked over the request as it stood on the wire, with the headers that the client names in SignedHeaders; the
body is held to its signed hash when it is read.

Sources: the signing code of alibabacloud_tea_openapi 0.4.6; codes and words of refusals: `fc_errors.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote_plus

from multidict import CIMultiDictProxy

from .. import limits
from ..access_key import AccessKey
from ..catalog.fc_errors import invalid_access_key_id, missing_header, request_time_too_skewed, signature_not_match
from ..times import ms_of_rfc3339, rfc3339

_SHOWN_CHARACTERS = 128

Headers = CIMultiDictProxy[str]

_ACS3 = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),\s*SignedHeaders=(?P<headers>[^,]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]+)"
)
_ALWAYS_SIGNED = {"host", "x-acs-date", "x-acs-content-sha256"}
_SIGNED_WHERE_SENT = "x-acs-"
"""The common headers, which the signature page (V3) requires. `x-fc-*` need not be signed, though they decide what a
request does: @alicloud/openapi-core, the official client for Node.js, sends them unsigned."""


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


def _must_be_signed(headers: Headers) -> set[str]:
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
