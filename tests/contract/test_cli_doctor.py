"""fc-async doctor against services that are well, closed, strange, and not there."""

import json
import os
import socket
from email.utils import formatdate

import pytest

from fc_async.cli.root import run
from fc_async.local import LocalServer
from tests.peer import Peer, Reply

SECRET = "sssssssssssssssssssssssssssssss"


@pytest.fixture
def doctor(capsys, monkeypatch, tmp_path):
    """Run the doctor with these variables and options, and nothing else; returns exit code, findings by check, text."""

    def call(*options, **variables):
        for name in [name for name in os.environ if name.startswith(("ALIBABA_CLOUD_", "FC_"))]:
            monkeypatch.delenv(name)
        for name, value in {"HOME": str(tmp_path), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true", **variables}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            run(["doctor", "-o", "json", *options])
        said = capsys.readouterr()
        assert said.err == ""
        return ended.value.code, {one["check"]: one for one in json.loads(said.out)}, said.out

    return call


def states_of(found):
    return {check: one["state"] for check, one in found.items() if one["state"] != "ok"}


def test_all_is_well_beside_a_local_service(doctor, local):
    code, found, _ = doctor(FC_ASYNC_ENDPOINT=local.url)
    assert (code, states_of(found)) == (0, {})
    assert "(FC_ASYNC_ENDPOINT)" in found["fcEndpoint"]["message"]
    assert {"python", "fc-async", "alibabacloud-fc20230330", "aliyun-mns-sdk", "pydantic", "click"} <= found.keys()


def test_without_any_setting_the_region_is_what_is_missing(doctor):
    code, found, _ = doctor()
    assert code == 1
    assert [check for check, state in states_of(found).items() if state == "trouble"] == ["region"]
    assert "FC_ASYNC_ENDPOINT=http://127.0.0.1:9700" in found["region"]["advice"]


def test_where_nothing_listens_the_advice_is_the_command_that_starts_it(doctor):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, found, _ = doctor(FC_ASYNC_ENDPOINT=f"http://127.0.0.1:{port}")
    assert code == 1
    assert found["fcReach"]["advice"].endswith(f"fc-async local up --port {port}")
    assert (found["clock"]["state"], found["fcAccess"]["state"]) == ("skipped", "skipped")


def test_a_key_that_is_not_accepted_is_trouble_and_no_secret_is_shown(doctor):
    with LocalServer(access_key="mine:other", workers=1) as server:
        code, found, text = doctor(
            FC_ASYNC_ENDPOINT=server.url, FC_ASYNC_LOCAL_ACCESS_KEY=f"LTAIwrongwrongwrong:{SECRET}"
        )
    assert code == 1
    assert set(states_of(found)) == {"fcAccess", "mnsAccess"}
    assert "does not accept" in found["fcAccess"]["message"]
    assert "does not accept" in found["mnsAccess"]["message"]
    assert SECRET not in text
    assert "LTAIwrongwrongwrong" not in text


def test_a_permission_that_is_missing_is_told_from_a_key_that_is_wrong(doctor):
    refusal = Reply(403, {"Code": "AccessDenied", "Message": "the caller is not authorized"})
    with Peer(refusal) as peer:
        code, found, _ = doctor(FC_ASYNC_ENDPOINT=peer.url)
    assert code == 1
    assert "may not list async configs" in found["fcAccess"]["message"]
    assert all(request.method == "GET" for request in peer.requests)


def test_a_clock_that_is_off_is_seen_from_an_answer(doctor):
    with Peer(Reply(404, {}, headers={"Date": formatdate(1_000_000_000, usegmt=True)})) as peer:
        code, found, _ = doctor(FC_ASYNC_ENDPOINT=peer.url)
    assert code == 1
    assert (found["clock"]["state"], found["fcReach"]["state"]) == ("trouble", "ok")


def test_a_variable_that_cannot_be_used_is_named_and_its_value_is_not(doctor):
    for variables in ({"FC_ASYNC_ENDPOINT": f"http://me:{SECRET}@x"}, {"FC_ASYNC_INTERNAL": SECRET}):
        code, found, text = doctor(FC_REGION="cn-hangzhou", FC_ACCOUNT_ID="12", **variables)
        assert code == 1
        assert next(iter(variables)) in " ".join(one["message"] for one in found.values())
        assert SECRET not in text


def test_what_was_typed_wrong_is_exit_2(capsys):
    with pytest.raises(SystemExit) as ended:
        run(["doctor", "--endpoint", "x"])
    assert (ended.value.code, len(capsys.readouterr().err.splitlines())) == (2, 1)


def test_a_service_that_never_answers_is_not_waited_for(doctor):
    with Peer(Reply(drip_seconds=30)) as peer:
        code, found, _ = doctor("--timeout", "1", FC_ASYNC_ENDPOINT=peer.url)
    assert code == 1
    assert states_of(found)["fcReach"] == states_of(found)["mnsReach"] == "trouble"
