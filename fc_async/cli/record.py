"""fc-async record: decode a destination's payload and show it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .invoke import read_file
from .options import FcCommand, output_option
from .output import print_document, print_fields

if TYPE_CHECKING:
    from ..record import InvocationRecord

_SHOWN_CHARACTERS = 2000


@click.command("record", cls=FcCommand)
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--explain", is_flag=True, help="Say on stderr what each layer around the record was, and why.")
@output_option
def command(file: str, explain: bool, output: str) -> None:
    """Decode a destination's payload and show its record.

    \b
    Example:
      fc-async record message.json --explain
    """
    from ..record import parse_record

    raw = sys.stdin.buffer.read() if file == "-" else read_file(Path(file))
    if explain:
        _explain(raw)
    record = parse_record(raw)
    if output == "table":
        print_fields(_fields(record))
    else:
        print_document(record.to_dict(), output)


def _explain(raw: bytes) -> None:
    from ..envelope import explain

    for number, layer in enumerate(explain(raw), start=1):
        click.echo(f"{number}. {layer.name}: {layer.why}", err=True)


def _fields(record: InvocationRecord) -> list[tuple[str, str]]:
    fields = [
        ("outcome", _outcome(record)),
        ("function", record.function_arn),
        ("request id", record.request_id),
        ("attempts", _text(record.approximate_invoke_count)),
        ("time", "unknown" if record.timestamp is None else record.timestamp.isoformat(timespec="milliseconds")),
        ("status code", _text(record.status_code)),
        ("envelopes", ", ".join(record.envelopes) or "none"),
        ("payload", _payload(record.request_payload)),
        ("response", _payload(record.response_payload)),
    ]
    chain = record.lineage()[:-1]
    if chain:
        fields.append(("came through", "\n".join(f"{one.function_arn} ({one.request_id})" for one in chain)))
    return fields


def _outcome(record: InvocationRecord) -> str:
    if record.is_success:
        return "succeeded"
    error = record.error
    return "failed" if error is None else f"failed: {error.type}" + (f": {error.message}" if error.message else "")


def _text(value: object) -> str:
    return "unknown" if value is None else str(value)


def _payload(text: str | None) -> str:
    if text is None:
        return "not in the record"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text)} characters)"
