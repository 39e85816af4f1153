"""Rule `button`: a press raises an alarm whatever is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alarmcore.rules.base import cause_of
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
PRESS = town("[{id: press, kind: button, chain: quiet}]")


def test_a_press_raises_a_critical_alarm_at_once() -> None:
    found = told(
        PRESS,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press cause=button priority=critical why=pressed resident=r1
        << 12:00 alarm.told press unit:centre link=0 channel=console why=chain_turn
        """,
    )
    assert list(found[0]) == ["at", "event", "alarm", "resident", "rule", "cause", "priority", "why"]
    assert found[0]["at"] == "2026-01-14T12:00:00.000Z"


def test_a_second_press_is_added_to_the_open_alarm_and_never_swallowed() -> None:
    found = told(
        PRESS,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:00:05 gps-1 button
        << 12:00:05 alarm.repeated press why=pressed cause=button priority=critical
        """,
    )
    assert found[0]["alarm"] == found[2]["alarm"]


def test_a_press_after_the_resolution_is_a_new_alarm() -> None:
    found = told(
        PRESS,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 unit:centre resolve outcome=helped
        << 12:01 alarm.resolved press unit:centre why=helped
        >> 12:02 gps-1 button
        << 12:02 alarm.raised press
        << 12:02 alarm.told press unit:centre
        """,
    )
    assert found[0]["alarm"] != found[3]["alarm"]


def test_a_press_that_was_buffered_still_alarms_and_is_marked_late() -> None:
    told(
        PRESS,
        """
        >> 14:00 gps-1 button at=12:00
        << 14:00 alarm.raised press why=pressed late_s=7200
        << 14:00 alarm.told press unit:centre
        """,
    )


@pytest.mark.parametrize(("at", "late"), [("11:59:00", "late_s=60"), ("11:59:01", "")])
def test_late_begins_at_sixty_seconds(at: str, late: str) -> None:
    told(
        PRESS,
        f"""
        >> 12:00 gps-1 button at={at}
        << 12:00 alarm.raised press {late}
        << 12:00 alarm.told press unit:centre
        """,
    )


def test_a_press_of_a_clock_that_began_anew_is_kept_marked_late_and_says_so() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button at=1970-01-01T00:00:10
        << 12:00 alarm.raised press why=pressed+reset_clock+set_aside:at late_s=1768391990
        << 12:00 alarm.told press unit:centre
        """,
    )


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("12:09", "pressed"),
        ("12:10", "pressed"),
        ("12:10:01", "pressed+set_aside:at"),
        ('"yesterday"', "pressed+set_aside:at"),
        ("[]", "pressed+set_aside:at"),
        ("none", "pressed"),
    ],
)
def test_a_press_whose_time_cannot_be_right_takes_the_time_of_receipt(at: str, why: str) -> None:
    told(
        PRESS,
        f"""
        >> 12:00 gps-1 button at={at}
        << 12:00 alarm.raised press why={why}
        << 12:00 alarm.told press unit:centre
        """,
    )


def test_a_press_with_every_field_wrong_is_a_press() -> None:
    aside = "+".join(f"set_aside:{name}" for name in ("lat", "lon", "accuracy_m", "at", "id", "red"))
    told(
        PRESS,
        """
        >> 12:00 tick
        >> 12:00 raw {"kind":"button","device":"gps-1","at":{},"id":7,"lat":"","lon":999,"accuracy_m":-1,"red":1,"received_at":[]}
        << 12:00 alarm.raised press why=pressed+{aside}
        << 12:00 alarm.told press unit:centre
        """.replace("{aside}", aside),
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"kind":"button","device":"gps-1","lat":NaN}',
        '{"kind":"button","device":"gps-1","lat":1e999}',
        '{"kind":"button","device":"gps-1","tenant":[]}',
        '{"kind":"button","device":"gps-1","lat":' + "9" * 400 + "}",
    ],
)
def test_a_press_that_is_not_quite_json_is_a_press(line: str) -> None:
    told(
        PRESS,
        f"""
        >> 12:00 tick
        >> 12:00 raw {line}
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        """,
    )


def test_half_a_position_is_set_aside() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button lat=58.1
        << 12:00 alarm.raised press why=pressed+set_aside:lat
        << 12:00 alarm.told press unit:centre
        """,
    )


