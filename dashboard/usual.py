"""What has been learned of residents, as planners and operators see it: curves by hour of the day, and notices of drift."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

from alarmcore.bindings import StoredWatch
from alarmcore.errors import ResidentUnknown
from alarmcore.model.site import Resident, Site
from alarmcore.rules.base import BLANK, Memory
from alarmcore.rules.inactivity import Inactivity
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed, quiet
from alarmcore.usual.bounds import Usual
from alarmcore.usual.curve import KNOWN, Curve, bed_curve, quiet_curve
from alarmcore.usual.drift import Notice, notice, rests_on
from dashboard.desk import Desk
from dashboard.views import stamp
from dispatch.wording.learned import curve_text, drift_text

log = structlog.get_logger(__name__)

WATCH: Final = "watch"
"""The machine that learns."""

LOOKED_MAX: Final = 2000
"""Residents looked through for one page of the list, a tenth of a second's work; `next` says where to go on."""

LISTED_MAX: Final = 500
"""Of them on one page: as many memories are read, which takes under a second."""

BREATH: Final = 50
"""Residents looked at in one go, before alarms get their turn."""

READS_MAX: Final = 8
"""Memories read at once, so that a planner's list leaves the database to alarms."""

EPOCH: Final = date(1970, 1, 1)

Learner = OutOfBed | Inactivity

_stored = msgspec.msgpack.Decoder(StoredWatch).decode


class Shown(msgspec.Struct, frozen=True):
    """One curve of one rule: `of` says of what it is (`up`, `still`, `lying`, `out`)."""

    rule: Learner
    of: str
    usual: Usual
    curve: Curve


class Drifted(msgspec.Struct, frozen=True):
    """A notice, and the rule by which it was learned."""

    rule: str
    notice: Notice


class Learned(msgspec.Struct, frozen=True):
    """Everything that is shown of one person."""

    site: Site
    resident: Resident
    shown: tuple[Shown, ...]
    drifts: tuple[Drifted, ...]
    now: datetime


class Summary(msgspec.Struct, frozen=True):
    """One person in the list: for how many `days` there is something to go by (None: nothing yet), and `of` what first."""

    resident: Resident
    of: str
    days: int | None
    drifts: tuple[Drifted, ...]


class Listed(msgspec.Struct, frozen=True):
    """Some of a tenant's residents of whom something is learned, in order of their ids; `next` says where the others begin."""

    site: Site
    items: tuple[Summary, ...]
    next: str | None


class UsualDesk:
    """Reads what is stored: every process shows the same, whoever decides about the person."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def learned(self, tenant: str, resident: str, by: str) -> Learned:
        """What has been learned of one person. That somebody looked is logged.

        Raises:
            ResidentUnknown: nobody has this id there.
            Unavailable: it cannot be read now.
        """
        site = self.desk.sites.get(tenant)
        known = None if site is None else site.resident_by_id.get(resident)
        if site is None or known is None:
            raise ResidentUnknown(resident)
        found = await self._learned(site, known)
        log.info("usual_seen", tenant=tenant, residents=[resident], by=by)
        return found

    async def listed(self, tenant: str, by: str, after: str = "") -> Listed:
        """Residents of whom something is learned, with what has drifted; `after` is `next` of the page before.

        Raises:
            ResidentUnknown: there is no such tenant.
            Unavailable: it cannot be read now.
        """
        site = self.desk.sites.get(tenant)
        if site is None:
            raise ResidentUnknown(tenant)
        residents, following = await learning(site, after)
        turns = asyncio.Semaphore(READS_MAX)

        async def read(one: Resident) -> Summary:
            async with turns:
                pairs = await self._memories(site, one)
            return summary(one, pairs, self.desk.front.clock.now())

        items = tuple(await asyncio.gather(*(read(one) for one in residents)))
        log.info("usual_seen", tenant=tenant, residents=[one.resident.id for one in items], by=by)
        return Listed(site, items, following)

    async def _learned(self, site: Site, resident: Resident) -> Learned:
        now, pairs = self.desk.front.clock.now(), await self._memories(site, resident)
        shown = tuple(one for rule, memory in pairs for one in curves(rule, memory, resident, now))
        return Learned(site, resident, shown, tuple(drifts(pairs, now)), now)

    async def _memories(self, site: Site, resident: Resident) -> list[tuple[Learner, Memory]]:
        """The person's rules that learn, each with what is stored of it."""
        data = await self.desk.books.state(WATCH, f"{site.tenant.id}/{resident.id}")
        memories = {} if data is None else {(rule, kind): memory for rule, kind, memory in _stored(data).memories}
        return [(rule, memories.get((rule.id, rule.kind), BLANK)) for rule in learners(resident)]


