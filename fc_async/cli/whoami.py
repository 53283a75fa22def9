"""fc-async whoami: what this command line would go by, and where each of it was found; asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .options import CommonOptions, FcCommand, common_options, output_option, say
from .output import print_document, print_fields

if TYPE_CHECKING:
    from ..settings.found import Setting, Source
    from ..settings.settings import Settings

_UNKNOWN = "not found"
_LATER = "asked from STS when it is needed"
NEEDS_REGION = "it needs a region"
NEEDS_ACCOUNT = f"it needs the account, {_LATER}"
_PLACEHOLDER = "https://unknown.invalid"
"""An endpoint that lets the rest of the settings be found where the real one cannot be derived; it is never called."""


_COLUMNS = 80
LABELS = {
    "region": "region",
    "accountId": "account",
    "fcEndpoint": "Function Compute",
    "mnsEndpoint": "MNS",
    "credentials": "credentials",
    "accessKeyId": "access key id",
    "accessKeySecret": "access key secret",
    "securityToken": "security token",
}


class Line(NamedTuple):
    """A setting, what it is (None: not found), and where that comes from, or why it was not found."""

    setting: str
    value: str | None
    source: str | None = None


class Whereabouts(NamedTuple):
    """Every setting, and what is missing, each as the sentences that say where it was looked for."""

    lines: list[Line]
    missing: list[str]


@click.command("whoami", cls=FcCommand)
@output_option
@click.pass_context
def command(context: click.Context, output: str) -> None:
    """Show region, account, endpoints, credentials, and their origin.

    Nothing is asked over the network, and secrets are masked.

    \b
    Examples:
      fc-async whoami
      fc-async whoami --profile staging -o json
    """
    from ..settings.profiles import home_folder, is_open_to_others, profile_file

    if is_open_to_others(keys := profile_file(home_folder())):
        say(f"advice: other users of this machine may read the keys in {keys}; close it with: chmod 600 {keys}")
    lines, missing = whereabouts(common_options(context))
    for sentences in missing:
        say(sentences)
    if output == "table":
        print_fields((LABELS[one.setting], told(one)) for one in lines)
    else:
        print_document({one.setting: {"value": one.value, "from": one.source} for one in lines}, output)


def told(line: Line, *, one_line: bool = False) -> str:
    """Return value and source on one line, or on two where one would be too long."""
    value = _UNKNOWN if line.value is None else line.value
    if not line.source:
        return value
    room = _COLUMNS - max(map(len, LABELS.values())) - 2
    whole = f"{value} ({line.source})"
    return whole if one_line or len(whole) <= room else f"{value}\n  ({line.source})"


def whereabouts(options: CommonOptions) -> Whereabouts:
    """Return what a command with these options would go by; asks nobody.

    Raises:
        ArgumentError: an option cannot be right.
        SettingsError: what a variable or a file says cannot be used.
    """
    fc, no_fc = _found("fc", options)
    mns, no_mns = _found("mns", options)
    lines = [
        _line("region", fc.region, "no option, variable or profile names one"),
        _line("accountId", fc.account_id, _LATER),
        _endpoint("fcEndpoint", fc, no_fc),
        _endpoint("mnsEndpoint", mns, no_mns),
        *_credentials(fc, options),
    ]
    told_later = fc.looked_at["account"]  # the account is asked for when it is needed
    return Whereabouts(lines, [one for one in dict.fromkeys((no_fc, no_mns)) if one is not None and one != told_later])


def _found(service: Any, options: CommonOptions) -> tuple[Settings, str | None]:
    """Return what was found; with a placeholder for its endpoint, and the reason, where that cannot be derived."""
    from ..errors import ArgumentError, SettingsError
    from ..settings.search import find_settings

    try:
        found = find_settings(service, **options.settings())
    except SettingsError as error:
        if isinstance(error, ArgumentError):
            raise
        missing = str(error)
    else:
        return found, None
    return find_settings(service, **{**options.settings(), "endpoint": _PLACEHOLDER}), missing


def _line(setting: str, found: Setting | None, otherwise: str) -> Line:
    return Line(setting, None, otherwise) if found is None else Line(setting, found.value, origin(found.source))


def _endpoint(setting: str, found: Settings, missing: str | None) -> Line:
    from ..settings.found import Kind

    if missing is not None:
        reasons = {
            found.looked_at["region"]: NEEDS_REGION,
            found.looked_at["account"]: NEEDS_ACCOUNT,
        }
        return Line(setting, None, reasons.get(missing, missing))
    source = found.endpoint.source
    if source.kind is Kind.DERIVED and found.region is not None:
        return Line(setting, found.endpoint.url, f"derived from the region, {origin(found.region.source)}")
    return Line(setting, found.endpoint.url, origin(source))


def _credentials(found: Settings, options: CommonOptions) -> list[Line]:
    from .whoami_key import key_of

    key = key_of(found.credentials, options.profile)
    lines = [Line("credentials", key.kind, origin(key.source))]
    if key.access_key_id:
        lines.append(Line("accessKeyId", masked(key.access_key_id)))
        lines.append(Line("accessKeySecret", "********" if key.has_secret else None))
    if key.has_token:
        lines.append(Line("securityToken", "********"))
    return lines


def masked(access_key_id: str) -> str:
    """Return an access key id with its middle masked: its owner still knows which one it is."""
    return f"{access_key_id[:4]}****{access_key_id[-4:]}" if len(access_key_id) >= 16 else "****"


def origin(source: Source) -> str:
    """Return where something came from, in the words of the command line: an argument is an option here."""
    return source.option or str(source)
