"""fc-async whoami: what this command line would go by, and where each of it was found; asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .options import CommonOptions, FcCommand, common_options, output_option, say
from .output import print_document, print_fields

if TYPE_CHECKING:
    from ..settings import Setting, Settings

_UNKNOWN = "not found"
_PLACEHOLDER = "https://unknown.invalid"
"""An endpoint that lets the rest of the settings be found where the real one cannot be derived; it is never called."""


_COLUMNS = 80
_LABELS = {
    "region": "region",
    "accountId": "account",
    "fcEndpoint": "Function Compute",
    "mnsEndpoint": "MNS",
    "credentials": "credentials",
    "accessKeyId": "access key id",
    "accessKeySecret": "access key secret",
    "securityToken": "security token",
}


class _Line(NamedTuple):
    setting: str
    value: str
    source: str | None = None


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
    lines = _lines(common_options(context))
    if output == "table":
        print_fields((_LABELS[one.setting], _told(one)) for one in lines)
    else:
        print_document({one.setting: {"value": one.value, "from": one.source} for one in lines}, output)


def _told(line: _Line) -> str:
    """Return value and source on one line, or on two where one would be too long."""
    if not line.source:
        return line.value
    room = _COLUMNS - max(map(len, _LABELS.values())) - 2
    whole = f"{line.value} ({line.source})"
    return whole if len(whole) <= room else f"{line.value}\n  ({line.source})"


def _lines(options: CommonOptions) -> list[_Line]:
    fc, missing = _found("fc", options)
    mns, _ = _found("mns", options)
    if missing is not None:
        say(missing)
    later = "asked from STS when it is needed"
    return [
        _line("region", fc.region, "no option, variable or profile names one"),
        _line("accountId", fc.account_id, later),
        _endpoint("fcEndpoint", fc, "it needs a region"),
        _endpoint("mnsEndpoint", mns, f"it needs the account, {later}" if fc.region else "it needs a region"),
        *_credentials(fc, options),
    ]


def _found(service: Any, options: CommonOptions) -> tuple[Settings, str | None]:
    """Return what was found; with a placeholder for its endpoint, and the reason, where that cannot be derived."""
    from ..errors import ArgumentError, SettingsError
    from ..settings import find_settings

    try:
        return find_settings(service, **options.settings()), None
    except SettingsError as error:
        if isinstance(error, ArgumentError):
            raise
        missing = str(error)
    return find_settings(service, **{**options.settings(), "endpoint": _PLACEHOLDER}), missing


def _line(setting: str, found: Setting | None, otherwise: str) -> _Line:
    return _Line(setting, _UNKNOWN, otherwise) if found is None else _Line(setting, found.value, origin(found.source))


def _endpoint(setting: str, found: Settings, otherwise: str) -> _Line:
    if found.endpoint.url == _PLACEHOLDER:
        return _Line(setting, _UNKNOWN, otherwise)
    return _Line(setting, found.endpoint.url, origin(found.endpoint.source))


def _credentials(found: Settings, options: CommonOptions) -> list[_Line]:
    from .whoami_key import key_of

    key = key_of(found.credentials, options.profile)
    lines = [_Line("credentials", key.kind, origin(key.source))]
    if key.access_key_id:
        lines.append(_Line("accessKeyId", masked(key.access_key_id)))
        lines.append(_Line("accessKeySecret", "********" if key.has_secret else _UNKNOWN))
    if key.has_token:
        lines.append(_Line("securityToken", "********"))
    return lines


def masked(access_key_id: str) -> str:
    """Return an access key id of which only so much is left that its owner knows which one it is."""
    return f"{access_key_id[:4]}****{access_key_id[-4:]}" if len(access_key_id) >= 16 else "****"


def origin(source: str) -> str:
    """Return where something came from, in the words of the command line: an argument is an option here."""
    head, found, name = source.partition("the argument ")
    return f"{head}--{name.replace('=', '').replace('_', '-')}" if found else source.replace(" (", ", ").rstrip(")")
