"""Relatives, response units and operators: they answer at once, late, twice, wrongly or never."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from alarmcore.model.alarm import Alarm, AnswerAlarm
from alarmcore.model.outing import BeginOuting, EndOuting
from alarmcore.runner import Item
from dispatch import chain
from dispatch.channels.port import Message
from tests.simulation import history as seen

if TYPE_CHECKING:
    from tests.simulation.world import World

TRIES_MAX: Final = 3
"""How often somebody says the same again when it could not be kept; then they give up, as people do."""

OPERATOR: Final = "operator:anna"

OUTING_S: Final = (120.0, 1200.0)
"""How long people stay out with whom they have found: short beside a world, so that it sees how it ends."""


class People:
    """Everybody. Once the world is healed nobody answers, until operators are asked to close everything."""

    def __init__(self, world: World, rng: Random) -> None:
        self.world = world
        self.rng = rng
        self.closing = False
        self.count: Counter[str] = Counter()

    def got(self, message: Message, kind: str) -> None:
        """A message has reached its recipient."""
        self.world.add(seen.Delivered(t=self.world.t(), alarm=message.alarm, recipient=message.recipient, channel=kind))
        if self.world.faults.healed:
            return
        who = f"{message.tenant}/{message.recipient}"
        self.count[who] += 1
        rng = self.world.dice(f"{who} {self.count[who]}")
        if rng.random() >= self.world.faults.weather.silent_people and self.world.faults.happens(f"answer {who}"):
            self.world.spawn(self.handle(message.alarm, message.recipient, who, rng))

    async def handle(self, alarm: str, by: str, who: str, rng: Random) -> None:
        """What one recipient does about one message."""
        happens = self.world.faults.happens
        await asyncio.sleep(rng.choice((rng.uniform(0, 20), rng.uniform(0, 20), rng.uniform(60, 600))))
        first = rng.choice(("take", "take", "take", "decline", "decline", "arrive", "resolve"))
        if await self.say(alarm, by, first) != "done" or first in {"decline", "resolve"}:
            return
        self.accompany(alarm, by, who)
        if rng.random() < 0.2 and happens(f"repeat {who}"):
            await self.say(alarm, by, first)
        await asyncio.sleep(rng.uniform(5, 300))
        if happens(f"then {who}"):
            await self.say(alarm, by, rng.choice(("arrive", "resolve", "resolve", "decline", "note")))

    def accompany(self, alarm_id: str, by: str, who: str) -> None:
        """Some who have found a person stay out with them for a while, and some of these say so when they are back."""
        alarm = self.world.disk.alarms.get(alarm_id)
        rng = self.world.dice(f"outing {who} {self.count[who]}")
        if alarm is None or alarm.slot.rule != "wander" or rng.random() < 0.5 or not self.world.faults.happens(f"outing {who}"):
            return
        process = self.world.process_of(alarm.slot.tenant)
        if process is None or not process.ready:
            return
        person, out_s = (alarm.slot.tenant, alarm.slot.resident), rng.uniform(*OUTING_S)
        until = process.clock.now() + timedelta(seconds=out_s)
        process.tell(Item("watch", person, BeginOuting(until, by, by, "link")))
        if rng.random() < 0.3:
            self.world.later(out_s / 2, self.back, person, by)

    def back(self, person: tuple[str, str], by: str) -> None:
        """Somebody says that they are back."""
        process = self.world.process_of(person[0])
        if process is not None and process.ready and not self.world.faults.healed:
            process.tell(Item("watch", person, EndOuting(by, "link")))

    async def say(self, alarm_id: str, by: str, answer: Any) -> str:
        """Answer, and say it again where it could not be kept."""
        result = "silent"
        for _ in range(TRIES_MAX):
            alarm = self.world.disk.alarms.get(alarm_id)
            if alarm is None or (self.world.faults.healed and not self.closing):
                return result
            result = await self.said(alarm, by, answer)
            if result not in {"failed", "unreachable"}:
                return result
            await asyncio.sleep(2.0)
        return result

    async def said(self, alarm: Alarm, by: str, answer: Any) -> str:
        """One answer."""
        process = self.world.process_of(alarm.slot.tenant)
        if process is None or not process.ready:
            return "unreachable"
        outcome = "helped" if answer == "resolve" else None
        text = "on the way" if answer == "note" else None
        said = AnswerAlarm(slot=alarm.slot, alarm=alarm.id, answer=answer, by=by, via="link", text=text, outcome=outcome)
        self.world.add(seen.Asked(t=self.world.t(), alarm=alarm.id, by=by, answer=answer))
        result = await process.answer(said)
        self.world.add(seen.Acted(t=self.world.t(), alarm=alarm.id, by=by, answer=answer, result=result))
        return result

    # -- operators --------------------------------------------------------------------------------------------------------

    def open(self) -> list[Alarm]:
        """What the list of alarms shows."""
        return [alarm for alarm in self.world.disk.alarms.values() if alarm.state != "resolved"]

    async def operate(self) -> None:
        """An operator's shift."""
        while not self.world.faults.healed:
            self.count[OPERATOR] += 1
            rng = self.world.dice(f"{OPERATOR} {self.count[OPERATOR]}")
            await asyncio.sleep(rng.uniform(15, 120))
            alarms = self.open()
            if not alarms or self.world.faults.healed or rng.random() < self.world.faults.weather.silent_people:
                continue
            alarm = rng.choice(alarms)
            answer = rng.choice(("show", "show", "take", "note", "escalate", "arrive", "resolve", "resolve"))
            if not self.world.faults.happens("operator"):
                continue
            if answer == "show":
                self.show(alarm)
            else:
                await self.say(alarm.id, OPERATOR, answer)

    def show(self, alarm: Alarm) -> None:
        """The page shows an alarm."""
        process = self.world.process_of(alarm.slot.tenant)
        if process is not None and process.ready:
            self.world.add(seen.Shown(t=self.world.t(), alarm=alarm.id))
            process.tell(Item("chain", alarm.slot, chain.Shown(alarm.slot, alarm.id, OPERATOR, process.clock.now())))

    async def close(self) -> None:
        """Resolve everything."""
        self.closing = True
        for alarm in self.open():
            await self.say(alarm.id, OPERATOR, "resolve")
