"""The pytest plugin: fixture `fc_local`. It loads nothing of fc_async until a test asks for the fixture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fc_async.local import LocalServer

    from .local_fc import LocalFC


def pytest_configure(config: pytest.Config) -> None:
    """Leave out what the FC SDK's core is warned of on Python 3.12 and later: no test can do anything about it."""
    config.addinivalue_line(
        "filterwarnings", r"ignore:datetime\.datetime\.utcnow:DeprecationWarning:alibabacloud_tea_openapi"
    )


@pytest.fixture(scope="session")
def _fc_local_server() -> Iterator[LocalServer]:
    from .local_fc import new_server

    with new_server() as server:
        yield server


@pytest.fixture
def fc_local(_fc_local_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalFC]:
    """Function Compute and MNS for one test, with time that stands still until `fc_local.advance` moves it.

    FC_ASYNC_ENDPOINT names it while the test runs. Nothing of it is left for the next test. A defect of the service
    itself fails the test that has met it.
    """
    from .defects import Defects
    from .local_fc import LocalFC

    for name, value in LocalFC.environment(_fc_local_server).items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with Defects() as defects, LocalFC(_fc_local_server) as fc:
        yield fc
    defects.fail()
