"""Options and argument types that several commands share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..functions import FunctionsClient
    from ..queues import QueueClient

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # not generic at run time before click 8.2


@dataclass
class CommonOptions:
    """What the common options say, wherever on the line they stood; None and False: not given."""

    profile: str | None = None
    region: str | None = None
    account_id: str | None = None
    endpoint: str | None = None
    internal: bool = False
    insecure: bool = False
    timeout: int | None = None

    def functions(self) -> FunctionsClient:
        """Return a client for functions that follows these options."""
        from ..functions import FunctionsClient

        return FunctionsClient(**self._arguments())

    def queue(self, name: str) -> QueueClient:
        """Return a client for one queue that follows these options."""
        from ..queues import QueueClient

        return QueueClient(name, **self._arguments())

    def _arguments(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            "profile": self.profile,
            "region": self.region,
            "account_id": self.account_id,
            "endpoint": self.endpoint,
            "internal": self.internal,
            "insecure": self.insecure,
        }
        if self.timeout is not None:
            given["read_timeout_seconds"] = self.timeout
        return given


@dataclass(frozen=True)
class FunctionName:
    """FUNCTION[@QUALIFIER] as typed."""

    name: str
    qualifier: str | None

    def __str__(self) -> str:
        return self.name if self.qualifier is None else f"{self.name}@{self.qualifier}"


class FunctionNameType(_ParamType):
    """Reads FUNCTION[@QUALIFIER]."""

    name = "function[@qualifier]"
    _pattern = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,63})(?:@([A-Za-z0-9_-]{1,64}))?")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> FunctionName:
        if isinstance(value, FunctionName):
            return value
        found = self._pattern.fullmatch(value)
        if found is None and "/" in value:
            self.fail(
                "names of the form service/function are FC 2.0; this is FC 3.0, where a function stands alone",
                param,
                ctx,
            )
        if found is None:
            self.fail(
                f"expected FUNCTION or FUNCTION@QUALIFIER (letters, digits, _ and -), got {value[:80]!r}", param, ctx
            )
        return FunctionName(found[1], found[2])


_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class DurationType(_ParamType):
    """Reads 90s, 15m, 6h, 2d or plain seconds, as whole seconds."""

    name = "duration"
    _pattern = re.compile(r"([0-9]{1,12})([smhd]?)")

    def __init__(self, minimum_seconds: int = 0, maximum_seconds: int | None = None) -> None:
        self._minimum = minimum_seconds
        self._maximum = maximum_seconds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = self._pattern.fullmatch(str(value))
        if found is None:
            self.fail(f"expected 90s, 15m, 6h, 2d or a number of seconds, got {str(value)[:40]!r}", param, ctx)
        seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
        if seconds < self._minimum or (self._maximum is not None and seconds > self._maximum):
            limit = f"{self._minimum} to {self._maximum}" if self._maximum is not None else f"at least {self._minimum}"
            self.fail(f"expected {limit} seconds, got {seconds}", param, ctx)
        return seconds


class DestinationType(_ParamType):
    """Reads queue:NAME, topic:NAME, function:NAME[@QUALIFIER] or a full ARN."""

    name = "destination"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ..arn import parse_destination
        from ..errors import ArgumentError

        try:
            return parse_destination(value)
        except ArgumentError as error:
            self.fail(str(error), param, ctx)


FUNCTION = FunctionNameType()
DESTINATION = DestinationType()

_COMMON: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("--profile",), {"metavar": "NAME", "help": "Profile of ~/.aliyun/config.json."}),
    (("--region",), {"metavar": "ID", "help": "Region [env: ALIBABA_CLOUD_REGION_ID]."}),
    (("--account-id",), {"metavar": "ID", "help": "Account [env: ALIBABA_CLOUD_ACCOUNT_ID]."}),
    (
        ("--endpoint",),
        {"metavar": "URL", "help": "One endpoint for all calls, such as the local service [env: FC_ASYNC_ENDPOINT]."},
    ),
    (("--internal",), {"is_flag": True, "help": "Use the endpoints inside the VPC [env: FC_ASYNC_INTERNAL=1]."}),
    (("--insecure",), {"is_flag": True, "help": "Allow an http:// endpoint on another machine."}),
    (("--timeout",), {"metavar": "T", "type": DurationType(1, 86400), "help": "Read timeout of one call (90s, 15m)."}),
]


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and value is not False:
        setattr(context.find_root().ensure_object(CommonOptions), str(parameter.name), value)


def _common(hidden: bool) -> list[click.Option]:
    return [
        click.Option(names, hidden=hidden, expose_value=False, callback=_keep, **details) for names, details in _COMMON
    ]


class FcCommand(click.Command):
    """A command that also takes the common options, unlisted."""

    def __init__(self, *arguments: Any, **details: Any) -> None:
        super().__init__(*arguments, **details)
        self.params.extend(_common(hidden=True))


class FcGroup(click.Group):
    """A group whose commands also take the common options."""

    command_class = FcCommand
    group_class = type

    def __init__(self, *arguments: Any, list_common: bool = False, **details: Any) -> None:
        super().__init__(*arguments, **details)
        self.params.extend(_common(hidden=not list_common))


output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print: for people or for programs.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; with no terminal and no --yes nothing is done (exit 2)."""
    import sys

    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; say --yes to go on without a question")
    click.confirm(question, abort=True, err=True)


def say_where(place: str) -> None:
    """Say on stderr which cloud a command is about to change."""
    click.echo(place, err=True)
