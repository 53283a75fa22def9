"""Which endpoints are taken, and which hosts are this machine."""

from pathlib import Path

import pytest

from fc_async.errors import ArgumentError, SettingsError
from fc_async.settings.endpoint import is_loopback
from tests.unit.settings.places import KEYS, failure, find


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com",
        "http://user:secret-word@127.0.0.1:9700",
        "http://127.0.0.1:9700/base",
        "http://127.0.0.1:99999",
        "http://0.0.0.0:9700",
        "https://exa mple.com",
        "https://example.com?x=secret-word",
        "ftp://example.com",
        "127.0.0.1:9700",
        "",
    ],
)
def test_an_endpoint_that_could_leak_or_cannot_be_one_is_refused(tmp_path: Path, endpoint: str) -> None:
    error = failure(tmp_path, endpoint=endpoint)
    assert isinstance(error, ArgumentError)
    assert "secret-word" not in str(error)


def test_plain_http_to_another_machine_needs_insecure(tmp_path: Path) -> None:
    error = failure(tmp_path, environment={"FC_ASYNC_ENDPOINT": "http://example.com"})
    assert isinstance(error, SettingsError)
    assert "FC_ASYNC_ENDPOINT" in str(error)
    assert "--insecure" in str(error)
    found = find(endpoint="http://example.com", insecure=True, environment=KEYS, home=tmp_path)
    assert found.endpoint.url == "http://example.com"
    assert found.region is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),  # noqa: S104 - refused here
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_only_what_can_mean_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
