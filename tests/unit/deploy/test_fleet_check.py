"""Each rule finds what it is for, in its place, and is silent where nothing is wrong."""

import json

import pytest

from fc_async.arn import parse_destination
from fc_async.checks import FunctionName
from fc_async.config import AsyncInvokeConfig
from fc_async.deploy.check import check, findings
from fc_async.deploy.checks.view import Details, View
from fc_async.deploy.fleet import Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from fc_async.deploy.fleet_document import read_document
from fc_async.deploy.ram import policy

REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"


@pytest.fixture
def read(tmp_path):
    def call(functions: str, more: str = "") -> Fleet:
        path = tmp_path / "fc-async.yaml"
        path.write_text(f"version: 1\nfunctions:\n{functions}\n{more}\n", encoding="utf-8")
        return read_document(path)

    return call


def view(fleet: Fleet, **told) -> View:
    return View(fleet.resolved(REGION, ACCOUNT), REGION, ACCOUNT, **told)


def ids(found) -> list[str]:
    return [one.id for one in found]


GOOD = "on_failure: queue:dead, max_payload: 8KB"


def test_a_function_as_it_should_be_has_no_finding(read):
    fleet = read(f"  a: {{{GOOD}, reentrant: true}}", "queues: {dead: {message_retention_period: 7d}}")
    assert check(fleet) == []
    there = {"dead": FleetQueue("dead", {"message_retention_period": 604800})}
    details = {FunctionName("a"): Details(f"acs:ram::{ACCOUNT}:role/r", 60)}
    assert findings(view(fleet, functions=frozenset("a"), queues=there, topics={}, details=details)) == []


def test_a_circle_is_shown_as_its_way_at_the_place_of_its_smallest_function(read):
    fleet = read(
        "  c: {on_failure: 'function:a', on_success: 'queue:q', max_payload: 1}\n"
        "  b: {on_failure: 'function:c'}\n"
        "  a:\n    on_failure: function:b\n"
        "    qualifiers: {prod: {on_failure: 'function:a@prod'}}\n"
        "  d: {on_failure: 'function:a'}"
    )
    found = [one for one in check(fleet) if one.id == "circle"]
    assert [one.message.split(":")[0] for one in found] == ["a -> b -> c -> a", "a@prod -> a@prod"]
    assert [one.place.rsplit(":", 2)[1] for one in found] == ["5", "7"]


def test_an_alias_is_no_part_of_the_circle_of_another_version(read):
    fleet = read("  a: {on_failure: 'function:b@prod'}\n  b: {on_failure: 'function:a'}")
    assert "circle" not in ids(check(fleet))


def test_latest_is_the_function_without_a_qualifier(read):
    fleet = read("  a: {on_failure: 'function:b@LATEST'}\n  b: {on_failure: 'function:a'}")
    assert "circle" in ids(check(fleet))


def test_a_chain_of_1500_functions_is_no_circle_until_its_end_leads_back():
    def led(to: str, name: str) -> FleetFunction:
        config = AsyncInvokeConfig(destination_config={"on_failure": f"function:{to}"})
        return FleetFunction(name, {None: config}, max_payload_bytes=1)

    chain = tuple(led(f"f{n + 1}", f"f{n}") for n in range(1500))
    assert "circle" not in ids(check(Fleet(chain)))
    back = check(Fleet((*chain, led("f0", "f1500"))))
    assert "(1493 more)" in next(one.message for one in back if one.id == "circle")


def test_what_is_not_there_is_missing_only_where_the_services_were_asked(read):
    fleet = read(
        "  a: {on_failure: 'function:gone', on_success: 'function:b@gone'}\n"
        "  b: {on_failure: 'queue:gone', on_success: 'topic:gone'}\n"
        "  late: {on_failure: 'queue:listed'}",
        "queues: {listed: {}}",
    )
    asked = view(fleet, functions=frozenset("ab"), qualifiers={"b": frozenset({"1", "prod"})}, queues={}, topics={})
    errors = [one for one in findings(asked) if one.severity == "error"]
    assert sorted(ids(errors)) == [
        "absent-function",
        "missing-function",
        "missing-function",
        "missing-queue",
        "missing-topic",
    ]
    assert all(not one.id.startswith(("missing", "absent")) for one in check(fleet))


