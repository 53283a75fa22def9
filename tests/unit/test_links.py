"""Every link of the READMEs, of docs/ and of the example leads to something: a file, and a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in TEXTS]


def links(text: str) -> list[str]:
    """Return where links and pictures lead that stay in the repository."""
    words = re.sub(r"`[^`\n]+`", "code", without_code(text))
    found = re.findall(r"\]\(([^)\s]+)\)", words)
    return [link for link in found if not re.match(r"[a-z]+:", link)]


def without_code(text: str) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> list[str]:
    """Return the names that GitHub gives to the headings of a file."""
    heads = re.findall(r"^#+ (.+)$", without_code(path.read_text(encoding="utf-8")), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads]


def leads(name: str, link: str) -> bool:
    """Whether a link of this file leads to something."""
    file, _, anchor = link.partition("#")
    target = (ROOT / name).parent / file if file else ROOT / name
    return target.exists() and (not anchor or anchor in anchors(target))


def test_the_reader_of_this_test_finds_links_pictures_and_anchors() -> None:
    found = [link for path in TEXTS for link in links(path.read_text(encoding="utf-8"))]
    assert "docs/flow.svg" in found
    assert any("#" in link for link in found)
    assert not leads("README.md", "docs/guide/absent.md")
    assert not leads("README.md", "README.md#absent")


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_to_something(name: str) -> None:
    found = links((ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in found if not leads(name, link)] == []


def test_every_page_of_docs_is_reached_from_the_readme() -> None:
    reached, ahead = set(), ["README.md"]
    while ahead:
        name = ahead.pop()
        reached.add(name)
        text = (ROOT / name).read_text(encoding="utf-8")
        for link in links(text):
            target = ((ROOT / name).parent / link.partition("#")[0]).resolve()
            one = str(target.relative_to(ROOT.resolve()))
            if one.endswith(".md") and one not in reached and target.exists():
                ahead.append(one)
    assert [name for name in NAMES if name.startswith("docs/") and name not in reached] == []
