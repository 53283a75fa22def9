"""The checksum of a code package, as Function Compute answers it: CRC-64/XZ, in decimal.

Source: GetFunction's codeChecksum; Go's `crc64.ECMA`, with which devsapp/fc3 compares it. A byte at a time, Python
takes many seconds for the largest package. So the package is folded first: polynomials over GF(2) add by XOR, which
Python does for large numbers at once, and the front half of a package counts as much as its product with x^(bits behind
it), a polynomial of 64 bits, modulo the CRC's.
"""

from __future__ import annotations

_POLYNOMIAL = 0xC96C5795D7870F42
"""ECMA-182, bit-reversed: the lowest bit stands for x^63, as in all numbers here."""

_MASK = (1 << 64) - 1
_SHORT_BYTES = 4096
"""So few are read a byte at a time."""

_PIECE_BYTES = 1 << 20
"""A package is read in pieces, because folding takes some times the memory of what it folds."""


def _table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _table()


def code_checksum(package: bytes) -> str:
    """Return the checksum of a package.

    Args:
        package: the zip.
    """
    value = _MASK
    for start in range(0, len(package), _PIECE_BYTES):
        value = _crc_of_piece(package[start : start + _PIECE_BYTES], value)
    return str(value ^ _MASK)


def _crc_of_piece(piece: bytes, value: int) -> int:
    if len(piece) <= _SHORT_BYTES:
        return _crc(piece, value)
    # To begin with a value is to begin with nothing and the first 8 bytes changed by it.
    first = int.from_bytes(piece[:8], "little") ^ value
    return _crc(_folded(first.to_bytes(8, "little") + piece[8:]), 0)


def _crc(data: bytes, value: int) -> int:
    table = _TABLE
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value


def _folded(data: bytes) -> bytes:
    """Return shorter data of the same remainder."""
    while len(data) > _SHORT_BYTES:
        front_bytes = (len(data) - 8) // 2
        front = int.from_bytes(data[:front_bytes], "little")
        back = data[front_bytes:]
        factor = _power_of_x(8 * len(back))
        # A product of reversed polynomials is one place short; it is as long as the front and 8 bytes.
        product = _times(front, factor) << 1
        shift = 8 * (len(back) - front_bytes - 8)
        data = (int.from_bytes(back, "little") ^ product << shift).to_bytes(len(back), "little")
    return data


def _times(large: int, factor: int) -> int:
    product = 0
    for place in range(64):
        if factor >> place & 1:
            product ^= large << place
    return product


def _power_of_x(exponent: int) -> int:
    """Return x^exponent modulo the polynomial."""
    result, square = 1 << 63, 1 << 62  # x^0 and x^1
    while exponent:
        if exponent & 1:
            result = _times_modulo(result, square)
        square = _times_modulo(square, square)
        exponent >>= 1
    return result


def _times_modulo(one: int, other: int) -> int:
    product = 0
    for place in range(63, -1, -1):  # from x^0 up; `other` grows by x each time
        if one >> place & 1:
            product ^= other
        other = other >> 1 ^ (_POLYNOMIAL if other & 1 else 0)
    return product
