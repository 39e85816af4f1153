"""A web process follows what owners store: in order, each event once, with its alarm, over a database that comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from alarmcore.adapters.alone import AloneBell
from alarmcore.errors import Unavailable
from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.ports import StoredEvent
from alarmcore.shared import News, ShownAlarm
from dashboard import follower as follower_module
from dashboard.board import FollowedBoard
from dashboard.follower import Follower
from tests.alarms import opened

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
WITHIN_S = 20.0


class Stored:
    """What the database holds; `fails` is how many reads it does not answer."""

    def __init__(self) -> None:
        self.alarms: dict[str, Alarm] = {}
        self.events: list[AlarmEvent] = []
        self.fails = 0
        self.pages: list[int] = []

    def happen(self, alarm: Alarm, event: str) -> None:
        self.alarms[alarm.id] = alarm
        self.events.append(AlarmEvent(at=NOW, event=event, tenant=alarm.slot.tenant, alarm=alarm.id))

    async def opened(self) -> tuple[int, list[ShownAlarm]]:
        found = [ShownAlarm(alarm, alarm.id.encode()) for alarm in self.alarms.values() if alarm.state != "resolved"]
        return len(self.events), found

    async def news(self, after: int, limit: int) -> list[News]:
        if self.fails:
            self.fails -= 1
            raise Unavailable("the database does not answer")
        found = [
            News(StoredEvent(seq, event), ShownAlarm(self.alarms[event.alarm or ""], None))
            for seq, event in enumerate(self.events[after : after + limit], after + 1)
        ]
        self.pages.append(len(found))
        return found


class Following:
    def __init__(self) -> None:
        self.stored, self.bell = Stored(), AloneBell()
        self.board = FollowedBoard(self._decode)
        self.seen: list[tuple[int, str | None]] = []
        books: Any = self.stored
        self.follower = Follower(books, self.bell, self.board, self._publish)

    def _decode(self, slot: Slot, data: bytes) -> Any:
        return slot.rule, data

    def _publish(self, stored: StoredEvent) -> None:
        alarm = self.board.alarm_of(stored.event)
        self.seen.append((stored.seq, alarm.state if alarm else None))

    async def until(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not what():  # noqa: ASYNC110 - the follower says nothing when it has looked
                await asyncio.sleep(0.005)


@pytest.fixture
async def following() -> AsyncIterator[Following]:
    made = Following()
    yield made
    await made.follower.close()


def alarms(count: int) -> list[Alarm]:
    return [replace(opened(), id=f"a{number}") for number in range(count)]


async def test_it_begins_with_what_is_open_and_tells_only_what_comes_after(following: Following) -> None:
    first, second = alarms(2)
    following.stored.happen(first, "alarm.raised")
    following.stored.happen(replace(second, state="resolved"), "alarm.resolved")
    assert await following.follower.start() == 2
    assert [alarm.id for alarm in following.board.open()] == ["a0"]
    chain: Any = following.board.chain(first)
    assert chain == (first.slot.rule, b"a0")
    assert following.seen == []
    following.stored.happen(replace(first, state="taken"), "alarm.taken")
    following.bell.ring("events")
    await following.until(lambda: following.seen == [(3, "taken")])


async def test_a_chain_is_decoded_anew_when_sites_or_the_alarm_have_changed_and_not_before(following: Following) -> None:
    (alarm,) = alarms(1)
    following.stored.happen(alarm, "alarm.raised")
    await following.follower.start()
    sites: list[str] = ["old"]
    decoded: list[str] = []

    def decode(slot: Slot, data: bytes) -> Any:
        del slot, data
        decoded.append(sites[-1])
        return sites[-1]

    following.board.decode_chain = decode
    seen: list[Any] = [following.board.chain(alarm), following.board.chain(alarm)]
    sites.append("new")
    following.board.sites_changed()
    seen += [following.board.chain(alarm), following.board.chain(alarm)]
    assert (seen, decoded) == (["old", "old", "new", "new"], ["old", "new"])
    following.board.put(ShownAlarm(alarm, b"its next link"))
    following.board.chain(alarm)
    assert decoded == ["old", "new", "new"]


async def test_a_resolved_alarm_is_told_and_then_open_no_more(following: Following) -> None:
    (alarm,) = alarms(1)
    await following.follower.start()
    following.stored.happen(alarm, "alarm.raised")
    following.stored.happen(replace(alarm, state="resolved"), "alarm.resolved")
    await following.board.catch_up()
    assert following.seen == [(1, "resolved"), (2, "resolved")]
    assert list(following.board.open()) == []


async def test_a_list_holds_everything_that_was_stored_before_it_was_asked_for(following: Following) -> None:
    await following.follower.start()
    for alarm in alarms(3):
        following.stored.happen(alarm, "alarm.raised")
    await following.board.catch_up()
    assert [alarm.id for alarm in following.board.open()] == ["a0", "a1", "a2"]


async def test_a_flood_is_read_in_pages_and_each_event_is_told_once_and_in_order(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "PAGE", 10)
    await following.follower.start()
    for alarm in alarms(25):
        following.stored.happen(alarm, "alarm.raised")
    await asyncio.gather(*(following.board.catch_up() for _ in range(5)))
    assert [seq for seq, _ in following.seen] == list(range(1, 26))
    assert max(following.stored.pages) == 10


async def test_a_database_that_does_not_answer_is_said_and_nothing_is_missed(following: Following) -> None:
    (alarm,) = alarms(1)
    await following.follower.start()
    following.stored.fails = 3
    following.stored.happen(alarm, "alarm.raised")
    following.bell.ring("events")
    await following.until(lambda: following.follower.trouble)
    await following.until(lambda: following.seen == [(1, "open")])
    await following.until(lambda: not following.follower.trouble)


async def test_without_anybody_who_rings_news_comes_by_looking(following: Following) -> None:
    (alarm,) = alarms(1)
    await following.follower.start()
    following.stored.happen(alarm, "alarm.raised")
    await following.until(lambda: following.seen == [(1, "open")])
