"""The bucket into which Alibaba's deploy tool (devsapp/fc3) puts a code package, before it names it in CreateFunction.

The tool asks GET /2016-08-15/tempBucketToken where to put it, and PUTs the zip to ACCOUNT/OBJECT in that bucket. The
bucket's name stands in Host (BUCKET.oss-cn-hangzhou.aliyuncs.com), as ali-oss writes it where the endpoint is an
address, else it is the first part of the path. Only that is served: no other bucket, and nothing but PUT.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
from base64 import b64encode
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from .. import limits
from ..access_key import AccessKey
from ..bounded_body import BodyBroken, BodyTooLarge, read_bounded
from ..catalog.fc_errors import FcError, internal_error, invalid_argument, not_implemented, wrong_value
from ..clock import Clock
from .checksum import code_checksum
from .old_signature import FC_2016, OSS_1, check_old_signature

log = logging.getLogger("fc_async.local")

BUCKET: Final = "fc-async-local"
TOKEN_PATH: Final = "/2016-08-15/tempBucketToken"  # noqa: S105 - a path
_HOST: Final = re.compile(r"([a-z0-9-]{1,63})\.oss[a-z0-9.-]*\.aliyuncs\.com(?::[0-9]{1,5})?", re.IGNORECASE)
"""How ali-oss names a bucket in Host; nobody can point such a name at this machine but its own clients."""


class TempBucket:
    """The packages that were put; the last few of them are kept on disk.

    Args:
        folder: where they lie; nothing else is in it.
        account_id: the account whose objects they are.
        access_key: what asking for a token must be signed with; None: signatures are not read.
        real_time: clients sign with it.
    """

    def __init__(self, folder: Path, account_id: str, access_key: AccessKey | None, real_time: Clock) -> None:
        self._folder = folder
        self._account_id = account_id
        self._access_key = access_key
        self._real_time = real_time
        # What a token answers is seen by whoever can record it, and must not open the rest of the service.
        self._temporary_key = AccessKey(f"STS.{secrets.token_hex(8)}", secrets.token_hex(16))
        self._objects: OrderedDict[str, Path] = OrderedDict()

    def token(self, request: web.BaseRequest) -> dict[str, Any]:
        """Return the body of tempBucketToken; raises FcError 403 where the request is not signed as it must be."""
        if self._access_key is not None:
            path = request.rel_url.raw_path
            check_old_signature(FC_2016, request, self._access_key, path, self._real_time.now_ms())
        key = self._temporary_key
        return {
            "credentials": {"AccessKeyId": key.id, "AccessKeySecret": key.secret, "SecurityToken": "local"},
            "ossRegion": "oss-cn-hangzhou",
            "ossBucket": BUCKET,
            "objectName": secrets.token_hex(16),
        }

    async def package(self, bucket: object, name: object) -> bytes:
        """Return what CreateFunction names as its code; raises FcError 400 or 501."""
        if not isinstance(bucket, str):
            raise wrong_value("code.ossBucketName", bucket, "a text")
        if bucket != BUCKET:
            raise not_implemented(f"code from the bucket {bucket[:80]!r}")
        path = self._objects.get(name) if isinstance(name, str) else None
        try:
            if path is not None:
                return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            pass  # newer ones have taken its place meanwhile
        raise invalid_argument(f"code.ossObjectName {str(name)[:80]!r}: no such object was put into {BUCKET}")

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request to the object store, in its shape."""
        try:
            return await self._put(request)
        except FcError as refused:
            return oss_refusal(refused)
        except ConnectionError:
            raise  # the client is gone
        except Exception:
            log.exception("A package could not be put into the bucket")
            return oss_refusal(internal_error())

    async def _put(self, request: web.BaseRequest) -> web.Response:
        name = self._object_of(request)
        if self._access_key is not None:
            resource = f"/{BUCKET}/{name}"
            check_old_signature(OSS_1, request, self._temporary_key, resource, self._real_time.now_ms())
        body = await _read_body(request)
        md5 = hashlib.md5(body, usedforsecurity=False)
        sent = request.headers.get("Content-MD5")
        if sent is not None and sent != b64encode(md5.digest()).decode():
            raise FcError(400, "InvalidDigest", "Content-MD5 is not that of the body")
        await self._keep(name, body)
        return web.Response(
            headers={
                "x-oss-request-id": _request_id(),
                "ETag": f'"{md5.hexdigest().upper()}"',
                "x-oss-hash-crc64ecma": await asyncio.to_thread(code_checksum, body),
            }
        )

    def _object_of(self, request: web.BaseRequest) -> str:
        """Return the object that is put; raises FcError 501 for everything else that can be asked."""
        bucket, name = _bucket_and_name(request)
        if bucket != BUCKET:
            raise not_implemented(f"the bucket {bucket[:80]!r}")
        if request.method != "PUT" or not name.startswith(f"{self._account_id}/"):
            raise not_implemented(f"{request.method} of what is no object of account {self._account_id}")
        if request.rel_url.raw_query_string or "x-oss-copy-source" in request.headers:
            raise not_implemented("a PUT that is not of a whole object")
        return name

    async def _keep(self, name: str, body: bytes) -> None:
        path = self._folder / secrets.token_hex(16)
        try:
            await asyncio.to_thread(path.write_bytes, body)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        dropped = self._objects.pop(name, None)
        self._objects[name] = path
        if dropped is None and len(self._objects) > limits.TEMP_BUCKET_OBJECTS:
            dropped = self._objects.popitem(last=False)[1]
        if dropped is not None:
            dropped.unlink(missing_ok=True)


async def _read_body(request: web.BaseRequest) -> bytes:
    try:
        return await read_bounded(request, limits.TEMP_BUCKET_OBJECT_BYTES)
    except BodyTooLarge:
        most = limits.TEMP_BUCKET_OBJECT_BYTES
        raise FcError(400, "EntityTooLarge", f"expected an object of at most {most} bytes") from None
    except BodyBroken:
        raise invalid_argument("the body is not what its headers say") from None


def is_for_a_bucket(request: web.BaseRequest, path: str) -> bool:
    """Whether the object store is asked: by a bucket in path or Host, or by the signature that its clients send.

    Args:
        request: as it came.
        path: its path, as far as it could be read.
    """
    headers = request.headers
    return (
        path.startswith(f"/{BUCKET}/")
        or headers.get("Authorization", "").startswith(("OSS ", "OSS4-"))
        or is_host_of_a_bucket(headers.get("Host", ""))
    )


def is_host_of_a_bucket(host: str) -> bool:
    """Whether a Host is that of a bucket in the cloud."""
    return _HOST.fullmatch(host) is not None


def _bucket_and_name(request: web.BaseRequest) -> tuple[str, str]:
    path = unquote(request.rel_url.raw_path.lstrip("/"))
    in_host = _HOST.fullmatch(request.headers.get("Host", ""))
    if in_host is not None:
        return in_host[1].lower(), path
    bucket, _, name = path.partition("/")
    return bucket, name


def _request_id() -> str:
    return secrets.token_hex(12).upper()


def oss_refusal(refused: FcError) -> web.Response:
    """Return a refusal as the object store writes it."""
    request_id = _request_id()
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n'
        f"  <Code>{escape(refused.code)}</Code>\n  <Message>{escape(refused.message)}</Message>\n"
        f"  <RequestId>{request_id}</RequestId>\n</Error>\n"
    )
    headers = {"x-oss-request-id": request_id}
    return web.Response(status=refused.status, text=text, content_type="application/xml", headers=headers)
