"""What a handler sees of its surroundings, name by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fc_async.local.access_key import AccessKey
from fc_async.local.catalog.function import FunctionSpec
from fc_async.local.workers.environment import handler_environment

HOST = {"PATH": "/bin", "LANG": "de_DE.UTF-8", "TZ": "Asia/Shanghai", "HOME": "/home/me", "PYTHONPATH": "/x", "A": "b"}
SERVICE = {
    "FC_FUNC_CODE_PATH": "/here/src",
    "FC_ACCOUNT_ID": "1",
    "FC_REGION": "r",
    "FC_FUNCTION_NAME": "main",
    "FC_FUNCTION_HANDLER": "index.handler",
    "FC_FUNCTION_MEMORY_SIZE": "512",
    "FC_QUALIFIER": "LATEST",
    "FC_VER_ID": "3",
    "FC_FUNCTION_VERSION": "3",
    "FC_INSTANCE_ID": "c-1",
    "FC_ASYNC_ENDPOINT": "http://127.0.0.1:9700",
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "local",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "local",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "local",
}


def seen(own: dict[str, str] | None = None, access_key: AccessKey | None = None) -> dict[str, str]:
    return handler_environment(
        FunctionSpec("main", "python3.10", "index.handler", Path("/here/src"), environment=own or {}),
        qualifier=None,
        version_id="3",
        instance_id="c-1",
        region="r",
        account_id="1",
        endpoint="http://127.0.0.1:9700",
        home="/home/temporary",
        access_key=access_key,
        host=HOST,
    )


def test_it_is_the_services_four_of_the_hosts_and_nothing_else() -> None:
    assert seen() == {
        **SERVICE,
        "PATH": "/bin",
        "LANG": "de_DE.UTF-8",
        "TZ": "Asia/Shanghai",
        "HOME": "/home/temporary",
    }


def test_with_an_access_key_the_handlers_calls_are_signed_with_it() -> None:
    with_key = seen(access_key=AccessKey("id", "se:cret"))
    assert with_key["FC_ASYNC_LOCAL_ACCESS_KEY"] == "id:se:cret"
    assert with_key["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "id"
    assert with_key["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] == "se:cret"
    assert set(with_key) - set(seen()) == {"FC_ASYNC_LOCAL_ACCESS_KEY"}


@pytest.mark.parametrize("name", ["PATH", "LANG", "TZ", "HOME", "PYTHONPATH", "MINE"])
def test_the_functions_own_variables_win_over_the_hosts(name: str) -> None:
    assert seen({name: "own"})[name] == "own"


@pytest.mark.parametrize("name", sorted(SERVICE))
def test_the_services_variables_win_over_the_functions_own(name: str) -> None:
    assert seen({name: "own"})[name] == SERVICE[name]


@pytest.mark.parametrize(
    ("value", "seen_here"),
    [
        ("/code", "/here/src"),
        ("/code/x.json", "/here/src/x.json"),
        ("/code/python:/opt/python:/code", "/here/src/python:/opt/python:/here/src"),
        ("lib:/code/", "lib:/here/src/"),
        ("/codes/x", "/codes/x"),
        ("x/code/y", "x/code/y"),
        ("", ""),
    ],
)
def test_code_in_a_functions_variables_is_its_code_folder(value: str, seen_here: str) -> None:
    assert seen({"MINE": value})["MINE"] == seen_here
