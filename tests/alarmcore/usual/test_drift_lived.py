"""What of a life counts for a drift: leaves of the night and silences of the day, and neither mornings nor absences."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from alarmcore.rules.base import Memory
from alarmcore.rules.inactivity import Inactivity
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual.bed import Past
from alarmcore.usual.bounds import Usual
from alarmcore.usual.drift import Drift
from tests.diary import Diary, night


def up(diary: Diary) -> Drift:
    assert diary.memory.past is not None
    return diary.memory.past.drift


def test_leaves_of_a_night_count_for_it_and_the_morning_does_not() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 7200.0)))
    night(diary, 0, ("00:40", 6.0), ("03:10", 9.0))
    diary.bed(1, "22:30", occupied=True)
    drift = up(diary)
    assert drift.sums, "the night is over"
    recent, _ = drift.sides()
    assert (recent.nights, recent.times) == (1.0, 2.0)
    assert recent.seconds == pytest.approx(15 * 60)
    assert (drift.times, drift.seconds) == (0, 0)


def test_a_night_without_a_leave_counts_as_one() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 7200.0)))
    for day in range(4):  # the first begins with nothing known, the last is not over
        night(diary, day)
    recent, _ = up(diary).sides()
    assert recent.nights == pytest.approx(1.0 + 2.718281828 ** (-1 / 14))
    assert (recent.times, recent.seconds) == (0.0, 0.0)


def test_who_rises_early_was_not_up_in_the_night() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 7200.0)))
    for day in range(3):
        night(diary, day, rises="05:30")
    assert up(diary).times == 0
    recent, _ = up(diary).sides()
    assert (recent.nights, recent.times) == (1.0, 0.0)


def test_a_nap_counts_for_no_night() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 7200.0)))
    diary.bed(0, "13:00", occupied=True)
    diary.bed(0, "14:00", occupied=False)
    diary.bed(0, "14:20", occupied=True)
    assert up(diary).times == 0


def test_an_incident_that_was_found_counts_for_no_more_than_a_little_above_its_limit() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 600.0)))
    diary.bed(0, "22:30", occupied=True)
    diary.bed(1, "02:00", occupied=False)
    diary.bed(1, "04:00", occupied=True)
    diary.bed(1, "04:02", occupied=True)
    assert len(diary.found) == 1
    assert up(diary).times == 1
    assert up(diary).seconds == pytest.approx(810, abs=2)


def still(diary: Diary) -> Drift:
    assert diary.memory.quiet is not None
    return diary.memory.quiet.drift


def test_silences_of_the_day_count_and_those_of_the_night_or_after_the_door_do_not() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(3600.0, 21_600.0), outside_doors=("front",)))
    diary.motion(0, "09:00", "living")
    diary.motion(0, "09:45", "living")
    diary.motion(0, "09:50", "living")
    assert (still(diary).times, still(diary).seconds) == (1, 45 * 60)
    diary.goes(0, "10:00")
    diary.comes(0, "12:00")
    assert (still(diary).times, still(diary).seconds) == (2, 45 * 60 + 10 * 60)
    diary.motion(0, "22:00", "living")
    before = still(diary)
    diary.motion(0, "23:30", "living")
    assert (still(diary).times, still(diary).seconds) == (before.times, before.seconds)
    diary.motion(1, "09:00", "living")
    assert still(diary).day == before.day + 1 or still(diary).day == before.day
    diary.motion(1, "10:00", "living")
    assert (still(diary).day, still(diary).times) == (before.day + 1, 1)


def test_what_was_stored_before_there_were_drifts_still_loads() -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, 7200.0)))
    night(diary, 0, ("03:10", 9.0))
    fields = msgspec.to_builtins(diary.memory.past)
    old = msgspec.convert(fields[:9], Past, strict=False)
    assert old.drift == Drift()
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(diary.memory), type=Memory) == diary.memory


def test_a_drift_costs_nothing_where_nothing_is_learned() -> None:
    diary = Diary(Inactivity(id="still", usual=Usual(3600.0, 21_600.0)))
    diary.motion(0, "09:00", "living")
    diary.motion(0, "09:30", "living")
    before = still(diary)
    at = diary.at(0, "09:31")
    for minutes in range(8):
        diary.motion(0, f"{(at + timedelta(minutes=minutes)).astimezone(diary.setting.tz):%H:%M}", "living")
    assert still(diary) is before
