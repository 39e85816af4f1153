"""Rule `out_of_bed` with `usual`, and mats that say what is not so: of a cat on the bed, or of a sleeper who turns."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from alarmcore.calendar import Window
from alarmcore.model.reading import Bed, Motion
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed
from alarmcore.usual.bounds import Usual
from alarmcore.usual.endings import NIGHT
from tests.diary import Diary, night

RULE = OutOfBed(id="up", usual=Usual(600.0, 5400.0))


def lived(days: int = 30) -> Diary:
    """Somebody who has been up for four minutes twice a night for some weeks."""
    diary = Diary(RULE)
    for day in range(days):
        night(diary, day, ("01:20", 4.0), ("04:10", 4.0))
    assert diary.found == []
    return diary


def blip(diary: Diary, day: int, clock: str, seconds: float) -> None:
    """The mat says for so long that somebody lies in the bed."""
    at = diary.at(day, clock)
    diary.read(at, "bed-1", "bed", Bed(True))
    diary.read(at + timedelta(seconds=seconds), "bed-1", "bed", Bed(False))


def leaves(diary: Diary) -> float:
    """How many leaves of nights are known."""
    return (diary.memory.past or bed.Past()).habit.all_day(NIGHT, diary.now).n


def test_a_mat_that_says_occupied_for_seconds_hides_nobody_who_lies_on_the_floor() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    for minute in range(14, 60, 4):
        blip(diary, 31, f"02:{minute}", 2.0)
    assert {find.happened_at for _, find in diary.found} == {diary.at(31, "02:10")}
    assert diary.found[0][0] < diary.at(31, "02:30")
    assert diary.memory.holds


def test_a_blip_teaches_nothing_and_the_leave_that_goes_on_is_learned_whole() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    before = leaves(diary)
    diary.bed(31, "02:10", occupied=False)
    blip(diary, 31, "02:13", 59.0)
    assert leaves(diary) == pytest.approx(before, rel=0.005)
    diary.bed(31, "02:18", occupied=True)
    diary.motion(31, "02:19", "cellar")
    past = diary.memory.past or bed.Past()
    assert leaves(diary) == pytest.approx(before + 1.0, rel=0.005)
    assert past.drift.seconds == pytest.approx(480, abs=1), "from when she rose"
    assert past.leave is None


def test_who_has_lain_in_bed_for_a_minute_has_come_back() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    before = leaves(diary)
    blip(diary, 31, "02:15", 60.0)
    assert leaves(diary) == pytest.approx(before + 1.0, rel=1e-3)
    diary.pass_until(diary.at(31, "05:00"))
    assert [find.happened_at for _, find in diary.found] == [diary.at(31, "02:16")]


def test_a_sign_from_elsewhere_stays_known_over_a_blip() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.motion(31, "02:11", "bathroom")
    blip(diary, 31, "02:14", 5.0)
    past = diary.memory.past or bed.Past()
    assert past.seen == ("bathroom",)
    assert past.sign_at == diary.at(31, "02:11")


def test_an_alarm_that_was_resolved_is_not_raised_again_sooner_for_a_blip() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.pass_until(diary.at(31, "02:30"))
    assert len(diary.found) == 1
    diary.resolve()
    blip(diary, 31, "02:40", 2.0)
    blip(diary, 31, "03:10", 2.0)
    assert len(diary.found) == 1
    diary.pass_until(diary.at(31, "03:40"))
    assert [find.again for _, find in diary.found] == [0, 1]


def test_an_alarm_that_is_open_stays_one_over_a_blip_and_says_so() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.pass_until(diary.at(31, "02:50"))
    blip(diary, 31, "02:50", 2.0)
    assert [find.why for _, find in diary.found] == ["out_of_bed_too_long"] * 2
    assert len(diary.ended) == 1
    assert diary.found[1][0] == diary.at(31, "02:50") + timedelta(seconds=2), "found again at once"


def test_a_leave_of_hours_that_nobody_found_is_over_with_any_word_of_the_mat() -> None:
    diary = lived()
    diary.rule = OutOfBed(id="up", usual=RULE.usual, active=(Window(time(21), time(9)),))
    diary.bed(31, "13:00", occupied=True)
    diary.bed(31, "14:00", occupied=False)
    blip(diary, 31, "22:00", 30.0)
    assert diary.memory.since_at == diary.at(31, "22:00") + timedelta(seconds=30)


def test_who_sits_down_on_the_bed_in_the_evening_is_not_found_again_for_what_was_in_the_morning() -> None:
    diary = Diary(RULE)
    for day in range(30):
        night(diary, day, ("01:20", 4.0))
        for minute in range(40, 240, 20):
            diary.motion(day + 1, f"{7 + minute // 60:02}:{minute % 60:02}", "kitchen")
    diary.found.clear()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "07:30", occupied=False)
    for minute in (31, 35, 38):
        for room in ("bathroom", "kitchen", "living"):
            diary.motion(31, f"07:{minute}", room)
    diary.pass_until(diary.at(31, "11:00"))
    assert len(diary.found) == 1
    diary.resolve()
    for clock in ("11:20", "13:00", "21:00"):
        diary.motion(31, clock, "kitchen")
    blip(diary, 31, "22:00", 30.0)
    assert len(diary.found) == 1


def test_a_mat_that_chatters_is_believed_when_somebody_lies_in_it_however_shortly() -> None:
    diary = lived(days=12)
    diary.bed(12, "22:30", occupied=True)
    for minute in range(0, 48, 2):
        diary.bed(12, f"23:{minute:02}", occupied=False)
        diary.bed(12, f"23:{minute + 1:02}", occupied=True)
    diary.bed(13, "00:30", occupied=False)
    blip(diary, 13, "00:40", 2.0)
    assert diary.memory.since_at == diary.at(13, "00:40") + timedelta(seconds=2)


def restless(diary: Diary, day: int, seconds: float) -> None:
    """Sixteen times within half an hour the mat lets go of somebody who turns."""
    diary.bed(day, "22:30", occupied=True)
    for turn in range(16):
        at = diary.at(day, "23:00") + timedelta(minutes=2 * turn)
        diary.read(at, "bed-1", "bed", Bed(False))
        diary.read(at + timedelta(seconds=seconds), "bed-1", "bed", Bed(True))
    night(diary, day, ("01:20", 4.0), ("04:10", 4.0))


@pytest.mark.parametrize("left", ["02:10", "04:00"])
def test_who_falls_beside_the_bed_the_night_after_half_an_hour_of_turning_is_found_as_soon_as_ever(left: str) -> None:
    diary = lived()
    restless(diary, 30, 5.0)
    diary.bed(31, "22:30", occupied=True)
    left_at = diary.at(32, left)
    diary.read(left_at, "bed-1", "bed", Bed(False))
    assert (diary.memory.past or bed.Past()).chatters(left_at)
    assert not (diary.memory.past or bed.Past()).is_confirmed(left_at)
    diary.pass_until(left_at + timedelta(hours=4))
    [(at, _)] = diary.found
    assert at - left_at < timedelta(minutes=25)


def test_of_a_mat_that_lets_go_for_an_hour_more_is_believed() -> None:
    diary = lived()
    restless(diary, 30, 5.0)
    diary.bed(31, "22:30", occupied=True)
    diary.bed(31, "23:00", occupied=False)
    diary.pass_until(diary.at(31, "23:08"))
    diary.bed(31, "23:08", occupied=True)
    diary.bed(32, "02:10", occupied=False)
    past = diary.memory.past or bed.Past()
    assert past.drops.longest_s == pytest.approx(480.0, rel=0.01)
    diary.pass_until(diary.at(32, "02:33"))
    assert diary.found == []
    diary.pass_until(diary.at(32, "05:11"))
    assert len(diary.found) == 1


def test_a_release_that_other_sensors_confirm_is_no_drop_out() -> None:
    diary = lived(days=3)
    known = (diary.memory.past or bed.Past()).drops.n
    diary.bed(3, "22:30", occupied=True)
    diary.bed(4, "02:10", occupied=False)
    diary.read(diary.at(4, "02:11"), "pir-hall", "motion", Motion("hall"))
    diary.bed(4, "02:15", occupied=True)
    diary.bed(4, "07:30", occupied=False)
    assert (diary.memory.past or bed.Past()).drops.n == known


def test_a_leave_that_was_found_goes_on_after_hours_too() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.pass_until(diary.at(31, "05:30"))
    blip(diary, 31, "05:30", 2.0)
    assert diary.memory.since_at == diary.at(31, "02:10")
    assert len(diary.found) == 2
