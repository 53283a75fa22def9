"""docs/findings.md tells of every finding what the code says of it, and of no other."""

import re
from pathlib import Path

from fc_async.deploy.check import RULES

TEXT = (Path(__file__).parents[3] / "docs" / "findings.md").read_text(encoding="utf-8")


def test_every_finding_is_described_in_the_order_of_the_rules():
    assert re.findall(r"^## (.+)$", TEXT, re.MULTILINE) == [rule.id for rule in RULES]


def test_severity_meaning_and_need_are_the_codes():
    told = {head: rest.strip().split("\n")[0] for head, rest in re.findall(r"^## (.+)\n\n(.+)", TEXT, re.MULTILINE)}
    needs = {True: "needs the services", False: "from the file alone"}
    assert told == {rule.id: f"{rule.severity}, {needs[rule.needs_service]}. {rule.about}" for rule in RULES}


def test_an_id_is_used_once():
    assert len({rule.id for rule in RULES}) == len(RULES)
