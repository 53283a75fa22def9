"""Pushes as the service makes them, signed with keys of the tests' own; apart from the code that checks them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding

NOW = 1_790_299_889
URL = "https://mnstest.oss-cn-hangzhou.aliyuncs.com/x509_public_certificate.pem"


@lru_cache(maxsize=4)
def key(name: str) -> Any:
    """A key for each name; small, because these tests are about who signed and not about how hard it is."""
    if name == "elliptic":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - nothing is protected by it


@lru_cache(maxsize=4)
def certificate(name: str) -> bytes:
    """The certificate of a key, in PEM."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .issuer_name(subject)
        .subject_name(subject)
        .public_key(key(name).public_key())
        .serial_number(1)
        .not_valid_before(datetime(2015, 1, 1, tzinfo=timezone.utc))
        .not_valid_after(datetime(2016, 1, 1, tzinfo=timezone.utc))
    )
    return builder.sign(key(name), SHA256()).public_bytes(Encoding.PEM)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class PushMade:
    """One push; `but` gives a copy with other parts, `signed` signs what it has."""

    body: bytes = b'{"TopicName":"alarm","Message":"it-ack-test"}'
    method: str = "POST"
    target: str = "/notified?from=alarm"
    headers: dict[str, str] = field(default_factory=dict)

    def but(self, **parts: Any) -> PushMade:
        return replace(self, **parts)

    def header(self, name: str, value: str | None) -> PushMade:
        """With this header, None: without it; the signature is not renewed."""
        rest = {one: text for one, text in self.headers.items() if one.lower() != name.lower()}
        return replace(self, headers=rest if value is None else {**rest, name: value})

    def signed(self, by: str = "service", encoding: str = "utf-8") -> PushMade:
        told = {name.lower(): text for name, text in self.headers.items()}
        text = self.method + "\n"
        for name in ("content-md5", "content-type", "date"):
            text += told.get(name, "") + "\n"
        for name in sorted(told):
            text += f"{name}:{told[name]}\n" if name.startswith("x-mns-") else ""
        text += self.target
        signature = key(by).sign(text.encode(encoding), PKCS1v15(), SHA1())  # noqa: S303 - the service's choice
        return self.header("Authorization", base64.b64encode(signature).decode())

    def parts(self) -> tuple[str, str, dict[str, str], bytes]:
        return self.method, self.target, self.headers, self.body


def a_push(url: str = URL, at: float = NOW, **parts: Any) -> PushMade:
    """A push whose certificate is at this URL, signed by the service, at NOW by default."""
    made = PushMade(**parts)
    digest = hashlib.md5(made.body, usedforsecurity=False).hexdigest()
    return made.but(
        headers={
            "Content-MD5": encoded(digest),
            "Content-Type": "text/xml;charset=utf-8",
            "Date": formatdate(at, usegmt=True),
            "User-Agent": "Aliyun Notification Service Agent",
            "x-mns-request-id": "6AB5CE464637440F00A48091",
            "x-mns-version": "2015-06-06",
            "x-mns-signing-cert-url": encoded(url),
        }
    ).signed()
