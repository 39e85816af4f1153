"""One resident of one small municipality, and records about them written by hand: what checkers are tried out on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from alarmcore.admission import registry_of
from alarmcore.model.alarm import Alarm, AlarmEvent, Fix, Slot
from alarmcore.model.reading import Bed, Press, Reading
from alarmcore.ports import Batch, StoredState
from alarmcore.rules.base import Observed
from alarmcore.runner import Item, Runner
from alarmcore.sitefile import check_document, require
from dashboard.machines import machines_for
from dispatch.binding import EFFECT_CODEC
from dispatch.channels.port import Message
from dispatch.telling import Tell
from tests.simulation import history as seen
from tests.simulation.check_replay import LastBatch, ended
from tests.simulation.town import Expected

NOON: Final = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)
KEY: Final = "tanum/r0/press/"
CENTRE: Final = {"id": "centre", "name": "C", "kind": "centre", "channels": [{"kind": "email", "to": "c@tanum.example"}]}
NIGHTLY: Final = [{"from": "03:00", "to": "04:00"}]
PATROL_WAYS: Final = [{"kind": "email", "to": "p@tanum.example"}]
PATROL: Final = {"id": "patrol", "name": "P", "kind": "patrol", "channels": PATROL_WAYS, "duty": NIGHTLY}
EVA: Final = {"id": "eva", "name": "E", "channels": [{"kind": "email", "to": "e@tanum.example"}]}
LINKS: Final = (("contact:eva",), ("unit:patrol",), ("unit:centre",))
WAITS: Final = (30.0, 30.0, 60.0)
SITE: Final = require(
    check_document(
        {
            "version": 1,
            "tenant": {"id": "tanum", "name": "T", "timezone": "Europe/Stockholm", "language": "sv"},
            "contacts": [EVA],
            "units": [PATROL, CENTRE],
            "chains": [{"id": "c", "links": [{"tell": list(who), "wait_s": s} for who, s in zip(LINKS, WAITS, strict=True)]}],
            "residents": [
                {
                    "id": "r0",
                    "name": "K",
                    "chain": "c",
                    "devices": [{"id": "pendant", "kind": "button"}, {"id": "bed", "kind": "bed"}],
                    "rules": [
                        {"id": "press", "kind": "button"},
                        {"id": "night", "kind": "out_of_bed", "limit_s": 60, "again_s": 600},
                    ],
                }
            ],
        },
        "hand-made",
    )
)
WAYS: Final[dict[str, frozenset[tuple[str, str | None]]]] = {
    "contact:eva": frozenset({("email", "e@tanum.example")}),
    "unit:centre": frozenset({("email", "c@tanum.example")}),
}
TOWNS: Final = {"tanum": {"r0": Expected(LINKS, WAITS, WAYS, 120.0, 60.0)}}
LOADED: Final = seen.Loaded(t=0, sites={"tanum": SITE})
HEALED: Final = seen.Healed(t=0)
ALARM: Final = Alarm(
    id="a1",
    slot=Slot("tanum", "r0", "press"),
    cause="button",
    priority="critical",
    chain="c",
    why="pressed",
    raised_at=NOON,
    happened_at=NOON,
    device="pendant",
)
NIGHT: Final = replace(
    ALARM, id="n1", slot=Slot("tanum", "r0", "night"), cause="out_of_bed", why="out_of_bed_too_long", device="bed"
)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def event(name: str, alarm: Alarm = ALARM, **more: Any) -> AlarmEvent:
    said: dict[str, Any] = {"at": NOON, "alarm": alarm.id, "resident": "r0", "device": alarm.device}
    said |= {"rule": alarm.slot.rule, "cause": alarm.cause}
    return AlarmEvent(event=name, tenant="tanum", **(said | more))


def committed(*what: Any, t: float = 1.0, now: datetime = NOON, **more: Any) -> seen.Committed:
    batch = Batch(now, **more)
    batch.alarms = [one for one in what if isinstance(one, Alarm)]
    batch.events = [one for one in what if isinstance(one, AlarmEvent)]
    batch.states = [one for one in what if isinstance(one, StoredState)]
    batch.effects = [(one.id, EFFECT_CODEC[0](one)) for one in what if isinstance(one, Tell)]
    return seen.Committed(t=t, now=now, batch=batch)


def wake(machine: str, at: datetime | None, key: str = KEY) -> StoredState:
    return StoredState(machine, key, "tanum", at, b"")


def tell(link: int, ref: str | None = None, number: int = 0) -> Tell:
    who = ref or LINKS[link][0]
    name = f"a1:{who}:{number}"
    return Tell(
        id=f"{name}:1", telling=name, slot=ALARM.slot, alarm=ALARM, ref=who, number=number, link=link, channel="email", to=None
    )


def reading(kind: str, body: Any, name: str, at: datetime = NOON, received_at: datetime = NOON, late_s: int = 0) -> Reading:
    return Reading("tanum", "bed" if kind == "bed" else "pendant", kind, at, received_at, body, name, 1, 0, late_s)


def said(record: type[Any], kind: str, name: str | None, t: float = 0.5, **fields: Any) -> Any:
    payload = json.dumps(({"id": name} if name else {}) | fields).encode()
    more = {"kept": True} if record is seen.Acknowledged else {}
    return record(t=t, tenant="tanum", device="bed" if kind == "bed" else "pendant", kind=kind, payload=payload, **more)


def fed(*observed: Reading, t: float = 0.9, whole: seen.Whole | None = None) -> seen.Fed:
    return seen.Fed(t=t, now=NOON, count=len(observed), observed=list(observed), whole=whole)


def begun(**more: Any) -> seen.Begun:
    said: dict[str, Any] = {"key": "k", "tenant": "tanum", "tenant_name": "T", "language": "sv", "timezone": "Europe/Stockholm"}
    said |= {"alarm": "a1", "resident": "r0", "resident_name": "K", "address": None, "rule": "press", "cause": "button"}
    said |= {
        "priority": "critical",
        "why": "pressed",
        "raised_at": NOON,
        "late_s": 0,
        "lat": None,
        "lon": None,
        "accuracy_m": None,
    }
    said |= {
        "recipient": "contact:eva",
        "recipient_name": "E",
        "to": "e@tanum.example",
        "link": 0,
        "told_before": 0,
        "accuracy_m": None,
    }
    return seen.Begun(t=2.0, channel="email", message=Message(answer_url=None, **(said | more)))


def ended_with(unconfirmed: int = 0, left_open: int = 0, effects: int = 0) -> seen.Ended:
    return seen.Ended(t=9.0, now=NOON, unconfirmed=unconfirmed, open=left_open, effects=effects)


def asked(record: type[Any], answer: str, t: float = 0.5, result: str | None = None) -> Any:
    return record(t=t, alarm="a1", by="contact:eva", answer=answer, **({"result": result} if result else {}))


RAISED: Final = event("alarm.raised")
P1, P2, B1 = (reading("button", Press(), "1"), reading("button", Press(), "2"), reading("bed", Bed(True), "3"))
OUT, IN = (reading("bed", Bed(False), "o"), reading("bed", Bed(True), "i", at=later(1)))
HEARD_1, HEARD_2 = said(seen.Heard, "button", "1"), said(seen.Heard, "button", "2")
HEARD_3 = said(seen.Heard, "bed", "3", occupied=True)
HELD: Final = replace(ALARM, state="taken", taken_by="contact:eva")
TAKEN: Final = event("alarm.taken", to="contact:eva")
DECLINED: Final = event("alarm.declined", to="contact:eva")
OLD: Final = reading("button", Press(), "1", at=later(-100), late_s=100)
FIXED: Final = replace(ALARM, fix=Fix(58.0, 12.0, NOON))
ELSEWHERE: Final = replace(ALARM, fix=Fix(58.0, 13.0, NOON))
HERE: Final = reading("button", Press(58.0, 12.0), "1")


def turn() -> tuple[seen.Fed, seen.Committed]:
    """One press, decided by the real machines."""
    journal = LastBatch()
    runner = Runner(machines_for([SITE], registry_of([SITE])), journal, lambda _: None, lambda _: None, EFFECT_CODEC)
    item = ("watch", ("tanum", "r0"), Observed(P1))
    ended(runner.run([Item(*item)], NOON))
    return fed(P1, whole=seen.Whole((item,), (), ())), seen.Committed(t=1, now=NOON, batch=journal.last)


FED, DECIDED = turn()
OTHERWISE: Final = seen.Committed(t=1, now=NOON, batch=replace(DECIDED.batch, events=DECIDED.batch.events[:-1]))


def delivered(recipient: str) -> seen.Delivered:
    return seen.Delivered(t=1, alarm="a1", recipient=recipient, channel="email")


RESOLVED: Final = replace(ALARM, state="resolved")
TOLD: Final = event("alarm.told", to="contact:eva", channel="email")

SKIPPED: Final = event("chain.skipped", link=1)
AT_NIGHT: Final = NOON + timedelta(hours=15, minutes=30)
AT_HOME: Final = said(seen.Heard, "button", "1", lat=58.0, lon=12.0)
BED: Final = tuple(said(seen.Heard, "bed", name, occupied=name == "i") for name in "oi")
FIRST: Final = (LOADED, committed(ALARM, tell(0)))


def lapsed(at: datetime) -> AlarmEvent:
    return event("alarm.reopened", why="follow_up_lapsed", at=at)
