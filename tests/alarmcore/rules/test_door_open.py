"""Rule `door_open`: a door has stood open for `limit_s`."""

from __future__ import annotations

from tests.stories import told, town

DOOR = town("[{id: draught, kind: door_open, limit_s: 600, chain: quiet}]")


def test_a_door_that_stays_open_is_found() -> None:
    told(
        DOOR,
        """
        >> 12:00 door-1 door open=true
        << 12:10 alarm.raised draught cause=door_open priority=high why=door_open_too_long
        << 12:10 alarm.told draught unit:centre
        >> 12:11 door-1 door open=false
        << 12:11 alarm.condition_ended draught why=door_closed
        """,
    )


def test_closing_one_door_does_not_close_another() -> None:
    told(
        DOOR,
        """
        >> 12:00 door-1 door open=true door=front
        >> 12:05 door-1 door open=true door=back
        >> 12:06 door-1 door open=false door=front
        << 12:15 alarm.raised draught
        << 12:15 alarm.told draught unit:centre
        >> 12:20 tick
        """,
    )


def test_a_door_that_closed_before_the_news_of_its_opening_came_is_closed() -> None:
    told(
        DOOR,
        """
        >> 12:05 door-1 door open=false
        >> 12:06 door-1 door open=true at=12:00
        >> 13:00 tick
        """,
    )


def test_a_second_door_that_is_open_too_long_is_added_without_an_end_in_between() -> None:
    told(
        DOOR,
        """
        >> 12:00 door-1 door open=true door=front
        >> 12:01 door-1 door open=true door=back
        << 12:10 alarm.raised draught
        << 12:10 alarm.told draught unit:centre
        >> 12:20 door-1 door open=false door=front
        << 12:20 alarm.repeated draught
        >> 12:21 door-1 door open=false door=back
        << 12:21 alarm.condition_ended draught
        """,
    )


def test_a_door_that_had_been_open_longer_than_was_known_is_found_sooner() -> None:
    told(
        DOOR,
        """
        >> 12:05 door-1 door open=true door=front
        >> 12:06 door-1 door open=true door=back at=12:00
        << 12:10 alarm.raised draught
        << 12:10 alarm.told draught unit:centre
        >> 12:12 tick
        """,
    )
