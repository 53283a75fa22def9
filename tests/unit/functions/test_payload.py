from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import ArgumentError
from fc_async.functions.payload import payload_bytes


@pytest.mark.parametrize(
    ("payload", "raw"),
    [
        ("héllo", "héllo".encode()),
        ("", b""),
        (b"\xff\x00", b"\xff\x00"),
        (bytearray(b"x"), b"x"),
        (None, None),
        ({"a": [1, None, "é"]}, '{"a":[1,null,"é"]}'.encode()),
        (0, b"0"),
        (False, b"false"),
        ([], b"[]"),
    ],
)
def test_a_payload_becomes_bytes_by_its_kind(payload: Any, raw: bytes | None) -> None:
    assert payload_bytes(payload) == raw


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "event.json").write_bytes(b'{"a": 1}')
    assert payload_bytes(tmp_path / "event.json") == b'{"a": 1}'
    with pytest.raises(ArgumentError, match="No such file"):
        payload_bytes(tmp_path / "gone")


@pytest.mark.parametrize("payload", [object(), {1, 2}, float("nan"), "\ud800", {"a": object()}])
def test_a_payload_that_cannot_be_sent_is_refused(payload: Any) -> None:
    with pytest.raises(ArgumentError):
        payload_bytes(payload)


def test_the_limit_counts_bytes_and_names_the_setting() -> None:
    assert payload_bytes(b"x" * 131072, 131072) == b"x" * 131072
    assert payload_bytes("é" * 2, 4) == "éé".encode()
    assert payload_bytes(b"", 0) == b""
    assert payload_bytes(b"x" * 131073) == b"x" * 131073
    with pytest.raises(ArgumentError, match=r"131073 bytes.*131072.*max_payload_bytes"):
        payload_bytes(b"x" * 131073, 131072)
    with pytest.raises(ArgumentError):
        payload_bytes("é", 1)


@pytest.mark.parametrize("limit", [10, None])
def test_a_file_without_an_end_is_refused_at_the_limit(limit: int | None) -> None:
    count = 11 if limit is not None else 32 * 1024 * 1024 + 1
    with pytest.raises(ArgumentError, match=f"the payload has at least {count} bytes"):
        payload_bytes(Path("/dev/zero"), limit)
