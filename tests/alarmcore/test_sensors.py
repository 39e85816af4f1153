"""What is learned of a sensor's pauses, and how what its readings raise is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarmcore import watch
from alarmcore.folding import fold
from alarmcore.outcome import Outcome
from alarmcore.rules.base import BLANK, Find
from alarmcore.sensor import WEEK_S, learned
from alarmcore.sensors import SENSORS_MAX, Health, found, hour_of
from tests.stories import town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
DAY_S = 86400.0


def test_a_longer_pause_is_learned_at_once_but_a_very_long_one_teaches_at_most_twice_what_was_known() -> None:
    assert learned(DAY_S, 1.5 * DAY_S) == 1.5 * DAY_S
    assert learned(DAY_S, 30 * DAY_S) == 2 * DAY_S


def test_half_of_a_long_pause_is_forgotten_in_a_fortnight_however_often_the_sensor_speaks() -> None:
    for each_s in (600.0, 3600.0, DAY_S / 4):
        known = WEEK_S
        for _ in range(int(14 * DAY_S / each_s)):
            known = learned(known, each_s)
        assert known == pytest.approx(WEEK_S / 2, rel=0.02)


def test_nothing_shorter_than_the_last_pause_is_known() -> None:
    assert learned(WEEK_S, WEEK_S) == WEEK_S
    assert learned(25 * DAY_S, 24 * DAY_S) == 24 * DAY_S


def test_what_was_raised_is_counted_by_device_and_hour_and_older_hours_are_forgotten() -> None:
    health, until = Health(), None
    for _ in range(3):
        health, until = found(health, "a", 2, NOON)
    assert until == NOON + timedelta(hours=1)
    health, until = found(health, "b", 2, NOON + timedelta(minutes=59))
    assert until is None
    health, until = found(health, "a", 2, NOON + timedelta(hours=1))
    assert until is None
    assert health.finds == (("a", hour_of(NOON) + 1, 1),)


def test_any_number_of_devices_is_counted_in_bounded_room() -> None:
    health = Health()
    for number in range(100):
        health, _ = found(health, f"d{number}", 2, NOON)
    assert len(health.finds) == SENSORS_MAX


def test_what_no_device_is_known_of_is_not_counted() -> None:
    site = town("[{id: cold, kind: measurement, quantity: room, below: 15}, {id: sensors, kind: sensor_fault}]")
    watched = watch.plan_for(site, site.residents[0]).watched
    for device, counts in (("", False), ("bed-1", True)):
        outcome = Outcome(BLANK, (Find("measured_outside", 1, device, NOON),))
        assert (fold(watched, (BLANK, BLANK), 0, outcome, NOON) is not None) is counts
