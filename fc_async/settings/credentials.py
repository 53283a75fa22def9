"""Who we are to the service: an access key, asked for before every request, so that a rotating one stays fresh.

The chain of `alibabacloud-credentials` reads the environment once, when it is imported: what the environment names is
read here instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ArgumentError, SettingsError
from .access_key import LOCAL, AccessKey, Credentials, unusable_text
from .found import CHAIN, LOOPBACK_DEFAULT, Source
from .profiles import Profile, current_profile, profile_file
from .providers import (
    Given,
    Lazy,
    default_provider,
    key_of_client,
    key_of_provider,
    oidc_provider,
    profile_provider,
    uri_provider,
)

ACCESS_KEY_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
ACCESS_KEY_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - a variable's name
SECURITY_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - a variable's name
CREDENTIALS_URI = "ALIBABA_CLOUD_CREDENTIALS_URI"
OIDC_SESSION_NAME = "ALIBABA_CLOUD_ROLE_SESSION_NAME"
OIDC_VARIABLES = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")


def given_credentials(given: Any) -> Credentials:
    """Use what the caller passed.

    Args:
        given: an `AccessKey`; or a client of `alibabacloud-credentials` (it has `get_credential`); or one of its
            providers (`get_credentials`).

    Raises:
        ArgumentError: it is none of these, or no header can carry the key.
    """
    source = Source.argument("credentials")
    if isinstance(given, Credentials):
        return given
    if isinstance(given, AccessKey):
        if (defect := given.defect()) is not None:
            raise ArgumentError(f"expected an access key that a header can carry, but {defect}", argument=source.name)
        return Credentials(source, lambda: given)
    made = Given(given)
    if hasattr(given, "get_credential"):
        return Credentials(source, lambda: key_of_client(made.it))
    if hasattr(given, "get_credentials"):
        return Credentials(source, lambda: key_of_provider(made.it))
    raise ArgumentError(
        "credentials: expected an AccessKey, or a client or provider of alibabacloud-credentials,"
        f" got {type(given).__name__}"
    )


def local_credentials(environment: Mapping[str, str], variable: str) -> Credentials:
    """Use the pair ID:SECRET of this variable, else local/local.

    Raises:
        SettingsError: the variable is set to something else, or no header can carry it.
    """
    text = environment.get(variable, "")
    if not text:
        return Credentials(LOOPBACK_DEFAULT, lambda: AccessKey(LOCAL, LOCAL))
    key_id, _, secret = text.partition(":")
    if not key_id or not secret:
        raise SettingsError(f"{variable}: expected ID:SECRET, got something else (not shown)")
    key = AccessKey(key_id, secret)
    _refuse(variable, key.defect())
    return Credentials(Source.variables(variable), lambda: key)


def profile_credentials(profile: Profile) -> Credentials:
    """Use this profile, in whatever mode it has that the library reads."""
    provider = Lazy(lambda: profile_provider(profile))
    uri = profile.text("credentials_uri") if profile.text("mode") == "CredentialsURI" else ""
    return Credentials(Source.profile(profile.name, profile.path), lambda: key_of_provider(provider()), _host(uri))


def environment_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the access key in the environment, None where there is none.

    Raises:
        SettingsError: no header can carry what a variable says.
    """
    key = AccessKey(
        environment.get(ACCESS_KEY_ID, ""), environment.get(ACCESS_KEY_SECRET, ""), environment.get(SECURITY_TOKEN, "")
    )
    if not key.access_key_id or not key.access_key_secret:
        return None
    for name in (ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN):
        reason = unusable_text(environment.get(name, ""))
        _refuse(name, reason and f"its value {reason}")
    return Credentials(Source.variables(ACCESS_KEY_ID, ACCESS_KEY_SECRET), lambda: key)


def _refuse(source: object, defect: str | None) -> None:
    if defect is not None:
        raise SettingsError(f"{source}: expected an access key that a header can carry, but {defect}; it is not shown")


def oidc_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the web identity in the environment, None where there is none."""
    token_file, role_arn, provider_arn = [environment.get(name, "") for name in OIDC_VARIABLES]
    if not (token_file and role_arn and provider_arn):
        return None
    session = environment.get(OIDC_SESSION_NAME) or None
    provider = Lazy(lambda: oidc_provider(token_file, role_arn, provider_arn, session))
    return Credentials(Source.variables(*OIDC_VARIABLES), lambda: key_of_provider(provider()))


def uri_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Use the URI in the environment that answers with a key, None where there is none.

    The library's chain asks it last, after the current profile and the role of the machine.
    """
    uri = environment.get(CREDENTIALS_URI, "")
    if not uri:
        return None
    provider = Lazy(lambda: uri_provider(uri))
    return Credentials(Source.variables(CREDENTIALS_URI), lambda: key_of_provider(provider()), _host(uri))


def chain_credentials(home: Path, build: Callable[[], Any] = default_provider) -> Credentials:
    """Use the library's default chain; what it looked at is listed when it finds nothing.

    Args:
        home: the home directory, for the list.
        build: makes the chain.
    """
    provider = Lazy(build)
    return Credentials(CHAIN, lambda: _key_of_chain(provider(), home))


def _key_of_chain(chain: Any, home: Path) -> AccessKey:
    try:
        key = key_of_provider(chain)
    except Exception:  # the chain's text quotes each provider's, and those can quote keys
        missing = _nothing_found(home)
    else:
        _refuse(_link(key, home), key.defect())
        return key
    raise SettingsError(missing)


def _link(key: AccessKey, home: Path) -> Source:
    """Return which part of the chain has this key: the current profile, the other file, or one that is asked."""
    profile, file = current_profile(home), home / ".alibabacloud" / "credentials.ini"
    if profile is not None and profile.text("access_key_id") == key.access_key_id:
        return Source.profile(profile.name, profile.path, is_current=True)
    return CHAIN if profile is not None or not file.exists() else Source.file(file)


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


def _host(uri: str) -> str:
    """Return host and port of a URI, whose other parts can be secret."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    shown = "".join(character for character in host if character.isprintable())[:100]
    return shown if port is None else f"{shown}:{port}"
