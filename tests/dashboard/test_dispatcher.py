"""A dispatcher tells on behalf of owners: it claims no more than it can do, and an effect it cannot read holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from alarmcore.adapters.alone import AloneBell
from alarmcore.errors import Unavailable
from dashboard import dispatcher as dispatcher_module
from dashboard.dispatcher import Dispatcher
from dispatch.binding import EFFECT_CODEC
from dispatch.telling import Tell
from tests.alarms import opened

WITHIN_S = 20.0


class Effects:
    """Stored effects; each is given out once. `fails` is how many times nothing can be claimed."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []
        self.asked: list[tuple[str, int, float]] = []
        self.free: list[tuple[str, str]] = []
        self.fails = 0

    def add(self, *names: str) -> None:
        encode, _ = EFFECT_CODEC
        self.stored += [(name, encode(tell(name))) for name in names]

    async def claim(self, dispatcher: str, limit: int, hold_s: float) -> list[tuple[str, bytes]]:
        if self.fails:
            self.fails -= 1
            raise Unavailable("the database does not answer")
        self.asked.append((dispatcher, limit, hold_s))
        given, self.stored = self.stored[:limit], self.stored[limit:]
        return given

    async def let_go(self, ids: Sequence[str], dispatcher: str) -> None:
        self.free += [(dispatcher, name) for name in ids]


class SlowTeller:
    """Begins whatever it is given, and ends nothing by itself."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()
        self.ends: dict[str, asyncio.Event] = {}

    @property
    def begun(self) -> list[str]:
        return list(self.ends)

    def perform(self, effect: Tell) -> None:
        self.ends[effect.id] = asyncio.Event()
        self.tasks.add(asyncio.create_task(self.ends[effect.id].wait()))


def tell(name: str) -> Tell:
    alarm = opened()
    return Tell(
        id=name, telling=name, slot=alarm.slot, alarm=alarm, ref="unit:centre", number=1, link=0, channel="webhook", to="http://h"
    )


class Dispatching:
    def __init__(self) -> None:
        self.effects, self.bell, self.teller = Effects(), AloneBell(), SlowTeller()
        teller: Any = self.teller
        self.dispatcher = Dispatcher("d1", self.effects, self.bell, teller)

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not what():  # noqa: ASYNC110 - a dispatcher says nothing when it has looked
                await asyncio.sleep(0.005)


@pytest.fixture
def dispatching(monkeypatch: pytest.MonkeyPatch) -> Dispatching:
    monkeypatch.setattr(dispatcher_module, "UNDER_WAY_MAX", 3)
    monkeypatch.setattr(dispatcher_module, "END_S", 0.01)
    return Dispatching()


async def test_it_claims_what_there_is_room_for_and_the_rest_when_there_is_room_again(dispatching: Dispatching) -> None:
    dispatching.effects.add("e1", "e2", "e3", "e4", "e5")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: len(dispatching.teller.begun) == 3)
    dispatching.teller.tasks.clear()
    dispatching.bell.ring("effects")
    await dispatching.until(lambda: dispatching.teller.begun == ["e1", "e2", "e3", "e4", "e5"])
    await dispatching.dispatcher.close()
    assert {(name, hold) for name, _, hold in dispatching.effects.asked} == {("d1", dispatcher_module.HOLD_S)}
    assert max(limit for _, limit, _ in dispatching.effects.asked) == 3


async def test_one_that_ends_lets_go_what_it_has_begun_and_not_ended(dispatching: Dispatching) -> None:
    dispatching.effects.add("e1", "e2", "e3")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: len(dispatching.teller.begun) == 3)
    dispatching.teller.ends["e2"].set()
    await dispatching.dispatcher.close()
    assert dispatching.effects.free == [("d1", "e1"), ("d1", "e3")]


async def test_an_effect_of_a_newer_version_holds_up_no_other(dispatching: Dispatching) -> None:
    dispatching.effects.stored.append(("new", b"\xc1"))
    dispatching.effects.add("e1")
    await dispatching.dispatcher.take()
    assert dispatching.teller.begun == ["e1"]


async def test_a_database_that_does_not_answer_is_said_and_claimed_from_again(dispatching: Dispatching) -> None:
    dispatching.effects.fails = 2
    dispatching.effects.add("e1")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: dispatching.dispatcher.trouble)
    await dispatching.until(lambda: dispatching.teller.begun == ["e1"])
    await dispatching.until(lambda: not dispatching.dispatcher.trouble)
    await dispatching.dispatcher.close()
