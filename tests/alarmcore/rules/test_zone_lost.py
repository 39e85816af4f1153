"""`lost_s` of `zone_exit`: no position comes any more, and the last one did not leave the person at home."""

from __future__ import annotations

from tests.stories import told, town

LOST = town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet, lost_s: 1800}]")


def test_whoever_was_outside_and_is_heard_of_no_more_is_a_repeat_of_the_alarm() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander why=outside_all_zones
        << 12:01 alarm.told wander unit:centre
        << 12:31 alarm.repeated wander why=position_lost
        >> 14:00 tick
        >> 14:01 gps-1 position @away
        << 14:31 alarm.repeated wander why=position_lost
        >> 15:00 gps-1 position @home
        >> 15:01 gps-1 position @home
        << 15:01 alarm.condition_ended wander why=inside_a_zone
        >> 23:00 tick
        """,
    )


def test_whoever_was_never_placed_for_certain_is_found_lost_and_one_fix_inside_ends_it() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away
        << 12:30 alarm.raised wander cause=zone_exit priority=high why=position_lost
        << 12:30 alarm.told wander unit:centre
        >> 13:00 gps-1 position @home
        << 13:00 alarm.condition_ended wander why=inside_a_zone
        >> 13:01 gps-1 position @home
        >> 13:02 gps-1 position @home
        >> 20:00 tick
        """,
    )


def test_a_fix_outside_after_a_silence_is_no_end_of_it() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away
        << 12:30 alarm.raised wander why=position_lost
        << 12:30 alarm.told wander unit:centre
        >> 13:00 gps-1 position @away
        << 13:00 alarm.repeated wander why=outside_all_zones
        >> 13:01 gps-1 position @home
        >> 13:02 gps-1 position @home
        << 13:02 alarm.condition_ended wander why=inside_a_zone
        """,
    )


def test_whoever_was_at_home_is_not_missed_however_long_the_device_sleeps() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 23:00 tick
        """,
    )


def test_whoever_may_have_left_when_last_seen_is_missed() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @away
        << 12:32 alarm.raised wander why=position_lost
        << 12:32 alarm.told wander unit:centre
        >> 13:00 gps-1 position @home
        << 13:00 alarm.condition_ended wander why=inside_a_zone
        >> 13:01 gps-1 position @home
        >> 20:00 tick
        """,
    )


def test_a_person_of_whom_no_position_ever_came_is_not_lost() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 status worn=true
        >> 23:00 tick
        """,
    )


def test_each_new_fix_counts_from_its_measurement_and_older_or_doubled_ones_are_none() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away at=11:50
        >> 12:20 gps-1 position @edge at=11:55
        >> 12:22 gps-1 position @away at=11:40
        >> 12:23 gps-1 position @edge at=11:55
        << 12:25 alarm.raised wander why=position_lost
        << 12:25 alarm.told wander unit:centre
        >> 13:00 tick
        """,
    )


def test_positions_that_say_nothing_of_where_somebody_is_keep_nobody_from_being_missed() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @away
        >> 12:10 gps-1 position @home accuracy_m=3000
        >> 12:20 gps-1 position @home accuracy_m=3100
        >> 12:30 gps-1 position @home accuracy_m=3200
        << 12:32 alarm.raised wander why=position_lost
        << 12:32 alarm.told wander unit:centre
        >> 12:40 gps-1 position @home accuracy_m=3000
        >> 15:00 tick
        """,
    )


def test_a_backlog_that_ends_at_home_raises_nothing() -> None:
    told(
        LOST,
        """
        >> 14:00 gps-1 position @edge at=11:00
        >> 14:00 gps-1 position @home at=11:05
        >> 14:00 gps-1 position @home at=11:10
        >> 20:00 tick
        """,
    )


def test_a_lost_person_is_raised_again_until_a_fix_comes() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @edge
        << 12:30 alarm.raised wander why=position_lost
        << 12:30 alarm.told wander unit:centre
        >> 12:40 unit:centre resolve
        << 12:40 alarm.resolved wander unit:centre
        << 13:40 alarm.raised wander why=position_lost+again
        << 13:40 alarm.told wander unit:centre
        >> 13:50 unit:centre resolve
        << 13:50 alarm.resolved wander unit:centre
        >> 14:00 gps-1 position @edge
        << 14:30 alarm.raised wander why=position_lost
        << 14:30 alarm.told wander unit:centre
        >> 14:31 tick
        """,
    )


def test_somebody_outside_who_is_lost_too_is_raised_again_once() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander why=outside_all_zones
        << 12:01 alarm.told wander unit:centre
        << 12:31 alarm.repeated wander why=position_lost
        >> 12:40 unit:centre resolve
        << 12:40 alarm.resolved wander unit:centre
        << 13:40 alarm.raised wander why=outside_all_zones+again
        << 13:40 alarm.told wander unit:centre
        >> 16:00 tick
        """,
    )


def test_a_fix_after_the_alarm_was_resolved_does_not_raise_it_before_its_time() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander why=outside_all_zones
        << 12:01 alarm.told wander unit:centre
        << 12:31 alarm.repeated wander why=position_lost
        >> 12:40 unit:centre resolve
        << 12:40 alarm.resolved wander unit:centre
        >> 12:50 gps-1 position @away
        >> 13:20 gps-1 position @away
        << 13:40 alarm.raised wander why=outside_all_zones+again
        << 13:40 alarm.told wander unit:centre
        >> 13:45 tick
        """,
    )


def test_the_silence_counts_inside_the_hours_of_the_rule() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home], chain: quiet, lost_s: 1800, "
            'active: [{from: "22:00", to: "06:00"}]}]'  # from 21:00 by the story's clock
        ),
        """
        >> 18:00 gps-1 position @edge
        << 21:30 alarm.raised wander why=position_lost
        << 21:30 alarm.told wander unit:centre
        >> 23:00 tick
        """,
    )


def test_without_lost_s_nobody_is_lost() -> None:
    told(
        town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]"),
        """
        >> 12:00 gps-1 position @edge
        >> 12:10 gps-1 position @away
        >> 23:00 tick
        """,
    )


def test_only_a_fix_ends_it_though_the_last_one_lay_inside() -> None:
    told(
        LOST,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @away
        >> 12:03 gps-1 position @home accuracy_m=400          # what speaks against being inside is not taken back by a guess
        << 12:32 alarm.raised wander why=position_lost
        << 12:32 alarm.told wander unit:centre
        >> 12:40 gps-1 status battery_pct=50 charging=true
        >> 12:41 gps-1 status charging=false
        >> 12:42 gps-1 position @home
        << 12:42 alarm.condition_ended wander why=inside_a_zone
        """,
    )
