"""Versions and aliases in full: published, listed, moved, deleted, and what each refusal says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.config import AsyncInvokeConfig
from fc_async.errors import LocalError
from fc_async.local import LocalServer
from fc_async.local.catalog.function import FunctionSpec
from tests.contract.fc_sdk import (
    create_alias,
    create_function,
    error,
    get_config,
    invoke,
    invoke_async,
    publish,
    put_config,
    refused,
    request,
)

ECHOES = "def handler(event, context):\n    return event\n"
PATH = "/2023-03-30/functions/main"


def versions(client: Client, **query: Any) -> models.ListVersionsOutput:
    return client.list_function_versions("main", models.ListFunctionVersionsRequest(**query)).body


def aliases(client: Client, **query: Any) -> models.ListAliasesOutput:
    return client.list_aliases("main", models.ListAliasesRequest(**query)).body


def move(client: Client, alias: str, **changes: Any) -> models.Alias:
    return client.update_alias("main", alias, models.UpdateAliasRequest(body=models.UpdateAliasInput(**changes))).body


def changed_and_published(fc: Client, text: str) -> models.Version:
    """A version that says `text`: what has not changed is not published."""
    body = models.UpdateFunctionInput(description=text)
    fc.update_function("main", models.UpdateFunctionRequest(body=body))
    return publish(fc, "main", text)


def test_versions_are_numbered_listed_both_ways_and_never_numbered_again(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    assert [changed_and_published(fc, text).version_id for text in ("a", "b", "c")] == ["1", "2", "3"]
    assert fc.delete_function_version("main", "3").status_code == 204
    assert changed_and_published(fc, "").version_id == "4"
    newest_first = versions(fc)
    assert [version.version_id for version in newest_first.versions] == ["4", "2", "1"]
    assert newest_first.direction == "BACKWARD"
    page = versions(fc, direction="FORWARD", limit=2)
    assert [version.description for version in page.versions] == ["a", "b"]
    rest = versions(fc, direction="FORWARD", limit=2, next_token=page.next_token)
    assert ([version.version_id for version in rest.versions], rest.next_token) == (["4"], "")


def test_a_version_needs_no_body(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    status, _, body = request(local, "POST", f"{PATH}/versions")
    assert (status, json.loads(body)["versionId"]) == (200, "1")


def test_a_version_is_read_like_a_function(fc: Client) -> None:
    create_function(fc, "main", ECHOES, timeout=7)
    publish(fc, "main")
    fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(timeout=9)))
    assert fc.get_function("main", models.GetFunctionRequest(qualifier="1")).body.timeout == 7
    assert fc.get_function("main", models.GetFunctionRequest()).body.timeout == 9


def test_an_alias_is_created_read_listed_moved_and_deleted(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    publish(fc, "main")
    changed_and_published(fc, "second")
    created = create_alias(fc, "main", "prod", "1")
    assert (created.alias_name, created.version_id, created.created_time) == ("prod", "1", "2026-01-01T00:00:00Z")
    create_alias(fc, "main", "beta", "2")
    local.advance(60)
    moved = move(fc, "prod", version_id="2", description="the second")
    assert (moved.version_id, moved.description) == ("2", "the second")
    assert moved.last_modified_time == "2026-01-01T00:01:00Z"
    assert fc.get_alias("main", "prod").body.version_id == "2"
    assert [alias.alias_name for alias in aliases(fc).aliases] == ["beta", "prod"]
    assert [alias.alias_name for alias in aliases(fc, prefix="p").aliases] == ["prod"]
    first = aliases(fc, limit=1)
    assert [alias.alias_name for alias in aliases(fc, limit=1, next_token=first.next_token).aliases] == ["prod"]
    assert fc.delete_alias("main", "prod").status_code == 204
    assert refused(lambda: fc.get_alias("main", "prod")) == (404, "AliasNotFound")


def test_refusals_of_versions_and_aliases(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    publish(fc, "main")
    create_alias(fc, "main", "prod", "1")
    weights = models.CreateAliasInput(alias_name="w", version_id="1", additional_version_weight={"1": 0.5})
    assert [
        refused(call)
        for call in (
            lambda: create_alias(fc, "main", "prod", "1"),
            lambda: create_alias(fc, "main", "other", "9"),
            lambda: create_alias(fc, "main", "1", "1"),
            lambda: create_alias(fc, "main", "LATEST", "1"),
            lambda: create_alias(fc, "main", "a" * 129, "1"),
            lambda: create_alias(fc, "nobody", "prod", "1"),
            lambda: move(fc, "nobody", version_id="1"),
            lambda: move(fc, "prod", version_id="9"),
            lambda: fc.create_alias("main", models.CreateAliasRequest(body=weights)),
            lambda: move(fc, "prod", additional_version_weight={"1": 0.5}),
            lambda: fc.delete_alias("main", "nobody"),
            lambda: fc.delete_function_version("main", "9"),
            lambda: fc.delete_function_version("main", "1"),
            lambda: publish(fc, "nobody"),
        )
    ] == [
        (409, "AliasAlreadyExists"),
        (404, "VersionNotFound"),
        (400, "InvalidArgument"),
        (400, "InvalidArgument"),
        (400, "InvalidArgument"),
        (404, "FunctionNotFound"),
        (404, "AliasNotFound"),
        (404, "VersionNotFound"),
        (501, "NotImplemented"),
        (501, "NotImplemented"),
        (404, "AliasNotFound"),
        (404, "VersionNotFound"),
        (400, "InvalidArgument"),
        (404, "FunctionNotFound"),
    ]


@pytest.mark.parametrize("body", ["[]", "{", '{"aliasName": 1, "versionId": "1"}', '{"aliasName": "a"}', "\xff"])
def test_a_malformed_alias_is_400(local: LocalServer, fc: Client, body: str) -> None:
    create_function(fc, "main", ECHOES)
    assert error(request(local, "POST", f"{PATH}/aliases", body.encode("latin-1"))) == (400, "InvalidArgument")


def test_the_config_of_a_qualifier_goes_with_it(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    publish(fc, "main")
    create_alias(fc, "main", "prod", "1")
    for qualifier in ("prod", "1"):
        put_config(fc, "main", qualifier, max_async_retry_attempts=0)
    fc.delete_alias("main", "prod")
    assert refused(lambda: get_config(fc, "main", "prod")) == (404, "AliasNotFound")
    create_alias(fc, "main", "prod", "1")
    assert refused(lambda: get_config(fc, "main", "prod")) == (404, "AsyncConfigNotExists")
    fc.delete_alias("main", "prod")
    fc.delete_function_version("main", "1")
    assert refused(lambda: get_config(fc, "main", "1")) == (404, "VersionNotFound")


def test_deleting_a_function_takes_its_versions_and_aliases_with_it(fc: Client) -> None:
    create_function(fc, "main", ECHOES)
    publish(fc, "main")
    create_alias(fc, "main", "prod", "1")
    fc.delete_function("main")
    create_function(fc, "main", ECHOES)
    assert versions(fc).versions == []
    assert refused(lambda: invoke(fc, "main", qualifier="prod")) == (404, "AliasNotFound")
    assert publish(fc, "main").version_id == "1"


def test_what_waits_for_an_alias_goes_where_it_points_when_its_turn_comes(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", "import os\ndef handler(event, context): return os.environ['WHICH']\n",
                    environment_variables={"WHICH": "old"})  # fmt: skip
    publish(fc, "main")
    change = models.UpdateFunctionInput(environment_variables={"WHICH": "new"})
    fc.update_function("main", models.UpdateFunctionRequest(body=change))
    publish(fc, "main")
    create_alias(fc, "main", "prod", "1")
    put_config(fc, "main", "prod", on_success="acs:eventbridge:cn-hangzhou::eventbus/b")
    invoke_async(fc, "main", qualifier="prod", common_headers={"x-fc-async-delay": "10"})
    move(fc, "prod", version_id="2")
    local.advance(10)
    (entry,) = json.loads(request(local, "GET", "/_local/outbox")[2])
    assert entry["record"]["responsePayload"] == "new"


# A folder of one's own


def test_an_alias_that_a_file_names_is_created_and_follows_the_folder(
    local: LocalServer, fc: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "fc_async.local")
    (tmp_path / "index.py").write_text("def handler(event, context): return 'a'")
    config = AsyncInvokeConfig(max_async_retry_attempts=0)
    spec = FunctionSpec("main", "python3.10", "index.handler", tmp_path, async_config=config, qualifier="prod")
    local.deploy_folder(spec)
    assert "alias prod created; it points to LATEST" in caplog.text
    assert invoke(fc, "main", qualifier="prod").body.read() == b"a"
    assert publish(fc, "main").version_id == "1"
    (tmp_path / "index.py").write_text("def handler(event, context): return 'changed'")
    assert invoke(fc, "main", qualifier="prod").body.read() == b"changed"
    assert invoke(fc, "main", qualifier="1").body.read() == b"a"


def test_a_version_that_a_file_names_must_be_there(local: LocalServer, tmp_path: Path) -> None:
    spec = FunctionSpec(
        "main", "python3.10", "index.handler", tmp_path, async_config=AsyncInvokeConfig(), qualifier="3"
    )
    with pytest.raises(LocalError, match="version '3' of function 'main' does not exist"):
        local.deploy_folder(spec)


def test_an_alias_of_a_folders_function_that_is_moved_runs_the_version_that_it_was_moved_to(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    source = "def handler(event, context):\n    part = context.%s\n    return [%r, part.version_id, part.qualifier]\n"
    for text, part, runtime in (("A", "function", "python3.12"), ("B", "service", "python3.10")):
        (tmp_path / "index.py").write_text(source % (part, text))
        local.deploy_folder(FunctionSpec("main", runtime, "index.handler", tmp_path))
        version = publish(fc, "main").version_id
        if text == "A":
            create_alias(fc, "main", "prod", version)
        else:
            move(fc, "prod", version_id=version)
        assert json.loads(invoke(fc, "main", qualifier="prod").body.read()) == [text, version, "prod"]
    assert json.loads(invoke(fc, "main").body.read()) == ["B", "LATEST", "LATEST"]


def test_an_edited_folder_that_is_published_without_another_deploy_is_what_the_moved_alias_runs(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    local.deploy_folder(FunctionSpec("main", "python3.10", "index.handler", tmp_path))
    for text in ("A", "B"):
        (tmp_path / "index.py").write_text(f"def handler(event, context): return {text!r}")
        version = publish(fc, "main").version_id
        if text == "A":
            create_alias(fc, "main", "prod", version)
        else:
            move(fc, "prod", version_id=version)
        assert invoke(fc, "main", qualifier="prod").body.read() == text.encode()
