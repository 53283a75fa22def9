"""Who we are to the service: an access key, asked for anew before every request, so that a rotating one stays fresh.

`alibabacloud-credentials` is imported only when it is needed. Its defects stay here: its chain reads the environment
once, when it is imported; it cannot read a profile of mode CredentialsURI; it prints its own log on stderr.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ArgumentError, SettingsError
from .access_key import LOCAL, AccessKey, Credentials
from .profiles import Profile, profile_file

ACCESS_KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
ACCESS_KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - a variable's name
SECURITY_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - a variable's name
CREDENTIALS_URI = "ALIBABA_CLOUD_CREDENTIALS_URI"
OIDC_SESSION_NAME = "ALIBABA_CLOUD_ROLE_SESSION_NAME"
OIDC_VARIABLES = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")

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

# Where one is missing, the library fails without naming it, or takes what the environment has, which is another's.
_NEEDED_FIELDS = {
    "AK": ("access_key_id", "access_key_secret"),
    "StsToken": ("access_key_id", "access_key_secret", "sts_token"),
    "RamRoleArn": ("access_key_id", "access_key_secret", "ram_role_arn"),
    "ChainableRamRoleArn": ("source_profile", "ram_role_arn"),
    "OIDC": ("ram_role_arn", "oidc_provider_arn", "oidc_token_file"),
    "CredentialsURI": ("credentials_uri",),
}


def given_credentials(given: Any) -> Credentials:
    """Use what the caller passed.

    Args:
        given: an `AccessKey`; or a client of `alibabacloud-credentials` (it has `get_credential`); or one of its
            providers (`get_credentials`).

    Raises:
        ArgumentError: it is none of these.
    """
    source = "the argument credentials="
    if isinstance(given, Credentials):
        return given
    if isinstance(given, AccessKey):
        return Credentials(source, lambda: given)
    if hasattr(given, "get_credential"):
        return Credentials(source, lambda: _from_model(given.get_credential()))
    if hasattr(given, "get_credentials"):
        return Credentials(source, lambda: _from_provider(given))
    raise ArgumentError(
        "credentials: expected an AccessKey, or a client or provider of alibabacloud-credentials,"
        f" got {type(given).__name__}"
    )


def local_credentials(environment: Mapping[str, str], variable: str) -> Credentials:
    """Use the pair ID:SECRET of this variable, else local/local.

    Raises:
        SettingsError: the variable is set to something else.
    """
    text = environment.get(variable, "")
    if not text:
        return Credentials("the default of a loopback endpoint", lambda: AccessKey(LOCAL, LOCAL))
    key_id, _, secret = text.partition(":")
    if not key_id or not secret:
        raise SettingsError(f"{variable}: expected ID:SECRET, got something else (not shown)")
    return Credentials(variable, lambda: AccessKey(key_id, secret))


def profile_credentials(profile: Profile) -> Credentials:
    """Use this profile, in whatever mode it has that the library reads."""
    source = f"the profile {profile.name!r} of {profile.path}"
    provider = _Lazy(lambda: _profile_provider(profile))
    uri = profile.text("credentials_uri") if profile.text("mode") == "CredentialsURI" else ""
    return Credentials(source, lambda: _from_provider(provider()), _host(uri))


def environment_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the access key in the environment, None where there is none.

    The library's chain begins with the same variables, but reads them only once, when it is imported.
    """
    key = AccessKey(
        environment.get(ACCESS_KEY_ID, ""), environment.get(ACCESS_KEY_SECRET, ""), environment.get(SECURITY_TOKEN, "")
    )
    if not key.access_key_id or not key.access_key_secret:
        return None
    return Credentials(f"{ACCESS_KEY_ID} and {ACCESS_KEY_SECRET}", lambda: key)


def oidc_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the web identity in the environment, None where there is none."""
    token_file, role_arn, provider_arn = [environment.get(name, "") for name in OIDC_VARIABLES]
    if not (token_file and role_arn and provider_arn):
        return None
    session = environment.get(OIDC_SESSION_NAME) or None
    provider = _Lazy(lambda: _oidc_provider(token_file, role_arn, provider_arn, session))
    return Credentials(" and ".join(OIDC_VARIABLES), lambda: _from_provider(provider()))


def uri_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the URI in the environment that answers with a key, None where there is none.

    The library's chain asks it last, after the current profile and the role of the machine.
    """
    uri = environment.get(CREDENTIALS_URI, "")
    if not uri:
        return None
    provider = _Lazy(lambda: _uri_provider(uri))
    return Credentials(CREDENTIALS_URI, lambda: _from_provider(provider()), _host(uri))


