"""`fc-async queue` and `fc-async topic`: what they print and how they end, locally and against scripted services."""

import json

import pytest
from click.testing import CliRunner

from fc_async import QueueClient, TopicClient
from fc_async.cli.options import CommonOptions
from fc_async.cli.root import cli, run
from tests.contract.fc_sdk import create_function
from tests.peer import Drop, Peer, Reply

FAILING = "def handler(event, context):\n    raise ValueError('no')\n"


def error(status, code):
    return Reply(status, f"<Error><Code>{code}</Code><Message>{code} it is</Message></Error>")


def messages(count):
    one = "<Message><MessageId>m</MessageId><MessageBody>b</MessageBody><ReceiptHandle>h</ReceiptHandle></Message>"
    return Reply(200, f"<Messages>{one * count}</Messages>")


def counts(active=0, inactive=0, delayed=0):
    told = f"<ActiveMessages>{active}</ActiveMessages><InactiveMessages>{inactive}</InactiveMessages>"
    return Reply(200, f"<Queue><QueueName>dead</QueueName>{told}<DelayMessages>{delayed}</DelayMessages></Queue>")


EMPTY = error(404, "MessageNotExist")
DELETED = Reply(204)


@pytest.fixture
def typed(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            run(list(arguments))
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return call


@pytest.fixture
def fc_async(local, monkeypatch, typed):
    monkeypatch.setenv("FC_ASYNC_ENDPOINT", local.url)
    return typed


@pytest.fixture
def scripted(typed):
    """Runs a command against a service that answers by a script; gives what it printed and the requests."""

    def call(arguments, *script):
        with Peer(*script) as peer:
            code, out, err = typed(*arguments, "--endpoint", peer.url)
            return code, out, err.replace(f"local {peer.url}\n", ""), [one.method for one in peer.requests]

    return call


def test_a_queue_is_created_shown_listed_and_deleted(fc_async, local):
    code, out, err = fc_async("queue", "create", "dead", "--retention", "7d", "--visibility", "1m", "--delay", "0")
    assert (code, out) == (0, "")
    assert err == f"local {local.url}\ndead is there\n"
    shown = json.loads(fc_async("queue", "show", "dead", "-o", "json")[1])
    assert (shown["queueName"], shown["messageRetentionPeriod"], shown["visibilityTimeout"]) == ("dead", 604800, 60)
    assert (shown["activeMessages"], shown["loggingEnabled"]) == (0, False)
    assert "604800 s (7d)" in fc_async("queue", "show", "dead")[1]
    fc_async("queue", "create", "other", "--max-message-size", "1024")
    listed = [json.loads(line) for line in fc_async("queue", "list", "-o", "ndjson")[1].splitlines()]
    assert sorted((one["queueName"], one["maximumMessageSize"]) for one in listed) == [("dead", 65536), ("other", 1024)]
    assert json.loads(fc_async("queue", "list", "--prefix", "de", "-o", "json")[1]) == [shown]
    assert "dead" in fc_async("queue", "list")[1]
    QueueClient("dead", endpoint=local.url).send("x")
    code, out, err = fc_async("queue", "delete", "dead", "--dry-run")
    assert (code, out) == (0, "")
    assert "the queue dead and about 1 message in it would be deleted" in err
    assert fc_async("queue", "delete", "dead", "--yes")[0] == 0
    assert fc_async("queue", "show", "dead")[0] == 1
    assert "no such queues" in fc_async("queue", "list", "--prefix", "de")[2]


def test_a_queue_that_is_there_with_other_attributes_is_changed_only_where_that_is_asked_for(fc_async):
    assert fc_async("queue", "create", "dead")[0] == 0
    assert fc_async("queue", "create", "dead")[0] == 0
    code, _, err = fc_async("queue", "create", "dead", "--retention", "7d")
    assert code == 1
    assert "QueueAlreadyExist" in err
    assert "message_retention_period is 345600, 604800 is asked for" in err
    assert fc_async("queue", "create", "dead", "--retention", "7d", "--logging", "--update")[0] == 0
    shown = json.loads(fc_async("queue", "show", "dead", "-o", "ndjson")[1])
    assert (shown["messageRetentionPeriod"], shown["loggingEnabled"]) == (604800, True)


def test_a_dry_run_creates_and_subscribes_nothing(fc_async):
    assert "dead would be created" in fc_async("queue", "create", "dead", "--dry-run")[2]
    assert "alarm would be created" in fc_async("topic", "create", "alarm", "--dry-run")[2]
    assert json.loads(fc_async("queue", "list", "-o", "json")[1]) == []
    assert json.loads(fc_async("topic", "list", "-o", "json")[1]) == []
    fc_async("queue", "create", "dead")
    fc_async("topic", "create", "alarm")
    assert "dead is there already" in fc_async("queue", "create", "dead", "--dry-run")[2]
    assert "alarm is there already" in fc_async("topic", "create", "alarm", "--dry-run")[2]
    subscribe = ("topic", "subscribe", "alarm", "pager", "--queue", "dead")
    assert "pager of alarm would be made" in fc_async(*subscribe, "--dry-run")[2]
    assert "is not there" in fc_async("topic", "unsubscribe", "alarm", "pager", "--dry-run")[2]
    assert fc_async(*subscribe)[0] == 0
    assert "is there already" in fc_async(*subscribe, "--dry-run")[2]
    assert "would be removed" in fc_async("topic", "unsubscribe", "alarm", "pager", "--dry-run")[2]
    assert "would be published" in fc_async("topic", "publish", "alarm", "x", "--dry-run")[2]
    assert "its subscriptions (pager) would be deleted" in fc_async("topic", "delete", "alarm", "--dry-run")[2]
    assert "about 0 messages of dead would be deleted" in fc_async("queue", "purge", "dead", "--dry-run")[2]
    assert len(json.loads(fc_async("topic", "show", "alarm", "-o", "json")[1])["subscriptions"]) == 1


def test_a_topic_is_created_subscribed_to_published_to_and_deleted(fc_async, local):
    assert fc_async("topic", "create", "alarm", "--max-message-size", "2048") == (
        0,
        "",
        f"local {local.url}\nalarm is there\n",
    )
    assert "has no subscription" in fc_async("topic", "show", "alarm")[2]
    fc_async("queue", "create", "pager")
    assert fc_async("topic", "subscribe", "alarm", "pager", "--queue", "pager", "--format", "simplified")[0] == 0
    web = ("topic", "subscribe", "alarm", "web", "--url", "http://127.0.0.1:1/x", "--tag", "no")
    assert fc_async(*web, "--strategy", "EXPONENTIAL_DECAY_RETRY")[0] == 0
    shown = json.loads(fc_async("topic", "show", "alarm", "-o", "json")[1])
    assert (shown["topicName"], shown["maximumMessageSize"]) == ("alarm", 2048)
    assert {one["subscriptionName"]: one["notifyContentFormat"] for one in shown["subscriptions"]} == {
        "pager": "SIMPLIFIED",
        "web": "JSON",
    }
    table = fc_async("topic", "show", "alarm")[1]
    assert "acs:mns:cn-hangzhou:1234567890123456:queues/pager" in table
    code, out, _ = fc_async("topic", "publish", "alarm", "caf\u00e9", "--tag", "warn", "-o", "json")
    assert (code, list(json.loads(out))) == (0, ["messageId"])
    read = CliRunner().invoke(cli, ["topic", "publish", "alarm", "-"], input=b"from stdin", obj=CommonOptions())
    assert len(read.stdout.splitlines()[-1]) == 32
    received = QueueClient("pager", endpoint=local.url).receive(16)
    assert sorted(one.message_body for one in received) == ["caf\u00e9", "from stdin"]
    assert fc_async("topic", "unsubscribe", "alarm", "web", "--yes")[0] == 0
    assert "alarm" in fc_async("topic", "list")[1]
    assert fc_async("topic", "delete", "alarm", "--yes")[0] == 0
    assert "no such topics" in fc_async("topic", "list")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue", "delete", "dead"),
        ("queue", "purge", "dead"),
        ("topic", "delete", "alarm"),
        ("topic", "unsubscribe", "alarm", "pager"),
    ],
    ids=" ".join,
)
def test_what_destroys_asks_and_without_a_terminal_does_nothing(fc_async, local, arguments):
    QueueClient("dead", endpoint=local.url).create()
    QueueClient("dead", endpoint=local.url).send("x")
    topic = TopicClient("alarm", endpoint=local.url)
    topic.create()
    topic.subscribe("pager", queue="dead")
    code, out, err = fc_async(*arguments)
    assert (code, out) == (2, "")
    assert "--yes" in err
    assert QueueClient("dead", endpoint=local.url).get_attributes().active_messages == 1
    assert len(list(topic.iter_subscriptions())) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue", "create", "dead", "--retention", "8d"),
        ("queue", "create", "dead", "--retention", "1s"),
        ("queue", "create", "dead", "--visibility", "0"),
        ("queue", "create", "dead", "--polling-wait", "31"),
        ("queue", "create", "dead", "--max-message-size", "65537"),
        ("queue", "create", "de/ad"),
        ("queue", "list", "--prefix", "a\nb"),
        ("topic", "create", "al_arm"),
        ("topic", "create", "a" * 257),
        ("topic", "subscribe", "alarm", "pager"),
        ("topic", "subscribe", "alarm", "pager", "--queue", "q", "--url", "http://x/"),
        ("topic", "subscribe", "alarm", "pager", "--queue", "q", "--format", "YAML"),
        ("topic", "subscribe", "alarm", "pager", "--queue", "q", "--tag", "a" * 17),
        ("topic", "subscribe", "alarm", "pa/ger", "--queue", "q"),
        ("topic", "publish", "alarm", ""),
        ("topic", "publish", "alarm", "x", "--tag", "a" * 17),
        ("topic", "publish", "alarm", "\udcff"),
    ],
    ids=ascii,
)
def test_what_was_typed_wrong_is_exit_2_and_sends_nothing(scripted, arguments):
    code, out, err, requests = scripted(arguments, Reply(500))
    assert (code, out, requests) == (2, "", [])
    assert 1 <= len(err.splitlines()) <= 3
    if "list" not in arguments:
        assert scripted((*arguments, "--dry-run"), Reply(500)) == (code, out, err, [])


