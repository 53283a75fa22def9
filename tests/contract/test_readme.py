"""Every ```python block of README.md runs against the local service: those of a section in order, in one namespace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alibabacloud_fc20230330.client import Client

from fc_async import QueueClient
from fc_async.local.server import LocalServer
from tests.contract.fc_sdk import create_function

README = Path(__file__).parents[2] / "README.md"


def sections(text: str) -> list[tuple[str, list[str]]]:
    """The `##` sections that have python blocks: title and blocks."""
    parts = re.split(r"^## +(.+)$", text, flags=re.MULTILINE)
    titled = [("the beginning", parts[0]), *zip(parts[1::2], parts[2::2], strict=True)]
    found = [(title, re.findall(r"^```python\n(.*?)^```", body, re.MULTILINE | re.DOTALL)) for title, body in titled]
    return [(title, blocks) for title, blocks in found if blocks]


@pytest.mark.parametrize(("title", "blocks"), [pytest.param(*one, id=one[0]) for one in sections(README.read_text())])
def test_the_snippets_of_a_section_run_in_order(
    title: str, blocks: list[str], local: LocalServer, fc: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)
    create_function(fc, "main", "def handler(event, context):\n    return event\n")
    QueueClient("dead").create(message_retention_period=7 * 24 * 3600)
    QueueClient("dead").send("no record")
    namespace: dict[str, object] = {"__name__": "readme"}
    for block in blocks:
        exec(compile(block, f"README.md, {title}", "exec"), namespace)  # noqa: S102 - our own README
