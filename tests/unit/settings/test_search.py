import json
from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import ArgumentError, FcAsyncError, SettingsError
from fc_async.settings.access_key import AccessKey
from fc_async.settings.credentials import OIDC_VARIABLES, chain_credentials
from fc_async.settings.endpoint import is_loopback
from fc_async.settings.found import Kind, Source
from fc_async.settings.profiles import named_profile
from fc_async.settings.providers import NEEDED_FIELDS, PROFILE_MODES, oidc_provider, profile_provider
from fc_async.settings.search import find_settings
from fc_async.settings.settings import Settings

KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret-env-secret"}
LOCAL = "http://127.0.0.1:9700"


def find(service: Any = "fc", *, environment: dict[str, str] | None = None, home: Path, **arguments: Any) -> Settings:
    return find_settings(service, environment=environment or {}, home=home, **arguments)


def profiles(home: Path, current: str = "work", **content: Any) -> None:
    default = [
        {"name": "work", "mode": "AK", "region_id": "cn-beijing", "access_key_id": "w-id", "access_key_secret": "w-s"},
        {
            "name": "play",
            "mode": "AK",
            "region_id": "eu-central-1",
            "access_key_id": "p-id",
            "access_key_secret": "p-s",
        },
    ]
    (home / ".aliyun").mkdir()
    text = json.dumps({"current": current, "profiles": default, **content})
    (home / ".aliyun" / "config.json").write_text(text)


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


def test_a_loopback_endpoint_takes_the_local_pair_then_what_is_named(tmp_path: Path) -> None:
    profiles(tmp_path)
    pair = {"FC_ASYNC_LOCAL_ACCESS_KEY": "id:se:cret"}
    assert find(endpoint=LOCAL, environment=pair, home=tmp_path).credentials.access_key() == AccessKey("id", "se:cret")
    named = find(endpoint=LOCAL, environment=pair, home=tmp_path, profile="play")
    assert named.credentials.access_key() == AccessKey("p-id", "p-s")
    given = find(endpoint=LOCAL, environment=pair, home=tmp_path, profile="play", credentials=AccessKey("a", "b", "c"))
    assert given.credentials.access_key() == AccessKey("a", "b", "c")


def test_a_named_profile_beats_the_keys_in_the_environment(tmp_path: Path) -> None:
    profiles(tmp_path)
    assert find(environment=KEYS, home=tmp_path, profile="work").credentials.access_key() == AccessKey("w-id", "w-s")
    unnamed = find(environment=KEYS | {"ALIBABA_CLOUD_SECURITY_TOKEN": "t"}, home=tmp_path)
    assert unnamed.credentials.access_key() == AccessKey("env-id", "env-secret-env-secret", "t")


def test_the_keys_of_a_rotating_source_are_asked_for_each_time(tmp_path: Path) -> None:
    class Rotating:
        count = 0

        def get_credential(self) -> AccessKey:
            self.count += 1
            return AccessKey(f"id-{self.count}", "secret")

    found = find(region="cn-hangzhou", home=tmp_path, credentials=Rotating()).credentials
    assert [found.access_key().access_key_id for _ in range(2)] == ["id-1", "id-2"]


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


def failure(home: Path, **arguments: Any) -> FcAsyncError:
    with pytest.raises(FcAsyncError) as caught:
        find(home=home, **arguments)
    return caught.value


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


def test_missing_credentials_list_where_they_were_looked_for_and_the_flag(tmp_path: Path) -> None:
    class Nothing:
        def get_credentials(self) -> Any:
            raise RuntimeError("quotes the-secret")

    with pytest.raises(SettingsError) as caught:
        chain_credentials(tmp_path, Nothing).access_key()
    text = str(caught.value)
    for word in ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_CREDENTIALS_URI", "--profile", "config.json"):
        assert word in text
    assert "the-secret" not in text
    assert caught.value.__context__ is None
    assert len(text.splitlines()) <= 12


def test_the_chain_is_asked_only_when_nothing_is_named(tmp_path: Path) -> None:
    assert find(region="cn-hangzhou", home=tmp_path).credentials.source.kind is Kind.CHAIN
    found = find(region="cn-hangzhou", environment=KEYS, home=tmp_path).credentials
    assert found.source == Source.variables(*KEYS)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost.example.com",
        "http://user:secret-word@127.0.0.1:9700",
        "http://127.0.0.1:9700/base",
        "http://127.0.0.1:99999",
        "http://0.0.0.0:9700",
        "https://exa mple.com",
        "https://example.com?x=secret-word",
        "ftp://example.com",
        "127.0.0.1:9700",
        "",
    ],
)
def test_an_endpoint_that_could_leak_or_cannot_be_one_is_refused(tmp_path: Path, endpoint: str) -> None:
    error = failure(tmp_path, endpoint=endpoint)
    assert isinstance(error, ArgumentError)
    assert "secret-word" not in str(error)


