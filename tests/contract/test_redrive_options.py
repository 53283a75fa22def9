"""Redrive: what each of its options does, and which cannot be."""

from __future__ import annotations

import json

import pytest

from fc_async import ArgumentError
from fc_async.dlq.redrive import Redrive
from fc_async.testing import local, record
from tests.contract.redriving import Scene, letter, once, payload


@pytest.fixture
def scene(tmp_path):
    with local() as fc:
        yield Scene(fc, tmp_path)


def reasons(summary):
    return {reason: len(ids) for reason, ids in summary.left.items()}


SUCCESS = record("{}", function="orders", response="fine").text
WIRE = record(payload(1).decode(), function="orders", error="no").wire


def changed(**context):
    return json.dumps({**WIRE, "requestContext": {**WIRE["requestContext"], **context}})


def test_to_sends_every_letter_to_one_function(scene):
    scene.function("other")
    scene.dead(letter(1, qualifier="3"), letter(2, function="gone"))
    summary = scene.redrive(to="other")
    assert (summary.sent, scene.ran) == (2, once(1, 2))


def test_a_function_of_fc_2_is_sent_to_what_a_map_names(scene):
    scene.function("new")
    scene.dead(changed(functionArn="acs:fc:cn-hangzhou:1:services/s.LATEST/functions/orders"))
    assert scene.redrive(maps={"s/orders": "new"}).sent == 1
    assert scene.ran == once(1)


def test_a_published_version_is_sent_to_when_that_is_asked_for(scene):
    scene.function()
    scene.dead(letter(1, qualifier="3"))
    summary = scene.redrive(same_version=True)
    (reason,) = summary.left
    assert "VersionNotFound" in reason


def test_a_limit_bounds_what_is_sent_and_the_rest_is_shown_again(scene):
    scene.function()
    scene.dead(*map(letter, range(60)))
    summary = scene.redrive(limit=25)
    assert (summary.sent, summary.drained, summary.ended, len(scene.ran)) == (25, True, None, 25)
    assert scene.depth() == 35
    scene.fc.advance(1.1)
    assert len(scene.queue("dead").peek(16)) == 16


def test_a_limit_counts_what_is_sent_and_not_what_is_left(scene):
    scene.function()
    scene.function("bare", net=None)
    scene.dead(*(letter(n, function="bare") for n in range(10)), *map(letter, range(10, 20)))
    assert scene.redrive(limit=8).sent == 8


def test_a_limit_holds_in_a_spool(scene):
    scene.function()
    with scene.spool(*map(letter, range(20))) as spool:
        assert scene.redrive(spool, limit=8).sent == 8
        assert spool.counts() == {"accepted": 8, "held": 12}
        assert scene.redrive(spool).sent == 12
    assert scene.ran == once(*range(20))


def test_successes_are_sent_when_that_is_asked_for(scene):
    scene.function()
    scene.dead(SUCCESS)
    assert scene.redrive(include_successes=True).sent == 1


def test_a_damaged_payload_is_sent_when_that_is_asked_for(scene):
    scene.function()
    scene.dead(letter(1, payload="caf\ufffd"))
    assert scene.redrive(allow_damaged=True).sent == 1
    assert scene.ran == {"caf\ufffd".encode(): 1}


def test_a_function_without_on_failure_is_invoked_only_when_loss_is_allowed(scene):
    scene.function(net=None)
    scene.dead(letter(1))
    assert scene.redrive(allow_loss=True).sent == 1
    assert scene.depth() == 0


def leaves(_):
    return None


def raises(_):
    raise KeyError("secret of the payload")


def exits(_):
    raise SystemExit(3)


TRANSFORMS = {
    "leaves": (leaves, "the transform leaves it"),
    "raises": (raises, "the transform raised KeyError"),
    "exits": (exits, "the transform raised SystemExit"),
    "200 KB": (lambda _: b"x" * 200_000, "cannot be sent"),
    "a set": (lambda _: {1}, "cannot be sent"),
}


@pytest.mark.parametrize(("transform", "said"), TRANSFORMS.values(), ids=TRANSFORMS)
def test_what_a_transform_cannot_make_is_left_with_the_reason(scene, transform, said):
    scene.function()
    scene.dead(letter(1), letter(2))
    summary = scene.redrive(transform=lambda event: transform(event) if event["n"] == 1 else event)
    (reason,) = summary.left
    assert said in reason
    assert "secret" not in reason
    assert (summary.sent, scene.depth()) == (1, 1)


@pytest.mark.parametrize(
    ("made", "sent"), [(b"raw", b"raw"), ("text", b"text"), ([1, {"a": 2}], b'[1,{"a":2}]'), (b"", b"")], ids=str
)
def test_what_a_transform_returns_is_what_is_sent(scene, made, sent):
    scene.function()
    scene.dead(letter(1))
    assert scene.redrive(transform=lambda _: made).sent == 1
    assert scene.ran == {sent: 1}


def test_a_rate_bounds_how_fast_letters_are_sent(scene):
    scene.function()
    scene.dead(*map(letter, range(6)))
    seconds = []
    scene.made(rate_per_second=20).run(lambda progress: seconds.append(progress.seconds))
    scene.fc.settle()
    assert scene.ran == once(*range(6))
    assert seconds[-1] >= 5 / 20


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0},
        {"limit": True},
        {"rate_per_second": 0},
        {"rate_per_second": float("nan")},
        {"concurrency": 0},
        {"stop_at": 0},
        {"stop_at": 1.1},
        {"max_redrives": 0},
        {"to": "no function"},
        {"to": "orders@"},
        {"maps": {"s/f": "no function"}},
        {"where": object()},
        {"wait_seconds": -1},
    ],
    ids=lambda options: next(iter(options)),
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_asked(scene, options):
    queue = scene.dead(letter(1))
    scene.fc.fault("*", status=500)
    with pytest.raises(ArgumentError):
        Redrive(queue, scene.fc.functions, folder=scene.folder, **options)
