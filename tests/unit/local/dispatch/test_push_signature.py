"""The text that a push signs, and the key that is made once it is needed."""

from __future__ import annotations

import subprocess
import sys
import threading

from cryptography.x509 import load_pem_x509_certificate

from fc_async.local.dispatch.push_signature import PushSignature, string_to_sign


def test_the_text_is_that_of_the_documentation() -> None:
    headers = {
        "x-mns-version": "2015-06-06",
        "Content-Type": "text/xml;charset=utf-8",
        "x-mns-request-id": "5707B3D8",
        "Date": "Fri, 08 Apr 2016 09:26:32 GMT",
        "Content-MD5": "M2ViOTE2ZDEyOTlkODBj",
        "User-Agent": "Aliyun Notification Service Agent",
        "X-Mns-Signing-Cert-Url": "aHR0cA==",
    }
    assert string_to_sign("POST", "/notifications?a=b", headers) == (
        "POST\n"
        "M2ViOTE2ZDEyOTlkODBj\n"
        "text/xml;charset=utf-8\n"
        "Fri, 08 Apr 2016 09:26:32 GMT\n"
        "x-mns-request-id:5707B3D8\n"
        "x-mns-signing-cert-url:aHR0cA==\n"
        "x-mns-version:2015-06-06\n"
        "/notifications?a=b"
    )


def test_one_key_is_made_however_many_ask_at_once() -> None:
    signature = PushSignature("http://127.0.0.1:1")
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(signature.certificate_pem())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    certificate = load_pem_x509_certificate(found[0].encode())
    assert certificate.subject == certificate.issuer
    certificate.verify_directly_issued_by(certificate)


def test_a_service_starts_without_loading_what_signs() -> None:
    code = """if True:
        import sys
        from fc_async.local import LocalServer
        with LocalServer(workers=0) as local:
            started = "cryptography" in sys.modules
            local.certificates
        print(started, "cryptography" in sys.modules)
    """
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["False", "True"]
