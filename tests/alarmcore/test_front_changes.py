"""The front door while owners and municipalities change: what an owner that ends has not decided goes to the next one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from test_front import Two, two
from test_runner import NOON, SLOT

from alarmcore.admission import Registry
from alarmcore.errors import CommitFailed
from alarmcore.intake import Raw, Verdict
from alarmcore.model.alarm import Refuse
from alarmcore.runner import Item
from alarmcore.service import Service

__all__ = ["two"]


class Ending(Service):
    """A service that is closed while it has something to decide: it keeps nothing, and is no owner from then on."""

    def __init__(self, two: Two) -> None:
        super().__init__(two.stage.runner, two.journal, two.clock, two.stage.registry)
        self.two = two
        self.leaves = True
        two.front.owners["grastorp"] = self

    def end(self) -> Any:
        if self.leaves:
            self.two.front.owners.clear()
        raise CommitFailed("nothing could be kept; repeat all of it")

    async def submit(self, raws: list[Raw]) -> list[Verdict]:
        del raws
        return self.end()  # type: ignore[no-any-return]

    async def act(self, item: Item, inbox: int | None = None) -> Refuse | None:
        del item, inbox
        return self.end()  # type: ignore[no-any-return]


async def test_readings_that_an_ending_owner_has_not_decided_are_decided_by_the_next(two: Two) -> None:
    Ending(two)
    await two.own()
    assert await two.submit(two.press(id="one")) == [Verdict("one", "kept")]
    assert len(two.journal.alarms) == 1


async def test_an_answer_that_an_ending_owner_has_not_taken_is_taken_by_the_next(two: Two) -> None:
    await two.own()
    await two.submit(two.press(id="one"))
    Ending(two)
    await two.answer("take", "operator:anna")
    assert two.stage.runner.state("lifecycle", SLOT).taken_by == "operator:anna"


async def test_an_owner_that_stays_and_cannot_keep_it_says_so(two: Two) -> None:
    await two.own()
    await two.submit(two.press(id="one"))
    Ending(two).leaves = False
    with pytest.raises(CommitFailed):
        await two.submit(two.press(id="two"))
    with pytest.raises(CommitFailed):
        await two.answer("take", "operator:anna")


class News:
    """A municipality that becomes known with the next look."""

    def __init__(self, two: Two) -> None:
        self.looks = 0
        self.two = two
        assert two.front.remote is not None
        self.remote = two.front.remote
        self.full, self.remote.registry = self.remote.registry, Registry([])
        two.front.heard_of = self.look

    async def look(self) -> None:
        self.looks += 1
        await asyncio.sleep(0)
        self.remote.registry = self.full


def pressed(principal: str | None, done: Callable[[Verdict | None], None]) -> Raw:
    return Raw("grastorp", "pendant-1", "button", json.dumps({"id": "one"}).encode(), NOON, done, principal)


@pytest.mark.parametrize("principal", [None, "grastorp/pendant-1"])
async def test_a_reading_for_a_municipality_nobody_knows_waits_for_a_look_and_is_kept(two: Two, principal: str | None) -> None:
    news = News(two)
    await two.own()
    heard: list[Verdict | None] = []
    two.front.accept(pressed(principal, heard.append))
    await two.until(lambda: heard)
    assert (heard, news.looks) == ([Verdict("one", "kept")], 1)
    two.front.accept(pressed(principal, heard.append))
    await two.until(lambda: len(heard) == 2)
    assert news.looks == 1


async def test_readings_over_http_wait_for_one_look_together(two: Two) -> None:
    news = News(two)
    await two.own()
    verdicts = await two.submit(two.press(id="one"), two.press(id="two"))
    assert ([one.status for one in verdicts], news.looks) == (["kept", "kept"], 1)


async def test_nobody_makes_us_look_by_naming_somebody_elses_municipality(two: Two) -> None:
    news = News(two)
    assert two.front.knows(pressed("tanum/pendant-1", lambda _: None))
    assert not two.front.knows(pressed("grastorp/pendant-1", lambda _: None))
    assert news.looks == 0
