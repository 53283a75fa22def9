"""What is typed wrong is refused with exit 2 and one sentence, before anything is sent."""

import json
import os

import pytest

from fc_async.cli import root, whoami_key
from fc_async.cli.arguments import DurationType, FunctionNameType, MomentType
from fc_async.cli.options import CommonOptions
from fc_async.cli.root import run
from fc_async.cli.terminal import clean
from fc_async.settings.access_key import AccessKey, Credentials
from fc_async.settings.found import Source


@pytest.fixture
def fc_async(capsys, monkeypatch, tmp_path):
    """Run the command line where nothing can be reached: a request that was sent would end in exit 1."""
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [
        name for name in os.environ if name.startswith(("ALIBABA_CLOUD_", "FC_")) and name != "FC_ASYNC_ENDPOINT"
    ]:
        monkeypatch.delenv(name)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["config", "set", "f", "--on-failure", "nowhere"], "expected queue:NAME"),
        (["config", "set", "f", "--on-failure", "queue:a@b"], "expected queue:NAME"),
        (["config", "set", "f", "--max-retries", "9"], "0<=x<=8"),
        (["config", "set", "f", "--max-retries", "-1"], "0<=x<=8"),
        (["config", "set", "f", "--max-age", "0"], "expected 1 to 604800 seconds, got 0"),
        (["config", "set", "f", "--max-age", "604801"], "expected 1 to 604800 seconds, got 604801"),
        (["config", "set", "f", "--max-age", "8d"], "expected 1 to 604800 seconds, got 691200"),
        (["config", "set", "f", "--max-age", "soon"], "expected 90s, 15m, 6h, 2d"),
        (["config", "set", "f"], "nothing to set"),
        (["config", "set", "service/f", "--max-retries", "1"], "FC 2.0"),
        (["config", "get", "f@"], "expected FUNCTION or FUNCTION@QUALIFIER"),
        (["config", "get", "..."], "expected FUNCTION or FUNCTION@QUALIFIER"),
        (["config", "get", "a@b@c"], "expected FUNCTION or FUNCTION@QUALIFIER"),
        (["config", "get", "f" * 257], "expected FUNCTION or FUNCTION@QUALIFIER"),
        (["config", "set", "f", "--on-failure", "acs:mns:cn-hangzhou:1:queues/q"], "got a subscription's endpoint"),
        (["config", "list", "f@prod"], "without qualifier"),
        (["config", "get"], "Missing argument"),
        (["nothing"], "No such command"),
        (["invoke", "f", "--sideways"], "No such option"),
        (["local", "up", "--port", "65536"], "0<=x<=65535"),
        (["local", "up", "--workers", "-1"], "0<=x<=256"),
        (["--timeout", "0", "config", "list"], "expected 1 to 86400 seconds"),
        (["--timeout", "86401", "config", "list"], "expected 1 to 86400 seconds"),
        (["config", "unset", "f"], "nothing to unset"),
        (["config", "unset", "f", "--max-retries", "3"], "unexpected extra argument"),
        (["config", "get", "service/f"], "this is FC 3.0, where a function stands alone (records of 2.0 are readable)"),
        (["invoke", "f", "--delay", "3601"], "expected 0 to 3600 seconds, got 3601"),
        (["invoke", "f", "--task-id", "1-a"], "expected a letter or '_'"),
        (["invoke", "f", "--task-id", "a" * 129], "128 at most"),
        (["invoke", "f", "--sync", "--wait"], "--sync and --wait exclude each other"),
        (["invoke", "f", "--sync", "--delay", "0"], "--sync and --delay exclude each other"),
        (["invoke", "f", "--sync", "--task-id", "a"], "--sync and --task-id exclude each other"),
        (["invoke", "f", "--sync", "--max-payload", "9"], "--sync and --max-payload exclude each other"),
        (["invoke", "f", "--max-payload", "-1"], "x>=0"),
        (["whoami", "--internal", "--endpoint", "http://[::1]:9"], "and --endpoint names one"),
        (["config", "list", "--internal", "--endpoint", "http://[::1]:9"], "and --endpoint names one"),
        (["invoke", "f", "--max-wait", "1m"], "without --wait it has no meaning"),
        (["task", "list", "f", "--status", "Done"], "'Done' is not one of"),
        (["task", "list", "f", "--limit", "0"], "x>=1"),
        (["task", "list", "f", "--since", "yesterday"], "expected 15m, 6h, 2d (ago) or"),
        (["task", "list", "f", "--since", "999999d"], "expected a moment from 1970 to 9999 (UTC), got '999999d'"),
        (["task", "list", "f", "--since", "99999d"], "expected a moment from 1970 to 9999 (UTC)"),
        (["task", "list", "f", "--since", "1970-01-01T00:00:00+00:01"], "expected a moment from 1970 to 9999 (UTC)"),
        (["task", "list", "f", "--until", "9999-12-31T23:59:59-00:01"], "expected a moment from 1970 to 9999 (UTC)"),
        (["task", "list", "f", "--since", "1h", "--until", "2h"], "is later than --until"),
        (["task", "list", "f", "--prefix", ""], "prefix: expected the first 1 to 128 characters"),
        (["task", "get", "f", "a/b"], "expected letters, digits, '_' and '-'"),
        (["task", "wait", "f", "t", "--max-wait", "8d"], "expected 0 to 604800 seconds"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (["config", "list", "-o", "yaml"], "'yaml' is not one of 'table', 'json', 'ndjson'"),
        (["config", "list", "--region", "CN"], "--region: expected a region id"),
        (["config", "list", "--account-id", "me"], "--account-id: expected an account id"),
        (["whoami", "--region", "CN"], "--region: expected a region id"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_exit_2_before_anything_is_sent(fc_async, arguments, said):
    code, out, err = fc_async(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) <= 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["invoke", "f", "-d", "@/no/such/file"], "cannot read /no/such/file: No such file or directory"),
        (["record", "/no/such/file"], "cannot read /no/such/file"),
        (["local", "up", "-f", "/no/such/s.yaml"], "cannot read /no/such/s.yaml"),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence_and_exit_1(fc_async, arguments, said):
    code, out, err = fc_async(*arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_common_options_are_taken_before_and_after_the_command(fc_async):
    before = fc_async("--endpoint", "http://example.com", "config", "get", "f")
    after = fc_async("config", "get", "f", "--endpoint", "http://example.com")
    assert before == after
    assert "insecure" in before[2]


def test_common_options_are_listed_once_at_the_top(fc_async):
    assert "--account-id" in fc_async("--help")[1]
    assert "--account-id" not in fc_async("config", "get", "--help")[1]


def test_a_record_is_shown_with_its_control_characters_made_visible(fc_async, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(
        '{"requestContext": {"requestId": "\\u001b[2J", "functionArn": "acs:fc:::functions/f"},'
        ' "requestPayload": "a\\u009b31m\\nb"}'
    )
    code, out, _ = fc_async("record", str(path))
    assert code == 0
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert r"\x1b[2J" in out


def test_what_is_no_record_is_one_sentence_and_exit_1(fc_async, tmp_path):
    path = tmp_path / "text"
    path.write_text("test")
    code, out, err = fc_async("record", str(path))
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90s", 90), ("15m", 900), ("6h", 21600), ("2d", 172800), ("7", 7)]
)
def test_a_duration_is_read_as_seconds(text, seconds):
    assert DurationType().convert(text, None, None) == seconds


@pytest.mark.parametrize(
    ("name", "qualifier"),
    [("orders", "prod"), ("svc$fn", None), ("9.f", "1"), ("f" * 256, "q" * 256), ("f", "LATEST")],
)
def test_every_name_that_the_client_takes_is_read_and_split_from_its_qualifier(name, qualifier):
    typed = name if qualifier is None else f"{name}@{qualifier}"
    found = FunctionNameType().convert(typed, None, None)
    assert (found.name, found.qualifier, str(found)) == (name, qualifier, typed)


def test_text_for_a_terminal_has_no_control_characters_and_a_length():
    assert clean("a\x1b[1m\nb\x9b\u202e") == "a\\x1b[1m\\nb\\x9b\\u202e"
    assert clean("a\nb", keep_lines=True) == "a\nb"
    assert clean("abcdef", max_characters=3) == "ab…"


def test_a_record_is_explained_layer_by_layer(fc_async, tmp_path):
    path = tmp_path / "message"
    path.write_text('{"TopicName": "t", "Message": "nothing"}')
    code, out, err = fc_async("record", str(path), "--explain")
    assert (code, out) == (1, "")
    assert [line.partition(":")[0] for line in err.splitlines()[:2]] == ["1. topic-json", "2. unreadable"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(fc_async, shell):
    code, out, err = fc_async("completion", shell)
    assert (code, err) == (0, "")
    assert f"_FC_ASYNC_COMPLETE={shell}_complete" in out
    assert "fc-async" in out


def test_whoami_tells_what_came_from_where_and_masks_secrets(fc_async, monkeypatch):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    monkeypatch.setenv("FC_REGION", "cn-shanghai")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tThisIsTheMiddle1234")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "the-secret")
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", "the-token")
    code, out, err = fc_async("whoami", "--account-id", "123", "-o", "json")
    found = {name: (one["value"], one["from"]) for name, one in json.loads(out).items()}
    assert (code, err) == (0, "")
    assert found["region"] == ("cn-shanghai", "FC_REGION")
    assert found["accountId"] == ("123", "--account-id")
    assert found["fcEndpoint"][0] == "https://123.cn-shanghai.fc.aliyuncs.com"
    assert found["mnsEndpoint"][0] == "https://123.mns.cn-shanghai.aliyuncs.com"
    assert found["credentials"][1] == "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
    assert found["accessKeyId"][0] == "LTAI****1234"
    assert not {"the-secret", "the-token", "Middle"} & set(out.replace('"', " ").split())
    table = fc_async("whoami", "--account-id", "123")[1]
    assert "cn-shanghai (FC_REGION)" in table
    assert "the-secret" not in table


def test_whoami_of_a_profile_names_the_file_and_asks_nobody(fc_async, monkeypatch, tmp_path):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    profiles = [
        {"name": "work", "mode": "AK", "region_id": "cn-beijing", "access_key_id": "LTAI5tThisIsTheMiddle1234",
         "access_key_secret": "the-secret"},
        {"name": "role", "mode": "RamRoleArn", "region_id": "cn-beijing"},
    ]  # fmt: skip
    path.write_text(json.dumps({"current": "work", "profiles": profiles}))
    path.chmod(0o600)
    for arguments in (["--profile", "work"], []):
        code, out, err = fc_async("whoami", *arguments)
        assert (code, err) == (0, "")
        assert "cn-beijing" in out
        assert "LTAI****1234" in out
        assert "'work'" in out
        assert "the-secret" not in out
    assert "RamRoleArn, asked for when needed" in fc_async("whoami", "--profile", "role")[1]
    code, out, err = fc_async("whoami", "--profile", "nobody")
    assert (code, out) == (1, "")
    assert "'nobody'" in err


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
@pytest.mark.parametrize(("mode", "is_named"), [(0o644, True), (0o640, True), (0o604, True), (0o600, False)])
def test_whoami_names_a_file_of_keys_that_others_may_read(fc_async, tmp_path, mode, is_named):
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    path.write_text('{"profiles": []}')
    path.chmod(mode)
    code, out, err = fc_async("whoami", "-o", "json")
    assert (code, json.loads(out)["region"]["value"]) == (0, "cn-hangzhou")
    assert err.splitlines() == (
        [f"advice: other users of this machine may read the keys in {path}; close it with: chmod 600 {path}"]
        if is_named
        else []
    )


def test_whoami_names_an_unsupported_mode_as_one(fc_async, monkeypatch, tmp_path):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    shown = []
    for mode in ("Weird", ""):
        path.write_text(json.dumps({"current": "odd", "profiles": [{"name": "odd", "mode": mode}]}))
        key = whoami_key.key_of(Credentials(Source.profile("odd", path), AccessKey), "odd", {}, tmp_path)
        shown.append(key.kind)
    assert shown == ["unsupported mode 'Weird'", "unsupported mode: the profile names none"]


def test_whoami_tells_credentials_of_a_uri_as_that(tmp_path):
    source = Source.variables("ALIBABA_CLOUD_CREDENTIALS_URI")
    key = whoami_key.key_of(Credentials(source, AccessKey), None, {}, tmp_path)
    assert key == ("URI, asked for when needed", source, "", False, False)


def test_whoami_asks_nobody_for_the_key_of_a_profile_that_is_named_like_a_variable(tmp_path):
    profile = {"name": "ALIBABA_CLOUD_ACCESS_KEY_ID", "mode": "CredentialsURI", "credentials_uri": "http://127.0.0.1:9"}
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"profiles": [profile]}))

    def ask():
        raise AssertionError("asked")

    key = whoami_key.key_of(Credentials(Source.profile(profile["name"], path), ask), profile["name"], {}, tmp_path)
    assert key.kind == "profile of mode CredentialsURI, asked for when needed"


