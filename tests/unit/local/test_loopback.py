"""This machine and no other: the names and addresses, the same on every Python."""

from __future__ import annotations

import pytest

from fc_async.local.loopback import is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1", "::1%lo"]
)
def test_it_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.",
        "localhost.example",
        "127.1",
        "128.0.0.1",
        "0.0.0.0",  # noqa: S104 - every address, so not this machine alone
        "::",
        "::2",
        "::ffff:127.0.0.1",
        "fe80::1%lo",
        "[::1]",
        "127.0.0.1:80",
        "2130706433",
    ],
)
def test_it_is_another_or_none(host: str) -> None:
    assert not is_loopback(host)
