"""A device that is charging or not worn: that it lies at home says nothing of the person, and that it travels does."""

from __future__ import annotations

import pytest

from tests.stories import told, town

WANDER = town(
    "[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]", "devices: [{id: gps-1, kind: gps}, {id: phone, kind: phone}]"
)
IDLE = ("worn=false", "charging=true")
BUSY = {"worn=false": "worn=true", "charging=true": "charging=false"}


@pytest.mark.parametrize("idle", IDLE)
def test_lying_at_home_takes_back_nothing_of_what_was_seen_elsewhere(idle: str) -> None:
    told(
        WANDER,
        f"""
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 status {idle}
        >> 12:03 phone position @away
        >> 12:04 gps-1 position @home
        >> 12:05 gps-1 position @home
        >> 12:06 gps-1 position @home
        >> 12:07 phone position @away
        << 12:07 alarm.raised wander
        << 12:07 alarm.told wander unit:centre
        >> 12:08 gps-1 position @home
        >> 12:09 gps-1 position @home
        >> 12:10 gps-1 position @home
        >> 12:11 gps-1 status {BUSY[idle]}
        >> 12:12 gps-1 position @home
        >> 12:13 gps-1 position @home
        >> 12:14 phone position @home
        >> 12:15 phone position @home
        << 12:15 alarm.condition_ended wander
        """,
    )


@pytest.mark.parametrize("idle", IDLE)
def test_a_device_that_travels_unworn_is_with_somebody(idle: str) -> None:
    told(
        WANDER,
        f"""
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 status {idle}
        >> 12:03 gps-1 position @away
        >> 12:04 gps-1 position @away
        << 12:04 alarm.raised wander
        << 12:04 alarm.told wander unit:centre
        """,
    )


def test_one_device_that_charges_says_nothing_of_another() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 status charging=true
        >> 12:01 phone position @away
        >> 12:02 phone position @away
        << 12:02 alarm.raised wander
        << 12:02 alarm.told wander unit:centre
        >> 12:03 gps-1 position @home
        >> 12:04 gps-1 position @home
        >> 12:05 phone position @home
        >> 12:06 phone position @home
        << 12:06 alarm.condition_ended wander
        """,
    )


def test_worn_again_is_not_enough_while_it_still_charges() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.told wander unit:centre
        >> 12:02 gps-1 status charging=true worn=false
        >> 12:03 gps-1 status worn=true
        >> 12:04 gps-1 status battery_pct=80
        >> 12:05 gps-1 position @home
        >> 12:06 gps-1 position @home
        >> 12:07 gps-1 status charging=false
        >> 12:08 gps-1 position @home
        >> 12:09 gps-1 position @home
        << 12:09 alarm.condition_ended wander
        """,
    )


def test_what_was_measured_before_it_was_taken_off_still_counts() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.told wander unit:centre
        >> 12:10 gps-1 status worn=false
        >> 12:11 gps-1 position @home at=12:08
        >> 12:11 gps-1 position @home at=12:09
        << 12:11 alarm.condition_ended wander
        """,
    )


def test_an_old_status_does_not_undo_a_newer_one() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.told wander unit:centre
        >> 12:10 gps-1 status charging=true
        >> 12:20 gps-1 status charging=false
        >> 12:21 gps-1 status charging=true at=12:15
        >> 12:22 gps-1 position @home
        >> 12:23 gps-1 position @home
        << 12:23 alarm.condition_ended wander
        """,
    )


def test_an_old_status_of_a_device_that_was_never_idle_changes_nothing() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.told wander unit:centre
        >> 12:20 gps-1 status charging=false
        >> 12:21 gps-1 status charging=true at=12:15
        >> 12:22 gps-1 position @home
        >> 12:23 gps-1 position @home
        << 12:23 alarm.condition_ended wander
        """,
    )


def test_two_wild_fixes_of_one_night_on_the_charger_are_no_exit() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 status charging=true
        >> 12:10 gps-1 position @away
        >> 12:11 gps-1 position @home
        >> 12:50 gps-1 position @home
        >> 13:00 gps-1 position @away
        >> 13:10 gps-1 position @home
        >> 13:50 gps-1 position @home
        >> 14:00 gps-1 position @away
        """,
    )


def test_hourly_fixes_of_a_device_that_travels_unworn_still_agree() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 status worn=false
        >> 13:00 gps-1 position @away
        >> 14:00 gps-1 position @away
        << 14:00 alarm.raised wander
        << 14:00 alarm.told wander unit:centre
        """,
    )


def test_by_the_water_it_is_the_other_way_round() -> None:
    told(
        town("[{id: water, kind: zone_enter, zones: [lake], chain: quiet}]"),
        """
        >> 12:00 gps-1 status worn=false
        >> 12:01 gps-1 position @lake
        >> 12:02 gps-1 position @lake
        << 12:02 alarm.raised water
        << 12:02 alarm.told water unit:centre
        >> 12:03 gps-1 position @home
        >> 12:04 gps-1 position @home
        >> 12:05 gps-1 status worn=true
        >> 12:06 gps-1 position @home
        >> 12:07 gps-1 position @home
        << 12:07 alarm.condition_ended water
        """,
    )


def test_what_was_seen_at_home_before_it_was_taken_off_is_not_forgotten() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away
        >> 12:01 gps-1 position @away
        << 12:01 alarm.raised wander
        << 12:01 alarm.told wander unit:centre
        >> 12:10 gps-1 position @home
        >> 12:11 gps-1 status worn=false
        >> 13:00 gps-1 position @home
        >> 13:10 gps-1 status worn=true
        >> 13:11 gps-1 position @home
        << 13:11 alarm.condition_ended wander
        """,
    )
