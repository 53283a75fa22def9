"""The options that commands share: the common ones, how to print, whether to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .arguments import DurationType

if TYPE_CHECKING:
    from ..functions.client import FunctionsClient
    from ..mns.account import MnsAccount
    from ..mns.queue_client import QueueClient
    from ..mns.topic_client import TopicClient


class CommonOptions:
    """What the common options say, wherever on the line they stood; None and False: not given."""

    profile: str | None = None
    region: str | None = None
    account_id: str | None = None
    endpoint: str | None = None
    internal: bool = False
    insecure: bool = False
    timeout: int | None = None
    debug: bool = False

    def functions(self, **details: Any) -> FunctionsClient:
        """Return a client for functions that follows these options and has these further arguments."""
        from ..functions.client import FunctionsClient

        self.start_log()
        return FunctionsClient(**self.settings(), **self._read_timeout(), **details)

    def queue(self, name: str) -> QueueClient:
        """Return a client for one queue that follows these options."""
        from ..mns.queue_client import QueueClient

        self.start_log()
        return QueueClient(name, **self.settings(), **self._read_timeout())

    def topic(self, name: str) -> TopicClient:
        """Return a client for one topic that follows these options."""
        from ..mns.topic_client import TopicClient

        self.start_log()
        return TopicClient(name, **self.settings(), **self._read_timeout())

    def mns(self) -> MnsAccount:
        """Return what lists queues and topics, by these options."""
        from ..mns.account import MnsAccount

        self.start_log()
        return MnsAccount(**self.settings(), **self._read_timeout())

    def start_log(self) -> None:
        """Show requests on stderr where --debug asks for it."""
        if self.debug:
            from ..transport.request_log import log_requests

            log_requests()

    def settings(self) -> dict[str, Any]:
        """Return what decides about place and identity, as the clients' arguments."""
        if self.internal and self.endpoint is not None:
            raise click.UsageError("--internal derives the endpoint, and --endpoint names one: leave one of them out")
        return {
            "profile": self.profile,
            "region": self.region,
            "account_id": self.account_id,
            "endpoint": self.endpoint,
            "internal": self.internal,
            "insecure": self.insecure,
        }

    def _read_timeout(self) -> dict[str, Any]:
        return {} if self.timeout is None else {"read_timeout_seconds": self.timeout}


def common_options(context: click.Context) -> CommonOptions:
    """Return what the common options of this command line say."""
    return context.find_root().ensure_object(CommonOptions)


_COMMON: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("--profile",), {"metavar": "NAME", "help": "A profile of your own [env: ALIBABA_CLOUD_PROFILE]."}),
    (("--region",), {"metavar": "ID", "help": "Region [env: ALIBABA_CLOUD_REGION_ID, FC_REGION]."}),
    (("--account-id",), {"metavar": "ID", "help": "Account [env: ALIBABA_CLOUD_ACCOUNT_ID, FC_ACCOUNT_ID]."}),
    (("--endpoint",), {"metavar": "URL", "help": "Endpoint of both services [env: FC_ASYNC_ENDPOINT]."}),
    (("--internal",), {"is_flag": True, "help": "Endpoints inside the VPC [env: FC_ASYNC_INTERNAL=1]."}),
    (("--insecure",), {"is_flag": True, "help": "Allow an http:// endpoint on another machine."}),
    (
        ("--timeout",),
        {"metavar": "T", "type": DurationType(1, 86400), "help": "Longest wait for one answer (90s, 15m)."},
    ),
    (("--debug",), {"is_flag": True, "help": "Log requests on stderr, without secrets and payloads."}),
]


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and value is not False:
        setattr(common_options(context), str(parameter.name), value)


def _common(hidden: bool) -> list[click.Option]:
    return [
        click.Option(names, hidden=hidden, expose_value=False, callback=_keep, **details) for names, details in _COMMON
    ]


_MORE = "Common options and environment variables: fc-async --help"


class FcCommand(click.Command):
    """A command that also takes the common options, unlisted."""

    def __init__(self, *arguments: Any, **details: Any) -> None:
        details.setdefault("epilog", _MORE)
        super().__init__(*arguments, **details)
        self.params.extend(_common(hidden=True))


class FcGroup(click.Group):
    """A group whose commands also take the common options."""

    command_class = FcCommand
    group_class = type

    def __init__(self, *arguments: Any, list_common: bool = False, **details: Any) -> None:
        details.setdefault("epilog", _MORE)
        details["no_args_is_help"] = False
        super().__init__(*arguments, **details)
        self.params.extend(_common(hidden=not list_common))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:  # click's own way of this differs from version to version
            click.echo(ctx.get_help(), err=True)
            ctx.exit(2)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the one that was meant: click itself does so in some versions, and not for all."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            raise click.UsageError(f"No such command {name[:60]!r}.{_meant(name, self.list_commands(ctx))}", ctx)
        return super().resolve_command(ctx, args)


def _meant(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else f" There are: {', '.join(known)}."


output_option = click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json", "ndjson"]),
    default="table",
    show_default=True,
    metavar="FORMAT",
    help="table, json, or ndjson: one object a line.",
)
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back; with no terminal and no --yes nothing is done (exit 2)."""
    import sys

    from .terminal import clean

    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():  # None: it was closed (<&-)
        raise click.UsageError("there is no terminal to ask on, so nothing was done; --yes goes on without a question")
    click.confirm(clean(question), abort=True, err=True)


def say(sentence: str) -> None:
    """Say something to the person at the terminal: on stderr, without what a terminal would obey."""
    from .terminal import clean

    click.echo(clean(sentence, keep_lines=True), err=True)
