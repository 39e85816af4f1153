"""A dispatcher tells on behalf of owners: it holds what it tells, and what it has slept through it leaves to others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from alarmcore.adapters.alone import AloneBell
from alarmcore.errors import HandoverFailed, Unavailable
from alarmcore.model.alarm import Alarm, Fix
from dashboard import dispatcher as dispatcher_module
from dashboard.dispatcher import HOLD_S, SETTLE_S, Dispatcher
from dispatch.binding import EFFECT_CODEC
from dispatch.channels.port import Message, Receipt
from dispatch.places import RECEIVER_MAX
from dispatch.teller import Teller
from dispatch.telling import Tell, Told
from tests.alarms import opened

WITHIN_S = 20.0
NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)


class Effects:
    """Stored effects; each is given out once. `fails` is how many times the database does not answer, `gone` what is settled."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, bytes]] = []
        self.asked: list[tuple[str, int, float]] = []
        self.lapsed: list[bool] = []
        self.holds: list[tuple[set[str], str, float]] = []
        self.free: list[tuple[str, str]] = []
        self.gone: set[str] = set()
        self.fails = 0

    def add(self, *names: str) -> None:
        encode, _ = EFFECT_CODEC
        self.stored += [(name, encode(tell(name))) for name in names]

    def answer(self) -> None:
        if self.fails:
            self.fails -= 1
            raise Unavailable("the database does not answer")

    async def claim(self, dispatcher: str, limit: int, hold_s: float, *, lapsed: bool = True) -> list[tuple[str, bytes]]:
        self.answer()
        self.asked.append((dispatcher, limit, hold_s))
        self.lapsed.append(lapsed)
        given, self.stored = self.stored[:limit], self.stored[limit:]
        return given

    async def hold(self, ids: Sequence[str], dispatcher: str, hold_s: float) -> set[str]:
        self.answer()
        self.holds.append((set(ids), dispatcher, hold_s))
        return set(ids) - self.gone

    async def let_go(self, ids: Sequence[str], dispatcher: str) -> None:
        self.free += [(dispatcher, name) for name in ids]


class SlowChannel:
    """Hands over, or fails, when the test says so."""

    kind: ClassVar[str] = "webhook"

    def __init__(self) -> None:
        self.ends: dict[str, asyncio.Future[str]] = {}
        self.begun: list[str] = []

    async def hand_over(self, message: Message) -> Receipt:
        self.begun.append(message.key)
        self.ends[message.key] = asyncio.get_running_loop().create_future()
        if text := await self.ends[message.key]:
            raise HandoverFailed(text)
        return Receipt()

    def end(self, name: str, text: str = "") -> None:
        self.ends[name].set_result(text)

    async def close(self) -> None:
        pass


def tell(name: str) -> Tell:
    alarm = opened()
    return Tell(
        id=name, telling=name, slot=alarm.slot, alarm=alarm, ref="unit:centre", number=1, link=0, channel="webhook", to="http://h"
    )


def message_of(one: Tell) -> Message:
    return Message(
        key=one.telling, tenant=one.slot.tenant, tenant_name="", language="sv", timezone="Europe/Stockholm", alarm=one.alarm.id,
        resident=None, resident_name=None, address=None, rule="press", cause="button", priority="critical", why="pressed",
        raised_at=NOW, late_s=0, lat=None, lon=None, accuracy_m=None, recipient=one.ref, recipient_name="", to=one.to, link=0,
        told_before=0, answer_url=None,
    )  # fmt: skip


class Dispatching:
    """A dispatcher; `asleep_s` is how much later its clock shows than it did: the time through which it was stopped."""

    def __init__(self) -> None:
        self.effects, self.channel = Effects(), SlowChannel()
        self.told: list[Told] = []
        self.asleep_s = 0.0
        self.unwanted: set[str] = set()
        self.looked: list[str] = []
        teller = Teller({"webhook": self.channel}, message_of, self.told.append, self.on_screen, self.wanted, self.seen)
        self.dispatcher = Dispatcher("d1", self.effects, AloneBell(), teller)

    async def on_screen(self, alarm: str) -> bool:
        raise AssertionError(f"nobody asks of {alarm}")

    def wanted(self, one: Tell) -> bool:
        return one.id not in self.unwanted

    async def seen(self, alarm: Alarm) -> Fix | None:
        self.looked.append(alarm.id)
        return alarm.fix

    def now(self) -> float:
        return asyncio.get_running_loop().time() + self.asleep_s

    async def begin(self, *names: str) -> None:
        self.effects.add(*names)
        await self.dispatcher.take()
        await self.until(lambda: set(names) <= {*self.channel.begun})

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not what():  # noqa: ASYNC110 - a dispatcher says nothing when it has looked
                await asyncio.sleep(0.005)

    async def ended(self) -> None:
        await self.until(lambda: not self.dispatcher.begun)


