"""Where spools lie: under the state folder that the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from fc_async import SpoolError
from fc_async.dlq.spool_place import spools_folder


def test_the_state_folder_counts_where_it_is_a_whole_path_and_the_home_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/one")
    assert spools_folder({"XDG_STATE_HOME": "/state"}) == Path("/state/fc-async/spools")
    for environ in ({}, {"XDG_STATE_HOME": ""}, {"XDG_STATE_HOME": "state"}):
        assert spools_folder(environ) == Path("/home/one/.local/state/fc-async/spools")


def test_without_a_home_the_variable_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose user stands in no /etc/passwd, where `~` stays what it is."""
    monkeypatch.setenv("HOME", "~")
    with pytest.raises(SpoolError, match="XDG_STATE_HOME names a place"):
        spools_folder({})
