"""One signed call to MNS: the SDK writes the headers, our adapter sends them, a refusal becomes a ServiceError.

The SDK's connection is not used: one connection cannot be shared between threads, https has no timeout, a POST is
silently sent again, and a redirect counts as success.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate
from types import SimpleNamespace
from typing import TypeVar

import requests
from mns.auth import StaticCredentialsProvider
from mns.mns_client import MNSClient
from mns.mns_http import RequestInternal

from ..errors import FcAsyncError, ServiceError, TransportError
from ..settings.access_key import AccessKey
from ..settings.settings import Settings
from ..transport.adapter import Answer, PlainAdapter
from ..transport.service_text import Private
from .answer_xml import MAX_ANSWER_BYTES, MnsError, read_errors
from .xml_tree import UnreadableAnswerError

_ANSWER_MARGIN_SECONDS = 5
_NO_REQUEST_INFO = SimpleNamespace(request_id=None)
_Read = TypeVar("_Read")


class Connection:
    """Calls to one queue, one topic, or all of a kind; may be shared by many threads.

    Args:
        kind: `queues` or `topics`, as in the URL.
        name: its name, checked; "": all of the kind, to list them.
        settings: where, and as whom; the credentials are asked before every call.
        connect_seconds: longest wait for a connection, over 0.
        read_seconds: longest wait for a whole answer, over 0; a call that lets the service wait gets 5 seconds on top
            of that waiting.
    """

    def __init__(self, kind: str, name: str, settings: Settings, connect_seconds: float, read_seconds: float) -> None:
        self._root = f"/{kind}/{name}" if name else f"/{kind}"
        self._name = name or kind
        self._settings = settings
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._adapter = PlainAdapter(MAX_ANSWER_BYTES)

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._adapter.close()

    def call(
        self,
        verb: str,
        method: str,
        target: str,
        xml: bytes = b"",
        *,
        expected: tuple[int, ...] = (200,),
        wait_seconds: int = 0,
        private: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call, once.

        Args:
            verb: what is being done, for messages (`receive`).
            method: of HTTP.
            target: path and query below the queue or topic, as they stand in the URL (`/messages?...`); "": itself.
            xml: the body; empty: none.
            expected: the statuses that are no refusal.
            wait_seconds: how long the service may wait before it answers.
            private: texts of which no message may quote a part.
            headers: further ones, names in lower case (`x-mns-prefix`), values of printable ASCII; they are signed.

        Raises:
            ServiceError: the service refused.
            SettingsError: there are no credentials.
            TransportError: no answer came.
        """
        key = self._settings.credentials.access_key()
        request = self._signed(method, self._root + target, xml, key, headers or {})
        read_seconds = max(self._read_seconds, wait_seconds + _ANSWER_MARGIN_SECONDS if wait_seconds else 0)
        failure: FcAsyncError
        try:
            answer = self._adapter.exchange(
                request, self._connect_seconds, read_seconds, Private(key.private_texts(), private)
            )
        except TransportError as error:
            failure = type(error)(f"{self._action(verb)}: {error}", sent=error.sent)
        else:
            if answer.status in expected:
                return answer
            failure = _refused(self._action(verb), answer)
        raise failure

    def refused_parts(self, verb: str, method: str, target: str, xml: bytes) -> dict[str, str | None]:
        """Make one call about several messages, and return what the service refused: code by receipt handle.

        Raises:
            ServiceError: the service refused the whole of it.
            TransportError: no answer came.
        """
        answer = self.call(verb, method, target, xml, expected=(204, 404))
        if answer.status == 204:
            return {}
        codes = {error.receipt_handle: error.code for error in read_errors(answer.body)}
        if not codes or None in codes:
            raise _refused(self._action(verb), answer)
        return {handle: code for handle, code in codes.items() if handle is not None}

    def parts(
        self, verb: str, target: str, xml: bytes, reader: Callable[[bytes], _Read], private: tuple[str, ...]
    ) -> _Read:
        """Post several messages in one call, and read what the service tells of each; 500 where it took only some.

        Raises:
            ServiceError: the service refused the whole of it, or its answer cannot be read.
            TransportError: no answer came.
        """
        answer = self.call(verb, "POST", target, xml, expected=(201, 500), private=private)
        if answer.status == 500 and read_errors(answer.body):
            raise _refused(self._action(verb), answer)
        return self.read(verb, answer, reader)

    def read(self, verb: str, answer: Answer, reader: Callable[[bytes], _Read]) -> _Read:
        """Read an answer's body.

        Raises:
            ServiceError: it is not what `reader` reads; the message quotes nothing of it.
        """
        try:
            return reader(answer.body)
        except UnreadableAnswerError as error:
            reason = answer.private.sentence(str(error)) or "it quotes what is private"
        raise ServiceError(
            answer.status,
            None,
            _request_id(answer),
            message=f"an answer that cannot be read: {reason}",
            action=self._action(verb),
        )

    def _action(self, verb: str) -> str:
        return f"{verb} {self._name}"

    def _signed(
        self, method: str, path: str, xml: bytes, key: AccessKey, headers: Mapping[str, str]
    ) -> requests.PreparedRequest:
        url = self._settings.endpoint.url
        request = requests.PreparedRequest()
        signed = _signed_headers(url, method, path, xml, key, headers)
        request.prepare(method=method, url=url + path, headers=signed, data=xml or None)
        return request


def _signed_headers(
    url: str, method: str, path: str, xml: bytes, key: AccessKey, more: Mapping[str, str]
) -> dict[str, str]:
    """Return the headers as the SDK writes and signs them, all with one key.

    A client of the SDK for each call: it is cheap, and it is bound to one key, which may have changed since the last.
    """
    credentials = StaticCredentialsProvider(key.access_key_id, key.access_key_secret, key.security_token)
    client = MNSClient(url, credentials_provider=credentials)
    request = RequestInternal(method, path, dict(more), xml or "")
    client.build_header(_NO_REQUEST_INFO, request)
    # The SDK writes the date in the language of the process's locale: write it again, and sign again.
    request.header["date"] = formatdate(usegmt=True)
    request.header["Authorization"] = client.get_signature(method, request.header, path, credentials.get_credentials())
    headers: dict[str, str] = request.header
    return headers


def _refused(action: str, answer: Answer) -> ServiceError:
    errors = read_errors(answer.body)
    error = errors[0] if errors else MnsError()
    code = answer.private.code(error.code)
    message = answer.private.sentence(error.message, code)
    if error.receipt_handle is not None:  # the answer to a batch lists the failed ones only
        message = f"{len(errors)} of the messages could not be deleted; the first: {message or code}"
    said = _request_id(answer) or answer.private.identifier(error.request_id)
    return ServiceError(answer.status, code, said, message=message, action=action)


def _request_id(answer: Answer) -> str | None:
    return answer.private.identifier(answer.headers.get("x-mns-request-id"))