def test_an_id_used_again_with_other_content_is_another_press() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button id="1"
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:05 gps-1 button id="1"
        << 12:05 alarm.repeated press
        """,
    )


def test_an_id_used_again_is_another_press_also_when_only_its_wrong_fields_differ() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button id="1" at="soon"
        << 12:00 alarm.raised press why=pressed+set_aside:at
        << 12:00 alarm.told press unit:centre
        >> 12:05 gps-1 button id="1" at="later"
        << 12:05 alarm.repeated press
        """,
    )


def test_the_same_press_delivered_twice_is_one() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button id="1"
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:05 gps-1 button id="1" at=12:00
        >> 12:06 gps-1 button at=12:01
        << 12:06 alarm.repeated press late_s=300
        >> 12:07 gps-1 button at=12:01
        """,
    )


def test_a_press_without_id_and_time_may_repeat_but_never_opens_a_second_alarm() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button at=none
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:00 gps-1 button at=none
        << 12:00 alarm.repeated press
        """,
    )


def test_a_press_and_a_fall_of_the_same_second_are_two_things() -> None:
    told(
        town("[{id: press, kind: button, chain: quiet}, {id: fell, kind: fall, chain: quiet}]"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:00 gps-1 fall
        << 12:00 alarm.raised fell
        << 12:00 alarm.told fell unit:centre
        """,
    )


def test_a_press_outside_the_rules_hours_is_quiet_but_one_from_inside_that_comes_late_is_not() -> None:
    told(
        town('[{id: press, kind: button, chain: quiet, active: [{from: "08:00", to: "16:00"}]}]'),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 unit:centre resolve
        << 12:01 alarm.resolved press unit:centre why=other
        >> 15:00 gps-1 button                  # 16:00 by the wall clock
        >> 15:30 gps-1 button at=14:30
        << 15:30 alarm.raised press late_s=3600
        << 15:30 alarm.told press unit:centre
        """,
    )


def test_lapsed_consent_never_stops_a_press() -> None:
    told(
        town("[{id: press, kind: button, chain: quiet}]", "consent: {given: 2020-01-01, by: kin, basis: sol, until: 2021-01-01}"),
        """
        >> 12:00 gps-1 button @away
        << 12:00 alarm.raised press why=pressed
        << 12:00 alarm.told press unit:centre
        """,
    )


def test_two_presses_of_one_second_are_two_alarms_when_the_first_was_resolved_in_between() -> None:
    """With one id for both, the second would take the place of the first in every list."""
    found = told(
        town("[{id: press, kind: button, chain: quiet}]"),
        """
        >> 12:00 gps-1 button id=one
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:00:10 unit:centre resolve
        << 12:00:10 alarm.resolved press unit:centre
        >> 12:00:20 gps-1 button id=two at=12:00
        << 12:00:20 alarm.raised press
        << 12:00:20 alarm.told press unit:centre
        """,
    )
    assert len({line["alarm"] for line in found if line["event"] == "alarm.raised"}) == 2


def test_the_cause_of_an_alarm_is_the_reading_however_late_it_came() -> None:
    """A press that is delivered again after a commit that failed must raise the same alarm, not another one."""
    said = {"id": "one", "at": "2026-01-14T12:00:00Z"}
    first, again = (observed(PRESS, "button", said, NOON + timedelta(seconds=n)) for n in (0, 30))
    assert first is not None
    assert again is not None
    assert cause_of(first.reading) == cause_of(again.reading) == first.reading.identity


def test_the_cause_of_an_alarm_whose_press_names_nothing_is_when_it_came() -> None:
    event = observed(PRESS, "button", {}, NOON + timedelta(milliseconds=250))
    assert event is not None
    assert cause_of(event.reading) == int(NOON.timestamp()) * 1000 + 250
