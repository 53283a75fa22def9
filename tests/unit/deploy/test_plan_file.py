"""A saved plan: what was edited, cut off or is of another version is refused, and never half of it applied."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fc_async import Change, DocumentError, Plan
from fc_async.deploy.change import change_of
from fc_async.deploy.plan_file import is_plan_file, read_plan, write_plan
from tests.full_disk import room_for

QUEUE = "acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages"
STATE = {"on_failure": None, "on_success": None, "max_retries": 3, "max_age": 86400, "async_task": False}
HOOK = {"queue": None, "endpoint": "https://u:pw@x/?t=1", "format": "JSON", "strategy": "BACKOFF_RETRY", "tag": None}
PLAN = Plan(
    (
        change_of("queue", None, {"message_retention_period": 604800}, name="dead"),
        change_of("subscription", None, HOOK, name="alarm/hook"),
        change_of("config", STATE, {**STATE, "on_failure": QUEUE}, function="orders", qualifier="prod"),
        change_of("config", {**STATE, "max_retries": 1}, None, function="billing"),
    ),
    "1234567890123456/cn-hangzhou",
    home=("cn-hangzhou", "1234567890123456"),
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    write_plan(PLAN, tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_what_is_written_is_read_again(saved: Path) -> None:
    assert read_plan(saved) == PLAN
    assert is_plan_file(saved)


def test_a_document_written_as_json_is_no_plan(tmp_path: Path) -> None:
    (tmp_path / "fc-async.yaml").write_text('{"version": 1, "functions": {}}')
    assert not is_plan_file(tmp_path / "fc-async.yaml")


def changed(of: int, **values: Any) -> Callable[[Any], None]:
    return lambda body: body["changes"][of].update(values)


EDITS: dict[str, tuple[Callable[[Any], None], str]] = {
    "another version": (lambda body: body.update(format="fc-async plan 2"), "expected a plan of format"),
    "no place": (lambda body: body.pop("place"), "a plan without one of them"),
    "no changes": (lambda body: body.pop("changes"), "a plan without one of them"),
    "a change that is none": (lambda body: body["changes"].append("orders"), "change 5: expected what"),
    "the same thing twice": (lambda body: body["changes"].append(body["changes"][0]), "got queue dead 2 times"),
    "other fields": (changed(2, fields={}), "change 3, orders@prod: what it shows is not what it does"),
    "another state": (changed(2, after={**STATE, "max_retries": 0}), "what it shows is not what it does"),
    "another action": (changed(3, action="create"), "what it shows is not what it does"),
    "a key too many": (changed(3, also=True), "what it shows is not what it does"),
    "retries that cannot be": (changed(2, after={**STATE, "max_retries": 99}), "change 3: expected what"),
    "a destination that is none": (changed(2, after={**STATE, "on_failure": "dead"}), "change 3: expected what"),
    "an unknown field": (changed(2, after={**STATE, "role": "x"}), "change 3: expected what"),
    "a function that is none": (changed(2, function="../x"), "change 3: expected what"),
    "another word for no qualifier": (changed(3, qualifier="LATEST"), "change 4: expected what"),
    "a queue that is none": (changed(0, name="../x"), "change 1: expected what"),
    "a queue to delete": (changed(0, before=PLAN.changes[0].after, after=None), "change 1: expected what"),
    "a subscriber that is none": (changed(1, after={**HOOK, "queue": "q"}), "change 2: expected what"),
    "a kind that is none": (changed(1, kind=["queue"]), "change 2: expected what"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_plan_is_refused(saved: Path, name: str) -> None:
    edit, said = EDITS[name]
    body = json.loads(saved.read_text())
    edit(body)
    saved.write_text(json.dumps(body))
    with pytest.raises(DocumentError, match=said):
        read_plan(saved)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_plan_that_was_cut_off_is_refused(saved: Path, share: float) -> None:
    text = saved.read_text()
    saved.write_text(text[: int(len(text) * share)])
    with pytest.raises(DocumentError, match="is damaged"):
        read_plan(saved)


def test_nothing_but_a_plan_is_written_over(tmp_path: Path, saved: Path) -> None:
    write_plan(Plan(), saved)
    assert read_plan(saved) == Plan()
    (tmp_path / "empty").touch()
    write_plan(PLAN, tmp_path / "empty")
    (tmp_path / "fc-async.yaml").write_text("version: 1\n")
    for path in (tmp_path / "fc-async.yaml", tmp_path):
        with pytest.raises(DocumentError, match="it is there, and no plan"):
            write_plan(PLAN, path)
    assert (tmp_path / "fc-async.yaml").read_text() == "version: 1\n"


def test_a_plan_that_cannot_be_written_leaves_the_older_one_and_nothing_else(saved: Path) -> None:
    with room_for(100), pytest.raises(DocumentError, match="File too large"):
        write_plan(Plan(PLAN.changes[:1], "elsewhere"), saved)
    assert read_plan(saved) == PLAN
    assert list(saved.parent.iterdir()) == [saved]


def test_only_the_file_has_a_subscribers_secret(saved: Path) -> None:
    assert "pw@" in saved.read_text()
    assert saved.stat().st_mode & 0o777 == 0o600
    (hook,) = (one for one in PLAN.changes if one.kind == "subscription")
    assert dict(hook.fields)["endpoint"] == (None, "https://x/…")
    assert "pw" not in repr(PLAN)
    assert isinstance(hook, Change)
