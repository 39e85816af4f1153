"""Who is told next, until somebody answers: as stories, where every channel hands over at once."""

from __future__ import annotations

from tests.chains import PRESS, chains
from tests.stories import told, town


def test_each_link_has_its_time_and_the_last_one_repeats() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva link=0 channel=sms why=chain_turn
        << 22:01 alarm.told press unit:patrol link=1 channel=webhook why=no_answer
        << 22:03 alarm.told press unit:centre link=2 channel=console why=no_answer
        << 22:08 alarm.told press unit:centre link=2 why=last_link_repeats
        << 22:13 alarm.told press unit:centre link=2 why=last_link_repeats
        >> 22:18 tick
        """,
    )


def test_a_link_with_nobody_on_duty_is_skipped_at_once() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva link=0
        << 12:01 chain.skipped press link=1 why=nobody_on_duty
        << 12:01 alarm.told press unit:centre link=2
        >> 12:02 tick
        """,
    )


def test_several_links_with_nobody_on_duty_are_skipped_in_order_at_one_instant() -> None:
    told(
        chains(
            "{id: standard, links: [{tell: [unit:patrol], wait_s: 60}, {tell: [unit:patrol], wait_s: 60},"
            " {tell: [contact:eva, unit:patrol], wait_s: 60}, {tell: [unit:patrol], wait_s: 60},"
            " {tell: [unit:centre], wait_s: 60}]}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 chain.skipped press link=0 why=nobody_on_duty
        << 12:00 chain.skipped press link=1 why=nobody_on_duty
        << 12:00 alarm.told press contact:eva link=2
        << 12:01 chain.skipped press link=3
        << 12:01 alarm.told press unit:centre link=4
        >> 12:01:30 tick
        """,
    )


def test_duty_ends_and_begins_by_the_wall_clock() -> None:
    told(
        chains("{id: standard, links: [{tell: [unit:patrol], wait_s: 60}, {tell: [unit:centre], wait_s: 86400}]}"),
        """
        >> 05:59:59 gps-1 button
        << 05:59:59 alarm.raised press
        << 05:59:59 alarm.told press unit:patrol
        >> 06:00 unit:patrol resolve
        << 06:00 alarm.resolved press unit:patrol
        >> 06:00 gps-1 button                  # 07:00: the patrol has gone home
        << 06:00 alarm.raised press
        << 06:00 chain.skipped press link=0
        << 06:00 alarm.told press unit:centre link=1
        """,
    )


def test_the_recipients_of_a_link_are_told_at_once() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam link=0
        << 12:00 alarm.told press contact:eva link=0
        << 12:01 alarm.told press unit:centre link=1
        >> 12:01:30 tick
        """,
    )


def test_the_next_link_waits_until_all_who_were_told_have_declined() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam
        << 12:00 alarm.told press contact:eva
        >> 12:00:10 contact:adam decline
        << 12:00:10 alarm.declined press contact:adam
        >> 12:00:20 contact:eva decline
        << 12:00:20 alarm.declined press contact:eva
        << 12:00:20 alarm.told press unit:centre link=1 why=all_declined
        """,
    )


def test_a_decline_of_one_of_two_leaves_the_other_their_time() -> None:
    told(
        chains("{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 60}]}"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam
        << 12:00 alarm.told press contact:eva
        >> 12:00:10 contact:adam decline
        << 12:00:10 alarm.declined press contact:adam
        << 12:01 alarm.told press unit:centre link=1 why=no_answer
        >> 12:01:30 tick
        """,
    )


def test_a_decline_of_a_link_that_has_had_its_turn_does_not_hurry_the_chain() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        << 22:01 alarm.told press unit:patrol
        >> 22:01:30 contact:eva decline
        << 22:01:30 alarm.declined press contact:eva
        << 22:03 alarm.told press unit:centre
        >> 22:04 tick
        """,
    )


def test_a_decline_at_the_last_link_does_not_end_its_repeating() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        << 22:01 alarm.told press unit:patrol
        << 22:03 alarm.told press unit:centre
        >> 22:04 unit:centre decline
        << 22:04 alarm.declined press unit:centre
        << 22:08 alarm.told press unit:centre why=last_link_repeats
        >> 22:10 tick
        """,
    )


