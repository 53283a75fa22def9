"""Function Compute's official SDK and raw HTTP, pointed at a local service."""

from __future__ import annotations

import base64
import http.client
import io
import json
import re
import socket
import zipfile
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client
from alibabacloud_tea_openapi.exceptions import ClientException, ServerException
from alibabacloud_tea_openapi.models import Config
from darabonba.runtime import RuntimeOptions

from fc_async.local import LocalServer

DEADLINE_SECONDS = 60
ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/"
QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/{}/messages"


class HasUrl(Protocol):
    url: str


def fc_client(local: HasUrl) -> Client:
    return Client(
        Config(
            access_key_id="id",
            access_key_secret="secret",
            endpoint=local.url.removeprefix("http://"),
            protocol="http",
            region_id="cn-hangzhou",
            read_timeout=DEADLINE_SECONDS * 1000,
        )
    )


def zipped(files: dict[str, str]) -> str:
    """A zip with these files, in base64; always the same for the same files, so none has the time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return base64.b64encode(buffer.getvalue()).decode()


def create_function(client: Client, name: str, source: str, **fields: Any) -> models.Function:
    body = {
        "function_name": name,
        "runtime": "python3.12",
        "handler": "index.handler",
        "code": models.InputCodeLocation(zip_file=zipped({"index.py": source})),
        **fields,
    }
    return client.create_function(models.CreateFunctionRequest(body=models.CreateFunctionInput(**body))).body


def create_alias(client: Client, function: str, name: str, version_id: str = "LATEST") -> models.Alias:
    body = models.CreateAliasInput(alias_name=name, version_id=version_id)
    return client.create_alias(function, models.CreateAliasRequest(body=body)).body


def publish(client: Client, function: str, description: str | None = None) -> models.Version:
    body = models.PublishVersionInput(description=description)
    return client.publish_function_version(function, models.PublishFunctionVersionRequest(body=body)).body


def put_config(client: Client, name: str, qualifier: str | None = None, **fields: Any) -> models.AsyncConfig:
    destinations = {
        half: models.Destination(destination=fields.pop(half))
        for half in ("on_success", "on_failure")
        if half in fields
    }
    if destinations:
        fields["destination_config"] = models.DestinationConfig(**destinations)
    request = models.PutAsyncInvokeConfigRequest(body=models.PutAsyncInvokeConfigInput(**fields), qualifier=qualifier)
    return client.put_async_invoke_config(name, request).body


def get_config(client: Client, name: str, qualifier: str | None = None) -> models.AsyncConfig:
    return client.get_async_invoke_config(name, models.GetAsyncInvokeConfigRequest(qualifier=qualifier)).body


def invoke_async(
    client: Client, name: str, payload: bytes = b"{}", qualifier: str | None = None, **headers: Any
) -> models.InvokeFunctionResponse:
    return client.invoke_function_with_options(
        name,
        models.InvokeFunctionRequest(body=io.BytesIO(payload), qualifier=qualifier),
        models.InvokeFunctionHeaders(x_fc_invocation_type="Async", **headers),
        RuntimeOptions(),
    )


def invoke(
    client: Client, name: str, payload: bytes = b"{}", qualifier: str | None = None
) -> models.InvokeFunctionResponse:
    return client.invoke_function(name, models.InvokeFunctionRequest(body=io.BytesIO(payload), qualifier=qualifier))


def get_task(client: Client, name: str, task_id: str, qualifier: str | None = None) -> models.AsyncTask:
    return client.get_async_task(name, task_id, models.GetAsyncTaskRequest(qualifier=qualifier)).body


def list_tasks(client: Client, name: str, **filters: Any) -> models.ListAsyncTaskOutput:
    return client.list_async_tasks(name, models.ListAsyncTasksRequest(**filters)).body


def stop_task(client: Client, name: str, task_id: str, qualifier: str | None = None) -> int:
    return int(client.stop_async_task(name, task_id, models.StopAsyncTaskRequest(qualifier=qualifier)).status_code)


def refused(call: Callable[[], object]) -> tuple[int, str]:
    """Status and code with which the service refuses a call."""
    with pytest.raises((ClientException, ServerException)) as caught:
        call()
    return caught.value.status_code, caught.value.code


def request(
    local: HasUrl, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One raw exchange: status, headers by lower-case name, body."""
    connection = http.client.HTTPConnection(urlsplit(local.url).netloc, timeout=DEADLINE_SECONDS)
    try:
        is_chunked = "Transfer-Encoding" in (headers or {})
        connection.request(method, path, body, headers or {}, encode_chunked=is_chunked)
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


def raw(local: LocalServer, *pieces: bytes, hang_up: bool = False, to_the_end: bool = False) -> bytes:
    """Send bytes as they are and return the answer, with interim ones, or what came until the service closed.

    Each piece is sent when the service has read the one before it. With `hang_up` the service is told that no more
    will be sent; with `to_the_end` the answer is read until it closes.
    """
    with socket.create_connection(("127.0.0.1", urlsplit(local.url).port), DEADLINE_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number, piece in enumerate(pieces):
            if number:
                request(local, "GET", "/_local/health")  # a turn of the service's loop, after which it has read
            connection.sendall(piece)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while (to_the_end or not _is_whole(answer)) and (piece := connection.recv(65536)):
            answer += piece
    return answer


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.rpartition(b"HTTP/1.")[2].partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *([0-9]+)", head)
    return bool(end) and length is not None and len(body) >= int(length[1])


def error(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    """Status and code of a refusal in Function Compute's shape."""
    status, headers, body = answer
    wire = json.loads(body)
    assert set(wire) == {"Code", "Message", "RequestId"}
    assert headers["x-fc-request-id"] == wire["RequestId"]
    return status, wire["Code"]
