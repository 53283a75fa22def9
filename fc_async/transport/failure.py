"""What is said when no whole answer came, and whether the request can have arrived."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ReadTimeoutError

from ..errors import TransportError
from ..settings.endpoint import is_loopback


class NothingListensError(TransportError):
    """Nothing listens on a port of this machine: asking again finds nothing more until somebody starts it."""


class TooLongError(ValueError):
    """The answer is longer than this client reads."""


def failure_of(
    url: str,
    error: Exception,
    seconds: float | None = None,
    *,
    was_connecting: bool = False,
    by_proxy: bool = False,
) -> TransportError:
    """Return our error for one of `requests`, with whether the request may have arrived.

    Args:
        url: where the request went; host and port are shown.
        error: what `requests` raised; no text of it is taken over.
        seconds: how long the whole answer was waited for.
        was_connecting: whether the connection was still being made, by way of a proxy or with TLS.
        by_proxy: whether it goes through a proxy.
    """
    parts = urlsplit(url)
    kind = type(_root(error)).__name__
    if isinstance(error, TooLongError):
        return TransportError(f"{parts.netloc} sent {error}, which is more than fc_async reads", sent=True)
    if is_loopback(parts.hostname or "") and any(map(_is_refusal, _chain(error))):
        return NothingListensError(
            f"{parts.netloc} refused the connection, and nothing was sent: is `fc-async local up` running?", sent=False
        )
    if was_connecting or not _was_sent(error):
        way = " through the proxy" if by_proxy else ""
        return TransportError(f"{parts.netloc} could not be reached{way} ({kind}); nothing was sent", sent=False)
    if any(isinstance(one, (TimeoutError, ReadTimeoutError, requests.Timeout)) for one in _chain(error)):
        within = "in time" if seconds is None else f"within {seconds:g} seconds"
        return TransportError(f"{parts.netloc} sent no whole answer {within}; the request may have arrived", sent=True)
    return TransportError(
        f"the connection to {parts.netloc} broke before the whole answer came ({kind}); the request may have arrived",
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


def _is_refusal(error: BaseException) -> bool:
    # urllib3 1 names no cause; what it was handling when it made this error is the cause all the same.
    reason = error.__context__ if isinstance(error, NewConnectionError) else error
    return isinstance(reason, ConnectionRefusedError)


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
