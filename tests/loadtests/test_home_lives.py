"""Nights from noon to noon, a past that is moved to end before them, and lives that are cut off by an absence or by silence."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loadtests.evaluate.homes.home import RETURNED, Home, Leave, Sensed, Stretch
from loadtests.evaluate.homes.lives import (
    ABSENCE,
    ABSENCE_S,
    INACTIVITY,
    OUT_OF_BED,
    SILENCE,
    UNSEEN,
    WHOLE,
    away,
    generated,
    recorded,
    stops,
)
from loadtests.evaluate.homes.nights import Past, halves, nights, six
from loadtests.evaluate.homes.rows import on_the_wall

TZ = ZoneInfo("Europe/Stockholm")


def at(day: date, clock: str) -> datetime:
    return on_the_wall(datetime.fromisoformat(f"{day}T{clock}:00"), TZ)


def home(number: int, first: date = date(2026, 1, 10), **more: Any) -> Home:
    """So many nights alike: to bed at ten, up from three for five minutes, up for the day at seven, out from nine to eleven."""
    readings, leaves, sleeps, out = [], [], [], []
    for n in range(number):
        day, after = first + timedelta(days=n), first + timedelta(days=n + 1)
        bed = [(at(day, "22:00"), True), (at(after, "03:00"), False), (at(after, "03:05"), True), (at(after, "07:00"), False)]
        readings += [Sensed(when, "bed", "bed", {"occupied": occupied}) for when, occupied in bed]
        readings += [Sensed(at(after, clock), "m", "motion", {"room": "hall"}) for clock in ("03:02", "07:02", "08:50", "11:30")]
        readings += [Sensed(at(after, "09:00"), "d", "door", {"open": is_open, "door": "front"}) for is_open in (True, False)]
        leaves.append(Leave(at(after, "03:00"), at(after, "03:05"), RETURNED))
        sleeps += [Stretch(bed[0][0], bed[1][0]), Stretch(bed[2][0], bed[3][0])]
        out.append(Stretch(at(after, "09:00"), at(after, "11:00")))
    devices = (("bed", "bed"), ("d", "door"), ("m", "motion"))
    given = {"leaves": tuple(leaves), "sleeps": tuple(sleeps), "away": tuple(out), **more}
    return Home("kullen", TZ, devices, tuple(sorted(readings, key=lambda one: one.at)), **given)


def test_nights_go_from_noon_to_noon_and_those_that_are_not_whole_are_not_judged() -> None:
    one = home(4)
    found = nights(one._replace(readings=one.readings[1:-9]))  # begins at three, ends at eleven at night
    assert [str(night.day) for night in found] == ["2026-01-10", "2026-01-11", "2026-01-12", "2026-01-13"]
    assert [night.covered for night in found] == [False, True, True, False]
    assert found[1].until_s - found[1].from_s == 86_400
    assert nights(one._replace(readings=())) == []


def test_the_first_half_teaches_and_whole_nights_of_the_second_are_judged() -> None:
    taught, judged = halves(home(7))
    assert [night.day.day for night in taught] == [10, 11, 12]
    assert [night.day.day for night in judged] == [13, 14, 15, 16]
    cut = home(7)._replace(readings=home(7).readings[:-8])  # the last night has its evening only
    assert [night.day.day for night in halves(cut)[1]] == [13, 14, 15]


@pytest.mark.parametrize("first", [date(2026, 3, 24), date(2026, 10, 20)])
def test_a_past_keeps_its_hours_of_the_wall_clock_when_it_is_moved_over_a_clock_change(first: date) -> None:
    one = home(10, first)
    taught, judged = halves(one)
    border = judged[0]
    for night in judged:
        moved = Past(one, border).before(night)
        clocks = [datetime.fromtimestamp(told.at_s, UTC).astimezone(TZ).strftime("%H:%M") for told in moved]
        assert clocks[:3] == ["22:00", "03:00", "03:02"]
        assert [told.at_s for told in moved] == sorted(told.at_s for told in moved)
        assert clocks[-1] == "03:05"
        assert moved[-1].at_s < six(night, TZ) < moved[-1].at_s + 3 * 3600
    assert len(taught) == 5


def test_what_the_clock_left_out_or_showed_twice_stays_in_order() -> None:
    one = home(8, date(2026, 3, 26))
    first = one.readings[0].at
    every = tuple(Sensed(first + timedelta(minutes=10 * n), "m", "motion", {}) for n in range(8 * 144))
    one = one._replace(readings=every)
    _, judged = halves(one)
    for night in judged:
        moved = [told.at_s for told in Past(one, judged[0]).before(night)]
        assert moved == sorted(moved)
        assert moved[-1] < six(night, TZ)


def test_each_judged_night_is_lived_by_one_who_has_lived_through_the_first_half() -> None:
    one = home(6)
    taught, judged = halves(one)
    lives = [life for life in recorded(one, 1, 0) if life.spans[0].sort == WHOLE]
    assert len(lives) == len(judged) == 3
    before = [told for told in one.readings if told.at.timestamp() < taught[-1].until_s]  # up to a noon like any other
    for life, night in zip(lives, judged, strict=True):
        past = [told for told in life.readings if told.at_s < night.from_s]
        assert len(past) == len(before)
        assert [told.at_s for told in life.readings] == sorted(told.at_s for told in life.readings)
        assert life.spans[0].from_s == night.from_s
        assert life.readings[-1].at_s < life.spans[0].until_s <= night.until_s


def test_the_morning_before_a_judged_night_is_lived_as_it_was() -> None:
    one = home(6)
    _, judged = halves(one)
    night = judged[-1]
    visit = Sensed(at(night.day, "09:30"), "m", "motion", {"room": "visitor"})
    early = Sensed(at(night.day, "05:30"), "m", "motion", {"room": "not hers"})
    one = one._replace(readings=tuple(sorted((*one.readings, visit, early), key=lambda told: told.at)))
    life = next(life for life in recorded(one, 1, 0) if life.spans[0].from_s == night.from_s)
    rooms = [told.fields.get("room") for told in life.readings]
    assert "visitor" in rooms
    assert "not hers" not in rooms


def test_a_bed_that_was_left_by_six_is_empty_in_the_life_that_is_joined_there() -> None:
    one = home(6)
    _, judged = halves(one)
    day = judged[-1].day
    risen = at(day, "07:00")
    early = [told._replace(at=at(day, "05:00")) if told.at == risen and told.kind == "bed" else told for told in one.readings]
    life = next(
        life
        for life in recorded(one._replace(readings=tuple(sorted(early, key=lambda told: told.at))), 1, 0)
        if life.spans[0].from_s == judged[-1].from_s
    )
    beds = [told for told in life.readings if told.kind == "bed" and told.at_s < judged[-1].from_s]
    assert beds[-1].fields == {"occupied": False}
    assert beds[-1].at_s == six(judged[-1], TZ)
    assert beds[-2].fields == {"occupied": True}


def test_an_absence_is_a_leave_without_its_return_and_without_what_came_after() -> None:
    absences = [life for life in recorded(home(6), 1, 0) if life.spans[0].sort == ABSENCE]
    assert len(absences) == 3
    for life in absences:
        (span,) = life.spans
        assert life.readings[-1].fields == {"room": "hall"}  # seen in the hall, two minutes after leaving
        assert life.readings[-1].at_s == span.from_s + 120
        assert span.until_s == span.from_s + ABSENCE_S
        assert span.state == ""


def test_an_absence_that_no_mat_saw_is_said_to_be_unseen() -> None:
    one = home(6)
    dead = one._replace(readings=tuple(told for told in one.readings if told.kind != "bed"))
    assert {life.spans[0].state for life in recorded(dead, 1, 0) if life.spans[0].sort == ABSENCE} == {UNSEEN}


def test_silences_begin_at_seeded_moments_at_which_somebody_is_at_home() -> None:
    one = home(20)
    silences = [life for life in recorded(one, 1, 10) if life.spans[0].sort == SILENCE]
    assert len(silences) == 10
    assert {life.spans[0].state for life in silences} == {"asleep", "awake"}
    for life in silences:
        stop_s = life.spans[0].from_s
        assert life.readings[-1].at_s < stop_s
        assert not any(from_s <= stop_s < until_s for from_s, until_s in away(one))
    again, other = (stops(one, halves(one)[1], seed, 10) for seed in (1, 2))
    assert [life.spans[0].from_s for life in silences] == again != other


def test_somebody_who_is_never_at_home_has_no_silence() -> None:
    one = home(6)
    out = one._replace(away=(Stretch(one.readings[0].at - timedelta(days=1), one.readings[-1].at + timedelta(days=1)),))
    assert stops(out, halves(out)[1], 1, 5) == []


def test_who_goes_through_the_front_door_and_is_heard_no_more_is_away() -> None:
    one = home(2, away=())
    assert away(one)[0] == (at(date(2026, 1, 11), "09:00").timestamp(), at(date(2026, 1, 11), "11:30").timestamp())


def test_a_generated_life_is_judged_whole_until_its_absence_which_is_its_silence_too() -> None:
    one = home(30)
    life = generated(one, 1)
    assert life is not None
    whole, absence, silence = life.spans
    assert (whole.sort, absence.sort, silence.sort) == (WHOLE, ABSENCE, SILENCE)
    assert whole.kinds == (OUT_OF_BED, INACTIVITY)
    assert whole.from_s == one.readings[0].at.timestamp() + 14 * 86_400
    assert whole.until_s == absence.from_s == life.readings[-1].at_s - 120
    assert whole.days == pytest.approx((absence.from_s - whole.from_s) / 86_400)
    assert silence.from_s == life.readings[-1].at_s
    assert silence.until_s == silence.from_s + 86_400
    assert generated(one, 1) == life
    assert len({generated(one, seed).spans[1].from_s for seed in range(8)}) > 1  # type: ignore[union-attr]


def test_a_life_without_a_leave_to_lengthen_is_none() -> None:
    assert generated(home(30, leaves=()), 1) is None


def test_readings_of_one_life_are_never_out_of_order() -> None:
    for life in recorded(home(12, date(2026, 10, 18)), 1, 6):
        assert all(a.at_s <= b.at_s for a, b in itertools.pairwise(life.readings))