def test_a_subscription_to_a_queue_that_is_missing_is_found(read):
    fleet = read(f"  a: {{{GOOD}}}", "topics: {alarm: {subscriptions: {pager: {queue: gone}}}}")
    found = findings(view(fleet, queues={"dead": FleetQueue("dead")}, topics={}))
    assert [one.message for one in found if one.id == "missing-queue"] == [
        "topic alarm pushes to the queue gone, which does not exist"
    ]


def test_a_version_that_is_missing_is_found(read):
    fleet = read(f"  a:\n    qualifiers: {{prod: {{{GOOD}}}}}")
    found = findings(view(fleet, functions=frozenset("a"), absent=frozenset({FunctionName("a", "prod")})))
    assert ids(found) == ["absent-function"]


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_a_topic_without_subscriptions_is_a_warning_where_the_service_was_asked(read, severity):
    fleet = read("  a: {on_failure: 'topic:alarm', max_payload: 1}", "topics: {alarm: {}}")
    told = {"topics": {"alarm": FleetTopic("alarm")}, "queues": {}} if severity == "warning" else {}
    assert [(one.id, one.severity) for one in findings(view(fleet, **told))] == [
        ("topic-without-subscriptions", severity)
    ]
    subscribed = {"alarm": FleetTopic("alarm", {}, (FleetSubscription("s", endpoint="http://x/"),))}
    assert findings(view(fleet, topics=subscribed)) == []


def test_a_destination_in_another_region_or_account_is_an_error(read):
    fleet = read(
        f"  a: {{on_failure: 'acs:mns:cn-beijing:{ACCOUNT}:/queues/dead/messages', max_payload: 1}}\n"
        f"  b: {{on_failure: 'acs:fc:{REGION}:99:functions/x', max_payload: 1}}"
    )
    found = findings(view(fleet, queues={}, topics={}, functions=frozenset("ab")))
    assert ids(found) == ["other-region", "other-account"]


def test_retries_count_for_what_is_not_reentrant_and_0_is_none(read):
    fleet = read(
        f"  a: {{{GOOD}, reentrant: false}}\n"
        f"  b: {{{GOOD}, reentrant: false, max_retries: 0}}\n"
        f"  c: {{{GOOD}, reentrant: true}}"
    )
    found = check(fleet)
    assert ids(found) == ["retries-not-reentrant"]
    assert "3 times, the service's default" in found[0].message


def test_an_age_shorter_than_the_retries_counts_the_timeout_where_it_is_known(read):
    fleet = read(f"  a: {{{GOOD}, max_retries: 2, max_age: 60}}\n  b: {{{GOOD}, max_retries: 8, max_age: 7}}")
    assert [one.message[:1] for one in check(fleet)] == ["b"]
    details = {FunctionName("a"): Details("", 30)}
    assert [one.message[:1] for one in findings(view(fleet, details=details, needs_role=False))] == ["a", "b"]


@pytest.mark.parametrize(
    ("payload", "to", "is_found"),
    [
        ("60KB", "queue:q", False),
        ("61KB", "queue:q", True),
        ("5KB", "queue:small", True),
        ("61KB", "topic:t", True),
        ("61KB", "function:f", False),
        ("128KB", "function:f", True),
        ("61KB", "acs:eventbridge:::eventbus/bus", True),
        ("128KB", "acs:mq:::/instances/i/topic/t", False),
        ("0", "queue:q", False),
    ],
    ids=lambda value: str(value).replace("::", "-"),
)
def test_a_payload_is_held_to_what_its_destination_takes(read, payload, to, is_found):
    fleet = read(
        f"  a: {{on_failure: '{to}', max_payload: {payload}}}",
        "queues: {small: {maximum_message_size: 8192}}\ntopics: {t: {subscriptions: {s: {queue: small}}}}",
    )
    assert ("large-payload" in ids(check(fleet))) == is_found


def test_payloads_that_are_not_told_are_one_info_for_the_whole_file(read):
    fleet = read("\n".join(f"  f{n}: {{on_failure: 'queue:q'}}" for n in range(5)))
    found = check(fleet)
    assert [(one.id, one.severity, one.place) for one in found] == [("large-payload", "info", fleet.place)]
    assert found[0].message.endswith("f0, f1, f2 and 2 more")


