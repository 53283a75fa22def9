"""Which access key would be used, told without asking anybody: what stands in the environment and in files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..settings.access_key import Credentials
    from ..settings.found import Source
    from ..settings.profiles import Profile

NONE_FOUND = "none found; a RAM role or a URI is asked for when needed"
_STATIC_MODES = {"AK", "StsToken"}


class Key(NamedTuple):
    """What can be told of an access key; its secret is not among it."""

    kind: str
    source: Source
    access_key_id: str = ""
    has_secret: bool = False
    has_token: bool = False


def key_of(
    credentials: Credentials,
    profile_name: str | None,
    environment: Mapping[str, str] = os.environ,
    home: Path | None = None,
) -> Key:
    """Return what can be told of these credentials.

    Args:
        credentials: as the settings found them.
        profile_name: the profile that was named; None: none was.
        environment: the variables.
        home: the home directory; None: the user's.
    """
    from ..settings.access_key import LOCAL
    from ..settings.credentials import ACCESS_KEY_ID, OIDC_VARIABLES
    from ..settings.found import Kind
    from ..settings.profiles import current_profile, home_folder, named_profile
    from ..settings.search import LOCAL_ACCESS_KEY, PROFILE

    where = home_folder() if home is None else home
    source = credentials.source
    if source.kind is Kind.DEFAULT or (
        source.kind is Kind.VARIABLE and source.name in (ACCESS_KEY_ID, LOCAL_ACCESS_KEY)
    ):
        found = credentials.access_key()
        if found.access_key_id == LOCAL:
            return Key("local/local", source)
        return Key("access key", source, found.access_key_id, True, bool(found.security_token))
    if source.kind is Kind.PROFILE:
        named = profile_name or environment.get(PROFILE)
        profile = named_profile(where, named) if named else current_profile(where)
        if profile is not None:
            return _of_profile(profile, source)
    if source.kind is Kind.CHAIN:
        return _of_chain(source, environment, where)
    return Key(f"{'OIDC' if source.name == OIDC_VARIABLES[0] else 'URI'}, asked for when needed", source)


def _of_profile(profile: Profile, source: Source) -> Key:
    from ..settings.providers import PROFILE_MODES

    mode = profile.text("mode")
    if mode not in PROFILE_MODES:
        return Key(f"unsupported mode {mode[:40]!r}" if mode else "unsupported mode: the profile names none", source)
    kind = f"profile of mode {mode}"
    if mode not in _STATIC_MODES:
        return Key(f"{kind}, asked for when needed", source)
    has_secret, has_token = bool(profile.text("access_key_secret")), bool(profile.text("sts_token"))
    return Key(kind, source, profile.text("access_key_id"), has_secret, has_token)


def _of_chain(source: Source, environment: Mapping[str, str], home: Path) -> Key:
    """Tell what the default chain of alibabacloud-credentials will come to first."""
    from ..settings.credentials import OIDC_VARIABLES
    from ..settings.found import Source
    from ..settings.profiles import current_profile

    if all(environment.get(name) for name in OIDC_VARIABLES):
        return Key("OIDC, asked for when needed", Source.variables(*OIDC_VARIABLES))
    profile = current_profile(home)
    if profile is not None:
        return _of_profile(profile, Source.profile(profile.name, profile.path, is_current=True))
    file = home / ".alibabacloud" / "credentials.ini"
    if file.exists():
        return Key("of a file", Source.file(file))
    return Key(NONE_FOUND, source)