def test_plain_http_to_another_machine_needs_insecure(tmp_path: Path) -> None:
    error = failure(tmp_path, environment={"FC_ASYNC_ENDPOINT": "http://example.com"})
    assert isinstance(error, SettingsError)
    assert "FC_ASYNC_ENDPOINT" in str(error)
    assert "--insecure" in str(error)
    found = find(endpoint="http://example.com", insecure=True, environment=KEYS, home=tmp_path)
    assert found.endpoint.url == "http://example.com"
    assert found.region is None


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


@pytest.mark.parametrize("mode", ["Telepathy", "", None, 7])
def test_a_profile_of_a_mode_that_nobody_reads_is_named(tmp_path: Path, mode: Any) -> None:
    profiles(tmp_path, profiles=[{"name": "odd", "mode": mode, "region_id": "cn-hangzhou"}])
    found = find(home=tmp_path, profile="odd")
    with pytest.raises(SettingsError, match=r"'odd'.*expected one of AK, StsToken, RamRoleArn, ChainableRamRoleArn"):
        found.credentials.access_key()


MODES: dict[str, dict[str, Any]] = {
    "AK": {"access_key_id": "i", "access_key_secret": "s"},
    "StsToken": {"access_key_id": "i", "access_key_secret": "s", "sts_token": "t"},
    "RamRoleArn": {
        "access_key_id": "i",
        "access_key_secret": "s",
        "ram_role_arn": "acs:ram::1:role/r",
        "ram_session_name": "x",
        "expired_seconds": 900,
    },
    "OIDC": {"ram_role_arn": "acs:ram::1:role/r", "oidc_provider_arn": "acs:ram::1:oidc-provider/p"},
    "ChainableRamRoleArn": {"source_profile": "base", "ram_role_arn": "acs:ram::1:role/r", "ram_session_name": "x"},
    "CredentialsURI": {"credentials_uri": "http://127.0.0.1:1/"},
}
PROVIDERS = {
    "AK": "StaticAKCredentialsProvider",
    "StsToken": "StaticSTSCredentialsProvider",
    "RamRoleArn": "RamRoleArnCredentialsProvider",
    "OIDC": "OIDCRoleArnCredentialsProvider",
    "ChainableRamRoleArn": "RamRoleArnCredentialsProvider",
}
BASE = {"name": "base", "mode": "AK", "access_key_id": "b", "access_key_secret": "s"}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_alibabas_own_command_line_is_taken(tmp_path: Path, mode: str) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    one = {"name": "one", "mode": mode, "oidc_token_file": str(token), **MODES[mode]}
    profiles(tmp_path, profiles=[one, BASE])
    provider = profile_provider(named_profile(tmp_path, "one"))
    if mode == "CredentialsURI":
        assert type(provider).__name__ == "URLCredentialsProvider"
        return
    inner = provider._get_credentials_provider({"profiles": [one, BASE]}, "one")
    assert type(inner).__name__ == PROVIDERS[mode]


def test_a_role_of_the_machine_is_a_mode_too_and_is_not_asked_for_until_it_is_needed(tmp_path: Path) -> None:
    profiles(tmp_path, profiles=[{"name": "ecs", "mode": "EcsRamRole", "ram_role_name": "r"}])
    assert "EcsRamRole" in PROFILE_MODES
    assert find(home=tmp_path, region="cn-hangzhou", profile="ecs").credentials.source.name == "ecs"


def test_the_profile_that_the_environment_names_is_used_after_its_keys(tmp_path: Path) -> None:
    profiles(tmp_path)
    named = {"ALIBABA_CLOUD_PROFILE": "play"}
    assert find(environment=named, home=tmp_path).credentials.access_key() == AccessKey("p-id", "p-s")
    assert find(environment=named | KEYS, home=tmp_path).credentials.access_key().access_key_id == "env-id"


def test_a_credentials_uri_profile_without_its_uri_is_named(tmp_path: Path) -> None:
    profiles(tmp_path, profiles=[{"name": "odd", "mode": "CredentialsURI"}])
    with pytest.raises(SettingsError, match=r"'odd'.*credentials_uri"):
        find(home=tmp_path, region="cn-hangzhou", profile="odd").credentials.access_key()


IDENTITY = dict.fromkeys(OIDC_VARIABLES, "x")
URI = {"ALIBABA_CLOUD_CREDENTIALS_URI": "http://127.0.0.1:1/keys?token=secret-word"}


