"""The rooms and the arrows between them: a file imports only files above it, and a handler's half stays light.

A new file takes its place in a list below. Imports under TYPE_CHECKING are not counted; `__init__` files load lazily.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fc_async"

IN_A_HANDLER = [
    "errors",
    "value",
    "arn",
    "strict_json",
    "notification_xml",
    "record_json",
    "envelope",
    "error_detail",
    "typed",
    "record",
    "handler",
]
"""What runs inside functions: the standard library only (`typed` loads pydantic, when a model is asked for)."""

ALLOWED = ["json", "re", "base64", "binascii", "functools", "datetime", "collections.abc", "importlib", "__future__"]
"""What they may load of it at import, with what these load themselves."""

LATER = {"typing", "dataclasses", "inspect", "logging", "xml", "pydantic", "asyncio", "email", "typed", "config"}
"""What costs too much at cold start, and is loaded on first use."""

CLIENT = [
    "config",
    "duration",
    "names",
    "setting",
    "endpoint",
    "profiles",
    "credentials",
    "settings",
    "request_log",
    "wire",
    "transport",
    "repeat",
    "account",
    "payload",
    "invocation",
    "invoke_many",
    "tasks",
    "replace",
    "caller",
    "config_calls",
    "task_calls",
    "invoke_calls",
    "functions",
    "mns_answer",
    "queues",
    "dlq.letter",
    "dlq.look",
    "dlq.redrive",
    "deploy.document",
]

LOCAL = [
    "clock",
    "ids",
    "limits",
    "assumptions",
    "wire_time",
    "log_format",
    "stderr_log",
    "function",
    "fc_errors",
    "page",
    "destination_record",
    "task_book",
    "invocation",
    "due_records",
    "history",
    "engine",
    "mns_errors",
    "mns_limits",
    "mns_xml",
    "message",
    "queue_attributes",
    "receipt_handle",
    "queue",
    "mailbox",
    "worker",
    "resident_memory",
    "worker_process",
    "signature",
    "handler_environment",
    "code_folder",
    "said_once",
    "runner",
    "delivery",
    "versions",
    "aliases",
    "function_catalog",
    "async_configs",
    "control_plane",
    "dispatcher",
    "scratch",
    "uploaded_code",
    "code_package",
    "request_body",
    "function_body",
    "guard",
    "fc_invoke",
    "async_tasks",
    "fc_routes",
    "raw_target",
    "long_poll",
    "mns_documents",
    "http_server",
    "mns_routes",
    "descriptors",
    "listener",
    "local_routes",
    "gateway",
    "server",
    "status",
]

COMMANDS = [
    "terminal",
    "output",
    "arguments",
    "options",
    "config_view",
    "config_change",
    "config_warnings",
    "config_gaps",
    "config",
    "task_view",
    "task",
    "invoke",
    "dlq",
    "local",
    "record",
    "whoami_key",
    "whoami",
    "completion",
    "root",
]

ORDER = [*IN_A_HANDLER, *CLIENT, *(f"local.{name}" for name in LOCAL), *(f"cli.{name}" for name in COMMANDS)]

LOCAL_MAY_IMPORT = {"errors", "arn", "config"}
"""The local service writes its own wire, so that a wrong codec cannot agree with itself."""


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.name != "__init__.py":
            yield ".".join(path.relative_to(PACKAGE).with_suffix("").parts), path


def imports_of(name, path):
    """Return the files of fc_async that a file imports, by name, and the other packages that it imports."""
    tree = ast.parse(path.read_text())
    counted = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped = {id(inner) for statement in node.body for inner in ast.walk(statement)}
            counted = [found for found in counted if id(found) not in skipped]
    ours, others = set(), set()
    for node in counted:
        if isinstance(node, ast.Import):
            others.update(alias.name.partition(".")[0] for alias in node.names)
        elif not node.level:
            others.add(node.module.partition(".")[0])
        else:
            base = name.split(".")[: -node.level]
            base += node.module.split(".") if node.module else []
            ours.update(named(base, alias.name) for alias in node.names)
    return ours - {None}, others


def named(base, name):
    """Return the file that `from base import name` loads; None for the package's own `__init__`."""
    for parts in ([*base, name], base):
        if PACKAGE.joinpath(*parts).with_suffix(".py").exists() and parts:
            return ".".join(parts)
    return None


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda value: str(value).rpartition("/")[2])
def test_a_file_imports_only_files_above_it(name, path):
    assert name in ORDER, f"{name} has no place in the order: give it one"
    ours, others = imports_of(name, path)
    below = {found for found in ours if ORDER.index(found) >= ORDER.index(name)}
    assert not below, f"{name} imports what is not above it: {sorted(below)}"
    if name.startswith("local."):
        foreign = {found for found in ours if not found.startswith("local.")} - LOCAL_MAY_IMPORT
        assert not foreign, f"{name} imports {sorted(foreign)}: the local service writes its own wire"
    if name in IN_A_HANDLER and name != "typed":
        assert others <= sys.stdlib_module_names, f"{name} imports {sorted(others - sys.stdlib_module_names)}"


def test_the_order_names_no_file_that_is_gone():
    assert set(ORDER) == {name for name, _ in modules()}


def test_only_the_clock_and_the_worker_read_time_in_the_local_service():
    readers = {
        path.name
        for path in (PACKAGE / "local").glob("*.py")
        if {"time", "datetime"} & imports_of(f"local.{path.stem}", path)[1]
    }
    assert readers <= {"clock.py", "worker.py", "wire_time.py", "log_format.py"}


def test_the_command_line_starts_without_the_libraries_that_commands_need():
    heavy = ["pydantic", "aiohttp", "asyncio", "rich", "yaml", "requests", "mns", "alibabacloud_fc20230330"]
    loaded = f"import sys, fc_async.cli.root; print(sorted(set({heavy}) & set(sys.modules)))"
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
    assert loaded & LATER == set()


LOADED_AT_IMPORT = [name for name in IN_A_HANDLER if name not in ("typed", "notification_xml")]


@pytest.mark.parametrize("name", LOADED_AT_IMPORT)
def test_files_above_the_line_load_the_standard_library_only(name: str) -> None:
    loaded = loaded_by(f"import fc_async.{name}")
    foreign = {module.partition(".")[0] for module in loaded} - set(sys.stdlib_module_names) - {"fc_async", "__main__"}
    assert foreign == set()
    assert {module for module in loaded if module.startswith("fc_async.")} <= {
        f"fc_async.{one}" for one in LOADED_AT_IMPORT
    }


def test_importing_the_package_loads_none_of_its_files() -> None:
    assert {name for name in loaded_by("import fc_async") if name.startswith("fc_async.")} == set()


def test_the_names_and_statuses_of_the_service_cost_nothing_to_load() -> None:
    extra = loaded_by("import fc_async.names") - loaded_by("import re")
    assert extra <= {"fc_async", "fc_async.names", "__future__"}
    assert {name for name in loaded_by("import fc_async.payload") if name.partition(".")[0] == "fc_async"} == {
        "fc_async",
        *(f"fc_async.{name}" for name in ("payload", "duration", "errors", "names")),
    }
