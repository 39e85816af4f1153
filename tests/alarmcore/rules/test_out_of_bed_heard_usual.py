"""Rule `out_of_bed` with `usual`: what each reading changes in what is remembered, and how far a mat that lies is believed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from alarmcore.calendar import Window
from alarmcore.model.reading import Bed, Motion, Reading
from alarmcore.rules.base import BLANK, Memory, Observed, Setting, Span
from alarmcore.rules.out_of_bed import OutOfBed, is_occupied
from alarmcore.rules.signs import hour_of, is_hers
from alarmcore.usual import bed
from alarmcore.usual.bounds import FOUND_WEIGHT, Usual
from alarmcore.usual.endings import DAY, NIGHT, STILL, Place
from alarmcore.usual.habit import Habit
from alarmcore.usual.spread import LOG
from tests.diary import TZ, Diary, night

RULE = OutOfBed(id="up", usual=Usual(300.0, 7200.0))

CHATTER = [("00:10", 1), ("00:40", 2), *((f"01:{minute:02}", 1) for minute in range(0, 58, 3)), ("02:20", 48), ("04:00", 75)]


def lived(days: int = 30) -> Diary:
    """Somebody who has been up for five minutes every night for some weeks."""
    diary = Diary(RULE)
    for day in range(days):
        night(diary, day, ("02:10", 5.0))
    return diary


# What is heard, and what is remembered of it.


def late(diary: Diary, at: datetime, device: str, body: Bed | Motion) -> None:
    """A reading that arrives only now."""
    kind = "bed" if isinstance(body, Bed) else "motion"
    outcome = diary.rule.step(diary.memory, Observed(Reading("t", device, kind, at, diary.now, body)), diary.setting, diary.now)
    diary.memory = outcome.state


def test_other_sensors_are_heard_where_the_usual_is_learned_and_nowhere_else() -> None:
    assert RULE.hearing() == {"bed", "motion", "door"}
    assert OutOfBed(id="up", limit_s=1800.0).hearing() == {"bed"}


def test_with_a_fixed_limit_nothing_is_learned_and_the_newest_word_of_any_mat_counts() -> None:
    diary = Diary(OutOfBed(id="up", limit_s=1800.0))
    diary.bed(0, "22:30", occupied=True)
    diary.bed(0, "22:31", occupied=True, device="bed-2")
    diary.bed(1, "02:10", occupied=False)
    assert diary.memory.holds
    assert (diary.memory.past, diary.memory.sources) == (None, ())


def test_a_finding_says_what_is_usual_only_where_it_was_learned() -> None:
    for rule, lasting in ((RULE, "up"), (OutOfBed(id="up", limit_s=1800.0), None)):
        diary = Diary(rule)
        diary.bed(0, "22:30", occupied=True)
        diary.bed(1, "02:10", occupied=False)
        diary.pass_until(diary.at(1, "06:00"))
        [(_, find)] = diary.found
        assert (find.facts.lasting if find.facts else None) == lasting


def test_signs_before_the_bed_has_ever_spoken_are_signs_of_nothing() -> None:
    diary = Diary(RULE)
    diary.motion(0, "20:00", "hall")
    diary.press(0, "20:10")
    assert diary.memory == BLANK


def test_a_press_says_nothing_of_the_bed() -> None:
    diary = lived(days=3)
    diary.bed(3, "22:30", occupied=True)
    before = diary.memory
    diary.press(3, "23:00")
    diary.bed(4, "02:10", occupied=False)
    after = diary.memory
    diary.press(4, "02:11")
    assert diary.memory is after
    assert (before.past or bed.Past()).strays == ()


def test_a_sign_from_before_the_bed_last_spoke_says_nothing_and_one_of_that_instant_does() -> None:
    diary = lived(days=3)
    diary.bed(3, "22:30", occupied=True)
    diary.bed(4, "02:10", occupied=False)
    before = diary.memory
    late(diary, diary.at(4, "02:09"), "pir-hall", Motion("hall"))
    assert diary.memory is before
    late(diary, diary.at(4, "02:10"), "pir-hall", Motion("hall"))
    assert diary.memory.past is not None
    assert diary.memory.past.seen == ("hall",)


def test_each_door_is_a_sensor_by_its_name_or_by_its_device() -> None:
    diary = lived(days=3)
    diary.bed(3, "22:30", occupied=True)
    diary.bed(4, "02:10", occupied=False)
    diary.door(4, "02:11", "kitchen", is_open=True)
    diary.door(4, "02:12", "", is_open=True)
    assert diary.memory.past is not None
    assert diary.memory.past.seen == ("kitchen/door", "doors/door")


def test_the_hour_has_its_minutes_as_a_fraction() -> None:
    assert hour_of(Diary.at(0, "10:45"), Setting(TZ)) == 10.75


def test_what_says_nothing_new_leaves_the_memory_as_it_is() -> None:
    diary = lived(days=3)
    diary.bed(3, "22:30", occupied=True)
    for clock in ("23:30", "23:40"):
        diary.motion(3, clock, "kitchen")
    diary.bed(3, "23:50", occupied=False)
    before = diary.memory
    for body, at in ((Bed(True), "23:20"), (Motion("kitchen"), "23:51")):
        reading = Reading("t", "bed-1", body.__class__.__name__.lower(), diary.at(3, at), diary.at(3, "23:52"), body)
        assert RULE.sense(before, Observed(reading), diary.setting) is before


def test_a_sign_that_makes_the_limit_shorter_sets_the_timer_anew() -> None:
    """Whoever goes to the bathroom at half past six, and not to the kitchen, is hardly up for the day."""
    diary = Diary(RULE)
    habit = Habit()
    for _ in range(5):
        for way, seconds in ((NIGHT, 300.0), (DAY, 900.0), (STILL, 900.0)):
            habit = habit.observed(way, 6.5, LOG.of(seconds), diary.now)
    places = (Place("", 5.0, 5.0), Place("kitchen", 0.0, 5.0), Place("bathroom", 5.0, 0.0))
    diary.memory = Memory(past=bed.Past(habit=habit, places=places))
    diary.bed(0, "22:30", occupied=True)
    diary.bed(1, "06:30", occupied=False)
    since_at, before = diary.memory.since_at, diary.memory.due_at
    diary.motion(1, "06:31", "bathroom")
    past, due_at = diary.memory.past, diary.memory.due_at
    assert past is not None
    assert since_at is not None
    assert before is not None
    assert due_at is not None
    assert due_at < before
    assert (due_at - since_at).total_seconds() == bed.limit_s(past, since_at, 6.5, RULE.usual or Usual(0, 0))


def test_the_newest_word_of_any_mat_is_kept_when_another_comes_late() -> None:
    diary = lived(days=3)
    diary.bed(3, "22:30", occupied=True)
    assert diary.memory.heard_at == diary.at(3, "22:30")
    diary.bed(4, "02:10", occupied=False)
    late(diary, diary.at(4, "01:00"), "bed-2", Bed(False))
    assert diary.memory.heard_at == diary.at(4, "02:10")
    late(diary, diary.at(4, "01:30"), "bed-2", Bed(True))
    assert diary.memory.holds is False
    assert diary.memory.heard_at == diary.at(4, "02:10")
    diary.bed(4, "03:00", occupied=True)
    assert diary.memory.heard_at == diary.at(4, "03:00")


def test_the_first_word_of_a_bed_is_believed_whichever_it_is() -> None:
    for occupied in (True, False):
        diary = Diary(RULE)
        diary.bed(0, "23:00", occupied=occupied)
        assert diary.memory.holds is not occupied
        assert diary.memory.since_at == diary.at(0, "23:00")
        assert (diary.memory.past or bed.Past()).flips == float(not occupied)


def test_a_late_word_of_a_mat_that_was_replaced_puts_nobody_back_to_bed() -> None:
    replaced_at = Diary.at(1, "12:00")
    diary = Diary(RULE, Setting(TZ, devices=(("bed-0", Span(None, replaced_at)), ("bed-1", Span(replaced_at, None)))))
    diary.bed(0, "22:30", occupied=True, device="bed-0")
    diary.bed(1, "22:30", occupied=True)
    assert diary.memory.holds is False
    diary.bed(2, "02:10", occupied=False)
    late(diary, diary.at(1, "11:00"), "bed-0", Bed(True))
    assert diary.memory.holds
    diary.pass_until(diary.at(2, "06:00"))
    assert len(diary.found) == 1


def test_of_a_home_whose_devices_nobody_names_each_mat_counts() -> None:
    assert is_hers("bed-1", Setting(TZ), Diary.at(0, "12:00"))
    named = Setting(TZ, devices=(("bed-1", Span(None, Diary.at(1, "12:00"))), ("bed-2", Span(None, None))))
    assert is_hers("bed-1", named, Diary.at(0, "12:00"))
    assert is_hers("bed-2", named, Diary.at(9, "12:00"))
    assert not is_hers("bed-1", named, Diary.at(1, "12:00"))
    assert not is_hers("bed-3", named, Diary.at(0, "12:00"))


def test_a_mat_is_stuck_after_twenty_hours_beside_another_that_is_empty() -> None:
    now = Diary.at(3, "12:00")
    on, off = ("bed-1=1", now - timedelta(hours=20)), ("bed-2=0", now - timedelta(hours=1))
    fresh = ("bed-1=1", now - timedelta(hours=20) + timedelta(seconds=1))
    said = ("bed-2@=0", now)
    assert is_occupied([on], now)
    assert is_occupied([on, ("bed-2=1", now - timedelta(hours=30))], now)
    assert is_occupied([on, said], now), "when a mat spoke is none"
    assert is_occupied([fresh, off], now)
    assert not is_occupied([on, off], now)
    assert is_occupied([on, off, ("bed-3=1", now)], now)
    assert not is_occupied([off], now)
    assert not is_occupied([], now)


# Alarms that are raised again, and hours.


def test_who_is_still_up_after_the_alarm_was_resolved_is_found_again_however_long_it_has_been() -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    diary.bed(31, "02:10", occupied=False)
    diary.pass_until(diary.at(31, "06:30"))
    diary.resolve()
    diary.pass_until(diary.at(31, "07:29"))
    assert len(diary.found) == 1
    diary.pass_until(diary.at(31, "07:31"))
    assert [find.again for _, find in diary.found] == [0, 1]


@pytest.mark.parametrize("resolved", [False, True])
def test_who_comes_back_after_an_alarm_teaches_a_little_also_when_it_was_resolved_before(resolved: bool) -> None:
    diary = lived()
    diary.bed(30, "22:30", occupied=True)
    before = (diary.memory.past or bed.Past()).habit
    diary.bed(31, "02:10", occupied=False)
    diary.pass_until(diary.at(31, "03:10"))
    assert len(diary.found) == 1
    if resolved:
        diary.resolve()
    diary.bed(31, "03:20", occupied=True)
    diary.motion(31, "03:22", "bedroom")
    after = (diary.memory.past or bed.Past()).habit
    assert after.all_day(NIGHT, diary.now).n - before.all_day(NIGHT, diary.now).n == pytest.approx(FOUND_WEIGHT, rel=1e-3)


@pytest.mark.parametrize(
    ("max_s", "left", "found"),
    [(1200.0, "18:20", 1), (1200.0, "18:19", 0), (7200.0, "17:30", 0), (14_400.0, "17:30", 1)],
)
def test_who_was_up_for_three_hours_or_the_longest_limit_when_it_would_be_found_is_up_for_the_day(
    max_s: float, left: str, found: int
) -> None:
    diary = Diary(OutOfBed(id="up", usual=Usual(300.0, max_s), active=(Window(time(21), time(7)),)))
    habit = Habit()
    for _ in range(20 if max_s > 1200 else 0):
        habit = habit.observed(NIGHT, 17.5, LOG.of(300.0), diary.now)
    diary.memory = Memory(past=bed.Past(habit=habit))
    diary.bed(0, "13:00", occupied=True)
    diary.bed(0, left, occupied=False)
    diary.pass_until(diary.at(1, "12:00"))
    assert len(diary.found) == found


# Doubt.


def chattered(diary: Diary, day: int) -> None:
    """A night in which the mat lets go while somebody sleeps, and at last is left in peace."""
    diary.bed(day, "22:30", occupied=True)
    for clock, minutes in CHATTER:
        left_at = diary.at(day + 1, clock)
        diary.read(left_at, "bed-1", "bed", Bed(False))
        diary.read(left_at + timedelta(minutes=minutes), "bed-1", "bed", Bed(True))


def test_doubt_has_an_end_at_night() -> None:
    diary = lived(days=7)
    chattered(diary, 7)
    diary.motion(8, "21:00", "kitchen")
    diary.bed(8, "22:00", occupied=True)
    found = len(diary.found)
    diary.bed(8, "23:00", occupied=False)
    diary.motion(8, "23:01", "hall")
    diary.pass_until(diary.at(9, "01:59"))
    assert len(diary.found) == found
    diary.pass_until(diary.at(9, "02:01"))
    assert len(diary.found) == found + 1


def test_mornings_of_a_home_with_a_mat_that_chatters_and_one_sensor_raise_nothing() -> None:
    diary = Diary(RULE)
    for day in range(21):
        chattered(diary, day)
        diary.bed(day + 1, "07:30", occupied=False)
        for hour in (8, 10, 13, 18, 20):
            diary.motion(day + 1, f"{hour:02}:10", "kitchen")
    assert [day for day in diary.days() if day > 1] == []


def test_a_finding_that_was_believed_is_not_ended_by_the_first_sign_of_another_sensor() -> None:
    diary = lived(days=7)
    chattered(diary, 7)
    diary.bed(9, "22:00", occupied=True)
    diary.bed(10, "02:00", occupied=False)
    diary.pass_until(diary.at(10, "05:00"))
    assert diary.days()[-1:] == [10]
    ended = len(diary.ended)
    diary.motion(10, "05:01", "hall")
    assert len(diary.ended) == ended
