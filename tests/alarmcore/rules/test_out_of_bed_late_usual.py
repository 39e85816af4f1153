"""Rule `out_of_bed` with `usual`: somebody who is about in the evening and does not go to bed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from alarmcore.calendar import Window
from alarmcore.model.alarm import Facts
from alarmcore.model.reading import Bed, Door
from alarmcore.rules.base import Away, Setting
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed
from alarmcore.usual.bounds import Usual
from tests.diary import TZ, Diary, night

USUAL = Usual(600.0, 5400.0)
RULE = OutOfBed(id="up", usual=USUAL, active=(Window(time(21), time(9)),))


def evening(diary: Diary, day: int, *, until: str = "21:00") -> None:
    """She is about: supper, and the news."""
    for clock in ("12:00", "18:10", "19:30", "20:00", "20:40", "21:30", "23:00"):
        if clock <= until:
            diary.motion(day, clock, "kitchen")
            diary.motion(day, clock, "living")


def lived(rule: OutOfBed = RULE, days: int = 30, setting: Setting | None = None) -> Diary:
    """Somebody who goes to bed about half past ten, half an hour sooner or later."""
    diary = Diary(rule, setting)
    for day in range(days):
        evening(diary, day)
        night(diary, day, ("02:10", 5.0), beds=("22:00", "22:30", "23:00")[day % 3])
    assert diary.found == []
    return diary


def missed(diary: Diary) -> list[tuple[datetime, Facts]]:
    """When somebody was missed in bed, and what was said of it."""
    return [(at, find.facts) for at, find in diary.found if find.facts is not None and find.facts.lasting == "late"]


def test_who_does_not_go_to_bed_is_missed_there_at_the_hour_by_which_they_always_are() -> None:
    diary = lived()
    evening(diary, 30, until="20:00")
    diary.pass_until(diary.at(31, "20:00"))
    [(at, facts)] = missed(diary)
    assert diary.at(30, "23:20") < at < diary.at(31, "01:30")
    assert facts.usual_s is not None
    assert 22 * 3600 + 50 * 60 < facts.usual_s < 23 * 3600 + 40 * 60
    assert facts.for_s == int((at - diary.at(30, "07:30")).total_seconds())
    assert len(diary.found) == 1


def test_an_alarm_of_the_evening_is_raised_once_a_night_and_again_only_in_the_next() -> None:
    diary = lived()
    for day in (30, 31):
        evening(diary, day, until="20:00")
        diary.pass_until(diary.at(day + 1, "01:30"))
        assert len(missed(diary)) == day - 29
        diary.resolve()
        diary.pass_until(diary.at(day + 1, "18:00"))
        assert len(diary.found) == day - 29


def test_an_alarm_of_the_evening_that_is_open_is_not_raised_again_in_the_next() -> None:
    diary = lived()
    for day in (30, 31, 32):
        evening(diary, day)
    diary.pass_until(diary.at(33, "12:00"))
    assert len(diary.found) == 1


def test_who_goes_to_bed_late_after_all_ends_it() -> None:
    diary = lived()
    evening(diary, 30)
    diary.pass_until(diary.at(31, "02:00"))
    night(diary, 31, beds="02:30")
    assert len(diary.ended) == 1
    assert diary.ended[0][1].why == "back_in_bed"


@pytest.mark.parametrize("found", [False, True])
def test_a_night_teaches_in_full_unless_somebody_was_missed(found: bool) -> None:
    diary = lived(days=5)
    before = (diary.memory.past or bed.Past()).evening.n
    evening(diary, 5)
    diary.bed(6 if found else 5, "05:00" if found else "22:30", occupied=True)
    assert bool(missed(diary)) is found
    diary.bed(6, "07:30", occupied=False)
    after = (diary.memory.past or bed.Past()).evening.n
    assert after == pytest.approx(0.975 * before + (0.3 if found else 1.0))


def test_nobody_is_missed_who_was_not_at_home_that_evening() -> None:
    diary = lived()
    diary.motion(30, "12:00", "kitchen")
    diary.pass_until(diary.at(31, "12:00"))
    assert diary.found == []


def test_nobody_is_missed_after_a_door_unless_something_moves_long_after_it() -> None:
    for moves in (False, True):
        diary = lived()
        evening(diary, 30, until="19:30")
        at = diary.at(30, "19:40")
        diary.read(at, "doors", "door", Door(True, "front"))
        diary.read(at + timedelta(seconds=20), "doors", "door", Door(False, "front"))
        diary.motion(30, "19:41", "hall")
        if moves:
            diary.motion(30, "22:00", "hall")
        diary.pass_until(diary.at(31, "12:00"))
        assert len(missed(diary)) == moves


def test_who_comes_home_after_that_hour_is_not_missed() -> None:
    diary = lived()
    diary.motion(31, "01:00", "hall")
    diary.motion(31, "01:10", "kitchen")
    diary.pass_until(diary.at(31, "17:00"))
    assert diary.found == []


def test_nobody_is_missed_during_a_stay_away_from_home_nor_while_the_rule_does_not_watch() -> None:
    away = Away(Diary.at(30, "12:00"), Diary.at(32, "12:00"))
    early, late = (
        OutOfBed(id="up", usual=USUAL, active=(Window(*hours),)) for hours in ((time(21), time(22)), (time(10), time(12)))
    )
    for diary in (lived(setting=Setting(TZ, stays=(away,))), lived(early), lived(late)):
        evening(diary, 30)
        diary.pass_until(diary.at(31, "17:00"))
        assert diary.found == []


def test_a_rule_that_watches_later_misses_somebody_when_it_begins_to() -> None:
    diary = lived(OutOfBed(id="up", usual=USUAL, active=(Window(time(2), time(7)),)))
    evening(diary, 30)
    diary.pass_until(diary.at(31, "17:00"))
    assert [at for at, _ in missed(diary)] == [diary.at(31, "02:00")]


def test_before_three_nights_are_known_nobody_is_missed() -> None:
    for days, found in ((2, 0), (3, 1)):
        diary = Diary(RULE)
        for day in range(days):
            evening(diary, day)
            night(diary, day, ("02:10", 5.0))
        diary.found.clear()
        evening(diary, days)
        diary.pass_until(diary.at(days + 1, "17:00"))
        late = missed(diary)
        assert len(late) == found
        assert all((facts.usual_s, facts.bound) == (None, "new") for _, facts in late)


def test_in_a_home_with_a_mat_alone_nobody_is_missed() -> None:
    diary = Diary(RULE)
    for day in range(20):
        diary.bed(day, "22:30", occupied=True)
        diary.bed(day + 1, "07:30", occupied=False)
    diary.found.clear()
    diary.pass_until(diary.at(22, "07:00"))
    assert diary.found == []


def test_who_often_sleeps_in_a_chair_is_not_missed_for_long() -> None:
    diary = lived(days=10)
    for day in range(10, 60):
        evening(diary, day)
        if day % 2:
            night(diary, day, ("02:10", 5.0))
        else:
            diary.motion(day + 1, "08:00", "kitchen")
    assert 1 <= len(missed(diary)) <= 8
    assert [day for day in diary.days() if day > 40] == []


def test_a_nap_after_supper_is_not_going_to_bed() -> None:
    diary = lived(days=10)
    before = (diary.memory.past or bed.Past()).evening.n
    evening(diary, 10, until="18:10")
    diary.bed(10, "18:30", occupied=True)
    diary.bed(10, "19:10", occupied=False)
    assert (diary.memory.past or bed.Past()).evening.n == before


def test_nobody_is_missed_in_the_morning_who_was_up_until_late() -> None:
    diary = lived(OutOfBed(id="up", usual=USUAL))
    evening(diary, 30)
    for clock in ("00:10", "01:00", "01:55"):
        diary.motion(31, clock, "living")
    diary.pass_until(diary.at(31, "17:00"))
    assert missed(diary) == []
    assert diary.memory.holds


def awaited(diary: Diary) -> int:
    return (diary.memory.past or bed.Past()).evening.awaited


def test_who_is_up_for_a_while_in_the_evening_is_watched_as_in_any_night() -> None:
    diary = lived(days=10)
    evening(diary, 10, until="18:10")
    diary.bed(10, "19:00", occupied=True)
    diary.bed(10, "19:30", occupied=False)
    for clock in ("20:00", "21:00", "22:00"):
        diary.motion(10, clock, "kitchen")
    assert awaited(diary) == 0
    diary.motion(10, "23:40", "kitchen")
    assert awaited(diary) != 0, "by then that is long ago"


def test_who_has_slept_this_night_is_not_awaited_again() -> None:
    diary = lived(days=10)
    diary.bed(10, "18:00", occupied=True)
    diary.bed(10, "19:05", occupied=False)
    assert awaited(diary) == 0
    diary.motion(10, "23:15", "kitchen")
    assert awaited(diary) == 0


def test_a_mat_that_is_doubted_misses_nobody() -> None:
    diary = lived(days=10)
    for minute in range(0, 48, 2):
        diary.bed(10, f"13:{minute:02}", occupied=True)
        diary.bed(10, f"13:{minute + 1:02}", occupied=False)
    evening(diary, 10)
    diary.pass_until(diary.at(11, "12:00"))
    assert missed(diary) == []


def test_turns_of_the_sleeper_do_not_put_off_the_hour_of_going_to_bed() -> None:
    diary = Diary(RULE)
    evening(diary, 0)
    diary.bed(0, "22:30", occupied=True)
    diary.read(diary.at(0, "23:15"), "bed-1", "bed", Bed(False))
    diary.read(diary.at(0, "23:15") + timedelta(seconds=20), "bed-1", "bed", Bed(True))
    diary.bed(1, "07:00", occupied=False)
    assert (diary.memory.past or bed.Past()).evening.x == pytest.approx(-1.5)
