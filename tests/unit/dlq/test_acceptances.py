"""Acceptances: what other spools of a queue know, the last generation first, and a damaged one costs itself."""

import os
from pathlib import Path

import pytest

from fc_async.dlq.acceptances import Acceptances
from fc_async.dlq.entry import State
from fc_async.dlq.identity import identity
from fc_async.dlq.spool import Spool
from fc_async.dlq.spool_place import SpoolPlace
from fc_async.mns.letter import Letter
from fc_async.testing import record

PLACE = SpoolPlace("1", "cn-hangzhou", "dead", "https://mns.example")


def letter(request_id="r-0", message_id="m"):
    return Letter.of(record("{}", error="no", request_id=request_id).as_queue_message(message_id=message_id))


def sent(path, one, new_request_id, place=PLACE, generation=0, state=State.ACCEPTED):
    with Spool.create(path, place) as spool:
        entry = spool.plan(one, "orders", f"t-{generation}", generation=generation)
        spool.note(entry.number, state, new_request_id=new_request_id)


@pytest.fixture
def others(tmp_path):
    made = []

    def look(place=PLACE, **clock):
        made.append(Acceptances(tmp_path, place, tmp_path / "mine.spool", **clock))
        return made[-1]

    yield look
    for one in made:
        one.close()


def test_an_acceptance_of_the_same_queue_is_found_and_the_last_one_of_several(tmp_path, others):
    sent(tmp_path / "a.spool", letter(), "new-2", generation=2)
    sent(tmp_path / "b.spool", letter(), "new-0")
    sent(tmp_path / "mine.spool", letter(), "mine", generation=9)
    found = others().find(identity(letter()))
    assert found.new_request_id == "new-2"
    assert others().find(identity(letter("other"))) is None


@pytest.mark.parametrize(
    "place",
    [
        SpoolPlace("2", "cn-hangzhou", "dead", ""),
        SpoolPlace("1", "cn-beijing", "dead", ""),
        SpoolPlace("1", "cn-hangzhou", "d", ""),
    ],
    ids=["account", "region", "queue"],
)
def test_that_of_another_queue_is_not(tmp_path, others, place):
    sent(tmp_path / "a.spool", letter(), "new", place)
    assert others().find(identity(letter())) is None


PUBLIC = "https://1.mns.cn-hangzhou.aliyuncs.com"
INTERNAL = "https://1.mns.cn-hangzhou-internal.aliyuncs.com"


@pytest.mark.parametrize(
    ("theirs", "mine", "is_found"),
    [
        (INTERNAL, PUBLIC, True),
        ("http://127.0.0.1:9700", "http://localhost:9700", True),
        ("http://127.0.0.1:9700", "http://127.0.0.1:9701", False),
        ("http://127.0.0.1:9700", PUBLIC, False),
        (PUBLIC, "http://127.0.0.1:9700", False),
    ],
    ids=["internal and public", "one port", "two ports", "local of a cloud", "cloud of a local"],
)
def test_that_of_another_service_is_not_and_every_endpoint_of_the_cloud_is_one(
    tmp_path, others, theirs, mine, is_found
):
    sent(tmp_path / "a.spool", letter(), "new", SpoolPlace("1", "cn-hangzhou", "dead", theirs))
    found = others(SpoolPlace("1", "cn-hangzhou", "dead", mine)).find(identity(letter()))
    assert (found is not None) is is_found


def test_a_spool_that_is_made_later_is_asked_too(tmp_path, others):
    now = [0.0]
    looked = others(clock=lambda: now[0])
    assert looked.find(identity(letter())) is None
    sent(tmp_path / "a.spool", letter(), "new")
    now[0] += 1
    assert looked.find(identity(letter())).new_request_id == "new"


def test_one_that_is_damaged_meanwhile_costs_itself(tmp_path, others):
    sent(tmp_path / "a.spool", letter(), "new")
    sent(tmp_path / "b.spool", letter(), "other")
    looked = others()
    (tmp_path / "b.spool").write_bytes(b"damaged " * 8192)
    assert looked.find(identity(letter())).new_request_id == "new"
    assert "b.spool" in str(looked.not_known)


def test_what_was_only_planned_is_no_acceptance(tmp_path, others):
    sent(tmp_path / "a.spool", letter(), None, state=State.PLANNED)
    assert others().find(identity(letter())) is None
    assert others().find(identity(letter()), (State.PLANNED,)).task_id == "t-0"


def test_one_that_cannot_be_read_is_named_and_the_others_are_asked(tmp_path, others):
    sent(tmp_path / "a.spool", letter(), "new")
    (tmp_path / "b.spool").write_text("damaged " * 1000)
    looked = others()
    assert looked.find(identity(letter())) is not None
    (reason,) = looked.not_known
    assert "b.spool" in reason


def test_links_to_spools_that_are_gone_are_one_line_which_says_what_ends_it(tmp_path, others):
    for name in "abcd":
        (tmp_path / f"{name}.spool").symlink_to(tmp_path / "elsewhere" / f"{name}.spool")
    (line,) = others().not_known
    assert line.startswith("4 spools are not there any more")
    assert line.endswith(f"delete in {tmp_path}: a.spool, b.spool, c.spool, …")


def test_redrives_are_counted_along_the_invocations_that_came_of_them(tmp_path, others):
    for number in range(3):
        sent(tmp_path / f"{number}.spool", letter(f"r-{number}"), f"r-{number + 1}")
    looked = others()
    assert [looked.redrives_before(f"r-{number}") for number in range(4)] == [0, 1, 2, 3]
    assert looked.redrives_before("nobody's") == 0


def test_a_circle_of_invocations_is_counted_once(tmp_path, others):
    sent(tmp_path / "a.spool", letter("r-0"), "r-1")
    sent(tmp_path / "b.spool", letter("r-1"), "r-0")
    assert others().redrives_before("r-0") == 2


def test_a_folder_that_is_not_there_has_none(tmp_path):
    looked = Acceptances(tmp_path / "none", PLACE, tmp_path / "mine.spool")
    assert (looked.known_of("one"), looked.not_known) == ([], ())


def test_of_more_spools_than_stay_open_each_is_asked_and_few_are_open(tmp_path, others):
    for number in range(70):
        sent(tmp_path / f"{number:02}.spool", letter(f"r-{number}"), f"new-{number}")
    looked = others()
    found = [looked.find(identity(letter(f"r-{number}"))) for number in range(70)]
    assert [one.new_request_id for one in found] == [f"new-{number}" for number in range(70)]
    descriptors = Path("/proc/self/fd")
    if descriptors.is_dir():
        open_ones = {os.readlink(one) for one in descriptors.iterdir() if one.is_symlink()}
        assert len([one for one in open_ones if one.startswith(str(tmp_path)) and one.endswith(".spool")]) == 64
    assert looked.not_known == ()


def test_a_link_to_itself_costs_itself(tmp_path, others):
    sent(tmp_path / "a.spool", letter(), "new")
    (tmp_path / "b.spool").symlink_to(tmp_path / "b.spool")
    assert others().find(identity(letter())) is not None