@pytest.fixture
async def dispatching(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dispatching]:
    made = Dispatching()
    monkeypatch.setattr(dispatcher_module, "UNDER_WAY_MAX", 3)
    monkeypatch.setattr(dispatcher_module, "END_S", 0.01)
    monkeypatch.setattr(dispatcher_module, "now", made.now)
    yield made
    await made.dispatcher.close()


# -- what it claims --------------------------------------------------------------------------------------------------------


async def test_it_claims_what_there_is_room_for_and_the_rest_as_soon_as_there_is_room_again(
    dispatching: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "LOOK_S", 10 * WITHIN_S)
    dispatching.effects.add("e1", "e2", "e3", "e4", "e5")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: len(dispatching.channel.begun) == 3)
    for name in ("e1", "e2", "e3"):
        dispatching.channel.end(name)
    await dispatching.until(lambda: dispatching.channel.begun == ["e1", "e2", "e3", "e4", "e5"])
    assert {(name, hold) for name, _, hold in dispatching.effects.asked} == {("d1", HOLD_S)}
    assert max(limit for _, limit, _ in dispatching.effects.asked) == 3


async def test_it_looks_where_the_person_is_before_it_tells(dispatching: Dispatching) -> None:
    await dispatching.begin("a")
    assert len(dispatching.looked) == 1


async def test_one_that_ends_lets_go_what_it_has_begun_and_holds_what_it_has_told(dispatching: Dispatching) -> None:
    await dispatching.begin("e1", "e2", "e3")
    dispatching.channel.end("e2")
    await dispatching.dispatcher.close()
    assert dispatching.effects.free == [("d1", "e1"), ("d1", "e3")]
    assert dispatching.effects.holds == [({"e2"}, "d1", SETTLE_S)]
    assert [one.id for one in dispatching.told] == ["e2"]


async def test_an_effect_of_a_newer_version_holds_up_no_other_and_is_left_alone_for_a_while(dispatching: Dispatching) -> None:
    dispatching.effects.stored.append(("new", b"\xc1"))
    await dispatching.begin("e1")
    await dispatching.dispatcher.renew()
    assert ({"new"}, "d1", SETTLE_S) in dispatching.effects.holds


async def test_a_database_that_does_not_answer_is_said_and_claimed_from_again(dispatching: Dispatching) -> None:
    dispatching.effects.fails = 2
    dispatching.effects.add("e1")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: dispatching.dispatcher.trouble)
    await dispatching.until(lambda: dispatching.channel.begun == ["e1"])
    await dispatching.until(lambda: not dispatching.dispatcher.trouble)


async def test_after_the_database_was_away_what_others_hold_is_left_alone_until_they_can_have_renewed_it(
    dispatching: Dispatching,
) -> None:
    take = dispatching.dispatcher.take
    await take()
    dispatching.asleep_s += HOLD_S
    await take()
    dispatching.asleep_s += dispatcher_module.LOOK_S
    await take()
    for _ in range(3):
        dispatching.asleep_s += dispatcher_module.GAP_S * 0.9
        await take()
    assert dispatching.effects.lapsed == [True, False, False, False, True, True]


# -- what it holds ---------------------------------------------------------------------------------------------------------


async def test_it_goes_on_holding_what_is_under_way(dispatching: Dispatching) -> None:
    dispatching.effects.add("e1", "e2")
    dispatching.dispatcher.start()
    await dispatching.until(lambda: len(dispatching.effects.holds) > 1)
    assert dispatching.effects.holds[-1] == ({"e1", "e2"}, "d1", HOLD_S)