async def learning(site: Site, after: str) -> tuple[list[Resident], str | None]:
    """Residents behind an id who have rules that learn, and the id behind which the next ones are looked for."""
    found: list[Resident] = []
    ids = sorted(one for one in site.resident_by_id if one > after)
    for place, one in enumerate(ids):
        if place >= LOOKED_MAX or len(found) >= LISTED_MAX:
            return found, ids[place - 1]
        if place % BREATH == BREATH - 1:
            await asyncio.sleep(0)
        resident = site.resident_by_id[one]
        if any(learners(resident)):
            found.append(resident)
    return found, None


def learners(resident: Resident) -> Iterator[Learner]:
    """The person's rules that learn."""
    for rule in resident.rules:
        if isinstance(rule, (OutOfBed, Inactivity)) and rule.usual is not None:
            yield rule


def curves(rule: Learner, memory: Memory, resident: Resident, now: datetime) -> Iterator[Shown]:
    """What a rule has learned: of silence one curve for each way in which somebody may have fallen silent."""
    if rule.usual is None:
        return
    if isinstance(rule, OutOfBed):
        yield Shown(rule, "up", rule.usual, bed_curve(memory.past or bed.Past(), rule.usual, now))
        return
    past = memory.quiet or quiet.Quiet()
    yield Shown(rule, "still", rule.usual, quiet_curve(past, rule.usual, now))
    if any(device.kind == "bed" for device in resident.devices):
        yield Shown(rule, "lying", rule.usual, quiet_curve(past, rule.usual, now, lies=True))
    out = quiet_curve(past, rule.usual, now, out=True)
    if out.seen >= KNOWN:
        yield Shown(rule, "out", rule.usual, out)


def summary(resident: Resident, pairs: Sequence[tuple[Learner, Memory]], now: datetime) -> Summary:
    """What the list says of somebody: no curve, each of which takes milliseconds to work out."""
    nights = [rests_on(memory.past.drift) for _, memory in pairs if memory.past is not None and memory.past.habit.rows]
    days = [rests_on(memory.quiet.drift) for _, memory in pairs if memory.quiet is not None and memory.quiet.habit.rows]
    known = [("up", one) for one in nights] + [("still", one) for one in days]
    of, known_days = known[0] if known else ("up", None)
    return Summary(resident, of, known_days, tuple(drifts(pairs, now)))


def drifts(pairs: Sequence[tuple[Learner, Memory]], now: datetime) -> Iterator[Drifted]:
    """What has drifted, each way once: two rules about the same bed have seen the same."""
    said: set[str] = set()
    for rule, memory in pairs:
        found = [notice(memory.past.drift, "up", now)] if memory.past is not None else []
        found += [notice(memory.quiet.drift, "still", now)] if memory.quiet is not None else []
        for one in found:
            if one is not None and one.way not in said:
                said.add(one.way)
                yield Drifted(rule.id, one)


def learned_view(learned: Learned) -> dict[str, Any]:
    """One person, as the API shows it."""
    resident = learned.resident
    return {
        "tenant": learned.site.tenant.id,
        "resident": resident.id,
        "resident_name": resident.name,
        "now": stamp(learned.now),
        "curves": [_curve_view(one, resident.name) for one in learned.shown],
        "drift": [drift_view(one) for one in learned.drifts],
    }


def listed_view(listed: Listed) -> dict[str, Any]:
    """Some residents, as the API shows them."""
    items = [
        {
            "tenant": listed.site.tenant.id,
            "resident": one.resident.id,
            "resident_name": one.resident.name,
            "days": one.days,
            "drift": [drift_view(drifted) for drifted in one.drifts],
        }
        for one in listed.items
    ]
    return {"items": items, "next": listed.next}


def _curve_view(one: Shown, name: str) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "kind": one.rule.kind,
        "of": one.of,
        "min_s": one.usual.min_s,
        "max_s": one.usual.max_s,
        "once_in_days": one.usual.once_in_days,
        "days": one.curve.days,
        "seen": round(one.curve.seen, 1),
        "sentence": {"sv": curve_text(one.curve, one.of, name, "sv"), "en": curve_text(one.curve, one.of, name, "en")},
        "points": [
            {
                "hour": point.hour,
                "half_s": round(point.half_s),
                "nine_in_ten_s": round(point.most_s),
                "limit_s": None if point.limit_s is None else round(point.limit_s),
                "seen": round(point.seen, 1),
                "state": point.state,
            }
            for point in one.curve.points
        ],
    }


def drift_view(one: Drifted) -> dict[str, Any]:
    """A notice, as the API shows it: seconds and times are those of a night, or of a day."""
    found = one.notice
    return {
        "rule": one.rule,
        "way": found.way,
        "ratio": round(found.ratio, 2),
        "recent_s": round(found.recent_s),
        "earlier_s": round(found.earlier_s),
        "recent_times": round(found.recent_times, 2),
        "earlier_times": round(found.earlier_times, 2),
        "since": since(found).isoformat(),
        "sentence": {"sv": drift_text(found, "sv"), "en": drift_text(found, "en")},
    }


def since(found: Notice) -> date:
    """The day from which on it has been plain."""
    return EPOCH + timedelta(days=found.since)
