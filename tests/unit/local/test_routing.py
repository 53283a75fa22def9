"""One routing table for three protocols: what it finds, and what it passes by."""

from __future__ import annotations

import pytest

from fc_async.local.routing import RoutingTable, path_parts

TABLE = RoutingTable(
    {
        "GET /things": "list",
        "GET /things/{name}": "get",
        "PUT /things/{name}": "put",
        "GET /things/{name}/parts/{item}": "get part",
        "GET /things/{name}/{item}/parts": "other",
    },
    root="/v1",
)


def found(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    return TABLE.find(method, path_parts(path))


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/v1/things", ("list", {})),
        ("GET", "/v1/things/a", ("get", {"name": "a"})),
        ("PUT", "/v1/things/a", ("put", {"name": "a"})),
        ("GET", "/v1/things/a/parts/b", ("get part", {"name": "a", "item": "b"})),
        ("GET", "/v1/things/a/parts/parts", ("get part", {"name": "a", "item": "parts"})),
        ("GET", "/v1/things/a/b/parts", ("other", {"name": "a", "item": "b"})),
        ("GET", "/v1/things/%2F", ("get", {"name": "%2F"})),
    ],
)
def test_a_route_is_found_by_method_and_path(method: str, path: str, answer: tuple[str, dict[str, str]]) -> None:
    assert found(method, path) == answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/things"),
        ("get", "/v1/things"),
        ("GET", "/things"),
        ("GET", "/v1/things/"),
        ("GET", "/v1/things/a/"),
        ("GET", "/v1//things"),
        ("GET", "/v1/things//parts/b"),
        ("GET", "/v1/things/a/parts/"),
        ("GET", "/v1/Things"),
        ("GET", "v1/things"),
        ("GET", "x/v1/things"),
        ("GET", "/"),
        ("OPTIONS", "*"),
        ("GET", ""),
    ],
)
def test_what_fits_no_route_is_found_nowhere(method: str, path: str) -> None:
    assert found(method, path) is None
