"""The learned curve: what is usual by hour, the limit that would hold, what it rests on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from alarmcore.rules.inactivity import Inactivity
from alarmcore.rules.out_of_bed import OutOfBed
from alarmcore.usual import bed, quiet
from alarmcore.usual.absence import Absence
from alarmcore.usual.bounds import Usual
from alarmcore.usual.curve import FIRST_H, Curve, Point, State, bed_curve, hours, quiet_curve
from alarmcore.usual.endings import DAY, NIGHT, STILL
from alarmcore.usual.habit import Habit
from alarmcore.usual.rest import Rest
from alarmcore.usual.spread import LOG, ROOT, within
from tests.diary import Diary, night

USUAL = Usual(300.0, 7200.0)
SILENCE = Usual(1800.0, 14_400.0)


def nights(days: int, *leaves: tuple[str, float]) -> Diary:
    diary = Diary(OutOfBed(id="up", usual=USUAL))
    for day in range(days):
        night(diary, day, *leaves)
    return diary


def curve_of(diary: Diary) -> Curve:
    return bed_curve(diary.memory.past or bed.Past(), USUAL, diary.now)


def test_a_curve_goes_from_evening_to_evening() -> None:
    assert hours()[0] == FIRST_H == 18
    assert sorted(hours()) == list(range(24))
    assert [point.hour for point in bed_curve(bed.Past(), USUAL, Diary.at(0, "12:00")).points] == list(hours())


def test_of_somebody_unknown_it_says_what_is_usual_for_people_and_rests_on_nothing() -> None:
    curve = bed_curve(bed.Past(), USUAL, Diary.at(0, "12:00"))
    assert (curve.days, curve.seen) == (0, 0.0)
    assert {point.seen for point in curve.points} == {0.0}
    assert curve.busiest().hour == 2
    limits = [point.limit_s for point in curve.points if point.limit_s is not None]
    assert len(limits) == 24
    assert all(USUAL.min_s <= limit_s <= USUAL.max_s for limit_s in limits)


def test_the_limit_of_an_hour_is_the_one_that_the_rule_holds_to() -> None:
    diary = nights(30, ("02:10", 5.0))
    diary.bed(30, "22:30", occupied=True)
    past = diary.memory.past
    assert past is not None
    assert past.habit.rows, "nothing was learned"
    for point in curve_of(diary).points:
        assert point.limit_s == bed.limit_s(past, diary.now, point.hour + 0.5, USUAL)
        assert point.most_s == pytest.approx(bed.usual_s(past, point.hour + 0.5, diary.now))


def test_who_is_up_for_long_has_a_curve_that_lies_higher() -> None:
    short, long = (curve_of(nights(30, ("02:10", minutes))).busiest() for minutes in (5.0, 40.0))
    assert short.hour == long.hour == 2
    assert long.most_s > 3 * short.most_s
    assert short.half_s < short.most_s < (short.limit_s or 0.0)


def test_it_says_on_how_much_it_rests() -> None:
    curve = curve_of(nights(30, ("02:10", 5.0)))
    assert curve.days == pytest.approx(29, abs=3)  # of some nights two or three weeks ago a little is forgotten
    by_hour = {point.hour: point.seen for point in curve.points}
    assert by_hour[2] > 15
    assert by_hour[14] < 0.01


def test_by_the_hour_at_which_people_rise_unseen_no_limit_holds() -> None:
    diary = Diary(OutOfBed(id="up", usual=USUAL))
    for day in range(30):
        diary.bed(day, "22:30", occupied=True)
        diary.bed(day + 1, "07:30", occupied=False)
    points = {point.hour: point for point in curve_of(diary).points}
    assert (points[7].state, points[7].limit_s) == ("up", None)
    assert points[2].state == "watched"


def test_what_was_seen_of_the_leave_that_lasts_changes_no_curve() -> None:
    diary = nights(30, ("02:10", 5.0))
    diary.bed(30, "22:30", occupied=True)
    before = diary.memory.past
    diary.bed(31, "02:10", occupied=False)
    diary.motion(31, "02:11", "kitchen")
    after = diary.memory.past
    assert before is not None
    assert after is not None
    assert after.seen == ("kitchen",)
    assert bed_curve(after, USUAL, diary.now) == bed_curve(before, USUAL, diary.now)


def lived_silence(days: int) -> Diary:
    """Signs every quarter of an hour by day, and none at night; out for two hours each afternoon."""
    diary = Diary(Inactivity(id="still", usual=SILENCE, outside_doors=("front",)))
    for day in range(days):
        at = diary.at(day, "07:00")
        while at < diary.at(day, "22:30"):
            if not diary.at(day, "14:00") <= at < diary.at(day, "16:00"):
                diary.motion(day, f"{at.astimezone(diary.setting.tz):%H:%M}", "living")
            at += timedelta(minutes=15)
        diary_door(diary, day)
    return diary


def diary_door(diary: Diary, day: int) -> None:
    """Out at ten in the evening for a while, so that a door that leads out is known."""
    diary.goes(day, "22:35")
    diary.comes(day, "23:30")


def test_silence_by_day_and_at_night_have_limits_of_their_own() -> None:
    diary = lived_silence(20)
    curve = quiet_curve(diary.memory.quiet or quiet.Quiet(), SILENCE, diary.now)
    points = {point.hour: point for point in curve.points}
    assert points[11].state == "watched"
    assert points[11].limit_s is not None
    assert points[11].limit_s <= SILENCE.max_s
    assert (points[23].limit_s or 0) > points[11].limit_s
    assert curve.seen > 100


def test_who_lies_in_bed_or_went_out_has_another_curve() -> None:
    diary = lived_silence(20)
    past = diary.memory.quiet or quiet.Quiet()
    out = quiet_curve(past, SILENCE, diary.now, out=True)
    assert {point.state for point in out.points} == {"away"}
    assert out.seen > 5
    lying = quiet_curve(past, SILENCE, diary.now, lies=True)
    assert {point.state for point in lying.points} == {"resting"}
    assert past.limit_of == (diary.memory.quiet or quiet.Quiet()).limit_of


def point(hour: int, seen: float, state: State = "watched") -> Point:
    return Point(hour, 60.0, 120.0, 300.0, seen, state)


def test_the_busiest_hour_is_the_watched_one_of_which_most_is_known() -> None:
    known = (point(23, 1.5), point(2, 0.5), point(4, 3.0), point(7, 9.0, "perhaps_up"), point(8, 20.0, "up"))
    assert Curve(known, 9, 30.0).busiest() == known[2]
    assert Curve(known[:2], 9, 2.0).busiest() == known[0]
    assert Curve((point(23, 1.0), point(2, 0.5)), 9, 2.0).busiest().hour == 23


def test_where_no_hour_is_watched_it_is_any_and_where_little_is_known_the_deep_night_s() -> None:
    assert Curve((point(7, 2.0, "up"), point(8, 3.0, "up")), 9, 5.0).busiest().hour == 8
    assert Curve((point(23, 0.9), point(2, 0.1)), 9, 1.0).busiest().hour == 2
    assert Curve((point(23, 0.9), point(4, 0.1)), 9, 1.0).busiest().hour == 23
    assert Curve((point(23, 0.9), point(2, 0.1, "up")), 9, 1.0).busiest().hour == 23


def test_hours_at_which_people_may_be_up_are_told_from_those_at_which_they_are_watched() -> None:
    states = {one.hour: one.state for one in bed_curve(bed.Past(), USUAL, Diary.at(0, "12:00")).points}
    assert (states[2], states[7], states[12]) == ("watched", "perhaps_up", "perhaps_up")


def test_a_curve_of_mornings_counts_them_and_heeds_no_sign_of_one_leave() -> None:
    now = Diary.at(0, "12:00")
    habit = Habit()
    for _ in range(5):
        for way in (NIGHT, DAY, STILL):
            habit = habit.observed(way, 6.5, LOG.of(600.0), now)
    past = bed.Past(habit=habit)
    curve = bed_curve(past, USUAL, now)
    assert curve.seen == 10.0
    assert bed_curve(replace(past, sign_at=now + timedelta(minutes=30)), USUAL, now) == curve


def test_each_point_of_silence_says_what_holds_in_the_middle_of_its_hour() -> None:
    now = Diary.at(3, "12:00")
    habit = Habit()
    taught = (
        (10.5, quiet.PAUSE, 1200.0),
        (22.5, quiet.REST, 20_000.0),
        (22.5, quiet.WHOLE, 26_000.0),
        (14.5, quiet.AWAY, 7000.0),
    )
    for hour, way, seconds in taught:
        for _ in range(4):
            habit = habit.observed(way, hour, ROOT.of(seconds), Diary.at(0, "12:00"))
    for lies, out, ways in (
        (False, False, (quiet.PAUSE, quiet.REST)),
        (True, False, (quiet.WHOLE,)),
        (False, True, (quiet.AWAY,)),
    ):
        memory = quiet.Quiet(habit, lies, out)
        curve = quiet_curve(quiet.Quiet(habit), SILENCE, now, lies=lies, out=out)
        assert curve.seen == pytest.approx(sum(habit.all_day(way, now).n for way in ways))
        for one in curve.points:
            may = quiet.possible(memory, one.hour + 0.5, now)
            assert one.half_s == pytest.approx(within(0.5, ROOT, may.parts))
            assert one.most_s == pytest.approx(within(0.9, ROOT, may.parts))
            assert one.limit_s == quiet.limit_s(memory, one.hour + 0.5, now, SILENCE)
            assert one.seen == pytest.approx(sum(habit.about(way, one.hour + 0.5, now).n for way in may.ways))


def test_what_goes_on_now_says_nothing_of_all_silences() -> None:
    now = Diary.at(3, "12:00")
    habit = Habit()
    for way, seconds in ((quiet.REST, 20_000.0), (quiet.WHOLE, 26_000.0), (quiet.AWAY, 7000.0)):
        habit = habit.observed(way, 22.5, ROOT.of(seconds), Diary.at(0, "12:00"), 4.0)
    rest = Rest(now - timedelta(hours=5), 7.0, now, 18_000.0, 1.0)
    for lies, out in ((False, False), (True, False), (False, True)):
        memory = quiet.Quiet(habit, rest=rest, away=Absence(now - timedelta(hours=5), 7.0))
        assert quiet_curve(memory, SILENCE, now, lies=lies, out=out) == quiet_curve(
            quiet.Quiet(habit), SILENCE, now, lies=lies, out=out
        )


def test_of_somebody_bedridden_single_silences_are_counted() -> None:
    now = Diary.at(0, "12:00")
    curve = quiet_curve(quiet.Quiet(Habit().observed(quiet.REST, 22.5, 30.0, now, 9.0)), SILENCE, now, lies=True)
    assert curve.seen == 9.0
    assert {point.state for point in curve.points} == {"resting"}


def test_a_curve_begins_in_the_evening() -> None:
    assert hours() == (*range(18, 24), *range(18))
