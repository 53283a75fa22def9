"""What the FC SDK gets wrong on the wire, put right: every fault is played by a scripted server."""

import gc
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from darabonba.core import DaraCore

from fc_async import Accepted, FcAsyncError, FunctionsClient, InvokeFailed, ServiceError, SettingsError, TransportError
from fc_async.settings.access_key import AccessKey
from fc_async.settings.search import find_settings
from fc_async.transport.fc_transport import Transport
from tests.peer import Drop, Peer, Reply

ID = {"X-Fc-Request-Id": "1-64e70cf1-5cbef92ea8fc8c42899cf5d1"}
KEY = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
PAYLOAD = '{"card": "4711-0815-and-more"}'
PRIVATE = ("the-access-key", "the-security-token", "4711-0815", "Authorization", "ACS3-HMAC")

REPO = Path(__file__).parents[2]


def no_wait(_: float) -> None:
    """Repeat at once; what is repeated, and when, is shown in test_repeats.py."""


def failure(call: Callable[[], object]) -> FcAsyncError:
    """Return the error, after a look at everything that Python would print of it."""
    with pytest.raises(FcAsyncError) as caught:
        call()
    error = caught.value
    printed = "".join(traceback.format_exception(error)) + repr(error)
    assert not any(private in printed for private in PRIVATE), printed
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


def transport_to(peer: Peer) -> Transport:
    settings = find_settings("fc", endpoint=peer.url, credentials=KEY, environment={}, home=None)
    return Transport(settings, connect_timeout_seconds=5, read_timeout_seconds=30)


def refused(*script: Reply) -> ServiceError:
    with Peer(*script) as peer, FunctionsClient(endpoint=peer.url, credentials=KEY) as client:
        error = failure(lambda: client.invoke_async("main", PAYLOAD))
        assert len(peer.requests) == 1
    assert isinstance(error, ServiceError)
    return error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_refusal_and_is_not_followed(status: int) -> None:
    with Peer() as elsewhere:
        error = refused(Reply(status, "moved", {"Location": elsewhere.url, **ID}))
        assert elsewhere.requests == []
    assert (error.status, error.code, error.request_id) == (status, None, ID["X-Fc-Request-Id"])


@pytest.mark.parametrize(
    ("status", "body"),
    [(502, "<html>4711-0815-and-more</html>"), (500, b""), (503, ["a", "list"]), (403, b"\xff\xfe"), (599, "null")],
)
def test_an_error_that_is_no_json_object_keeps_its_status_and_request_id(status: int, body: object) -> None:
    error = refused(Reply(status, body, {"Content-Type": "text/html", **ID}))
    assert (error.status, error.code, error.request_id) == (status, None, ID["X-Fc-Request-Id"])


def test_an_error_labelled_as_xml_keeps_its_status() -> None:
    assert refused(Reply(400, "<Error>", {"Content-Type": "text/xml;charset=utf-8", **ID})).status == 400


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"Code": "InvalidArgument", "Message": "qualifier is bad", "RequestId": "1-a"}, {}),
        ({"code": "InvalidArgument", "message": "qualifier is bad", "requestId": "1-a"}, {}),
        ({"ErrorCode": "InvalidArgument", "ErrorMessage": "qualifier is bad"}, {"X-Fc-Request-Id": "1-a"}),
        ({"errorCode": "InvalidArgument", "errorMessage": "qualifier is bad"}, {"x-fc-request-id": "1-a"}),
    ],
)
def test_code_message_and_request_id_are_read_in_every_spelling(body: object, headers: dict[str, str]) -> None:
    error = refused(Reply(400, body, headers))
    assert (error.status, error.code, error.request_id) == (400, "InvalidArgument", "1-a")
    assert "qualifier is bad" in str(error)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_an_async_invoke_is_accepted_only_on_202(status: int) -> None:
    assert refused(Reply(status, b"", ID)).status == status


@pytest.mark.parametrize(
    "headers", [{}, {"x-fc-request-id": ""}, {"x-fc-request-id": "\x1b"}, {"x-acs-request-id": "1-a"}]
)
def test_a_202_without_the_request_id_of_function_compute_is_no_acceptance(headers: dict[str, str]) -> None:
    error = refused(Reply(202, "<html>you are offline</html>", headers))
    assert (error.status, error.code, error.request_id) == (202, None, None)
    assert "without x-fc-request-id, which Function Compute always gives" in str(error)


