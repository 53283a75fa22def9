"""`fc_async.local` names what people import from it, and costs nothing until it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import fc_async.local
from fc_async.local import LocalServer, ManualClock
from fc_async.local.clock import ManualClock as AtHome
from fc_async.local.server import LocalServer as ServerAtHome

LOADED = "import sys, fc_async.local; print(*sorted(m for m in sys.modules if m.partition('.')[0] in {}))"
HEAVY = ("fc_async", "asyncio", "aiohttp", "pydantic")


def test_it_hands_on_the_server_and_the_clock_that_tests_move() -> None:
    assert (LocalServer, ManualClock) == (ServerAtHome, AtHome)
    assert {"LocalServer", "ManualClock"} <= set(dir(fc_async.local))


def test_importing_it_loads_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED.format(HEAVY)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fc_async", "fc_async.local"]


def test_a_name_that_it_has_not_is_an_error() -> None:
    with pytest.raises(AttributeError, match=r"fc_async\.local.*LocalServre"):
        fc_async.local.LocalServre  # type: ignore[attr-defined]  # noqa: B018
