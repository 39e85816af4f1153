"""An outing lapses and nobody knows where the two of them are: who is missed, when, and until when, told as stories."""

from __future__ import annotations

from tests.stories import told, town

WANDER = "{id: wander, kind: zone_exit, zones: [home], chain: quiet, again_s: 7200}"
SITE = town(f"[{WANDER}, {{id: press, kind: button, chain: quiet}}]")

GONE = """
>> 11:50 gps-1 position @home
>> 11:55 gps-1 position @home
>> 12:00 outing 14:00
<< 12:00 outing.begun to=contact:eva
"""
MISSED = """
<< 14:00 outing.lapsed
<< 14:00 alarm.raised wander why=outing_over+position_lost
<< 14:00 alarm.told wander unit:centre
"""


def test_one_position_outside_and_then_silence_is_found_when_the_outing_lapses() -> None:
    told(SITE, GONE + ">> 12:30 gps-1 position @away" + MISSED + ">> 15:00 tick")


def test_no_position_since_it_began_is_found_though_they_were_seen_at_home_before() -> None:
    told(SITE, GONE + MISSED + ">> 15:00 tick")


def test_who_was_seen_to_be_home_again_is_not_missed() -> None:
    told(
        SITE,
        GONE
        + """
        >> 12:30 gps-1 position @away
        >> 12:40 gps-1 position @away
        >> 13:10 gps-1 position @home
        >> 13:20 gps-1 position @home
        << 14:00 outing.lapsed
        >> 23:00 tick
        """,
    )


def test_who_was_home_so_long_ago_that_they_may_have_gone_again_is_missed() -> None:
    found = """
        >> 12:10 gps-1 position @home
        >> 12:20 gps-1 position @home
        << 16:{minute} outing.lapsed
        """
    told(SITE, GONE.replace("14:00", "16:19") + found.format(minute="19") + ">> 20:00 tick")
    raised = "<< 16:20 alarm.raised wander why=outing_over+position_lost\n<< 16:20 alarm.told wander unit:centre\n>> 17:00 tick"
    told(SITE, GONE.replace("14:00", "16:20") + found.format(minute="20") + raised)


def test_while_positions_come_another_one_is_waited_for() -> None:
    """One position outside decides nothing yet; a quarter of an hour without the next one does."""
    told(
        SITE,
        GONE
        + """
        >> 13:55 gps-1 position @away
        << 14:00 outing.lapsed
        << 14:10 alarm.raised wander why=outing_over+position_lost
        << 14:10 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )
    told(
        SITE,
        GONE
        + """
        >> 13:55 gps-1 position @away
        << 14:00 outing.lapsed
        >> 14:05 gps-1 position @away
        << 14:05 alarm.raised wander why=outside_all_zones
        << 14:05 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )


def test_a_rule_that_says_how_long_without_a_position_is_too_long_waits_for_that() -> None:
    site = town(f"[{WANDER.replace('again_s', 'lost_s: 3600, again_s')}]")
    told(
        site,
        GONE
        + """
        >> 13:30 gps-1 position @away
        << 14:00 outing.lapsed
        << 14:30 alarm.raised wander why=position_lost
        << 14:30 alarm.told wander unit:centre
        >> 15:00 tick
        """,
    )


def test_who_is_missed_and_comes_home_ends_it() -> None:
    told(
        SITE,
        GONE
        + MISSED
        + """
        >> 14:30 gps-1 position @home
        << 14:30 alarm.condition_ended wander why=inside_a_zone
        >> 14:31 unit:centre resolve outcome=no_need
        << 14:31 alarm.resolved wander unit:centre
        >> 23:00 tick
        """,
    )


def test_who_is_missed_and_then_seen_outside_is_one_alarm() -> None:
    told(
        SITE,
        GONE
        + MISSED
        + """
        >> 14:30 gps-1 position @away
        >> 14:40 gps-1 position @away
        << 14:40 alarm.repeated wander why=outside_all_zones
        >> 15:00 tick
        """,
    )


def test_who_is_still_missed_after_the_alarm_was_resolved_is_found_again_and_then_again() -> None:
    found = told(
        SITE,
        GONE
        + MISSED
        + """
        >> 14:10 unit:centre resolve outcome=other
        << 14:10 alarm.resolved wander unit:centre
        << 16:10 alarm.raised wander why=outing_over+position_lost+again
        << 16:10 alarm.told wander unit:centre
        >> 17:00 unit:centre resolve outcome=other
        << 17:00 alarm.resolved wander unit:centre
        << 19:00 alarm.raised wander why=outing_over+position_lost+again
        << 19:00 alarm.told wander unit:centre
        >> 20:00 tick
        """,
    )
    assert len({line["alarm"] for line in found if line["event"] == "alarm.raised"}) == 3


def test_a_person_who_ends_the_outing_knows_where_they_are() -> None:
    told(SITE, GONE + ">> 13:00 outing over\n<< 13:00 outing.ended to=contact:eva\n>> 20:00 tick")


def test_a_rule_that_does_not_watch_just_then_misses_them_when_its_window_begins() -> None:
    evening = WANDER.replace("chain: quiet", 'chain: quiet, active: [{from: "18:00", to: "20:00"}]')
    told(
        town(f"[{evening}]"),
        GONE
        + """
        << 14:00 outing.lapsed
        << 17:00 alarm.raised wander why=outing_over+position_lost
        << 17:00 alarm.told wander unit:centre
        >> 18:00 tick
        """,
    )


def test_another_outing_ends_what_was_found() -> None:
    told(
        SITE,
        GONE
        + MISSED
        + """
        >> 15:00 outing 16:00
        << 15:00 outing.begun to=contact:eva
        << 15:00 alarm.condition_ended wander why=outing_begun
        << 16:00 outing.lapsed
        << 16:00 alarm.repeated wander why=outing_over+position_lost
        >> 17:00 tick
        """,
    )