def test_whoami_of_internal_hosts_says_that_they_need_the_account(fc_async, monkeypatch, tmp_path):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    path = tmp_path / ".aliyun" / "config.json"
    path.parent.mkdir()
    profile = {"name": "ak", "mode": "AK", "region_id": "cn-beijing", "access_key_id": "id", "access_key_secret": "s"}
    path.write_text(json.dumps({"profiles": [profile]}))
    path.chmod(0o600)
    code, out, err = fc_async("whoami", "--internal", "--profile", "ak", "-o", "json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    needed = {"value": None, "from": "it needs the account, asked from STS when it is needed"}
    assert (found["fcEndpoint"], found["mnsEndpoint"]) == (needed, needed)
    assert found["accountId"] == {"value": None, "from": "asked from STS when it is needed"}
    assert "not found" in fc_async("whoami", "--internal", "--profile", "ak")[1]


def test_whoami_names_an_endpoint_that_cannot_be_used(fc_async, monkeypatch):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    monkeypatch.setenv("FC_REGION", "cn-beijing")
    monkeypatch.setenv("FC_ASYNC_MNS_ENDPOINT", "ftp://x")
    code, out, err = fc_async("whoami", "-o", "json")
    assert code == 0
    assert err.startswith("FC_ASYNC_MNS_ENDPOINT: expected a URL")
    assert json.loads(out)["mnsEndpoint"]["from"].startswith("FC_ASYNC_MNS_ENDPOINT: expected a URL")


def test_whoami_leaves_a_path_with_parentheses_as_it_is(fc_async, monkeypatch, tmp_path):
    home = tmp_path / "a (b)"
    path = home / ".aliyun" / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"current": "x", "profiles": [{"name": "x (y)", "mode": "AK", "region_id": "cn-a"}]}))
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    monkeypatch.setenv("HOME", str(home))
    found = json.loads(fc_async("whoami", "--profile", "x (y)", "-o", "json")[1])
    assert found["region"]["from"] == f"the profile 'x (y)' of {path}"
    assert found["fcEndpoint"]["from"] == f"derived from the region, the profile 'x (y)' of {path}"


