"""A fleet of 300 functions with 3 configs each: exported, edited, planned, applied, and then as the file says."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alibabacloud_fc20230330 import models

from fc_async import AsyncInvokeConfig, FunctionsClient, MnsAccount
from fc_async.deploy.apply import apply
from fc_async.deploy.export import export
from fc_async.deploy.fleet_document import read_document
from fc_async.deploy.plan import plan
from fc_async.local import LocalServer
from tests.contract.fc_sdk import create_function, fc_client

IDLE = "def handler(event, context):\n    return None\n"
NAMES = [f"f{number:03}" for number in range(300)]
QUALIFIERS = (None, "blue", "prod")


def deploy(functions: FunctionsClient, local: LocalServer) -> None:
    """Make the functions, their aliases, and configs that differ."""
    sdk = fc_client(local)

    def one(number: int) -> None:
        create_function(sdk, NAMES[number], IDLE)
        for alias in QUALIFIERS[1:]:
            body = models.CreateAliasInput(alias_name=alias, version_id="LATEST")
            sdk.create_alias(NAMES[number], models.CreateAliasRequest(body=body))
        for qualifier in QUALIFIERS:
            config = AsyncInvokeConfig(
                destination_config={"on_failure": f"queue:dead-{number % 7}"},
                max_async_retry_attempts=number % 9,
            )
            functions.put_config(NAMES[number], config, qualifier=qualifier)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(len(NAMES))))


@pytest.mark.slow
def test_export_edit_plan_apply_plan(tmp_path):
    path = tmp_path / "fc-async.yaml"
    with (
        LocalServer(workers=0) as local,
        FunctionsClient(endpoint=local.url) as functions,
        MnsAccount(endpoint=local.url) as mns,
    ):
        deploy(functions, local)
        exported = export(functions, mns)
        path.write_text(exported, encoding="utf-8")
        document = read_document(path)
        assert sum(len(one.configs) for one in document.functions) == 900
        assert plan(document, functions, mns, prune=True).changes == ()

        edited = exported.replace("queue:dead-3", "queue:mended").replace("max_retries: 8", "max_age: 1h")
        path.write_text(edited, encoding="utf-8")
        wanted = plan(read_document(path), functions, mns, create_destinations=True)
        assert {one.name for one in wanted.changes if one.kind == "queue"} >= {"mended"}
        done = apply(wanted, functions, mns)
        assert (done.failed, done.not_reached) == ((), ())
        assert plan(read_document(path), functions, mns, prune=True, create_destinations=True).changes == ()
        again = export(functions, mns)
    assert "does not exist" not in again
    assert "queue:dead-3" not in again
    assert again.count("queue:mended") == edited.count("queue:mended")
