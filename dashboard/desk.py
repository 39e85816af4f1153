"""What the API, the screens and the answer page ask of the running service: alarms as somebody may see them, and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog

from alarmcore.adapters.sqlite_journal import SqliteJournal
from alarmcore.errors import AlarmUnknown
from alarmcore.model.alarm import Alarm, AlarmEvent, Answer, AnswerAlarm, Slot
from alarmcore.model.site import Site
from alarmcore.ports import StoredEvent
from alarmcore.runner import Item
from alarmcore.service import Service
from dashboard.answers import AnswerView, KnownPosition
from dashboard.views import alarm_view, detail_view, event_view, name_of
from dispatch.chain import ChainState, Shown

log = structlog.get_logger(__name__)


class Desk:
    """Reads what is committed, and passes on what people do. Reads go through `tenant` (None: all, without credentials)."""

    def __init__(self, service: Service, journal: SqliteJournal, sites: dict[str, Site]) -> None:
        self.service = service
        self.journal = journal
        self.sites = sites

    def chain(self, alarm: Alarm) -> ChainState | None:
        """The chain of an alarm."""
        state: ChainState | None = self.service.runner.state("chain", alarm.slot)
        return state

    def open(self, tenant: str | None) -> list[Alarm]:
        """Alarms that are not resolved, the oldest first."""
        alarms = [
            alarm
            for alarm in self.service.runner.cache["lifecycle"].values()
            if alarm is not None and alarm.state != "resolved" and (tenant is None or alarm.slot.tenant == tenant)
        ]
        return sorted(alarms, key=lambda alarm: (alarm.raised_at, alarm.id))

    def view(self, alarm: Alarm) -> dict[str, Any]:
        """One alarm as lists show it."""
        return alarm_view(alarm, self.chain(alarm), self.sites.get(alarm.slot.tenant))

    def open_views(self, tenant: str | None) -> list[dict[str, Any]]:
        """All open alarms as lists show them."""
        return [self.view(alarm) for alarm in self.open(tenant)]

    def change(self, stored: StoredEvent) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """A committed event and its alarm, for screens."""
        alarm = self.alarm_of(stored.event)
        return None if alarm is None else (self.view(alarm), event_view(stored, self.sites.get(alarm.slot.tenant)))

    def alarm_of(self, event: AlarmEvent) -> Alarm | None:
        """The alarm that a committed event is about: the runner mostly has it, so that a flood reads nothing from the disk."""
        if event.alarm is None:
            return None
        device = event.device or "" if event.resident is None else ""
        slot = Slot(event.tenant, event.resident or "", event.rule or "", device)
        alarm: Alarm | None = self.service.runner.state("lifecycle", slot)
        return alarm if alarm is not None and alarm.id == event.alarm else self.find(event.alarm, None)

    def find(self, alarm_id: str, tenant: str | None) -> Alarm | None:
        """One alarm, if this tenant may see it."""
        alarm = self.journal.alarm(alarm_id)
        return alarm if alarm is not None and tenant in {None, alarm.slot.tenant} else None

    def get(self, alarm_id: str, tenant: str | None) -> Alarm:
        """One alarm.

        Raises:
            AlarmUnknown: there is none that this tenant may see.
        """
        alarm = self.find(alarm_id, tenant)
        if alarm is None:
            raise AlarmUnknown(alarm_id)
        return alarm

    def detail(self, alarm_id: str, tenant: str | None, by: str) -> dict[str, Any]:
        """One alarm with everything about it. That somebody looked at a position is logged."""
        alarm = self.get(alarm_id, tenant)
        seen([alarm], by)
        timeline = self.journal.timeline(alarm.id)
        return detail_view(alarm, self.chain(alarm), self.sites.get(alarm.slot.tenant), timeline)

    async def act(self, alarm_id: str, tenant: str | None, by: str, answer: Answer, **more: str | None) -> dict[str, Any]:
        """Pass on a person's act; return the alarm as it then stands."""
        alarm = self.get(alarm_id, tenant)
        via = more.pop("via", None) or "console"
        await self.service.answer(AnswerAlarm(slot=alarm.slot, alarm=alarm.id, answer=answer, by=by, via=via, **more))
        return self.view(self.get(alarm_id, tenant))

    def shown(self, alarm_ids: list[str], tenant: str | None, by: str) -> list[str]:
        """A signed-in operator's page has shown these alarms; return those that are open and that this tenant may see."""
        alarms = [alarm for alarm_id in alarm_ids if (alarm := self.find(alarm_id, tenant)) and alarm.state != "resolved"]
        seen(alarms, by)
        now = self.service.clock.now()
        for alarm in alarms:
            self.service.tell(Item("chain", alarm.slot, Shown(alarm.slot, alarm.id, by, now)))
        return [alarm.id for alarm in alarms]


