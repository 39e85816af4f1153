"""Zones that count at some hours only, and several zones to be kept out of."""

from __future__ import annotations

from typing import Any

from alarmcore.model.site import Site
from tests.stories import built, document, resident, told, town

CENTRE: dict[str, Any] = {
    "id": "centre",
    "circle": {"lat": 58.3600, "lon": 12.6784, "radius_m": 400},  # where the lake is
    "active": [{"from": "10:00", "to": "16:00", "days": ["mon", "tue", "wed", "thu", "fri"]}],  # 9 to 15 by the story's clock
}
HOME: dict[str, Any] = {"id": "home", "circle": {"lat": 58.3345, "lon": 12.6784, "radius_m": 150}}


def cared_for(zones: list[dict[str, Any]], more: dict[str, Any] | None = None, **person: Any) -> Site:
    """Somebody who may be in any of the zones."""
    rule = {"id": "wander", "kind": "zone_exit", "zones": [zone["id"] for zone in zones], "chain": "quiet", **(more or {})}
    return built({**document(), "residents": [resident(zones=zones, rules=[rule], **person)]})


BOTH = cared_for([HOME, CENTRE])
DAYS = cared_for([CENTRE])


def test_the_day_centre_is_a_place_to_be_in_its_hours_and_not_after() -> None:
    told(
        BOTH,
        """
        >> 10:00 gps-1 position @lake
        >> 10:01 gps-1 position @lake
        >> 14:59 gps-1 position @lake
        >> 15:00 gps-1 position @lake
        << 15:00 alarm.raised wander why=outside_all_zones
        << 15:00 alarm.told wander unit:centre
        >> 15:01 gps-1 position @lake
        """,
    )


def test_whoever_was_seen_at_the_centre_just_before_it_closes_is_found_when_it_does() -> None:
    """Also if the device is silent from then on. Two fixes must say so here as well."""
    told(
        BOTH,
        """
        >> 14:50 gps-1 position @lake
        >> 14:55 gps-1 position @lake
        << 15:00 alarm.raised wander why=outside_all_zones
        << 15:00 alarm.told wander unit:centre
        >> 18:00 tick
        """,
    )
    told(
        BOTH,
        """
        >> 14:30 gps-1 position @lake
        >> 14:55 gps-1 position @lake
        >> 18:00 tick
        """,
    )


def test_whoever_was_seen_there_longer_ago_is_safe_no_more_and_missed_where_that_is_wanted() -> None:
    story = """
        >> 14:00 gps-1 position @lake
        >> 14:20 gps-1 position @lake
        {found}
        >> 18:00 tick
        """
    told(BOTH, story.format(found=""))
    lost = "<< 15:00 alarm.raised wander why=position_lost\n<< 15:00 alarm.told wander unit:centre"
    told(cared_for([HOME, CENTRE], {"lost_s": 1800}), story.format(found=lost))


def test_whoever_was_seen_at_home_is_as_safe_when_the_centre_closes() -> None:
    told(
        cared_for([HOME, CENTRE], {"lost_s": 1800}),
        """
        >> 12:00 gps-1 position @home
        >> 14:55 gps-1 position @home
        >> 23:00 tick
        """,
    )


def test_whoever_is_at_home_stays_believed_so_when_the_centre_opens_and_closes() -> None:
    told(
        BOTH,
        """
        >> 08:00 gps-1 position @home
        >> 08:01 gps-1 position @home
        >> 09:30 gps-1 position @away
        >> 09:31 gps-1 position @home
        >> 15:30 gps-1 position @home
        >> 15:31 gps-1 position @away
        """,
    )


def test_whoever_is_there_before_it_opens_is_found_and_taken_for_inside_then() -> None:
    told(
        BOTH,
        """
        >> 08:00 gps-1 position @lake
        >> 08:01 gps-1 position @lake
        << 08:01 alarm.raised wander
        << 08:01 alarm.told wander unit:centre
        >> 09:01 gps-1 position @lake
        >> 09:02 gps-1 position @lake
        << 09:02 alarm.condition_ended wander why=inside_a_zone
        """,
    )


def test_whoever_was_outside_of_both_is_not_found_a_second_time_when_one_closes() -> None:
    told(
        BOTH,
        """
        >> 14:00 gps-1 position @away
        >> 14:01 gps-1 position @away
        << 14:01 alarm.raised wander
        << 14:01 alarm.told wander unit:centre
        >> 15:01 gps-1 position @away
        >> 15:02 gps-1 position @away
        """,
    )


def test_one_fix_outside_of_home_before_and_one_outside_of_both_after_are_two_outside_of_both() -> None:
    told(
        BOTH,
        """
        >> 08:59 gps-1 position @away
        >> 09:00 gps-1 position @away
        << 09:00 alarm.raised wander
        << 09:00 alarm.told wander unit:centre
        """,
    )


def test_that_somebody_has_left_home_is_no_evidence_that_they_are_outside_of_both() -> None:
    told(
        BOTH,
        """
        >> 08:00 gps-1 position @home
        >> 08:01 gps-1 position @home
        >> 08:59 gps-1 position @lake
        >> 09:00 gps-1 position @lake
        >> 09:01 gps-1 position @lake
        """,
    )


def test_that_somebody_may_have_left_home_before_counts_when_the_centre_opens() -> None:
    told(
        BOTH,
        """
        >> 08:00 gps-1 position @home
        >> 08:01 gps-1 position @home
        >> 08:59 gps-1 position @away
        >> 09:00 gps-1 position @away
        << 09:00 alarm.raised wander
        << 09:00 alarm.told wander unit:centre
        """,
    )


