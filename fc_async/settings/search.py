"""Region, account, endpoint, credentials: what a client needs to know, and where each was found.

This is the one place that reads the client's environment variables. For each setting, the first that is there wins:

    region       argument, named profile, ALIBABA_CLOUD_REGION_ID, FC_REGION, current profile
    account      argument, ALIBABA_CLOUD_ACCOUNT_ID, FC_ACCOUNT_ID; the clients go on to the ARNs of their functions,
                 and to STS (transport/account.py)
    endpoint     argument of the service, argument endpoint=, FC_ASYNC_FC_ENDPOINT or FC_ASYNC_MNS_ENDPOINT,
                 FC_ASYNC_ENDPOINT, else derived from region and account
                 where internal=True is an argument, the variables are passed over
    credentials  argument, named profile, the access key in the environment, the profile of ALIBABA_CLOUD_PROFILE, the
                 web identity (OIDC) in the environment, ALIBABA_CLOUD_CREDENTIALS_URI, the default chain of
                 alibabacloud-credentials, which begins with the current profile

A profile is named by the argument `profile=`; the current one is that of ALIBABA_CLOUD_PROFILE, or the one that
`~/.aliyun/config.json` calls so. On a loopback endpoint the current profile and the chain are not asked: region and
account default to those of the local service, the credentials to FC_ASYNC_LOCAL_ACCESS_KEY (ID:SECRET), else to
local/local.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from .access_key import Credentials
from .credentials import (
    chain_credentials,
    environment_credentials,
    given_credentials,
    local_credentials,
    oidc_credentials,
    profile_credentials,
    uri_credentials,
)
from .endpoint import Endpoint, Service, derived_endpoint, host_needs_account, read_endpoint
from .found import ACCOUNT_FROM_STS, LOOPBACK_DEFAULT, Setting, Source, unusable
from .profiles import Profile, current_profile, home_folder, named_profile, profile_file
from .providers import PROFILE_MODES
from .settings import Settings

ENDPOINT = "FC_ASYNC_ENDPOINT"
SERVICE_ENDPOINTS = {"fc": "FC_ASYNC_FC_ENDPOINT", "mns": "FC_ASYNC_MNS_ENDPOINT"}
INTERNAL = "FC_ASYNC_INTERNAL"
LOCAL_ACCESS_KEY = "FC_ASYNC_LOCAL_ACCESS_KEY"
REGION_VARIABLES = ("ALIBABA_CLOUD_REGION_ID", "FC_REGION")
ACCOUNT_VARIABLES = ("ALIBABA_CLOUD_ACCOUNT_ID", "FC_ACCOUNT_ID")
PROFILE = "ALIBABA_CLOUD_PROFILE"

LOCAL_REGION = "cn-hangzhou"
LOCAL_ACCOUNT_ID = "1234567890123456"

AskAccount = Callable[[str | None, bool, Credentials], str]
"""Told the region, whether to stay inside it, and who asks; answers the account id."""

# `cn-hangzhou`, `ap-southeast-1`, `cn-heyuan-acdr-1`: no wider, because it becomes part of a host name, which is looked
# up, and what stands in the wrong line may be a secret.
_REGION = re.compile(r"(?=.{1,40}$)[a-z]{2,4}(-[a-z]{1,12}[0-9]{0,3}|-[0-9]{1,3}){1,5}")
_ACCOUNT_ID = re.compile(r"[0-9]{1,20}")
_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}


def find_settings(
    service: Service,
    *,
    endpoint: str | None = None,
    service_endpoint: str | None = None,
    region: str | None = None,
    account_id: str | None = None,
    profile: str | None = None,
    credentials: Any = None,
    internal: bool = False,
    insecure: bool = False,
    ask_account: AskAccount | None = None,
    environment: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Settings:
    """Find what a client of this service needs; reads files and variables, sends nothing (but for `ask_account`).

    Args:
        service: `fc` or `mns`.
        endpoint: URL for both services; None: as the environment says, else derived.
        service_endpoint: URL for this service, wins over `endpoint`.
        region: region id, for example `cn-hangzhou`; None: looked for.
        account_id: account id, digits; None: looked for.
        profile: a profile of `~/.aliyun/config.json` to use instead of the environment.
        credentials: an `AccessKey`, or a client or provider of alibabacloud-credentials; None: looked for.
        internal: derive the hosts that are reachable only inside the region, whatever endpoint the environment names.
        insecure: allow plain http to a host that is not this machine.
        ask_account: asked for the account id when the endpoint cannot be derived without it, and it was found nowhere;
            None: that is a SettingsError.
        environment: the variables; None: those of the process.
        home: the home directory; None: that of the user.

    Raises:
        ArgumentError: an argument cannot be right.
        SettingsError: something that is needed was found nowhere, or what was found cannot be used.
    """
    sources = _Sources(
        os.environ if environment is None else environment, home_folder() if home is None else home, profile
    )
    explicit = _explicit_endpoint(service, endpoint, service_endpoint, sources, insecure, passes_variables=internal)
    is_local = explicit is not None and explicit.is_loopback
    found_region = _region(sources, region, is_local=is_local, needed=explicit is None)
    found_account = _account_id(sources, account_id, is_local=is_local)
    found_credentials = _credentials(sources, credentials, is_local=is_local)
    inside = internal or sources.internal()
    if explicit is None and found_account is None and ask_account and host_needs_account(service, inside):
        asked = ask_account(found_region and found_region.value, inside, found_credentials)
        found_account = Setting(asked, ACCOUNT_FROM_STS)
    looked_at = {"region": sources.no_region(), "account": sources.no_account()}
    return Settings(
        endpoint=explicit or _derived(service, found_region, found_account, inside, looked_at),
        region=found_region,
        account_id=found_account,
        credentials=found_credentials,
        looked_at=looked_at,
        internal=inside,
        profile=profile,
    )


def named_endpoint(name: str, url: str | None, *, insecure: bool) -> str | None:
    """Return the URL of the argument `name`, checked, without a final slash; None where there is none.

    Raises:
        ArgumentError: it is no URL of scheme, host and port, or is plain http to another machine.
    """
    return None if url is None else read_endpoint(Setting(url, Source.argument(name)), insecure).url


@dataclass(frozen=True)
class _Sources:
    """The places where settings are looked for."""

    environment: Mapping[str, str]
    home: Path
    profile_name: str | None

    def variable(self, *names: str) -> Setting | None:
        """Return the first of these variables that is set and not empty."""
        return next(
            (Setting(self.environment[name], Source.variables(name)) for name in names if self.environment.get(name)),
            None,
        )

    def named_profile(self) -> Profile | None:
        return None if self.profile_name is None else named_profile(self.home, self.profile_name)

    def current_profile(self) -> Profile | None:
        name = self.environment.get(PROFILE)
        return named_profile(self.home, name) if name else current_profile(self.home)

    def internal(self) -> bool:
        text = self.environment.get(INTERNAL, "")
        if text.lower() not in _YES_NO:
            raise SettingsError(f"{INTERNAL}: expected 1 or 0, got something else (not shown)")
        return _YES_NO[text.lower()]

    def no_region(self) -> str:
        return "\n".join(
            (
                "no region was found. Looked at:",
                f"  {' and '.join(REGION_VARIABLES)} (environment)",
                f"  region_id of the {self._which_profile()} in {profile_file(self.home)}",
                "Set one of these, or pass --region (region= in Python), for example --region cn-hangzhou.",
                "For the local service: --endpoint http://127.0.0.1:9700, or FC_ASYNC_ENDPOINT.",
            )
        )

    def no_account(self) -> str:
        return "\n".join(
            (
                "no account id was found. Looked at:",
                f"  {' and '.join(ACCOUNT_VARIABLES)} (environment)",
                f"  {ACCOUNT_FROM_STS}, where a client may ask it",
                "Set one of these, or pass --account-id (account_id= in Python): the digits that the console shows.",
            )
        )

    def _which_profile(self) -> str:
        name = self.profile_name or self.environment.get(PROFILE)
        return f"profile {name!r}" if name else "current profile"


def _profile_region(profile: Profile | None) -> Setting | None:
    if profile is None or not profile.text("region_id"):
        return None
    return Setting(profile.text("region_id"), Source.profile(profile.name, profile.path))


def _region(sources: _Sources, given: str | None, *, is_local: bool, needed: bool) -> Setting | None:
    found = None if given is None else Setting(given, Source.argument("region"))
    found = found or _profile_region(sources.named_profile()) or sources.variable(*REGION_VARIABLES)
    if found is None and is_local:
        return Setting(LOCAL_REGION, LOOPBACK_DEFAULT)
    if found is None:
        found = _profile_region(sources.current_profile())
    if found is None and needed:
        raise SettingsError(sources.no_region())
    return found and _checked(found, _REGION, "a region id such as cn-hangzhou")


def _account_id(sources: _Sources, given: str | None, *, is_local: bool) -> Setting | None:
    found = None if given is None else Setting(given, Source.argument("account_id"))
    found = found or sources.variable(*ACCOUNT_VARIABLES)
    if found is None and is_local:
        return Setting(LOCAL_ACCOUNT_ID, LOOPBACK_DEFAULT)
    return found and _checked(found, _ACCOUNT_ID, "an account id of up to 20 digits")


def _checked(found: Setting, pattern: re.Pattern[str], expected: str) -> Setting:
    if not isinstance(found.value, str) or not pattern.fullmatch(found.value):  # both become part of a host name
        raise unusable(found.source, f"expected {expected}, got something else (not shown: it may be a secret)")
    return found


def _credentials(sources: _Sources, given: Any, *, is_local: bool) -> Credentials:
    if given is not None:
        return given_credentials(given)
    profile = sources.named_profile()
    if profile is not None:
        return profile_credentials(profile)
    if is_local:
        return local_credentials(sources.environment, LOCAL_ACCESS_KEY)
    return (
        environment_credentials(sources.environment)
        or _environment_profile(sources)
        or oidc_credentials(sources.environment)
        or uri_credentials(sources.environment)
        or _current_profile(sources)
        or chain_credentials(sources.home)
    )


def _environment_profile(sources: _Sources) -> Credentials | None:
    """Use the profile of ALIBABA_CLOUD_PROFILE: the library's chain reads that only once, when it is imported."""
    name = sources.environment.get(PROFILE)
    return profile_credentials(named_profile(sources.home, name)) if name else None