def test_of_many_invocations_those_without_a_request_id_are_not_accepted() -> None:
    with Peer(Reply(202, b"", ID), Reply(202)) as peer, FunctionsClient(endpoint=peer.url) as client:
        first, *others = client.invoke_many("main", ["1", "2", "3"], concurrency=1)
        assert len(peer.requests) == 3
    assert isinstance(first, Accepted)
    assert [type(one) for one in others] == [InvokeFailed, InvokeFailed]
    assert all("without x-fc-request-id" in str(one.error) for one in others if isinstance(one, InvokeFailed))


@pytest.mark.parametrize(
    "message",
    [
        f"cannot take {PAYLOAD}",
        "cannot take 4711-0815-and-m...",
        "key the-access-key-id is not known",
        "token the-security-token has expired",
    ],
)
def test_a_message_that_quotes_credentials_or_payload_is_dropped(message: str) -> None:
    error = refused(Reply(403, {"Code": "AccessDenied", "Message": message}, ID))
    assert (error.code, error.message) == ("AccessDenied", None)


def test_a_message_about_the_signature_is_dropped() -> None:
    text = "string to sign was POST /2023-03-30/functions/main"
    assert refused(Reply(403, {"Code": "SignatureNotMatch", "Message": text}, ID)).message is None


def test_a_message_cannot_steer_a_terminal() -> None:
    error = refused(Reply(400, {"Code": "A\x1b[31m\nB", "Message": "x\x1b[2J\u202e\ny" + "z" * 500}, ID))
    assert error.code == "A31mB"
    assert str(error).isprintable()
    assert len(error.message or "") == 200


@pytest.mark.parametrize("drop", [Drop(after_reading=True), Drop(after_reading=False)])
def test_a_dropped_connection_may_have_been_sent_and_is_not_tried_again(drop: Drop) -> None:
    with Peer(drop) as peer, FunctionsClient(endpoint=peer.url, credentials=KEY) as client:
        error = failure(lambda: client.invoke_async("main", PAYLOAD))
        assert len(peer.requests) == (1 if drop.after_reading else 0)
    assert isinstance(error, TransportError)
    assert error.sent


def test_a_refused_connection_was_not_sent() -> None:
    with Peer() as peer:
        url = peer.url
    with FunctionsClient(endpoint=url, credentials=KEY, sleep=no_wait) as client:
        error = failure(lambda: client.invoke_async("main", PAYLOAD))
    assert isinstance(error, TransportError)
    assert not error.sent
    assert "nothing was sent" in str(error)


@pytest.mark.parametrize("reply", [Reply(500, b"", ID), Reply(202, b"", ID), Drop()])
def test_what_went_past_our_connection_may_have_been_sent_and_is_not_sent_again(reply: Reply | Drop) -> None:
    sleeps: list[float] = []
    with (
        Peer(reply) as peer,
        FunctionsClient(endpoint=peer.url, credentials=KEY, sleep=sleeps.append) as client,
    ):
        sessions = dict(DaraCore._sessions)
        DaraCore._sessions.clear()
        try:
            error = failure(lambda: client.invoke_async("main", PAYLOAD))
        finally:
            for session in DaraCore._sessions.values():
                session.close()
            DaraCore._sessions.clear()
            DaraCore._sessions.update(sessions)
        assert len(peer.requests) == 1
    assert isinstance(error, TransportError)
    assert error.sent
    assert sleeps == []


def test_what_the_sdk_refuses_before_it_asks_for_a_key_was_not_sent() -> None:
    with Peer() as peer, closing(transport_to(peer)) as client:
        error = failure(lambda: client.call("try", lambda: client.sdk.no_such_call(), expected=(200,)))
        assert peer.requests == []
    assert isinstance(error, TransportError)
    assert not error.sent
    assert "before anything was sent (AttributeError)" in str(error)


def test_a_hung_server_is_left_after_the_read_timeout() -> None:
    never = threading.Event()
    with Peer(Reply(202, hold=never)) as peer:
        with FunctionsClient(endpoint=peer.url, credentials=KEY, read_timeout_seconds=0.2) as client:
            error = failure(lambda: client.invoke_async("main", PAYLOAD))
        never.set()
    assert isinstance(error, TransportError)
    assert error.sent
    assert "0.2 seconds" in str(error)


