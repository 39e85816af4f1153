"""From raw messages to what the machines are told: parsed, timed, known by whose they are, measured against zones, new or seen.

A batch of readings is prepared together, so that its geofence arithmetic is one vectorised call and its identities one
look-up. Nothing here waits but for the journal.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from alarmcore import metrics
from alarmcore.admission import ID, Admitted, Registry, admit, timed
from alarmcore.codecs.native import Parsed, parse
from alarmcore.codecs.owntracks import parse_owntracks
from alarmcore.errors import ReadingRejected
from alarmcore.model.alarm import Fix, RaiseAlarm, Slot
from alarmcore.model.reading import Position, Press, Reading
from alarmcore.ports import Journal, Quarantined
from alarmcore.rules.base import Observed, cause_of, qualified
from alarmcore.runner import Item
from geofence import Area, distance_m, distances_m

LONE_MAX: Final = 4
"""Up to this many distances plain arithmetic is quicker than a vectorised call."""

QUARANTINE_BYTES: Final = 4096
"""Of a reading that could not be used this much is kept: enough to see what is wrong with it."""

UNKNOWN_DEVICE: Final = "unknown_device"


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a device is told of one reading. `reason` is one of `alarmcore.model.reasons.REJECTIONS`."""

    id: str | None
    status: str
    reason: str | None = None


class Raw(msgspec.Struct, gc=False):
    """A reading as a door received it. `principal` is who signed in (`tenant/device`), None where that is not asked.

    `done(verdict)` is called once: with the verdict after the commit, or with None when nothing could be kept. `parsed` is given
    where somebody has read the payload already. `inbox` is its place there, if another process has received it.
    """

    tenant: str
    device: str
    kind: str
    payload: bytes
    received_at: datetime
    done: Callable[[Verdict | None], None] | None = None
    principal: str | None = None
    dialect: str = "native"
    parsed: Parsed | None = None
    inbox: int | None = None


class Prepared(msgspec.Struct):
    """A batch ready for the machines.

    For each raw reading an item (None: nothing to do) and a verdict, and what must be remembered with them.
    """

    items: list[Item | None]
    identities: list[tuple[int, int]]
    quarantined: list[Quarantined]
    verdicts: list[Verdict]


def read(raw: Raw, registry: Registry) -> Admitted:
    """One raw reading as far as it can be judged by itself.

    Raises:
        ReadingRejected: it cannot be used.
    """
    if raw.principal is not None and raw.principal != f"{raw.tenant}/{raw.device}":
        raise ReadingRejected("not_yours")
    parsed = raw.parsed or (parse_owntracks(raw.payload) if raw.dialect == "owntracks" else parse(raw.kind, raw.payload))
    return admit(registry, timed(parsed, raw.tenant, raw.device, raw.received_at))


async def prepare(raws: list[Raw], registry: Registry, journal: Journal, now: datetime) -> Prepared:
    """Judge a batch."""
    prepared = Prepared([], [], [], [])
    admitted: list[Admitted | None] = []
    for raw in raws:
        try:
            judged = read(raw, registry)
        except ReadingRejected as rejection:
            admitted.append(None)
            _reject(prepared, raw, rejection, salvaged_id(raw.payload))
        else:
            admitted.append(judged)
            if judged.reading.set_aside:
                metrics.set_aside(judged.reading.kind, judged.reading.set_aside)
            prepared.verdicts.append(verdict_of(judged))
    await _drop_seen(prepared, raws, admitted, journal, now)
    for one, distances in zip(admitted, measure(admitted), strict=True):
        prepared.items.append(_item(one, distances) if one is not None else None)
    return prepared


def verdict_of(one: Admitted) -> Verdict:
    """What the device of a reading that will be kept is told."""
    return Verdict(one.reading.id, "kept") if one.positioned else Verdict(one.reading.id, "rejected", "not_consented")


def _reject(prepared: Prepared, raw: Raw, rejection: ReadingRejected, reading_id: str | None, place: int | None = None) -> None:
    verdict = Verdict(reading_id, "rejected", rejection.code)
    if place is None:
        prepared.verdicts.append(verdict)
    else:
        prepared.verdicts[place] = verdict
    prepared.quarantined.append(set_aside(raw, rejection.code, rejection.field))


