"""Files that each show one thing people write, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fc_async import DocumentError
from fc_async.deploy.s_yaml import read_document

GOLDEN = Path(__file__).parents[2] / "golden" / "s_yaml"
CASES = sorted(path.parent for path in GOLDEN.glob("*/s.yaml"))
ENVIRONMENT = {"STAGE": "from-here", "HOME": "/home/me"}


def read(folder: Path) -> dict[str, Any]:
    """What is read, as expected.json has it: paths relative to the file, what has its default left out."""
    try:
        document = read_document(folder / "s.yaml", ENVIRONMENT, region="cn-hangzhou", account_id="1234567890123456")
    except DocumentError as error:
        return {"error": str(error).replace(f"{folder}/", "")}
    functions = []
    for function in document.functions:
        told = function.model_dump(by_alias=True, exclude_defaults=True)
        told["code"] = str(function.code_dir.relative_to(GOLDEN.resolve()))
        if function.async_config is not None:
            told["async_config"] = function.async_config.to_wire()
        functions.append(told)
    return {"functions": functions, "notes": [note.replace(f"{folder}/", "") for note in document.notes]}


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_file_is_read_as_people_mean_it(folder: Path) -> None:
    assert read(folder) == json.loads((folder / "expected.json").read_text())


def test_there_are_files_enough() -> None:
    assert len(CASES) >= 10
