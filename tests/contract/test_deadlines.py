"""An answer is waited for no longer than the read timeout, however slowly it comes; the time is what is tested here."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fc_async import AccessKey, FunctionsClient, QueueClient, ServiceError, TransportError
from tests.peer import Peer, Reply

KEY = AccessKey("the-id", "the-secret")
DRIP = 0.3
READ = 0.4
SOON = 5.0
"""Far more than is waited for; the answers below take from 15 to 60 seconds when they are waited for to their end."""

ID = {"x-fc-request-id": "1-a", "x-mns-request-id": "A"}
Call = Callable[[str], Any]


def no_wait(_: float) -> None:
    return


def invoke(url: str) -> object:
    with FunctionsClient(endpoint=url, insecure=True, credentials=KEY, read_timeout_seconds=READ, sleep=no_wait) as it:
        return it.invoke_async("main", "payload")


def attributes(url: str) -> object:
    with QueueClient("dead", endpoint=url, insecure=True, credentials=KEY, read_timeout_seconds=READ) as it:
        return it.get_attributes()


CALLS = pytest.mark.parametrize("call", [invoke, attributes], ids=["functions", "queue"])


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def ended(call: Call, url: str, within_seconds: float = SOON) -> TransportError:
    began = time.monotonic()
    with pytest.raises(TransportError) as caught:
        call(url)
    assert time.monotonic() - began < within_seconds
    return caught.value


@CALLS
@pytest.mark.parametrize("drips_body", [False, True], ids=["head", "body"])
def test_an_answer_that_drips_is_left_when_the_read_timeout_is_over(call: Call, drips_body: bool) -> None:
    drip = Reply(202, "x" * 200, ID, drip_seconds=DRIP, drips_body=drips_body)
    with Peer(drip) as peer:
        error = ended(call, peer.url)
        assert len(peer.requests) == 1
    assert error.sent
    assert "sent no whole answer within 0.4 seconds" in str(error)


def test_a_slow_answer_that_is_whole_in_time_is_taken() -> None:
    with Peer(Reply(202, "xyz", ID, drip_seconds=0.05, drips_body=True)) as peer:
        assert invoke(peer.url)


def test_attempts_and_their_slow_answers_together_end_in_time() -> None:
    drip = Reply(200, "x" * 200, ID, drip_seconds=0.1)
    with (
        Peer(drip) as peer,
        FunctionsClient(
            endpoint=peer.url, connect_timeout_seconds=0.2, read_timeout_seconds=0.2, sleep=no_wait
        ) as client,
    ):
        ended(lambda _: client.get_config("main"), "", 5 * (0.2 + 0.2) + 2)
        assert len(peer.requests) == 5


@CALLS
def test_a_tls_handshake_without_an_end_is_left_and_nothing_was_sent(call: Call, silent: str) -> None:
    assert not ended(call, f"https://{silent}").sent


@CALLS
@pytest.mark.parametrize(
    "answer",
    [Reply(407, "no"), Reply(502), Reply(200, drip_seconds=DRIP)],
    ids=["refuses", "cannot", "drips"],
)
def test_a_proxy_that_does_not_connect_sent_nothing(call: Call, answer: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Peer(answer) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//user:the-password@"))
        error = ended(call, "https://service.invalid", 8)
        assert {(one.method, one.target) for one in proxy.requests} == {("CONNECT", "service.invalid:443")}
    assert not error.sent
    assert "service.invalid could not be reached through the proxy" in str(error)
    assert "the-password" not in str(error)


def test_a_payload_that_is_read_slowly_is_left_in_time() -> None:
    stop = threading.Event()

    def read_slowly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.05):
                connection.recv(100_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # so that it takes a little at a time
        reader = threading.Thread(target=read_slowly, args=(listener,))
        reader.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with FunctionsClient(endpoint=url, credentials=KEY) as client:
                error = ended(lambda _: client.invoke("main", b"x" * 16_000_000, timeout_seconds=1), "")
        finally:
            stop.set()
            reader.join()
    assert error.sent


def test_an_answer_in_many_parts_is_read_whole() -> None:
    body = b"0123456789" * 300_000
    with Peer(Reply(200, body, ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        assert client.invoke("main", None, timeout_seconds=60).payload == body


def test_a_service_that_refuses_slowly_is_a_refusal() -> None:
    refusal = Reply(404, {"Code": "FunctionNotFound"}, ID, drip_seconds=0.001)
    with Peer(refusal) as peer, FunctionsClient(endpoint=peer.url) as client, pytest.raises(ServiceError) as caught:
        client.get_config("main")
    assert caught.value.code == "FunctionNotFound"
