"""The help of every command: short, complete, and as the snapshots have it.

After a change on purpose: FC_ASYNC_WRITE_SNAPSHOTS=1 python -m pytest tests/unit/cli/test_help.py, and read the diff.
"""

import os
from pathlib import Path

import click
import pytest

from fc_async.cli.options import FcCommand
from fc_async.cli.root import COMMANDS, cli, run

SNAPSHOTS = Path(__file__).parent / "snapshots" / "help"
MOST_LINES, MOST_COLUMNS = 50, 80


def command_lines(command=cli, words=()):
    """Every command as it is typed, groups included."""
    yield words
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=command.name)
        for name in command.list_commands(context):
            yield from command_lines(command.get_command(context, name), (*words, name))


ALL = list(command_lines())


@pytest.fixture
def help_of(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(MOST_COLUMNS))

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            run([*words, "--help"])
        assert ended.value.code == 0
        return capsys.readouterr().out

    return call


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_is_as_its_snapshot_has_it_and_fits_a_screen(words, help_of):
    text = help_of(*words)
    path = SNAPSHOTS / f"{'-'.join(words) or 'fc-async'}.txt"
    if os.environ.get("FC_ASYNC_WRITE_SNAPSHOTS") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    assert max(map(len, text.splitlines())) <= MOST_COLUMNS


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_has_an_example_and_says_where_the_common_options_stand(words, help_of):
    text = help_of(*words)
    assert "Example" in text
    assert f"fc-async {' '.join(words)}".rstrip() in text.partition("Example")[2]
    assert ("--account-id" in text) == (words == ())
    assert words == () or "Common options and environment variables: fc-async --help" in text


def test_there_is_no_snapshot_of_a_command_that_is_gone():
    assert {path.stem for path in SNAPSHOTS.glob("*.txt")} == {"-".join(words) or "fc-async" for words in ALL}


def test_the_top_level_tells_of_each_command_what_the_command_tells_of_itself():
    context = click.Context(cli)
    own = {name: cli.get_command(context, name).get_short_help_str(100) for name in COMMANDS}
    assert own == COMMANDS


def test_every_command_takes_the_common_options():
    for words in ALL:
        command, context = cli, click.Context(cli)
        for word in words:
            command = command.get_command(context, word)
        known = {name for option in command.params for name in option.opts}
        assert {"--profile", "--region", "--account-id", "--endpoint", "--internal", "--timeout", "--debug"} <= known
        assert isinstance(command, (FcCommand, click.Group))


@pytest.mark.parametrize("words", [(), ("config",), ("task",)], ids=" ".join)
def test_a_group_without_a_command_shows_its_help_on_stderr_and_exits_2(words, help_of, capsys):
    wanted = help_of(*words)
    with pytest.raises(SystemExit) as ended:
        run(list(words))
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err) == (2, "", wanted)
