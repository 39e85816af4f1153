"""Drift over weeks: nights that become longer are noticed once it is plain, and nothing else is."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alarmcore.usual.drift import (
    EARLIER_DAYS,
    LASTS_DAYS,
    RECENT_DAYS,
    STALE_DAYS,
    Drift,
    Notice,
    Side,
    apart,
    counted,
    day_of,
    is_day,
    is_night,
    night_of,
    notice,
    rests_on,
)
from tests.diary import TZ, Diary, luck

FIRST = 20_000
"""A day, as days since 1970."""


def at(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)


def lived(*nights: tuple[int, float, int], before: Drift | None = None, seed: int = 1) -> Drift:
    """So many nights, each with so many minutes up in about so many leaves; how long varies as it does."""
    drift, rng = before or Drift(), luck(seed)
    day = drift.day + 1 if drift.day else FIRST
    for days, minutes, times in nights:
        for _ in range(days):
            drift = counted(drift, day, 0.0, 0)
            for _ in range(times):
                drift = counted(drift, day, 60.0 * minutes / times * rng.lognormvariate(0, 0.5), 1)
            day += 1
    return drift


def said(drift: Drift) -> Notice | None:
    return notice(drift, "up", at(drift.day))


def test_nights_that_are_all_alike_are_no_drift() -> None:
    assert [said(lived((365, 20.0, 2), seed=seed)) for seed in range(20)] == [None] * 20


def test_twice_as_long_is_noticed_within_two_months_and_said_in_numbers() -> None:
    drift = lived((90, 15.0, 1))
    assert said(drift) is None
    found = said(lived((40, 35.0, 2), before=drift))
    assert found is not None
    assert (found.way, found.months) == ("up", 2)
    assert 1.5 < found.ratio < 3.0
    assert found.recent_s == pytest.approx(35 * 60, rel=0.35)
    assert found.earlier_s < found.recent_s
    assert found.recent_times > 1.8 > found.earlier_times


def test_who_is_up_less_is_no_news() -> None:
    assert said(lived((90, 35.0, 2), (60, 12.0, 1))) is None


def test_one_bad_night_is_no_drift_and_a_bad_week_is_over_before_anybody_is_told() -> None:
    usual = lived((90, 20.0, 2))
    for bad in (1, 5, 7):
        drift = lived((bad, 60.0, 3), before=usual)
        for _ in range(40):
            drift = lived((1, 20.0, 2), before=drift)
            assert said(drift) is None


def test_a_drift_must_be_plain_for_weeks_before_it_is_told() -> None:
    drift = lived((90, 15.0, 1))
    while not drift.since:
        drift = lived((1, 40.0, 2), before=drift)
    began = drift.day
    assert said(drift) is None
    while said(drift) is None:
        drift = lived((1, 40.0, 2), before=drift)
    assert drift.day - began == LASTS_DAYS
    found = said(drift)
    assert found is not None
    assert found.since == began


def test_what_was_told_stays_until_half_of_it_is_left_so_that_somebody_sees_it() -> None:
    """Not plain enough to be told for the first time, and plain enough not to be taken back at once."""
    told = lived((90, 15.0, 1), (30, 45.0, 2))
    assert said(told) is not None
    after, shown, days = told, said(told), 0
    while shown is not None:
        recent, earlier = after.sides()
        least = recent.seconds / recent.nights / (earlier.seconds / earlier.nights)
        after = lived((1, 20.0, 1), before=after, seed=days)
        shown, days = said(after), days + 1
    assert 1.1 < least < 1.3
    assert days > 7
    for _ in range(30):
        after = lived((1, 20.0, 1), before=after, seed=7)
        assert said(after) is None, "what is gone comes back only if all of it does"


def test_what_has_become_usual_is_no_news_after_some_months() -> None:
    drift = lived((90, 15.0, 1), (60, 35.0, 2))
    assert said(drift) is not None
    assert said(lived((240, 35.0, 2), before=drift)) is None


def test_of_the_first_weeks_nothing_is_said() -> None:
    drift = lived((20, 5.0, 1))
    for _ in range(30):
        drift = lived((1, 60.0, 3), before=drift)
        assert said(drift) is None


def test_who_sleeps_through_most_nights_and_is_up_for_long_now_and_then_has_not_changed_by_chance() -> None:
    drift = Drift()
    for day, long in enumerate((1, 0, 0, 0, 0, 0, 0, 0) * 16 + (0, 0, 1, 0, 0, 0, 1) * 5):
        drift = counted(drift, FIRST + day, 5400.0 * long, long)
        assert said(drift) is None
    recent, earlier = drift.sides()
    assert recent.seconds / recent.nights > 1.3 * earlier.seconds / earlier.nights, "it would be a drift, were it plain"


def test_three_quarters_of_an_hour_more_are_told_however_long_it_was_before() -> None:
    """Six hours without a movement become seven: no third more, and much all the same."""
    days = lived((120, 360.0, 12))
    assert said(lived((40, 380.0, 12), before=days)) is None
    found = said(lived((40, 440.0, 12), before=days))
    assert found is not None
    assert 1.1 < found.ratio < 1.3


def test_a_few_minutes_are_no_drift_however_many_times_as_long() -> None:
    assert said(lived((90, 1.0, 1), (60, 4.0, 1))) is None


def test_a_week_of_which_nothing_was_learned_counts_for_nothing() -> None:
    before = lived((90, 20.0, 2))
    later = counted(before, before.day + 8, 0.0, 0)
    day_after = counted(before, before.day + 1, 0.0, 0)
    assert later.sums == day_after.sums
    assert later.day == before.day + 8


def test_what_is_recent_and_what_was_earlier_weigh_what_they_are_said_to() -> None:
    recent, earlier = lived((2000, 20.0, 2)).sides()
    assert recent.nights == pytest.approx(RECENT_DAYS, rel=0.05)
    assert earlier.nights == pytest.approx(EARLIER_DAYS, rel=0.05)
    assert recent.times / recent.nights == pytest.approx(2.0)


def test_a_late_report_joins_the_night_that_is_being_counted() -> None:
    drift = counted(lived((3, 10.0, 1)), FIRST + 1, 300.0, 1)
    assert (drift.day, drift.times) == (FIRST + 2, 2)


def test_of_somebody_who_was_not_seen_for_a_month_nothing_is_said() -> None:
    drift = lived((90, 15.0, 1), (60, 35.0, 2))
    assert notice(drift, "up", at(drift.day + STALE_DAYS)) is not None
    assert notice(drift, "up", at(drift.day + STALE_DAYS) + timedelta(hours=1)) is None


def test_what_is_remembered_is_small_however_long_the_life() -> None:
    short, long = (len(msgspec.msgpack.encode(lived((days, 20.0, 2)))) for days in (10, 1000))
    assert short <= long <= 90


@pytest.mark.parametrize("day", [0, 75, 286], ids=["winter", "clocks put forward", "clocks put back"])
def test_a_night_belongs_to_the_day_on_which_it_began(day: int) -> None:
    def night(days: int, clock: str) -> int:
        moment = Diary.at(days, clock)
        local = moment.astimezone(TZ)
        return night_of(moment, local.hour + local.minute / 60)

    assert night(day, "23:10") == night(day, "12:30") == night(day + 1, "02:10") == night(day + 1, "11:40")
    assert night(day + 1, "12:20") == night(day, "23:10") + 1
    evening = Diary.at(day, "07:00")
    assert night_of(evening, 7.0, 15.5 * 3600) == night(day, "22:30")
    assert day_of(evening, 7.0) == night(day, "22:30")


def test_hours_count_for_the_night_or_the_day_or_for_neither() -> None:
    hours = [(hour, is_night(hour), is_day(hour)) for hour in (6.9, 7.0, 7.9, 8.0, 19.9, 20.0, 20.9, 21.0, 0.0)]
    assert [hour for hour, night, _ in hours if night] == [6.9, 21.0, 0.0]
    assert [hour for hour, _, day in hours if day] == [8.0, 19.9]


def test_nothing_in_it_is_ever_other_than_a_number() -> None:
    drift = lived((3, 0.0, 0), (200, 1440.0, 1), (30, 0.0, 0))
    assert all(math.isfinite(value) for side in drift.stages() for value in side)
    assert said(drift) is None


def test_how_far_apart_is_told_in_standard_errors_that_know_how_much_one_person_varies() -> None:
    recent, earlier = Side(10.0, 0.0, 0.0, 30.0, 90.0 + 40.0), Side(20.0, 0.0, 0.0, 40.0, 80.0 + 60.0)
    errors = (40.0 + 45.0) / 15.0 / 10.0 + (60.0 + 45.0) / 25.0 / 20.0
    assert apart(recent, earlier) == pytest.approx(1.0 / math.sqrt(errors))
    alike = Side(10.0, 0.0, 0.0, 30.0, 90.0)
    assert apart(alike, earlier) == pytest.approx(1.0 / math.sqrt(45.0 / 15.0 / 10.0 + 105.0 / 25.0 / 20.0))


def test_days_are_told_apart_also_when_the_system_is_old() -> None:
    evening = datetime(2106, 3, 1, 22, 45, tzinfo=UTC)
    days = (evening - datetime(1970, 1, 1, tzinfo=UTC)).days
    assert day_of(evening, 22.75) == night_of(evening, 22.75) == days
    assert night_of(evening, 22.75, 13.24 * 3600.0) == days
    assert night_of(evening, 22.75, 13.26 * 3600.0) == days + 1


def test_what_one_night_adds_up_to_is_remembered_in_minutes_and_as_their_root() -> None:
    """Else short nights and long ones would differ by something else than the root of their length."""
    drift = counted(Drift(), FIRST, 400.0, 1)
    recent, _ = counted(drift, FIRST + 1, 0.0, 0).sides()
    assert recent == pytest.approx(Side(1.0, 1.0, 400.0, math.sqrt(400 / 60), 400 / 60))


def test_a_notice_says_how_far_back_it_looks_and_how_often_she_is_up() -> None:
    early, late = lived((60, 15.0, 1), (40, 45.0, 2)), lived((160, 15.0, 1), (40, 45.0, 2))
    for drift, months in ((early, 1), (late, 2)):
        found = said(drift)
        assert found is not None
        assert found.months == months
        assert found.recent_times == pytest.approx(1.9, abs=0.15)


def test_nothing_that_is_told_later_than_it_was_moves_the_day() -> None:
    """A leave's night is that of its beginning however long it lasted, unless somebody lies down on the next evening."""
    left_at = datetime(2026, 6, 1, 9, 59, 59, tzinfo=UTC)
    noon = 11.0 + 3599 / 3600
    assert night_of(left_at, noon) == night_of(left_at, noon, 0.0) == night_of(left_at, noon, 1.5) - 1
    morning = datetime(2026, 6, 1, 5, 0, 0, tzinfo=UTC)
    assert night_of(morning, 7.0, 5.0 * 3600.0 + 1.0) == night_of(morning, 7.0) + 1


def test_a_word_without_a_leave_of_the_night_that_is_being_counted_changes_nothing() -> None:
    drift = lived((3, 10.0, 1))
    assert counted(drift, drift.day, 120.0, 0) is drift


def test_it_is_said_of_how_many_nights_something_is_known_however_long_ago_the_first_was() -> None:
    assert rests_on(Drift()) == 0
    drift = Drift()
    for day in (20_000, 20_001, 20_060):
        drift = counted(drift, day, 300.0, 1)
    assert rests_on(drift) == 3
    for day in range(20_061, 20_461):
        drift = counted(drift, day, 300.0, 1)
    assert 65 < rests_on(drift) < 80
