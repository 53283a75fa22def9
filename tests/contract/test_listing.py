"""The names of functions, versions and aliases: every page, repeated, and nothing that is no name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fc_async import ArgumentError, FunctionsClient, ServiceError
from tests.peer import Drop, Peer, Reply

ID = {"X-Fc-Request-Id": "1-a"}
BUSY = Reply(429, {"Code": "ResourceExhausted"}, ID)


def pages(*bodies: Any) -> list[Reply]:
    return [Reply(200, body, ID) for body in bodies]


def client_of(peer: Peer) -> FunctionsClient:
    return FunctionsClient(endpoint=peer.url, sleep=lambda _: None)


def test_functions_come_from_every_page_and_a_throttled_page_is_asked_again() -> None:
    first, last = pages({"functions": [{"functionName": "a"}, {"functionName": "b"}], "nextToken": "t&1"}, {})
    with Peer(BUSY, first, Drop(), last) as peer, client_of(peer) as client:
        assert list(client.iter_functions("a.b")) == ["a", "b"]
        assert [request.target for request in peer.requests] == [
            *["/2023-03-30/functions?limit=100&prefix=a.b"] * 2,
            *["/2023-03-30/functions?limit=100&nextToken=t%261&prefix=a.b"] * 2,
        ]


def test_qualifiers_are_versions_then_aliases() -> None:
    script = pages(
        {"versions": [{"versionId": "2"}], "nextToken": "1"},
        {"versions": [{"versionId": "1"}], "nextToken": ""},
        {"aliases": [{"aliasName": "prod"}], "nextToken": None},
    )
    with Peer(BUSY, *script) as peer, client_of(peer) as client:
        assert list(client.iter_qualifiers("main")) == ["2", "1", "prod"]
        assert [request.target.partition("?")[0].rpartition("/")[2] for request in peer.requests] == [
            *["versions"] * 3,
            "aliases",
        ]


def every(client: FunctionsClient) -> list[Iterator[str]]:
    return [client.iter_functions(), client.iter_qualifiers("main")]


NAMELESS: list[Any] = [
    {"functions": [{}], "versions": [7]},
    [],
    "<html>",
    {"functions": 7, "versions": 7},
    {"nextToken": {"a": 1}},
]


@pytest.mark.parametrize("body", NAMELESS)
def test_a_page_that_holds_no_names_is_the_services_fault(body: Any) -> None:
    with Peer(*pages(body)) as peer, client_of(peer) as client:
        for names in every(client):
            with pytest.raises(ServiceError, match="cannot be read"):
                list(names)


def test_a_list_without_an_end_and_a_refusal_are_errors() -> None:
    with Peer(*pages({"nextToken": "t"})) as peer, client_of(peer) as client:
        for names in every(client):
            with pytest.raises(ServiceError, match="repeat"):
                list(names)
    with Peer(Reply(403, {"Code": "AccessDenied"}, ID)) as peer, client_of(peer) as client:
        for names in every(client):
            with pytest.raises(ServiceError, match="AccessDenied"):
                list(names)


def test_a_name_that_cannot_be_one_is_refused_at_once() -> None:
    with Peer() as peer, client_of(peer) as client:
        with pytest.raises(ArgumentError):
            client.iter_functions("a/b")
        with pytest.raises(ArgumentError):
            client.iter_qualifiers("")
        assert peer.requests == []
