"""fc-async deploy against the local service: created, brought to the asked state, published; and what is refused."""

import json

import pytest

from fc_async import FunctionsClient
from fc_async.cli.root import run

HANDLER = "def handler(event, context):\n    return {version!r}\n"
ASKED = ("--runtime", "python3.10", "--handler", "index.handler")


@pytest.fixture
def fc_async(local, capsys, monkeypatch):
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def code(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "index.py").write_text(HANDLER.format(version="one"))
    return folder


def test_a_function_is_created_then_updated_and_runs_what_was_deployed_last(fc_async, local, code):
    first = fc_async("deploy", "orders", "--code", str(code), *ASKED, "-o", "json")
    (code / "index.py").write_text(HANDLER.format(version="two"))
    second = fc_async("deploy", "orders", "--code", str(code), *ASKED, "--publish", "-o", "json")
    assert json.loads(first[1])["created"] is True
    assert json.loads(second[1])["created"] is False
    assert json.loads(second[1])["version"] == "1"
    assert second[2].splitlines()[0] == f"local {local.url}"
    assert fc_async("invoke", "orders", "--sync")[1].strip() == "two"


def test_what_is_not_named_stays_as_it_is(fc_async, local, code):
    more = ("--function-timeout", "9s", "--memory", "256", "--env", "STAGE=prod")
    fc_async("deploy", "orders", "--code", str(code), *ASKED, *more)
    fc_async("deploy", "orders", "--code", str(code), *ASKED)
    found = FunctionsClient(endpoint=local.url).get_function("orders")
    assert (found.timeout, found.memory_size, found.environment_variables) == (9, 256, {"STAGE": "prod"})


def test_a_dry_run_deploys_nothing(fc_async, local, code):
    ended, out, err = fc_async("deploy", "orders", "--code", str(code), *ASKED, "--dry-run")
    assert (ended, out) == (0, "")
    assert "orders would be deployed with a zip of" in err
    assert list(FunctionsClient(endpoint=local.url).iter_functions()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("orders@prod", "--code", "."), "deploy takes a function without qualifier"),
        (("orders", "--code", ".", "--env", "secret-value"), "--env: expected NAME=VALUE"),
        (("orders", "--code", ".", "--memory", "1"), "--memory"),
        (("orders", "--code", "/no/such/folder"), "/no/such/folder"),
        (("orders", "--code", "CODE", "--role", "admin"), "role"),
    ],
)
def test_what_cannot_be_deployed_is_told_in_one_sentence_and_nothing_is_sent(fc_async, local, code, arguments, said):
    ended, out, err = fc_async("deploy", *(str(code) if one == "CODE" else one for one in arguments), *ASKED)
    assert (ended, out) in {(1, ""), (2, "")}
    assert said in err
    assert "secret-value" not in err
    assert "Traceback" not in err
    assert list(FunctionsClient(endpoint=local.url).iter_functions()) == []
