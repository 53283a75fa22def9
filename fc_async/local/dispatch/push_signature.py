"""What makes a push provable: a key that is made once it is needed, its certificate, and the text that is signed.

    METHOD, Content-MD5, Content-Type, Date, each x-mns- header as `name:value` in the order of names, request target

one to a line, signed with RSA and SHA-1 as the service does. The certificate is the key's own (self-signed) and is
served at `/_local/certificate.pem`; nothing but a receiver that is told so has a reason to believe it.

Source: https://www.alibabacloud.com/help/en/mns/developer-reference/httpendpoint, Authorization. `cryptography` is
imported when the key is made: a service without HTTP subscriptions starts without it.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ..times import start_of_year

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

CERTIFICATE_PATH: Final = "/_local/certificate.pem"

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537
_NAME = "fc-async local"
_VALID_FROM = start_of_year(2015)
_VALID_UNTIL = start_of_year(2100)


class PushSignature:
    """Signs pushes; may be used from any thread.

    Args:
        service_url: base URL of the local service.
    """

    def __init__(self, service_url: str) -> None:
        self.certificate_url = service_url + CERTIFICATE_PATH
        self._lock = threading.Lock()
        self._made: tuple[RSAPrivateKey, str] | None = None

    def certificate_pem(self) -> str:
        """Return the certificate; the first call takes some tenths of a second, because it makes the key."""
        return self._key_and_certificate()[1]

    def sign(self, method: str, target: str, headers: Mapping[str, str]) -> str:
        """Return the Authorization header of a push with these headers."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA1

        key, _ = self._key_and_certificate()
        text = string_to_sign(method, target, headers)
        return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA1())).decode()  # noqa: S303 - the service's

    def _key_and_certificate(self) -> tuple[RSAPrivateKey, str]:
        with self._lock:
            if self._made is None:
                self._made = _make()
            return self._made


def string_to_sign(method: str, target: str, headers: Mapping[str, str]) -> str:
    """Return the text whose signature a push carries."""
    by_name = {name.lower(): value for name, value in headers.items()}
    lines = [method, by_name.get("content-md5", ""), by_name.get("content-type", ""), by_name.get("date", "")]
    lines += [f"{name}:{by_name[name]}" for name in sorted(by_name) if name.startswith("x-mns-")]
    return "\n".join([*lines, target])


def _make() -> tuple[RSAPrivateKey, str]:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    key = rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=_KEY_BITS)
    return key, _certificate(key).public_bytes(Encoding.PEM).decode()


def _certificate(key: RSAPrivateKey) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _NAME)])
    builder = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
    )
    return builder.sign(key, SHA256())
