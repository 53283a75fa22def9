"""PyYAML's scanner, brought from YAML 1.1 to 1.2 where people's files show the difference.

Between tokens PyYAML knows blanks alone. In YAML 1.2 a tab separates too: before a comment, after a colon, at a line's
end; only the indentation of a line may hold none. A plain scalar in `[...]` or `{...}` may hold a question mark.
U+0085, U+2028 and U+2029 end a line in 1.1, and are characters like others in 1.2.
"""

from __future__ import annotations

from typing import Any

from yaml.reader import Reader
from yaml.scanner import Scanner

_OLD_BREAKS = "\x85\u2028\u2029"
_BREAKS = "\r\n"
_ENDS = "\0" + _BREAKS
_BLANKS = " \t"


def without_old_breaks(text: str) -> tuple[str, dict[int, str]]:
    """Put characters that the text does not have in the place of those that end a line in YAML 1.1 alone.

    Returns:
        The text, of the same length, and what str.translate takes them back with.
    """
    unused = (code for code in range(0xE000, 0xF900) if chr(code) not in text)
    back = {code: old for old, code in zip(_OLD_BREAKS, unused) if old in text}  # noqa: B905 - there are more of them
    return text.translate({ord(old): code for code, old in back.items()}), back


class Yaml12Scanner(Reader, Scanner):
    """Reads characters and scans tokens; the names of its methods are PyYAML's."""

    def scan_to_next_token(self) -> None:
        """Pass over blanks, tabs where they may stand, comments and line breaks."""
        if self.index == 0 and self.peek() == "\ufeff":
            self.forward()
        while True:
            self._pass_blanks(is_indentation=self.column == 0 and not self.flow_level)
            if self.peek() == "#":
                while self.peek() not in _ENDS:
                    self.forward()
            if not self.scan_line_break():  # type: ignore[no-untyped-call]
                return
            if not self.flow_level:
                self.allow_simple_key = True

    def _pass_blanks(self, *, is_indentation: bool) -> None:
        while self.peek() == " ":
            self.forward()
        length = 0
        while self.peek(length) in _BLANKS:
            length += 1
        if length and (not is_indentation or self.peek(length) in _ENDS + "#"):
            self.forward(length)  # a tab that indents something is left, and is refused as the next token

    def scan_plain_spaces(self, indent: int, start_mark: Any) -> Any:
        """Pass over what separates the words of a plain scalar; return what stands for it in the value."""
        length = 0
        while self.peek(length) in _BLANKS:
            length += 1
        blanks = self.prefix(length)
        if "\t" not in blanks:
            return super().scan_plain_spaces(indent, start_mark)
        self.forward(length)
        if self.peek() in _BREAKS:
            return super().scan_plain_spaces(indent, start_mark)
        return [blanks]

    def scan_plain(self) -> Any:
        """Scan a plain scalar; in `[...]` and `{...}` a question mark belongs to it."""
        token = super().scan_plain()
        while self.flow_level and self.peek() == "?" and token.end_mark.index == self.index:
            self.forward()
            rest = super().scan_plain()
            token.value += "?" + rest.value
            token.end_mark = rest.end_mark
        return token
