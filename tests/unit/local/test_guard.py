"""Who is let in: programs on this machine, and no web page."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from fc_async.local.guard import is_own_host, refusal


def refused(*headers: tuple[str, str]) -> bool:
    found = refusal(CIMultiDictProxy(CIMultiDict(headers)), "127.0.0.1")
    assert found is None or (found.status, found.code) == (403, "AccessDenied")
    return found is not None


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost:9700", "127.0.0.1", "127.0.0.1:9700", "127.8.9.10:1", "[::1]", "[::1]:9700"]
)
def test_loopback_names_are_let_in(host: str) -> None:
    assert not refused(("Host", host))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:9700",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost.",
        "evil.example@127.0.0.1",
        "127.0.0.1:9700:1",
        "127.0.0.1 evil.example",
        "127.1",
        "0.0.0.0",  # noqa: S104 - a Host that is refused
        "10.0.0.1",
        "192.168.1.5:9700",
        "[::]",
        "[::2]",
        "[::ffff:10.0.0.1]",
        "2130706433",
    ],
)
def test_any_other_host_is_foreign(host: str) -> None:
    assert refused(("Host", host))


def test_a_missing_or_a_second_host_is_foreign() -> None:
    assert refused()
    assert refused(("Host", "localhost"), ("Host", "evil.example"))


def test_the_bound_address_is_let_in() -> None:
    assert is_own_host("192.168.1.5:9700", "192.168.1.5")


@pytest.mark.parametrize("origin", ["http://localhost:9700", "null", "https://evil.example", ""])
def test_a_request_with_an_origin_is_refused(origin: str) -> None:
    assert refused(("Host", "localhost"), ("Origin", origin))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "same-origin", "", "none, cross-site"])
def test_a_request_that_a_page_made_is_refused(site: str) -> None:
    assert refused(("Host", "localhost"), ("Sec-Fetch-Site", site))


def test_an_address_typed_into_a_browser_is_let_in() -> None:
    assert not refused(("Host", "localhost"), ("Sec-Fetch-Site", "none"))
