"""What a fleet's document says, and that nothing in it is misread: every fault has its place and the right word."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from fc_async import AsyncInvokeConfig, DestinationConfig, DocumentError, read_document
from fc_async.deploy.fleet import Facts
from fc_async.deploy.fleet_model import json_schema

FUNCTION = "version: 1\nfunctions:\n  orders:\n"
BLOCK = "edition: 3.0.0\nresources:\n  main:\n    component: fc3\n    props:\n      functionName: main\n"
WHOLE = """\
version: 1
functions:
  orders:
    on_failure: queue:dead
    max_retries: 0
    max_age: 6h
    reentrant: false
    max_payload: 64KB
    qualifiers:
      prod: {async_task: true, reentrant: true}
  none: {}
  only-prod: {qualifiers: {prod: {}}}
queues:
  dead: {message_retention_period: 7d}
topics:
  alarm: {subscriptions: {pager: {queue: pager, tag: urgent}}}
"""


def written(folder: Path, text: str) -> Path:
    (folder / "file.yaml").write_text(text)
    return folder / "file.yaml"


def test_a_document_says_what_each_qualifier_is_to_have(tmp_path: Path) -> None:
    fleet = read_document(written(tmp_path, WHOLE))
    orders, none, only = fleet.functions
    assert orders.configs == {
        None: AsyncInvokeConfig(
            destination_config=DestinationConfig(on_failure="queue:dead"),
            max_async_retry_attempts=0,
            max_async_event_age_in_seconds=21600,
        ),
        "prod": AsyncInvokeConfig(async_task=True),
    }
    assert orders.facts_of(None) == Facts(False, 65536)
    assert orders.facts_of("prod") == Facts(True, 65536)
    assert orders.place_of("prod").endswith("file.yaml:10:7")
    assert none.configs == {None: AsyncInvokeConfig()}
    assert only.configs == {"prod": AsyncInvokeConfig()}  # LATEST is not named: only --prune would delete it
    assert fleet.queues[0].attributes == {"message_retention_period": 604800}
    (pager,) = fleet.topics[0].subscriptions
    assert (pager.name, pager.queue, pager.tag, pager.format) == ("pager", "pager", "urgent", None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{FUNCTION}    onFailure: queue:x\n", "file.yaml:4:5: functions.orders.onFailure:.*did you mean on_failure"),
        (f"{FUNCTION}    max_retrys: 1\n", "file.yaml:4:5: .*did you mean max_retries"),
        (f"{FUNCTION}    max_retries: 9\n", "file.yaml:4:5: .*whole number from 0 to 8, got 9"),
        (f"{FUNCTION}    max_retries: true\n", "whole number from 0 to 8, got true"),
        (f"{FUNCTION}    max_age: 6x\n", "expected 1 to 604800 seconds"),
        (f"{FUNCTION}    async_task: 'yes'\n", "expected true or false, got 'yes'"),
        (f"{FUNCTION}    on_failure: dead\n", "file.yaml:4:5: .*expected queue:NAME"),
        (f"{FUNCTION}    on_failure: ${{env('X')}}\n", "file.yaml:4:5: .*only an s.yaml has them"),
        (f"{FUNCTION}    qualifiers: {{prod: {{maxRetries: 1}}}}\n", "file.yaml:4:25: .*did you mean max_retries"),
        (
            f"{FUNCTION}    max_retries: 1\n    qualifiers: {{LATEST: {{}}}}\n",
            "file.yaml:5:18: .*LATEST is given twice",
        ),
        (f"{FUNCTION}    max_retries: 1\n  orders: {{}}\n", "file.yaml:5:3: the key 'orders' is given twice"),
        (f"{FUNCTION}    qualifiers: {{a: {{}}, a: {{}}}}\n", "file.yaml:4:25: the key 'a' is given twice"),
        (f"{FUNCTION}    max_retries: 1\n    max_retries: 1\n", "file.yaml:5:5: the key 'max_retries' is given twice"),
        (f"{FUNCTION}    [1]\n", "file.yaml:3:3: functions.orders: expected a mapping, got a list"),
        ("version: true\n", "file.yaml:1:1: version: expected 1, got true"),
        ("version: '1'\n", "file.yaml:1:1: version: expected 1, got '1'"),
        (f"{FUNCTION}    max_age: 0\n", "expected 1 to 604800 seconds.*got 0"),
        ("format: fc-async plan 1\nchanges: []\n", "got a saved plan"),
        ("version: 2\n", "file.yaml:1:1: version: expected 1, got 2"),
        ("functions: {}\n", "file.yaml:1:1: expected 'version: 1' at the top"),
        ("- 1\n", "expected a mapping"),
        ("", "file.yaml:1:1: expected a mapping"),
        ("version: 1\nfunction: {}\n", "file.yaml:2:1: .*did you mean functions"),
        ("version: 1\nfunctions:\n  a/b: {}\n", "file.yaml:3:3: .*expected a function name"),
        ("version: 1\nqueues:\n  d_d: {}\n", "file.yaml:3:3: .*expected a queue name"),
        ("version: 1\nqueues:\n  d: {message_retention_period: 8d}\n", "file.yaml:3:7: .*expected 60 to 604800"),
        ("version: 1\ntopics:\n  t: {subscriptions: {s: {}}}\n", "file.yaml:3:23: .*one of queue and endpoint"),
        ("version: 1\ntopics:\n  t: {subscriptions: {s: {que: q}}}\n", "did you mean queue"),
        ("version: 1\nfunctions: &a\n  x: *a\n", "expands to over"),
        (
            "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + "".join(f"{n}: &{n} [{', '.join([f'*{m}'] * 10)}]\n" for m, n in zip("abcde", "bcdef", strict=True)),
            "expands to over",
        ),
        ("#" * 300_000, "expected at most 262144 bytes"),
        (
            f"{BLOCK}      asyncInvokeConfig: {{maxAsyncRetries: 1}}\n",
            "file.yaml:7:27: .*did you mean maxAsyncRetryAttempts",
        ),
        (
            f"{BLOCK}      asyncInvokeConfig: {{destinationConfig: {{onFailure: {{destination: '${{env(NO)}}'}}}}}}\n",
            "file.yaml:7:59: .*NO is not set",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_document(written(tmp_path, text), environment={})


def test_an_s_yaml_lists_only_the_functions_with_a_block(tmp_path: Path) -> None:
    other = "  other: {component: fc3, props: {functionName: other}}\n  web: {component: fc3-domain}\n"
    text = BLOCK + "      asyncInvokeConfig: {maxAsyncRetryAttempts: 0, qualifier: prod}\n" + other
    (main,) = read_document(written(tmp_path, text)).functions
    assert (main.name, main.configs) == ("main", {"prod": AsyncInvokeConfig(max_async_retry_attempts=0)})


def test_a_function_of_two_blocks_has_both_and_never_the_same_twice(tmp_path: Path) -> None:
    again = BLOCK.partition("resources:\n")[2].replace("main:", "again:")
    prod = "      asyncInvokeConfig: {maxAsyncRetryAttempts: 0, qualifier: prod}\n"
    latest = "      asyncInvokeConfig: {maxAsyncRetryAttempts: 1}\n"
    (main,) = read_document(written(tmp_path, BLOCK + prod + again + latest)).functions
    assert set(main.configs) == {None, "prod"}
    with pytest.raises(DocumentError, match="function main is given twice"):
        read_document(written(tmp_path, BLOCK + prod + again + prod))


def test_the_shipped_schema_is_that_of_the_model() -> None:
    shipped = (files("fc_async") / "deploy" / "fc-async.schema.json").read_text()
    assert json.loads(shipped) == json_schema()
