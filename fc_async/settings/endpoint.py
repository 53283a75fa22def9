"""Where a service is: the URL that somebody named, or the host that follows from region and account."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Literal
from urllib.parse import urlsplit

from .found import Setting, Source, unusable

Service = Literal["fc", "mns"]

# Endpoint map of alibabacloud-fc20230330 4.8.3: these have no fcv3 host.
_REGIONS_WITHOUT_FCV3 = {"me-central-1", "cn-shanghai-finance-1", "cn-heyuan-acdr-1", "cn-hangzhou-finance"}


@dataclass(frozen=True)
class Endpoint:
    """Where a service is: scheme, host and port, nothing else.

    Args:
        scheme: `http` or `https`.
        host: host name or address, without brackets.
        port: port number; None for the scheme's own.
        source: where it was found.
    """

    scheme: str
    host: str
    port: int | None
    source: Source

    @property
    def netloc(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Scheme, host and port, without a final slash."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can be meant."""
        return is_loopback(self.host)


# Named here: `is_loopback` of an IPv4 address written as an IPv6 one differs from one Python to the next.
_IPV4_LOOPBACK = ip_network("127.0.0.0/8")
_IPV6_LOOPBACK = ip_address("::1")


@functools.lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Tell whether a host name or address can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address in _IPV4_LOOPBACK or address == _IPV6_LOOPBACK


def read_endpoint(found: Setting, insecure: bool) -> Endpoint:
    """Read a URL that somebody named.

    Raises:
        ArgumentError: an argument is no URL of scheme, host and port, or is plain http to another machine.
        SettingsError: a variable is none, likewise.
    """
    try:
        parts = urlsplit(str(found.value))
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or parts.username is not None or not _is_bare(parts):
        # Not quoted: an address can hold a password.
        raise unusable(found.source, "expected a URL of scheme, host and port only, such as http://127.0.0.1:9700")
    endpoint = Endpoint(parts.scheme, host, port, found.source)
    if parts.scheme == "http" and not endpoint.is_loopback and not insecure:
        raise unusable(
            found.source,
            f"{host} is not this machine, and plain http shows every payload to all who listen on the way;"
            " use https://, or say --insecure (insecure=True in Python)",
        )
    return endpoint


def _is_bare(parts: Any) -> bool:
    is_plain_host = re.fullmatch(r"[A-Za-z0-9._:-]+", parts.hostname) is not None
    return parts.path in {"", "/"} and not parts.query and not parts.fragment and is_plain_host


def host_needs_account(service: Service, internal: bool) -> bool:
    """Tell whether the service's host can only be derived with the account id."""
    return service == "mns" or internal


def derived_endpoint(service: Service, region: Setting, account_id: Setting | None, internal: bool) -> Endpoint:
    """Derive the host as the page "Service endpoints" of FC 3.0 and document 175569 of MNS name it.

    Args:
        service: `fc` or `mns`.
        region: region id.
        account_id: account id; may be None where `host_needs_account` does not say so.
        internal: the host that is reachable only inside the region.
    """
    name = region.value
    where = f"{name}-internal" if internal else name
    if account_id is None:
        host = f"{name}.fc.aliyuncs.com" if name in _REGIONS_WITHOUT_FCV3 else f"fcv3.{name}.aliyuncs.com"
    elif service == "fc":
        host = f"{account_id.value}.{where}.fc.aliyuncs.com"
    else:
        host = f"{account_id.value}.mns.{where}.aliyuncs.com"  # https on internal hosts: assumed, the page shows http
    return Endpoint("https", host, None, Source.derived(region.source))
