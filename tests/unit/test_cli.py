"""What is typed wrong is refused with exit 2 and one sentence, before anything is sent."""

import pytest

from fc_async.cli.arguments import DurationType, FunctionNameType
from fc_async.cli.root import run
from fc_async.cli.terminal import clean


@pytest.fixture
def fc_async(capsys, monkeypatch, tmp_path):
    """Run the command line where nothing can be reached: a request that was sent would end in exit 1."""
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HOME", str(tmp_path))

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
        (["config", "get", "9f"], "expected FUNCTION or FUNCTION@QUALIFIER"),
        (["config", "list", "f@prod"], "without qualifier"),
        (["config", "get"], "Missing argument"),
        (["nothing"], "No such command"),
        (["invoke", "f", "--sideways"], "No such option"),
        (["local", "up", "--port", "65536"], "0<=x<=65535"),
        (["local", "up", "--workers", "-1"], "0<=x<=256"),
        (["--timeout", "0", "config", "list"], "expected 1 to 86400 seconds"),
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


def test_a_function_name_is_split_from_its_qualifier():
    found = FunctionNameType().convert("orders@prod", None, None)
    assert (found.name, found.qualifier, str(found)) == ("orders", "prod", "orders@prod")


def test_text_for_a_terminal_has_no_control_characters_and_a_length():
    assert clean("a\x1b[1m\nb\x9b\u202e") == "a\\x1b[1m\\nb\\x9b\\u202e"
    assert clean("a\nb", keep_lines=True) == "a\nb"
    assert clean("abcdef", max_characters=3) == "ab…"
