"""What a device said last that was handed over, taken away or renamed: not raised for ever, and never hiding another one."""

from __future__ import annotations

import pytest

from alarmcore.model.site import Site
from tests.stories import told, town

DEVICES = """
devices:
  - {id: one, kind: sensor, until: "2026-01-14T13:00:00Z"}
  - {id: two, kind: sensor}
"""
RULES = {
    "door": "[{id: it, kind: door_open, limit_s: 600, chain: quiet}]",
    "heat": "[{id: it, kind: measurement, quantity: room, above: 30, chain: quiet}]",
    "flat": "[{id: it, kind: battery_low, chain: quiet}]",
}
SAYS = {"door": "door open=true", "heat": "measurement quantity=room value=35", "flat": "status battery_pct=10"}


def site(what: str) -> Site:
    return town(RULES[what], DEVICES)


@pytest.mark.parametrize("what", RULES)
def test_what_was_found_of_a_device_that_is_somebody_elses_by_now_stays_open_and_is_not_raised_again(what: str) -> None:
    found = told(
        site(what),
        f"""
        >> 12:00 one {SAYS[what]}
        << {"12:10" if what == "door" else "12:00"} alarm.raised it
        << {"12:10" if what == "door" else "12:00"} alarm.told it unit:centre
        >> 13:30 two heartbeat
        >> 14:00 unit:centre resolve outcome=helped
        << 14:00 alarm.resolved it
        day 2026-01-16
        >> 12:00 tick
        """,
    )
    assert not any(line["event"] == "alarm.condition_ended" for line in found), "nobody has closed it"


@pytest.mark.parametrize("what", RULES)
def test_handed_over_between_the_resolution_and_the_hour_after_it_is_not_raised_again_either(what: str) -> None:
    """Resolved while the device was the person's still; the hour after which it would be raised ends when it is not."""
    told(
        site(what),
        f"""
        >> 12:00 one {SAYS[what]}
        << {"12:10" if what == "door" else "12:00"} alarm.raised it
        << {"12:10" if what == "door" else "12:00"} alarm.told it unit:centre
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved it
        >> 12:40 one {SAYS[what].replace("35", "36")}
        day 2026-01-16
        >> 12:00 tick
        """,
    )


@pytest.mark.parametrize("what", ["door", "flat"])
def test_another_one_that_stands_behind_it_is_raised_when_the_first_is_resolved(what: str) -> None:
    """The second was found as a repeat, or waits behind the one that has stood longer: it is not forgotten with that one."""
    repeat = {"door": "", "flat": "<< 12:20 alarm.repeated it"}[what]
    told(
        site(what),
        f"""
        >> 12:00 one {SAYS[what]}
        << {"12:10" if what == "door" else "12:00"} alarm.raised it
        << {"12:10" if what == "door" else "12:00"} alarm.told it unit:centre
        >> 12:20 two {SAYS[what]}
        {repeat}
        >> 14:00 unit:centre resolve outcome=helped
        << 14:00 alarm.resolved it
        << 15:00 alarm.raised it
        << 15:00 alarm.told it unit:centre
        >> 15:01 tick
        """.replace("        \n", ""),
    )


def test_a_door_whose_sensor_is_taken_away_before_its_time_is_not_found() -> None:
    told(
        town("[{id: it, kind: door_open, limit_s: 7200, chain: quiet}]", DEVICES),
        """
        >> 12:00 one door open=true
        >> 12:30 two door open=true
        << 14:30 alarm.raised it
        << 14:30 alarm.told it unit:centre
        >> 14:31 tick
        """,
    )


def test_closing_another_door_ends_nothing_that_was_found_of_one_that_is_gone() -> None:
    told(
        site("door"),
        """
        >> 12:00 one door open=true
        << 12:10 alarm.raised it
        << 12:10 alarm.told it unit:centre
        >> 13:10 two door open=true
        >> 13:11 two door open=false
        >> 13:12 tick
        """,
    )


def test_a_battery_that_is_charged_ends_what_was_found_of_it_though_one_that_is_gone_was_low() -> None:
    told(
        site("flat"),
        """
        >> 12:00 one status battery_pct=10
        << 12:00 alarm.raised it
        << 12:00 alarm.told it unit:centre
        >> 12:01 two status battery_pct=10
        << 12:01 alarm.repeated it
        >> 13:10 two status battery_pct=90
        << 13:10 alarm.condition_ended it
        """,
    )


def test_of_two_doors_at_one_device_the_open_one_is_found_again_while_the_other_one_is_used() -> None:
    told(
        site("door"),
        """
        >> 12:00 two door open=true door=front
        << 12:10 alarm.raised it
        << 12:10 alarm.told it unit:centre
        >> 12:20 two door open=true door=balcony
        >> 12:21 two door open=false door=balcony
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved it
        << 13:30 alarm.raised it
        << 13:30 alarm.told it unit:centre
        >> 13:31 tick
        """,
    )


