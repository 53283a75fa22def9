"""Where the access key is looked for, and which profiles are read."""

from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import SettingsError
from fc_async.settings.access_key import AccessKey
from fc_async.settings.credentials import OIDC_VARIABLES, chain_credentials
from fc_async.settings.found import Kind, Source
from fc_async.settings.profiles import named_profile
from fc_async.settings.providers import NEEDED_FIELDS, PROFILE_MODES, oidc_provider, profile_provider
from tests.unit.settings.places import KEYS, LOCAL, find, profiles


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
