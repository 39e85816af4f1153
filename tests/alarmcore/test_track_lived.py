"""The track of a person under the real runner: from an alarm to its end, and nothing outside it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec

from alarmcore.adapters.memory_journal import MemoryJournal
from alarmcore.admission import registry_of
from alarmcore.model.alarm import AnswerAlarm, Slot
from alarmcore.model.site import Site
from alarmcore.runner import Item, Runner
from alarmcore.track import EMPTY, Track, judged
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from tests.observed import observed
from tests.stories import PLACES, town
from tests.tracks import NOW

SITE = town("[{id: wander, kind: zone_exit, zones: [home]}, {id: press, kind: button}]")
PERSON = ("grastorp", "r1")


class Life:
    """One person under the real runner."""

    def __init__(self, site: Site = SITE) -> None:
        self.site = site
        self.journal = MemoryJournal()
        self.runner = self.started()
        self.now = NOW

    def started(self) -> Runner:
        machines = machines_for([self.site], registry_of([self.site]))
        return Runner(machines, self.journal, lambda _: None, lambda _: None, EFFECT_CODEC)

    async def report(self, minute: float, kind: str, place: str = "", **fields: Any) -> None:
        self.now = max(self.now, NOW + timedelta(minutes=minute))
        if place:
            fields |= {"lat": PLACES[place][0], "lon": PLACES[place][1], "accuracy_m": 10}
        fields = {"at": (NOW + timedelta(minutes=minute)).isoformat(), **fields}
        # It has an event loop of its own.
        event = await asyncio.to_thread(observed, self.site, kind, fields, self.now)
        assert event is not None
        await self.runner.run([Item("watch", PERSON, event)], self.now)

    async def resolve(self, rule: str) -> None:
        alarm = self.runner.state("lifecycle", Slot(*PERSON, rule))
        act = AnswerAlarm(slot=alarm.slot, alarm=alarm.id, answer="resolve", by="operator:anna", via="console", outcome="helped")
        await self.runner.run([Item("lifecycle", alarm.slot, act)], self.now)

    def stored(self) -> Track:
        found = self.journal.stored.get(("track", "/".join(PERSON)))
        return EMPTY if found is None else judged(msgspec.msgpack.decode(found.data, type=Track))

    def minutes(self) -> list[float]:
        return [(kept.at - NOW).total_seconds() / 60 for kept in self.stored().fixes()]


async def test_positions_are_kept_while_an_alarm_is_open_and_not_outside_it() -> None:
    life = Life()
    await life.report(0, "position", "@home")
    await life.report(1, "position", "@home")
    assert life.minutes() == []
    await life.report(2, "button")
    assert life.minutes() == [1], "where the person was known to be"
    await life.report(3, "position", "@home")
    await life.report(2.5, "position", "@home")
    await life.report(4, "fall", "@home")
    assert life.minutes() == [1, 2.5, 3, 4]
    await life.resolve("press")
    assert life.stored() == EMPTY
    await life.report(5, "position", "@home")
    assert life.stored() == EMPTY


async def test_a_flat_battery_is_no_reason_to_know_where_somebody_is() -> None:
    life = Life(town("[{id: flat, kind: battery_low, priority: high}, {id: press, kind: button}]"))
    await life.report(0, "position", "@home")
    await life.report(1, "status", battery_pct=3)
    alarm = life.runner.state("lifecycle", Slot(*PERSON, "flat"))
    assert (alarm.state, alarm.fix) == ("open", None)
    await life.report(2, "position", "@home")
    assert life.stored() == EMPTY
    await life.report(3, "button")
    await life.report(4, "position", "@home")
    assert life.minutes() == [2, 4], "a press is one, and the person is followed from then on"
    await life.resolve("flat")
    assert life.minutes() == [2, 4]
    await life.resolve("press")
    assert life.stored() == EMPTY


async def test_what_was_measured_long_before_the_alarm_and_comes_during_it_is_not_kept() -> None:
    life = Life()
    await life.report(0, "button")
    await life.report(-300, "position", "@home")
    assert life.minutes() == []
    await life.report(-5, "position", "@home")
    assert life.minutes() == [-5]


async def test_the_track_goes_on_after_a_restart() -> None:
    life = Life()
    await life.report(0, "button")
    await life.report(1, "position", "@home")
    life.runner = life.started()
    await life.runner.load()
    await life.report(2, "position", "@home")
    assert life.minutes() == [1, 2]


async def test_the_finding_and_its_first_position_are_one_commit() -> None:
    life = Life()
    for minute in range(4):
        await life.report(minute, "position", "@away")
    assert life.runner.state("lifecycle", Slot(*PERSON, "wander")) is not None
    assert life.minutes() == [1, 2, 3]
    assert all(kept.good for kept in life.stored().fixes())
    assert dict(life.stored().standings) == {"wander": "outside"}


async def test_a_rule_that_finds_again_follows_the_person_again() -> None:
    life = Life(town("[{id: wander, kind: zone_exit, zones: [home], again_s: 60}]"))
    for minute in range(3):
        await life.report(minute, "position", "@away")
    await life.resolve("wander")
    await life.report(2.5, "position", "@away")
    assert life.stored() == EMPTY
    life.now = NOW + timedelta(minutes=3)
    await life.runner.run(life.runner.due(life.now, 10), life.now)
    await life.report(4, "position", "@away")
    assert life.minutes() == [2.5, 4]


async def test_a_position_without_consent_is_not_kept() -> None:
    life = Life()
    await life.report(0, "button")
    lat, lon = PLACES["@home"]
    fields = {"at": NOW.isoformat(), "lat": lat, "lon": lon, "accuracy_m": 10}
    event = await asyncio.to_thread(observed, SITE, "position", fields, NOW)
    assert event is not None
    refused = msgspec.structs.replace(event, positioned=False)
    await life.runner.run([Item("watch", PERSON, refused)], NOW)
    assert life.stored().fixes() == []
    await life.runner.run([Item("watch", PERSON, event)], NOW)
    assert len(life.stored().fixes()) == 1