def _current_profile(sources: _Sources) -> Credentials | None:
    """Use the current profile where the library's chain would pass it over: CredentialsURI, and what nobody reads."""
    profile = current_profile(sources.home)
    mode = profile.text("mode") if profile else ""
    if profile is None or not mode or mode in set(PROFILE_MODES) - {"CredentialsURI"}:
        return None
    return profile_credentials(profile)


def _explicit_endpoint(
    service: Service,
    endpoint: str | None,
    service_endpoint: str | None,
    sources: _Sources,
    insecure: bool,
    *,
    passes_variables: bool,
) -> Endpoint | None:
    if service_endpoint is not None:
        found: Setting | None = Setting(service_endpoint, Source.argument(f"{service}_endpoint"))
    elif endpoint is not None:
        found = Setting(endpoint, Source.argument("endpoint"))
    elif passes_variables:
        found = None
    else:
        found = sources.variable(SERVICE_ENDPOINTS[service], ENDPOINT)
    return None if found is None else read_endpoint(found, insecure)


def _derived(
    service: Service,
    region: Setting | None,
    account_id: Setting | None,
    internal: bool,
    looked_at: Mapping[str, str],
) -> Endpoint:
    if region is None:
        raise SettingsError(looked_at["region"])
    if account_id is None and host_needs_account(service, internal):
        raise SettingsError(looked_at["account"])
    return derived_endpoint(service, region, account_id, internal)
