"""How long a mat lets go of a sleeper: what of a release that nothing confirms is learned, and when it is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from alarmcore.usual.drops import DROPS, FAR, LONGER, NIGHT_S, Drops, dropped, far_s
from alarmcore.usual.habit import HALF_LIFE_S
from alarmcore.usual.spread import LOG, Part, within

FIRST: Final = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
NEXT: Final = FIRST + timedelta(seconds=NIGHT_S)


def known(*lasted_s: float) -> Drops:
    drops = Drops(since_at=FIRST)
    for seconds in lasted_s:
        drops = dropped(drops, seconds, FIRST)
    return drops


def test_nothing_is_said_of_a_mat_until_it_has_let_go_for_a_night() -> None:
    assert far_s(Drops(), NEXT) is None
    assert far_s(known(5.0, 5.0), NEXT - timedelta(seconds=1)) is None
    assert far_s(known(5.0, 5.0), NEXT) is not None


def test_of_a_mat_of_which_nothing_is_known_nearly_anything_is_believed() -> None:
    assert (far_s(known(), NEXT) or 0.0) > 3.0 * 3600.0
    assert far_s(known(), NEXT) == pytest.approx(within(FAR, LOG, (Part(1.0, DROPS),)))


def test_a_sleeper_who_turns_for_half_an_hour_does_not_make_hours_of_it() -> None:
    assert 30.0 < (far_s(known(*[5.0] * 16), NEXT) or 0.0) < 900.0
    assert (far_s(known(*[60.0] * 16), NEXT) or 0.0) > (far_s(known(*[5.0] * 16), NEXT) or 0.0)


def test_the_next_may_be_some_times_as_long_as_the_longest() -> None:
    assert far_s(known(*[5.0] * 200, 3600.0), NEXT) == pytest.approx(LONGER * 3600.0, rel=0.02)


def test_what_was_four_weeks_ago_counts_half_however_long_it_lasted() -> None:
    drops, later = known(*[20.0] * 10, 600.0), FIRST + timedelta(seconds=HALF_LIFE_S)
    assert drops.worth(later).n == pytest.approx(5.5)
    after = dropped(drops, 20.0, later)
    assert after.n == pytest.approx(6.5)
    assert after.longest_s == pytest.approx(300.0)
    assert after.since_at == FIRST
    assert dropped(after, 20.0, FIRST).at == later, "clocks that are set back make nothing worth more"


def test_less_than_a_second_is_a_second() -> None:
    assert dropped(Drops(), 0.0, FIRST).x == 0.0
