"""Who may speak to the local service. It runs code for its callers, and a web page in the browser can reach it too.

A page's request carries an Origin or a Sec-Fetch-Site header that it cannot take away, and a page that points its own
name at 127.0.0.1 (DNS rebinding) carries that name in Host. Both are refused before any route is looked at.
"""

from __future__ import annotations

import re

from multidict import CIMultiDictProxy

from .catalog.fc_errors import FcError, access_denied
from .loopback import is_loopback

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")


def refusal(headers: CIMultiDictProxy[str], bound_address: str, *, any_host: bool = False) -> FcError | None:
    """Return why a request is not let in; None when it is.

    Args:
        headers: the request's headers.
        bound_address: the address at which the service listens, an allowed Host beside the loopback names.
        any_host: whether Host may be any name: where a signature, which covers it, is checked after this.
    """
    hosts = headers.getall("Host", [])
    if len(hosts) != 1 or not (any_host or is_own_host(hosts[0], bound_address)):
        return access_denied("expected a Host header that names this machine (localhost or a loopback address)")
    if "Origin" in headers:
        return access_denied("requests from web pages (with an Origin header) are refused")
    if any(site.strip().lower() != "none" for site in headers.getall("Sec-Fetch-Site", [])):
        return access_denied("requests from web pages (Sec-Fetch-Site other than none) are refused")
    return None


def is_own_host(host: str, bound_address: str) -> bool:
    """Whether a Host header names this machine: localhost, 127.0.0.0/8, [::1] or the bound address, with any port."""
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].strip("[]").lower()
    return name == bound_address.lower() or is_loopback(name)