def test_a_dry_run_names_the_subscription_that_cannot_be(scripted):
    code, _, err, requests = scripted(("topic", "unsubscribe", "alarm", "a b", "--dry-run"), Reply(500))
    assert (code, requests) == (2, [])
    assert "expected a subscription name" in err


@pytest.mark.parametrize(("kind", "name"), [("queue", "dead"), ("topic", "alarm")])
def test_a_dry_run_tells_what_a_create_would_do_to_what_is_there(fc_async, kind, name):
    create = (kind, "create", name)
    fc_async(*create)
    refused = "is there with other attributes, which is refused without --update"
    assert refused in fc_async(*create, "--max-message-size", "2048", "--dry-run")[2]
    assert refused not in fc_async(*create, "--max-message-size", "65536", "--dry-run")[2]
    would = fc_async(*create, "--max-message-size", "2048", "--update", "--dry-run")[2]
    assert "is there already, and maximum_message_size would be set" in would
    assert f"{name} is there already; nothing" in fc_async(*create, "--update", "--dry-run")[2]
    shown = json.loads(fc_async(kind, "show", name, "-o", "json")[1])
    assert shown["maximumMessageSize"] == 65536


@pytest.mark.parametrize(
    ("arguments", "code_said"),
    [
        (("queue", "show", "nobody"), "QueueNotExist"),
        (("queue", "delete", "nobody", "--yes"), "QueueNotExist"),
        (("queue", "purge", "nobody", "--yes"), "QueueNotExist"),
        (("topic", "show", "nobody"), "TopicNotExist"),
        (("topic", "delete", "nobody", "--yes"), "TopicNotExist"),
        (("topic", "subscribe", "nobody", "pager", "--queue", "q"), "TopicNotExist"),
        (("topic", "publish", "nobody", "a longer text"), "TopicNotExist"),
        (("topic", "publish", "alarm", "x" * 65537), "InvalidArgument"),
        (("topic", "subscribe", "alarm", "web", "--url", "https://example.com/x"), "EndpointInvalid"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else value,
)
def test_what_the_service_refuses_is_one_sentence(fc_async, local, arguments, code_said):
    TopicClient("alarm", endpoint=local.url).create()
    code, out, err = fc_async(*arguments)
    assert (code, out) == (1, "")
    assert code_said in err
    assert len([line for line in err.splitlines() if not line.startswith("local ")]) == 1


@pytest.mark.parametrize("where", [(), ("--queue", "q", "--url", "http://x/")], ids=["neither", "both"])
def test_a_subscription_is_told_by_which_options_it_names_its_end(scripted, where):
    assert "--queue and --url" in scripted(("topic", "subscribe", "alarm", "pager", *where), Reply(500))[2]


def test_purge_deletes_until_empty_twice_and_says_how_many_and_what_others_hold(scripted):
    purge = ("queue", "purge", "dead", "--yes")
    script = [counts(21), messages(16), DELETED, EMPTY, messages(5), DELETED, EMPTY, EMPTY, counts(0, 2, 1)]
    code, out, err, methods = scripted(purge, *script)
    assert (code, out) == (0, "deleted 21\n")
    assert methods == ["GET", "GET", "DELETE", "GET", "GET", "DELETE", "GET", "GET", "GET"]
    assert "about 2 messages inactive" in err
    assert "about 1 message delayed" in err
    code, out, _, _ = scripted((*purge, "-o", "json"), *script)
    assert (code, json.loads(out)) == (0, {"deleted": 21, "inactiveMessages": 2, "delayMessages": 1})


@pytest.mark.parametrize("fault", [error(429, "TooManyRequests"), error(500, "InternalError"), Drop(), Reply(302)])
def test_a_purge_that_ends_early_says_how_many_are_gone(scripted, fault):
    code, out, err, _ = scripted(("queue", "purge", "dead", "--yes"), counts(9), messages(4), DELETED, fault)
    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "deleted 4 before it stopped"
    assert len(err.splitlines()) == 2


def test_what_may_not_be_looked_at_may_still_be_deleted(scripted):
    denied = error(403, "AccessDenied")
    assert scripted(("queue", "delete", "dead", "--yes"), denied, DELETED)[3] == ["GET", "DELETE"]
    assert scripted(("topic", "delete", "alarm", "--yes"), denied, DELETED)[3] == ["GET", "DELETE"]
    code, out, _, _ = scripted(("queue", "purge", "dead", "--yes", "-o", "json"), denied, EMPTY, EMPTY, denied)
    assert (code, json.loads(out)["inactiveMessages"]) == (0, None)


def test_a_name_with_what_a_terminal_would_obey_is_not_printed_raw(scripted):
    hostile = "<Queues><Queue><QueueName>a\u202e</QueueName></Queue><Queue/></Queues>"
    code, out, _, _ = scripted(("queue", "list"), Reply(200, hostile))
    assert code == 0
    assert "a\\u202e" in out
    assert "\u202e" not in out
    evil = "<Subscription><SubscriptionName>s</SubscriptionName><Endpoint>http://x/&#x202e;</Endpoint></Subscription>"
    names = "<Subscriptions><Subscription><SubscriptionName>s</SubscriptionName></Subscription></Subscriptions>"
    shown = scripted(("topic", "show", "alarm"), Reply(200, "<Topic/>"), Reply(200, names), Reply(200, evil))
    assert shown[0] == 0
    assert "\u202e" not in shown[1]


def test_config_set_warns_where_a_topic_delivers_to_nobody(fc_async, fc, local):
    create_function(fc, "orders", FAILING)
    to_topic = ("config", "set", "orders", "--on-failure", "topic:alarm")
    assert "topic alarm does not exist" in fc_async(*to_topic)[2]
    topic = TopicClient("alarm", endpoint=local.url)
    topic.create()
    code, _, err = fc_async(*to_topic)
    assert code == 0
    assert "topic alarm has no subscription" in err
    assert "fc-async topic subscribe alarm NAME --queue QUEUE" in err
    topic.subscribe("pager", queue="pager")
    assert "subscription" not in fc_async(*to_topic)[2]
    elsewhere = "acs:mns:cn-beijing:1234567890123456:/topics/nobody/messages"
    assert "nobody does not exist" not in fc_async("config", "set", "orders", "--on-failure", elsewhere)[2]
    assert "could not be looked at" in fc_async("config", "set", "orders", "--on-failure", "topic:al_arm")[2]


def test_config_set_asks_nobody_about_a_topic_where_functions_are_local_and_mns_is_not(typed, fc, local, monkeypatch):
    create_function(fc, "orders", FAILING)
    monkeypatch.setenv("FC_ASYNC_FC_ENDPOINT", local.url)
    with Peer(Drop()) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        place = ("--region", "cn-hangzhou", "--account-id", "1234567890123456")
        code, _, err = typed("config", "set", "orders", "--on-failure", "topic:alarm", *place)
        assert (code, proxy.requests) == (0, [])
    assert "topic alarm" not in err


def test_a_time_that_no_calendar_has_is_shown_as_its_number(scripted):
    shown = Reply(200, f"<Topic><CreateTime>{'9' * 20}</CreateTime></Topic>")
    code, out, _, _ = scripted(("topic", "show", "alarm"), shown, Reply(200, "<Subscriptions/>"))
    assert code == 0
    assert "9" * 20 in out


def test_more_on_stdin_than_a_message_takes_is_exit_2_and_not_read_to_its_end():
    done = CliRunner().invoke(cli, ["topic", "publish", "alarm", "-", "--endpoint", "http://127.0.0.1:1"],
                              input=b"x" * (1024 * 1024 + 1), obj=CommonOptions())  # fmt: skip
    assert done.exit_code == 2
    assert "stdin has over" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue", "delete", "dead", "--yes"),
        ("queue", "create", "dead", "--retention", "7d", "--update"),
        ("topic", "delete", "alarm", "--yes"),
        ("topic", "create", "alarm", "--logging", "--update"),
        ("topic", "unsubscribe", "alarm", "pager", "--yes"),
    ],
    ids=" ".join,
)
def test_a_page_of_a_proxy_is_not_taken_for_done(scripted, arguments):
    page, there = Reply(200, "<html>Log in</html>"), error(409, f"{arguments[0].title()}AlreadyExist")
    before = {"delete": [error(403, "AccessDenied")], "create": [there], "unsubscribe": []}[arguments[1]]
    code, out, err, _ = scripted(arguments, *before, page)
    assert (code, out) == (1, "")
    assert "the service answered 200" in err