def test_a_body_cut_short_is_no_answer() -> None:
    short = Reply(202, "part", ID, missing_bytes=10)
    with Peer(short) as peer, FunctionsClient(endpoint=peer.url, credentials=KEY) as client:
        error = failure(lambda: client.invoke_async("main", PAYLOAD))
    assert isinstance(error, TransportError)
    assert error.sent


def test_a_connection_that_the_server_closed_while_idle_is_opened_anew() -> None:
    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url, credentials=KEY) as client:
        client.invoke_async("main", PAYLOAD)
        peer.close_connections()
        client.invoke_async("main", PAYLOAD)
        assert [request.connection for request in peer.requests] == [1, 2]


def test_credentials_that_fail_are_a_settings_error_and_nothing_is_sent() -> None:
    class Broken:
        def get_credentials(self) -> object:
            raise RuntimeError("the-access-key-secret")

    with Peer() as peer, FunctionsClient(endpoint=peer.url, credentials=Broken()) as client:
        error = failure(lambda: client.invoke_async("main", PAYLOAD))
        assert peer.requests == []
    assert isinstance(error, SettingsError)


def test_each_request_asks_the_credentials_anew() -> None:
    class Rotating:
        count = 0

        def get_credential(self) -> AccessKey:
            self.count += 1
            return AccessKey(f"id-{self.count}", "secret", f"token-{self.count}")

    with Peer(Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url, credentials=Rotating()) as client:
        client.invoke_async("main", None)
        client.invoke_async("main", None)
        assert [one.headers["x-acs-security-token"] for one in peer.requests] == ["token-1", "token-2"]
        assert "Credential=id-2," in peer.requests[1].headers["authorization"]


def test_threads_that_share_a_client_get_their_own_answers() -> None:
    with Peer(Reply(202, b"", ID)) as good, Peer(Reply(429, {"Code": "ResourceExhausted"}, ID)) as bad:
        with FunctionsClient(endpoint=good.url) as accepts, FunctionsClient(endpoint=bad.url, sleep=no_wait) as refuses:

            def call(number: int) -> str | None:
                if number % 2:
                    return accepts.invoke_async("main", f"{number}").request_id
                error = failure(lambda: refuses.invoke_async("main", f"{number}"))
                assert isinstance(error, ServiceError)
                return error.code

            with ThreadPoolExecutor(32) as pool:
                answers = list(pool.map(call, range(128)))
        assert sorted(one.body for one in good.requests) == sorted(f"{n}".encode() for n in range(1, 128, 2))
    assert answers == ["ResourceExhausted", ID["X-Fc-Request-Id"]] * 64


def test_a_call_of_another_thread_in_between_changes_nothing() -> None:
    with Peer(Reply(202, b"", ID)) as good, Peer(Reply(429, b"", ID)) as bad:
        accepts, refuses = transport_to(good), FunctionsClient(endpoint=bad.url, sleep=no_wait)

        def operation() -> object:
            answered = accepts.sdk.invoke_function("main", _request("InvokeFunctionRequest"))
            other = threading.Thread(target=lambda: failure(lambda: refuses.invoke_async("main", None)))
            other.start()
            other.join()
            return answered

        assert accepts.call("invoke main", operation, expected=(202,)).status == 202
        assert len(bad.requests) == 5


def test_the_official_client_keeps_working_alone_and_sees_the_repaired_error() -> None:
    from alibabacloud_tea_openapi.exceptions import ServerException

    with Peer(Reply(502, "<html>", ID)) as peer:
        sdk = FunctionsClient(endpoint=peer.url).sdk
        with pytest.raises(ServerException) as caught:
            sdk.get_async_invoke_config("main", _request())
    assert caught.value.status_code == 502
    assert caught.value.request_id == ID["X-Fc-Request-Id"]


def test_other_clients_of_the_official_sdk_keep_their_own_connections() -> None:
    from alibabacloud_fc20230330.client import Client
    from alibabacloud_tea_openapi.utils_models import Config
    from darabonba.core import DaraCore

    moved = Reply(302, b"", {"Location": "/elsewhere"})
    with Peer(moved, Reply(200, {"asyncTask": True})) as peer, FunctionsClient(endpoint=peer.url):
        host = peer.url.removeprefix("http://")
        config = Config(access_key_id="a", access_key_secret="b", protocol="http", endpoint=host)
        answer = Client(config).get_async_invoke_config("main", _request())
        DaraCore._sessions.pop(f"http://{host}:80:pool=40").close()
    assert answer.body.async_task is True  # it followed the redirect, as it always does


