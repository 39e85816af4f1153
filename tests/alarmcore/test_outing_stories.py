"""An outing, told as stories: what is found, what is not found meanwhile, and what is found when it is over."""

from __future__ import annotations

import pytest

from tests.stories import told, town

WANDER = "{id: wander, kind: zone_exit, zones: [home], chain: quiet, again_s: 7200}"
SITE = town(f"[{WANDER}, {{id: press, kind: button, chain: quiet}}]")

OUT = """
>> 11:50 gps-1 position @home
>> 11:55 gps-1 position @home
>> 12:00 outing 14:00
<< 12:00 outing.begun to=contact:eva resident=r1
>> 12:10 gps-1 position @away
>> 12:20 gps-1 position @away
>> 12:30 gps-1 position @away
"""
ASTRAY = """
>> 11:50 gps-1 position @away
>> 11:55 gps-1 position @away
<< 11:55 alarm.raised wander why=outside_all_zones
<< 11:55 alarm.told wander unit:centre
"""


def test_who_is_out_with_somebody_is_no_alarm_until_the_set_time_and_one_at_that_time() -> None:
    told(
        SITE,
        OUT
        + """
        << 14:00 outing.lapsed resident=r1
        << 14:00 alarm.raised wander why=outing_over+outside_all_zones
        << 14:00 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )


def test_who_is_home_again_when_the_outing_lapses_is_no_alarm_and_it_is_said_that_it_lapsed() -> None:
    told(
        SITE,
        OUT
        + """
        >> 13:30 gps-1 position @home
        >> 13:40 gps-1 position @home
        << 14:00 outing.lapsed
        >> 15:00 tick
        """,
    )


def test_who_is_brought_home_and_leaves_alone_is_found_as_ever() -> None:
    told(
        SITE,
        OUT
        + """
        >> 13:00 gps-1 position @home
        >> 13:10 gps-1 position @home
        >> 13:20 outing over
        << 13:20 outing.ended to=contact:eva
        >> 14:30 gps-1 position @away
        >> 14:40 gps-1 position @away
        << 14:40 alarm.raised wander why=outside_all_zones
        << 14:40 alarm.told wander unit:centre
        """,
    )


def test_who_is_outside_when_somebody_ends_the_outing_is_found_at_once() -> None:
    told(
        SITE,
        OUT
        + """
        >> 13:00 outing over
        << 13:00 outing.ended to=contact:eva
        << 13:00 alarm.raised wander why=outing_over+outside_all_zones
        << 13:00 alarm.told wander unit:centre
        >> 15:00 outing over
        """,
    )


def test_a_press_during_an_outing_alarms() -> None:
    told(
        SITE,
        OUT
        + """
        >> 12:40 gps-1 button
        << 12:40 alarm.raised press why=pressed
        << 12:40 alarm.told press unit:centre
        """,
    )


def test_an_alarm_that_was_open_stays_so_its_condition_ends_and_what_holds_afterwards_repeats_it() -> None:
    told(
        SITE,
        ASTRAY
        + """
        >> 12:00 outing 14:00
        << 12:00 outing.begun to=contact:eva
        << 12:00 alarm.condition_ended wander why=outing_begun
        >> 13:00 gps-1 position @away
        << 14:00 outing.lapsed
        << 14:00 alarm.repeated wander why=outing_over+outside_all_zones
        >> 15:00 tick
        """,
    )


def test_an_alarm_that_was_resolved_during_the_outing_is_another_one_when_it_is_over() -> None:
    found = told(
        SITE,
        ASTRAY
        + """
        >> 12:00 outing 14:00
        << 12:00 outing.begun to=contact:eva
        << 12:00 alarm.condition_ended wander why=outing_begun
        >> 12:05 unit:centre resolve outcome=no_need
        << 12:05 alarm.resolved wander unit:centre why=no_need
        << 14:00 outing.lapsed
        << 14:00 alarm.raised wander why=outing_over+outside_all_zones
        << 14:00 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )
    ids = [line["alarm"] for line in found if line["event"] == "alarm.raised"]
    assert len(set(ids)) == 2