async def test_what_was_tried_is_held_once_more_for_its_owner_to_settle(dispatching: Dispatching) -> None:
    await dispatching.begin("e1", "e2")
    dispatching.channel.end("e1", "nobody is there")
    dispatching.channel.end("e2")
    await dispatching.ended()
    dispatching.effects.fails = 1
    with pytest.raises(Unavailable):
        await dispatching.dispatcher.renew()
    await dispatching.begin("e3")
    dispatching.effects.add("e2")
    await dispatching.dispatcher.take()  # as if it had lapsed meanwhile: it was told, and is not told again
    await dispatching.dispatcher.renew()
    await dispatching.dispatcher.renew()
    assert dispatching.effects.holds == [({"e1", "e2"}, "d1", SETTLE_S), ({"e3"}, "d1", HOLD_S), ({"e3"}, "d1", HOLD_S)]
    assert [(one.id, one.ok) for one in dispatching.told] == [("e1", False), ("e2", True)]


async def test_of_what_was_tried_and_cannot_be_held_the_newest_are_kept_in_mind(
    dispatching: Dispatching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "TRIED_MAX", 2)
    await dispatching.begin("e1", "e2", "e3")
    for name in ("e1", "e2", "e3"):
        dispatching.channel.end(name)
        await dispatching.until(lambda name=name: name in dispatching.dispatcher.tried)  # type: ignore[misc]
    await dispatching.dispatcher.renew()
    assert dispatching.effects.holds == [({"e2", "e3"}, "d1", SETTLE_S)]


# -- what it has slept through ---------------------------------------------------------------------------------------------


async def test_what_went_out_before_it_slept_is_said_if_it_arrived_and_left_to_others_if_not(dispatching: Dispatching) -> None:
    await dispatching.begin("e1", "e2")
    dispatching.asleep_s += HOLD_S
    dispatching.channel.end("e1")
    dispatching.channel.end("e2", "nobody is there")
    await dispatching.ended()
    assert [(one.id, one.ok) for one in dispatching.told] == [("e1", True)]
    await dispatching.dispatcher.renew()
    assert dispatching.effects.holds == [({"e1"}, "d1", SETTLE_S)], "what failed is free for the next try"


async def test_what_still_waited_when_it_slept_is_never_begun(dispatching: Dispatching, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher_module, "UNDER_WAY_MAX", 100)
    names = [f"e{n}" for n in range(RECEIVER_MAX + 2)]
    dispatching.effects.add(*names)
    await dispatching.dispatcher.take()
    await dispatching.until(lambda: len(dispatching.channel.begun) == RECEIVER_MAX)
    dispatching.asleep_s += HOLD_S
    for name in names[:RECEIVER_MAX]:
        dispatching.channel.end(name)
    await dispatching.ended()
    assert dispatching.channel.begun == names[:RECEIVER_MAX]
    assert {one.id for one in dispatching.told} == {*names[:RECEIVER_MAX]}


async def test_what_nobody_else_has_claimed_meanwhile_goes_on(dispatching: Dispatching) -> None:
    await dispatching.begin("e1", "e2", "e3")
    dispatching.asleep_s += HOLD_S
    dispatching.effects.gone.add("e2")
    await dispatching.dispatcher.renew()
    for name in ("e1", "e2", "e3"):
        dispatching.channel.end(name, "nobody is there")
    await dispatching.ended()
    assert {one.id for one in dispatching.told} == {"e1", "e3"}


async def test_what_it_claims_anew_while_it_tells_it_is_told_once(dispatching: Dispatching) -> None:
    await dispatching.begin("e1")
    dispatching.asleep_s += HOLD_S
    dispatching.effects.add("e1")
    await dispatching.dispatcher.take()
    for _ in range(10):
        await asyncio.sleep(0)  # a second try would begin now
    dispatching.channel.end("e1", "nobody is there")
    await dispatching.ended()
    assert (dispatching.channel.begun, [one.id for one in dispatching.told]) == (["e1"], ["e1"])


async def test_what_nobody_wants_any_more_is_answered_as_ever(dispatching: Dispatching) -> None:
    dispatching.unwanted.add("e1")
    dispatching.effects.add("e1")
    await dispatching.dispatcher.take()
    await dispatching.ended()
    assert [(one.id, one.ok) for one in dispatching.told] == [("e1", False)]
    assert not dispatching.channel.begun
