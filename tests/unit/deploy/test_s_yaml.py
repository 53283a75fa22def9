import pytest

from fc_async import DocumentError, QueueArn
from fc_async.deploy.s_yaml import read_document

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


LAUGHS = GOOD.replace("${vars.region}", "${vars.v30}", 1).replace(
    "retries: 0}",
    "retries: 0, v0: ha, "
    + ", ".join(f"v{n}: '{{vars}}{{vars}}'".replace("{vars}", f"${{vars.v{n - 1}}}") for n in range(1, 31))
    + "}",
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
        (GOOD.replace("${vars.retries}", "9"), "maxAsyncRetryAttempts: expected a whole number from 0 to 8, got 9"),
        (GOOD.replace("python3.12", "${git.branch}"), "expected ${vars.x} or ${env('X')}"),
        (GOOD.replace("region: cn-hangzhou", "region: '${vars.region}'"), "without end"),
        (LAUGHS, "without end"),
        (GOOD.replace("./code", "./nowhere"), "expected a folder"),
        (GOOD.replace("functionName: main", "functionName: ../x"), "functionName"),
        (GOOD.replace("maxAsyncRetryAttempts:", "maxRetries:"), "maxRetries"),
        (BOMB + "resources: {m: {component: fc3, props: {functionName: *i}}}", "expands to over"),
        ("resources: {m: {component: fc3, props: &p {code: *p}}}", "expands to over"),
        ("resources: {m: {component: other, props: {}}}", "expected at least one function of component fc3"),
        (GOOD.replace("DEBUG: true", "DEBUG: [1]"), "environmentVariables.DEBUG"),
        (GOOD.replace("DEBUG: true", "DEBUG: null"), "environmentVariables.DEBUG"),
        (GOOD.replace("code: ./code", "code: {ossBucketName: b}"), "code"),
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


def test_a_variable_may_name_another_and_what_the_environment_holds_is_taken_as_it_is(write):
    text = GOOD.replace("{region: cn-hangzhou,", "{where: hangzhou, region: 'cn-${vars.where}',")
    (function,) = read_document(write(text), {"WHO": "${not.a.variable}"}).functions
    assert (function.region, function.environment["WHO"]) == ("cn-hangzhou", "${not.a.variable}")


def test_code_may_be_written_in_the_long_form_and_a_qualifier_as_a_number(write, tmp_path):
    text = GOOD.replace("code: ./code", "code: {src: ./code}").replace("qualifier: prod", "qualifier: 1")
    (function,) = read_document(write(text), {"WHO": "me"}).functions
    assert (function.code_dir, function.qualifier) == ((tmp_path / "code").resolve(), "1")


def test_what_the_file_leaves_out_is_left_to_the_defaults_of_the_local_service(write):
    text = GOOD.replace("      timeout: 7\n", "").replace("      memorySize: 256\n", "")
    fields = read_document(write(text), {"WHO": "me"}).functions[0].local_fields()
    assert {"timeout_seconds", "memory_mb"}.isdisjoint(fields)


def test_functions_of_several_regions_are_not_served_together(write):
    resource = GOOD[GOOD.index("  main:") :]
    other = resource.replace("main", "other").replace("${vars.region}", "cn-beijing")
    document = read_document(write(GOOD + other), {"WHO": "me"})
    with pytest.raises(DocumentError, match=r"got cn-beijing, cn-hangzhou"):
        _ = document.region


def test_a_runtime_that_is_not_run_here_is_said_so(write):
    document = read_document(write(GOOD.replace("python3.12", "nodejs20")), {"WHO": "me"})
    assert "runtime nodejs20 is not run here" in document.notes[1]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"cannot read .*: No such file"):
        read_document(tmp_path / "none.yaml")