def test_the_connections_go_when_the_official_client_goes() -> None:
    from darabonba.core import DaraCore

    with Peer(Reply(202, b"", ID)) as peer:
        host = peer.url.removeprefix("http://")

        def is_open() -> bool:
            gc.collect()
            return any(f"//{host}:80:" in key for key in set(DaraCore._sessions) - before)

        gc.collect()
        before = set(DaraCore._sessions)
        client = FunctionsClient(endpoint=peer.url)
        client.invoke_async("main", None)
        sdk = client.sdk
        del client
        assert is_open()
        del sdk
        assert not is_open()


def test_closing_the_client_closes_its_connections_also_after_failures() -> None:
    with Peer(Drop(), Reply(202, b"", ID)) as peer, FunctionsClient(endpoint=peer.url) as client:
        with pytest.raises(TransportError):
            client.invoke_async("main", None)
        client.invoke_async("main", None)
        client.close()
        peer.wait_until_left()
        assert client.invoke_async("main", None).request_id == ID["X-Fc-Request-Id"]
        assert [request.connection for request in peer.requests] == [1, 2, 3]


def _request(name: str = "GetAsyncInvokeConfigRequest") -> object:
    from alibabacloud_fc20230330 import models

    return getattr(models, name)()


CALLS = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from fc_async import Accepted, FcAsyncError, FunctionsClient, QueueClient
from fc_async import AccessKey
key = AccessKey("the-access-key-id", "the-access-key-secret", "the-security-token")
with FunctionsClient(endpoint=sys.argv[1], credentials=key) as client:
    client.invoke_async("main", '{"card": "4711-0815-and-more"}')
    try:
        client.invoke_async("main", '{"card": "4711-0815-and-more"}')
    except FcAsyncError as error:
        print(error)
with QueueClient("dead", endpoint=sys.argv[1], credentials=key) as queue:
    print(queue.receive())
"""


def test_no_proxy_is_used_for_loopback_and_debug_prints_no_secret() -> None:
    empty = "<Error><Code>MessageNotExist</Code></Error>"
    with Peer(Reply(502)) as proxy, Peer(Reply(202, b"", ID), Reply(430, b"", ID), Reply(404, empty)) as peer:
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")
        environment = {**os.environ, **dict.fromkeys(names, proxy.url), "DEBUG": "sdk", "PYTHONPATH": str(REPO)}
        environment.pop("NO_PROXY", None)
        ran = subprocess.run(
            [sys.executable, "-W", "error", "-W", "ignore:datetime.datetime.utcnow", "-c", CALLS, peer.url],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        assert len(peer.requests) == 3
        assert proxy.requests == []
    assert (
        ran.stdout
        == f"invoke_async main: the service answered 430 without a code (request id {ID['X-Fc-Request-Id']})\n[]\n"
    )
    assert not any(private.lower() in (ran.stdout + ran.stderr).lower() for private in PRIVATE), ran.stderr


def run_bare(home: Path, code: str, after: str = "") -> str:
    """Run a script whose environment and home directory name nothing; what it prints is the error's text."""
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPO),
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
    }
    start = "from fc_async import AsyncInvokeConfig, DestinationConfig, FunctionsClient, SettingsError\n"
    script = f"{start}try:\n    {code}\nexcept SettingsError as error:\n    print(error)\n{after}"
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def test_missing_credentials_are_twelve_lines_at_most_and_the_library_stays_silent(tmp_path: Path) -> None:
    noise = "import logging; logging.getLogger('credentials').error('noise')"
    said = run_bare(tmp_path, "FunctionsClient(region='cn-hangzhou').get_config('main')", noise)
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in said
    assert str(tmp_path / ".aliyun" / "config.json") in said
    assert len(said.splitlines()) <= 12


def test_an_account_that_nobody_named_needs_credentials_to_be_asked_for(tmp_path: Path) -> None:
    config = "AsyncInvokeConfig(destination_config=DestinationConfig(on_failure='queue:dead'))"
    said = run_bare(tmp_path, f"FunctionsClient(region='cn-hangzhou').put_config('main', {config})")
    assert "no credentials were found" in said
