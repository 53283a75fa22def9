"""The certificates that prove pushes: from the service's own place alone, or handed over by the caller.

A push names its certificate itself, so whoever forges one names a certificate of their own. The name counts only where
it is of the one bucket that the service signs with; every other bucket of OSS may be anyone's. Validity dates are not
looked at: what is trusted is the place, reached by TLS, and not what the certificate says of itself.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/httpendpoint (the prefix). `cryptography` and
`requests` are imported when they are needed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..errors import ArgumentError, NotificationError
from ..forks import renew_after_fork

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from ..transport.adapter import Answer

HOST = "mnstest.oss-cn-hangzhou.aliyuncs.com"
_URL = re.compile(rf"https://{re.escape(HOST)}/[A-Za-z0-9._~/-]{{1,255}}")
_MAX_BYTES = 64 * 1024
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 5.0


def fetch(url: str) -> Answer:
    """Return what is at this URL; no redirect is followed.

    Raises:
        TransportError: no answer came, or one of over 64 KB.
    """
    import requests

    from ..transport.adapter import PlainAdapter
    from ..transport.service_text import NOTHING_PRIVATE

    request = requests.PreparedRequest()
    request.prepare(method="GET", url=url, headers={})
    adapter = PlainAdapter(_MAX_BYTES)
    try:
        return adapter.exchange(request, _CONNECT_SECONDS, _READ_SECONDS, NOTHING_PRIVATE)
    finally:
        adapter.close()


class SigningCertificates:
    """The keys of the service's certificates, fetched once an hour; may be used from any thread.

    Args:
        fetch: gets a URL.
        clock: seconds that only grow.
        keep_seconds: how long a key is used until its certificate is fetched again.
        most: how many keys are kept; the oldest goes first.
    """

    def __init__(
        self,
        fetch: Callable[[str], Answer] = fetch,
        clock: Callable[[], float] = time.monotonic,
        *,
        keep_seconds: float = 3600,
        most: int = 8,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keep_seconds = keep_seconds
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, RSAPublicKey]] = {}
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Take a new lock: another thread of the parent may have held this one."""
        self._lock = threading.Lock()

    def key(self, url: str, handed_over: Mapping[str, str | bytes] | None) -> RSAPublicKey:
        """Return the public key of a certificate.

        Args:
            url: as the push names it.
            handed_over: certificates of the caller's, by URL; they come first.

        Raises:
            NotificationError: the URL is of another place, or there is no certificate.
            TransportError: no answer came.
        """
        if handed_over is not None and url in handed_over:
            return _public_key(handed_over[url])
        if not _URL.fullmatch(url):
            raise NotificationError(
                f"expected a certificate of https://{HOST}/, or one that certificates= has; it is of another place"
            )
        return self._kept_key(url) or self._fetched_key(url)

    def _kept_key(self, url: str) -> RSAPublicKey | None:
        with self._lock:
            since, key = self._kept.get(url, (float("-inf"), None))
            return key if self._clock() - since <= self._keep_seconds else None

    def _fetched_key(self, url: str) -> RSAPublicKey:
        answer = self._fetch(url)
        if answer.status != 200:
            raise NotificationError(f"the certificate cannot be had: {HOST} answered {answer.status}")
        key = _public_key(answer.body)
        with self._lock:
            self._kept.pop(url, None)
            self._kept[url] = (self._clock(), key)
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return key


def _public_key(pem: object) -> RSAPublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_pem_x509_certificate

    if not isinstance(pem, (str, bytes)):
        raise ArgumentError(f"certificates: expected PEM as text or bytes, got {type(pem).__name__}")
    try:
        key = load_pem_x509_certificate(pem if isinstance(pem, bytes) else pem.encode()).public_key()
    except (ValueError, UnsupportedAlgorithm):  # a text that is no UTF-8 is a ValueError, too
        key = None
    if isinstance(key, RSAPublicKey):
        return key
    raise NotificationError("expected an X.509 certificate in PEM, with an RSA key, and it is none")
