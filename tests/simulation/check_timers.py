"""Promise 2: no timer fires early, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from alarmcore.model.alarm import Alarm, AlarmEvent, Slot
from alarmcore.model.site import Site
from alarmcore.rules.base import Rule
from tests.simulation.check_chains import SLOW
from tests.simulation.history import Closing, Committed, Fed, Healed, Loaded, Looked, Record, Sent, said_in
from tests.simulation.town import Expected

OVERDUE_S: Final = 5.0
"""How late a timer may be in a world that is well: the look at the clock (1 s), a turn, a retry."""

RECEIPT_S: Final = 0.1
"""By how much the time of receipt may be before the moment a device wrote down: both are rounded to milliseconds."""


class Timers:
    """Follows stored moments, follow-ups, conditions that must have lasted, and beds that stay empty.

    Whatever the weather: who has stored what was decided at some moment has asked, when the next turn is stored, every timer that
    was due then. Where a turn in between stored nothing, states may have had to be read again: then by the turn after.
    """

    sees = (Loaded, Fed, Committed, Healed, Looked, Sent, Closing)

    def __init__(self, towns: dict[str, dict[str, Expected]]) -> None:
        self.towns = towns
        self.wakes: dict[tuple[str, str], datetime] = {}
        self.sites: dict[str, Site] = {}
        self.asked_at: dict[tuple[str, str], datetime] = {}
        self.queue: list[tuple[datetime, tuple[str, str]]] = []
        self.decided_at: datetime | None = None
        self.fed = False
        self.rules: dict[tuple[str, str, str], Rule] = {}
        self.resolved_at: dict[Slot, datetime] = {}
        self.held_at: dict[str, datetime] = {}
        self.alarms: dict[str, Alarm] = {}
        self.healed = False
        self.empty_t: dict[tuple[str, str], float] = {}
        self.found_t: dict[tuple[str, str], list[float]] = {}

    def see(self, record: Record) -> Iterator[str]:
        """Follow."""
        match record:
            case Fed():
                if self.fed:
                    self.decided_at = None
                self.fed = record.count > 0
            case Committed():
                self.fed = False
                yield from self.commit(record)
                yield from self.overdue(record.now)
            case Loaded():
                self.decided_at = None
                if record.sites != self.sites:
                    # A rule that is there no longer waits for nothing, whatever was stored while it was.
                    self.wakes = {key: at for key, at in self.wakes.items() if key[0] != "watch"}
                self.sites = record.sites
                people = ((name, one) for name, site in record.sites.items() for one in site.residents)
                self.rules = {(name, one.id, rule.id): rule for name, one in people for rule in one.rules}
            case Healed():
                self.healed = True
            case Looked():
                late = record.now - timedelta(seconds=OVERDUE_S)
                yield from (f"no timer is lost: {key} was due at {at:%T}" for key, at in self.wakes.items() if at < late)
            case Sent(kind="bed") if self.healed and not said_in(record.payload)["occupied"]:
                self.empty_t[(record.tenant, record.device.replace("bed", "r"))] = record.t
            case Closing():
                yield from self.beds()

    def commit(self, record: Committed) -> Iterator[str]:
        """Moments as they are stored, and what came of those that fell due."""
        for state in record.batch.states:
            if state.wake_at is None:
                self.wakes.pop((state.machine, state.key), None)
            else:
                self.wakes[(state.machine, state.key)] = state.wake_at
                # One that is stored when it is due already can be asked by the turn after at the earliest.
                asked_at = self.asked_at[(state.machine, state.key)] = max(state.wake_at, record.now)
                heappush(self.queue, (asked_at, (state.machine, state.key)))
        self.alarms.update((alarm.id, alarm) for alarm in record.batch.alarms)
        yield from self.fired(record)
        self.resolved_at.update((alarm.slot, alarm.resolved_at) for alarm in record.batch.alarms if alarm.resolved_at)

    def overdue(self, now: datetime) -> Iterator[str]:
        """What was due when the turn before this one was decided has been asked by now."""
        # A clock that was set back makes nobody ask what was due by the time that it showed before.
        since = min(now, self.decided_at) if self.decided_at else None
        self.decided_at = now
        while since is not None and self.queue and self.queue[0][0] < since:
            asked_at, key = heappop(self.queue)
            due_at = self.wakes.get(key)
            if due_at is not None and self.asked_at[key] == asked_at:
                yield f"no timer is lost: {key} was due at {due_at:%T}, and is passed over at {now:%T}"

    def fired(self, record: Committed) -> Iterator[str]:
        """What was decided because time had passed."""
        for event in record.batch.events:
            alarm = self.alarms.get(event.alarm or "")
            if alarm is None:
                continue
            if event.event == "alarm.raised":
                yield from self.lasted(event, alarm)
            if event.event in {"alarm.taken", "alarm.arrived"}:
                self.held_at[alarm.id] = event.at
            elif event.event == "alarm.reopened" and event.why == "follow_up_lapsed":
                wait = timedelta(seconds=self.towns[event.tenant][event.resident or ""].follow_up_s)
                if alarm.id not in self.held_at or event.at < self.held_at[alarm.id] + wait:
                    yield f"no timer is early: alarm {alarm.id} was followed up before its time"
            elif event.rule == "night" and event.event in {"alarm.raised", "alarm.repeated"}:
                self.found_t.setdefault((event.tenant, event.resident or ""), []).append(record.t)

    def lasted(self, event: AlarmEvent, alarm: Alarm) -> Iterator[str]:
        """A condition has lasted as long as its rule says; one that is raised again, as long after it was resolved."""
        rule = self.rules.get((alarm.slot.tenant, alarm.slot.resident, alarm.slot.rule))
        usual = getattr(rule, "usual", None)
        limit_s = getattr(rule, "limit_s", None) if usual is None else usual.min_s
        if limit_s is not None and event.at < alarm.happened_at + timedelta(seconds=limit_s - RECEIPT_S):
            yield f"no timer is early: alarm {alarm.id} ({alarm.cause}) of what had not lasted for so long"
        resolved_at = self.resolved_at.get(alarm.slot)
        if rule is None or resolved_at is None or "again" not in alarm.why.split():
            return
        if event.at < resolved_at + timedelta(seconds=rule.again_s):
            yield f"no timer is early: alarm {alarm.id} ({alarm.cause}) is raised again before its time"

    def beds(self) -> Iterator[str]:
        """Every bed that was left for good was found empty, and when it should."""
        for who, t in self.empty_t.items():
            due_t = t + self.towns[who[0]][who[1]].bed_limit_s * SLOW
            if not any(t - RECEIPT_S <= found <= due_t + OVERDUE_S for found in self.found_t.get(who, [])):
                yield f"no timer is lost: the empty bed of {who[0]}/{who[1]} was not found at {due_t:.0f} s"
