"""Rule `out_of_bed` with `usual`: who got up for the day is followed for some hours, and silence longer than usual is found."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import msgspec
import pytest

from alarmcore.calendar import Window
from alarmcore.model.reading import Bed, Motion
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual.bounds import Usual
from tests.diary import Diary

RULE = OutOfBed(id="up", usual=Usual(300.0, 14_400.0))
WATCHED = msgspec.structs.replace(RULE, active=(Window(time(21), time(9)),))
ROOMS = ("bathroom", "kitchen", "living", "bedroom")


def rise(diary: Diary, day: int, clock: str = "05:50") -> None:
    """Up for the day: every room within minutes, so that it is plain."""
    diary.bed(day, clock, occupied=False)
    left_at = diary.at(day, clock)
    for minute, room in enumerate(ROOMS, start=1):
        moved(diary, left_at + timedelta(minutes=2 * minute), room)


def moved(diary: Diary, at: datetime, room: str) -> None:
    """Somebody moves in a room."""
    diary.read(at, f"pir-{room}", "motion", Motion(room))


def morning(diary: Diary, day: int, clock: str = "05:50", pause_min: float = 25.0, hours: float = 5.0) -> None:
    """Up for the day, and a movement every so many minutes until noon."""
    rise(diary, day, clock)
    at = diary.at(day, clock) + timedelta(minutes=9)
    ends_at = diary.at(day, clock) + timedelta(hours=hours)
    number = 0
    while (at := at + timedelta(minutes=pause_min if number % 3 == day % 3 else pause_min / 2)) < ends_at:
        moved(diary, at, ROOMS[number % 3])
        number += 1


def night(diary: Diary, day: int) -> None:
    """To bed, and to the bathroom once."""
    diary.bed(day, "22:30", occupied=True)
    diary.bed(day + 1, "02:10", occupied=False)
    diary.motion(day + 1, "02:11", "bathroom")
    diary.bed(day + 1, "02:15", occupied=True)


def lived(rule: OutOfBed = RULE, days: int = 40, hours: float = 5.0) -> Diary:
    """Somebody who has lived so for some weeks."""
    diary = Diary(rule)
    for day in range(days):
        night(diary, day)
        morning(diary, day + 1, hours=hours)
    night(diary, days)
    return diary


def test_who_gets_up_walks_about_and_falls_is_found_though_it_was_plainly_the_morning() -> None:
    diary = lived()
    assert diary.found == []
    rise(diary, 41)
    assert diary.memory.past is not None
    assert diary.memory.past.day_at is not None
    diary.pass_until(diary.at(41, "22:00"))
    [(at, find)] = diary.found
    assert diary.at(41, "06:28") < at < diary.at(41, "08:30")
    assert find.facts is not None
    assert find.facts.lasting == "still"
    assert abs(find.facts.for_s - (at - diary.at(41, "05:58")).total_seconds()) < 300
    assert 1200 <= (find.facts.usual_s or 0) <= 3600
    assert find.facts.company is None


def test_who_moves_about_all_morning_is_not_found_and_neither_is_the_day_that_follows() -> None:
    diary = lived()
    morning(diary, 41)
    diary.pass_until(diary.at(42, "12:00"))
    assert diary.found == []
    assert diary.memory.due_at is None


def test_who_went_out_is_not_found() -> None:
    diary = lived()
    rise(diary, 41)
    diary.door(41, "06:20", "front", is_open=True)
    diary.motion(41, "06:20", "hall")
    diary.door(41, "06:21", "front", is_open=False)
    diary.pass_until(diary.at(42, "12:00"))
    assert diary.found == []


def test_who_opened_a_door_and_stayed_is_followed_on() -> None:
    diary = lived()
    rise(diary, 41)
    diary.door(41, "06:20", "front", is_open=True)
    diary.door(41, "06:21", "front", is_open=False)
    diary.motion(41, "06:24", "living")
    diary.pass_until(diary.at(41, "22:00"))
    assert len(diary.found) == 1


def test_who_lies_down_again_is_not_found() -> None:
    diary = lived()
    rise(diary, 41)
    diary.bed(41, "06:40", occupied=True)
    diary.pass_until(diary.at(42, "12:00"))
    assert diary.found == []


def test_who_always_sits_still_for_long_in_the_morning_is_known_by_it() -> None:
    diary = Diary(RULE)
    for day in range(40):
        night(diary, day)
        morning(diary, day + 1, pause_min=100.0)
    night(diary, 40)
    rise(diary, 41)
    diary.motion(41, "09:00", "living")
    diary.pass_until(diary.at(41, "22:00"))
    assert diary.found == []


def test_in_a_home_that_hears_no_more_after_getting_up_nobody_is_found_every_morning() -> None:
    diary = Diary(RULE)
    for day in range(60):
        night(diary, day)
        rise(diary, day + 1)
    diary.pass_until(diary.at(61, "12:00"))
    assert diary.found == []


def test_a_finding_of_the_morning_ends_with_the_next_sign_and_is_not_made_twice() -> None:
    diary = lived()
    rise(diary, 41)
    diary.pass_until(diary.at(41, "09:10"))
    assert len(diary.found) == 1
    diary.motion(41, "09:10", "living")
    assert [end.why for _, end in diary.ended] == ["up_for_the_day"]
    diary.pass_until(diary.at(41, "22:00"))
    assert len(diary.found) == 1


def test_it_ends_also_where_a_longer_limit_has_been_asked_for_since() -> None:
    diary = lived()
    rise(diary, 41)
    diary.pass_until(diary.at(41, "09:10"))
    diary.rule = msgspec.structs.replace(RULE, usual=Usual(14_400.0, 14_400.0))
    diary.motion(41, "09:10", "living")
    assert [end.why for _, end in diary.ended] == ["up_for_the_day"]


def test_who_was_found_in_bed_hours_and_then_is_plainly_up_is_not_followed() -> None:
    diary = lived()
    diary.bed(41, "05:50", occupied=False)
    diary.pass_until(diary.at(41, "07:00"))
    assert len(diary.found) == 1
    for minute, room in enumerate(ROOMS):
        diary.motion(41, f"07:0{2 * minute}", room)
    assert len(diary.ended) == 1
    diary.motion(41, "07:30", "living")
    diary.pass_until(diary.at(41, "22:00"))
    assert len(diary.found) == 1


def test_a_finding_of_the_morning_ends_in_bed() -> None:
    diary = lived()
    rise(diary, 41)
    diary.pass_until(diary.at(41, "09:10"))
    diary.bed(41, "09:10", occupied=True)
    assert [end.why for _, end in diary.ended] == ["back_in_bed"]


def test_silence_that_outlasts_a_resolution_is_raised_again() -> None:
    diary = lived()
    rise(diary, 41)
    diary.pass_until(diary.at(41, "09:10"))
    diary.resolve()
    diary.pass_until(diary.at(41, "10:20"))
    assert [find.why for _, find in diary.found] == ["out_of_bed_too_long", "out_of_bed_too_long again"]


def test_a_morning_is_followed_only_while_the_rule_watches() -> None:
    diary = lived(WATCHED)
    rise(diary, 41, "08:30")
    diary.pass_until(diary.at(42, "20:00"))
    assert diary.found == []
    early = lived(WATCHED)
    rise(early, 41, "05:00")
    early.pass_until(early.at(41, "20:00"))
    [(at, _)] = early.found
    assert at < early.at(41, "09:00")


def test_a_sign_in_the_evening_finds_nobody_who_was_followed_in_the_morning() -> None:
    rule = msgspec.structs.replace(WATCHED, usual=Usual(300.0, 60_000.0))
    diary = lived(rule)
    rise(diary, 41, "08:45")
    diary.pass_until(diary.at(42, "08:00"))
    assert diary.found == []


@pytest.mark.parametrize("seconds", [0, 90])
def test_a_sign_that_confirms_a_leave_gives_it_its_time(seconds: int) -> None:
    """Where the mat is doubted and it may be the morning nothing is timed, until sensors elsewhere say that the bed was left."""
    diary = lived(days=12)
    for minute in range(0, 30, 2):
        at = diary.at(13, f"03:{minute:02}")
        diary.read(at, "bed-1", "bed", Bed(False))
        diary.read(at + timedelta(minutes=1), "bed-1", "bed", Bed(True))
    diary.bed(13, "04:40", occupied=False)
    assert (diary.memory.holds, diary.memory.due_at) == (True, None)
    at = diary.at(13, "04:41") + timedelta(seconds=seconds)
    moved(diary, at, "bathroom")
    diary.pass_until(diary.at(13, "09:00"))
    assert len(diary.found) == 1
