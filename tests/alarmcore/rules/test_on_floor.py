"""Rule `on_floor`: somebody has lain on the floor for `limit_s`; such a reading is never rejected."""

from __future__ import annotations

from tests.stories import told, town

FLOOR = town("[{id: lies, kind: on_floor, limit_s: 30, chain: quiet}]")


def test_lying_on_the_floor_too_long_is_critical() -> None:
    told(
        FLOOR,
        """
        >> 12:00 floor-1 floor on_floor=true
        << 12:00:30 alarm.raised lies cause=on_floor priority=critical why=on_floor_too_long
        << 12:00:30 alarm.told lies unit:centre
        >> 12:01 floor-1 floor on_floor=false
        << 12:01 alarm.condition_ended lies why=off_the_floor
        """,
    )


def test_getting_up_in_time_raises_nothing() -> None:
    told(
        FLOOR,
        """
        >> 12:00 floor-1 floor on_floor=true
        >> 12:00:20 floor-1 floor on_floor=false
        >> 12:10 tick
        """,
    )


def test_wrong_fields_of_somebody_on_the_floor_are_set_aside() -> None:
    told(
        FLOOR,
        """
        >> 12:00 floor-1 floor on_floor=true at={"no":"time"} id=5
        << 12:00:30 alarm.raised lies
        << 12:00:30 alarm.told lies unit:centre
        >> 12:01 tick
        """,
    )


def test_wrong_fields_of_nobody_on_the_floor_are_not() -> None:
    told(
        FLOOR,
        """
        >> 12:00 floor-1 floor on_floor=false id=5
        << 12:00 reading.rejected bad_field
        >> 12:00 floor-1 floor on_floor="yes"
        << 12:00 reading.rejected bad_field
        """,
    )


def test_somebody_on_the_floor_that_nobody_is_known_to_have_reaches_the_centres() -> None:
    told(
        FLOOR,
        """
        >> 12:00 floor-9 floor on_floor=true
        << 12:00 alarm.raised unknown_device cause=unknown_device priority=critical why=unknown_device
        << 12:00 alarm.told unknown_device unit:centre
        >> 12:00:10 floor-9 floor on_floor=false
        << 12:00:10 reading.rejected unknown_device
        """,
    )
