"""The code blocks of the READMEs and of docs/: what each is, where it stands, and what it is said to print.

python    run by a fresh interpreter; where the first line is `# NAME.py`, it is that file, saved and run
sh, bash  run by a fresh shell that stops at the first command that fails
console   after `$ ` what is typed, below it what is shown for it, stderr and stdout as a terminal has them
text      directly below one of the others: what that prints
yaml, json, toml, mermaid  data; where the first line is `# NAME`, it is that file, saved
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = "examples/dlq/README.md"
RUN = ("python", "sh", "bash", "console")
DATA = ("yaml", "json", "toml", "mermaid")

# What differs from run to run, in what is shown and in what came: the same word is put for both. `…` is anything.
VARIES = (
    (r"http://127\.0\.0\.1:\d+", "the local service"),
    (r"\b1-[0-9a-f]{8}-[0-9a-f]{24}\b", "a request id"),
    (r"\b[0-9A-F]{16,32}\b", "a message id"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?", "a time"),
    (r"\b\d\d-\d\d \d\d:\d\d:\d\d\b", "a time"),
    (r"\bin \d+\.\d+s\b", "in some seconds"),
    (r"\b\d{8}T\d{6}Z-\d+", "a time and a process"),
)


@dataclass(frozen=True)
class Block:
    """One block: its language, its text, the line it begins at, and what it prints where that is shown."""

    language: str
    text: str
    line: int
    shown: str | None = None

    @property
    def name(self) -> str | None:
        """The file that it is, where its first line says so."""
        found = re.match(r"# ([\w./-]+\.(?:py|yaml|toml))\n", self.text)
        return found[1] if found else None

    @property
    def typed(self) -> list[tuple[str, str]]:
        """What is typed in a console block, each with what is shown for it."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)
        assert parts[0] == "", f"line {self.line}: a console block begins with `$ `"
        return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts[1:])]


@dataclass(frozen=True)
class Section:
    """What stands under one `##` of a file."""

    file: str
    number: int
    title: str
    blocks: tuple[Block, ...]


def documents() -> list[str]:
    """Return the files whose blocks are run, the English ones: the Chinese have the same blocks."""
    docs = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))
    return ["README.md", *(name for name in docs if "zh-CN" not in name), EXAMPLE]


def sections(file: str) -> list[Section]:
    """Return the sections of a file that hold blocks."""
    text = (ROOT / file).read_text(encoding="utf-8")
    heads = list(re.finditer(r"^## (.+)$", text, re.MULTILINE))
    starts = [0, *(one.start() for one in heads), len(text)]
    titles = ["", *(one[1] for one in heads)]
    found = []
    for number, title in enumerate(titles):
        begin, end = starts[number], starts[number + 1]
        blocks = blocks_of(text[begin:end], text[:begin].count("\n") + 1)
        if blocks:
            found.append(Section(file, number, title, blocks))
    return found


def blocks_of(text: str, first_line: int) -> tuple[Block, ...]:
    """Return the blocks of a part of a file; a `text` block becomes what the one above it shows."""
    found: list[Block] = []
    end = 0
    for one in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", text, re.DOTALL | re.MULTILINE):
        language, body = one[2], textwrap.dedent(one[3])
        line = first_line + text[: one.start()].count("\n")
        if language == "text" and found and not text[end : one.start()].strip():
            last = found.pop()
            found.append(Block(last.language, last.text, last.line, body))
        else:
            found.append(Block(language, body, line))
        end = one.end()
    return tuple(found)


def is_shown(shown: str, out: str) -> bool:
    """Whether this is what is shown, but for what differs from run to run."""
    pattern = ".*".join(re.escape(part) for part in alike(shown).split("…"))
    return re.fullmatch(pattern, alike(out), re.DOTALL) is not None


def alike(text: str) -> str:
    """Return a text with one word for each thing that differs from run to run, and no blanks at the ends of lines."""
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
