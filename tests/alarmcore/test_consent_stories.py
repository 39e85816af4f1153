"""A consent lapses while somebody is watched: what is decided before, at and after that moment, told as stories."""

from __future__ import annotations

from alarmcore.model.site import Site
from tests.stories import told, town

WANDER = "{id: wander, kind: zone_exit, zones: [home], chain: quiet, again_s: 7200}"
CONSENT = 'consent: {given: 2026-01-10, by: resident, basis: sol, until: "2026-01-14T14:00:00Z"}'


def site(rules: str, consent: str = CONSENT) -> Site:
    return town(f"[{rules}, {{id: press, kind: button, chain: quiet}}]", consent)


HOME = """
>> 11:30 gps-1 position @home
>> 11:40 gps-1 position @home
"""
ASTRAY = (
    HOME
    + """
>> 12:00 gps-1 position @away
>> 12:05 gps-1 position @away
<< 12:05 alarm.raised wander why=outside_all_zones
<< 12:05 alarm.told wander unit:centre
"""
)


def test_an_alarm_that_is_open_stays_so_and_its_condition_says_why_it_is_watched_no_longer() -> None:
    told(
        site(WANDER),
        ASTRAY
        + """
        << 14:00 alarm.condition_ended wander why=consent_lapsed
        >> 14:10 gps-1 position @away
        << 14:10 reading.rejected not_consented
        >> 15:00 unit:centre take
        << 15:00 alarm.taken wander unit:centre
        << 15:30 alarm.reopened wander why=follow_up_lapsed
        << 15:30 alarm.told wander unit:centre
        >> 16:00 tick
        """,
    )


def test_what_was_resolved_is_not_raised_again_once_the_consent_has_lapsed() -> None:
    told(
        site(WANDER),
        ASTRAY
        + """
        >> 12:30 unit:centre resolve outcome=helped
        << 12:30 alarm.resolved wander unit:centre
        >> 18:00 tick
        """,
    )


def test_a_window_that_begins_at_that_moment_or_later_finds_nothing() -> None:
    for begins in ("15:00", "16:00"):  # 14:00 and 15:00 UTC
        evening = WANDER.replace("chain: quiet", f'chain: quiet, active: [{{from: "{begins}", to: "20:00"}}]')
        told(site(evening), HOME + ">> 12:00 gps-1 position @away\n>> 12:05 gps-1 position @away\n>> 18:00 tick")


def test_somebody_is_not_found_lost_at_that_moment_or_later() -> None:
    lost = WANDER.replace("again_s", "lost_s: 3600, again_s")
    story = HOME + ">> 13:00 gps-1 position @away\n"
    told(site(lost), story + ">> 18:00 tick")
    earlier = CONSENT.replace("14:00", "14:01")
    found = "<< 14:00 alarm.raised wander why=position_lost\n<< 14:00 alarm.told wander unit:centre\n"
    told(site(lost, earlier), story + found + "<< 14:01 alarm.condition_ended wander why=consent_lapsed\n>> 18:00 tick")


def test_the_end_of_an_outing_finds_nobody_at_that_moment_or_later() -> None:
    for until in ("14:00", "15:00"):
        told(
            site(WANDER),
            f"""
            >> 12:00 outing {until}
            << 12:00 outing.begun to=contact:eva
            >> 12:10 gps-1 position @away
            >> 12:20 gps-1 position @away
            << {until} outing.lapsed
            >> 18:00 tick
            """,
        )


def test_who_is_missed_after_an_outing_is_left_to_people() -> None:
    told(
        site(WANDER),
        """
        >> 12:00 outing 13:00
        << 12:00 outing.begun to=contact:eva
        << 13:00 outing.lapsed
        << 13:00 alarm.raised wander why=outing_over+position_lost
        << 13:00 alarm.told wander unit:centre
        << 14:00 alarm.condition_ended wander why=consent_lapsed
        >> 14:10 unit:centre resolve outcome=helped
        << 14:10 alarm.resolved wander unit:centre
        >> 20:00 tick
        """,
    )


def test_a_press_never_stops_and_its_own_position_counts() -> None:
    found = told(
        site(WANDER),
        HOME
        + """
        >> 14:00 gps-1 button lat=58.4 lon=12.7
        << 14:00 alarm.raised press why=pressed
        << 14:00 alarm.told press unit:centre
        >> 15:00 tick
        """,
    )
    assert found[0]["event"] == "alarm.raised"


def test_a_consent_that_begins_later_begins_from_nothing() -> None:
    told(
        site(WANDER, 'consent: {given: "2026-01-14T12:02:00Z", by: resident, basis: sol}'),
        """
        >> 12:00 gps-1 position @away
        << 12:00 reading.rejected not_consented
        >> 12:05 gps-1 position @away
        >> 12:10 gps-1 position @away
        << 12:10 alarm.raised wander why=outside_all_zones
        << 12:10 alarm.told wander unit:centre
        >> 12:20 tick
        """,
    )
