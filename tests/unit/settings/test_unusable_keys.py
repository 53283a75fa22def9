"""A key that no header can carry is refused by the name of its place, before anything is signed, and not shown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fc_async import AccessKey, ArgumentError, FcAsyncError, FunctionsClient, QueueClient, SettingsError
from fc_async.settings.credentials import chain_credentials
from fc_async.settings.profiles import named_profile
from fc_async.settings.providers import profile_provider
from tests.peer import Peer
from tests.unit.settings.places import KEYS, LOCAL, failure, find, profiles

BAD = {
    "space before": " the-word",
    "space after": "the-word ",
    "line break": "the-word\r\n",
    "tab": "the\tword",
    "newline": "the\nword",
    "nul": "the\0word",
    "delete": "the\x7fword",
    "chinese": "中word",
    "latin": "wörd",
    "no break space": "the-word\u00a0",
    "not utf-8": "the\udcffword",
}
UNUSABLE = pytest.mark.parametrize("value", BAD.values(), ids=BAD)
PARTS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")


def shows_nothing(error: FcAsyncError) -> str:
    said = str(error) + repr(error)
    assert "word" not in said.lower()
    assert error.__context__ is None
    return str(error)


@UNUSABLE
@pytest.mark.parametrize("name", PARTS)
def test_a_variable_is_named(tmp_path: Path, name: str, value: str) -> None:
    error = failure(tmp_path, region="cn-hangzhou", environment={**KEYS, name: value})
    assert type(error) is SettingsError
    assert shows_nothing(error).startswith(f"{name}: expected an access key that a header can carry")


@UNUSABLE
@pytest.mark.parametrize("pair", ["{}:secret", "id:{}"])
def test_the_local_pair_is_named(tmp_path: Path, value: str, pair: str) -> None:
    error = failure(tmp_path, endpoint=LOCAL, environment={"FC_ASYNC_LOCAL_ACCESS_KEY": pair.format(value)})
    assert shows_nothing(error).startswith("FC_ASYNC_LOCAL_ACCESS_KEY: expected")


@UNUSABLE
@pytest.mark.parametrize("part", ["access_key_id", "access_key_secret", "security_token"])
def test_an_argument_is_an_arguments_error(part: str, value: str) -> None:
    parts = {"access_key_id": "id", "access_key_secret": "secret", part: value}
    for make in (FunctionsClient, lambda **more: QueueClient("dead", **more)):
        with pytest.raises(ArgumentError) as caught:
            make(endpoint=LOCAL, credentials=AccessKey(**parts))
        assert shows_nothing(caught.value).startswith("credentials=: expected")
        assert part.replace("_", " ") in str(caught.value)


@pytest.mark.parametrize("value", list(BAD.values())[:-1], ids=list(BAD)[:-1])  # the last one is no UTF-8
@pytest.mark.parametrize("part", ["access_key_id", "access_key_secret"])
def test_a_profile_is_named_with_its_file(tmp_path: Path, part: str, value: str) -> None:
    keys = {"access_key_id": "id", "access_key_secret": "secret", part: value}
    profiles(tmp_path, profiles=[{"name": "work", "mode": "AK", **keys}])
    with pytest.raises(SettingsError) as named:
        find(region="cn-hangzhou", home=tmp_path, profile="work").credentials.access_key()
    chain = chain_credentials(tmp_path, lambda: profile_provider(named_profile(tmp_path, "work")))
    with pytest.raises(SettingsError) as chained:
        chain.access_key()
    for caught in (named, chained):
        said = shows_nothing(caught.value)
        assert f"profile 'work' of {tmp_path / '.aliyun' / 'config.json'}" in said


@UNUSABLE
@pytest.mark.parametrize("asks", ["get_credential", "get_credentials"])
def test_what_a_provider_answers_is_refused_before_anything_is_sent(asks: str, value: str) -> None:
    def answer() -> Any:
        if asks == "get_credential":
            return AccessKey("id", value)
        return SimpleNamespace(
            get_access_key_id=lambda: "id", get_access_key_secret=lambda: value, get_security_token=lambda: None
        )

    provider = SimpleNamespace(**{asks: answer})
    with Peer() as peer:
        functions = FunctionsClient(endpoint=peer.url, credentials=provider)
        queue = QueueClient("dead", endpoint=peer.url, credentials=provider)
        for call in (lambda: functions.get_config("main"), queue.get_attributes):
            with pytest.raises(SettingsError) as caught:
                call()
            assert "the argument credentials=" in str(caught.value)
            shows_nothing(caught.value)
        assert peer.requests == []


@pytest.mark.parametrize("wrong", [7, b"word"])
def test_a_key_that_is_no_text_is_refused(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match="its access key id is no text but"):
        FunctionsClient(endpoint=LOCAL, credentials=AccessKey(wrong, "secret"))


SECRETS = ["LTAI5tSecretWord", "nJ8HqSecretWordzY", "ltai5tsecretwordx", "cn-hangzhou\n", "cn_hangzhou", "a" * 40]


@pytest.mark.parametrize("value", SECRETS)
@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_REGION_ID", "FC_REGION", "ALIBABA_CLOUD_ACCOUNT_ID", "FC_ACCOUNT_ID"])
def test_what_is_no_region_or_account_is_named_and_not_shown(tmp_path: Path, name: str, value: str) -> None:
    environment = {**KEYS, "FC_REGION": "cn-hangzhou", name: value}
    error = failure(tmp_path, environment=environment)
    assert type(error) is SettingsError
    assert str(error).startswith(f"{name}: expected ")
    assert value.strip() not in str(error).replace("such as cn-hangzhou", "")


@pytest.mark.parametrize("value", SECRETS)
def test_a_region_of_an_argument_or_a_profile_is_not_shown_either(tmp_path: Path, value: str) -> None:
    given = failure(tmp_path, region=value)
    assert str(given).startswith("region=: expected a region id such as cn-hangzhou, got something else (not shown")
    work = {"name": "work", "mode": "AK", "region_id": value, "access_key_id": "i", "access_key_secret": "s"}
    profiles(tmp_path, profiles=[work])
    found = failure(tmp_path, profile="work")
    assert str(found).startswith(f"the profile 'work' of {tmp_path}")
    assert "secretword" not in (str(given) + str(found)).lower()
    hidden = failure(tmp_path, environment={"FC_ASYNC_INTERNAL": value}, region="cn-hangzhou")
    assert str(hidden) == "FC_ASYNC_INTERNAL: expected 1 or 0, got something else (not shown)"


@pytest.mark.parametrize(
    "region",
    ["cn-hangzhou", "ap-southeast-1", "me-central-1", "cn-hangzhou-finance", "cn-heyuan-acdr-1", "rus-west-1"],
)
def test_every_kind_of_region_id_is_one(tmp_path: Path, region: str) -> None:
    assert find(region=region, environment=KEYS, home=tmp_path).require_region() == region
