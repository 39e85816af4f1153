"""Rule `measurement`: values that must last, quick changes, units and devices, and what a finding says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.model.alarm import Facts
from alarmcore.model.site import Site
from alarmcore.rules.base import BLANK, Find, Memory, Resolved
from alarmcore.rules.measurement import Measurement
from alarmcore.watch import WOKE, plan_for
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
PULSE = town("[{id: pulse, kind: measurement, quantity: pulse, above: 120, clear: 100, lasting_s: 1800, chain: quiet}]")
PLAIN = town("[{id: pulse, kind: measurement, quantity: pulse, above: 120, clear: 100, chain: quiet}]")
FEVER = town("[{id: fever, kind: measurement, quantity: temp, rises_by: 1.5, falls_by: 2, within_s: 7200, chain: quiet}]")


def test_a_value_must_have_been_beyond_for_so_long() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130
        >> 12:10 bed-1 measurement quantity=pulse value=131
        << 12:30 alarm.raised pulse why=measured_outside
        << 12:30 alarm.told pulse unit:centre
        >> 12:31 bed-1 measurement quantity=pulse value=110
        >> 12:32 bed-1 measurement quantity=pulse value=99
        << 12:32 alarm.condition_ended pulse why=measured_inside
        """,
    )


def test_a_lone_value_is_none_that_lasts_until_a_second_one_agrees() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130
        >> 13:00 bed-1 measurement quantity=pulse value=131
        << 13:00 alarm.raised pulse
        << 13:00 alarm.told pulse unit:centre
        """,
    )


def test_a_value_that_comes_twice_does_not_agree_with_itself() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130 id=a
        >> 12:05 bed-1 measurement quantity=pulse value=130 at=12:00 id=b
        >> 14:00 tick
        """,
    )


def test_two_values_of_one_instant_do_not_agree() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130
        >> 12:05 door-1 measurement quantity=pulse value=131 at=12:00
        >> 14:00 tick
        """,
    )


def test_one_back_inside_the_limit_begins_it_anew_while_nothing_is_found() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130
        >> 12:10 bed-1 measurement quantity=pulse value=110
        >> 12:20 bed-1 measurement quantity=pulse value=130
        >> 12:30 bed-1 measurement quantity=pulse value=130
        << 12:50 alarm.raised pulse
        << 12:50 alarm.told pulse unit:centre
        >> 12:55 tick
        """,
    )


def test_what_lasts_is_raised_again_after_its_alarm_was_resolved() -> None:
    told(
        PULSE,
        """
        >> 12:00 bed-1 measurement quantity=pulse value=130
        >> 12:10 bed-1 measurement quantity=pulse value=131
        << 12:30 alarm.raised pulse
        << 12:30 alarm.told pulse unit:centre
        >> 12:40 unit:centre resolve outcome=no_need
        << 12:40 alarm.resolved pulse unit:centre
        >> 13:00 bed-1 measurement quantity=pulse value=110
        << 13:40 alarm.raised pulse why=measured_outside+again
        << 13:40 alarm.told pulse unit:centre
        >> 13:41 tick
        """,
    )


def test_a_quick_rise_is_found_and_over_once_it_stays_there() -> None:
    told(
        FEVER,
        """
        >> 12:00 bed-1 measurement quantity=temp value=37
        >> 12:30 bed-1 measurement quantity=temp value=37
        >> 13:00 bed-1 measurement quantity=temp value=38.6
        >> 13:20 bed-1 measurement quantity=temp value=38.7
        << 13:20 alarm.raised fever cause=measurement why=measured_changing
        << 13:20 alarm.told fever unit:centre
        >> 14:00 bed-1 measurement quantity=temp value=38.8
        >> 14:10 bed-1 measurement quantity=temp value=37.1
        >> 14:30 bed-1 measurement quantity=temp value=38.8
        >> 15:10 bed-1 measurement quantity=temp value=38.8
        << 15:10 alarm.condition_ended fever why=measured_steady
        """,
    )


def test_a_fall_after_a_rise_is_another_finding() -> None:
    told(
        FEVER,
        """
        >> 12:00 bed-1 measurement quantity=temp value=37
        >> 12:10 bed-1 measurement quantity=temp value=37
        >> 12:20 bed-1 measurement quantity=temp value=39
        >> 12:30 bed-1 measurement quantity=temp value=39
        << 12:30 alarm.raised fever
        << 12:30 alarm.told fever unit:centre
        >> 12:40 bed-1 measurement quantity=temp value=36.9
        >> 12:50 bed-1 measurement quantity=temp value=36.9
        << 12:50 alarm.repeated fever why=measured_changing
        """,
    )


def test_values_that_were_kept_in_a_gap_complete_a_change_whichever_comes_first() -> None:
    told(
        FEVER,
        """
        >> 13:20 bed-1 measurement quantity=temp value=38.7
        >> 13:21 bed-1 measurement quantity=temp value=37 at=12:00
        >> 13:22 bed-1 measurement quantity=temp value=38.6 at=13:00
        >> 13:23 bed-1 measurement quantity=temp value=37 at=12:30
        << 13:23 alarm.raised fever late_s=3180
        << 13:23 alarm.told fever unit:centre
        """,
    )


