"""What the HTTP server uses of aiohttp's inside: each private name is there, and is what it is taken for."""

from __future__ import annotations

import ast
import asyncio
import inspect
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import HttpVersion11, StreamReader, web
from aiohttp.http import RawRequestMessage
from aiohttp.web_protocol import RequestHandler

from fc_async.local.http import connection

HEAD = b"GET /path HTTP/1.1\r\nHost: localhost\r\n\r\n"
WITH_BODY = b"POST /path HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n"


async def answer(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=await request.content.readany())


def refuse(request: web.BaseRequest, path: str, defect: BaseException | None) -> web.Response:
    return web.Response(status=400 if defect is None else 500, text=type(defect).__name__)


@asynccontextmanager
async def opened(handler: connection.Handler = answer) -> AsyncIterator[RequestHandler]:
    """One connection at rest; its client is the other end of a pair of sockets."""
    ours, theirs = socket.socketpair()
    with theirs:
        server = connection.HttpServer(handler, refuse)
        transport, asked = await asyncio.get_running_loop().connect_accepted_socket(server, ours)
        await turn()
        yield asked
        transport.abort()
        await turn()


async def turn() -> None:
    """Let what is under way on the loop come to its next wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def messages() -> None:
    async with opened() as asked:
        assert asked._messages == deque()
        asked.data_received(WITH_BODY)
        assert isinstance(asked._messages, deque)
        ((head, body),) = asked._messages
        assert isinstance(head, RawRequestMessage)
        assert isinstance(body, StreamReader)
    async with opened() as asked:
        asked.data_received(b"\0\r\n\r\n")
        assert not isinstance(asked._messages[-1][0], RawRequestMessage)


async def replace() -> None:
    async with opened() as asked:
        asked.data_received(HEAD)
        head = asked._messages[0][0]
        closing = head._replace(should_close=True)
        assert (head.should_close, closing.should_close, closing.path) == (False, True, "/path")


async def waiter() -> None:
    bodies = []

    async def reads(request: web.BaseRequest) -> web.StreamResponse:
        bodies.append(request.content)
        return await answer(request)

    async with opened(reads) as asked:
        assert isinstance(asked._waiter, asyncio.Future)  # nothing is under way
        asked.data_received(WITH_BODY)
        await turn()
        assert asked._waiter is None
        assert isinstance(bodies[0]._waiter, asyncio.Future)  # its body is waited for
        asked.data_received(b"x")
        await turn()
        assert bodies[0]._waiter is None
        assert isinstance(asked._waiter, asyncio.Future)


async def current_request() -> None:
    requests: list[web.BaseRequest | None] = []

    async def notes(request: web.BaseRequest) -> web.StreamResponse:
        requests.extend([request, asked._current_request])
        return web.Response()

    async with opened(notes) as asked:
        assert asked._current_request is None
        asked.data_received(HEAD)
        await turn()
        assert requests[0] is requests[1]
        assert asked._current_request is None


async def version() -> None:
    versions = []

    async def upgrades(request: web.BaseRequest) -> web.StreamResponse:
        request._version = HttpVersion11
        versions.append(request.version)
        return web.Response()

    async with opened(upgrades) as asked:
        asked.data_received(HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"))
        await turn()
    assert versions == [HttpVersion11]


CHECKS: dict[str, Callable[[], Awaitable[None]]] = {
    "_messages": messages,
    "_replace": replace,
    "_waiter": waiter,
    "_current_request": current_request,
    "_version": version,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_private_name_of_aiohttp_is_what_it_is_taken_for(name: str) -> None:
    async def check() -> None:
        await CHECKS[name]()

    asyncio.run(check())


def test_every_private_name_of_aiohttp_that_is_used_is_checked() -> None:
    nodes = list(ast.walk(ast.parse(inspect.getsource(connection))))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr.startswith("_")}
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    }
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    assert used - stored - defined == set(CHECKS)


def test_the_file_names_them_and_says_why() -> None:
    assert connection.__doc__ is not None
    assert all(f"`{name}`" in connection.__doc__ for name in CHECKS)


async def answered(handler: connection.Handler, sent: bytes) -> bytes:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.setblocking(False)
        server = connection.HttpServer(handler, refuse)
        transport, asked = await asyncio.get_running_loop().connect_accepted_socket(server, ours)
        asked.data_received(sent)
        answer = await asyncio.get_running_loop().sock_recv(theirs, 4096)
        transport.abort()
        await turn()
    return answer


async def breaks(_: web.BaseRequest) -> web.StreamResponse:
    raise ZeroDivisionError


def test_what_our_own_code_did_not_answer_is_a_defect_and_no_fault_of_the_client() -> None:
    answer = asyncio.run(answered(breaks, HEAD))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"ZeroDivisionError" in answer


def test_what_the_parser_refuses_is_no_defect() -> None:
    assert asyncio.run(answered(answer, b"\0\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