def set_aside(raw: Raw, reason: str, field: str | None = None) -> Quarantined:
    """A reading as it is kept for an operator to look at: one of the tenant whose device sent it, whatever it says itself."""
    tenant, _, device = (raw.principal or "/").partition("/")
    return Quarantined(
        received_at=raw.received_at,
        tenant=(tenant or raw.tenant)[:64],
        device=(device or raw.device)[:64],
        kind=raw.kind[:32],
        reason=reason,
        field=field,
        payload=raw.payload[:QUARANTINE_BYTES],
    )


def salvaged_id(payload: bytes) -> str | None:
    """The id of a reading that cannot be used otherwise, so that its device can be told."""
    try:
        found = msgspec.json.decode(payload[: 64 * 1024])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    reading_id = found.get("id") if isinstance(found, dict) else None
    return reading_id if isinstance(reading_id, str) and 0 < len(reading_id) <= 64 else None


async def _drop_seen(
    prepared: Prepared, raws: list[Raw], admitted: list[Admitted | None], journal: Journal, now: datetime
) -> None:
    """Answer what was seen before as it was answered then, and give it to no machine a second time."""
    wanted = [one.reading.identity for one in admitted if one is not None and one.reading.identity is not None]
    known = await journal.known(wanted, now) if wanted else {}
    for place, one in enumerate(admitted):
        if one is None or one.reading.identity is None:
            continue
        digest = signed(one.reading.digest)
        before = known.get(one.reading.identity)
        if before is None:
            known[one.reading.identity] = digest
            prepared.identities.append((one.reading.identity, digest))
            continue
        admitted[place] = None
        if before != digest:
            _reject(prepared, raws[place], ReadingRejected("id_reused", "id"), one.reading.id, place)


def signed(bits: int) -> int:
    """64 unsigned bits as the signed number that databases store."""
    return bits - (1 << 63)


NOTHING: Final[tuple[float, ...]] = ()


def measure(admitted: list[Admitted | None]) -> list[tuple[float, ...]]:
    """Signed distances of each position to each of its person's areas, in one call for the whole batch."""
    areas: list[Area] = []
    lats: list[float] = []
    lons: list[float] = []
    counts: list[int] = []
    for one in admitted:
        mine = _areas_of(one)
        counts.append(len(mine))
        if mine and one is not None:
            body: Any = one.reading.body
            areas += mine
            lats += [body.lat] * len(mine)
            lons += [body.lon] * len(mine)
    if not areas:
        return [NOTHING] * len(counts)
    if len(areas) <= LONE_MAX:
        flat = [distance_m(*one) for one in zip(areas, lats, lons, strict=True)]
    else:
        flat = distances_m(areas, np.array(lats), np.array(lons)).tolist()
    found, start = [], 0
    for count in counts:
        found.append(tuple(flat[start : start + count]) if count else NOTHING)
        start += count
    return found


def _areas_of(one: Admitted | None) -> tuple[Area, ...]:
    if one is None or one.plan is None or not one.positioned or not isinstance(one.reading.body, Position):
        return ()
    return one.plan.areas


def _item(one: Admitted, distances: tuple[float, ...]) -> Item:
    if one.plan is None:
        return _unknown(one.reading)
    return Item("watch", (one.plan.tenant, one.plan.resident), Observed(one.reading, distances, one.positioned))


def _unknown(reading: Reading) -> Item:
    """A press of a device that nobody is known to carry goes to all of the tenant's alarm centres."""
    device = reading.device if ID.fullmatch(reading.device) else "unreadable"
    body = reading.body
    fix = None
    if isinstance(body, Press) and body.lat is not None and body.lon is not None:
        fix = Fix(body.lat, body.lon, reading.at, body.accuracy_m)
    slot = Slot(reading.tenant, "", UNKNOWN_DEVICE, device)
    raised = RaiseAlarm(
        slot=slot,
        cause=UNKNOWN_DEVICE,
        priority="critical",
        chain="",
        follow_up_s=1800.0,
        why=qualified(UNKNOWN_DEVICE, reading),
        reading=cause_of(reading),
        device=device,
        happened_at=reading.at,
        late_s=reading.late_s,
        fix=fix,
    )
    return Item("lifecycle", slot, raised)
