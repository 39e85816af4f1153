"""One life of the service: the real parts, put together as `serve` does it, over the world's ports. It can end at any await."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from alarmcore.adapters.clock import SteadyClock
from alarmcore.admission import registry_of
from alarmcore.auditor import LOOK_S, Auditor
from alarmcore.errors import AlarmClosed, AlarmUnknown, CommitFailed, TakenByOther, Unavailable
from alarmcore.front import Front
from alarmcore.intake import Raw
from alarmcore.model.alarm import AnswerAlarm
from alarmcore.runner import Committed, Item
from alarmcore.service import Service
from dashboard.doors import MqttDoor, confirming
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC, encode_act
from dispatch.channels.port import Message
from dispatch.message import message_of
from dispatch.teller import CONSOLE, Teller
from dispatch.telling import Tell, Told
from tests.simulation import history as seen
from tests.simulation.channels import FaultyChannel
from tests.simulation.recording import RecordedRunner
from tests.simulation.storage import FaultyJournal
from tests.simulation.town import Town

if TYPE_CHECKING:
    from tests.simulation.world import World

REFUSED = {AlarmClosed: "alarm_closed", AlarmUnknown: "alarm_unknown", TakenByOther: "taken_by_other"}


class Process:
    """The service from a start to its death. `ready` once it has read what is stored."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.alive = True
        self.ready = False
        self.calls: set[asyncio.Task[Any]] = set()
        self.clock = SteadyClock(world.system_s, world.t)
        changed = world.faults.strikes("site_changes")
        towns = self.towns()
        self.sites = {tenant: one.changed if changed else one.site for tenant, one in towns.items()}
        sites = list(self.sites.values())
        # It never changes, so that it need not be made anew for each life.
        known = (changed, *towns)
        registry = world.registries[known] = world.registries.get(known) or registry_of(sites)
        journal = self.journal()
        kinds = ("webhook", "email")
        channels: dict[str, Any] = {kind: FaultyChannel(kind, self, world.faults, self.begun, self.delivered) for kind in kinds}
        self.teller = Teller(channels, self.message_of, self.report, self.on_screen, self.wanted)
        machines = machines_for(sites, registry)
        runner = RecordedRunner(world, self.sites, machines, journal, self.perform, self.publish, EFFECT_CODEC)
        self.service = Service(runner, journal, self.clock, registry)
        self.service.confirm = confirming(self)
        self.front = Front(self.clock, encode_act)
        self.front.alone = self.service
        self.door = MqttDoor(self.front, self.clock)
        self.auditor = Auditor(self.service, journal, patient=lambda tell: bool(tell.channel == CONSOLE))
        self.auditing: asyncio.Task[None] | None = None
        self.starting = asyncio.get_running_loop().create_task(self.start())

    def towns(self) -> dict[str, Town]:
        """What it looks after."""
        return self.world.towns

    def journal(self) -> Any:
        """Where it stores."""
        return FaultyJournal(self.world.disk, self, self.world.faults)

    def current(self) -> bool:
        """Whether what it decides counts."""
        return True

    def when_it_runs(self, call: Callable[..., None], *given: Any) -> None:
        """Let it take something from a socket."""
        call(*given)

    def perform(self, tell: Tell) -> None:
        """Begin an effect."""
        self.teller.perform(tell)

    async def start(self) -> None:
        """Begin; a process that cannot read what is stored ends, and the next one tries."""
        try:
            await self.service.start()
        except Exception:  # noqa: BLE001 - whatever it is, the process ends as it would under a supervisor
            self.die()
            return
        self.ready = True
        if self.world.audited:
            self.auditing = asyncio.get_running_loop().create_task(self.audit())
        self.world.process_ready()

    async def audit(self) -> None:
        """Let the service look at itself, as `serve` does, and say what it finds."""
        self.auditor.time = asyncio.get_running_loop().time
        while True:
            await self.auditor.audit()
            if self.auditor.standing and self.alive:
                slips = tuple(sorted(finding.slip for finding in self.auditor.standing))
                self.world.add(seen.Audited(t=self.world.t(), slips=slips))
            await asyncio.sleep(LOOK_S)

    def die(self) -> None:
        """End at this instant: none of its tasks gets any further, and nothing that they still say is heard."""
        if not self.alive:
            return
        self.alive = self.ready = False
        tasks = [self.starting, self.auditing, self.service.task, *self.teller.tasks, *self.calls]
        for task in tasks:
            if task is not None:
                task.cancel()
        self.world.process_died()

    def forget(self) -> None:
        """Let go of the world when it is over: readings that nobody took are hidden from the garbage collector, and hold it."""
        self.__dict__.clear()

    async def stop(self) -> None:
        """End in order, as `serve` does."""
        if not self.ready:
            return
        self.ready = False
        await self.service.close()
        await self.teller.close()
        self.die()

    # -- what the service calls -------------------------------------------------------------------------------------------

    def publish(self, committed: Committed | str, payload: bytes = b"", qos: int = 1) -> None:
        """Screens are no part of this world; a confirmation goes to its device."""
        del qos
        if self.alive and isinstance(committed, str):
            self.world.broker.confirm(committed, payload)

    def begun(self, message: Message, kind: str) -> None:
        """A message is on its way."""
        self.world.add(seen.Begun(t=self.world.t(), message=message, channel=kind))

    def delivered(self, message: Message, kind: str) -> None:
        """A message has arrived."""
        if self.alive:
            self.world.people.got(message, kind)

    def message_of(self, tell: Tell) -> Message:
        """What a channel carries."""
        return message_of(tell, self.sites[tell.slot.tenant], lambda *_: None)

    def wanted(self, tell: Tell) -> bool:
        """Whether nobody has the alarm yet."""
        return self.front.stands_open(tell.slot, tell.alarm.id)

    def report(self, told: Told) -> None:
        """A channel has answered; some answer twice."""
        item = Item("chain", told.slot, told)
        self.tell(item)
        who = f"{told.slot.tenant}/{told.ref}/{told.channel}"
        if self.world.faults.strikes("channel_twice", who):
            self.world.later(self.world.faults.between("twice", 0, 30, who), self.tell, Item("chain", told.slot, told))

    def tell(self, item: Item) -> None:
        """A fact for the service."""
        if self.alive:
            self.service.tell(item)

    async def on_screen(self, alarm: str) -> bool:
        """Whether an operator's open page shows an alarm just now."""
        shown = self.world.faults.strikes("page_open")
        if shown:
            self.world.add(seen.Shown(t=self.world.t(), alarm=alarm))
        return shown

    # -- what people call -------------------------------------------------------------------------------------------------

    async def answer(self, said: AnswerAlarm) -> str:
        """Pass on a person's answer; return what they hear: `done`, `failed`, `unreachable` or why it was refused."""
        heard: list[str] = []
        await asyncio.wait([self.call(self._answer(said, heard))])
        return heard[0] if heard and self.alive else "unreachable"

    def submit(self, raw: Raw, answered: Callable[[], None]) -> None:
        """Hand in a reading over HTTP. Where it could not be kept, or the connection broke, nobody is `answered`."""

        def ended(task: asyncio.Task[Any]) -> None:
            if task.cancelled() or not self.alive:
                return
            failed = task.exception()
            if failed is None:
                answered()
            elif not isinstance(failed, Unavailable):
                raise failed

        self.call(self.service.submit([raw])).add_done_callback(ended)

    def call(self, what: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Somebody waits for the process, until it answers or is gone."""
        task = asyncio.get_running_loop().create_task(what)
        self.calls.add(task)
        task.add_done_callback(self.calls.discard)
        return task

    async def _answer(self, said: AnswerAlarm, heard: list[str]) -> None:
        try:
            await self.service.answer(said)
        except CommitFailed:
            heard.append("failed")
        except (AlarmClosed, AlarmUnknown, TakenByOther) as refused:
            heard.append(REFUSED[type(refused)])
        else:
            heard.append("done")
