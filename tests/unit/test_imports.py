"""What may load what: the order of the files, and what a handler pays for at cold start."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fc_async"

# A file imports only files above it in this list (design.md, "The rooms"); a folder stands for all its files, which
# may import each other unless it has a list of its own in ORDER_WITHIN. A new file takes its place here.
ORDER = [
    "errors",
    "value",
    "arn",
    "strict_json",
    "notification_xml",
    "envelope",
    "error_detail",
    "typed",
    "record_json",
    "record",
    "handler",
    "config",
    "notification",
    "settings",
    "transport",
    "functions",
    "queues",
    "consumer",
    "dlq",
    "deploy",
    "local",
    "testing",
    "cli",
]
ORDER_WITHIN: dict[str, list[str]] = {}

# These folders import from fc_async only what is named here, whatever stands above them.
ONLY = {"local": {"errors", "arn", "config"}}

# Above the line of design.md: standard library only. What these modules load themselves is allowed too.
ABOVE_THE_LINE = [
    "errors",
    "value",
    "arn",
    "strict_json",
    "envelope",
    "error_detail",
    "record_json",
    "record",
    "handler",
]
ALLOWED = ["json", "re", "base64", "binascii", "functools", "datetime", "collections.abc", "importlib", "__future__"]
LATER = {"typing", "dataclasses", "inspect", "logging", "xml", "pydantic", "asyncio", "email", "typed", "config"}


def rooms(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


def imports(path: Path) -> set[tuple[str, ...]]:
    """The files of fc_async that this one imports at run time, as parts: ("local", "clock")."""
    found: set[tuple[str, ...]] = set()
    package = ["fc_async", *rooms(path)[:-1]]
    for node in runtime_nodes(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            found |= {(*module, alias.name) for alias in node.names}
    return {file_of(name[1:]) for name in found if name[:1] == ("fc_async",) and name[1:]}


def file_of(name: tuple[str, ...]) -> tuple[str, ...]:
    while name and not ((PACKAGE.joinpath(*name)).with_suffix(".py").exists() or PACKAGE.joinpath(*name).is_dir()):
        name = name[:-1]
    return name


def runtime_nodes(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and "not " not in ast.unparse(node.test):
        return [found for part in node.orelse for found in runtime_nodes(part)]
    return [node, *[found for part in ast.iter_child_nodes(node) for found in runtime_nodes(part)]]


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: ".".join(rooms(path)))
def test_a_file_imports_only_files_above_it(path: Path) -> None:
    room, *within = rooms(path)
    assert room in ORDER, f"{path.name} has no place in ORDER yet"
    above = set(ORDER[: ORDER.index(room)])
    for target in imports(path):
        if not target:
            continue  # the package itself: its version
        if target[0] != room:
            assert target[0] in ONLY.get(room, above), f"{path.name} imports {'.'.join(target)}"
        elif room in ORDER_WITHIN and within and len(target) > 1:
            order = ORDER_WITHIN[room]
            assert within[0] in order, f"{path.name} has no place in ORDER_WITHIN yet"
            assert target[1] in order[: order.index(within[0])], f"{path.name} imports {'.'.join(target)}"


def loaded_by(code: str) -> set[str]:
    """The names of the modules that a fresh interpreter holds after running this code."""
    start, end = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r})", "print(*sorted(sys.modules))"
    program = "\n".join([start, code, end])
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


RECORD = (
    '{"timestamp": 1, "requestContext": {"requestId": "r", "functionArn": "acs:fc:::functions/f", "condition": "x"}}'
)
HANDLER = f"""
import fc_async
@fc_async.on_failure
def handler(record, context):
    return record.error.type
assert handler({RECORD.encode()!r}, None) == "x"
"""


def test_a_handler_loads_nothing_but_a_little_of_the_standard_library() -> None:
    allowed = loaded_by("\n".join(f"import {name}" for name in ALLOWED))
    extra = {name for name in loaded_by(HANDLER) - allowed if name.partition(".")[0] != "fc_async"}
    assert extra == set()


def test_what_is_costly_is_loaded_on_first_use_only() -> None:
    loaded = {name.removeprefix("fc_async.") for name in loaded_by(HANDLER)}
    assert loaded & LATER == set()


@pytest.mark.parametrize("name", ABOVE_THE_LINE)
def test_files_above_the_line_load_the_standard_library_only(name: str) -> None:
    loaded = loaded_by(f"import fc_async.{name}")
    foreign = {module.partition(".")[0] for module in loaded} - set(sys.stdlib_module_names) - {"fc_async", "__main__"}
    assert foreign == set()
    assert {module for module in loaded if module.startswith("fc_async.")} <= {
        f"fc_async.{one}" for one in ABOVE_THE_LINE
    }


def test_importing_the_package_loads_none_of_its_files() -> None:
    assert {name for name in loaded_by("import fc_async") if name.startswith("fc_async.")} == set()
