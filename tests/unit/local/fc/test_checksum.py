"""CRC-64/XZ, against the one that liblzma writes into an .xz file."""

from __future__ import annotations

import lzma
from random import Random

import pytest

from fc_async.local.fc.checksum import code_checksum


def of_liblzma(data: bytes) -> str:
    """The check of the only block: the 8 bytes before the index, whose size the last 12 bytes tell."""
    packed = lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_CRC64, preset=0)
    index_bytes = (int.from_bytes(packed[-8:-4], "little") + 1) * 4
    end = len(packed) - 12 - index_bytes
    return str(int.from_bytes(packed[end - 8 : end], "little"))


def test_it_is_what_go_computes() -> None:
    assert code_checksum(b"123456789") == "11051210869376104954"


@pytest.mark.parametrize("count", [1, 7, 8, 9, 4095, 4096, 4097, 8191, 8192, 8193, 100_001, (1 << 20) + 5000])
def test_it_is_the_same_at_every_length(count: int) -> None:
    data = Random(count).randbytes(count)  # noqa: S311
    assert code_checksum(data) == of_liblzma(data)


def test_that_of_nothing_is_zero() -> None:
    assert code_checksum(b"") == "0"
