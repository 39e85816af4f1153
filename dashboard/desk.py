"""What the API, the screens and the answer page ask of the running service: alarms as somebody may see them, and answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from msgspec.structs import replace

from alarmcore.errors import AlarmUnknown, NotAgreed
from alarmcore.front import Front
from alarmcore.lifecycle import sought
from alarmcore.model.alarm import Alarm, Answer, AnswerAlarm, Fix
from alarmcore.model.site import Site
from alarmcore.ports import StoredEvent
from alarmcore.runner import Item
from alarmcore.shared import Books, ShownAlarm
from alarmcore.track import seen as seen_last
from dashboard.answers import AnswerView, KnownPosition
from dashboard.board import Board, DecodeChain
from dashboard.hosts import Hosts, subject_of
from dashboard.tracks import track_of, track_view
from dashboard.views import alarm_view, detail_view, event_view, name_of
from dispatch.chain import ChainState, Shown
from dispatch.wording import zone_names

log = structlog.get_logger(__name__)


class Desk:
    """Reads what is committed, and passes on what people do. Reads go through `tenant` (None: all, without credentials)."""

    def __init__(self, front: Front, books: Books, board: Board, sites: dict[str, Site], decode_chain: DecodeChain) -> None:
        self.front = front
        self.books = books
        self.board = board
        self.sites = sites
        self.decode_chain = decode_chain
        self.hosts = Hosts(sites, front.clock.now)

    def chain(self, shown: ShownAlarm) -> ChainState | None:
        """The chain of an alarm that was read."""
        return None if shown.chain is None else self.decode_chain(shown.alarm.slot, shown.chain)

    async def open(self, tenant: str | None) -> list[Alarm]:
        """Alarms that are not resolved, the oldest first: everything that was stored before this was asked.

        Raises:
            Unavailable: they cannot be read now.
        """
        await self.board.catch_up()
        return self.open_now(tenant)

    def open_now(self, tenant: str | None) -> list[Alarm]:
        """The same, as far as it is known here already."""
        alarms = [alarm for alarm in self.board.open() if self.hosts.may(tenant, alarm)]
        return sorted(alarms, key=lambda alarm: (alarm.raised_at, alarm.id))

    def view(self, alarm: Alarm) -> dict[str, Any]:
        """One alarm as lists show it."""
        return alarm_view(alarm, self.board.chain(alarm), self.sites.get(alarm.slot.tenant))

    def open_views(self, tenant: str | None) -> list[dict[str, Any]]:
        """All open alarms as lists show them."""
        return [self.view(alarm) for alarm in self.open_now(tenant)]

    def change(self, stored: StoredEvent) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """A committed event and its alarm, for screens."""
        alarm = self.board.alarm_of(stored.event)
        return None if alarm is None else (self.view(alarm), event_view(stored, self.sites.get(alarm.slot.tenant)))

    def hosted(self, tenant: str | None) -> frozenset[str]:
        """Open alarms of others that this tenant sees because the persons are staying there."""
        others = self.hosts.partners(tenant)
        if not others:
            return others
        opened = self.board.open()
        return frozenset([one.id for one in opened if one.slot.tenant in others and self.hosts.may(tenant, one)])

    async def find(self, alarm_id: str, tenant: str | None) -> ShownAlarm | None:
        """One alarm, if this tenant may see it."""
        found = await self.books.alarm(alarm_id)
        return found if found is not None and self.hosts.may(tenant, found.alarm) else None

    async def get(self, alarm_id: str, tenant: str | None) -> ShownAlarm:
        """One alarm.

        Raises:
            AlarmUnknown: there is none that this tenant may see.
        """
        found = await self.find(alarm_id, tenant)
        if found is None:
            raise AlarmUnknown(alarm_id)
        return found

    async def detail(self, alarm_id: str, tenant: str | None, by: str) -> dict[str, Any]:
        """One alarm with everything about it. That somebody looked at a position is logged."""
        found = await self.get(alarm_id, tenant)
        alarm = found.alarm
        seen([alarm], by, tenant)
        timeline = await self.books.timeline(alarm.id)
        return detail_view(alarm, self.chain(found), self.sites.get(alarm.slot.tenant), timeline)

    async def track(self, alarm_id: str, tenant: str | None, by: str) -> dict[str, Any]:
        """Where the person has been while the alarm is open. That somebody looked is logged each time."""
        alarm = (await self.get(alarm_id, tenant)).alarm
        slot = alarm.slot
        track = track_of(await self.books.track(slot.tenant, slot.resident) if slot.resident else None, alarm)
        if track.recent or track.sealed:
            looked_at([alarm.id], slot.tenant, by, tenant, track=True)
        return track_view(track, alarm, self.sites.get(slot.tenant), self.front.clock.now())

    async def whereabouts(self, alarm: Alarm) -> Fix | None:
        """Where the person was seen last while the alarm is open; where it was raised, once it is not, or if nothing is kept.

        Raises:
            Unavailable: it cannot be read now.
        """
        slot = alarm.slot
        if alarm.state == "resolved" or not sought(alarm.cause, alarm.priority) or not slot.resident:
            return alarm.fix
        kept = seen_last(track_of(await self.books.track(slot.tenant, slot.resident), alarm), alarm.device)
        return alarm.fix if kept is None else Fix(kept.lat, kept.lon, kept.at, kept.accuracy_m)

    async def act(self, alarm_id: str, tenant: str | None, by: str, answer: Answer, **more: str | None) -> dict[str, Any]:
        """Pass on a person's act; return the alarm as it then stands.

        Raises:
            AlarmUnknown: there is none that this tenant may see.
            NotAgreed: it may be seen, and not answered.
        """
        alarm = (await self.get(alarm_id, tenant)).alarm
        if not self.hosts.may(tenant, alarm, "respond"):
            raise NotAgreed(alarm_id)
        by = subject_of(by, tenant, alarm.slot.tenant)
        via = more.pop("via", None) or "console"
        await self.front.answer(AnswerAlarm(slot=alarm.slot, alarm=alarm.id, answer=answer, by=by, via=via, **more))
        found = await self.get(alarm_id, None)
        return alarm_view(found.alarm, self.chain(found), self.sites.get(alarm.slot.tenant))

    def shown(self, alarm_ids: list[str], tenant: str | None, by: str) -> list[str]:
        """A signed-in operator's page has shown these alarms; return those that are open and this tenant's.

        What another municipality's page shows is looked at, and is no hand-over: its own alarm centre is still to be told.
        """
        opened = {alarm.id: alarm for alarm in self.open_now(tenant)}
        looked = [opened[alarm_id] for alarm_id in alarm_ids if alarm_id in opened]
        seen(looked, by, tenant)
        alarms = [alarm for alarm in looked if tenant in {None, alarm.slot.tenant}]
        now = self.front.clock.now()
        for alarm in alarms:
            self.front.tell(alarm.slot.tenant, Item("chain", alarm.slot, Shown(alarm.slot, alarm.id, by, now)))
        return [alarm.id for alarm in alarms]


def seen(alarms: Iterable[Alarm], by: str, caller: str | None = None) -> None:
    """Log that somebody was given where persons are."""
    located = [alarm for alarm in alarms if alarm.fix is not None]
    for tenant in sorted({alarm.slot.tenant for alarm in located}):
        looked_at([a.id for a in located if a.slot.tenant == tenant], tenant, by, caller)


def looked_at(alarms: list[str], tenant: str, by: str, caller: str | None, **more: bool) -> None:
    """Log a look at a tenant's persons in its own record; one by somebody of another tenant also in that one's."""
    log.info("position_seen", alarms=alarms, tenant=tenant, by=subject_of(by, caller, tenant), **more)
    if caller not in {None, tenant}:
        log.info("position_seen", alarms=alarms, tenant=caller, of=tenant, by=by, **more)


class LinkDesk:
    """The same for recipients who come by their own link: they see the alarms they were told of, and no others."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def view(self, tenant: str, alarm: str, recipient: str) -> AnswerView | None:
        """The alarm as this recipient may see it."""
        shown = await self.desk.find(alarm, tenant)
        site = self.desk.sites.get(tenant)
        if shown is None or site is None:
            return None
        found = shown.alarm
        timeline = [stored.event for stored in await self.desk.books.timeline(alarm)]
        if not any(event.to == recipient for event in timeline) and not self._being_told(shown, recipient):
            return None
        fix = await self.desk.whereabouts(found)
        seen([replace(found, fix=fix)], recipient)
        resident = site.resident_by_id.get(found.slot.resident)
        acts = [e for e in timeline if e.to == recipient and e.event in ACTS]
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
            facts=found.facts,
            zone_names=zone_names(resident),
            repeats=found.repeats,
            repeated_at=found.last_repeat_at,
            answered=ACTS[acts[-1].event] if acts else None,
            resident=found.slot.resident,
            now=self.desk.front.clock.now(),
        )

    def _being_told(self, shown: ShownAlarm, recipient: str) -> bool:
        """Whether the message is out but its hand-over not yet committed: somebody may be quicker than the gateway's answer."""
        chain = self.desk.chain(shown)
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
