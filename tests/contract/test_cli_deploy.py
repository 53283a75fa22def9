"""`fc-async deploy` against the local service: what it prints where, and what it refuses."""

import json

import pytest
from alibabacloud_fc20230330 import models

from fc_async.cli.root import run

ARN = "acs:fc:cn-hangzhou:1234567890123456:functions/orders"
NAMED = ("--runtime", "python3.10", "--handler", "index.handler")


@pytest.fixture
def code(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "index.py").write_text("def handler(event, context):\n    return 'ran'\n")
    return str(tmp_path / "code")


@pytest.fixture
def fc_async(local, capsys, monkeypatch):
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


def test_deploy_creates_a_function_and_changes_it_and_says_first_where(fc_async, local, code):
    assert fc_async("deploy", "orders", "--code", code, *NAMED) == (
        0,
        f"function  {ARN}\nwas       created\n",
        f"local {local.url}\n",
    )
    assert fc_async("invoke", "orders", "--sync")[1] == "ran\n"
    options = ("--function-timeout", "2m", "--memory", "256", "--env", "A=1=2", "--env", "B=", "--publish")
    code_, out, _ = fc_async("deploy", "orders", "--code", code, *NAMED, *options, "-o", "json")
    assert (code_, json.loads(out)) == (0, {"functionArn": ARN, "created": False, "version": "1"})


def test_what_was_named_is_what_the_function_has(fc_async, fc, code):
    options = ("--function-timeout", "2m", "--memory", "256", "--env", "A=1=2", "--env", "B=")
    fc_async("deploy", "orders", "--code", code, *NAMED, *options, "--role", "acs:ram::1:role/r")
    found = fc.get_function("orders", models.GetFunctionRequest()).body.to_map()
    assert (found["timeout"], found["memorySize"], found["role"]) == (120, 256, "acs:ram::1:role/r")
    assert found["environmentVariables"] == {"A": "1=2", "B": ""}


def test_a_dry_run_packs_and_deploys_nothing(fc_async, local, code):
    code_, out, err = fc_async("deploy", "orders", "--code", code, *NAMED, "--dry-run")
    assert (code_, out) == (0, "")
    assert err.startswith(f"local {local.url}\ndry run: orders would be deployed with a zip of ")
    assert "FunctionNotFound" in fc_async("invoke", "orders")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("orders@prod",), "--publish makes a version"),
        (("orders", "--role", "worker"), "role: expected a role's ARN"),
        (("orders", "--env", "SECRET"), "--env: expected NAME=VALUE"),
        (("orders", "--env", "=SECRET"), "--env: expected NAME=VALUE"),
        (("orders", "--memory", "1"), "--memory"),
        (("orders", "--function-timeout", "2d"), "--function-timeout"),
    ],
)
def test_what_cannot_be_right_is_refused_with_2_and_quotes_no_variable(fc_async, code, arguments, said):
    code_, out, err = fc_async("deploy", *arguments, "--code", code, *NAMED)
    assert (code_, out) == (2, "")
    assert said in err
    assert "SECRET" not in err
    assert "FunctionNotFound" in fc_async("invoke", "orders")[2]


def test_code_that_is_not_there_or_leads_out_of_its_folder_is_refused(fc_async, code, tmp_path):
    (tmp_path / "code" / "etc").symlink_to("/etc")
    with (tmp_path / "large.zip").open("wb") as large:
        large.truncate(51 * 1024 * 1024)
    for path, ends_with, said in (
        (code, 2, "leads out of it"),
        (tmp_path / "missing", 1, "nothing there"),
        (large.name, 2, "OSS"),
    ):
        code_, _, err = fc_async("deploy", "orders", "--code", str(path), *NAMED)
        assert code_ == ends_with
        assert said in err
