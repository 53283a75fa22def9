"""A fleet that is written reads back as what it was; what would not is left out, with a comment."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fc_async.config import AsyncInvokeConfig
from fc_async.deploy.fleet import Facts, Fleet, FleetFunction, FleetQueue, FleetSubscription, FleetTopic
from fc_async.deploy.fleet_document import read_document
from fc_async.deploy.fleet_writer import write_fleet

HOME = ("cn-hangzhou", "1234567890123456")


@pytest.fixture(scope="module")
def read_back(tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "fc-async.yaml"

    def call(text: str) -> Fleet:
        path.write_text(text, encoding="utf-8")
        return read_document(path)

    return call


def one(config: dict, **more) -> Fleet:
    return Fleet((FleetFunction("orders", {None: AsyncInvokeConfig.from_wire(config)}, **more),))


def said(fleet: Fleet):
    """What a fleet says, without where it says it."""
    return (
        [
            (
                of.name,
                {qualifier: config.resolved(*HOME) for qualifier, config in of.configs.items()},
                {qualifier: of.facts_of(qualifier) for qualifier in of.configs},
            )
            for of in sorted(fleet.functions, key=lambda of: of.name)
        ],
        {of.name: of.attributes for of in fleet.queues},
        {
            of.name: (of.attributes, {(s.name, s.queue, s.format, s.strategy, s.tag) for s in of.subscriptions})
            for of in fleet.topics
        },
    )


names = st.one_of(
    st.from_regex(r"[A-Za-z0-9_.$-]{1,12}", fullmatch=True).filter(lambda name: name.strip(".") and name != "LATEST"),
    st.sampled_from(["null", "true", "No", "1", "0x1f", "1e3", "-", "~x".strip("~"), "2026-01-01", "_", "a.b"]),
)
mns_names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,8}", fullmatch=True)
destinations = st.one_of(
    st.none(),
    st.builds("queue:{}".format, mns_names),
    st.builds("topic:{}".format, mns_names),
    st.builds("function:f@{}".format, st.from_regex(r"[A-Za-z0-9_.-]{1,5}", fullmatch=True)),
    st.builds("acs:mns:cn-beijing:1:/queues/{}/messages".format, mns_names),
    st.just(f"acs:mns:{HOME[0]}:{HOME[1]}:/queues/own/messages"),
    st.just("acs:oss:x:1:a'\"#:{b}"),
)


@st.composite
def configs(draw):
    halves = {"on_failure": draw(destinations), "on_success": draw(destinations)}
    return AsyncInvokeConfig(
        destination_config=halves if any(halves.values()) else None,
        max_async_retry_attempts=draw(st.none() | st.integers(0, 8)),
        max_async_event_age_in_seconds=draw(st.none() | st.integers(1, 604800) | st.sampled_from([60, 3600, 86400])),
        async_task=draw(st.none() | st.booleans()),
    )


facts = st.builds(Facts, st.none() | st.booleans(), st.none() | st.integers(0, 131072))


@st.composite
def functions(draw):
    found = draw(st.dictionaries(st.none() | names, configs(), min_size=1, max_size=3))
    own = draw(facts)
    inner = {qualifier: draw(facts) for qualifier in found if qualifier is not None}
    return FleetFunction(draw(names), found, own.reentrant, own.max_payload_bytes, qualifier_facts=inner)


subscriptions = st.builds(
    FleetSubscription,
    mns_names,
    queue=mns_names,
    format=st.none() | st.just("XML"),
    tag=st.none()
    | st.sampled_from(["true", "Null", "no", "1", "0x1f"])
    | st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).filter(
        lambda tag: tag.isprintable() and "${" not in tag
    ),
)
fleets = st.builds(
    Fleet,
    st.lists(functions(), max_size=3, unique_by=lambda of: of.name).map(tuple),
    st.lists(
        st.builds(FleetQueue, mns_names, st.fixed_dictionaries({"delay_seconds": st.integers(0, 604800)})),
        max_size=2,
        unique_by=lambda of: of.name,
    ).map(tuple),
    st.lists(
        st.builds(
            FleetTopic,
            mns_names,
            st.fixed_dictionaries({"logging_enabled": st.booleans()}),
            st.lists(subscriptions, max_size=2, unique_by=lambda of: of.name).map(tuple),
        ),
        max_size=2,
        unique_by=lambda of: of.name,
    ).map(tuple),
)


@given(fleets)
@settings(max_examples=40, deadline=None)
def test_any_fleet_reads_back_as_what_it_was(read_back, fleet):
    text = write_fleet(fleet, home=HOME)
    assert "left out" not in text
    assert said(read_back(text)) == said(fleet)
    assert write_fleet(read_back(text), home=HOME) == text


def test_the_order_is_stable_and_numbers_are_as_people_write_them():
    config = {"maxAsyncRetryAttempts": 0, "maxAsyncEventAgeInSeconds": 21600, "asyncTask": False}
    fleet = Fleet(
        (
            FleetFunction("b", {"2": AsyncInvokeConfig(), "1": AsyncInvokeConfig.from_wire(config)}),
            FleetFunction("a"),
        ),
        (FleetQueue("z", {"delay_seconds": 0, "message_retention_period": 604800}), FleetQueue("w", {})),
    )
    assert write_fleet(fleet, notes={"b@1": ["b@1 has no OnFailure"]}) == (
        "# yaml-language-server: $schema=fc-async.schema.json\n"
        "version: 1\n"
        "functions:\n"
        "  a: {}\n"
        "  b:\n"
        "    qualifiers:\n"
        "      # b@1 has no OnFailure\n"
        '      "1":\n'
        "        max_retries: 0\n"
        "        max_age: 6h\n"
        "        async_task: false\n"
        '      "2": {}\n'
        "queues:\n"
        "  w: {}\n"
        "  z:\n"
        "    delay_seconds: 0s\n"
        "    message_retention_period: 7d\n"
    )


def test_what_the_file_could_not_say_is_left_out_so_that_nothing_is_deleted(read_back):
    too_old = {"maxAsyncEventAgeInSeconds": 2592000}
    no_arn = {"destinationConfig": {"onFailure": {"destination": "acs:fc:cn-shanghai:1234/functions/f"}}}
    fleet = Fleet(
        (
            FleetFunction("alone", {None: AsyncInvokeConfig.from_wire(too_old)}),
            FleetFunction("both", {None: AsyncInvokeConfig.from_wire(no_arn), "prod": AsyncInvokeConfig()}),
            FleetFunction("bad\nname: {}", {None: AsyncInvokeConfig()}),
        ),
        (FleetQueue("big", {"maximum_message_size": 70000, "delay_seconds": 1}), FleetQueue("a\nb: {}", {})),
    )
    text = write_fleet(fleet)
    found = read_back(text)
    assert {of.name: set(of.configs) for of in found.functions} == {"both": {"prod"}}
    assert {of.name: of.attributes for of in found.queues} == {"big": {"delay_seconds": 1}}
    assert len(re.findall("# left out: ", text)) == 5


def test_a_fleet_of_which_nothing_can_be_written_is_still_a_document(read_back):
    text = write_fleet(one({"maxAsyncEventAgeInSeconds": 2592000}))
    assert "left out: orders@LATEST" in text
    assert read_back(text).functions == ()


def test_an_address_that_may_hold_a_secret_is_not_written(read_back):
    secret = "hook-7f3a"
    subscriptions = (
        FleetSubscription("chat", endpoint=f"https://hooks.example.com/{secret}"),
        FleetSubscription("user", endpoint=f"https://u:{secret}@example.com/"),
        FleetSubscription("query", endpoint=f"https://example.com?token={secret}"),
        FleetSubscription("bare", endpoint="https://example.com/"),
        FleetSubscription("mail", endpoint="mail:directmail:x@example.com"),
    )
    text = write_fleet(Fleet(topics=(FleetTopic("alarm", {}, subscriptions),)))
    assert secret not in text
    assert [of.name for of in read_back(text).topics[0].subscriptions] == ["bare"]


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\x85", "\u2028", "\x0b", "\x00"], ids=["lf", "cr", "nel", "ls", "vt", "nul"]
)
def test_a_comment_cannot_begin_an_entry(read_back, end):
    text = write_fleet(one({}), notes={"orders": [f"so it is{end}  evil: {{}}"]})
    assert [of.name for of in read_back(text).functions] == ["orders"]
