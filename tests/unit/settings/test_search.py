"""Where region, account and endpoint are looked for, which place wins, and what is said when one is missing."""

from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import ArgumentError, FcAsyncError, SettingsError
from fc_async.settings.access_key import AccessKey
from fc_async.settings.found import Source
from tests.unit.settings.places import KEYS, LOCAL, failure, find, profiles


@pytest.mark.parametrize(
    ("arguments", "environment", "region"),
    [
        ({"region": "cn-shenzhen", "profile": "play"}, {"ALIBABA_CLOUD_REGION_ID": "cn-hongkong"}, "cn-shenzhen"),
        ({"profile": "play"}, {"ALIBABA_CLOUD_REGION_ID": "cn-hongkong"}, "eu-central-1"),
        ({}, {"ALIBABA_CLOUD_REGION_ID": "cn-hongkong", "FC_REGION": "us-west-1"}, "cn-hongkong"),
        ({}, {"FC_REGION": "us-west-1"}, "us-west-1"),
        ({}, {"ALIBABA_CLOUD_REGION_ID": ""}, "cn-beijing"),
        ({}, {"ALIBABA_CLOUD_PROFILE": "play"}, "eu-central-1"),
    ],
)
def test_the_region_comes_from_the_first_place_that_names_one(
    tmp_path: Path, arguments: dict[str, str], environment: dict[str, str], region: str
) -> None:
    profiles(tmp_path)
    found = find(environment=KEYS | environment, home=tmp_path, **arguments)
    assert found.require_region() == region


@pytest.mark.parametrize(
    ("arguments", "environment", "account"),
    [
        ({"account_id": "1"}, {"ALIBABA_CLOUD_ACCOUNT_ID": "2", "FC_ACCOUNT_ID": "3"}, "1"),
        ({}, {"ALIBABA_CLOUD_ACCOUNT_ID": "2", "FC_ACCOUNT_ID": "3"}, "2"),
        ({}, {"FC_ACCOUNT_ID": "3"}, "3"),
    ],
)
def test_the_account_comes_from_the_first_place_that_names_one(
    tmp_path: Path, arguments: dict[str, str], environment: dict[str, str], account: str
) -> None:
    found = find(region="cn-hangzhou", environment=KEYS | environment, home=tmp_path, **arguments)
    assert found.require_account_id() == account


@pytest.mark.parametrize(
    ("service", "arguments", "environment", "url"),
    [
        ("fc", {"account_id": "7"}, {}, "https://7.cn-hangzhou.fc.aliyuncs.com"),
        ("fc", {}, {}, "https://fcv3.cn-hangzhou.aliyuncs.com"),
        ("fc", {"region": "me-central-1"}, {}, "https://me-central-1.fc.aliyuncs.com"),
        ("fc", {"account_id": "7", "internal": True}, {}, "https://7.cn-hangzhou-internal.fc.aliyuncs.com"),
        ("mns", {"account_id": "7"}, {}, "https://7.mns.cn-hangzhou.aliyuncs.com"),
        ("mns", {"account_id": "7"}, {"FC_ASYNC_INTERNAL": "1"}, "https://7.mns.cn-hangzhou-internal.aliyuncs.com"),
        ("mns", {"account_id": "7"}, {"FC_ASYNC_INTERNAL": "0"}, "https://7.mns.cn-hangzhou.aliyuncs.com"),
        ("fc", {}, {"FC_ASYNC_ENDPOINT": LOCAL}, LOCAL),
        ("fc", {}, {"FC_ASYNC_ENDPOINT": LOCAL, "FC_ASYNC_FC_ENDPOINT": "https://other:1/"}, "https://other:1"),
        ("mns", {}, {"FC_ASYNC_ENDPOINT": LOCAL, "FC_ASYNC_FC_ENDPOINT": "https://other:1/"}, LOCAL),
        ("mns", {}, {"FC_ASYNC_MNS_ENDPOINT": "http://[::1]:80"}, "http://[::1]:80"),
        ("fc", {"endpoint": "https://a"}, {"FC_ASYNC_FC_ENDPOINT": "https://b"}, "https://a"),
        ("fc", {"endpoint": "https://a", "service_endpoint": "https://c"}, {}, "https://c"),
    ],
)
def test_the_endpoint_is_what_is_named_nearest_else_derived(
    tmp_path: Path, service: Any, arguments: dict[str, Any], environment: dict[str, str], url: str
) -> None:
    region = {"region": "cn-hangzhou", **arguments}
    assert find(service, environment=KEYS | environment, home=tmp_path, **region).endpoint.url == url


def test_a_loopback_endpoint_needs_nothing_and_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text("broken")
    found = find(endpoint=LOCAL, environment=KEYS, home=tmp_path)
    assert (found.require_region(), found.require_account_id()) == ("cn-hangzhou", "1234567890123456")
    assert found.credentials.access_key() == AccessKey("local", "local")
    assert found.place == f"local {LOCAL}"


