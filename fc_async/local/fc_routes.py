"""The paths /2023-03-30/...: Function Compute's JSON protocol, as the official SDK speaks it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shutil
import tempfile
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from . import limits
from .code_package import decode_zip, unpack
from .control_plane import ControlPlane
from .fc_errors import FcError, invalid_argument, not_implemented
from .fc_invoke import Invoker
from .function import normal_qualifier
from .request_body import read_json_object

_EMPTY_ZIP = base64.b64encode(b"PK\x05\x06" + bytes(18)).decode()
_ROOT = "/2023-03-30"
_FUNCTIONS = re.compile(f"{_ROOT}/functions")
_FUNCTION = re.compile(f"{_ROOT}/functions/(?P<name>[^/]+)")
_CONFIG = re.compile(f"{_ROOT}/functions/(?P<name>[^/]+)/async-invoke-config")
_INVOCATIONS = re.compile(f"{_ROOT}/functions/(?P<name>[^/]+)/invocations")
_CONFIGS = re.compile(f"{_ROOT}/async-invoke-configs")


@dataclass(frozen=True)
class Call:
    """One request.

    Args:
        request: as it came.
        request_id: the id that its answer carries.
        name: name of the function, "" where the path has none.
        qualifier: version or alias in the query; None for LATEST.
    """

    request: web.BaseRequest
    request_id: str
    name: str
    qualifier: str | None


class FcRoutes:
    """Answers Function Compute's requests.

    Args:
        control_plane: functions and async configs.
        invoker: answers invocations.
        code_root: folder under which uploaded code is unpacked.
    """

    def __init__(self, *, control_plane: ControlPlane, invoker: Invoker, code_root: Path) -> None:
        self._plane = control_plane
        self._invoker = invoker
        self._code_root = code_root
        self._table: tuple[tuple[str, re.Pattern[str], Callable[[Call], Awaitable[web.Response]]], ...] = (
            ("POST", _INVOCATIONS, self._invoke),
            ("POST", _FUNCTIONS, self._create_function),
            ("GET", _FUNCTIONS, self._list_functions),
            ("GET", _FUNCTION, self._get_function),
            ("PUT", _FUNCTION, self._update_function),
            ("DELETE", _FUNCTION, self._delete_function),
            ("PUT", _CONFIG, self._put_config),
            ("GET", _CONFIG, self._get_config),
            ("DELETE", _CONFIG, self._delete_config),
            ("GET", _CONFIGS, self._list_configs),
        )

    async def handle(self, request: web.BaseRequest, request_id: str) -> web.Response:
        """Answer one request; what is refused is answered in the service's shape."""
        try:
            return await self._answer(request, request_id)
        except FcError as refused:
            return refusal_response(refused, request_id)

    async def _answer(self, request: web.BaseRequest, request_id: str) -> web.Response:
        path = request.rel_url.raw_path
        for method, pattern, answer in self._table:
            found = pattern.fullmatch(path) if request.method == method else None
            if found is not None:
                name = unquote(found.groupdict().get("name", ""))
                qualifier = normal_qualifier(request.query.get("qualifier"))
                return await answer(Call(request, request_id, name, qualifier))
        raise not_implemented(request.headers.get("x-acs-action") or f"{request.method} {path}")

    async def _invoke(self, call: Call) -> web.Response:
        return await self._invoker.invoke(call.request, call.request_id, call.name, call.qualifier)

    # functions

    async def _create_function(self, call: Call) -> web.Response:
        wire = await read_json_object(call.request, limits.CONTROL_BODY_BYTES)
        code = await self._unpacked(wire.pop("code", None))
        if not code and wire.get("runtime") != "custom-container":
            raise invalid_argument("code.zipFile is required")
        code = code or await self._unpacked({"zipFile": _EMPTY_ZIP})
        try:
            function = self._plane.create_function(wire, code)
        except FcError:
            shutil.rmtree(code["code_dir"], ignore_errors=True)
            raise
        return json_response(self._plane.catalog.to_wire(function), call.request_id)

    async def _update_function(self, call: Call) -> web.Response:
        self._plane.catalog.get(call.name)
        wire = await read_json_object(call.request, limits.CONTROL_BODY_BYTES)
        code = await self._unpacked(wire.pop("code", None))
        try:
            function = self._plane.update_function(call.name, wire, code)
        except FcError:
            if code:
                shutil.rmtree(code["code_dir"], ignore_errors=True)
            raise
        return json_response(self._plane.catalog.to_wire(function), call.request_id)

    async def _unpacked(self, code: object) -> dict[str, Any]:
        """Return what the catalog needs of uploaded code; nothing when there is none."""
        if code is None:
            return {}
        if not isinstance(code, dict):
            raise invalid_argument("code must be an object")
        if code.get("zipFile") is None and code.get("ossBucketName") is not None:
            raise not_implemented("code from OSS (ossBucketName)")
        archive = decode_zip(code.get("zipFile"))
        code.clear()  # the base64 text is as large as the zip again
        folder = Path(tempfile.mkdtemp(prefix="code-", dir=self._code_root))
        await asyncio.to_thread(unpack, archive, folder)
        checksum = str(zlib.crc32(archive))
        return {"code_dir": folder, "is_watched": False, "code_bytes": len(archive), "code_checksum": checksum}

    async def _get_function(self, call: Call) -> web.Response:
        return json_response(self._plane.catalog.to_wire(self._plane.catalog.get(call.name)), call.request_id)

    async def _list_functions(self, call: Call) -> web.Response:
        return json_response(self._plane.catalog.list(call.request.query), call.request_id)

    async def _delete_function(self, call: Call) -> web.Response:
        self._plane.delete_function(call.name)
        return no_content(call.request_id)

    # async configs

    async def _put_config(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES)
        return json_response(self._plane.put_config(call.name, call.qualifier, body), call.request_id)

    async def _get_config(self, call: Call) -> web.Response:
        return json_response(self._plane.get_config(call.name, call.qualifier), call.request_id)

    async def _delete_config(self, call: Call) -> web.Response:
        self._plane.delete_config(call.name, call.qualifier)
        return no_content(call.request_id)

    async def _list_configs(self, call: Call) -> web.Response:
        return json_response(self._plane.configs.list(call.request.query), call.request_id)


def json_response(body: Any, request_id: str, status: int = 200) -> web.Response:
    """Return a JSON answer with the request's id."""
    return web.Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Fc-Request-Id": request_id},
    )


def no_content(request_id: str) -> web.Response:
    """Return 204 with the request's id."""
    return web.Response(status=204, headers={"X-Fc-Request-Id": request_id})


def refusal_response(refused: FcError, request_id: str) -> web.Response:
    """Return a refusal as API 2023-03-30 writes it."""
    body = {"Code": refused.code, "Message": refused.message, "RequestId": request_id}
    return json_response(body, request_id, refused.status)
