"""Rule `inactivity`: no sign of life in the home for `limit_s`, unless the person is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarmcore.rules.base import BLANK
from alarmcore.watch import WOKE, plan_for
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
STILL = town("[{id: still, kind: inactivity, limit_s: 3600, chain: quiet}]")


def test_no_activity_is_found_and_over_at_the_next() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:30 motion-1 motion room=kitchen
        << 13:30 alarm.raised still cause=inactivity priority=high why=inactive_too_long
        << 13:30 alarm.told still unit:centre
        >> 14:00 motion-1 motion
        << 14:00 alarm.condition_ended still why=active_again
        << 15:00 alarm.repeated still
        >> 15:30 tick
        """,
    )


@pytest.mark.parametrize(
    "sign",
    ["door-1 door open=true", "bed-1 bed occupied=true", "floor-1 floor on_floor=false", "gps-1 button", "motion-1 motion"],
)
def test_each_sign_of_life_counts(sign: str) -> None:
    told(
        STILL,
        f"""
        >> 12:00 motion-1 motion
        >> 12:50 {sign}
        >> 13:45 tick
        << 13:50 alarm.raised still
        << 13:50 alarm.told still unit:centre
        >> 14:00 tick
        """,
    )


@pytest.mark.parametrize(
    "noise", ["gps-1 status battery_pct=50", "gps-1 heartbeat", "gps-1 position @home", "bed-1 bed occupied=true"]
)
def test_what_no_person_does_is_no_sign_of_life(noise: str) -> None:
    told(
        STILL,
        f"""
        >> 12:00 bed-1 bed occupied=true
        >> 12:50 {noise}
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 14:00 tick
        """,
    )


def test_nothing_known_of_the_home_is_not_stillness() -> None:
    told(STILL, ">> 12:00 gps-1 position @home\n>> 20:00 tick")


def test_somebody_away_is_not_inactive_and_counting_begins_when_they_are_home() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @away
        >> 15:00 gps-1 button
        >> 16:00 gps-1 position @home
        >> 16:10 gps-1 position @home
        << 17:10 alarm.raised still
        << 17:10 alarm.told still unit:centre
        >> 18:00 tick
        """,
    )


def test_motion_at_home_means_that_somebody_is_there() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @away
        >> 13:00 motion-1 motion
        << 14:00 alarm.raised still
        << 14:00 alarm.told still unit:centre
        >> 14:30 tick
        """,
    )


def test_going_away_ends_it() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:10 gps-1 position @away
        >> 13:11 gps-1 position @away
        << 13:11 alarm.condition_ended still
        """,
    )


def test_a_stay_is_away_and_counting_begins_at_its_end() -> None:
    told(
        town(
            "[{id: still, kind: inactivity, limit_s: 3600, chain: quiet}]",
            "stays: [{from: 2026-01-14, until: 2026-01-15}]",
        ),
        """
        >> 12:00 motion-1 motion
        day 2026-01-15
        >> 23:30 tick
        day 2026-01-16
        << 00:00 alarm.raised still
        << 00:00 alarm.told still unit:centre
        >> 01:00 tick
        """,
    )


def test_hours_count_from_their_beginning() -> None:
    told(
        town('[{id: still, kind: inactivity, limit_s: 3600, chain: quiet, active: [{from: "08:00", to: "20:00"}]}]'),
        """
        >> 04:00 motion-1 motion
        << 08:00 alarm.raised still            # 08:00 by the wall clock is 07:00 UTC
        << 08:00 alarm.told still unit:centre
        >> 09:00 tick
        """,
    )


def test_an_old_change_of_a_switch_is_no_activity() -> None:
    told(
        STILL,
        """
        >> 12:00 bed-1 bed occupied=true
        >> 12:10 bed-1 bed occupied=false at=11:00
        >> 12:20 bed-1 bed occupied=true
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_an_empty_bed_that_says_so_again_is_no_sign_of_life() -> None:
    told(
        STILL,
        """
        >> 12:00 bed-1 bed occupied=false
        >> 12:30 bed-1 bed occupied=false
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:15 tick
        """,
    )