def test_a_rule_none_of_whose_zones_counts_says_nothing() -> None:
    told(
        DAYS,
        """
        >> 08:00 gps-1 position @away
        >> 08:01 gps-1 position @away
        >> 16:00 gps-1 position @away
        >> 16:01 gps-1 position @away
        day 2026-01-17
        >> 10:00 gps-1 position @away          # a Saturday
        >> 10:01 gps-1 position @away
        """,
    )


def test_nor_does_it_raise_again_what_it_found_before_until_a_zone_counts() -> None:
    told(
        DAYS,
        """
        >> 14:30 gps-1 position @away
        >> 14:31 gps-1 position @away
        << 14:31 alarm.raised wander
        << 14:31 alarm.told wander unit:centre
        >> 14:40 unit:centre resolve
        << 14:40 alarm.resolved wander unit:centre
        >> 20:00 tick
        day 2026-01-15
        << 09:00 alarm.raised wander why=outside_all_zones+again
        << 09:00 alarm.told wander unit:centre
        >> 09:10 tick
        """,
    )


def test_nor_after_a_fix_in_between_that_no_zone_was_there_for() -> None:
    told(
        DAYS,
        """
        >> 14:30 gps-1 position @away
        >> 14:31 gps-1 position @away
        << 14:31 alarm.raised wander
        << 14:31 alarm.told wander unit:centre
        >> 14:40 unit:centre resolve
        << 14:40 alarm.resolved wander unit:centre
        >> 15:10 gps-1 position @home
        day 2026-01-15
        >> 09:10 gps-1 position @lake
        >> 09:11 gps-1 position @lake
        """,
    )


def test_an_old_fix_from_within_the_hours_does_not_count_after_one_from_outside_them() -> None:
    told(
        DAYS,
        """
        >> 15:10 gps-1 position @away
        >> 15:11 gps-1 position @away at=14:50
        >> 15:11 gps-1 position @away at=14:51
        """,
    )


def test_the_hours_of_the_rule_and_those_of_the_zone_must_both_hold() -> None:
    told(
        cared_for([CENTRE], {"active": [{"from": "12:00", "to": "20:00"}]}),
        """
        >> 09:10 gps-1 position @away
        >> 09:11 gps-1 position @away
        << 11:00 alarm.raised wander
        << 11:00 alarm.told wander unit:centre
        >> 11:10 unit:centre resolve
        << 11:10 alarm.resolved wander unit:centre
        << 12:10 alarm.raised wander
        << 12:10 alarm.told wander unit:centre
        >> 14:50 unit:centre resolve
        << 14:50 alarm.resolved wander unit:centre
        day 2026-01-15
        >> 10:59 tick
        << 11:00 alarm.raised wander
        << 11:00 alarm.told wander unit:centre
        >> 11:01 tick
        """,
    )


def test_lost_waits_for_a_zone_too() -> None:
    told(
        cared_for([CENTRE], {"lost_s": 1800}),
        """
        >> 14:50 gps-1 position @away
        >> 20:00 tick
        day 2026-01-15
        << 09:00 alarm.raised wander why=position_lost
        << 09:00 alarm.told wander unit:centre
        >> 09:01 tick
        """,
    )


def test_a_zone_of_a_stay_keeps_its_hours() -> None:
    told(
        cared_for([HOME, CENTRE], stays=[{"from": "2026-01-14", "until": "2026-01-14", "zones": ["centre"]}]),
        """
        >> 10:00 gps-1 position @lake
        >> 10:01 gps-1 position @lake
        >> 15:10 gps-1 position @away
        >> 15:11 gps-1 position @away
        """,
    )


RAILWAY: dict[str, Any] = {
    "id": "railway",
    "corridor": {"line": {"type": "LineString", "coordinates": [[12.60, 58.3500], [12.80, 58.3500]]}, "width_m": 200},
}
WATER: dict[str, Any] = {"id": "water", "circle": {"lat": 58.3600, "lon": 12.6784, "radius_m": 400}, "active": CENTRE["active"]}


def keep_out() -> Site:
    rule = {"id": "danger", "kind": "zone_enter", "zones": ["railway", "water"], "chain": "quiet"}
    return built({**document(), "residents": [resident(zones=[HOME, RAILWAY, WATER], rules=[rule])]})


def test_the_railway_and_the_water_are_kept_out_of_by_one_rule_at_all_hours() -> None:
    told(
        keep_out(),
        """
        >> 04:00 gps-1 position @home
        >> 04:01 gps-1 position @home
        >> 04:10 gps-1 position @away          # on the rails
        >> 04:11 gps-1 position @away
        << 04:11 alarm.raised danger why=inside_zone
        << 04:11 alarm.told danger unit:centre
        >> 04:20 gps-1 position @lake          # from one into the other is no end
        >> 04:21 gps-1 position @lake
        >> 04:30 gps-1 position @home
        >> 04:31 gps-1 position @home
        << 04:31 alarm.condition_ended danger why=outside_zone
        """,
    )


def test_one_fix_on_the_rails_and_one_in_the_water_are_two_that_agree() -> None:
    told(
        keep_out(),
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:10 gps-1 position @away
        >> 12:20 gps-1 position @lake
        << 12:20 alarm.raised danger
        << 12:20 alarm.told danger unit:centre
        """,
    )


def test_hours_are_told_to_the_rule_and_are_no_field_of_its_own() -> None:
    assert BOTH.residents[0].rules[0].hours[0][0] == 1  # type: ignore[attr-defined]
    assert town("[{id: wander, kind: zone_exit, zones: [home]}]").residents[0].rules[0].hours == ()  # type: ignore[attr-defined]
