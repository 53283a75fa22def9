"""Who is this machine: the peers that /_local/ answers."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiohttp import web

from fc_async.local.catalog.fc_errors import FcError
from fc_async.local.engine.engine import Engine
from fc_async.local.own_routes import LocalRoutes, is_loopback_peer


class Connected:
    """As much of a request as tells who is at the other end."""

    def __init__(self, peer: Any) -> None:
        self.transport = self
        self._peer = peer

    method = "GET"

    def get_extra_info(self, name: str) -> Any:
        return {"peername": self._peer}[name]


@pytest.mark.parametrize(
    ("peer", "is_loopback"),
    [
        (("127.0.0.1", 1), True),
        (("127.8.9.1", 1), True),
        (("::1", 1, 0, 0), True),
        (("10.0.0.1", 1), False),
        (("192.168.1.7", 1), False),
        (("fe80::1%eth0", 1, 0, 2), False),
        (("2001:db8::1", 1, 0, 0), False),
        (None, False),
        ("", False),
    ],
)
def test_only_loopback_peers_are_this_machine(peer: Any, is_loopback: bool) -> None:
    assert is_loopback_peer(cast("web.BaseRequest", Connected(peer))) == is_loopback


def test_a_connection_that_is_gone_is_nobody() -> None:
    gone = Connected(None)
    gone.transport = None  # type: ignore[assignment]
    assert not is_loopback_peer(cast("web.BaseRequest", gone))


def test_another_machine_is_refused_before_anything_is_told() -> None:
    engine = Engine()
    none = cast("Any", None)
    routes = LocalRoutes(
        control_plane=none,
        engine=engine,
        dispatcher=none,
        mailbox=none,
        topics=none,
        signature=none,
        clock=none,
        control=none,
        faults=none,
        downloads=none,
    )
    stranger = cast("web.BaseRequest", Connected(("10.0.0.1", 1)))
    for path in (
        "/_local/health",
        "/_local/invocations",
        "/_local/outbox",
        "/_local/certificate.pem",
        "/_local/functions/f/limit",
        "/_local/clock/advance",
        "/_local/reset",
        "/_local/faults",
        "/_local/code/x",
    ):
        with pytest.raises(FcError, match="AccessDenied"):
            asyncio.run(routes.answer(stranger, path))