def test_the_options_for_the_same_place_are_those_that_were_given(tmp_path: Path) -> None:
    profiles(tmp_path)
    assert find(environment=KEYS | {"FC_REGION": "cn-beijing"}, home=tmp_path).options == ()
    given = find(home=tmp_path, profile="play", account_id="7", internal=True).options
    assert given == ("--account-id=7", "--profile=play", "--internal")
    elsewhere = find(home=tmp_path, endpoint="http://example.com/", region="cn-beijing", insecure=True).options
    assert elsewhere == ("--endpoint=http://example.com", "--region=cn-beijing", "--insecure")


def test_no_secret_is_in_repr(tmp_path: Path) -> None:
    profiles(tmp_path)
    key = AccessKey("the-id", "the-secret", "the-token")
    found = find(region="cn-hangzhou", environment=KEYS, home=tmp_path, credentials=key)
    shown = repr(found) + repr(key) + repr(find(environment=KEYS, home=tmp_path, profile="work"))
    assert not any(secret in shown for secret in ("the-id", "the-secret", "the-token", "w-s", "env-secret"))


def test_a_missing_region_lists_where_it_was_looked_for_and_the_flag(tmp_path: Path) -> None:
    error = failure(tmp_path)
    for word in ("ALIBABA_CLOUD_REGION_ID", "FC_REGION", "--region", str(tmp_path / ".aliyun" / "config.json")):
        assert word in str(error)
    assert isinstance(error, SettingsError)
    assert len(str(error).splitlines()) <= 12


def test_a_missing_account_lists_where_it_was_looked_for_and_the_flag(tmp_path: Path) -> None:
    error = failure(tmp_path, service="mns", region="cn-hangzhou", environment=KEYS)
    for word in ("ALIBABA_CLOUD_ACCOUNT_ID", "FC_ACCOUNT_ID", "--account-id"):
        assert word in str(error)
    found = find(region="cn-hangzhou", environment=KEYS, home=tmp_path)
    with pytest.raises(SettingsError, match="--account-id"):
        found.require_account_id()


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"region": "cn-hangzhou.example.com/"}, ArgumentError),
        ({"environment": {"ALIBABA_CLOUD_REGION_ID": "Not A Region"}}, SettingsError),
        ({"region": "cn-hangzhou", "account_id": "1.example.com"}, ArgumentError),
        ({"region": "cn-hangzhou", "account_id": "1" * 21}, ArgumentError),
        ({"region": "cn-hangzhou", "environment": {"FC_ACCOUNT_ID": "abc"}}, SettingsError),
        ({"region": "cn-hangzhou", "environment": {"FC_ASYNC_INTERNAL": "perhaps"}}, SettingsError),
        ({"endpoint": LOCAL, "environment": {"FC_ASYNC_LOCAL_ACCESS_KEY": "no-colon"}}, SettingsError),
        ({"region": "cn-hangzhou", "credentials": 7}, ArgumentError),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_where_it_was_found(
    tmp_path: Path, arguments: dict[str, Any], kind: type[FcAsyncError]
) -> None:
    error = failure(tmp_path, **arguments)
    assert type(error) is kind
    assert "no-colon" not in str(error)


def test_a_profile_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    assert "there is no file" in str(failure(tmp_path, profile="gone"))
    profiles(tmp_path)
    error = failure(tmp_path, profile="gone")
    assert isinstance(error, SettingsError)
    assert "play, work" in str(error)


@pytest.mark.parametrize("content", ["{secret-word", "[]", '"secret-word"', "[" * 100_000])
def test_a_config_file_that_cannot_be_read_is_named_and_not_quoted(tmp_path: Path, content: str) -> None:
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(content)
    error = failure(tmp_path)
    assert isinstance(error, SettingsError)
    assert str(tmp_path / ".aliyun" / "config.json") in str(error)
    assert "secret-word" not in str(error)


def test_internal_as_an_argument_beats_the_endpoint_of_the_environment(tmp_path: Path) -> None:
    environment = KEYS | {"FC_ASYNC_ENDPOINT": LOCAL, "FC_ASYNC_FC_ENDPOINT": LOCAL}
    place: dict[str, Any] = {"region": "cn-hangzhou", "account_id": "7", "home": tmp_path}
    found = find(environment=environment, internal=True, **place)
    assert found.endpoint.url == "https://7.cn-hangzhou-internal.fc.aliyuncs.com"
    assert found.credentials.source == Source.variables(*KEYS)
    both = environment | {"FC_ASYNC_INTERNAL": "1"}
    assert find(environment=both, **place).endpoint.url == LOCAL
    assert find(environment=environment, internal=True, endpoint="https://a", **place).endpoint.url == "https://a"
