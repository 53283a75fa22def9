"""The Chinese README says what the English one says: section by section, the same code, tables, words and links."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"


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


@pytest.fixture(scope="module")
def english() -> list[Section]:
    return sections(ENGLISH)


@pytest.fixture(scope="module")
def chinese() -> list[Section]:
    return sections(CHINESE)


def test_the_reader_of_these_tests_finds_what_it_compares(english: list[Section]) -> None:
    assert len(english) > 10
    assert any(len(section.tables) == 3 for section in english)
    for what in ("code", "tables", "words", "links"):
        assert sum(bool(getattr(section, what)) for section in english) > 2, what


def test_each_begins_with_the_name_and_a_link_to_the_other() -> None:
    begins = {name: (ROOT / name).read_text(encoding="utf-8").split("\n")[:4] for name in (ENGLISH, CHINESE)}
    assert begins == {
        ENGLISH: ["# fc_async", "", f"[中文]({CHINESE})", ""],
        CHINESE: ["# fc_async", "", f"[English]({ENGLISH})", ""],
    }


def test_the_same_headings_in_number_level_and_order(english: list[Section], chinese: list[Section]) -> None:
    assert [section.level for section in chinese] == [section.level for section in english]
    assert all(re.search(r"[\u4e00-\u9fff]", section.title) for section in chinese[1:])


def test_the_same_code_blocks_byte_for_byte(english: list[Section], chinese: list[Section]) -> None:
    assert [section.code for section in chinese] == [section.code for section in english]


def test_the_same_table_rows_and_columns_in_each_section(english: list[Section], chinese: list[Section]) -> None:
    for one, other in zip(english, chinese, strict=True):
        assert other.tables == one.tables, f"{one.title} / {other.title}"


def test_the_same_words_in_backticks_in_each_section(english: list[Section], chinese: list[Section]) -> None:
    for one, other in zip(english, chinese, strict=True):
        missing, extra = one.words - other.words, other.words - one.words
        assert (missing, extra) == (Counter(), Counter()), f"{one.title} / {other.title}"


def test_the_same_links_in_each_section(english: list[Section], chinese: list[Section]) -> None:
    other_language = {CHINESE: ENGLISH}
    for one, other in zip(english, chinese, strict=True):
        expected = [other_language.get(link, link) for link in one.links]
        assert sorted(other.links) == sorted(expected), f"{one.title} / {other.title}"


@pytest.mark.parametrize("name", [ENGLISH, CHINESE])
def test_every_relative_link_leads_to_something(name: str) -> None:
    links = [link for section in sections(name) for link in section.links]
    relative = [link for link in links if not re.match(r"[a-z]+:|#", link)]
    assert relative
    assert [link for link in relative if not (ROOT / link.partition("#")[0]).exists()] == []
