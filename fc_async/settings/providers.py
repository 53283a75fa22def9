"""What `alibabacloud-credentials` finds keys with: its providers, built on first use, and what they get wrong.

The library is imported only when it is needed. Its defects stay here: it cannot read a profile of mode CredentialsURI;
it fails without naming the field that a profile lacks; it prints its own log on stderr.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..errors import SettingsError
from ..forks import renew_after_fork
from .access_key import AccessKey
from .profiles import Profile

PROFILE_MODES = (
    "AK",
    "StsToken",
    "RamRoleArn",
    "ChainableRamRoleArn",
    "EcsRamRole",
    "OIDC",
    "CredentialsURI",
    "CloudSSO",
    "OAuth",
    "External",
)
"""What alibabacloud-credentials 1.0.12 reads, and CredentialsURI, which we hand to another of its providers."""

NEEDED_FIELDS = {
    "AK": ("access_key_id", "access_key_secret"),
    "StsToken": ("access_key_id", "access_key_secret", "sts_token"),
    "RamRoleArn": ("access_key_id", "access_key_secret", "ram_role_arn"),
    "ChainableRamRoleArn": ("source_profile", "ram_role_arn"),
    "OIDC": ("ram_role_arn", "oidc_provider_arn", "oidc_token_file"),
    "CredentialsURI": ("credentials_uri",),
}
"""Where one is missing, the library fails without naming it, or takes what the environment has, which is another's."""


class Lazy:
    """Builds a provider on first use, once in each process: a provider caches its keys, and has locks of its own."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self.renew_in_child()
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Forget the parent's provider; the next call builds one."""
        _renew_library()
        self._built: Any = None
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built


class Given:
    """A provider or client of the library that the caller made; in a forked child it gets new locks.

    Args:
        it: the provider or client.
    """

    def __init__(self, it: Any) -> None:
        self.it = it
        renew_after_fork(self)

    def renew_in_child(self) -> None:
        """Replace the locks of the library's objects; what the caller's own classes hold is theirs."""
        _renew_library()
        _renew_locks(self.it)


def _renew_locks(one: object) -> None:
    if isinstance(one, (list, tuple)):
        for item in one:
            _renew_locks(item)
    elif type(one).__module__.startswith("alibabacloud_credentials."):
        for name, value in list(vars(one).items()):
            if isinstance(value, _LOCKS):
                setattr(one, name, threading.Lock() if isinstance(value, _LOCKS[0]) else threading.RLock())
            else:
                _renew_locks(value)


_LOCKS = (type(threading.Lock()), type(threading.RLock()))


def _renew_library() -> None:
    """Replace the threads that refresh keys in the background: a child has none of them, and a copy of their locks."""
    library: Any = sys.modules.get("alibabacloud_credentials.provider.refreshable")
    if library is not None:
        from concurrent.futures import ThreadPoolExecutor

        library.EXECUTOR = ThreadPoolExecutor(library.INT64_MAX, thread_name_prefix="non-blocking-refresh")
        library.CONCURRENT_REFRESH_LEASES = threading.Semaphore(library.MAX_CONCURRENT_REFRESHES)


def key_of_provider(provider: Any) -> AccessKey:
    """Return the key that a provider of the library has now."""
    found = provider.get_credentials()
    return AccessKey(
        found.get_access_key_id() or "", found.get_access_key_secret() or "", found.get_security_token() or ""
    )


def key_of_client(client: Any) -> AccessKey:
    """Return the key that a client of the library has now."""
    found = client.get_credential()
    return AccessKey(found.access_key_id or "", found.access_key_secret or "", found.security_token or "")


def default_provider() -> Any:
    """Build the library's default chain."""
    from alibabacloud_credentials.provider import DefaultCredentialsProvider

    _silence_library()
    return DefaultCredentialsProvider()


def profile_provider(profile: Profile) -> Any:
    """Build what reads this profile.

    Raises:
        SettingsError: its mode is unknown, or a field that the mode needs is missing.
    """
    mode = profile.text("mode")
    if mode not in PROFILE_MODES:
        raise SettingsError(
            f"the profile {profile.name!r} of {profile.path} has the mode {mode[:40]!r};"
            f" expected one of {', '.join(PROFILE_MODES)}"
        )
    missing = [name for name in NEEDED_FIELDS.get(mode, ()) if not profile.text(name)]
    if missing:
        raise SettingsError(f"the profile {profile.name!r} of {profile.path}, mode {mode}, has no {missing[0]}")
    if mode == "CredentialsURI":  # "unsupported profile mode" of the library (1.0.12)
        return uri_provider(profile.text("credentials_uri"))
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    _silence_library()
    return CLIProfileCredentialsProvider(profile_name=profile.name, profile_file=str(profile.path))


def oidc_provider(token_file: str, role_arn: str, provider_arn: str, session: str | None) -> Any:
    """Build what exchanges a web identity for a key.

    Args:
        token_file: path of the identity's token.
        role_arn: the role to take on.
        provider_arn: the identity provider.
        session: name of the session; None: the library's.
    """
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider

    _silence_library()
    return OIDCRoleArnCredentialsProvider(
        role_arn=role_arn,
        oidc_provider_arn=provider_arn,
        oidc_token_file_path=token_file,
        role_session_name=session,
    )


def uri_provider(uri: str) -> Any:
    """Build what asks a URI for a key."""
    from alibabacloud_credentials.provider import URLCredentialsProvider

    _silence_library()
    return URLCredentialsProvider(uri=uri)


def _silence_library() -> None:
    log = logging.getLogger("credentials")  # each of its modules hangs a handler that writes on stderr here
    log.handlers[:] = [logging.NullHandler()]
    log.propagate = False
