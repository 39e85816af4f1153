"""An outing that is begun at one process and belongs to another goes by way of the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from test_front import WITHIN_S, Two

from alarmcore import front as front_module
from alarmcore.errors import Unavailable
from alarmcore.model.alarm import Refuse
from alarmcore.model.outing import BeginOuting, EndOuting
from alarmcore.runner import Item

PERSON = ("grastorp", "r1")


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    made = Two()
    yield made
    await made.close()


async def act(two: Two, event: Any) -> Refuse | None:
    async with asyncio.timeout(WITHIN_S):
        return await two.front.act("grastorp", Item("watch", PERSON, event))


async def test_the_owner_begins_and_ends_it(two: Two) -> None:
    await two.own()
    until = two.clock.now() + timedelta(hours=1)
    assert await act(two, BeginOuting(until, "Åsa", "contact:eva", "link")) is None
    outing = two.stage.runner.state("watch", PERSON).outing
    assert (outing.until, outing.company, outing.by, outing.lasts) == (until, "Åsa", "contact:eva", True)
    assert await act(two, EndOuting("operator:anna", "console")) is None
    assert two.stage.runner.state("watch", PERSON).outing.ended_by == "operator:anna"


async def test_the_owners_refusal_comes_back(two: Two) -> None:
    await two.own()
    assert await act(two, BeginOuting(two.clock.now(), "Åsa", "contact:eva", "link")) == Refuse("outing_past")


async def test_an_owner_of_a_version_before_leaves_it_where_it_is_and_nobody_is_told_that_it_is_done(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(data: bytes) -> Item:
        raise KeyError("outing")

    monkeypatch.setattr(front_module, "ANSWER_S", 0.05)
    two.reader.decode_act = unknown
    await two.own()
    with pytest.raises(Unavailable):
        await act(two, BeginOuting(two.clock.now() + timedelta(hours=1), "Åsa", "contact:eva", "link"))
    await two.until(lambda: two.reader.unreadable)
    assert two.inbox.given == {}