def test_taking_stops_the_chain() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:30 contact:eva take
        << 22:00:30 alarm.taken press contact:eva
        >> 22:20 contact:eva resolve outcome=helped
        << 22:20 alarm.resolved press contact:eva why=helped
        >> 23:59 tick
        """,
    )


def test_an_answer_at_the_instant_of_the_next_turn_comes_first() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:01 contact:eva take
        << 22:01 alarm.taken press contact:eva
        >> 22:05 tick
        """,
    )


def test_a_lapsed_follow_up_goes_on_with_the_next_link_and_the_last_one_repeats() -> None:
    told(
        chains(
            "{id: standard, links: [{tell: [contact:eva], wait_s: 60}, {tell: [unit:centre], wait_s: 600}], follow_up_s: 300}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva link=0
        >> 12:00:30 contact:eva take
        << 12:00:30 alarm.taken press contact:eva
        << 12:05:30 alarm.reopened press why=follow_up_lapsed
        << 12:05:30 alarm.told press unit:centre link=1 why=follow_up_lapsed
        >> 12:06 unit:centre take
        << 12:06 alarm.taken press unit:centre
        << 12:11 alarm.reopened press
        << 12:11 alarm.told press unit:centre link=1 why=follow_up_lapsed
        << 12:21 alarm.told press unit:centre link=1 why=last_link_repeats
        >> 12:30 tick
        """,
    )


def test_a_follow_up_that_lapses_skips_those_off_duty() -> None:
    told(
        chains(
            "{id: standard, follow_up_s: 300, links: [{tell: [contact:eva], wait_s: 60}, {tell: [unit:patrol], wait_s: 60},"
            " {tell: [unit:centre], wait_s: 86400}]}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:eva
        >> 12:00:30 contact:eva take
        << 12:00:30 alarm.taken press contact:eva
        << 12:05:30 alarm.reopened press
        << 12:05:30 chain.skipped press link=1
        << 12:05:30 alarm.told press unit:centre link=2 why=follow_up_lapsed
        >> 12:06 tick
        """,
    )


def test_technical_alarms_walk_the_technical_chain_and_a_rules_own_chain_comes_before_all() -> None:
    told(
        town(
            "[{id: flat, kind: battery_low}, {id: own, kind: battery_low, chain: standard}, {id: dose, kind: missed_medication}]"
        ),
        """
        >> 12:00 gps-1 status battery_pct=5
        << 12:00 alarm.raised flat priority=technical
        << 12:00 alarm.raised own priority=technical
        << 12:00 alarm.told flat unit:centre
        << 12:00 alarm.told own contact:eva
        >> 12:00:10 motion-1 medication taken=false
        << 12:00:10 alarm.raised dose
        << 12:00:10 alarm.told dose contact:eva
        """,
    )


def test_a_repeat_tells_nobody_anew() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:59 gps-1 button
        << 22:00:59 alarm.repeated press
        << 22:01 alarm.told press unit:patrol
        >> 22:02 tick
        """,
    )


def test_a_new_alarm_starts_its_chain_from_the_first_link() -> None:
    told(
        PRESS,
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva link=0
        << 22:01 alarm.told press unit:patrol link=1
        >> 22:02 unit:patrol resolve
        << 22:02 alarm.resolved press unit:patrol
        >> 22:03 gps-1 button
        << 22:03 alarm.raised press
        << 22:03 alarm.told press contact:eva link=0
        """,
    )


def test_who_declined_at_an_earlier_link_is_asked_anew() -> None:
    told(
        chains(
            "{id: standard, links: [{tell: [contact:adam, contact:eva], wait_s: 60},"
            " {tell: [contact:eva, unit:centre], wait_s: 60}, {tell: [unit:centre], wait_s: 600}]}"
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press contact:adam
        << 12:00 alarm.told press contact:eva
        >> 12:00:10 contact:eva decline
        << 12:00:10 alarm.declined press contact:eva
        << 12:01 alarm.told press contact:eva link=1
        << 12:01 alarm.told press unit:centre link=1
        >> 12:01:10 unit:centre decline
        << 12:01:10 alarm.declined press unit:centre
        << 12:02 alarm.told press unit:centre link=2 why=no_answer
        >> 12:03 tick
        """,
    )
