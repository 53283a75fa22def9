"""The settings: what was found for each service, and where; or why it cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import ArgumentError, FcAsyncError, SettingsError
from ..whoami import LABELS, NEEDS_ACCOUNT, NEEDS_REGION, Line, told, whereabouts
from ..whoami_key import NONE_FOUND
from .finding import Finding, ok, skipped, trouble

if TYPE_CHECKING:
    from ...settings.settings import Settings
    from ..options import CommonOptions

LOCAL_ADVICE = "for the local service: export FC_ASYNC_ENDPOINT=http://127.0.0.1:9700"
_REGION_ADVICE = f"name it with --region or ALIBABA_CLOUD_REGION_ID; {LOCAL_ADVICE}"
_ENDPOINT_ADVICE = f"mend it, or unset it, so that it is derived from the region; {LOCAL_ADVICE}"


class Setup(NamedTuple):
    """What both services are called with; None where that cannot be known."""

    fc: Settings | None
    mns: Settings | None


def looked_up(options: CommonOptions) -> Setup:
    """Return the settings of both services; asks nobody. Raises ArgumentError for what was typed wrong."""
    return Setup(_settings("fc", options), _settings("mns", options))


def settings_for(service: Any, options: CommonOptions, account_id: str) -> Settings | None:
    """Return the settings of a service, now that the account is known."""
    return _settings(service, options, account_id=account_id)


def _settings(service: Any, options: CommonOptions, **more: Any) -> Settings | None:
    from ...settings.search import find_settings

    try:
        return find_settings(service, **{**options.settings(), **more})
    except ArgumentError:
        raise
    except SettingsError:
        return None


def settings(options: CommonOptions) -> Iterator[Finding]:
    """Yield a line for each setting, with where it was found."""
    try:
        lines = whereabouts(options).lines
    except ArgumentError:
        raise
    except FcAsyncError as error:  # a variable or a file says what cannot be used
        yield trouble("settings", str(error).partition("\n")[0], "mend what is named, or say it with an option")
        return
    needs_region = any(line.source == NEEDS_REGION for line in lines)
    for line in lines:
        yield _setting(line, needs_region)
    yield from _open_keys()


def _setting(line: Line, needs_region: bool) -> Finding:
    label = LABELS[line.setting]
    if line.value == NONE_FOUND:
        return skipped(line.setting, f"{label}: {line.value}")
    if line.value is not None:
        return ok(line.setting, f"{label} {told(line, one_line=True)}")
    said = f"{label}: {line.source}"
    if line.setting == "region" and needs_region:
        return trouble(line.setting, said, _REGION_ADVICE)
    if line.setting in ("fcEndpoint", "mnsEndpoint") and line.source not in (NEEDS_REGION, NEEDS_ACCOUNT):
        return trouble(line.setting, said, _ENDPOINT_ADVICE)
    return skipped(line.setting, said)


def _open_keys() -> Iterator[Finding]:
    from ...settings.profiles import home_folder, is_open_to_others, profile_file

    if is_open_to_others(keys := profile_file(home_folder())):
        yield trouble("profileFile", f"other users of this machine may read the keys in {keys}", f"chmod 600 {keys}")
