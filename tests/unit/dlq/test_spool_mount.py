"""What a spool lies on: a warning where the only copy of letters should not be."""

from pathlib import Path

import pytest

from fc_async.dlq.spool_mount import kind_of, warning_of

MOUNTS = """\
overlay / overlay rw,relatime 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/sda1 /data ext4 rw 0 0
/dev/sdb1 /with\\040space xfs rw 0 0
tmpfs /over tmpfs rw 0 0
/dev/sdc1 /over ext4 rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/a.spool", "overlay"),
        ("/dev/shm/a.spool", "tmpfs"),  # noqa: S108 - nothing is written there
        ("/data/a/b.spool", "ext4"),
        ("/database/b.spool", "overlay"),
        ("/with space/b.spool", "xfs"),
        ("/over/b.spool", "ext4"),
    ],
)
def test_the_innermost_and_last_mount_of_a_path_counts(path: str, kind: str) -> None:
    assert kind_of(Path(path), MOUNTS) == kind


def test_memory_and_a_containers_layer_are_warned_of(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    for kind, said in (("tmpfs", "in memory"), ("overlay", "container's own layer")):
        mounts.write_text(f"x / {kind} rw 0 0\n")
        assert said in str(warning_of(Path("/a.spool"), mounts))
    mounts.write_text("x / ext4 rw 0 0\n")
    assert warning_of(Path("/a.spool"), mounts) is None
    assert warning_of(Path("/a.spool"), tmp_path / "none") is None