def test_a_position_at_home_does_not_end_the_waiting() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @home
        >> 12:11 gps-1 position @home
        >> 12:12 gps-1 position @home
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_a_rough_position_takes_nobody_away() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away accuracy_m=5000
        >> 12:11 gps-1 position @away accuracy_m=5000
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_a_position_that_is_not_consented_to_takes_nobody_away() -> None:
    told(
        town(
            "[{id: still, kind: inactivity, limit_s: 3600, chain: quiet}]",
            "consent: {given: 2020-01-01, by: kin, basis: sol, until: 2021-01-01}",
        ),
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        << 12:10 reading.rejected not_consented
        >> 12:11 gps-1 position @away
        << 12:11 reading.rejected not_consented
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_somebody_without_a_home_address_is_watched_by_their_sensors_alone() -> None:
    told(
        town("[{id: still, kind: inactivity, limit_s: 3600, chain: quiet}]", "home: null"),
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @away
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_somebody_who_goes_on_being_away_is_not_waited_for() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @away
        >> 12:50 gps-1 position @lake
        >> 12:51 gps-1 position @lake
        >> 18:00 tick
        """,
    )


def test_a_door_that_says_again_how_it_stands_is_no_sign_of_life() -> None:
    told(
        STILL,
        """
        >> 12:00 door-1 door open=true
        >> 12:30 door-1 door open=true
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:15 tick
        """,
    )


def test_the_usual_means_its_upper_bound_until_it_is_learned() -> None:
    told(
        town("[{id: still, kind: inactivity, usual: {min_s: 600, max_s: 3600}, chain: quiet}]"),
        """
        >> 12:00 motion-1 motion
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 14:00 tick
        """,
    )


def test_a_stay_at_another_time_changes_nothing() -> None:
    told(
        town(
            "[{id: still, kind: inactivity, limit_s: 3600, chain: quiet}]",
            "stays: [{from: 2026-02-14, until: 2026-02-15}]",
        ),
        """
        >> 12:00 motion-1 motion
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 14:00 tick
        """,
    )


def test_after_a_stay_the_rules_hours_count() -> None:
    hours = 'active: [{from: "08:00", to: "20:00"}]'
    told(
        town(
            f"[{{id: still, kind: inactivity, limit_s: 3600, chain: quiet, {hours}}}]",
            "stays: [{from: 2026-01-14, until: 2026-01-14}]",
        ),
        """
        >> 12:00 motion-1 motion
        day 2026-01-15
        << 08:00 alarm.raised still            # 08:00 by the wall clock is 07:00 UTC
        << 08:00 alarm.told still unit:centre
        >> 09:00 tick
        """,
    )


def test_hours_that_are_shorter_than_the_limit_are_borne_during_a_stay_too() -> None:
    hours = 'active: [{from: "08:00", to: "08:30"}]'
    told(
        town(
            f"[{{id: still, kind: inactivity, limit_s: 3600, chain: quiet, {hours}}}]",
            "stays: [{from: 2026-01-14, until: 2026-01-14}]",
        ),
        """
        >> 12:00 motion-1 motion
        >> 18:00 tick
        """,
    )


def test_an_old_sign_of_life_does_not_shorten_the_wait() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 motion-1 motion at=11:00
        << 13:00 alarm.raised still
        << 13:00 alarm.told still unit:centre
        >> 13:30 tick
        """,
    )


def test_a_visitors_motion_is_forgotten_when_the_bracelet_is_still_away() -> None:
    told(
        STILL,
        """
        >> 12:00 motion-1 motion
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @away
        >> 13:00 motion-1 motion
        >> 13:20 gps-1 position @away
        >> 13:21 gps-1 position @away
        >> 16:00 tick
        """,
    )


def test_each_door_of_a_device_is_a_sign_of_life_by_itself() -> None:
    told(
        STILL,
        """
        >> 12:00 door-1 door open=true door=front
        >> 12:30 door-1 door open=true door=back
        << 13:30 alarm.raised still
        << 13:30 alarm.told still unit:centre
        >> 14:00 tick
        """,
    )


def test_readings_that_only_push_a_timer_ahead_leave_it_where_it_is() -> None:
    """Every motion does: to move the timer each time would cost more than the one needless question."""
    rule, setting = STILL.residents[0].rules[0], plan_for(STILL, STILL.residents[0]).watched[0].setting
    memory = BLANK
    for minute in (0, 30):
        at = NOON + timedelta(minutes=minute)
        event = observed(STILL, "motion", {"device": "motion-1", "at": at.isoformat()}, at)
        assert event is not None
        memory = rule.step(memory, event, setting, at).state
    assert (memory.since_at, memory.due_at) == (NOON + timedelta(minutes=30), NOON + timedelta(hours=1))
    asked = rule.step(memory, WOKE, setting, NOON + timedelta(hours=1))
    assert asked.decisions == ()
    assert asked.state.due_at == NOON + timedelta(minutes=90)
