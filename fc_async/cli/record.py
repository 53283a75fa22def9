"""fc-async record: decode a destination's payload and show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .input import read_input
from .options import FcCommand, output_option
from .output import print_document, print_documents, print_fields
from .terminal import clean

if TYPE_CHECKING:
    from ..errors import RecordError
    from ..records.record import InvocationRecord
    from .record_input import Given

_SHOWN_CHARACTERS = 2000


@click.command("record", cls=FcCommand)
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--explain", is_flag=True, help="Say on stderr what each layer around the record was, and why.")
@output_option
@click.pass_context
def command(context: click.Context, file: str, explain: bool, output: str) -> None:
    """Decode a destination's payload and show its record.

    Of a list, of one a line, and of what "dlq peek" printed each record is shown, with -o json as an array. What cannot
    be read is told on stderr, the others are shown all the same; the exit code is then 1.

    \b
    Examples:
      fc-async record message.json --explain
      fc-async dlq peek dead -o ndjson | fc-async record -
    """
    from ..errors import RecordError
    from ..records.source import MAX_INPUT_BYTES
    from .record_input import read_given

    raw = read_input(file, MAX_INPUT_BYTES)
    if len(raw) > MAX_INPUT_BYTES:
        raise RecordError(f"expected an input of at most {MAX_INPUT_BYTES} bytes, got more")
    given = read_given(raw)
    if explain:
        _explain(given)
    broken = [one for one in given.found if isinstance(one, RecordError)]
    if broken and (len(given.found) == 1 or broken[0].index is None):
        raise broken[0]
    _show(given.found, output, is_list=given.is_list)
    for error in broken:
        click.echo(f"Error: {clean(str(error))}", err=True)
    if broken:
        context.exit(1)


def _explain(given: Given) -> None:
    from ..records.envelope import explain

    for index, item in enumerate(given.parts):
        if len(given.parts) > 1:
            click.echo(_place(index, len(given.parts)), err=True)
        for number, layer in enumerate(explain([item]), start=1):
            click.echo(f"{number}. {layer.name}: {layer.why}", err=True)


def _show(found: list[InvocationRecord | RecordError], output: str, *, is_list: bool) -> None:
    from ..records.record import InvocationRecord

    records = [(index, one) for index, one in enumerate(found) if isinstance(one, InvocationRecord)]
    wires = [record.to_dict() for _, record in records]
    if output != "table":
        if is_list:
            print_documents(wires, output)
        else:
            print_document(wires[0], output)
        return
    for index, record in records:
        if len(found) > 1:
            click.echo(_place(index, len(found)))
        print_fields(_fields(record))


def _place(index: int, count: int) -> str:
    return f"record {index} of {count} (counted from 0)"


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
