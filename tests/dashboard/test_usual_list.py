"""The list of those who are learned of: in pages, so that a large municipality's never holds alarms up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from learned import learning_town, past

from alarmcore.model.site import Site
from alarmcore.rules.base import Memory
from alarmcore.sitefile import check_document, require
from dashboard import usual
from dashboard.usual import learners, learning, summary


def site(residents: int) -> Site:
    return require(check_document(learning_town(residents=residents), "test"))


async def pages(of: Site) -> list[list[str]]:
    found, after = [], ""
    for _ in range(100):
        residents, following = await learning(of, after)
        found.append([one.id for one in residents])
        if following is None:
            return found
        after = following
    pytest.fail("the list has no end")


async def test_only_residents_whose_rules_learn_stand_in_the_list() -> None:
    assert await pages(site(5)) == [["r1", "r2", "r3", "r4"]]


def test_the_list_works_out_no_curve(monkeypatch: Any) -> None:
    """Five hundred of them would hold alarms up for seconds."""

    def curve(*_: object, **__: object) -> None:
        pytest.fail("a curve was worked out")

    monkeypatch.setattr(usual, "bed_curve", curve)
    monkeypatch.setattr(usual, "quiet_curve", curve)
    now = datetime.now(UTC)
    resident = site(3).resident_by_id["r1"]
    up, still = learners(resident)
    found = summary(resident, [(up, Memory(past=past(now, 130, 12.0))), (still, Memory())], now)
    assert (found.of, found.days, len(found.drifts)) == ("up", 69, 1)  # of 130 nights, older ones counting less
    assert summary(resident, [(up, Memory())], now).days is None


async def test_page_after_page_names_everybody_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(usual, "LISTED_MAX", 4)
    monkeypatch.setattr(usual, "BREATH", 2)
    found = await pages(site(12))
    assert [len(page) for page in found] == [4, 4, 3]
    assert sorted(one for page in found for one in page) == sorted(f"r{number}" for number in range(1, 12))


async def test_a_page_ends_after_so_many_that_were_looked_at_though_nobody_was_found(monkeypatch: Any) -> None:
    monkeypatch.setattr(usual, "LOOKED_MAX", 3)
    of = site(9)
    found = await pages(of)
    assert len(found) == 3
    assert sum(len(page) for page in found) == 8
