"""fc-async export: print what is live as a document."""

from __future__ import annotations

import click

from ..options import FcCommand, common_options, say


@click.command("export", cls=FcCommand)
@click.option("--function", "names", multiple=True, metavar="NAME", help="Only this function; may be repeated.")
@click.option("--schema", is_flag=True, help="Print the document's JSON Schema instead; asks no service.")
@click.pass_context
def command(context: click.Context, names: tuple[str, ...], schema: bool) -> None:
    """Print what is live as a document for check, plan and apply.

    Every version and alias, with the queues and topics of the region; with
    --function, those that its destinations lead to. What the file could not say
    is left out, with a comment; plan then leaves it alone.

    \b
    Examples:
      fc-async export > fc-async.yaml
      fc-async export --function orders --function billing
      fc-async export --schema > fc-async.schema.json
    """
    if schema:
        from importlib.resources import files

        if names:
            raise click.UsageError("--schema prints the schema alone: leave --function out")
        click.echo(files("fc_async.deploy").joinpath("fc-async.schema.json").read_text("utf-8"), nl=False)
        return
    from ...checks import check_function
    from ...deploy.export import export
    from ...deploy.yaml_1_2 import MAX_FILE_BYTES

    wanted = [check_function(name) for name in names] or None
    options = common_options(context)
    with options.functions() as functions, options.mns() as mns:
        text = export(functions, mns, wanted)
    click.echo(text, nl=False)
    if len(text.encode()) > MAX_FILE_BYTES:
        say(f"this document has over {MAX_FILE_BYTES} bytes, which no command reads: split it (--function NAME ...)")
