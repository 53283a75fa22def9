"""Engine, mailbox and catalog are told the time and do nothing but reckon: no file of theirs can wait, read or send."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import fc_async

LOCAL = Path(fc_async.__file__).parent / "local"
ROOMS = ("engine", "mailbox", "catalog")
FILES = sorted(path for room in ROOMS for path in (LOCAL / room).glob("*.py"))


def loaded_by(*modules: str) -> set[str]:
    imports = "".join(f"import {module}\n" for module in modules)
    code = f"import json, sys\n{imports}print(json.dumps([*sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
    return set(json.loads(ran.stdout))


def test_they_load_neither_an_event_loop_nor_a_network() -> None:
    modules = [f"fc_async.local.{path.parent.name}.{path.stem}" for path in FILES if path.stem != "__init__"]
    assert len(modules) > 20
    assert {"asyncio", "aiohttp", "requests", "pydantic"} & loaded_by(*modules) == set()


def test_none_of_them_reads_the_time() -> None:
    imported = {
        name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert {"dataclasses", "heapq"} <= imported
    assert {"time", "datetime", "asyncio", "aiohttp", "socket", "threading", "subprocess"} & imported == set()
