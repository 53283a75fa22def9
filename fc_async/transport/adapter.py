"""HTTP as both services need it: no proxy for loopback, no redirect, an end in time, and known whether it was sent.

The FC client mounts this in the FC SDK's core, the queue client uses it in place of the MNS SDK's own connection.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy, should_bypass_proxies
from urllib3.exceptions import HTTPError

from ..forks import renew_after_fork
from ..settings.endpoint import is_loopback
from .connections import attempt, is_in_attempt, keep_to_attempts, leave_parents_connections
from .failure import TooLongError, failure_of
from .request_log import log_answer, log_failure
from .service_text import NOTHING_PRIVATE, Private

_CHUNK_BYTES = 65536


@dataclass(frozen=True)
class Answer:
    """What the service answered.

    Args:
        status: HTTP status.
        headers: names in lower case.
        body: the whole body.
        private: what nothing may quote that is said about it.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    private: Private = NOTHING_PRIVATE


class _ThisThread(threading.local):
    private = NOTHING_PRIVATE


class PlainAdapter(HTTPAdapter):
    """Sends each request once, reads the whole answer, and reports every failure as a `TransportError`.

    Of a request's two timeouts the second one bounds all that follows the connection, the whole answer above all, and
    not each single read.

    Args:
        max_answer_bytes: longer answers are refused while they are read.
    """

    def __init__(self, max_answer_bytes: int) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._this_thread = _ThisThread()
        super().__init__(pool_connections=4, pool_maxsize=64, max_retries=0)
        renew_after_fork(self)

    def init_poolmanager(self, *arguments: Any, **details: Any) -> None:
        """Make the pools; `requests` calls this."""
        super().init_poolmanager(*arguments, **details)
        keep_to_attempts(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **details: Any) -> Any:
        """Return the pools of a proxy; `requests` calls this."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **details)
        if is_new:
            keep_to_attempts(manager)
        return manager

    def renew_in_child(self) -> None:
        """Leave the parent its connections, and its pools with their locks."""
        leave_parents_connections()
        self.proxy_manager = {}
        self.init_poolmanager(self._pool_connections, self._pool_maxsize, block=self._pool_block)

    def private(self) -> Private:
        """Return what nothing may quote that is said about the request of this thread."""
        return self._this_thread.private

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
        seconds = timeout[1] if isinstance(timeout, tuple) else timeout
        with attempt(seconds) as now:
            try:
                response = super().send(
                    request, stream=True, timeout=timeout, verify=verify, cert=cert, proxies=through
                )
                body = self._read(response)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                by_proxy = bool(select_proxy(url, through))
                failure = failure_of(url, error, seconds, was_connecting=now.is_connecting, by_proxy=by_proxy)
                log_failure(request.method, url, failure)
            else:
                response._content = body
                response._content_consumed = True
                said = _request_id(response, self.private())
                log_answer(request.method, url, response.status_code, said, response.elapsed.total_seconds())
                response.headers.pop("Location", None)  # without it, nothing above us follows the redirect
                return response
        raise failure

    def exchange(
        self, request: requests.PreparedRequest, connect_seconds: float, read_seconds: float, private: Private
    ) -> Answer:
        """Send one request, through the proxy that the environment names for its host, and return the answer.

        Args:
            request: what is sent.
            connect_seconds: longest wait for a connection, at each address of the host.
            read_seconds: longest wait for the whole answer.
            private: what nothing may quote that is said about it.
        """
        self._this_thread.private = private
        url = request.url or ""
        proxies = {} if is_loopback(urlsplit(url).hostname or "") else requests.utils.get_environ_proxies(url)
        return answer_of(self.send(request, timeout=(connect_seconds, read_seconds), proxies=proxies), private)

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
                    raise TooLongError(f"an answer of over {self._max_answer_bytes} bytes")
            if getattr(response.raw, "length_remaining", None):  # urllib3 1 does not notice a body cut short
                raise requests.exceptions.ChunkedEncodingError("cut short")
        except BaseException:
            response.close()
            raise
        return bytes(body)


def answer_of(response: requests.Response, private: Private) -> Answer:
    """Return what `requests` read as a value."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content, private)


def _request_id(response: requests.Response, private: Private) -> str | None:
    names = ("x-fc-request-id", "x-mns-request-id", "x-acs-request-id")
    return next((private.identifier(response.headers[name]) for name in names if name in response.headers), None)


def _goes_direct(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return is_loopback(host) or bool(should_bypass_proxies(url, no_proxy=None))


# They log URLs, with the receipt handles in them, and quote headers that they cannot read, also where no log is set
# up; what others send over urllib3 they log as before.
for _name in ("connection", "connectionpool", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(lambda _: not is_in_attempt())
