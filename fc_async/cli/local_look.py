"""fc-async local status and local invocation: what a running local service has done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import click

from .options import FcCommand, common_options, output_option
from .output import print_document, print_fields, print_table

DEFAULT_URL = "http://127.0.0.1:9700"
_COLUMNS = ("request id", "function", "status", "attempts", "records")
_FAILED = "Failed,Expired,Invalid"
_FOLLOW_SECONDS = 1.0
_MOST = 1000


@click.command("status", cls=FcCommand)
@click.option("--failed", is_flag=True, help="Only those that ended Failed, Expired or Invalid.")
@click.option("--function", metavar="FUNCTION", default="", help="Only those of this function.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=20, show_default=True, help="How many invocations.")
@click.option("--follow", is_flag=True, help="Go on, and show each that is new or has changed, until Ctrl-C.")
@output_option
@click.pass_context
def status(context: click.Context, output: str, failed: bool, function: str, limit: int, follow: bool) -> None:
    """Show what a running local service has done: its metrics, its last invocations, newest first, and their records.

    It asks the endpoint of --endpoint or FC_ASYNC_ENDPOINT, else http://127.0.0.1:9700.

    \b
    Example:
      fc-async local status --failed
    """
    from ..local.up.status import read_status

    def read(most: int) -> dict[str, Any]:
        return read_status(asked_endpoint(context), limit=most, function=function, status=_FAILED if failed else "")

    found = read(_MOST if follow else limit)
    known = found["invocations"]
    found["invocations"] = known[:limit]
    if output != "table":
        print_document(found, output)
    else:
        print_fields([(name, str(value)) for name, value in found["metrics"].items()])
        click.echo()
        print_table(_COLUMNS, [_row(one) for one in found["invocations"]], whole=("request id",))
    if follow:
        _follow(read, known, output)


def _follow(read: Callable[[int], dict[str, Any]], known: list[dict[str, Any]], output: str) -> None:
    import time

    before = {one["requestId"]: _row(one) for one in known}
    while True:
        time.sleep(_FOLLOW_SECONDS)
        page = read(_MOST)["invocations"]
        now = {one["requestId"]: _row(one) for one in page}
        for one in reversed(page):
            row = now[one["requestId"]]
            if before.get(one["requestId"]) == row:
                continue
            if output == "table":
                print_fields([(row[0], "  ".join(row[1:]))])
            else:
                print_document(one, "ndjson")
        before = now


@click.command("invocation", cls=FcCommand)
@click.argument("request_id", metavar="REQUEST_ID")
@output_option
@click.pass_context
def invocation(context: click.Context, request_id: str, output: str) -> None:
    """Show one invocation of a running local service whole: attempts, tracebacks, records, and what they led to.

    It asks the endpoint of --endpoint or FC_ASYNC_ENDPOINT, else http://127.0.0.1:9700.

    \b
    Example:
      fc-async local invocation 1-64e70cf1-5cbef92ea8fc8c42899cf5d1
    """
    from ..local.up.status import read_invocation

    found = read_invocation(asked_endpoint(context), request_id)
    if output != "table":
        print_document(found, output)
        return
    print_fields(_fields(found))


def asked_endpoint(context: click.Context) -> str:
    """Return the URL of the local service that is asked."""
    import os

    return common_options(context).endpoint or os.environ.get("FC_ASYNC_ENDPOINT") or DEFAULT_URL


def _fields(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    request_id, function, state, *_ = _row(found)
    yield "request id", request_id
    yield "function", function
    yield "status", state
    yield "task id", found["taskId"]
    yield "payload", f"{found['payload']}{'…' if len(found['payload']) < found['payloadBytes'] else ''}"
    for number, attempt in enumerate(found["attempts"], 1):
        yield f"attempt {number}", _attempt(attempt)
    for delivery in found["deliveries"]:
        yield "record", _delivery(delivery)
    if found["parent"]:
        yield "made by", f"a record of {found['parent']}"
    for child in found["children"]:
        yield "led to", f"{child['requestId']} of {child['function']}: {child['status']}"


def _attempt(attempt: dict[str, Any]) -> str:
    if not attempt["endTime"]:
        return "is being executed"
    took = f"{attempt['endTime'] - attempt['startedTime']} ms, {attempt['memoryMb']} MB"
    error = attempt.get("error", {})
    said = ": ".join(str(error[key]) for key in ("errorType", "errorMessage") if error.get(key))
    lines = [f"{took}, {attempt['functionError'] or 'Succeeded'}", *filter(None, [said])]
    frames = error.get("stackTrace")
    for frame in frames if isinstance(frames, list) else ():
        lines.append("  " + (", ".join(map(str, frame)) if isinstance(frame, list) else str(frame)))
    return "\n".join(lines)


def _row(invocation: dict[str, Any]) -> tuple[str, ...]:
    from ..checks import LATEST, FunctionName

    qualifier = invocation["qualifier"]
    function = str(FunctionName(invocation["function"], None if qualifier == LATEST else qualifier))
    records = ", ".join(map(_delivery, invocation["deliveries"]))
    return invocation["requestId"], function, invocation["status"], str(len(invocation["attempts"])), records


def _delivery(one: dict[str, Any]) -> str:
    from ..arn import parse_arn
    from ..errors import ArgumentError
    from .config.view import short

    try:
        destination = short(parse_arn(one["destination"]))
    except ArgumentError:  # the local service takes what is no ARN, as the cloud does
        destination = one["destination"]
    reason = f" ({one['reason']})" if one.get("reason") else ""
    return f"{one['status']} {destination}{reason}"
