"""The file of profiles is read no further than such a file is long."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fc_async.errors import SettingsError
from fc_async.settings.profiles import MAX_FILE_BYTES, current_profile, named_profile, profile_file

PROFILES = json.dumps({"current": "a", "profiles": [{"name": "a", "mode": "AK"}]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = profile_file(tmp_path)
    path.parent.mkdir()
    return path


@pytest.mark.parametrize("is_endless", [True, False])
def test_a_file_of_profiles_without_an_end_or_too_long_is_refused(tmp_path: Path, path: Path, is_endless: bool) -> None:
    if is_endless:
        path.symlink_to("/dev/zero")
    else:
        path.write_text(PROFILES + " " * MAX_FILE_BYTES)
    for read in (lambda: named_profile(tmp_path, "a"), lambda: current_profile(tmp_path)):
        with pytest.raises(SettingsError, match=rf"could not read one \(over {MAX_FILE_BYTES} bytes\)"):
            read()


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path, path: Path) -> None:
    path.write_text("\ufeff" + PROFILES.ljust(MAX_FILE_BYTES - 3), encoding="utf-8")
    assert named_profile(tmp_path, "a").text("mode") == "AK"


def test_without_a_home_nothing_is_found_and_nothing_fails() -> None:
    """In a process of its own, whose user has no entry anywhere, as in a container that is started with any number."""
    code = (
        "import os; os.getuid = lambda: 2**31 - 7\n"
        "from fc_async.settings.profiles import current_profile, home_folder\n"
        "print(home_folder(), current_profile(home_folder()))"
    )
    variables = {name: value for name, value in os.environ.items() if name != "HOME"}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("~ None\n", "")