def test_whoami_with_nothing_says_what_is_missing_and_exits_0(fc_async, monkeypatch):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    code, out, err = fc_async("whoami")
    assert code == 0
    assert out.splitlines()[0].startswith("region            not found")
    assert len(err.splitlines()) <= 12


def test_a_missing_region_is_told_in_at_most_12_lines_with_every_place_that_was_looked_at(fc_async, monkeypatch):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    code, out, err = fc_async("config", "list")
    assert (code, out) == (1, "")
    assert "ALIBABA_CLOUD_REGION_ID" in err
    assert len(err.splitlines()) <= 12


def test_missing_credentials_are_told_in_at_most_12_lines(fc_async, monkeypatch):
    monkeypatch.delenv("FC_ASYNC_ENDPOINT")
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")
    code, out, err = fc_async("config", "list", "--endpoint", "https://127.0.0.1.invalid", "--region", "cn-hangzhou")
    assert (code, out) == (1, "")
    assert "no credentials were found" in err
    assert len(err.splitlines()) <= 12


def test_an_unforeseen_failure_is_one_sentence_and_its_text_is_not_shown(capsys):
    with pytest.raises(SystemExit) as ended:
        root.fail_for(KeyError("the-secret"), CommonOptions())
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "Error: KeyError: this is a defect of fc-async; --debug shows where it happened\n"
    )


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T08:00:00Z", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31T08:00:00+08:00", "2026-01-31T08:00:00+08:00"),
        ("2026-01-31", "2026-01-31T00:00:00+00:00"),
    ],
)
def test_a_moment_without_a_zone_is_utc(text, moment):
    assert MomentType().convert(text, None, None).isoformat() == moment


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["dql", "list"], "Did you mean 'dlq'?"),
        (["Config"], "Did you mean 'config'?"),
        (["dlq", "lst"], "Did you mean 'list'?"),
        (["local", "fault", "lst"], "Did you mean 'list'?"),
        (["queue", "xyz"], "There are: create, delete, list, purge, show."),
    ],
    ids=lambda one: one[-1] if isinstance(one, list) else None,
)
def test_a_mistyped_group_or_command_is_told_what_was_meant(fc_async, typed, meant):
    code, out, err = fc_async(*typed)
    assert (code, out) == (2, "")
    assert f"No such command {typed[-1] if typed[0] != 'dql' else 'dql'!r}. {meant}" in err
