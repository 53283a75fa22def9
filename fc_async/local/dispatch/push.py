"""Pushes messages to HTTP endpoints: when each is due, `mailbox/pushes.py` says; here is the HTTP.

One try is a POST that is to be answered with 2xx within five seconds of real time; a redirect is no such answer. What
fails is tried again by the subscription's strategy, in the service's time: with a clock that a test moves, a retry in
an hour is made at once. Endpoints are of this machine only (`mailbox/endpoint.py` has checked that).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from email.utils import formatdate
from random import Random

import aiohttp
from yarl import URL

from .. import limits
from ..clock import Clock, Timer
from ..ids import mns_request_id
from ..mailbox.endpoint import HttpEndpoint
from ..mailbox.notification import Notification
from ..mailbox.pushes import Push
from ..mailbox.subscription import JSON, SIMPLIFIED
from ..mailbox.topics import Topics
from .localhost import Localhost
from .push_signature import PushSignature

log = logging.getLogger("fc_async.local")

_AGENT = "Aliyun Notification Service Agent"
_API_VERSION = "2015-06-06"


class Pusher:
    """Makes the pushes of all topics; used on the event loop's thread only.

    Args:
        topics: is listened to from now on.
        clock: the service's time, in which pushes are repeated.
        real_time: the time that a push carries as its Date: its receiver lives in it, also where the service's time is
            moved by hand.
        signature: signs.
        random: source of request ids.
        json_content_type: what a push in JSON calls its body.
        timeout_seconds: how long an endpoint has to answer, in real time.
    """

    def __init__(
        self,
        topics: Topics,
        clock: Clock,
        *,
        real_time: Clock,
        signature: PushSignature,
        random: Random,
        json_content_type: str = "application/json",
        timeout_seconds: float = limits.MNS_PUSH_TIMEOUT_SECONDS,
    ) -> None:
        self._topics = topics
        self._clock = clock
        self._real_time = real_time
        self._signature = signature
        self._random = random
        self._json_content_type = json_content_type
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._under_way: set[asyncio.Task[None]] = set()
        self._timer: tuple[int, Timer] | None = None
        self._is_closed = False
        topics.listen(on_push=self.pump, on_lost=_log_lost)

    async def prepare(self) -> None:
        """Make the key that signs, if there is none, without holding up the event loop."""
        await asyncio.to_thread(self._signature.certificate_pem)

    def pump(self) -> None:
        """Begin every push that is due, and set the timer for the next."""
        if self._is_closed:
            return
        for push in self._topics.take_due_pushes(self._clock.now_ms()):
            task = asyncio.get_running_loop().create_task(self._make(push))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        self._wake_at(self._topics.next_push_ms())

    @property
    def is_busy(self) -> bool:
        """Whether a push is under way."""
        return bool(self._under_way)

    async def quiet(self) -> None:
        """Wait until no push is under way; some may still wait for their time."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Abandon what is under way, and what waits."""
        self._is_closed = True
        self._wake_at(None)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _wake_at(self, when_ms: int | None) -> None:
        if self._timer is not None:
            if self._timer[0] == when_ms:
                return
            self._timer[1].cancel()
            self._timer = None
        if when_ms is not None:
            self._timer = (when_ms, self._clock.call_at(when_ms, self._wake))

    def _wake(self) -> None:
        self._timer = None
        self.pump()

    async def _make(self, push: Push) -> None:
        reason = await self._reason_not_taken(push)
        if reason is None:
            self._topics.push_delivered(push)
        else:
            now_ms = self._clock.now_ms()
            again_ms = self._topics.push_failed(push, now_ms, reason)
            if again_ms is not None:
                log.info("%s: %s; again in %g s", _where(push.notification), reason, (again_ms - now_ms) / 1000)
        self.pump()

    async def _reason_not_taken(self, push: Push) -> str | None:
        """Push once; return why the endpoint has not taken it, None when it has."""
        try:
            status = await self._post(push)
        except asyncio.TimeoutError:
            return f"no answer within {self._timeout_seconds:g} seconds"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"no answer ({type(error).__name__})"
        except Exception:
            log.exception("%s: a push could not be made", _where(push.notification))
            return "a defect of the local service"
        low, high = limits.MNS_PUSH_TAKEN_STATUS
        return None if low <= status <= high else f"answered {status}"

    async def _post(self, push: Push) -> int:
        endpoint = push.subscription.destination
        assert isinstance(endpoint, HttpEndpoint)  # noqa: S101 - nothing else is pushed
        body = push.notification.text(push.subscription.attributes.notify_content_format).encode()
        await self.prepare()
        headers = self._headers(push, endpoint.target, body)
        async with self._http().post(
            URL(endpoint.url, encoded=True), data=body, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status

    def _headers(self, push: Push, target: str, body: bytes) -> dict[str, str]:
        headers = {
            **self._content_headers(push.subscription.attributes.notify_content_format, body),
            "Date": formatdate(self._real_time.now_ms() / 1000, usegmt=True),
            "User-Agent": _AGENT,
            "Connection": "close",  # newer aiohttp says so by itself, older does not
            "x-mns-request-id": mns_request_id(self._random, self._clock.now_ms()),
            "x-mns-signing-cert-url": base64.b64encode(self._signature.certificate_url.encode()).decode(),
            "x-mns-version": _API_VERSION,
            **message_headers(push.notification),
        }
        return {**headers, "Authorization": self._signature.sign("POST", target, headers)}

    def _content_headers(self, content_format: str, body: bytes) -> dict[str, str]:
        kinds = {SIMPLIFIED: "text/plain", JSON: self._json_content_type}
        return {
            "Content-Type": f"{kinds.get(content_format, 'text/xml')};charset=utf-8",
            "Content-MD5": content_md5(body),
        }

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True, resolver=Localhost()),
                timeout=aiohttp.ClientTimeout(total=self._timeout_seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("Accept", "Accept-Encoding"),
                trust_env=False,  # a proxy cannot reach this machine
            )
        return self._session


def content_md5(body: bytes) -> str:
    """The Content-MD5 of a push: base64 of the hexadecimal digest (assumed)."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).hexdigest().encode()).decode()


def message_headers(notification: Notification) -> dict[str, str]:
    """What the headers of a push tell of its message: for SIMPLIFIED there is no other place."""
    headers = {
        "x-mns-topic-owner": notification.topic_owner,
        "x-mns-topic-name": notification.topic_name,
        "x-mns-subscriber": notification.subscriber,
        "x-mns-subscription-name": notification.subscription_name,
        "x-mns-publish-time": str(notification.publish_time_ms),
        "x-mns-message-id": notification.message_id,
    }
    if notification.message_tag is not None:
        headers["x-mns-message-tag"] = notification.message_tag
    return headers


def _where(notification: Notification) -> str:
    return f"topic {notification.topic_name}, subscription {notification.subscription_name}"


def _log_lost(notification: Notification, reason: str) -> None:
    log.warning("lost: message %s of %s: %s", notification.message_id, _where(notification), reason)
