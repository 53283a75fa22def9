"""fc-async completion: what makes a shell complete commands and options."""

from __future__ import annotations

import click

from .options import FcCommand

COMPLETE_VARIABLE = "_FC_ASYNC_COMPLETE"
"""Through this variable the shell asks us what could come next; click answers (its name for our program)."""


@click.command("completion", cls=FcCommand)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete fc-async.

    \b
    Examples, for now and (in the shell's startup file) for ever:
      eval "$(fc-async completion bash)"      # ~/.bashrc, bash 4.4 or later
      eval "$(fc-async completion zsh)"       # ~/.zshrc, after compinit
      fc-async completion fish | source       # ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.ClickException(f"click knows no completion for {shell}")
    # Not source(): for bash it starts one to ask its version, and prints the script all the same.
    complete = found(context.find_root().command, {}, "fc-async", COMPLETE_VARIABLE)
    click.echo(complete.source_template % complete.source_vars())
