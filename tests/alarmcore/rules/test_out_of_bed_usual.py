"""Rule `out_of_bed` with `usual`: up for longer than this person usually is, and neither a morning nor a mat that lies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta

import msgspec
import pytest

from alarmcore.calendar import Window
from alarmcore.model.reading import Bed
from alarmcore.rules.base import Memory, Setting, Span
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed
from alarmcore.usual.bounds import Usual
from tests.diary import TZ, Diary, night

RULE = OutOfBed(id="up", usual=Usual(300.0, 7200.0))


def lived(rule: OutOfBed = RULE, days: int = 30, leaves: Sequence[tuple[str, float]] = (("02:10", 5.0),)) -> Diary:
    """Somebody who has lived so for some weeks."""
    diary = Diary(rule)
    for day in range(days):
        night(diary, day, *leaves)
    return diary


def limit_min(diary: Diary, clock: str) -> float:
    """The limit that would hold for leaving the bed at this time tomorrow, in minutes."""
    hour = int(clock[:2]) + int(clock[3:]) / 60
    limit_s = bed.limit_s(diary.memory.past or bed.Past(), diary.now, hour, RULE.usual or Usual(0, 0))
    assert limit_s is not None
    return limit_s / 60


def test_of_somebody_unknown_the_limit_lies_within_the_bounds() -> None:
    diary = Diary(RULE)
    diary.bed(0, "22:30", occupied=True)
    diary.bed(1, "02:10", occupied=False)
    diary.pass_until(diary.at(1, "12:00"))
    [(at, find)] = diary.found
    assert diary.at(1, "02:15") <= at <= diary.at(1, "04:10")
    assert find.why == "out_of_bed_too_long"


def test_weeks_of_usual_nights_raise_nothing() -> None:
    assert lived(leaves=(("01:20", 4.0), ("04:40", 7.0))).found == []


def test_an_absence_is_found_soon_after_the_usual_is_past() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.motion(31, "02:11", "bathroom")
    diary.pass_until(diary.at(31, "06:10"))
    [(at, find)] = diary.found
    assert at < diary.at(31, "02:40")
    assert find.facts is not None
    assert find.facts.for_s == int((at - diary.at(31, "02:10")).total_seconds())
    assert 300 <= (find.facts.usual_s or 0) <= 900
    assert find.facts.company is None


def test_habits_of_five_and_of_forty_minutes_get_limits_far_apart() -> None:
    short, long = lived(leaves=(("02:10", 5.0), ("04:30", 6.0))), lived(leaves=(("02:10", 40.0), ("04:30", 45.0)))
    assert long.found == [] or long.days()[-1] < 14
    assert limit_min(long, "02:10") > 3 * limit_min(short, "02:10")


def test_the_limit_differs_by_the_hour_as_the_habit_does() -> None:
    diary = lived(leaves=(("00:40", 4.0), ("04:50", 40.0)))
    assert limit_min(diary, "04:50") > 2 * limit_min(diary, "00:40")


def test_nobody_is_alarmed_about_on_mornings() -> None:
    diary = lived()
    for day, rises in enumerate(("05:40", "06:15", "06:50", "08:20", "09:45"), start=30):
        night(diary, day, rises=rises)
    diary.pass_until(diary.at(40, "12:00"))
    assert diary.found == []


def test_with_a_mat_alone_mornings_are_known_by_the_hour_within_a_week() -> None:
    diary = Diary(RULE)
    for day in range(21):
        diary.bed(day, "22:30", occupied=True)
        diary.bed(day + 1, "02:10", occupied=False)
        diary.bed(day + 1, "02:15", occupied=True)
        diary.bed(day + 1, "07:30", occupied=False)
    assert diary.days() == [] or diary.days()[-1] <= 7
    diary.bed(21, "22:30", occupied=True)
    diary.bed(22, "02:10", occupied=False)
    diary.pass_until(diary.at(22, "07:00"))
    assert diary.days()[-1:] == [22]


def test_who_goes_out_of_bed_at_night_and_wanders_through_all_rooms_is_still_up_in_the_night() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "01:30", occupied=False)
    for minute, room in enumerate(("bathroom", "kitchen", "living", "hall") * 12, start=31):
        diary.motion(31, f"{1 + minute // 60:02}:{minute % 60:02}", room)
    diary.pass_until(diary.at(31, "04:00"))
    assert len(diary.found) == 1


def test_a_finding_ends_when_it_becomes_plain_that_it_is_morning() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "06:40", occupied=False)
    diary.pass_until(diary.at(31, "08:30"))
    assert len(diary.found) == 1
    for minute, room in enumerate(("kitchen", "living", "bathroom"), start=30):
        diary.motion(31, f"08:{minute}", room)
    assert [end.why for _, end in diary.ended] == ["up_for_the_day"]


def test_an_incident_hardly_teaches() -> None:
    diary = lived()
    before = limit_min(diary, "02:10")
    night(diary, 30, ("02:10", 170.0))
    assert len(diary.found) == 1
    assert limit_min(diary, "02:10") < 1.25 * before


def test_a_new_habit_is_learned_within_a_few_nights() -> None:
    diary = lived()
    for day in range(30, 60):
        night(diary, day, ("02:10", 30.0))
    assert 1 <= len(diary.found) <= 12
    assert [day for day in diary.days() if day > 50] == []


CHATTER = [("00:10", 1), ("00:40", 2), *((f"01:{minute:02}", 1) for minute in range(0, 58, 3)), ("02:20", 48), ("04:00", 75)]


def test_a_mat_that_lets_go_while_the_sleeper_turns_is_not_believed_by_itself() -> None:
    """With releases up to an hour and more, as recorded mats have them, while nothing else in the home is set off."""
    diary = lived(days=7)
    for day in range(7, 14):
        diary.bed(day, "22:30", occupied=True)
        for clock, minutes in CHATTER:
            left_at = diary.at(day + 1, clock)
            diary.read(left_at, "bed-1", "bed", Bed(False))
            diary.read(left_at + timedelta(minutes=minutes), "bed-1", "bed", Bed(True))
        night(diary, day, beds="23:30")
    assert diary.found == []


def test_of_such_a_mat_a_leave_that_other_sensors_confirm_is_believed() -> None:
    diary = lived(days=7)
    diary.bed(7, "22:30", occupied=True)
    for clock, minutes in CHATTER:
        left_at = diary.at(8, clock)
        diary.read(left_at, "bed-1", "bed", Bed(False))
        diary.read(left_at + timedelta(minutes=minutes), "bed-1", "bed", Bed(True))
    diary.bed(8, "05:20", occupied=False)
    diary.motion(8, "05:21", "hall")
    diary.motion(8, "05:22", "bathroom")
    diary.pass_until(diary.at(8, "09:00"))
    assert len(diary.found) == 1


def test_two_mats_are_one_bed() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(30, "22:31", occupied=True, device="bed-2")
    diary.bed(31, "01:00", occupied=False)
    diary.pass_until(diary.at(31, "05:00"))
    assert diary.found == []
    diary.bed(31, "05:00", occupied=False, device="bed-2")
    diary.pass_until(diary.at(31, "08:00"))
    assert len(diary.found) == 1


def test_a_mat_that_is_stuck_does_not_keep_somebody_in_bed_for_ever() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True, device="bed-2")
    for day in (31, 32):
        night(diary, day - 1)
    diary.bed(32, "22:30", occupied=True)
    diary.bed(33, "02:10", occupied=False)
    diary.pass_until(diary.at(33, "05:00"))
    assert len(diary.found) == 1


def test_a_cat_does_not_make_it_morning() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    for minute in range(0, 60, 4):
        diary.motion(31, f"05:{minute:02}", "kitchen")
        diary.motion(31, f"05:{minute:02}", "living")
    diary.bed(31, "06:00", occupied=False)
    diary.motion(31, "06:02", "kitchen")
    diary.motion(31, "06:03", "living")
    assert diary.memory.past is not None
    assert diary.memory.past.day_at is None
    diary.pass_until(diary.at(31, "09:00"))
    assert diary.found[-1][1].facts is not None
    assert diary.found[-1][1].facts.company


def test_occupied_twice_and_never_free_raises_nothing() -> None:
    diary = lived(days=5)
    for day in range(5, 10):
        diary.bed(day, "22:30", occupied=True)
        diary.bed(day, "23:30", occupied=True)
    diary.pass_until(diary.at(20, "12:00"))
    assert diary.found == []


def test_a_week_without_data_is_no_week_out_of_bed() -> None:
    diary = lived()
    diary.pass_until(diary.at(38, "22:30"))
    night(diary, 38, ("02:10", 5.0))
    assert diary.found == []


def test_who_was_up_long_before_the_hours_begin_is_not_found_at_their_beginning() -> None:
    rule = msgspec.structs.replace(RULE, active=(Window(time(21), time(7)),))
    diary = Diary(rule)
    diary.bed(0, "22:30", occupied=True)
    diary.bed(1, "07:30", occupied=False)
    diary.pass_until(diary.at(2, "06:00"))
    assert diary.found == []


def test_what_is_remembered_is_stored_and_stays_small() -> None:
    diary = lived(days=60, leaves=(("01:20", 4.0), ("04:40", 7.0)))
    stored = msgspec.msgpack.encode(diary.memory)
    assert msgspec.msgpack.decode(stored, type=Memory) == diary.memory
    assert len(stored) < 2500


@pytest.mark.parametrize("device", ["bed-1", "bed-2"])
def test_readings_that_come_late_move_nothing_backwards(device: str) -> None:
    diary = lived(days=5)
    before = diary.memory
    diary.read(diary.at(4, "03:00"), device, "bed", Bed(False))
    assert diary.memory.since_at == before.since_at
    assert diary.memory.holds == before.holds


def test_the_hour_is_that_of_the_clock_on_the_wall() -> None:
    setting = Setting(TZ)
    diary = Diary(RULE, setting)
    for day in range(60, 100):
        night(diary, day, ("02:40", 5.0))
    assert diary.found == []


def test_the_newest_word_counts_also_when_it_said_nothing_new() -> None:
    diary = lived(days=5)
    diary.bed(5, "22:30", occupied=True)
    diary.bed(6, "02:21", occupied=True)
    diary.read(diary.at(6, "02:14"), "bed-1", "bed", Bed(False))
    diary.pass_until(diary.at(6, "09:00"))
    assert diary.found == []


def test_the_last_word_of_a_mat_that_was_replaced_keeps_nobody_in_bed() -> None:
    diary = Diary(RULE, Setting(TZ, devices=(("bed-1", Span(None, None)), ("bed-0", Span(None, Diary.at(1, "12:00"))))))
    diary.bed(0, "22:30", occupied=True, device="bed-0")
    diary.bed(1, "12:10", occupied=False)
    diary.bed(1, "13:00", occupied=True)
    diary.bed(1, "23:00", occupied=False)
    assert diary.memory.holds


def test_of_two_words_of_one_instant_the_later_counts() -> None:
    diary = lived(days=5)
    diary.bed(5, "22:30", occupied=True)
    diary.bed(6, "02:14", occupied=False)
    diary.bed(6, "02:14", occupied=True)
    diary.pass_until(diary.at(6, "09:00"))
    assert diary.found == []


def test_a_night_that_comes_in_one_go_in_the_morning_raises_nothing() -> None:
    diary = lived(days=20)
    diary.bed(20, "22:30", occupied=True)
    for at, occupied in (("01:10", False), ("01:15", True), ("04:10", False), ("04:16", True)):
        diary.read(diary.at(21, at), "bed-1", "bed", Bed(occupied), received_at=diary.at(21, "07:00"))
    diary.pass_until(diary.at(21, "07:20"))
    assert diary.found == []


def test_an_absence_that_is_heard_of_late_is_found_a_minute_later() -> None:
    diary = lived(days=20)
    diary.bed(20, "22:30", occupied=True)
    diary.read(diary.at(21, "01:10"), "bed-1", "bed", Bed(False), received_at=diary.at(21, "05:00"))
    diary.pass_until(diary.at(21, "06:00"))
    [(at, find)] = diary.found
    assert at == diary.at(21, "05:01")
    assert find.late_s == int((diary.at(21, "05:00") - diary.at(21, "01:10")).total_seconds())
