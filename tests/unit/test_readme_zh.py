"""The Chinese README and guide say what the English ones say: by sections, the same code, tables, words and links."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
GUIDE, GUIDE_ZH = "docs/guide/", "docs/zh-CN/"
PAGES = sorted(path.name for path in (ROOT / GUIDE).iterdir())
PAIRS = {ENGLISH: CHINESE, **{GUIDE + page: GUIDE_ZH + page for page in PAGES}}


@dataclass
class Section:
    """A heading and what stands below it, up to the next heading of any level."""

    level: int
    title: str
    prose: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    @property
    def tables(self) -> list[list[int]]:
        """For each table its rows, as their numbers of columns."""
        tables: list[list[int]] = []
        inside = False
        for line in self.prose:
            row = line.startswith("|")
            if row and not inside:
                tables.append([])
            if row:
                tables[-1].append(len(re.findall(r"(?<!\\)\|", line)) - 1)
            inside = row
        return tables

    @property
    def words(self) -> Counter[str]:
        """What stands between backticks, and how often."""
        return Counter(re.findall(r"`([^`]+)`", "\n".join(self.prose)))

    @property
    def links(self) -> list[str]:
        """Where its links lead, in order."""
        return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]+`", "code", "\n".join(self.prose)))


def sections(name: str) -> list[Section]:
    found: list[Section] = []
    block: list[str] | None = None
    for line in (ROOT / name).read_bytes().decode().split("\n"):
        if block is not None:
            block.append(line)
            if line == "```":
                found[-1].code.append("\n".join(block))
                block = None
        elif line.startswith("```"):
            block = [line]
        elif heading := re.match(r"(#+) (.+)", line):
            found.append(Section(len(heading[1]), heading[2]))
        else:
            found[-1].prose.append(line)
    assert block is None, f"{name}: a code block has no end"
    return found


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[list[Section], list[Section]]:
    """The sections of an English text, and those of its Chinese one."""
    return sections(request.param), sections(PAIRS[request.param])


def test_the_reader_of_these_tests_finds_what_it_compares() -> None:
    english = [section for name in PAIRS for section in sections(name)]
    assert len(english) > 25
    for what in ("code", "tables", "words", "links"):
        assert sum(bool(getattr(section, what)) for section in english) > (0 if what == "tables" else 9), what


def test_the_guide_has_the_same_pages_in_both_languages() -> None:
    assert sorted(path.name for path in (ROOT / GUIDE_ZH).iterdir()) == PAGES


@pytest.mark.parametrize("name", PAIRS)
def test_each_begins_with_its_name_and_a_link_to_the_other(name: str) -> None:
    up = "" if name == ENGLISH else "../"
    begins = [(ROOT / one).read_text(encoding="utf-8").split("\n")[:4] for one in (name, PAIRS[name])]
    for begin, language, other in zip(begins, ("中文", "English"), (PAIRS[name], name), strict=True):
        assert begin[0].startswith("# ")
        assert begin[1:] == ["", f"[{language}]({up}{other.removeprefix('docs/')})", ""]


def test_the_same_headings_in_number_level_and_order(pair: tuple[list[Section], list[Section]]) -> None:
    english, chinese = pair
    assert [section.level for section in chinese] == [section.level for section in english]
    assert all(re.search(r"[\u4e00-\u9fff]", section.title) for section in chinese[1:])


def test_the_same_code_blocks_byte_for_byte(pair: tuple[list[Section], list[Section]]) -> None:
    english, chinese = pair
    assert [section.code for section in chinese] == [section.code for section in english]


def test_the_same_table_rows_and_columns_in_each_section(pair: tuple[list[Section], list[Section]]) -> None:
    for one, other in zip(*pair, strict=True):
        assert other.tables == one.tables, f"{one.title} / {other.title}"


def test_the_same_words_in_backticks_in_each_section(pair: tuple[list[Section], list[Section]]) -> None:
    for one, other in zip(*pair, strict=True):
        missing, extra = one.words - other.words, other.words - one.words
        assert (missing, extra) == (Counter(), Counter()), f"{one.title} / {other.title}"


def test_the_same_links_in_each_section(pair: tuple[list[Section], list[Section]]) -> None:
    swapped = {CHINESE: ENGLISH, GUIDE_ZH: GUIDE, "../zh-CN/": "../guide/"}
    for one, other in zip(*pair, strict=True):
        links = [other_language(link, swapped) for link in other.links]
        assert sorted(links) == sorted(other_language(link, swapped) for link in one.links), (
            f"{one.title} / {other.title}"
        )


def other_language(link: str, swapped: dict[str, str]) -> str:
    """Return where a link leads in English."""
    return next((link.replace(ours, theirs) for ours, theirs in swapped.items() if link.startswith(ours)), link)
