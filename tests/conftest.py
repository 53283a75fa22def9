"""What all tests share: how thorough Hypothesis is, and test ids that every process reads alike."""

from __future__ import annotations

import os
import zlib
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

MAX_ID_CHARACTERS = 80

# No deadline: a machine that has other things to do is no failure.
_EVERYWHERE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("fast", max_examples=50, stateful_step_count=40, **_EVERYWHERE)
settings.register_profile("ci", max_examples=200, stateful_step_count=50, **_EVERYWHERE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name what is no short printable ASCII by its checksum: pytest-xdist sends ids from process to process."""
    if isinstance(val, str) and not (val.isascii() and val.isprintable() and len(val) <= MAX_ID_CHARACTERS):
        return f"{argname}-{zlib.crc32(val.encode('utf-8', 'surrogatepass')):08x}"
    if isinstance(val, bytes) and len(val) > MAX_ID_CHARACTERS:
        return f"{argname}-{zlib.crc32(val):08x}"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse an id that a worker process could not read."""
    for item in items:
        if not (item.nodeid.isascii() and item.nodeid.isprintable()):
            raise pytest.UsageError(f"expected a test id of printable ASCII, got {item.nodeid!a}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write out what is no UTF-8 in captured text, a lone surrogate for example: a worker could not send it."""
    report = yield
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode("utf-8")) for name, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """No spool of a test lies among those of who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield
