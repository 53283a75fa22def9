"""What a plain YAML 1.2 scalar means, and how JavaScript prints a number: Serverless Devs reads and sends both so.

The rules are those of js-yaml's default schema, as facts about single scalars were taken from the tool's own parser:
`yes`, `off`, `y` and `22:30` are text, `010` is ten and `0o10` eight. A date stays the text that was written.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

Scalar = str | int | float | bool | None

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"([-+]?)(?:0b([01]+)|0o([0-7]+)|0x([0-9a-fA-F]+)|([0-9]+))")
_FLOAT = re.compile(r"[-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(?:inf|Inf|INF)")
_NO_NUMBER = (".nan", ".NaN", ".NAN")
_EXACT = 2**53
_MOST_DIGITS = 1000
"""A longer number is infinite or zero to JavaScript anyway, and would cost Python a long time."""


def plain_scalar(text: str) -> Scalar:
    """Return what a scalar without quotes means.

    Args:
        text: as it stands in the file, without the blanks around it.
    """
    if text in _WORDS:
        return _WORDS[text]
    number = _number(text) if len(text) <= _MOST_DIGITS else None
    return text if number is None else as_number(number)


def _number(text: str) -> int | float | None:
    if found := _INTEGER.fullmatch(text):
        sign, *digits = found.groups()
        value = next(int(part, base) for part, base in zip(digits, (2, 8, 16, 10), strict=True) if part is not None)
        return -value if sign == "-" else value
    if _FLOAT.fullmatch(text):
        return float(text)
    if found := _INFINITE.fullmatch(text):
        return -math.inf if found[1] == "-" else math.inf
    return math.nan if text in _NO_NUMBER else None


def as_number(value: int | float) -> int | float:
    """Return a number as JavaScript holds it, as a double; one that is whole and exact is an int.

    Args:
        value: any number; an int beyond a double's range becomes infinite.
    """
    try:
        double = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return int(double) if double.is_integer() and abs(double) <= _EXACT else double


def shown(value: str | int | float | bool) -> str:
    """Return a scalar as text, a number or boolean as JavaScript prints it (`1.0` is `1`, `1e3` is `1000`)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _shown_float(value)
    return str(value)


def _shown_float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    sign, digit_tuple, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, digit_tuple)).rstrip("0") or "0"
    point = len(digit_tuple) + int(exponent)  # where the decimal point stands, counted from the first digit
    return ("-" if sign else "") + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Source: ECMA-262, Number::toString."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{point - 1:+d}"
