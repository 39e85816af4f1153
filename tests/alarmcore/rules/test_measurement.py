"""Rule `measurement`: a quantity crosses a limit, and ends where `clear` says."""

from __future__ import annotations

from tests.stories import told, town

FEVER = town("[{id: temp, kind: measurement, quantity: body_temperature, above: 38.5, clear: 37.5, chain: quiet}]")
SUGAR = town("[{id: sugar, kind: measurement, quantity: glucose, above: 15, below: 4, clear: 7, chain: quiet}]")


def test_a_value_beyond_the_limit_is_found_and_over_at_clear() -> None:
    told(
        FEVER,
        """
        >> 12:00 bed-1 measurement quantity=body_temperature value=38.5
        >> 12:01 bed-1 measurement quantity=body_temperature value=38.6 unit=Cel
        << 12:01 alarm.raised temp cause=measurement priority=high why=measured_outside
        << 12:01 alarm.told temp unit:centre
        >> 12:02 bed-1 measurement quantity=body_temperature value=38
        >> 12:03 bed-1 measurement quantity=body_temperature value=39
        >> 12:04 bed-1 measurement quantity=body_temperature value=37.5
        << 12:04 alarm.condition_ended temp why=measured_inside
        >> 12:05 bed-1 measurement quantity=body_temperature value=38
        >> 12:06 bed-1 measurement quantity=body_temperature value=39
        << 12:06 alarm.repeated temp
        """,
    )


def test_another_quantity_is_another_matter() -> None:
    told(FEVER, ">> 12:00 bed-1 measurement quantity=room_temperature value=45")


def test_below_is_found_as_well() -> None:
    told(
        town("[{id: cold, kind: measurement, quantity: room, below: 15, chain: quiet}]"),
        """
        >> 12:00 bed-1 measurement quantity=room value=14.9
        << 12:00 alarm.raised cold
        << 12:00 alarm.told cold unit:centre
        >> 12:01 bed-1 measurement quantity=room value=15
        << 12:01 alarm.condition_ended cold
        """,
    )


def test_between_two_limits_clear_ends_either_and_the_other_limit_is_a_new_finding() -> None:
    told(
        SUGAR,
        """
        >> 12:00 bed-1 measurement quantity=glucose value=16
        << 12:00 alarm.raised sugar
        << 12:00 alarm.told sugar unit:centre
        >> 12:10 bed-1 measurement quantity=glucose value=8
        >> 12:20 bed-1 measurement quantity=glucose value=6
        << 12:20 alarm.condition_ended sugar
        >> 12:30 bed-1 measurement quantity=glucose value=3
        << 12:30 alarm.repeated sugar
        >> 12:40 bed-1 measurement quantity=glucose value=6
        >> 12:45 bed-1 measurement quantity=glucose value=16
        << 12:45 alarm.repeated sugar
        >> 12:50 bed-1 measurement quantity=glucose value=6
        << 12:50 alarm.condition_ended sugar
        """,
    )


def test_an_older_value_says_nothing() -> None:
    told(
        FEVER,
        """
        >> 12:10 bed-1 measurement quantity=body_temperature value=37
        >> 12:11 bed-1 measurement quantity=body_temperature value=40 at=12:00
        """,
    )


def test_an_older_value_beyond_the_other_limit_does_not_change_what_ends_it() -> None:
    told(
        SUGAR,
        """
        >> 12:00 bed-1 measurement quantity=glucose value=16
        << 12:00 alarm.raised sugar
        << 12:00 alarm.told sugar unit:centre
        >> 12:05 bed-1 measurement quantity=glucose value=3 at=11:00
        >> 12:10 bed-1 measurement quantity=glucose value=8
        >> 12:20 bed-1 measurement quantity=glucose value=7
        << 12:20 alarm.condition_ended sugar
        """,
    )


def test_what_was_too_low_is_well_at_clear() -> None:
    told(
        SUGAR,
        """
        >> 12:00 bed-1 measurement quantity=glucose value=3
        << 12:00 alarm.raised sugar
        << 12:00 alarm.told sugar unit:centre
        >> 12:10 bed-1 measurement quantity=glucose value=7
        << 12:10 alarm.condition_ended sugar
        """,
    )
