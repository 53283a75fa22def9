"""fc-async graph: draw where outcomes go."""

from __future__ import annotations

from pathlib import Path

import click

from ..options import FcCommand, common_options


@click.command("graph", cls=FcCommand)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE", required=False)
@click.option("--live", is_flag=True, help="Draw what is live.")
@click.option(
    "--format",
    "drawn_as",
    type=click.Choice(["mermaid", "dot", "json"]),
    default="mermaid",
    show_default=True,
    help="How to draw.",
)
@click.pass_context
def command(context: click.Context, file: Path | None, live: bool, drawn_as: str) -> None:
    """Draw functions, queues and topics and where outcomes go.

    Failures are dotted, circles red, and what is missing (or not in the file)
    dashed. GitHub and GitLab show a "mermaid" code block as a picture.

    \b
    Examples:
      fc-async graph fc-async.yaml
      fc-async graph --live --format dot | dot -Tsvg > fleet.svg
    """
    from ...deploy.graph import graph

    if (file is None) != live:
        raise click.UsageError("expected a FILE or --live, one of them")
    if file is not None:
        from ...deploy.fleet_document import read_document

        click.echo(graph(read_document(file), format=drawn_as), nl=False)
        return
    from ...deploy.check import read_view
    from ...deploy.checks.missing_function import missing
    from ...deploy.live import live_fleet

    options = common_options(context)
    with options.functions() as functions, options.mns() as mns:
        view = read_view(live_fleet(functions, mns), functions, mns, with_details=False)
        absent = {str(name) for _, _, name in missing(view)}
        drawn = graph(view.fleet, format=drawn_as, region=view.region, account_id=view.account_id, missing=absent)
    click.echo(drawn, nl=False)
