"""Every ```python block of README.md runs: those of one section in order, in one namespace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"


def sections(text: str) -> list[tuple[str, list[str]]]:
    """The `##` sections that have python blocks: title and blocks."""
    parts = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    titled = [("the beginning", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    found = [(title, re.findall(r"^```python\n(.*?)^```", body, re.MULTILINE | re.DOTALL)) for title, body in titled]
    return [(title, blocks) for title, blocks in found if blocks]


@pytest.mark.parametrize(("title", "blocks"), [pytest.param(*one, id=one[0]) for one in sections(README.read_text())])
def test_the_snippets_of_a_section_run_in_order(
    title: str, blocks: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, f"README.md, {title}", "exec"), namespace)  # noqa: S102 - our own README
