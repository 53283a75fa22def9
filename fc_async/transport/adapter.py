"""HTTP as both services need it: no proxy for loopback, no redirect followed, and always known whether it was sent.

The FC client mounts this in the FC SDK's core, the queue client uses it in place of the MNS SDK's own connection.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from ..errors import TransportError
from ..settings.endpoint import is_loopback
from .request_log import log_answer, log_failure
from .service_text import identifier

_CHUNK_BYTES = 65536


@dataclass(frozen=True)
class Answer:
    """What the service answered.

    Args:
        status: HTTP status.
        headers: names in lower case.
        body: the whole body.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class PlainAdapter(HTTPAdapter):
    """Sends each request once, reads the whole answer, and reports every failure as a `TransportError`.

    Args:
        max_answer_bytes: longer answers are refused while they are read.
    """

    def __init__(self, max_answer_bytes: int) -> None:
        self._max_answer_bytes = max_answer_bytes
        super().__init__(pool_connections=4, pool_maxsize=64, max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send one request; `proxies` is left aside for loopback and for what NO_PROXY names.

        Raises:
            TransportError: no whole answer came; it has no cause, because that one holds the request and its signature.
        """
        url = request.url or ""
        through = None if _goes_direct(url) else proxies
        try:
            response = super().send(request, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=through)
            body = self._read(response)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = failure_of(urlsplit(url).netloc, error, timeout)
            log_failure(request.method, url, failure)
        else:
            response._content = body
            response._content_consumed = True
            log_answer(
                request.method, url, response.status_code, _request_id(response), response.elapsed.total_seconds()
            )
            response.headers.pop("Location", None)  # without it, nothing above us follows the redirect
            return response
        raise failure

    def exchange(self, request: requests.PreparedRequest, connect_seconds: float, read_seconds: float) -> Answer:
        """Send one request, through the proxy that the environment names for its host, and return the answer."""
        proxies = requests.utils.get_environ_proxies(request.url or "")
        return answer_of(self.send(request, timeout=(connect_seconds, read_seconds), proxies=proxies))

    def close(self) -> None:
        """Close the connections that are open; a later request opens new ones.

        urllib3 2 only forgets its pools, and a failure, which refers to itself, keeps them open until the next
        collection of garbage.
        """
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it is no dictionary
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()

    def _read(self, response: requests.Response) -> bytes:
        body = bytearray()
        try:
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > self._max_answer_bytes:
                    raise _TooLongError(f"an answer of over {self._max_answer_bytes} bytes")
            if getattr(response.raw, "length_remaining", None):  # urllib3 1 does not notice a body cut short
                raise requests.exceptions.ChunkedEncodingError("cut short")
        except BaseException:
            response.close()
            raise
        return bytes(body)


class _TooLongError(ValueError):
    """The answer is longer than this client reads."""


def answer_of(response: requests.Response) -> Answer:
    """Return what `requests` read as a value."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def _request_id(response: requests.Response) -> str | None:
    names = ("x-fc-request-id", "x-mns-request-id", "x-acs-request-id")
    return next((identifier(response.headers[name]) for name in names if name in response.headers), None)


def _goes_direct(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or bool(should_bypass_proxies(url, no_proxy=None))


def failure_of(netloc: str, error: Exception, timeout: Any) -> TransportError:
    """Return our error for one of `requests`, with whether the request may have arrived.

    Args:
        netloc: host and port, for the reader.
        error: what `requests` raised; no text of it is taken over.
        timeout: the timeouts of the request, as `requests` takes them.
    """
    kind = type(_root(error)).__name__
    if isinstance(error, _TooLongError):
        return TransportError(f"{netloc} sent {error}, which is more than fc_async reads", sent=True)
    if not _was_sent(error):
        return TransportError(f"{netloc} could not be reached ({kind}); nothing was sent", sent=False)
    if isinstance(error, requests.Timeout):
        seconds = timeout[1] if isinstance(timeout, tuple) else timeout
        return TransportError(
            f"{netloc} sent no answer within {seconds:g} seconds; the request may have arrived", sent=True
        )
    return TransportError(
        f"the connection to {netloc} broke before the whole answer came ({kind}); the request may have arrived",
        sent=True,
    )


def _was_sent(error: Exception) -> bool:
    """Tell whether any byte of the request can have left; in doubt it can."""
    unsent = (
        requests.ConnectTimeout,
        requests.exceptions.InvalidURL,
        NewConnectionError,
        ConnectTimeoutError,
        ssl.SSLCertVerificationError,
    )
    return not any(isinstance(one, unsent) for one in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """Return the error and all that it is made of: requests and urllib3 hold the reason in different places."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting and len(found) < 20:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            # Not __context__: it leads to an error that the caller happens to be handling while it calls us.
            waiting += [getattr(one, "reason", None), one.__cause__, *one.args]
    return found


def _root(error: BaseException) -> BaseException:
    return _chain(error)[-1]