@pytest.mark.parametrize(
    ("environment", "source"),
    [
        (KEYS | IDENTITY | URI | {"ALIBABA_CLOUD_PROFILE": "play"}, "ALIBABA_CLOUD_ACCESS_KEY_ID and"),
        (IDENTITY | URI | {"ALIBABA_CLOUD_PROFILE": "play"}, "the profile 'play' of "),
        (IDENTITY | URI, "ALIBABA_CLOUD_OIDC_TOKEN_FILE and "),
        (dict(list(IDENTITY.items())[:2]) | URI, "ALIBABA_CLOUD_CREDENTIALS_URI"),
        ({"ALIBABA_CLOUD_CREDENTIALS_URI": ""}, "the default chain"),
    ],
)
@pytest.mark.parametrize("mode", ["AK", "EcsRamRole", "Telepathy"])
def test_what_the_environment_names_comes_before_the_current_profile(
    tmp_path: Path, environment: dict[str, str], source: str, mode: str
) -> None:
    play = {"name": "play", "mode": "AK", "access_key_id": "i", "access_key_secret": "s"}
    profiles(tmp_path, profiles=[{"name": "work", "mode": mode}, play])
    found = find(region="cn-hangzhou", environment=environment, home=tmp_path).credentials
    if mode == "Telepathy" and source == "the default chain":
        source = "the profile 'work' of "
    assert str(found.source).startswith(source)


def test_a_web_identity_is_taken_from_the_variables_that_were_given(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    provider = oidc_provider(str(token), "acs:ram::1:role/r", "acs:ram::1:oidc-provider/p", "s")
    assert (provider._role_arn, provider._role_session_name) == ("acs:ram::1:role/r", "s")
    assert (provider._oidc_provider_arn, provider._oidc_token_file_path) == ("acs:ram::1:oidc-provider/p", str(token))


def test_a_current_profile_of_mode_credentials_uri_is_used(tmp_path: Path) -> None:
    profiles(tmp_path, profiles=[{"name": "work", "mode": "CredentialsURI", "credentials_uri": "http://127.0.0.1:1/"}])
    assert find(region="cn-hangzhou", home=tmp_path).credentials.source.name == "work"


def test_a_current_profile_of_a_mode_that_nobody_reads_is_named(tmp_path: Path) -> None:
    profiles(tmp_path, profiles=[{"name": "work", "mode": "Weird"}])
    with pytest.raises(SettingsError, match=r"'work'.*the mode 'Weird'; expected one of AK"):
        find(region="cn-hangzhou", home=tmp_path).credentials.access_key()


@pytest.mark.parametrize(
    ("mode", "left_out"),
    [(mode, name) for mode, fields in NEEDED_FIELDS.items() for name in fields],
)
def test_a_profile_without_a_field_that_its_mode_needs_is_told_which(tmp_path: Path, mode: str, left_out: str) -> None:
    given = {"name": "one", "mode": mode, "oidc_token_file": "t", **MODES[mode], left_out: ""}
    profiles(tmp_path, profiles=[given, BASE])
    with pytest.raises(SettingsError, match=rf"'one' of .*, mode {mode}, has no {left_out}$"):
        find(home=tmp_path, region="cn-hangzhou", profile="one").credentials.access_key()


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("http://127.0.0.1:1/keys?token=secret-word", "127.0.0.1:1"),
        ("https://secret-word:secret-word@keys.example.com/secret-word", "keys.example.com"),
        ("http://[::1", ""),
        ("http://127.0.0.1:99999/", ""),
        ("nonsense", ""),
    ],
)
def test_of_a_credentials_uri_only_host_and_port_are_told(tmp_path: Path, uri: str, host: str) -> None:
    found = find(region="cn-hangzhou", environment={"ALIBABA_CLOUD_CREDENTIALS_URI": uri}, home=tmp_path).credentials
    assert (str(found.source), found.host) == ("ALIBABA_CLOUD_CREDENTIALS_URI", host)


def test_internal_as_an_argument_beats_the_endpoint_of_the_environment(tmp_path: Path) -> None:
    environment = KEYS | {"FC_ASYNC_ENDPOINT": LOCAL, "FC_ASYNC_FC_ENDPOINT": LOCAL}
    place: dict[str, Any] = {"region": "cn-hangzhou", "account_id": "7", "home": tmp_path}
    found = find(environment=environment, internal=True, **place)
    assert found.endpoint.url == "https://7.cn-hangzhou-internal.fc.aliyuncs.com"
    assert found.credentials.source == Source.variables(*KEYS)
    both = environment | {"FC_ASYNC_INTERNAL": "1"}
    assert find(environment=both, **place).endpoint.url == LOCAL
    assert find(environment=environment, internal=True, endpoint="https://a", **place).endpoint.url == "https://a"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("0.0.0.0", False),  # noqa: S104 - refused here
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_only_what_can_mean_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
