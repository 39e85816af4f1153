"""By which hour somebody always lies in bed: which nights teach it, and when nobody is missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.usual.bounds import FOUND_WEIGHT
from alarmcore.usual.drift import night_of
from alarmcore.usual.evening import (
    BEDTIME,
    DOOR_S,
    FORGET,
    MOVED_S,
    MOVED_STEP_S,
    REST_S,
    Evening,
    about,
    is_evening,
    lain,
    late_at,
    missed_at,
    risen,
    usual_s,
)

DAY: Final = datetime(2026, 1, 14, tzinfo=UTC)
NIGHT: Final = night_of(DAY + timedelta(hours=22), 22.0)
LATE: Final = DAY + timedelta(hours=24.5)


def at(hour: float) -> datetime:
    """So many hours after midnight; the clock on the wall is that of UTC."""
    return DAY + timedelta(hours=hour)


def slept(hour: float, hours: float = 8.0, evening: Evening | None = None, *, found: bool = False) -> Evening:
    """Somebody who lay down at that hour, for so long."""
    lying = lain(evening or Evening(), at(hour), turned=False, found=found)
    return risen(lying, at(hour + hours), hour % 24.0)


def known(*hours: float) -> Evening:
    """A night each."""
    evening = Evening()
    for hour in hours:
        evening = replace(slept(hour, evening=replace(evening, night=0)), night=0)
    return evening


@pytest.mark.parametrize(("hour", "bedtime"), [(18.0, -6.0), (22.5, -1.5), (23.99, -0.01), (24.5, 0.5), (29.99, 5.99)])
def test_a_rest_that_begins_in_the_evening_or_the_night_is_going_to_bed(hour: float, bedtime: float) -> None:
    evening = slept(hour)
    assert evening.n == 1.0
    assert evening.x == pytest.approx(bedtime)
    assert evening.xx == pytest.approx(bedtime**2)
    assert evening.night == NIGHT


@pytest.mark.parametrize("hour", [6.0, 12.0, 17.99])
def test_a_nap_by_day_is_not(hour: float) -> None:
    assert slept(hour).n == 0.0
    assert not is_evening(hour)


def test_who_only_sits_on_the_bed_has_not_gone_to_bed() -> None:
    assert slept(22.0, (REST_S - 1) / 3600.0).n == 0.0
    assert slept(22.0, REST_S / 3600.0).n == 1.0


def test_only_the_first_rest_of_a_night_counts() -> None:
    first = slept(22.0, 2.0)
    assert slept(25.0, 3.0, first).n == 1.0
    assert slept(46.0, 3.0, first).n == pytest.approx(1.0 + FORGET)


def test_a_sleeper_who_turns_still_rests() -> None:
    evening = lain(Evening(), at(22.0), turned=False, found=False)
    assert lain(evening, at(22.5), turned=True, found=False) is evening
    assert lain(evening, at(22.5), turned=False, found=False).rest_at == at(22.5)
    assert lain(Evening(), at(22.0), turned=True, found=False).rest_at == at(22.0)


def test_a_night_in_which_somebody_was_missed_teaches_a_third() -> None:
    evening = slept(27.0, found=True)
    assert evening.n == FOUND_WEIGHT
    assert evening.x == pytest.approx(3.0 * FOUND_WEIGHT)
    assert evening.xx == pytest.approx(9.0 * FOUND_WEIGHT)
    assert not evening.found


def test_of_somebody_unknown_it_is_eleven_and_of_somebody_known_their_own_hour() -> None:
    assert Evening().hour(0.5) == pytest.approx(BEDTIME.mean)
    evening = known(*[21.0, 21.25] * 15)
    assert evening.hour(0.5) == pytest.approx(-2.8, abs=0.2)
    assert 20.9 * 3600 < usual_s(evening) < 22.5 * 3600
    assert usual_s(evening) % 60 == 0
    assert usual_s(known(*[25.0] * 20)) < 3 * 3600


def test_the_hour_by_which_somebody_always_lies_in_bed_is_that_of_the_clock_on_the_wall() -> None:
    evening = known(*[22.0, 22.5] * 15)
    moment = late_at(evening, NIGHT, 100.0)
    assert moment is not None
    assert moment.tzinfo is None
    assert datetime(2026, 1, 14, 23, 15) < moment < datetime(2026, 1, 15, 0, 45)  # noqa: DTZ001 - a clock on a wall
    assert (moment.second, moment.microsecond) == (0, 0)
    rarer = late_at(evening, NIGHT, 1000.0)
    assert rarer is not None
    assert rarer > moment


def test_of_whoever_goes_to_bed_at_any_hour_it_is_not_said() -> None:
    assert late_at(known(*[19.0, 28.0] * 15), NIGHT, 100.0) is None


def test_nobody_is_missed_of_whom_less_than_three_nights_are_known() -> None:
    assert [known(*[22.0] * nights).is_known() for nights in (0, 2, 3, 30)] == [False, False, True, True]


def test_who_is_about_is_awaited_and_a_night_without_bed_is_counted() -> None:
    evening = about(known(*[22.0] * 20), NIGHT, at(19.0), LATE, door=False, found=False)
    assert (evening.awaited, evening.skipped, evening.moved_at) == (NIGHT, 0.0, None)
    assert about(evening, NIGHT, at(19.5), LATE, door=False, found=False) is evening
    for found, weight in ((False, 1.0), (True, FOUND_WEIGHT)):
        after = about(evening, NIGHT + 1, at(43.0), LATE, door=False, found=found)
        assert (after.awaited, after.skipped) == (NIGHT + 1, weight)
    out = about(evening, NIGHT, at(19.5), LATE, door=True, found=False)
    assert about(out, NIGHT + 1, at(43.0), LATE, door=False, found=False).skipped == 0.0
    assert lain(evening, at(22.0), turned=False, found=False).awaited == 0


def test_who_has_slept_elsewhere_often_is_not_missed() -> None:
    evening = known(*[22.0] * 30)
    assert replace(evening, skipped=1.0).is_known()
    assert not replace(evening, skipped=2.0).is_known()
    again = evening
    for _ in range(28):
        again = replace(slept(22.0, evening=replace(again, night=0, skipped=again.skipped or 2.0)), night=0)
    assert again.is_known(), "four weeks later they count half"


def test_a_door_may_lead_out_until_something_moves_long_after() -> None:
    evening = about(Evening(), NIGHT, at(19.0), LATE, door=True, found=False)
    assert evening.door_at == at(19.0)
    soon = at(19.0) + timedelta(seconds=DOOR_S - 1)
    assert about(evening, NIGHT, soon, LATE, door=False, found=False).door_at == at(19.0)
    later = at(19.0) + timedelta(seconds=DOOR_S)
    assert about(evening, NIGHT, later, LATE, door=False, found=False).door_at is None
    assert about(evening, NIGHT, later, LATE, door=True, found=False).door_at == later


def test_who_moved_lately_is_missed_only_once_they_have_not_moved_for_long() -> None:
    evening = about(Evening(), NIGHT, at(19.0), LATE, door=False, found=False)
    assert missed_at(evening, LATE) == LATE
    moved_at = LATE - timedelta(seconds=MOVED_S)
    assert about(evening, NIGHT, moved_at, LATE, door=False, found=False).moved_at is None
    moved_at += timedelta(seconds=1)
    moving = about(evening, NIGHT, moved_at, LATE, door=False, found=False)
    assert missed_at(moving, LATE) == LATE + timedelta(seconds=1)
    assert about(moving, NIGHT, moved_at + timedelta(seconds=MOVED_STEP_S - 1), LATE, door=False, found=False) is moving
    after = moved_at + timedelta(seconds=MOVED_STEP_S)
    assert about(moving, NIGHT, after, LATE, door=False, found=False).moved_at == after
    assert about(moving, NIGHT + 1, at(43.0), at(48.5), door=False, found=False).moved_at is None
    assert about(moving, NIGHT + 1, at(43.0), at(48.5), door=True, found=False).moved_at is None
    assert lain(moving, at(23.5), turned=False, found=False).moved_at is None
