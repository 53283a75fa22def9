import json

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

WHO = "\"${env('WHO')}\""


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
    text = GOOD.replace(
        "      role:", "      layers: ${env('NOT_SET')}\n      vpcConfig: {a: 1}\n      empty:\n      role:"
    )
    document = read_document(write(text), {"WHO": "me"})
    assert [note.split(": ", 1)[1] for note in document.notes] == ["resources.main: not used here: layers, vpcConfig"]


def test_a_role_that_cannot_be_resolved_costs_nothing_and_is_still_a_role(write):
    (function,) = read_document(write(GOOD), {"WHO": "me"}).functions
    assert function.role == "${env('NOT_SET')}"
    (function,) = read_document(write(GOOD), {"WHO": "me", "NOT_SET": "acs:ram::1:role/r"}).functions
    assert function.local_fields()["role"] == "acs:ram::1:role/r"


LAUGHS = GOOD.replace("${vars.region}", "${vars.v30}", 1).replace(
    "retries: 0}",
    "retries: 0, v0: ha, "
    + ", ".join(f"v{n}: '{{vars}}{{vars}}'".replace("{vars}", f"${{vars.v{n - 1}}}") for n in range(1, 31))
    + "}",
)
EXTENDS = "template: {a: {extend: {name: b}}, b: {extend: {name: a}}}\n" + GOOD.replace(
    "component: fc3", "component: fc3\n    extend: {name: a}"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1", "expected a mapping"),
        ("", "expected a mapping"),
        ("vars: {}", "expected 'resources'"),
        ("resources: {main: {component: fc3}}", "resources.main: expected a mapping with 'component' and 'props'"),
        ("resources: {main: 1}", "resources.main: expected a mapping with 'component' and 'props'"),
        (GOOD.replace("${env('WHO')}", "${env('NOBODY')}"), "the environment variable NOBODY is not set"),
        (GOOD.replace("${env('WHO')}", "${env()}"), "expected ${env('...')} with 2 arguments at most"),
        (GOOD.replace("${vars.retries}", "${vars.missing}"), "vars.missing is not declared under 'vars'"),
        (GOOD.replace("${vars.retries}", "${resources.x.props.y}"), "resources.x.props.y is not declared"),
        (GOOD.replace("${vars.retries}", "9"), "maxAsyncRetryAttempts: expected a whole number from 0 to 8, got 9"),
        (GOOD.replace("python3.12", "${git.branch}"), "${git.branch} is no variable that is read here"),
        (GOOD.replace("python3.12", "${upper('x')}"), "${upper(...)} is no variable that is read here"),
        (
            GOOD.replace("region: cn-hangzhou", "region: '${vars.region}'"),
            ":3:8: variables lead to each other in a circle",
        ),
        (GOOD.replace("code: ./code", "code: ${this.props.code}"), "circle: resources.main.props.code -> "),
        (GOOD.replace("region: cn-hangzhou", "region: '${vars.region.x}'"), "in a circle: vars.region"),
        (LAUGHS, "it expands to over 20000 values"),
        (EXTENDS, ":1:12: the template 'a' extends itself"),
        ("extend: ./s.yaml\n" + GOOD, ":1:1: the file extends itself, by way of './s.yaml'"),
        ("extend: none.yaml\n" + GOOD, "cannot read"),
        (
            GOOD.replace("component: fc3", "component: fc3\n    extend: {name: none}"),
            "the template 'none' is no mapping",
        ),
        (GOOD.replace("component: fc3", "component: fc3\n    extend: [x]"), "expected extend: {name: TEMPLATE}"),
        (GOOD.replace("./code", "./nowhere"), "expected a folder or a .zip, and nowhere is none"),
        (GOOD.replace("./code", '"\\0"'), "expected a folder or a .zip"),
        (GOOD.replace("functionName: main", "functionName: ../x"), "functionName"),
        (GOOD.replace("functionName: main", "functionName: [x]"), "functionName"),
        (
            GOOD.replace("functionName: main", "functionName: ../x"),
            ":9:7: resources.main.props.functionName: expected a text to match pattern",
        ),
        (GOOD.replace("timeout: 7", "timeout: true"), "timeout: expected a valid integer, got true"),
        (GOOD.replace("timeout: 7", "timeout: secret"), ".timeout: expected a valid integer, got a text"),
        (
            GOOD.replace("timeout: 7", "timeout: 0"),
            ":13:7: resources.main.props.timeout: expected greater than or equal to 1, got 0",
        ),
        (
            GOOD.replace("maxAsyncRetryAttempts: ${vars.retries}", "asyncTask: 'true'"),
            ":19:9: resources.main.props.asyncInvokeConfig.asyncTask: expected a valid boolean, got a text",
        ),
        (
            GOOD.replace("maxAsyncRetryAttempts:", "MaxAsyncRetryAttempts:"),
            "asyncInvokeConfig.MaxAsyncRetryAttempts: Serverless Devs calls it maxAsyncRetryAttempts",
        ),
        (
            GOOD.replace("onFailure:", "on_failure:"),
            ".destinationConfig.on_failure: Serverless Devs calls it onFailure",
        ),
        (
            GOOD.replace('"acs:mns:${vars.region}::/queues/dead/messages"', "queue:dead"),
            "onFailure.destination: expected an ARN (acs:...); Serverless Devs and the cloud know no short form",
        ),
        (GOOD.replace("maxAsyncRetryAttempts:", "maxRetries:"), "maxRetries"),
        ("resources: {m: {component: other, props: {}}}", "expected at least one function of component fc3"),
        (
            GOOD.replace("DEBUG: true", "DEBUG: [1]"),
            "environmentVariables.DEBUG: expected a text, got a mapping or list",
        ),
        (GOOD.replace(WHO, "'a${json(\"[1]\")}'"), "expected one value"),
        (GOOD.replace("code: ./code", "code: {ossBucketName: b}"), "code in OSS is not run here"),
        (GOOD.replace("code: ./code", "code:"), "expected 'code', a folder or a .zip"),
        *[
            (
                GOOD.replace(f"      {name}: ", f"      {name}:\n      description: "),
                f"resources.main.props: expected '{name}', without which nothing is deployed",
            )
            for name in ("runtime", "functionName", "handler")
        ],
        (GOOD.replace("runtime: python3.12", "runtime: nodejs20"), "runtime nodejs20 is not run here, only python3*"),
        (GOOD.replace("asyncInvokeConfig:", "asyncInvokeConfig: x\n      x:"), "asyncInvokeConfig: expected a mapping"),
        (GOOD.replace("vars: {", "services: {a: 1}\nvars: {"), ":3:1: this is a file of Serverless Devs 1 (FC 2.0)"),
        (GOOD.replace("edition: 3.0.0", "edition: 1.0.0"), ":2:1: this is a file of Serverless Devs 1 (FC 2.0)"),
        (GOOD.replace("cn-hangzhou", "'{{ region }}'"), ":3:8: {{ region }} is a template that nobody has filled in"),
        (GOOD.replace("DEBUG: true", "DEBUG: true, DEBUG: 1"), "the key 'DEBUG' is given twice; line 16 has it first"),
        (
            GOOD.replace("asyncInvokeConfig:", "asyncInvokeConfig:\n        destination: {onSuccess: x}"),
            "destinationConfig",
        ),
        (GOOD + GOOD[GOOD.index("  main:") :].replace("  main:", "  again:"), "function main is declared twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence_that_names_it(write, text, said):
    path = write(text)
    with pytest.raises(DocumentError) as caught:
        read_document(path, {"WHO": "me"})
    assert str(caught.value).startswith((f"{path}", f"cannot read {path.parent}"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${file('../secret')}", "leads out of the folder"),
        ("${file('/etc/passwd')}", "leads out of the folder"),
        ("${file('./link')}", "leads out of the folder"),
        ("${path('..')}", "leads out of the folder"),
        ("${path('./none')}", "expected a file or folder beside the s.yaml, found none"),
        ("${env('EMPTY')}", "the environment variable EMPTY is empty, which counts as not set"),
        ("${file('./code')}", "expected a file beside the s.yaml"),
        ("${file('./binary')}", "expected text in UTF-8"),
        ("${file('./large')}", "expected at most 262144 bytes"),
        ("${file('\0')}", "is no path"),
        ("${json('{')}", "expected JSON"),
        ("${json(file('./binary'))}", "expected text in UTF-8"),
    ],
)
def test_a_file_that_may_not_or_cannot_be_read_costs_its_function(write, tmp_path, text, said):
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "binary").write_bytes(b"\xff")
    (tmp_path / "large").write_bytes(b"x" * 262_145)
    resource = GOOD[GOOD.index("  main:") :]
    bad = resource.replace("main", "bad").replace(WHO, json.dumps(text))
    document = read_document(write(GOOD + bad), {"WHO": "me", "EMPTY": ""})
    assert [function.name for function in document.functions] == ["main"]
    (note,) = [note for note in document.notes if "resources.bad" in note]
    assert said in note
    assert note.endswith("; the function is left out")


def test_a_dot_env_file_is_asked_after_the_environment_and_only_where_something_is(write, tmp_path):
    (tmp_path / ".env").write_text("WHO=file\nONLY=there\nEMPTY=file\n")
    text = GOOD.replace("PORT: 8080", "PORT: \"${env('ONLY')}\", EMPTY: \"${env('EMPTY', 'default')}\"")
    (function,) = read_document(write(text), {"WHO": "here", "EMPTY": ""}).functions
    assert function.environment | {"DEBUG": ""} == {"WHO": "here", "PORT": "there", "EMPTY": "default", "DEBUG": ""}
    (tmp_path / ".env").write_bytes(b"x" * 2_000_000)
    with pytest.raises(DocumentError, match=r"\.env: expected at most 65536 bytes"):
        read_document(write(text), {"WHO": "here"})
    assert read_document(write(GOOD), {"WHO": "here", "NOT_SET": ""}).functions


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a ${b", "a ${b"),
        ("${json('{}').x}", None),
        ("${ env( 'WHO' ) }/${vars.retries}", "me/0"),
        ("${env('NONE', 'a}b')}", "a}b"),
        ('${env("NONE", "it\'s")}', "it's"),
        ("${env('NONE', '')}", ""),
        ("${env('EMPTY', 'default')}", "default"),
        ("${path('./code')}/x", "FOLDER/code/x"),
        ("$${vars.retries}", "$0"),
        ("${HOME}", None),
        ("${}", None),
    ],
)
def test_what_is_written_around_a_variable_stays(write, tmp_path, written, value):
    text = GOOD.replace(WHO, json.dumps(written))
    (function,) = read_document(write(text), {"WHO": "me", "EMPTY": ""}).functions
    assert function.environment.get("WHO") == (value and value.replace("FOLDER", str(tmp_path.resolve())))


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


def test_one_function_that_cannot_be_run_costs_only_itself(write):
    resource = GOOD[GOOD.index("  main:") :]
    others = resource.replace("main", "site").replace("python3.12", "nodejs20")
    others += resource.replace("main", "broken").replace("timeout: 7", "timeout: 0")
    path = write(GOOD + others)
    document = read_document(path, {"WHO": "me"})
    assert [function.name for function in document.functions] == ["main"]
    left_out = [note for note in document.notes if note.endswith("; the function is left out")]
    assert [note.split(": ")[1] for note in left_out] == ["resources.site", "resources.broken.props.timeout"]
    assert all(note.startswith(f"{path}:") for note in left_out)
    with pytest.raises(DocumentError, match=r"resources\.site: runtime nodejs20 .* \(and 1 more; none is left\)"):
        read_document(write("edition: 3.0.0\nvars: {region: x, retries: 0}\nresources:\n" + others), {"WHO": "me"})


def test_code_may_be_a_zip(write, tmp_path):
    (tmp_path / "code.zip").write_bytes(b"PK")
    (function,) = read_document(write(GOOD.replace("./code", "./code.zip")), {"WHO": "me"}).functions
    assert function.code_dir == (tmp_path / "code.zip").resolve()


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DocumentError, match=r"cannot read .*: No such file"):
        read_document(tmp_path / "none.yaml")