def test_without_a_role_the_advice_holds_the_policy_to_paste(read):
    fleet = read("  a: {on_failure: 'queue:dead', on_success: 'function:b', max_payload: 1}")
    found = [one for one in findings(view(fleet, details={FunctionName("a"): Details("", 3)})) if one.id == "no-role"]
    assert [one.severity for one in found] == ["error"]
    assert json.loads(found[0].advice.split("\n")[1]) == {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["mns:SendMessage"],
                "Resource": [f"acs:mns:{REGION}:{ACCOUNT}:/queues/dead/messages"],
            },
            {
                "Effect": "Allow",
                "Action": ["fc:InvokeFunction"],
                "Resource": [
                    f"acs:fc:{REGION}:{ACCOUNT}:functions/b",
                    f"acs:fc:{REGION}:{ACCOUNT}:functions/b/*",
                ],
            },
        ],
    }


def test_a_role_is_of_the_functions_own_account(read):
    fleet = read("  a: {on_failure: 'queue:dead', max_payload: 1}")
    told = {"details": {FunctionName("a"): Details("acs:ram::99:role/x", 3)}}
    assert ids(findings(view(fleet, **told))) == ["role-of-another-account"]
    assert findings(view(fleet, **told, needs_role=False)) == []


def test_a_function_that_may_not_be_looked_at_is_told(read):
    fleet = read(f"  a: {{{GOOD}}}")
    assert ids(findings(view(fleet, details={FunctionName("a"): Details()}))) == ["role-not-read"]


def test_a_queue_that_keeps_for_less_than_7_days_is_a_warning_where_records_come(read):
    fleet = read(
        "  a: {on_failure: 'topic:t', on_success: 'queue:other', max_payload: 1}",
        "queues: {idle: {message_retention_period: 1d}, other: {message_retention_period: 7d}}\n"
        "topics: {t: {subscriptions: {s: {queue: far}}}}",
    )
    there = {
        "far": FleetQueue("far", {"message_retention_period": 345600}),
        "stranger": FleetQueue("stranger", {"message_retention_period": 60}),
        "other": FleetQueue("other", {"message_retention_period": 60}),
    }
    found = findings(view(fleet, queues=there, topics={}))
    assert [(one.id, one.severity, "far" in one.message) for one in found] == [
        ("short-retention", "warning", True),
        ("short-retention", "info", False),
    ]
    assert found[0].place == "queue:far"


def test_both_outcomes_in_one_queue_is_found_however_it_is_written(read):
    whole = f"acs:mns:{REGION}:{ACCOUNT}:/queues/dead/messages"
    fleet = read(f"  a: {{{GOOD}, on_success: '{whole}'}}\n  b: {{{GOOD}, on_success: 'queue:done'}}")
    assert ids(check(fleet)) == ["one-queue-for-both"]


@pytest.mark.parametrize(
    "other", ["acs:mns:cn-beijing:9:/queues/dead/messages", "acs:mns:REGION:9:/queues/dead/messages"]
)
def test_two_queues_of_one_name_in_two_places_are_two(read, other):
    whole = f"acs:mns:{REGION}:{ACCOUNT}:/queues/dead/messages"
    fleet = read(f"  a: {{on_failure: '{whole}', max_payload: 1, on_success: '{other.replace('REGION', REGION)}'}}")
    assert "one-queue-for-both" not in ids(check(fleet))


def test_no_on_failure_also_for_a_function_without_any_config(read):
    fleet = read("  a: {}\n  b: {on_success: 'queue:q', max_retries: 0, max_payload: 1}")
    found = check(fleet)
    assert ids(found) == ["no-on-failure"] * 2
    assert "without a retry" in found[1].message


def test_the_gravest_come_first_then_the_files_order(read):
    lines = [f"  f{n:02}: {{}}" for n in range(12)] + ["  z: {on_failure: 'function:z'}"]
    found = check(read("\n".join(lines)))
    assert ids(found) == ["circle"] + ["no-on-failure"] * 12
    assert [int(one.place.rsplit(":", 2)[1]) for one in found[1:]] == list(range(3, 15))


def test_a_policy_has_no_action_without_a_source():
    destinations = [parse_destination(one) for one in ("acs:oss:r:1:bucket", "acs:mq:r:1:/instances/i/topic/t")]
    assert policy(destinations)["Statement"] == [{"Effect": "Allow", "Action": ["mq:PUB"], "Resource": ["*"]}]
