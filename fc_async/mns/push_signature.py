"""Whether a push is the service's own: what a topic's HTTP subscriber checks before it believes what came.

    METHOD, Content-MD5, Content-Type, Date, each x-mns- header as `name:value` in the order of names, request target

one to a line, is what the service signs, with RSA and SHA-1. The body is not among it: its Content-MD5 is, and holds
the body to it.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/httpendpoint, Authorization.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from ..checks import check_wait
from ..errors import ArgumentError, NotificationError
from .signing_certificate import SigningCertificates

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_CERTIFICATES = SigningCertificates()

_METHOD = re.compile(r"[A-Z]{1,32}")
_TARGET = re.compile(r"/[!-~]*")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DATE = re.compile(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [1-9][0-9]{3} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")
_MAX_URL_CHARACTERS = 2048


def verify_notification(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    certificates: Mapping[str, str | bytes] | None = None,
    max_age_seconds: float | timedelta | None = 900,
    now: float | None = None,
) -> None:
    """Return when a push to an HTTP subscription is what it claims: signed by the service, whole, and recent.

    It proves that the service sent it, and not on whose behalf: any account can subscribe your URL to a topic of its
    own. So compare the headers `x-mns-topic-owner` and `x-mns-topic-name`, which are signed, with what you expect; not
    the body, which in SIMPLIFIED is the publisher's, and may look like an envelope with your TopicOwner. The same push
    may come again within `max_age_seconds`: its `x-mns-message-id` tells.

    Args:
        method: of HTTP, as received (`POST`).
        target: path and query, raw, as received; behind a proxy that changes paths: as the proxy received them.
        headers: all of the request's headers, names in any case.
        body: as received, before anything decodes it.
        certificates: certificates of your own, URL to PEM as text or bytes, used for pushes that name these URLs (the
            local service's, for example). None: only the service's own, fetched from its place and kept for an hour.
        max_age_seconds: how far its Date may be from now, either way, a number or a timedelta; None: not looked at.
            Default 900.
        now: seconds since 1970; None: the machine's clock.

    Raises:
        NotificationError: it is not; says why, and quotes nothing of it.
        ArgumentError: an argument is of the wrong kind.
        TransportError: the certificate could not be fetched, so that nothing is known: let the service push again.
    """
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise ArgumentError(f"body: expected bytes, as received, got {type(body).__name__}")
    if certificates is not None and not isinstance(certificates, Mapping):
        raise ArgumentError(f"certificates: expected a mapping of URL to PEM, got {type(certificates).__name__}")
    told = _by_name(headers)
    text = _signed_text(method, target, told)
    _check_date(told, check_wait("max_age_seconds", max_age_seconds), time.time() if now is None else now)
    _check_body(_required(told, "content-md5"), body)
    signature = _decoded("authorization", _required(told, "authorization"))
    key = _CERTIFICATES.key(_certificate_url(_required(told, "x-mns-signing-cert-url")), certificates)
    if not any(_is_signed(key, signature, form) for form in _forms(text)):
        raise NotificationError("the signature is not that of this push: it was changed on the way, or forged")


def _by_name(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by name in lower case; one that could be read in two ways makes the push none."""
    found: dict[str, str] = {}
    if not hasattr(headers, "items"):  # http.server's and Werkzeug's are no Mapping, and will do
        raise ArgumentError(f"headers: expected a mapping of name to value, got {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise ArgumentError("headers: expected names and values as text")
        name, value = name.lower(), value.strip(" \t")
        if not _is_used(name):
            continue
        if not _HEADER_NAME.fullmatch(name) or _CONTROL.search(value):
            raise NotificationError(f"a header has characters that none can have: {name[:40]!r}")
        if name in found:
            raise NotificationError(f"the header {name[:40]} came twice")
        found[name] = value
    return found


def _is_used(name: str) -> bool:
    return name.startswith("x-mns-") or name in ("authorization", "content-md5", "content-type", "date")


def _required(headers: Mapping[str, str], name: str) -> str:
    found = headers.get(name)
    if not found:
        raise NotificationError(f"the header {name} is missing")
    return found


def _signed_text(method: str, target: str, headers: Mapping[str, str]) -> str:
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise NotificationError("expected a method of HTTP, in capitals")
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        raise NotificationError("expected the path and query as received, of ASCII and without spaces, from the / on")
    lines = [method, *(headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
    lines += [f"{name}:{headers[name]}" for name in sorted(headers) if name.startswith("x-mns-")]
    return "\n".join([*lines, target])


def _forms(text: str) -> Iterable[bytes]:
    """Return what may have been on the wire: some frameworks read headers as UTF-8, some as Latin-1."""
    for encoding, errors in (("utf-8", "surrogateescape"), ("latin-1", "strict")):
        try:
            yield text.encode(encoding, errors)
        except UnicodeEncodeError:
            continue


def _check_date(headers: Mapping[str, str], max_age_seconds: float, now: float) -> None:
    from email.utils import parsedate_to_datetime

    date = _required(headers, "date")
    if isinstance(now, bool) or not isinstance(now, (int, float)) or (isinstance(now, int) and abs(now) > 1e15):
        raise ArgumentError(f"now: expected seconds since 1970, got {type(now).__name__}")
    try:
        sent = parsedate_to_datetime(date).timestamp() if _DATE.fullmatch(date) else None
    except (ValueError, OverflowError):
        sent = None
    if sent is None:
        raise NotificationError("expected a Date such as Tue, 11 Apr 2017 10:09:19 GMT")
    if not abs(now - sent) <= max_age_seconds:  # so that a `now` that is no number passes nothing
        raise NotificationError(f"its Date is {abs(now - sent):.0f} seconds from now, {max_age_seconds:g} are allowed")


def _check_body(content_md5: str, body: bytes | bytearray | memoryview) -> None:
    """Hold a body to its Content-MD5: the digest or its hexadecimal form in base64, or the latter as it is.

    Which of them pushes carry is not documented; clients of the service write all three (facts, mns 2.3).
    """
    digest = hashlib.md5(body, usedforsecurity=False)  # the service's choice
    written = {base64.b64encode(form).decode() for form in (digest.digest(), digest.hexdigest().encode())}
    written |= {base64.b64encode(digest.hexdigest().upper().encode()).decode()}
    if content_md5 not in written and content_md5.lower() != digest.hexdigest():
        raise NotificationError("its Content-MD5 is not that of its body: the body was changed on the way, or forged")


def _certificate_url(encoded: str) -> str:
    if len(encoded) <= _MAX_URL_CHARACTERS:
        url = _decoded("x-mns-signing-cert-url", encoded)
        if url.isascii():
            return url.decode()
    raise NotificationError("expected x-mns-signing-cert-url to be a URL in base64")


def _decoded(name: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):  # the first for what is no ASCII
        reason = f"expected {name} to be base64, and it is none"
    raise NotificationError(reason)


def _is_signed(key: RSAPublicKey, signature: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    try:
        key.verify(signature, text, PKCS1v15(), SHA1())  # noqa: S303 - the service's choice
    except InvalidSignature:
        return False
    except UnsupportedAlgorithm:
        pass
    else:
        return True
    raise NotificationError("this machine's OpenSSL refuses SHA-1, with which the service signs")
