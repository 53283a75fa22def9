"""What the FC SDK gets wrong on the wire, put right in one place (alibabacloud-fc20230330 4.6.8 to 4.8.3).

    a proxy from the environment wins over NO_PROXY, also for loopback   our adapter sends directly (adapter.py)
    redirects are followed, a POST becomes a GET that succeeds           our adapter never lets one be seen
    an error that is no JSON object loses its status and request id      our adapter rewrites it as one
    a code under ErrorCode, an id in X-Fc-Request-Id are not read        rewritten likewise
    DEBUG=sdk prints the Authorization header                            our calls are silent
    its exceptions hold the request, the raw answer and each other       ours are built from the answer alone

The adapter sits in a session of its own in the SDK's core, found by a pool size that is ours alone; other clients in
the process keep theirs.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import requests
import requests.cookies
from alibabacloud_credentials.models import CredentialModel
from alibabacloud_fc20230330.client import Client as FcClient
from alibabacloud_tea_openapi.client import Client as OpenApiClient
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.core import DaraCore

from ..errors import FcAsyncError, ServiceError, TransportError
from ..settings.access_key import Credentials
from ..settings.settings import Settings
from .adapter import Answer, PlainAdapter, answer_of
from .service_text import NOTHING_PRIVATE, Private

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""A synchronous invocation may answer 32 MB (facts: the limits page); twice that is no answer of the service."""

REQUEST_ID = "x-fc-request-id"

_session_numbers = itertools.count(10_001)


class _Exchange(threading.local):
    """What the adapter saw during the call that this thread is in: the SDK hands nothing else down to it."""

    is_ours = False
    is_signed = False
    answer: Answer | None = None
    private = NOTHING_PRIVATE

    def begin(self, contents: tuple[str, ...]) -> None:
        """Forget what the call before saw."""
        self.answer, self.private, self.is_signed = None, Private(contents=contents), False


_exchange = _Exchange()


class Transport:
    """The official client, and the one way to call it.

    Args:
        settings: where, and as whom.
        connect_timeout_seconds: longest wait for a connection, over 0.
        read_timeout_seconds: longest wait for a whole answer, over 0.
        client: the SDK's client; None: that of Function Compute.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        connect_timeout_seconds: float,
        read_timeout_seconds: float,
        client: type[SdkClient] | None = None,
    ) -> None:
        endpoint = settings.endpoint
        number = next(_session_numbers)
        key = f"{endpoint.scheme}://{endpoint.netloc}:80:pool={number}"  # as DaraCore.do_action writes it
        self._session = DaraCore._sessions[key] = _session()
        self.sdk = (client or _FcClient)(
            Config(
                protocol=endpoint.scheme,
                endpoint=endpoint.netloc,
                region_id=settings.region.value if settings.region else None,
                credential=_SdkCredentials(settings.credentials),
                connect_timeout=_milliseconds(connect_timeout_seconds),
                read_timeout=_milliseconds(read_timeout_seconds),
                max_idle_conns=number,
            )
        )
        weakref.finalize(self.sdk, _forget_session, key)  # not of ours: the official client may be kept longer

    def close(self) -> None:
        """Close the connections that are open; a later call opens new ones."""
        self._session.close()

    def call(
        self,
        action: str,
        operation: Callable[[], object],
        *,
        expected: tuple[int, ...],
        private: tuple[str, ...] = (),
    ) -> Answer:
        """Run one call of the SDK, return the answer as it came, and turn every failure into one of ours.

        Args:
            action: what is being done, for the message.
            operation: the call; it may make one request. What the SDK makes of the answer is left aside.
            expected: the statuses that mean yes.
            private: the payload, of which no message may quote a part.

        Raises:
            ServiceError: the service answered something else, or what cannot be read.
            TransportError: no answer came.
        """
        _exchange.begin(private)
        failure: FcAsyncError
        try:
            operation()
        except Exception as error:  # the SDK raises what it likes, and all of it can quote the request
            failure = self._failure(action, error, expected)
        else:
            answer = _exchange.answer
            if answer is not None and answer.status in expected:
                return answer
            failure = self._refused(action, answer) if answer else _went_past(action)
        raise failure  # here, outside the handler: so that the SDK's exception is not even its context

    def _failure(self, action: str, error: Exception, expected: tuple[int, ...]) -> FcAsyncError:
        inner = getattr(error, "inner_exception", None)
        for one in (error, inner):
            if isinstance(one, TransportError):
                return type(one)(f"{action}: {one}", sent=one.sent)
            if isinstance(one, FcAsyncError):
                return one
        kind = type(inner or error).__name__
        answer = _exchange.answer
        if answer is None and not _exchange.is_signed:  # without a key there is nothing that could be sent
            return TransportError(f"{action}: the FC SDK failed before anything was sent ({kind})", sent=False)
        if answer is None:
            return TransportError(f"{action}: the FC SDK failed, and the request may have arrived ({kind})", sent=True)
        if answer.status in expected:
            return unreadable(action, answer, kind if _is_json(answer.body) else "expected JSON, got something else")
        return self._refused(action, answer)

    def _refused(self, action: str, answer: Answer) -> ServiceError:
        error = json.loads(answer.body) if answer.status >= 300 else {}
        code = answer.private.code(error.get("Code"))
        message = answer.private.sentence(error.get("Message"), code)
        return ServiceError(answer.status, code, request_id(answer), message=message, action=action)


def unreadable(action: str, answer: Answer, reason: str) -> ServiceError:
    """Return the error for an answer that says yes and cannot be read; the reason quotes nothing of it."""
    shown = answer.private.sentence(reason) or "it quotes what is private"
    return ServiceError(
        answer.status, None, request_id(answer), message=f"an answer that cannot be read ({shown})", action=action
    )


def request_id(answer: Answer) -> str | None:
    """Return the service's id of the call, from the header that every answer of Function Compute has."""
    return answer.private.identifier(answer.headers.get(REQUEST_ID))


