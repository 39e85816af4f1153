"""What the service counts and measures. No person or device in a label."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final, Protocol
from weakref import WeakKeyDictionary, WeakSet

from msgspec.structs import fields
from prometheus_client import Counter, Gauge, Histogram

from alarmcore.model.reading import BODIES

FIELDS: Final = frozenset({"at", "id"} | {field.name for body in BODIES.values() for field in fields(body)})

FAST: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
HUMAN: Final = (1, 5, 10, 15, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600, 7200)

READINGS: Final = Counter("alarmcore_readings_total", "Readings by kind and what became of them", ["kind", "outcome"])
SET_ASIDE: Final = Counter(
    "alarmcore_fields_set_aside_total", "Fields of kept readings that could not be used", ["kind", "field"]
)
TO_COMMIT: Final = Histogram("alarmcore_reading_to_commit_seconds", "From receipt to durable", buckets=FAST)
TO_SCREEN: Final = Histogram("alarmcore_reading_to_screen_seconds", "From the reading's turn to the socket write", buckets=FAST)
OPEN: Final = Gauge("alarmcore_alarms_open", "Alarms that are not resolved", ["priority"])
TO_TOLD: Final = Histogram(
    "alarmcore_alarm_to_told_seconds", "From raised to the first hand-over", buckets=(0.01, 0.1, 0.5, *HUMAN)
)
TO_TAKEN: Final = Histogram("alarmcore_alarm_to_taken_seconds", "From raised to taken", ["tenant"], buckets=HUMAN)
TOLD: Final = Counter("alarmcore_told_total", "Hand-overs by channel and what became of them", ["channel", "outcome"])
CLOCK_AHEAD: Final = Gauge("alarmcore_clock_ahead_seconds", "How far decisions are ahead of a system clock that was set back")
WITHOUT_NEXT_STEP: Final = Gauge("alarmcore_alarms_without_next_step", "Open alarms with nothing due: must be 0")
OVERDUE: Final = Gauge("alarmcore_steps_overdue", "Moments of open alarms, and earliest timers, that passed without anything")
AUDITS: Final = Counter("alarmcore_audits_total", "Audits: good, found something, or failed to look", ["outcome"])
AUDIT_FINDINGS: Final = Counter("alarmcore_audit_findings_total", "What audits found, each counted once", ["finding"])
AUDIT_AGE: Final = Gauge("alarmcore_audit_age_seconds", "Since an audit was completed last, whatever it found")
PINGS: Final = Counter("alarmcore_dead_man_pings_total", "Signs of life given to the watcher outside", ["outcome"])
BUSY: Final = Counter("alarmcore_busy_total", "What was turned away or held back because a limit was reached", ["limit"])
BROKER_ASKED: Final = Counter("alarmcore_broker_asked_total", "What brokers asked of us, and the answer", ["question", "answer"])
BACKLOG: Final = Gauge("alarmcore_lane_backlog", "Readings and acts that wait for the next commit")
PARTITIONS: Final = Gauge("alarmcore_partitions_owned", "Partitions that are open in this worker")
TAKEOVERS: Final = Counter("alarmcore_takeovers_total", "Partitions claimed, by whether an owner had given them back", ["before"])
LEASE_AGE: Final = Gauge("alarmcore_lease_age_seconds", "Since the oldest lease of this worker was renewed")
SITES_REFUSED: Final = Gauge("alarmcore_sites_refused", "Tenants whose newest site cannot be used here; the one before is")
SITE_CHANGE: Final = Histogram("alarmcore_site_change_seconds", "How long an owner stood still for a changed site", buckets=FAST)
TIMER_LATENESS: Final = Histogram("alarmcore_timer_lateness_seconds", "How late timers were asked", buckets=FAST)


_parts: Final[dict[Gauge, WeakKeyDictionary[object, float]]] = {}


def part(gauge: Gauge, owner: object, value: float) -> None:
    """One owner's part of a gauge that is the sum of all owners' in this process."""
    parts = _parts.setdefault(gauge, WeakKeyDictionary())
    parts[owner] = value
    gauge.set(sum(parts.values()))


class HasAge(Protocol):
    """An auditor."""

    def age_s(self) -> float:
        """Seconds since it completed a look."""


AUDITORS: Final[WeakSet[HasAge]] = WeakSet()
"""The auditors that are at work in this process; the gauge shows the one that is behind most."""

AUDIT_AGE.set_function(lambda: max((auditor.age_s() for auditor in AUDITORS), default=0.0))


def kind(name: str) -> str:
    """A kind as a label: what devices make up is not repeated."""
    return name if name in BODIES else "unknown"


@cache
def _readings(name: str, outcome: str) -> Counter:
    return READINGS.labels(name, outcome)


def set_aside(name: str, names: Iterable[str]) -> None:
    """Fields of one reading could not be used. Those that we do not know are one: a label is nothing that devices make up."""
    for field in names:
        SET_ASIDE.labels(kind(name), field if field in FIELDS else "extra").inc()


def counted(name: str, outcome: str, seconds: float) -> None:
    """One reading was answered."""
    _readings(kind(name), outcome).inc()
    TO_COMMIT.observe(seconds)
