"""What uploaded code leaves on disk, and its workers among the processes: nothing that nobody refers to."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer
from tests.contract.conftest import OneWorker
from tests.contract.fc_sdk import create_function, error, invoke, publish, refused, request, zipped

WHERE = "import os\ndef handler(event, context): return os.getcwd()\n"
PID = "import os\ndef handler(event, context): return os.getpid()\n"


def update(fc: Client, source: str, **fields: object) -> None:
    code = models.InputCodeLocation(zip_file=zipped({"index.py": source}))
    fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(code=code, **fields)))


def where(fc: Client, qualifier: str | None = None) -> Path:
    return Path(invoke(fc, "main", qualifier=qualifier).body.read().decode())


def test_a_folder_stays_while_a_function_or_version_refers_to_it(fc: Client) -> None:
    create_function(fc, "main", WHERE)
    root = where(fc).parent
    publish(fc, "main")
    update(fc, WHERE)
    assert {where(fc), where(fc, "1")} == set(root.iterdir())
    fc.delete_function_version("main", "1")
    assert [where(fc)] == list(root.iterdir())
    update(fc, WHERE)
    assert [where(fc)] == list(root.iterdir())
    fc.delete_function("main")
    assert list(root.iterdir()) == []


def test_what_is_refused_leaves_no_folder(fc: Client) -> None:
    create_function(fc, "main", WHERE)
    here = where(fc)
    assert refused(lambda: create_function(fc, "main", WHERE)) == (409, "FunctionAlreadyExists")
    assert refused(lambda: update(fc, WHERE, timeout=0)) == (400, "InvalidArgument")
    assert [here] == list(here.parent.iterdir())


def test_an_idle_worker_of_a_deleted_function_ends(fc: Client) -> None:
    create_function(fc, "main", PID)
    create_function(fc, "other", PID)
    pid, other = (int(invoke(fc, name).body.read()) for name in ("main", "other"))
    fc.delete_function("main")
    invoke(fc, "other")
    while _is_running(pid):
        pass
    assert _is_running(other)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_invocation_keeps_its_code_while_it_runs_and_the_next_one_gets_the_new_code(
    fc_of_one_worker: OneWorker,
) -> None:
    _, fc, gate = fc_of_one_worker
    held = gate.handler.replace("return gate.recv(1)", "gate.recv(1)\n    import later\n    return 'old'")
    files = {"index.py": held, "later.py": ""}
    create_function(fc, "main", "", timeout=60, code=models.InputCodeLocation(zip_file=zipped(files)))
    answers: list[bytes] = []

    def call() -> None:
        answers.append(fc.invoke_function("main", models.InvokeFunctionRequest(body=io.BytesIO(b""))).body.read())

    with gate.holding(call):
        update(fc, "def handler(event, context): return 'new'\n")
    assert answers == [b"old"]
    assert invoke(fc, "main").body.read() == b"new"


@pytest.mark.parametrize("field", ["handler", "runtime"])
def test_a_text_that_no_program_can_be_given_is_400(local: LocalServer, fc: Client, field: str) -> None:
    wire = {"functionName": "main", "runtime": "python3.10", "handler": "index.handler", field: "index.\ud800"}
    body = json.dumps({**wire, "code": {"zipFile": zipped({"index.py": WHERE})}})
    assert error(request(local, "POST", "/2023-03-30/functions", body)) == (400, "InvalidArgument")
    create_function(fc, "main", WHERE)
    body = json.dumps({field: "index.\udfff"})
    assert error(request(local, "PUT", "/2023-03-30/functions/main", body)) == (400, "InvalidArgument")
    assert where(fc).is_dir()
