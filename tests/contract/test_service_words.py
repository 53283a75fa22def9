"""Whatever a service says, and wherever it says it, no key and no payload of ours comes back in a message or a log."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from fc_async import AccessKey, FcAsyncError, FunctionError, FunctionsClient, QueueClient, ServiceError
from tests.peer import Peer, Reply

KEY = AccessKey("LTAI5tTheAccessKeyId", "TheAccessKeySecretOfLettersAlone", "CAISTheSecurityToken+/0123456789==")
PAYLOAD = "4711-0815-and-more"
PRIVATE = ("TheAccessKeyId", "TheAccessKeySecret", "TheSecurityToken", "4711-0815")
SECRETS = (KEY.access_key_id, KEY.access_key_secret, KEY.security_token)
ECHOES = pytest.mark.parametrize("echo", [*SECRETS, PAYLOAD], ids=["id", "secret", "token", "payload"])
ID = {"x-fc-request-id": "1-a", "x-mns-request-id": "A"}


def no_wait(_: float) -> None:
    return


def invoke(client: FunctionsClient) -> object:
    return client.invoke_async("main", PAYLOAD)


def run(client: FunctionsClient) -> object:
    return client.invoke("main", PAYLOAD, timeout_seconds=60)


def failure(call: Callable[[Any], object], reply: Reply, caplog: pytest.LogCaptureFixture) -> FcAsyncError:
    """Return the error, after a look at all that is printed of it, at the log, and at urllib3's."""
    is_queue = call in (send, attributes)
    with caplog.at_level(logging.DEBUG), Peer(reply) as peer:
        made: Any = (
            QueueClient("dead", endpoint=peer.url, credentials=KEY)
            if is_queue
            else FunctionsClient(endpoint=peer.url, credentials=KEY, sleep=no_wait)
        )
        with made as client, pytest.raises(FcAsyncError) as caught:
            call(client)
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert not [private for private in PRIVATE if private in printed], printed
    assert "fc_async.requests" in caplog.text
    return caught.value


def send(client: QueueClient) -> object:
    return client.send(PAYLOAD)


def attributes(client: QueueClient) -> object:
    return client.get_attributes()


@ECHOES
@pytest.mark.parametrize("status", [400, 403, 429, 503])
def test_a_code_a_message_and_a_request_id_of_function_compute_quote_nothing(
    echo: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    said = {"Code": echo, "Message": f"no {echo}", "RequestId": echo}
    error = failure(invoke, Reply(status, said, {"x-fc-request-id": echo}), caplog)
    assert isinstance(error, ServiceError)
    assert (error.status, error.code, error.message, error.request_id) == (status, None, None, None)


@ECHOES
def test_a_code_a_message_and_a_request_id_of_mns_quote_nothing(echo: str, caplog: pytest.LogCaptureFixture) -> None:
    said = f"<Error><Code>{echo}</Code><Message>no {echo}</Message><RequestId>{echo}</RequestId></Error>"
    error = failure(send, Reply(400, said, {"x-mns-request-id": echo}), caplog)
    assert isinstance(error, ServiceError)
    assert (error.code, error.message, error.request_id) == (None, None, None)


@pytest.mark.parametrize("echo", [KEY.access_key_id, KEY.access_key_secret], ids=["id", "secret"])
def test_the_name_of_an_xml_element_is_not_quoted(echo: str, caplog: pytest.LogCaptureFixture) -> None:
    error = failure(attributes, Reply(200, f"<{echo}/>", ID), caplog)
    assert "an answer that cannot be read" in str(error)


@ECHOES
def test_a_header_that_names_a_handlers_error_quotes_nothing_and_is_one_all_the_same(
    echo: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"errorType": echo, "errorMessage": echo}
    error = failure(run, Reply(200, body, {**ID, "x-fc-error-type": echo}), caplog)
    assert isinstance(error, FunctionError)
    assert str(error) == "the function failed with unknown (request id 1-a)"


@ECHOES
def test_an_acceptance_does_not_hand_on_a_key_as_an_id(echo: str, caplog: pytest.LogCaptureFixture) -> None:
    error = failure(invoke, Reply(202, headers={"x-fc-request-id": echo}), caplog)
    assert "without x-fc-request-id" in str(error)
    if echo == PAYLOAD:
        return
    with Peer(Reply(202, headers={**ID, "x-fc-async-task-id": echo})) as peer:
        accepted = FunctionsClient(endpoint=peer.url, credentials=KEY).invoke_async("main", PAYLOAD, task_id="t-1")
    assert accepted.task_id == "t-1"


def test_a_head_that_cannot_be_parsed_is_not_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    head = {**ID, "x": f"y\r\n{KEY.access_key_id} is no header", "z": "0"}
    with caplog.at_level(logging.DEBUG), Peer(Reply(200, "{}", head)) as peer:
        FunctionsClient(endpoint=peer.url, credentials=KEY).find_config("main")
        with QueueClient("dead", endpoint=peer.url, credentials=KEY) as queue, pytest.raises(ServiceError):
            queue.delete("the-receipt-handle")
    assert not [one for one in caplog.records if one.name.startswith("urllib3")]
    assert "the-receipt-handle" not in caplog.text
    assert KEY.access_key_id not in capfd.readouterr().err


def test_a_code_of_letters_stays_although_the_payload_tells_of_it(caplog: pytest.LogCaptureFixture) -> None:
    def retell(client: FunctionsClient) -> object:
        return client.invoke_async("main", 'yesterday we had {"code": "ResourceExhausted"}')

    error = failure(retell, Reply(429, {"Code": "ResourceExhausted"}, ID), caplog)
    assert isinstance(error, ServiceError)
    assert error.code == "ResourceExhausted"


def test_a_request_id_stays_although_the_payload_holds_one_that_is_nearly_alike() -> None:
    earlier, now = "1-64e70cf1-5cbef92ea8fc8c42899cf5d1", "1-64e70cf1-5cbef92ea8fc8c42899cf5d2"
    with Peer(Reply(202, headers={"x-fc-request-id": now})) as peer:
        client = FunctionsClient(endpoint=peer.url, credentials=KEY)
        assert client.invoke_async("main", f"after {earlier}").request_id == now
