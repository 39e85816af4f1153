"""A device that charges at home after an exit: when its being there ends what it found, and when it does not."""

from __future__ import annotations

from tests.stories import told, town

WANDER = town(
    "[{id: wander, kind: zone_exit, zones: [home], chain: quiet, again_s: 7200}]",
    "devices: [{id: gps-1, kind: gps}, {id: phone, kind: phone}]",
)
OUT = """
>> 12:00 gps-1 position @away
>> 12:01 gps-1 position @away
<< 12:01 alarm.raised wander
<< 12:01 alarm.told wander unit:centre
"""


def test_the_device_that_found_somebody_and_lies_on_its_charger_at_home_ends_it_after_ten_minutes() -> None:
    told(
        WANDER,
        OUT
        + """
        >> 12:20 gps-1 status charging=true
        >> 12:21 gps-1 position @home
        >> 12:26 gps-1 position @home
        >> 12:31 gps-1 position @home
        >> 12:32 gps-1 position @home
        << 12:32 alarm.condition_ended wander why=inside_a_zone
        """,
    )


def test_that_it_charges_no_longer_need_not_be_heard() -> None:
    """The word that it left its charger was lost: it charged before it went, and is back."""
    told(
        WANDER,
        ">> 11:00 gps-1 status charging=true"
        + OUT
        + """
        >> 12:21 gps-1 position @home
        >> 12:26 gps-1 position @home
        >> 12:31 gps-1 position @home
        >> 12:32 gps-1 position @home
        << 12:32 alarm.condition_ended wander why=inside_a_zone
        >> 12:40 unit:centre resolve outcome=no_need
        << 12:40 alarm.resolved wander
        >> 18:00 tick
        """,
    )


def test_in_a_car_past_the_house_is_not_long_enough() -> None:
    told(
        WANDER,
        OUT
        + """
        >> 12:20 gps-1 status charging=true
        >> 12:21 gps-1 position @home
        >> 12:29 gps-1 position @home
        >> 12:30 gps-1 position @away
        >> 12:31 gps-1 position @home
        >> 12:40 gps-1 position @home
        >> 12:40:30 gps-1 position @home
        >> 12:42 tick
        """,
    )


def test_one_that_nobody_wears_says_nothing_however_long_it_lies_there() -> None:
    told(
        WANDER,
        OUT
        + ">> 12:20 gps-1 status charging=true worn=false\n"
        + "\n".join(f">> 12:{minute} gps-1 position @home" for minute in range(21, 59, 3)),
    )


def test_one_that_never_left_its_charger_says_nothing_of_somebody_who_is_out_without_it() -> None:
    told(
        WANDER,
        """
        >> 11:00 phone status charging=true
        >> 11:01 phone position @home
        >> 11:02 phone position @home
        """
        + OUT
        + "\n".join(f">> 12:{minute} phone position @home" for minute in range(11, 59, 3)),
    )


def test_nor_does_it_hide_that_nobody_knows_where_somebody_is() -> None:
    lost = town(
        "[{id: wander, kind: zone_exit, zones: [home], chain: quiet, lost_s: 3600}]",
        "devices: [{id: gps-1, kind: gps}, {id: phone, kind: phone}]",
    )
    told(
        lost,
        """
        >> 11:00 phone status charging=true
        >> 11:01 phone position @home
        >> 12:00 gps-1 position @away
        """
        + "\n".join(f">> 12:{minute} phone position @home" for minute in range(11, 59, 3))
        + """
        << 13:00 alarm.raised wander why=position_lost
        << 13:00 alarm.told wander unit:centre
        >> 13:01 tick
        """,
    )
