"""The paths /2023-03-30/...: Function Compute's JSON protocol, as the official SDK speaks it."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .. import limits
from ..assumptions import Assumptions
from ..catalog.aliases import Alias, description_of
from ..catalog.control_plane import ControlPlane
from ..catalog.fc_errors import FcError, invalid_argument, not_implemented
from ..catalog.function import normal_qualifier
from ..dispatch.destination_warnings import DestinationWarnings
from ..routing import RoutingTable, path_parts
from ..workers.uploaded_code import UploadedCode
from .answer import json_response, no_content, refusal_response
from .async_tasks import AsyncTasks
from .call import Call
from .code_downloads import CodeDownloads, check_can_be_packed
from .code_reader import CodeReader
from .concurrency_routes import ConcurrencyRoutes
from .config_body import respelt
from .function_body import read_function_body
from .invoke import Invoker
from .request_body import read_json_object

log = logging.getLogger("fc_async.local")

_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
_ROOT = "/2023-03-30"


class FcRoutes:
    """Answers Function Compute's requests.

    Args:
        control_plane: functions and async configs.
        invoker: answers invocations.
        tasks: async tasks.
        concurrency: answers what limits invocations.
        uploaded: where uploaded code is unpacked.
        code: reads the code in a body.
        downloads: where code can be fetched.
        warnings: says what the cloud would not deliver.
        assumptions: what the service is taken to do where no source says so.
    """

    def __init__(
        self,
        *,
        control_plane: ControlPlane,
        invoker: Invoker,
        tasks: AsyncTasks,
        concurrency: ConcurrencyRoutes,
        uploaded: UploadedCode,
        code: CodeReader,
        downloads: CodeDownloads,
        warnings: DestinationWarnings,
        assumptions: Assumptions,
    ) -> None:
        self._warnings = warnings
        self._keys_ignore_case = assumptions.put_keys_ignore_case
        self._has_warned_of_keys = False
        self._plane = control_plane
        self._invoker = invoker
        self._tasks = tasks
        self._uploaded = uploaded
        self._code = code
        self._downloads = downloads
        self._aliases_need_change = assumptions.alias_update_needs_change
        self._table: RoutingTable[Callable[[Call], Awaitable[web.Response]]] = RoutingTable(
            {
                "POST /functions/{name}/invocations": self._invoke,
                "POST /functions": self._create_function,
                "GET /functions": self._list_functions,
                "GET /functions/{name}": self._get_function,
                "PUT /functions/{name}": self._update_function,
                "DELETE /functions/{name}": self._delete_function,
                "GET /functions/{name}/code": self._get_code,
                "PUT /functions/{name}/async-invoke-config": self._put_config,
                "GET /functions/{name}/async-invoke-config": self._get_config,
                "DELETE /functions/{name}/async-invoke-config": self._delete_config,
                "GET /async-invoke-configs": self._list_configs,
                "GET /functions/{name}/async-tasks/{item}": self._get_task,
                "GET /functions/{name}/async-tasks": self._list_tasks,
                "PUT /functions/{name}/async-tasks/{item}/stop": self._stop_task,
                "POST /functions/{name}/versions": self._publish_version,
                "GET /functions/{name}/versions": self._list_versions,
                "DELETE /functions/{name}/versions/{item}": self._delete_version,
                "POST /functions/{name}/aliases": self._create_alias,
                "GET /functions/{name}/aliases": self._list_aliases,
                "GET /functions/{name}/aliases/{item}": self._get_alias,
                "PUT /functions/{name}/aliases/{item}": self._update_alias,
                "DELETE /functions/{name}/aliases/{item}": self._delete_alias,
                **concurrency.table,
            },
            root=_ROOT,
        )

    async def handle(self, request: web.BaseRequest, request_id: str) -> web.Response:
        """Answer one request; what is refused is answered in the service's shape."""
        try:
            return await self._answer(request, request_id)
        except FcError as refused:
            return refusal_response(refused, request_id)

    async def _answer(self, request: web.BaseRequest, request_id: str) -> web.Response:
        path = request.rel_url.raw_path
        found = self._table.find(request.method, path_parts(path))
        if found is None:
            raise not_implemented(request.headers.get("x-acs-action") or f"{request.method} {path}")
        answer, named = found
        name, item = unquote(named.get("name", "")), unquote(named.get("item", ""))
        return await answer(Call(request, request_id, name, normal_qualifier(request.query.get("qualifier")), item))

    async def _invoke(self, call: Call) -> web.Response:
        return await self._invoker.invoke(call.request, call.request_id, call.name, call.qualifier)

    # functions

    async def _create_function(self, call: Call) -> web.Response:
        wire = await read_function_body(call.request)
        async with self._uploaded.new_folder() as folder:
            code = await self._code.read(wire.pop("code", None), folder)
            if code is None and wire.get("runtime") != "custom-container":
                raise invalid_argument("code.zipFile is required")
            if code is None:
                code = await self._code.unpacked(_EMPTY_ZIP, folder)
            function = self._plane.create_function(wire, code)
        return json_response(self._plane.catalog.to_wire(function), call.request_id)

    async def _update_function(self, call: Call) -> web.Response:
        before = self._plane.catalog.get(call.name)
        wire = await read_function_body(call.request)
        async with self._uploaded.new_folder() as folder:
            code = await self._code.read(wire.pop("code", None), folder)
            self._plane.catalog.check_same(before)
            function = self._plane.update_function(call.name, wire, code)
        return json_response(self._plane.catalog.to_wire(function), call.request_id)

    async def _get_function(self, call: Call) -> web.Response:
        function = self._plane.catalog.resolve(call.name, call.qualifier)
        return json_response(self._plane.catalog.to_wire(function), call.request_id)

    async def _list_functions(self, call: Call) -> web.Response:
        return json_response(self._plane.catalog.list(call.request.query), call.request_id)

    async def _delete_function(self, call: Call) -> web.Response:
        self._plane.delete_function(call.name)
        await self._uploaded.sweep()
        return no_content(call.request_id)

    async def _get_code(self, call: Call) -> web.Response:
        function = self._plane.catalog.resolve(call.name, call.qualifier)
        package = self._uploaded.package_of(function.code.folder)
        code = function.code.folder if package is None else package
        await asyncio.to_thread(check_can_be_packed, code)
        url = self._downloads.offer(code)
        host = call.request.headers.get("Host", "")
        return json_response({"checksum": function.code.checksum, "url": f"http://{host}{url}"}, call.request_id)

    # async configs

    async def _put_config(self, call: Call) -> web.Response:
        body = self._config_body(await read_json_object(call.request, limits.CONFIG_BODY_BYTES))
        answer = self._plane.put_config(call.name, call.qualifier, body)
        self._warnings.look(call.name, call.qualifier)
        return json_response(answer, call.request_id)

    def _config_body(self, body: dict[str, Any]) -> dict[str, Any]:
        read, others = respelt(body)
        if others and not self._has_warned_of_keys:
            self._has_warned_of_keys = True
            how = "read in any case" if self._keys_ignore_case else "passed over"
            log.warning(
                "PutAsyncInvokeConfig: the key %.80r is %s here (put_keys_ignore_case); what FC 3.0 does is unknown",
                others[0],
                how,
            )
        return read if self._keys_ignore_case else body

    async def _get_config(self, call: Call) -> web.Response:
        return json_response(self._plane.get_config(call.name, call.qualifier), call.request_id)

    async def _delete_config(self, call: Call) -> web.Response:
        self._plane.delete_config(call.name, call.qualifier)
        return no_content(call.request_id)

    async def _list_configs(self, call: Call) -> web.Response:
        return json_response(self._plane.configs.list(call.request.query), call.request_id)

    # async tasks

    async def _get_task(self, call: Call) -> web.Response:
        return json_response(self._tasks.get(call.name, call.qualifier, call.item), call.request_id)

    async def _list_tasks(self, call: Call) -> web.Response:
        return json_response(self._tasks.list(call.name, call.qualifier, call.request.query), call.request_id)

    async def _stop_task(self, call: Call) -> web.Response:
        self._tasks.stop(call.name, call.qualifier, call.item)
        return no_content(call.request_id)

    # versions

    async def _publish_version(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES, may_be_absent=True)
        description = description_of(body)
        function = self._plane.catalog.get(call.name)
        async with self._uploaded.new_folder() as folder:
            copy = await _copied(function.spec.code_dir, folder) if function.is_watched else None
            self._plane.catalog.check_same(function)
            version = self._plane.publish_version(call.name, description, copy)
        return json_response(version.to_wire(), call.request_id)

    async def _list_versions(self, call: Call) -> web.Response:
        self._plane.catalog.get(call.name)
        return json_response(self._plane.catalog.versions.list(call.name, call.request.query), call.request_id)

    async def _delete_version(self, call: Call) -> web.Response:
        self._plane.delete_version(call.name, call.item)
        await self._uploaded.sweep()
        return no_content(call.request_id)

    # aliases

    async def _create_alias(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES)
        return _alias_response(self._plane.create_alias(call.name, body), call)

    async def _get_alias(self, call: Call) -> web.Response:
        self._plane.catalog.get(call.name)
        return _alias_response(self._plane.catalog.aliases.get(call.name, call.item), call)

    async def _update_alias(self, call: Call) -> web.Response:
        body = await read_json_object(call.request, limits.CONFIG_BODY_BYTES)
        if self._aliases_need_change and not self._plane.changes_alias(call.name, call.item, body):
            raise invalid_argument("Can not update alias without any change")
        return _alias_response(self._plane.update_alias(call.name, call.item, body), call)

    async def _list_aliases(self, call: Call) -> web.Response:
        self._plane.catalog.get(call.name)
        return json_response(self._plane.catalog.aliases.list(call.name, call.request.query), call.request_id)

    async def _delete_alias(self, call: Call) -> web.Response:
        self._plane.delete_alias(call.name, call.item)
        return no_content(call.request_id)


async def _copied(code_dir: Path, folder: Path) -> Path:
    """Copy a folder that its developer goes on editing, because a version stays as it was; return the copy."""
    try:
        await asyncio.to_thread(shutil.copytree, code_dir, folder, symlinks=True, dirs_exist_ok=True)
    except (OSError, shutil.Error):
        raise invalid_argument("the folder of the function's code cannot be copied") from None
    return folder


def _alias_response(alias: Alias, call: Call) -> web.Response:
    return json_response(alias.to_wire(), call.request_id)
