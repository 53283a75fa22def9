"""Over TLS our connections do what they do over plain sockets: kept open, whole, and no longer than was asked for."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fc_async import TransportError
from fc_async.transport.adapter import PlainAdapter

LARGE = bytes(range(256)) * 4096


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with what came, and the connection's port; never where the path says so."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/never":
            if not self.server.released.wait(20):  # type: ignore[attr-defined]
                self.server.gave_up.set()  # type: ignore[attr-defined]
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Port", str(self.client_address[1]))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


class _Server(ThreadingHTTPServer):
    """Lets who waits for `/never` go in the end; `gave_up` tells that nobody had gone before."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.released, self.gave_up = threading.Event(), threading.Event()


@pytest.fixture
def server(pem: Path) -> Iterator[_Server]:
    server = _Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(server: _Server) -> str:
    return f"https://127.0.0.1:{server.server_address[1]}"


def test_requests_short_and_long_share_one_connection_and_arrive_whole(url: str, pem: Path) -> None:
    adapter = PlainAdapter(2 * len(LARGE))
    answers = []
    for body in (b"short", LARGE, b"", b"short"):
        request = requests.Request("POST", url, data=body).prepare()
        request.headers["Content-Length"] = str(len(body))
        answers.append(adapter.send(request, timeout=(5, 60), verify=str(pem)))
    assert [one.content for one in answers] == [b"short", LARGE, b"", b"short"]
    assert len({one.headers["X-Port"] for one in answers}) == 1
    adapter.close()


def test_an_answer_that_does_not_come_is_waited_for_as_long_as_was_asked_on_a_connection_that_had_longer(
    url: str, pem: Path, server: _Server
) -> None:
    adapter = PlainAdapter(1000)
    first = requests.Request("POST", url, data=b"x").prepare()
    assert adapter.send(first, timeout=(60, 3600), verify=str(pem)).content == b"x"
    never = requests.Request("POST", f"{url}/never", data=b"x").prepare()
    with pytest.raises(TransportError):
        adapter.send(never, timeout=(5, 0.3), verify=str(pem))
    assert not server.gave_up.is_set()
    adapter.close()
