"""What is loaded when: a handler's half stays light, and everything else waits until it is asked for.

Which room may import which stands in `pyproject.toml`, as contracts of import-linter; here a fresh process counts.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fc_async"

GROUND = ["errors", "value", "arn"]
IN_A_HANDLER = [*GROUND, *(f"records.{path.stem}" for path in sorted((PACKAGE / "records").glob("[a-z]*.py")))]
"""What runs inside functions."""

ALLOWED = ["json", "re", "base64", "binascii", "functools", "datetime", "collections.abc", "importlib", "__future__"]
"""What they may load of the standard library at import, with what these load themselves."""

LATER = {"typing", "dataclasses", "inspect", "logging", "xml", "pydantic", "asyncio", "email"}
"""What costs too much at cold start, and is loaded on first use."""

ON_FIRST_USE = ["records.pydantic_bridge", "records.notification_xml"]
"""The files of a handler's half that only some records need; the first of them is the one that knows pydantic."""

HEAVY = ["pydantic", "aiohttp", "asyncio", "rich", "yaml", "requests", "mns", "alibabacloud_fc20230330"]
"""The libraries that commands need, and `--help` does not."""

ROOMS = 18
"""Most folders and files at the top of the package."""


def test_the_package_has_few_enough_rooms_to_be_seen_at_a_look():
    rooms = [path for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    assert len([path for path in rooms if path.name != "__init__.py"]) <= ROOMS


def test_packages_are_empty_but_those_that_name_lazily():
    full = {str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("__init__.py") if path.read_text()}
    assert full <= {".", "local", "testing"}


def test_no_file_is_longer_than_400_lines():
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_only_the_clock_and_the_worker_read_time_in_the_local_service():
    readers = {
        str(path.relative_to(PACKAGE / "local"))
        for path in (PACKAGE / "local").rglob("*.py")
        if re.search(r"^\s*(import|from) (time|datetime)\b", path.read_text(), re.MULTILINE)
    }
    assert readers <= {"system_clock.py", "times.py", "workers/worker.py", "up/log.py"}


def test_the_command_line_starts_without_the_libraries_that_commands_need():
    loaded = f"import sys, fc_async.cli.root; print(sorted(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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
    assert loaded & {*LATER, *ON_FIRST_USE, "config"} == set()


LOADED_AT_IMPORT = [name for name in IN_A_HANDLER if name not in ON_FIRST_USE]


@pytest.mark.parametrize("name", LOADED_AT_IMPORT)
def test_files_above_the_line_load_the_standard_library_only(name: str) -> None:
    loaded = loaded_by(f"import fc_async.{name}")
    foreign = {module.partition(".")[0] for module in loaded} - set(sys.stdlib_module_names) - {"fc_async", "__main__"}
    assert foreign == set()
    assert {module for module in loaded if module.startswith("fc_async.")} <= {
        *(f"fc_async.{one}" for one in LOADED_AT_IMPORT),
        "fc_async.records",
    }


def test_importing_the_package_loads_none_of_its_files() -> None:
    assert {name for name in loaded_by("import fc_async") if name.startswith("fc_async.")} == set()


def test_the_checks_of_what_callers_pass_cost_next_to_nothing_to_load() -> None:
    extra = loaded_by("import fc_async.checks") - loaded_by("import re, datetime")
    assert extra <= {"fc_async", "fc_async.checks", "fc_async.errors", "fc_async.value", "__future__"}
