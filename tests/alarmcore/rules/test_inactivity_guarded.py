"""Rule `inactivity` with a fixed limit: a sensor that is set off by no person is no sign of one where sensors are looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from alarmcore.model.reading import Motion
from alarmcore.rules.base import Setting
from alarmcore.rules.inactivity import Inactivity
from alarmcore.sensors import CHATTERS
from alarmcore.usual.bounds import Usual
from alarmcore.watch import plan_for
from tests.diary import TZ, Diary
from tests.stories import town

RULE: Final = Inactivity(id="still", limit_s=4 * 3600.0)


def sunlit(diary: Diary, day: int, clock: str, hours: float) -> None:
    """The sun moves over a sensor, every two seconds."""
    for turn in range(int(hours * 1800)):
        diary.read(diary.at(day, clock) + timedelta(seconds=2 * turn), "pir-hall", "motion", Motion("hall"))


@pytest.mark.parametrize(("guarded", "found_at"), [(True, "14:00"), (False, "17:59")])
def test_silence_behind_a_sensor_that_chatters_is_silence_where_sensors_are_looked_at(guarded: bool, found_at: str) -> None:
    diary = Diary(RULE, Setting(TZ, guarded=guarded))
    diary.motion(0, "10:00", "kitchen")
    sunlit(diary, 0, "10:01", 4)
    diary.pass_until(diary.at(1, "00:00"))
    [(at, find)] = diary.found
    assert at.replace(second=0) == diary.at(0, found_at) if guarded else at > diary.at(0, found_at)
    assert (find.happened_at == diary.at(0, "10:00")) is guarded
    assert find.facts is None


def test_a_busy_room_is_somebody() -> None:
    diary = Diary(RULE, Setting(TZ, guarded=True))
    for turn in range(int(CHATTERS["motion"])):
        diary.read(diary.at(0, "10:00") + timedelta(seconds=3 * turn), "pir-kitchen", "motion", Motion("kitchen"))
    assert diary.memory.since_at == diary.at(0, "10:00") + timedelta(seconds=3 * (CHATTERS["motion"] - 1))


def test_a_button_is_the_newest_sign_however_noisy_the_home() -> None:
    diary = Diary(RULE, Setting(TZ, guarded=True))
    diary.motion(0, "10:00", "kitchen")
    sunlit(diary, 0, "10:01", 1)
    diary.press(0, "11:30")
    sunlit(diary, 0, "11:31", 0.1)
    assert diary.memory.since_at == diary.at(0, "11:30")


@pytest.mark.parametrize("sensors", ["", ", {id: sensors, kind: sensor_fault}"])
def test_sensors_are_looked_at_by_the_rule_for_that(sensors: str) -> None:
    site = town(f"[{{id: still, kind: inactivity, limit_s: 3600}}{sensors}]")
    watched = plan_for(site, site.residents[0]).watched
    assert {one.setting.guarded for one in watched} == {bool(sensors)}


def test_the_clock_of_a_sensor_that_is_an_hour_behind_is_noticed() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(1800.0, 5400.0)))
    hour = timedelta(hours=1)
    for minutes in range(0, 600, 50):
        at = diary.at(0, "09:00") + timedelta(minutes=minutes)
        diary.read(at - hour, "pir-hall", "motion", Motion("hall"), received_at=at)
    raised = [at for at, _ in diary.found]
    assert len(raised) <= 2, "until three readings were late alike"
    assert all(at < diary.at(0, "11:00") for at in raised)
    assert diary.memory.since_at == diary.now


def test_with_a_fixed_limit_the_time_of_the_reading_is_believed() -> None:
    diary = Diary(RULE)
    for minutes in range(0, 600, 50):
        at = diary.at(0, "09:00") + timedelta(minutes=minutes)
        diary.read(at - timedelta(hours=1), "pir-hall", "motion", Motion("hall"), received_at=at)
    assert diary.memory.since_at == diary.now - timedelta(hours=1)