def test_what_waited_to_be_raised_again_is_found_as_soon_as_the_outing_is_over() -> None:
    told(
        SITE,
        ASTRAY
        + """
        >> 11:58 unit:centre resolve outcome=no_need
        << 11:58 alarm.resolved wander unit:centre why=no_need
        >> 12:00 outing 13:00
        << 12:00 outing.begun to=contact:eva
        << 13:00 outing.lapsed
        << 13:00 alarm.raised wander why=outing_over+outside_all_zones
        << 13:00 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )


def test_a_second_outing_takes_the_place_of_the_first() -> None:
    told(
        SITE,
        OUT
        + """
        >> 13:00 outing 16:00
        << 13:00 outing.begun to=contact:eva
        << 16:00 outing.lapsed
        << 16:00 alarm.raised wander why=outing_over+outside_all_zones
        << 16:00 alarm.told wander unit:centre
        >> 17:00 tick
        """,
    )


def test_a_rule_that_is_not_active_when_the_outing_lapses_finds_when_its_window_begins() -> None:
    evening = WANDER.replace("chain: quiet", 'chain: quiet, active: [{from: "18:00", to: "20:00"}]')
    told(
        town(f"[{evening}]"),
        OUT
        + """
        << 14:00 outing.lapsed
        << 17:00 alarm.raised wander why=outside_all_zones  # 18:00 in Stockholm
        << 17:00 alarm.told wander unit:centre
        >> 18:00 tick
        """,
    )


def test_a_window_that_begins_during_an_outing_finds_nothing_until_it_is_over() -> None:
    afternoon = WANDER.replace("chain: quiet", 'chain: quiet, active: [{from: "14:00", to: "20:00"}]')
    told(
        town(f"[{afternoon}]"),
        OUT
        + """
        << 14:00 outing.lapsed
        << 14:00 alarm.raised wander why=outing_over+outside_all_zones
        << 14:00 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )


def test_what_is_to_be_kept_out_of_may_be_entered_together() -> None:
    told(
        town("[{id: water, kind: zone_enter, zones: [lake], chain: quiet}]"),
        """
        >> 12:00 outing 14:00
        << 12:00 outing.begun to=contact:eva
        >> 12:10 gps-1 position @lake
        >> 12:20 gps-1 position @lake
        << 14:00 outing.lapsed
        << 14:00 alarm.raised water why=outing_over+inside_zone
        << 14:00 alarm.told water unit:centre
        >> 15:00 tick
        """,
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1", "until": "2026-01-14T12:00:00Z"}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1", "until": "2026-01-15T12:00:01Z"}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "nobody", "until": "2026-01-14T13:00:00Z"}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1", "until": "soon"}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1", "until": {}}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1"}',
        '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "until": null}',
    ],
)
def test_an_outing_that_cannot_be_is_refused(line: str) -> None:
    told(SITE, f">> 12:00 raw {line}\n<< 12:00 reading.rejected bad_field\n>> 12:30 tick")


def test_an_outing_until_a_local_time_ends_when_the_clocks_there_show_it() -> None:
    line = '{"at": "2026-01-14T12:00:00Z", "kind": "outing", "resident": "r1", "until": "15:30", "by": "contact:eva"}'
    told(
        SITE,
        f">> 12:00 raw {line}\n<< 12:00 outing.begun to=contact:eva\n"
        ">> 14:20 gps-1 position @home\n>> 14:25 gps-1 position @home\n"
        "<< 14:30 outing.lapsed\n>> 16:00 tick",
    )


def test_a_person_who_is_lost_during_an_outing_is_found_to_be_so_when_it_is_over() -> None:
    told(
        town(f"[{WANDER.replace('again_s', 'lost_s: 1800, again_s')}]"),
        """
        >> 12:00 outing 14:00
        << 12:00 outing.begun to=contact:eva
        >> 12:10 gps-1 position @away accuracy_m=300
        >> 13:30 tick
        << 14:00 outing.lapsed
        << 14:00 alarm.raised wander why=outing_over+position_lost
        << 14:00 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )
