"""The bucket into which Alibaba's deploy tool (devsapp/fc3) puts a code package, before it names it in CreateFunction.

The tool asks GET /2016-08-15/tempBucketToken where to put it, and PUTs the zip to ACCOUNT/OBJECT in that bucket. The
bucket's name stands in Host (BUCKET.oss-cn-hangzhou.aliyuncs.com), as ali-oss writes it where the endpoint is an
address, else it is the first part of the path. Only that is served: no other bucket, and nothing but PUT.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from .. import limits
from ..access_key import AccessKey
from ..bounded_body import BodyBroken, BodyTooLarge, read_bounded
from ..catalog.fc_errors import FcError, invalid_argument, not_implemented, signature_not_match
from .checksum import code_checksum

BUCKET: Final = "fc-async-local"
TOKEN_PATH: Final = "/2016-08-15/tempBucketToken"  # noqa: S105 - a path
_ANY_KEY: Final = AccessKey("local", "local")


class TempBucket:
    """The packages that were put; the last few of them are kept on disk.

    Args:
        folder: where they lie; nothing else is in it.
        account_id: the account whose objects they are.
        access_key: what requests must be signed with; None: signatures are not read.
    """

    def __init__(self, folder: Path, account_id: str, access_key: AccessKey | None) -> None:
        self._folder = folder
        self._account_id = account_id
        self._access_key = access_key
        self._objects: OrderedDict[str, Path] = OrderedDict()

    def token(self, request: web.BaseRequest) -> dict[str, Any]:
        """Return the body of tempBucketToken; raises FcError 403 where the request is not signed as it must be."""
        if self._access_key is not None:
            _check_signature(request, self._access_key, "FC", "x-fc-", "sha256", request.rel_url.raw_path)
        key = _ANY_KEY if self._access_key is None else self._access_key
        return {
            "credentials": {"AccessKeyId": key.id, "AccessKeySecret": key.secret, "SecurityToken": "local"},
            "ossRegion": "oss-cn-hangzhou",
            "ossBucket": BUCKET,
            "objectName": secrets.token_hex(16),
        }

    def package(self, bucket: object, name: object) -> bytes:
        """Return what CreateFunction names as its code; raises FcError 400 or 501."""
        if bucket != BUCKET:
            raise not_implemented(f"code from the bucket {str(bucket)[:80]!r}")
        path = self._objects.get(name) if isinstance(name, str) else None
        if path is None:
            raise invalid_argument(f"code.ossObjectName {str(name)[:80]!r}: no such object was put into {BUCKET}")
        return path.read_bytes()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request to the object store, in its shape."""
        request_id = secrets.token_hex(12).upper()
        try:
            return await self._put(request, request_id)
        except FcError as refused:
            return oss_refusal(refused, request_id)

    async def _put(self, request: web.BaseRequest, request_id: str) -> web.Response:
        bucket, name = _bucket_and_name(request)
        if bucket != BUCKET:
            raise not_implemented(f"the bucket {bucket[:80]!r}")
        if request.method != "PUT" or not name.startswith(f"{self._account_id}/"):
            raise not_implemented(f"{request.method} of what is no object of account {self._account_id}")
        if self._access_key is not None:
            _check_signature(request, self._access_key, "OSS", "x-oss-", "sha1", f"/{bucket}/{name}")
        try:
            body = await read_bounded(request, limits.TEMP_BUCKET_OBJECT_BYTES)
        except BodyTooLarge:
            most = limits.TEMP_BUCKET_OBJECT_BYTES
            raise FcError(400, "EntityTooLarge", f"expected an object of at most {most} bytes") from None
        except BodyBroken:
            raise invalid_argument("the body is not what its headers say") from None
        await asyncio.to_thread(self._keep, name, body)
        return web.Response(
            headers={
                "x-oss-request-id": request_id,
                "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest().upper()}"',
                "x-oss-hash-crc64ecma": await asyncio.to_thread(code_checksum, body),
            }
        )

    def _keep(self, name: str, body: bytes) -> None:
        path = self._folder / secrets.token_hex(16)
        path.write_bytes(body)
        replaced = self._objects.pop(name, None)
        self._objects[name] = path
        dropped = [] if replaced is None else [replaced]
        while len(self._objects) > limits.TEMP_BUCKET_OBJECTS:
            dropped.append(self._objects.popitem(last=False)[1])
        for old in dropped:
            old.unlink(missing_ok=True)


def is_for_a_bucket(request: web.BaseRequest) -> bool:
    """Whether the object store is asked: by the bucket in the path, or by the signature that its clients send."""
    path = request.rel_url.raw_path
    return path.startswith(f"/{BUCKET}/") or request.headers.get("Authorization", "").startswith(("OSS ", "OSS4-"))


def is_host_of_a_bucket(host: str) -> bool:
    """Whether a Host is that of a bucket in the cloud, which nobody can point at this machine but its own clients."""
    return host.partition(":")[0].lower().endswith(".aliyuncs.com")


def _bucket_and_name(request: web.BaseRequest) -> tuple[str, str]:
    host, path = request.headers.get("Host", ""), unquote(request.rel_url.raw_path.lstrip("/"))
    if is_host_of_a_bucket(host):
        return host.partition(".")[0].lower(), path
    bucket, _, name = path.partition("/")
    return bucket, name


def oss_refusal(refused: FcError, request_id: str) -> web.Response:
    """Return a refusal as the object store writes it."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n'
        f"  <Code>{escape(refused.code)}</Code>\n  <Message>{escape(refused.message)}</Message>\n"
        f"  <RequestId>{request_id}</RequestId>\n</Error>\n"
    )
    headers = {"x-oss-request-id": request_id}
    return web.Response(status=refused.status, text=text, content_type="application/xml", headers=headers)


def _check_signature(
    request: web.BaseRequest, key: AccessKey, scheme: str, prefix: str, digest: str, resource: str
) -> None:
    """Check the signature of FC 2016-08-15 or of the object store's version 1; the two differ in little.

    Sources: npm @alicloud/fc2 2.6.6 `helper.js`, ali-oss 6.18.1 `signUtils.js`.
    """
    headers = request.headers
    found = headers.get("Authorization", "")
    date = headers.get(f"{prefix}date", headers.get("Date", ""))
    common: list[str] = [request.method, headers.get("Content-MD5", ""), headers.get("Content-Type", ""), date]
    to_sign = "\n".join([*common, *_special(headers.items(), prefix), resource])
    expected = b64encode(hmac.new(key.secret.encode(), to_sign.encode("utf-8", "replace"), digest).digest()).decode()
    if not hmac.compare_digest(f"{scheme} {key.id}:{expected}".encode(), found.encode("utf-8", "replace")):
        raise signature_not_match()


def _special(headers: Iterable[tuple[str, str]], prefix: str) -> list[str]:
    return sorted(f"{name.lower()}:{value.strip()}" for name, value in headers if name.lower().startswith(prefix))
