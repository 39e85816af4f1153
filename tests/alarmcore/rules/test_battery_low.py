"""Rule `battery_low`: a device's battery falls below `below_pct` and is well again at `clear_pct`."""

from __future__ import annotations

from tests.stories import told, town

BATTERY = town("[{id: flat, kind: battery_low}]")


def test_a_low_battery_walks_the_technical_chain_until_it_is_charged() -> None:
    told(
        BATTERY,
        """
        >> 12:00 gps-1 status battery_pct=20
        >> 12:01 gps-1 status battery_pct=19.9
        << 12:01 alarm.raised flat cause=battery_low priority=technical why=battery_below
        << 12:01 alarm.told flat unit:centre
        >> 12:02 gps-1 status battery_pct=10
        >> 12:03 gps-1 position @home battery_pct=29.9
        >> 12:04 gps-1 status charging=true
        >> 12:05 gps-1 status battery_pct=30
        << 12:05 alarm.condition_ended flat why=battery_recovered
        >> 12:06 gps-1 status battery_pct=25
        >> 12:07 gps-1 position @home battery_pct=19
        << 12:07 alarm.repeated flat
        """,
    )


def test_each_device_that_falls_below_is_added_and_over_is_when_all_are_well() -> None:
    told(
        BATTERY,
        """
        >> 12:00 gps-1 status battery_pct=5
        << 12:00 alarm.raised flat
        << 12:00 alarm.told flat unit:centre
        >> 12:01 bed-1 status battery_pct=5
        << 12:01 alarm.repeated flat
        >> 12:02 gps-1 status battery_pct=100
        >> 12:03 bed-1 status battery_pct=100
        << 12:03 alarm.condition_ended flat
        """,
    )


def test_another_device_is_found_although_the_first_ones_alarm_is_resolved() -> None:
    told(
        BATTERY,
        """
        >> 12:00 gps-1 status battery_pct=5
        << 12:00 alarm.raised flat
        << 12:00 alarm.told flat unit:centre
        >> 12:01 unit:centre resolve outcome=technical
        << 12:01 alarm.resolved flat unit:centre why=technical
        >> 12:02 bed-1 status battery_pct=5
        << 12:02 alarm.raised flat why=battery_below
        << 12:02 alarm.told flat unit:centre
        """,
    )


def test_an_old_level_does_not_undo_a_newer_one() -> None:
    told(
        BATTERY,
        """
        >> 12:00 gps-1 status battery_pct=90
        >> 12:10 gps-1 status battery_pct=89
        >> 12:11 gps-1 status battery_pct=5 at=12:05
        """,
    )


def test_the_limits_are_the_rules_own() -> None:
    told(
        town("[{id: flat, kind: battery_low, below_pct: 50, clear_pct: 60}]"),
        """
        >> 12:00 gps-1 status battery_pct=49
        << 12:00 alarm.raised flat
        << 12:00 alarm.told flat unit:centre
        >> 12:01 gps-1 status battery_pct=60
        << 12:01 alarm.condition_ended flat
        """,
    )


def test_a_position_that_is_not_consented_to_still_tells_of_the_battery() -> None:
    told(
        town("[{id: flat, kind: battery_low}]", "consent: {given: 2020-01-01, by: kin, basis: sol, until: 2021-01-01}"),
        """
        >> 12:00 gps-1 position @home battery_pct=5
        << 12:00 reading.rejected not_consented
        << 12:00 alarm.raised flat
        << 12:00 alarm.told flat unit:centre
        """,
    )


def test_a_low_battery_does_not_make_another_devices_half_full_one_low() -> None:
    told(
        BATTERY,
        """
        >> 12:00 gps-1 status battery_pct=5
        << 12:00 alarm.raised flat
        << 12:00 alarm.told flat unit:centre
        >> 12:01 bed-1 status battery_pct=25
        >> 12:02 gps-1 status battery_pct=30
        << 12:02 alarm.condition_ended flat
        """,
    )
