"""fc-async local advance, reset and fault: time moved by hand, faults on demand, a fresh start."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .arguments import DurationType
from .local_look import asked_endpoint
from .options import FcCommand, FcGroup, output_option
from .output import print_documents, print_table

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType

_MAX_SECONDS = 366 * 86400
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "": 1}
_TIME = re.compile(r"(-?)([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|)")


class TimeType(_ParamType):
    """Reads 20ms, 0.5s, 15m, 6h, 2d or plain seconds, as seconds.

    Args:
        may_be_negative: whether `-1h` is one.
    """

    name = "time"

    def __init__(self, *, may_be_negative: bool = False) -> None:
        self._may_be_negative = may_be_negative

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _TIME.fullmatch(str(value))
        if found is None or (found[1] and not self._may_be_negative):
            self.fail(f"expected 20ms, 0.5s, 15m, 6h or a number of seconds, got {str(value)[:40]!r}", param, ctx)
        return float(found[1] + found[2]) * _UNIT_SECONDS[found[3]]


@click.command("advance", cls=FcCommand)
@click.argument("time", type=DurationType(0, _MAX_SECONDS), metavar="T")
@click.pass_context
def advance(context: click.Context, time: int) -> None:
    """Move the time of a running local service that was started with --clock manual.

    It returns when everything that became due has been done: retries, records, pushes, what expires. With 0 it waits
    for what is due now.

    \b
    Example:
      fc-async local advance 6h
    """
    from ..local.up.status import advance as move

    move(asked_endpoint(context), time)


@click.command("reset", cls=FcCommand)
@click.pass_context
def reset(context: click.Context) -> None:
    """Have a running local service be as at its start: its file's functions, no messages, no faults.

    \b
    Example:
      fc-async local reset
    """
    from ..local.up.status import reset as start_over

    start_over(asked_endpoint(context))


@click.group("fault", cls=FcGroup)
def fault() -> None:
    """Have a running local service fail on demand.

    \b
    Example, the next two receives answer 503:
      fc-async local fault add ReceiveMessage --times 2 --status 503
    """


@fault.command("add")
@click.argument("action")
@click.option("--times", type=click.IntRange(1), metavar="N", help="How often it happens. Default: without end.")
@click.option("--after", type=click.IntRange(0), metavar="K", help="Leave the first K alone.")
@click.option("--resource", metavar="NAME", help="Only this function, queue or topic.")
@click.option("--status", type=click.IntRange(300, 599), metavar="S", help="Answer with this HTTP status.")
@click.option("--code", metavar="C", help="The service's code in that answer.")
@click.option("--delay", type=TimeType(), metavar="T", help="Wait that long before the work, as 20ms.")
@click.option("--drop", type=click.Choice(["before", "after"]), help="Close the connection before or after the work.")
@click.option("--truncate", is_flag=True, help="End the answer in the middle of its body.")
@click.option("--slow-body", type=TimeType(), metavar="T", help="Spread the answer's body over that long.")
@click.option("--partial", type=click.IntRange(0, 16), metavar="N", help="Work on N entries of a batch only.")
@click.option(
    "--clock-jump", type=TimeType(may_be_negative=True), metavar="T", help="Have the service's time jump, as 1h or -1h."
)
@click.option("--probability", type=click.FloatRange(0, 1), metavar="P", help="Happen in so many of them, 0 to 1.")
@click.option("--seed", type=click.IntRange(0), metavar="N", help="The same seed decides alike. Default: 0.")
@click.pass_context
def add(context: click.Context, /, **words: Any) -> None:
    """Add a fault to an action of a service, or to Deliver: records do not arrive.

    \b
    Example:
      fc-async local fault add InvokeFunction --resource main --status 429
    """
    from ..errors import ArgumentError
    from ..local.catalog.fc_errors import FcError
    from ..local.faults.fault_json import read_fault
    from ..local.up.status import add_fault

    wire = {_WIRE.get(word, word): value for word, value in words.items() if value is not None and value is not False}
    try:
        read_fault(wire)
    except FcError as refused:
        raise ArgumentError(refused.message) from None
    add_fault(asked_endpoint(context), wire)


_WIRE = {"delay": "delaySeconds", "slow_body": "slowBodySeconds", "clock_jump": "clockJumpSeconds"}


@fault.command("list")
@output_option
@click.pass_context
def list_faults(context: click.Context, output: str) -> None:
    """List the faults, and how often each has happened.

    \b
    Example:
      fc-async local fault list
    """
    from ..errors import LocalError
    from ..local.up.status import read_faults

    found = read_faults(asked_endpoint(context))
    if not all(isinstance(one, dict) and isinstance(one.get("action"), str) for one in found):
        raise LocalError("what answers there lists no faults; is it a local service of this version?")
    if output != "table":
        print_documents(found, output)
        return
    rows = [(one["action"], _others(one), str(one.get("happened"))) for one in found]
    print_table(("action", "fault", "happened"), rows, whole=("action",))


def _others(fault: dict[str, Any]) -> str:
    return ", ".join(f"{word} {value}" for word, value in fault.items() if word not in ("action", "happened"))


@fault.command("clear")
@click.pass_context
def clear(context: click.Context) -> None:
    """Remove all faults.

    \b
    Example:
      fc-async local fault clear
    """
    from ..local.up.status import clear_faults

    clear_faults(asked_endpoint(context))
