"""A drawing shows who sends where; no name from outside gets out of its label."""

import json
import re
from pathlib import Path

import pytest

from fc_async.config import AsyncInvokeConfig
from fc_async.deploy.fleet import Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from fc_async.deploy.fleet_document import read_document
from fc_async.deploy.graph import graph
from fc_async.errors import ArgumentError

EXAMPLE = Path(__file__).parents[3] / "examples" / "dlq"

PICTURE = """\
flowchart LR
  n1["dlq-main"]
  n2[("dlq-dead-letters")]
  n3[("dlq-done")]
  n1 -.->|"OnFailure"| n2
  n1 -->|"OnSuccess"| n3
"""


def config(**halves: str) -> AsyncInvokeConfig:
    return AsyncInvokeConfig(destination_config=halves)


FLEET = Fleet(
    (
        FleetFunction("a", {None: config(on_failure="function:b@prod"), "1": config(on_failure="queue:gone")}),
        FleetFunction("b", {"prod": config(on_failure="topic:alarm", on_success="function:a")}),
    ),
    (FleetQueue("pager"),),
    (
        FleetTopic(
            "alarm",
            {},
            (
                FleetSubscription("mine", queue="pager"),
                FleetSubscription("hook", endpoint="https://example.com/secret-path"),
            ),
        ),
    ),
)


def test_the_picture_of_the_example():
    assert graph(read_document(EXAMPLE / "fc-async.yaml")) == PICTURE


def test_the_example_document_says_what_its_s_yaml_says():
    own = read_document(EXAMPLE / "fc-async.yaml").resolved("cn-hangzhou", "1").functions
    s_yaml = read_document(EXAMPLE / "s.yaml", environment={"FC_ROLE_ARN": "x"}).resolved("cn-hangzhou", "1").functions
    assert {one.name: dict(one.configs) for one in own} == {one.name: dict(one.configs) for one in s_yaml}


def test_circles_are_red_and_what_is_missing_is_dashed_in_mermaid():
    assert (
        graph(FLEET)
        == """\
flowchart LR
  n1["a"]
  n2["a@1"]
  n3["b@prod"]
  n4>"https://example.com/#8230;"]
  n5[("gone (missing)")]
  n6[("pager")]
  n7{{"alarm"}}
  n1 -.->|"OnFailure"| n3
  n2 -.->|"OnFailure"| n5
  n3 -.->|"OnFailure"| n7
  n3 -->|"OnSuccess"| n1
  n7 -->|"hook"| n4
  n7 -->|"mine"| n6
  classDef absent stroke-dasharray: 4 4
  class n5 absent
  classDef circle stroke:#c00,stroke-width:3px
  class n1,n3 circle
  linkStyle 0,3 stroke:#c00,stroke-width:3px
"""
    )


def test_dot_has_the_same():
    text = graph(FLEET, format="dot")
    assert '"queue:gone" [shape=cylinder, label="gone (missing)", style=dashed]' in text
    assert '"function:a" -> "function:b@prod" [label="OnFailure", style=dashed, color=red, penwidth=2]' in text
    assert '"topic:alarm" -> "queue:pager" [label="mine"]' in text
    assert "secret-path" not in text


def test_json_has_the_same():
    found = json.loads(graph(FLEET, format="json"))
    states = {one["id"]: (one["kind"], one["state"], one["inCircle"]) for one in found["nodes"]}
    assert states == {
        "function:a": ("function", "listed", True),
        "function:a@1": ("function", "listed", False),
        "function:b@prod": ("function", "listed", True),
        "queue:gone": ("queue", "missing", False),
        "queue:pager": ("queue", "listed", False),
        "topic:alarm": ("topic", "listed", False),
        "https://example.com/…": ("endpoint", "elsewhere", False),
    }
    assert {"from": "topic:alarm", "to": "queue:pager", "kind": "subscription", "name": "mine", "inCircle": False} in (
        found["edges"]
    )
    assert {"from": "function:b@prod", "to": "function:a", "kind": "onSuccess", "inCircle": True} in found["edges"]


def test_what_a_file_does_not_list_is_not_called_missing(tmp_path):
    path = tmp_path / "fc-async.yaml"
    path.write_text("version: 1\nfunctions: {a: {on_failure: 'queue:q'}}\n", encoding="utf-8")
    assert 'n2[("q (not in the file)")]' in graph(read_document(path))


def test_a_destination_elsewhere_is_not_called_missing():
    far = FleetFunction("a", {None: config(on_failure="acs:mns:cn-beijing:1:/queues/q/messages")})
    found = json.loads(graph(Fleet((far,)), format="json"))
    assert found["nodes"][0]["state"] == "listed"
    here = json.loads(graph(Fleet((far,)), format="json", region="cn-hangzhou", account_id="1"))
    assert [one["state"] for one in here["nodes"]] == ["elsewhere", "listed"]


HOSTILE = 'x"]\n  click n1 "javascript:alert(1)" <img src=x onerror=alert(1)> \\" ; } #quot; \x1b]0;t\x07 `'


def test_a_hostile_name_stays_in_its_label():
    fleet = Fleet(
        queues=(FleetQueue(HOSTILE),), topics=(FleetTopic("t", {}, (FleetSubscription(HOSTILE, queue="q"),)),)
    )
    mermaid = graph(fleet)
    assert len(mermaid.splitlines()) == 5 + 2  # heading, three nodes, an edge, and the missing queue's class
    assert not set(mermaid) & set("\x1b\x07`<\\")
    assert mermaid.count('"') == 2 * 4
    dot = graph(fleet, format="dot")
    assert len(dot.splitlines()) == 7
    assert not set(dot) & set("\x1b\x07")
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", dot)
    assert '"' not in outside
    assert "click" not in outside
    assert json.loads(graph(fleet, format="json"))["nodes"][1]["name"] == HOSTILE


def test_two_queues_of_one_name_in_two_places_are_two():
    here, far = (f"acs:mns:{region}:1:/queues/x/messages" for region in ("cn-hangzhou", "cn-beijing"))
    fleet = Fleet(
        (
            FleetFunction("a", {None: config(on_failure=here)}),
            FleetFunction("b", {None: config(on_failure=far, on_success="queue:x")}),
            FleetFunction("c", {None: config(on_failure=here)}),
        )
    )
    assert {one["to"] for one in json.loads(graph(fleet, format="json"))["edges"]} == {"queue:x", far}


def test_another_format_is_refused():
    with pytest.raises(ArgumentError, match="mermaid, dot, json"):
        graph(FLEET, format="svg")


@pytest.mark.parametrize("name", ["docs/guide/fleet.md", "docs/zh-CN/fleet.md", "examples/dlq/README.md"])
def test_the_picture_of_the_example_in_its_readme_and_the_guide_is_the_one_that_graph_draws(name):
    text = (EXAMPLE.parents[1] / name).read_text(encoding="utf-8")
    assert re.findall(r"^```mermaid\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) == [PICTURE]
