"""One owner of some tenants: their machines, the service that drives them, its auditor, the sessions that hear their devices."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any, Final, Protocol

import structlog

from alarmcore.adapters.mqtt_session import MqttSession
from alarmcore.admission import registry_of
from alarmcore.auditor import Auditor
from alarmcore.errors import Unavailable
from alarmcore.front import Front
from alarmcore.inbox_reader import InboxReader
from alarmcore.model.reading import URGENT
from alarmcore.patient_service import PatientService
from alarmcore.ports import AuditedJournal
from alarmcore.runner import Item, Runner
from dashboard.current_sites import Chosen
from dashboard.doors import MqttDoor, Topics, confirming
from dashboard.erasure import forget, removed
from dashboard.frame import Circumstances
from dashboard.guard import Guard
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from dispatch.teller import CONSOLE
from dispatch.telling import Tell

log = structlog.get_logger(__name__)

AGAIN_S: Final = 2.0
"""Wait before a broker that refused us, or did not answer, is asked again."""


class OwnedJournal(AuditedJournal, Protocol):
    """A journal that its owner also keeps small."""

    async def sweep(self, part: int, now: Any) -> None:
        """Forget old identities in a part of their range."""


class Runtime:
    """`name` is the partition's, or empty where one process owns everything."""

    def __init__(
        self,
        name: str,
        chosen: Chosen,
        journal: OwnedJournal,
        around: Circumstances,
    ) -> None:
        self.name = name
        self.tenants = tuple(chosen.revisions)
        self.revisions = chosen.revisions
        self.journal = journal
        self.clock = clock = around.clock
        self.guard = Guard()
        self.client = ""
        self.sessions: list[MqttSession] = []
        self.subscribing: asyncio.Task[None] | None = None
        self.stolen = asyncio.Event()
        self.reader: InboxReader | None = None
        self.registry = registry = registry_of(chosen.sites)
        self.forgetting: asyncio.Task[None] | None = None
        machines = machines_for(chosen.sites, registry, around.usable)
        self.runner = Runner(machines, journal, around.perform, lambda committed: around.publish(self, committed), EFFECT_CODEC)
        self.service = PatientService(self.runner, journal, clock, registry)
        self.auditor = Auditor(self.service, journal, patient=waits_for_a_person, parts=around.troubles, beat=around.beat)

    async def start(self) -> None:
        """Load what is stored and begin.

        Raises:
            Unavailable: it cannot be read.
        """
        await self.service.start()
        self.forgetting = asyncio.create_task(forget(self.service, removed(self.runner, self.registry)), name="alarmcore-forget")
        # What was loaded stays: looking through it for garbage again and again would hold up timers for a fifth of a second.
        gc.freeze()
        await self.auditor.start()
        self.guard.watch(self.service.task, "keeping alarms")
        self.guard.watch(self.auditor.task, "the audit")

    def faults(self) -> list[str]:
        """What is wrong with the parts themselves."""
        waiting = self.subscribing is not None and not self.sessions
        lost = waiting or any(not session.connected for session in self.sessions)
        unhealthy = [] if self.service.healthy() or self.service.fenced else ["alarms cannot be kept"]
        return (["the MQTT broker is not connected"] if lost else []) + unhealthy + self.guard.ended

    # -- what hears devices -----------------------------------------------------------------------------------------------

    def sessions_at(self, broker: str, client: str, front: Front, topics: Topics) -> list[MqttSession]:
        """Two sessions at a broker: presses and falls have one of their own, so that they overtake telemetry."""
        doors = {
            "presses": (topics.presses, MqttDoor(front, self.clock)),
            "readings": (topics.readings, MqttDoor(front, self.clock, skip=URGENT)),
        }
        sessions = [
            MqttSession(broker, client_id=f"{client}-{what}", filters=filters, intake=door, on_ended=self._taken)
            for what, (filters, door) in doors.items()
        ]
        self.client = client
        # Before the first one starts: what the broker has kept for us comes at once, and is to be confirmed too.
        self.service.confirm = confirming(sessions[0])
        return sessions

    async def subscribe(self, sessions: list[MqttSession]) -> None:
        """Connect, or fail. One that ends by itself is not replaced: another process has it, and this one says so.

        Raises:
            Unavailable: the broker does not answer, or refuses us.
        """
        await self._connect(sessions)
        self.guard.watch_named(f"mqtt-session-{self.client}-", "hearing the MQTT broker")

    async def _connect(self, sessions: list[MqttSession]) -> None:
        self.sessions = sessions
        for session in sessions:
            await session.start()

    def keep_subscribing(self, make: Callable[[], list[MqttSession]]) -> None:
        """Connect, now or later: an owner whose broker is away still has timers and chains to go on with.

        A former owner that has slept may take our sessions when it comes back, before it hears that it owns nothing any more.
        Whoever the database says is the owner takes them again; the other one does not.
        """

        async def keep() -> None:
            while True:
                self.stolen.clear()
                try:
                    await self.journal.decided_at()  # says so if the partition is no longer ours
                    await self._connect(make())
                    await self.stolen.wait()
                except Unavailable as error:
                    log.error("mqtt_unavailable", partition=self.name, why=str(error))  # noqa: TRY400
                    await self.hang_up()
                    await asyncio.sleep(AGAIN_S)
                else:
                    await self.hang_up()

        self.subscribing = asyncio.create_task(keep(), name=f"alarmcore-subscribing-{self.name}")
        self.guard.watch(self.subscribing, "hearing the MQTT broker")

    def _taken(self, why: str) -> None:
        """Another process has taken a session over: this one hears nothing more by it, and `/health/ready` says so."""
        log.error("mqtt_session_ended", partition=self.name, why=why)
        self.stolen.set()

    async def hang_up(self) -> None:
        """Leave the broker; it keeps what comes for the next owner."""
        sessions, self.sessions = self.sessions, []
        for session in sessions:
            await session.close()

    def adopt(self, before: Runtime) -> None:
        """Go on for an owner in this process that ends: with what hears devices, and with the effects that are under way."""
        self.sessions, before.sessions = before.sessions, []
        self.client = before.client
        self.service.confirm = before.service.confirm
        self.runner.begun |= before.runner.begun
        if self.sessions:
            self.guard.watch_named(f"mqtt-session-{self.client}-", "hearing the MQTT broker")

    # -- the end ----------------------------------------------------------------------------------------------------------

    async def close(self) -> list[Item]:
        """Stop after the turn that is under way; what devices hear nothing of they repeat. Returns facts that were not kept.

        What a broker holds for the next owner is left to that; what came by another way is decided first, if that goes soon.
        """
        self.guard.closing = True
        gc.unfreeze()
        left_to_broker = self.subscribing is not None or bool(self.sessions)
        for task in (self.subscribing, self.forgetting):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self.reader is not None:
            await self.reader.close()
        await self.auditor.close()
        await self.hang_up()
        if not left_to_broker:
            await self.service.decided()
        await self.service.close()
        return self.service.left()


def let_go() -> None:
    """Give back the memory of an owner that has ended, before what stays is looked through no more.

    Between two turns of everything here: a full look takes a fifth of a second with a million persons.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def waits_for_a_person(tell: Tell) -> bool:
    """Whether a telling may stay as it is for as long as nobody opens a page."""
    return tell.channel == CONSOLE