def seen(alarms: Iterable[Alarm], by: str) -> None:
    """Log that somebody was given where persons are."""
    located = [alarm for alarm in alarms if alarm.fix is not None]
    for tenant in sorted({alarm.slot.tenant for alarm in located}):
        log.info("position_seen", alarms=[a.id for a in located if a.slot.tenant == tenant], tenant=tenant, by=by)


class LinkDesk:
    """The same for recipients who come by their own link: they see the alarms they were told of, and no others."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def view(self, tenant: str, alarm: str, recipient: str) -> AnswerView | None:
        """The alarm as this recipient may see it."""
        found = self.desk.find(alarm, tenant)
        site = self.desk.sites.get(tenant)
        if found is None or site is None:
            return None
        timeline = [stored.event for stored in self.desk.journal.timeline(alarm)]
        if not any(event.to == recipient for event in timeline) and not self._being_told(found, recipient):
            return None
        seen([found], recipient)
        resident = site.resident_by_id.get(found.slot.resident)
        fix, acts = found.fix, [e for e in timeline if e.to == recipient and e.event in ACTS]
        arrived = next((e.at for e in reversed(timeline) if e.event == "alarm.arrived"), None)
        resolved = next((e for e in reversed(timeline) if e.event == "alarm.resolved"), None)
        return AnswerView(
            alarm=found.id,
            recipient=recipient,
            recipient_name=name_of(recipient, site) or recipient,
            tenant_name=site.tenant.name,
            language=site.tenant.language,
            timezone=site.tenant.timezone,
            state=found.state,
            cause=found.cause,
            why=found.why,
            raised_at=found.raised_at,
            late_s=found.late_s,
            resident_name=resident.name if resident else None,
            address=resident.home.address if resident and resident.home else None,
            position=KnownPosition(fix.lat, fix.lon, fix.accuracy_m, fix.at) if fix else None,
            taken_by=found.taken_by,
            taken_by_name=name_of(found.taken_by, site),
            taken_at=found.taken_at,
            arrived_at=arrived if found.state == "arrived" else None,
            outcome=found.outcome,
            resolved_at=found.resolved_at,
            resolved_by_name=name_of(resolved.to, site) if resolved else None,
            repeats=found.repeats,
            repeated_at=found.last_repeat_at,
            answered=ACTS[acts[-1].event] if acts else None,
        )

    def _being_told(self, alarm: Alarm, recipient: str) -> bool:
        """Whether the message is out but its hand-over not yet committed: somebody may be quicker than the gateway's answer."""
        chain = self.desk.chain(alarm)
        return chain is not None and any(t.ref == recipient for t in chain.tellings)

    async def answer(self, tenant: str, alarm: str, recipient: str, answer: str, outcome: str | None) -> None:
        """Pass on a recipient's answer."""
        if await self.view(tenant, alarm, recipient) is None:
            raise AlarmUnknown(alarm)
        word: Any = answer
        await self.desk.act(alarm, tenant, recipient, word, outcome=outcome, via="link")


ACTS = {
    "alarm.taken": "take",
    "alarm.declined": "decline",
    "alarm.arrived": "arrive",
    "alarm.resolved": "resolve",
}
