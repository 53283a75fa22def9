import pytest

from fc_async import DocumentError, QueueArn
from fc_async.deploy.document import read_document

GOOD = """
edition: 3.0.0
vars: {region: cn-hangzhou, retries: 0}
resources:
  main:
    component: fc3
    props:
      region: ${vars.region}
      functionName: main
      runtime: python3.12
      handler: index.handler
      code: ./code
      timeout: 7
      memorySize: 256
      role: ${env('NOT_SET')}
      environmentVariables: {PORT: 8080, DEBUG: true, WHO: "${env('WHO')}"}
      asyncInvokeConfig:
        qualifier: prod
        maxAsyncRetryAttempts: ${vars.retries}
        destinationConfig:
          onFailure: {destination: "acs:mns:${vars.region}::/queues/dead/messages"}
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "code").mkdir()

    def write_file(text):
        path = tmp_path / "s.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_file


def test_an_s_yaml_becomes_functions_with_variables_filled_in(write, tmp_path):
    (function,) = read_document(write(GOOD), {"WHO": "me"}).functions
    assert (function.name, function.runtime, function.timeout_seconds) == ("main", "python3.12", 7)
    assert (function.memory_mb, function.qualifier, function.region) == (256, "prod", "cn-hangzhou")
    assert function.code_dir == (tmp_path / "code").resolve()
    assert function.environment == {"PORT": "8080", "DEBUG": "true", "WHO": "me"}
    assert function.async_config.max_async_retry_attempts == 0
    assert function.async_config.destination_config.on_failure == QueueArn("dead", "cn-hangzhou")


def test_keys_that_are_not_used_are_named_once_and_never_resolved(write):
    document = read_document(write(GOOD), {"WHO": "me"})
    assert [note.split(": ", 1)[1] for note in document.notes] == ["resources.main: not used here: role"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join(['*' + chr(97 + at)] * 10)}]\n" for at in range(8)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1", ":1:6: not YAML"),
        (b"\xff\xfe\x00", "not YAML"),
        ("- 1", "expected a mapping"),
        ("", "expected a mapping"),
        ("vars: {}", "expected 'resources'"),
        ("resources: {main: {component: fc3}}", "resources.main: expected a mapping with 'component' and 'props'"),
        (GOOD.replace("${env('WHO')}", "${env('NOBODY')}"), "the environment variable NOBODY is not set"),
        (GOOD.replace("${vars.retries}", "${vars.missing}"), "vars.missing is not declared"),
        (GOOD.replace("${vars.retries}", "9"), "maxAsyncRetryAttempts: Input should be less than or equal to 8"),
        (GOOD.replace("python3.12", "${git.branch}"), "expected ${vars.x} or ${env('X')}"),
        (GOOD.replace("./code", "./nowhere"), "expected a folder"),
        (GOOD.replace("functionName: main", "functionName: ../x"), "functionName"),
        (GOOD.replace("maxAsyncRetryAttempts:", "maxRetries:"), "maxRetries"),
        (BOMB + "resources: {m: {component: fc3, props: {functionName: *i}}}", "expands to over"),
        ("resources: {m: {component: fc3, props: &p {code: *p}}}", "expands to over"),
        ("#" + "x" * 1_048_576, "at most 1048576 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_that_names_it(write, text, said):
    path = write(text)
    with pytest.raises(DocumentError) as caught:
        read_document(path, {"WHO": "me"})
    assert str(caught.value).startswith(f"{path}")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"cannot read .*: No such file"):
        read_document(tmp_path / "none.yaml")
