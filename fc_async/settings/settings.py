"""Everything that a client needs to know before its first call: where, and as whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import SettingsError
from .access_key import Credentials
from .endpoint import Endpoint
from .found import Kind, Setting


@dataclass(frozen=True)
class Settings:
    """What one client goes by; every value knows where it came from.

    Args:
        endpoint: where the service is.
        region: region id; None when it was found nowhere and the endpoint did not need it.
        account_id: account id; None likewise.
        credentials: who we are.
        looked_at: where region and account were looked for, for the message when one is missing.
        internal: whether hosts are those that are reachable only inside the region.
        profile: the profile that was named; None: none was.
    """

    endpoint: Endpoint
    region: Setting | None
    account_id: Setting | None
    credentials: Credentials
    looked_at: Mapping[str, str]
    internal: bool = False
    profile: str | None = None

    @property
    def options(self) -> tuple[str, ...]:
        """What a command line needs to act in the same place: the options for what was given as an argument."""
        given = [(option, found) for option, found in self._named() if found and found.source.kind is Kind.ARGUMENT]
        return (
            *(f"{option}={found.value}" for option, found in given),
            *((f"--profile={self.profile}",) if self.profile is not None else ()),
            *(("--internal",) if self.internal else ()),
            *(("--insecure",) if self.endpoint.scheme == "http" and not self.endpoint.is_loopback else ()),
        )

    def _named(self) -> tuple[tuple[str, Setting | None], ...]:
        endpoint = Setting(self.endpoint.url, self.endpoint.source)
        return (("--endpoint", endpoint), ("--region", self.region), ("--account-id", self.account_id))

    @property
    def place(self) -> str:
        """Where a change would happen, for the reader: `local URL`, or `account/region`."""
        if self.endpoint.is_loopback:
            return f"local {self.endpoint.url}"
        account = self.account_id.value if self.account_id else "account unknown"
        region = self.region.value if self.region else self.endpoint.url
        return f"{account}/{region}"

    def require_region(self) -> str:
        """Return the region id.

        Raises:
            SettingsError: there is none; the message lists where it was looked for.
        """
        if self.region is None:
            raise SettingsError(self.looked_at["region"])
        return self.region.value

    def require_account_id(self) -> str:
        """Return the account id.

        Raises:
            SettingsError: there is none; the message lists where it was looked for.
        """
        if self.account_id is None:
            raise SettingsError(self.looked_at["account"])
        return self.account_id.value