def _went_past(action: str) -> TransportError:
    return TransportError(f"{action}: this version of darabonba-core passed fc_async's connection by", sent=True)


class SdkClient(OpenApiClient):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's core, for any of Alibaba's APIs; silent."""

    def call_api(self, params: Any, request: Any, runtime: Any) -> Any:
        with _silent_core():
            return super().call_api(params, request, runtime)


class _FcClient(SdkClient, FcClient):
    """The official client of Function Compute, silent."""


class _SdkCredentials:
    """Our credentials as the SDK asks for them: before every request."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def get_credential(self) -> Any:
        key = self._credentials.access_key()
        _exchange.private = replace(_exchange.private, secrets=key.private_texts())
        _exchange.is_signed = True
        return CredentialModel(
            access_key_id=key.access_key_id,
            access_key_secret=key.access_key_secret,
            security_token=key.security_token or None,
            type="sts" if key.security_token else "access_key",
        )

    async def get_credential_async(self) -> Any:
        return self.get_credential()


class _FcAdapter(PlainAdapter):
    """Rewrites every refusal as the JSON object that the SDK reads, and keeps the answer for `Transport.call`."""

    def private(self) -> Private:
        return _exchange.private

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs)
        if response.status_code >= 300:
            _rewrite(response)
        _exchange.answer = answer_of(response, self.private())
        return response


def _rewrite(response: requests.Response) -> None:
    came = _object(response.content)
    error = {
        **came,
        "Code": _first(came, "Code", "code", "ErrorCode", "errorCode") or "",
        "Message": _first(came, "Message", "message", "ErrorMessage", "errorMessage") or "",
        "RequestId": response.headers.get(REQUEST_ID) or _first(came, "RequestId", "requestId") or "",
    }
    response._content = json.dumps(error).encode()
    response.headers["Content-Type"] = "application/json"
    if error["RequestId"]:
        response.headers[REQUEST_ID] = error["RequestId"]


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _first(came: dict[str, Any], *names: str) -> str | None:
    return next((came[name] for name in names if came.get(name) and isinstance(came[name], str)), None)


class _NoCookies(requests.cookies.RequestsCookieJar):
    """Keeps none: they would never be sent, and a jar's lock could be held in a forked child."""

    def extract_cookies(self, *_: object) -> None:
        return


def _session() -> requests.Session:
    session = requests.Session()
    session.cookies = _NoCookies()
    adapter = _FcAdapter(MAX_ANSWER_BYTES)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _forget_session(key: str) -> None:
    session = DaraCore._sessions.pop(key, None)
    if session is not None:
        session.close()


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))  # 0 means "the default" to the SDK


@contextmanager
def _silent_core() -> Iterator[None]:
    outer, _exchange.is_ours = _exchange.is_ours, True
    try:
        yield
    finally:
        _exchange.is_ours = outer


# The core logs headers when DEBUG=sdk, to a handler of its own; what other clients log there is theirs.
logging.getLogger("darabonba-core").addFilter(lambda record: not _exchange.is_ours)
