"""Where every request arrives: let in or refused, its signature checked, then handed to the service whose path it asks.

Without an access key a signature is accepted unread. /_local/... is never signed: it answers this machine only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import cast

from aiohttp import web

from . import limits
from .access_key import AccessKey
from .catalog.fc_errors import FcError, internal_error, invalid_argument
from .clock import Clock
from .fc.answer import json_response, refusal_response
from .fc.request_body import SIGNED_HASH, read_body
from .fc.routes import FcRoutes
from .fc.signature import check_acs3
from .fc.temp_bucket import TOKEN_PATH, TempBucket, is_for_a_bucket, is_host_of_a_bucket, oss_refusal
from .guard import refusal
from .ids import Ids
from .loopback import is_loopback
from .mailbox.errors import MailboxError
from .mns.routes import MnsRoutes
from .mns.signature import check_mns
from .own_routes import LocalRoutes
from .store.turn import NotWritten
from .system_clock import SystemClock

log = logging.getLogger("fc_async.local")

_FC_PATHS = "/2023-03-30/"
_FC_VERSION = re.compile(r"/\d{4}-\d\d-\d\d(?:/|$)")


class Gateway:
    """Answers every request of the port.

    Args:
        bound_address: the address at which the service listens.
        clock: the service's time.
        ids: source of request ids.
        fc: answers Function Compute's paths, and those of no service.
        mns: answers /queues and /topics, and what else is asked with the headers of MNS.
        local: answers /_local.
        bucket: takes the code packages of a deploy tool.
        access_key: what requests must be signed with; None: signatures are not read.
    """

    def __init__(
        self,
        *,
        bound_address: str,
        clock: Clock,
        ids: Ids,
        fc: FcRoutes,
        mns: MnsRoutes,
        local: LocalRoutes,
        bucket: TempBucket,
        access_key: AccessKey | None = None,
    ) -> None:
        self._bound_address = bound_address
        self._is_public = not is_loopback(bound_address)
        self._clock = clock
        self._signing_clock = SystemClock()  # clients sign with real time, also where the service's is moved by hand
        self._ids = ids
        self._fc = fc
        self._mns = mns
        self._local = local
        self._bucket = bucket
        self._access_key = access_key

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path = request.rel_url.raw_path
        if not path.startswith(_FC_PATHS) and is_for_a_bucket(request, path):
            return await self._answer_bucket(request)
        is_own = path.startswith("/_local/")
        refused = refusal(request.headers, self._bound_address, any_host=self._is_public and not is_own)
        if refused is not None:
            return self._refuse(request, refused, path)
        if _is_mns(path, request.headers):
            return await self._answer_mns(request)
        request_id = self._ids.request_id(self._clock.now_ms())
        try:
            if self._access_key is not None:
                # Also None is set: a connection's requests share one context.
                SIGNED_HASH.set(None if is_own or path == TOKEN_PATH else self._signed_hash(request, self._access_key))
            await _send_continue(request)
            if is_own:
                answer = await self._local.answer(request, path)
                return answer if isinstance(answer, web.Response) else json_response(answer, request_id)
            return await self._answer_fc(request, path, request_id)
        except FcError as error:
            return refusal_response(error, request_id)
        except NotWritten:  # the store has said so
            return refusal_response(internal_error(), request_id)
        except ConnectionError:
            raise  # the client is gone, and with it the need for an answer
        except Exception:
            log.exception("A request could not be answered; this is a defect of the local service")
            return refusal_response(internal_error(), request_id)

    async def _answer_fc(self, request: web.BaseRequest, path: str, request_id: str) -> web.Response:
        if path == TOKEN_PATH and request.method == "GET":
            return json_response(self._bucket.token(request), request_id)
        if self._access_key is not None and _is_without_body(request, path):
            await read_body(request, limits.CONFIG_BODY_BYTES)  # holds it to its signed hash; no route does
        return await self._fc.handle(request, request_id)

    def _signed_hash(self, request: web.BaseRequest, key: AccessKey) -> str:
        now_ms = self._signing_clock.now_ms()
        return check_acs3(request.method, request.raw_path, request.headers, key, now_ms)

    async def _answer_bucket(self, request: web.BaseRequest) -> web.StreamResponse:
        any_host = self._is_public or is_host_of_a_bucket(request.headers.get("Host", ""))
        refused = refusal(request.headers, self._bound_address, any_host=any_host)
        if refused is not None:
            return oss_refusal(refused)
        await _send_continue(request)
        return await self._bucket.answer(request)

    async def _answer_mns(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._access_key is not None:
            now_ms = self._signing_clock.now_ms()
            try:
                check_mns(request.method, request.raw_path, request.headers, self._access_key, now_ms)
            except MailboxError as refused:
                return self._mns.refusal(request, refused)
        await _send_continue(request)
        return await self._mns.handle(cast("web.Request", request))

    def _refuse(self, request: web.BaseRequest, refused: FcError, path: str) -> web.Response:
        """Answer in the shape of the service whose path was asked."""
        if not path.startswith(_FC_PATHS) and is_for_a_bucket(request, path):
            return oss_refusal(refused)
        if _is_mns(path, request.headers):
            return self._mns.refusal(request, MailboxError(refused.status, refused.code, refused.message))
        return refusal_response(refused, self._ids.request_id(self._clock.now_ms()))

    def refuse(self, request: web.BaseRequest, refused: FcError) -> web.Response:
        """Answer a request with a refusal, in the shape of the service whose path was asked."""
        return self._refuse(request, refused, request.rel_url.raw_path)

    def refuse_unparsed(self, request: web.BaseRequest, path: str, defect: BaseException | None = None) -> web.Response:
        """Answer what is no HTTP, as far as its path could be read; or what a defect of ours has left unanswered."""
        if defect is not None:
            log.error("A request could not be answered; this is a defect of the local service", exc_info=defect)
            return self._refuse(request, internal_error(), path)
        return self._refuse(request, invalid_argument("the request is not well-formed HTTP"), path)


def _is_without_body(request: web.BaseRequest, path: str) -> bool:
    return request.method in ("GET", "HEAD", "DELETE") or path.endswith("/stop")


async def _send_continue(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def _is_mns(path: str, headers: Mapping[str, str]) -> bool:
    """Whether MNS is asked: by its paths, or on one of nobody by the headers that its clients send on every call."""
    first = path.split("/")[1:2]
    if first in (["queues"], ["topics"]):
        return True
    if first == ["_local"] or _FC_VERSION.match(path):
        return False
    return "x-mns-version" in headers or headers.get("Authorization", "").startswith("MNS ")