def test_a_sensor_that_was_moved_and_renamed_while_its_door_stood_open_is_not_raised_for_ever() -> None:
    told(
        site("door"),
        """
        >> 12:00 two door open=true door=front
        << 12:10 alarm.raised it
        << 12:10 alarm.told it unit:centre
        day 2026-01-15
        << 12:10 alarm.told it
        >> 12:30 two door open=false door=balcony
        >> 13:00 unit:centre resolve outcome=helped
        << 13:00 alarm.resolved it
        day 2026-01-18
        >> 12:00 tick
        """,
    )


def test_a_value_that_nobody_measures_again_is_raised_once() -> None:
    told(
        site("heat"),
        """
        >> 12:00 two measurement quantity=room value=35
        << 12:00 alarm.raised it
        << 12:00 alarm.told it unit:centre
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved it
        day 2026-01-18
        >> 12:00 tick
        """,
    )


def test_a_value_that_is_measured_again_after_the_resolution_is_raised_again_when_its_hour_is_over() -> None:
    told(
        site("heat"),
        """
        >> 12:00 two measurement quantity=room value=35
        << 12:00 alarm.raised it
        << 12:00 alarm.told it unit:centre
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved it
        >> 12:40 two measurement quantity=room value=35
        << 13:30 alarm.raised it
        << 13:30 alarm.told it unit:centre
        >> 13:40 unit:centre resolve outcome=helped
        << 13:40 alarm.resolved it
        >> 18:00 two measurement quantity=room value=36
        << 18:00 alarm.raised it
        << 18:00 alarm.told it unit:centre
        """,
    )


def test_late_news_of_a_value_from_before_the_resolution_does_not_confirm_it() -> None:
    told(
        site("heat"),
        """
        >> 12:00 two measurement quantity=room value=35
        << 12:00 alarm.raised it
        << 12:00 alarm.told it unit:centre
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved it
        >> 15:00 two measurement quantity=room value=35 at=12:20
        >> 16:00 tick
        """,
    )


def test_a_quick_change_that_nobody_measures_again_is_raised_once() -> None:
    told(
        town("[{id: it, kind: measurement, quantity: weight, rises_by: 2, within_s: 259200, chain: quiet}]", DEVICES),
        """
        day 2026-01-10
        >> 08:00 two measurement quantity=weight value=80
        >> 20:00 two measurement quantity=weight value=80
        day 2026-01-11
        >> 08:00 two measurement quantity=weight value=82
        >> 20:00 two measurement quantity=weight value=82
        << 20:00 alarm.raised it why=measured_changing
        << 20:00 alarm.told it unit:centre
        >> 21:00 unit:centre resolve outcome=helped
        << 21:00 alarm.resolved it
        day 2026-01-12
        >> 07:00 tick
        >> 08:00 two measurement quantity=weight value=82
        << 08:00 alarm.raised it
        << 08:00 alarm.told it unit:centre
        """,
    )


def test_of_two_thermometers_the_newest_value_is_that_of_its_own_device() -> None:
    """The one that began it is gone; the other one has said the same since."""
    told(
        site("heat"),
        """
        >> 12:00 one measurement quantity=room value=35
        << 12:00 alarm.raised it
        << 12:00 alarm.told it unit:centre
        >> 13:20 two measurement quantity=room value=36
        >> 13:30 unit:centre resolve outcome=helped
        << 13:30 alarm.resolved it
        >> 13:40 two measurement quantity=room value=36
        << 14:30 alarm.raised it
        << 14:30 alarm.told it unit:centre
        >> 14:31 tick
        """,
    )


DOSES = '[{id: dose, kind: missed_medication, times: ["13:30", "15:00"], within_s: 600, chain: quiet}]'
"""By UTC at 12:30 and 14:00; from 13:00 on the first dispenser is somebody else's."""


def test_a_dispenser_that_was_handed_over_misses_no_more_doses() -> None:
    told(
        town(DOSES, DEVICES),
        """
        >> 10:00 one medication taken=true
        << 12:40 alarm.raised dose
        << 12:40 alarm.told dose unit:centre
        >> 12:50 unit:centre resolve outcome=helped
        << 12:50 alarm.resolved dose
        day 2026-01-17
        >> 12:00 tick
        """,
    )


def test_the_other_dispenser_is_waited_for_also_when_the_one_that_is_gone_spoke_last() -> None:
    told(
        town(DOSES, DEVICES),
        """
        >> 10:00 two medication taken=true
        >> 12:20 one medication taken=true
        << 14:10 alarm.raised dose why=dose_unanswered
        << 14:10 alarm.told dose unit:centre
        >> 14:11 tick
        """,
    )