def test_only_the_devices_and_the_unit_that_are_named_count() -> None:
    told(
        town(
            "[{id: cold, kind: measurement, quantity: room, below: 15, unit: Cel, devices: [bed-1], chain: quiet}]",
        ),
        """
        >> 12:00 door-1 measurement quantity=room value=10
        >> 12:01 bed-1 measurement quantity=room value=10 unit=K
        >> 12:02 bed-1 measurement quantity=room value=10
        << 12:02 alarm.raised cold
        << 12:02 alarm.told cold unit:centre
        >> 12:03 door-1 measurement quantity=room value=20
        >> 12:04 bed-1 measurement quantity=room value=20 unit=Cel
        << 12:04 alarm.condition_ended cold
        """,
    )


def test_of_several_devices_the_newest_value_counts() -> None:
    told(
        town("[{id: cold, kind: measurement, quantity: room, below: 15, chain: quiet}]"),
        """
        >> 12:00 door-1 measurement quantity=room value=10
        << 12:00 alarm.raised cold
        << 12:00 alarm.told cold unit:centre
        >> 12:01 bed-1 measurement quantity=room value=20
        << 12:01 alarm.condition_ended cold
        """,
    )


class Life:
    """One rule that is told of values, and what it finds."""

    def __init__(self, site: Site) -> None:
        self.site = site
        watched = plan_for(site, site.residents[0]).watched[0]
        self.rule, self.setting = watched.rule, watched.setting
        self.memory: Memory = BLANK
        self.said: list[Any] = []

    def value(self, minute: float, value: float, *, late_min: float = 0, unit: str = "Cel") -> None:
        at = NOON + timedelta(minutes=minute)
        assert isinstance(self.rule, Measurement)
        fields = {"device": "bed-1", "quantity": self.rule.quantity, "value": value, "unit": unit, "at": at.isoformat()}
        event = observed(self.site, "measurement", fields, at + timedelta(minutes=late_min))
        assert event is not None
        self.tell(event, event.reading.received_at)

    def tell(self, event: Any, now: datetime) -> None:
        outcome = self.rule.step(self.memory, event, self.setting, now)
        self.memory = outcome.state
        self.said += outcome.decisions

    def facts(self) -> Facts | None:
        return next(one.facts for one in reversed(self.said) if isinstance(one, Find))


def test_a_finding_says_the_value_the_limit_and_since_when() -> None:
    life = Life(PULSE)
    life.value(0, 130, unit="/min")
    life.value(10, 131, unit="/min")
    life.tell(WOKE, NOON + timedelta(minutes=30))
    measured = Facts(for_s=1800, quantity="pulse", value=131, unit="/min", beyond="above", limit=120, age_s=1200)
    assert life.facts() == measured


def test_a_change_says_from_where_it_went_within_how_long() -> None:
    life = Life(FEVER)
    for minute, value in ((0, 37.0), (30, 37.0), (60, 38.6), (80, 38.7)):
        life.value(minute, value)
    assert life.facts() == Facts(for_s=4800, quantity="temp", value=38.7, unit="Cel", beyond="rises", before=37.0)


def test_raised_again_it_says_the_value_of_then() -> None:
    life = Life(PULSE)
    life.value(0, 130)
    life.value(10, 131)
    life.tell(WOKE, NOON + timedelta(minutes=30))
    life.tell(Resolved(), NOON + timedelta(minutes=31))
    life.value(60, 110)
    life.tell(WOKE, NOON + timedelta(minutes=91))
    facts = life.facts()
    assert facts is not None
    assert (facts.value, facts.for_s) == (110, 91 * 60)


spoken = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([90.0, 110.0, 125.0, 140.0]), st.integers(0, 60)), min_size=1, max_size=12
)


@settings(max_examples=60, deadline=None)
@given(spoken, st.sampled_from([PULSE, FEVER]))
def test_telling_each_value_twice_changes_nothing(values: list[tuple[int, float, int]], site: Site) -> None:
    once, twice = Life(site), Life(site)
    minute = 0
    for step, value, late in values:
        minute += step
        once.value(minute - late, value, late_min=late)
        twice.value(minute - late, value, late_min=late)
        twice.value(minute - late, value, late_min=late)
    assert twice.said == once.said
    assert twice.memory == once.memory


@settings(max_examples=60, deadline=None)
@given(spoken)
def test_a_value_from_before_the_newest_neither_finds_nor_ends(values: list[tuple[int, float, int]]) -> None:
    life = Life(PLAIN)
    minute, newest = 0, -1000
    for step, value, late in values:
        minute += step
        before = len(life.said)
        life.value(minute - late, value, late_min=late)
        if minute - late < newest:
            assert len(life.said) == before
        if value != 110:  # between the limit and clear it says nothing
            newest = max(newest, minute - late)