def chain_credentials(home: Path) -> Credentials:
    """Use the library's default chain; what it looked at is listed when it finds nothing."""
    provider = _Lazy(_default_provider)
    return Credentials("the default chain of alibabacloud-credentials", lambda: _from_chain(provider(), home))


class _Lazy:
    """Builds a provider on first use, once: a provider caches its keys."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._built: Any = None
        self._lock = threading.Lock()

    def __call__(self) -> Any:
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built


def _from_chain(provider: Any, home: Path) -> AccessKey:
    try:
        return _from_provider(provider)
    except Exception:  # the chain's text quotes each provider's, and those can quote keys
        missing = _nothing_found(home)
    raise SettingsError(missing)


def _nothing_found(home: Path) -> str:
    return "\n".join(
        (
            "no credentials were found. Looked at:",
            f"  {ACCESS_KEY_ID} and {ACCESS_KEY_SECRET} (with {SECURITY_TOKEN} for a temporary key)",
            f"  {OIDC_VARIABLES[0]}, {OIDC_VARIABLES[1]} and {OIDC_VARIABLES[2]}",
            f"  {CREDENTIALS_URI}",
            f"  {profile_file(home)}: its current profile, or the one of ALIBABA_CLOUD_PROFILE",
            f"  {home / '.alibabacloud' / 'credentials.ini'}",
            "  the RAM role of this ECS instance (unless ALIBABA_CLOUD_ECS_METADATA_DISABLED=true)",
            "Set one of these, or name a profile with --profile (profile= in Python).",
            "The local service needs none: --endpoint http://127.0.0.1:9700, or FC_ASYNC_ENDPOINT.",
        )
    )


def _from_provider(provider: Any) -> AccessKey:
    found = provider.get_credentials()
    return AccessKey(
        found.get_access_key_id() or "", found.get_access_key_secret() or "", found.get_security_token() or ""
    )


def _from_model(found: Any) -> AccessKey:
    return AccessKey(found.access_key_id or "", found.access_key_secret or "", found.security_token or "")


def _default_provider() -> Any:
    from alibabacloud_credentials.provider import DefaultCredentialsProvider

    _silence_library()
    return DefaultCredentialsProvider()


def _profile_provider(profile: Profile) -> Any:
    mode = profile.text("mode")
    if mode not in PROFILE_MODES:
        raise SettingsError(
            f"the profile {profile.name!r} of {profile.path} has the mode {mode[:40]!r};"
            f" expected one of {', '.join(PROFILE_MODES)}"
        )
    missing = [name for name in _NEEDED_FIELDS.get(mode, ()) if not profile.text(name)]
    if missing:
        raise SettingsError(f"the profile {profile.name!r} of {profile.path}, mode {mode}, has no {missing[0]}")
    if mode == "CredentialsURI":  # "unsupported profile mode" of the library (1.0.12)
        return _uri_provider(profile.text("credentials_uri"))
    from alibabacloud_credentials.provider import CLIProfileCredentialsProvider

    _silence_library()
    return CLIProfileCredentialsProvider(profile_name=profile.name, profile_file=str(profile.path))


def _oidc_provider(token_file: str, role_arn: str, provider_arn: str, session: str | None) -> Any:
    from alibabacloud_credentials.provider import OIDCRoleArnCredentialsProvider

    _silence_library()
    return OIDCRoleArnCredentialsProvider(
        role_arn=role_arn,
        oidc_provider_arn=provider_arn,
        oidc_token_file_path=token_file,
        role_session_name=session,
    )


def _uri_provider(uri: str) -> Any:
    from alibabacloud_credentials.provider import URLCredentialsProvider

    _silence_library()
    return URLCredentialsProvider(uri=uri)


def _host(uri: str) -> str:
    """Return host and port of a URI, whose other parts can be secret."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    shown = "".join(character for character in host if character.isprintable())[:100]
    return shown if port is None else f"{shown}:{port}"


def _silence_library() -> None:
    log = logging.getLogger("credentials")  # each of its modules hangs a handler that writes on stderr here
    log.handlers[:] = [logging.NullHandler()]
    log.propagate = False
