"""Rule `silent`: nothing has been received from one of the person's devices for `limit_s`."""

from __future__ import annotations

from tests.stories import told, town

SILENT = town("[{id: lost, kind: silent, limit_s: 3600}]")


def test_a_device_that_falls_silent_is_found_and_over_when_it_is_heard() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:30 gps-1 position @home
        << 13:30 alarm.raised lost cause=silent priority=technical why=silent_too_long
        << 13:30 alarm.told lost unit:centre
        >> 14:00 gps-1 heartbeat
        << 14:00 alarm.condition_ended lost why=heard_again
        """,
    )


def test_devices_that_were_never_heard_are_unknown() -> None:
    told(SILENT, ">> 20:00 tick")


def test_one_device_does_not_speak_for_another() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        >> 12:50 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 bed-1 heartbeat
        >> 14:00 tick
        """,
    )


def test_each_device_that_falls_silent_is_added_and_over_is_when_all_are_heard() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        << 13:10 alarm.repeated lost
        >> 14:00 gps-1 heartbeat
        >> 14:01 bed-1 heartbeat
        << 14:01 alarm.condition_ended lost
        """,
    )


def test_a_device_that_falls_silent_again_while_another_is_still_silent_is_added() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        << 13:10 alarm.repeated lost
        >> 14:00 gps-1 heartbeat
        << 15:00 alarm.repeated lost
        >> 15:30 tick
        """,
    )


def test_it_is_raised_again_while_the_device_stays_silent() -> None:
    told(
        town("[{id: lost, kind: silent, limit_s: 3600, again_s: 7200}]"),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve outcome=technical
        << 13:30 alarm.resolved lost unit:centre
        << 15:30 alarm.raised lost why=silent_too_long+again
        << 15:30 alarm.told lost unit:centre
        >> 16:00 gps-1 heartbeat
        << 16:00 alarm.condition_ended lost
        """,
    )


def test_a_device_that_was_heard_after_the_resolution_is_not_raised_again() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve
        << 13:30 alarm.resolved lost unit:centre
        >> 14:00 gps-1 heartbeat
        >> 14:50 tick
        << 15:00 alarm.raised lost why=silent_too_long
        << 15:00 alarm.told lost unit:centre
        >> 15:30 tick
        """,
    )


def test_receipt_counts_not_measurement() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat at=08:00
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 tick
        """,
    )


def test_a_device_that_was_handed_back_may_be_silent() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 7200}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-14}, {id: bed-1, kind: bed}]",
        ),
        """
        >> 22:00 gps-1 heartbeat               # the day ends at 23:00 UTC
        >> 22:30 bed-1 heartbeat
        day 2026-01-15
        >> 00:20 bed-1 heartbeat
        >> 01:00 tick
        """,
    )


def test_a_device_that_was_lent_and_came_back_is_the_persons_again() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 3600}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-11}, {id: gps-1, kind: gps, from: 2026-01-14}]",
        ),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 14:00 tick
        """,
    )
