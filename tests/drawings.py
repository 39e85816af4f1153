"""Somebody whose zones are drawn anew while they are watched: towns, and the life in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from alarmcore import watch
from alarmcore.bindings import WatchMachine
from alarmcore.model.alarm import EndCondition, ForgiveRule, RaiseAlarm
from alarmcore.model.reading import Position, Reading
from alarmcore.model.site import Site
from alarmcore.rules.base import Observed
from alarmcore.watch import Plan, WatchState, plan_for
from geofence import distance_m
from tests.stories import town

NOON: Final = datetime(2026, 1, 14, 12, tzinfo=UTC)
PERSON: Final = ("grastorp", "r1")
LAT, LON = 58.3345, 12.6784
METRE: Final = 1 / 111_400
"""Of latitude, in degrees, roughly: nothing here is closer to a border than that."""

WAKES_MAX: Final = 200
"""Times that a person's timers come between two readings, far more than they ever should."""

PLAIN: Final = "{id: wander, kind: zone_exit, zones: [home, garden]}"
NIGHTLY: Final = '{id: wander, kind: zone_exit, zones: [home, garden], active: [{from: "14:00", to: "14:20"}]}'
LOST: Final = "{id: wander, kind: zone_exit, zones: [home, garden], lost_s: 900}"
WATER: Final = "{id: wander, kind: zone_enter, zones: [home, garden]}"
BY_NIGHT: Final = ', active: [{from: "01:00", to: "02:00"}]'
STAY: Final = "stays: [{from: 2026-01-13, until: 2026-01-15, zones: [garden]}]"


@cache
def drawn(
    rule: str,
    home_m: float,
    garden_m: float = 40.0,
    *,
    lake_m: float = 300.0,
    home_more_m: float = 0.0,
    more: str = "",
    hours: str = "",
    home: str = "",
) -> Site:
    """A town where the home zone reaches so far, and the garden, which lies 250 m to the north of it."""
    zones = [
        f"{{id: home, circle: {{lat: {LAT}, lon: {LON}, radius_m: {home_m + home_more_m}}} {home}}}",
        f"{{id: garden, circle: {{lat: {LAT + 250 * METRE}, lon: {LON}, radius_m: {garden_m}}} {hours}}}",
        f"{{id: lake, circle: {{lat: 58.36, lon: {LON}, radius_m: {lake_m}}}}}",
    ]
    return town(f"[{rule}]", f"zones: [{', '.join(zones)}]\n{more}")


class Life:
    """Somebody's watch, as it is kept while the municipality draws anew."""

    def __init__(self, site: Site, at: datetime = NOON) -> None:
        self.now = at
        self.said: list[tuple[datetime, Any]] = []
        self.plan: Plan
        self.state: WatchState
        self._plan(site)
        self.state = self.machine.initial(PERSON)

    def _plan(self, site: Site) -> None:
        self.plan = plan_for(site, site.residents[0])
        self.machine = WatchMachine(lambda _: self.plan)

    def draw(self, site: Site) -> None:
        """Import another file."""
        stored = self.machine.encode(self.state)
        self._plan(site)
        self.state = self.machine.decode(PERSON, stored)

    def take(self, event: watch.Event) -> None:
        outcome = watch.step(self.state, event, self.now)
        self.state = outcome.state
        self.said += [(self.now, one) for one in outcome.decisions if isinstance(one, RaiseAlarm | EndCondition)]

    def wait(self, seconds: float) -> None:
        """Let time pass, and answer every timer."""
        until = self.now + timedelta(seconds=seconds)
        for _ in range(WAKES_MAX):
            if self.state.wake_at is None or self.state.wake_at > until:
                self.now = until
                return
            self.now = max(self.now, self.state.wake_at)
            self.take(watch.WOKE)
        raise AssertionError("timers without end")

    def seen(self, north_m: float, accuracy_m: float | None = 10.0, after_s: float = 60.0) -> None:
        """A fix so far to the north of home."""
        self.wait(after_s)
        self.take(self.fix(north_m, accuracy_m, self.now))

    def fix(self, north_m: float, accuracy_m: float | None, at: datetime) -> Observed:
        lat = LAT + north_m * METRE
        distances = tuple(distance_m(area, lat, LON) for area in self.plan.areas)
        body = Position(lat, LON, accuracy_m)
        return Observed(Reading("grastorp", "gps-1", "position", at, self.now, body, identity=int(at.timestamp())), distances)

    def resolve(self) -> None:
        self.take(ForgiveRule(self.plan.watched[0].slot))

    @property
    def belief(self) -> Any:
        return self.state.memories[0].belief

    def told(self, since: int = 0) -> list[str]:
        """Why something was found, or ended."""
        return [one.why for _, one in self.said[since:]]
