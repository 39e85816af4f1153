"""Rule `out_of_bed` with `usual`: what incidents teach, what is said of somebody hardly known, and mats whose clock is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alarmcore.model.reading import Bed
from alarmcore.rules.base import Memory, Setting
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed
from alarmcore.usual.bounds import Usual
from alarmcore.usual.spread import LOG, Sums
from tests.diary import TZ, Diary, night

RULE = OutOfBed(id="up", usual=Usual(600.0, 5400.0))


def incidents(nights: int, left: str = "01:10", back: str = "05:10") -> Diary:
    """A new resident with a mat alone who is found each night, and lies in bed again hours later."""
    diary = Diary(RULE)
    for day in range(nights):
        diary.bed(day, "22:00", occupied=True)
        diary.bed(day + 1, left, occupied=False)
        diary.bed(day + 1, back, occupied=True)
        diary.bed(day + 1, "11:00", occupied=False)
    return diary


@pytest.mark.parametrize("nights", [1, 4, 10, 30])
def test_who_is_found_every_night_from_the_first_on_is_found_in_the_next_one_too(nights: int) -> None:
    diary = incidents(nights)
    diary.bed(nights, "22:00", occupied=True)
    diary.found.clear()
    diary.bed(nights + 1, "01:10", occupied=False)
    diary.pass_until(diary.at(nights + 1, "02:41"))
    assert [find.happened_at for _, find in diary.found] == [diary.at(nights + 1, "01:10")]


def test_an_incident_of_the_deep_night_teaches_a_third_of_what_a_morning_teaches() -> None:
    for left, back, hour, known in (("01:10", "05:10", 1.17, 0.3), ("06:10", "10:10", 6.17, 1.0)):
        diary = incidents(1, left, back)
        assert diary.memory.past is not None
        assert len(diary.found) >= 1
        assert diary.memory.past.habit.unseen_about(hour, diary.now) == pytest.approx(known, rel=0.15)


def left_at_ten_past_two(diary: Diary, day: int) -> None:
    diary.bed(day, "22:30", occupied=True)
    diary.bed(day + 1, "02:10", occupied=False)
    diary.pass_until(diary.at(day + 1, "06:00"))


def test_what_is_usual_is_not_said_of_somebody_of_whom_too_little_is_known() -> None:
    diary = Diary(RULE)
    left_at_ten_past_two(diary, 0)
    [(_, find)] = diary.found
    assert find.facts is not None
    assert (find.facts.usual_s, find.facts.bound) == (None, "new")


def test_a_sentence_never_says_that_it_usually_takes_longer_than_it_has_lasted() -> None:
    for max_s, bound in ((300.0, "most"), (5400.0, None)):
        diary = Diary(OutOfBed(id="up", usual=Usual(60.0, max_s)))
        for day in range(20):
            night(diary, day, ("02:10", 10.0))
        diary.found.clear()
        left_at_ten_past_two(diary, 20)
        [(_, find)] = diary.found
        assert find.facts is not None
        assert find.facts.bound == bound
        assert (find.facts.usual_s is None) is (bound == "most")
        assert (find.facts.usual_s or 0) < find.facts.for_s


@pytest.mark.parametrize(("mornings", "bound"), [(4.9, "new"), (5.0, None)])
def test_a_morning_is_usual_only_once_some_were_followed(mornings: float, bound: str | None) -> None:
    left_at = Diary.at(1, "07:30")
    pauses = Sums(mornings, mornings * LOG.of(1800.0), mornings * LOG.of(1800.0) ** 2)
    past = bed.Past(day_at=left_at, sign_at=left_at + timedelta(minutes=9), mornings=pauses)
    facts = RULE.facts(Memory(holds=True, since_at=left_at, past=past), Setting(TZ), left_at + timedelta(hours=3))
    assert facts is not None
    assert (facts.lasting, facts.bound, facts.usual_s is None) == ("still", bound, bound is not None)
    assert facts.for_s == 171 * 60


def night_by_a_clock(diary: Diary, day: int, wrong: timedelta) -> None:
    """To bed, up for five minutes, and up in the morning, by a mat whose clock is wrong."""
    for at, occupied in (
        (diary.at(day, "22:30"), True),
        (diary.at(day + 1, "02:10"), False),
        (diary.at(day + 1, "02:15"), True),
        (diary.at(day + 1, "07:30"), False),
    ):
        diary.read(at - wrong, "bed-1", "bed", Bed(occupied), received_at=at)
    for minute in range(31, 50, 3):
        diary.motion(day + 1, f"07:{minute}", "kitchen")
        diary.motion(day + 1, f"07:{minute + 1}", "bathroom")


def test_a_mat_whose_clock_is_an_hour_behind_raises_one_alarm_at_most() -> None:
    diary = Diary(RULE)
    for day in range(14):
        night(diary, day, ("02:10", 5.0))
    diary.found.clear()
    for day in range(14, 21):
        night_by_a_clock(diary, day, timedelta(hours=1))
    assert len(diary.found) <= 1
    diary.found.clear()
    diary.read(diary.at(21, "21:30"), "bed-1", "bed", Bed(True), received_at=diary.at(21, "22:30"))
    diary.read(diary.at(22, "01:10"), "bed-1", "bed", Bed(False), received_at=diary.at(22, "02:10"))
    diary.pass_until(diary.at(22, "04:00"))
    [(_, find)] = diary.found
    assert find.happened_at == diary.at(22, "02:10"), "and counts from when she rose"


def test_after_the_clocks_were_changed_a_mat_that_did_not_hear_of_it_raises_none() -> None:
    """The last Sunday of March is the 76th day of the diary."""
    diary = Diary(RULE)
    for day in range(60, 76):
        night(diary, day, ("02:10" if day != 75 else "01:10", 5.0))
    assert changed(diary.at(75, "12:00")) != changed(diary.at(76, "12:00"))
    diary.found.clear()
    for day in range(76, 83):
        night_by_a_clock(diary, day, timedelta(hours=1))
    assert diary.found == []


def changed(at: datetime) -> timedelta | None:
    """How far the wall's clock is from UTC."""
    return at.astimezone(TZ).utcoffset()
