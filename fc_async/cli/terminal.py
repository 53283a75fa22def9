"""What may reach a terminal: text from outside is stripped of what a terminal would obey."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, and the marks that reorder text (a record is untrusted: design, decision 11).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_UNSAFE_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str, *, keep_lines: bool = False, max_characters: int | None = None) -> str:
    r"""Return text with every control character written out as an escape (`\x1b`), cut to a length if one is given.

    Args:
        text: anything from outside.
        keep_lines: leave line feeds and tabs as they are.
        max_characters: longest result; a cut one ends in "…". None: no limit.
    """
    unsafe = _UNSAFE_IN_LINES if keep_lines else _UNSAFE
    shown = unsafe.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    if max_characters is not None and len(shown) > max_characters:
        return shown[: max_characters - 1] + "…"
    return shown
