"""The file of profiles is read no further than such a file is long."""

from __future__ import annotations

import json
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
