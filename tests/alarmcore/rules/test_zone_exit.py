"""Rule `zone_exit`: when belief becomes outside all of the rule's zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarmcore.rules.base import BLANK
from alarmcore.watch import WOKE, plan_for
from tests.observed import observed
from tests.stories import built, document, resident, told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
WANDER = town("[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]")


def test_two_fixes_outside_raise_an_alarm_one_alone_never_does() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @home
        >> 12:02 gps-1 position @away
        >> 12:03 gps-1 position @away
        << 12:03 alarm.raised wander cause=zone_exit priority=high why=outside_all_zones
        << 12:03 alarm.told wander unit:centre
        >> 12:04 gps-1 position @away
        >> 12:05 gps-1 position @home
        >> 12:06 gps-1 position @home
        << 12:06 alarm.condition_ended wander why=inside_a_zone
        """,
    )


def test_somebody_who_was_never_believed_inside_is_found_outside() -> None:
    told(
        WANDER,
        """
        >> 12:02 gps-1 position @away
        >> 12:03 gps-1 position @away
        << 12:03 alarm.raised wander
        << 12:03 alarm.told wander unit:centre
        """,
    )


def test_wild_fixes_among_others_at_home_raise_nothing() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @home
        >> 12:01 gps-1 position @away
        >> 12:02 gps-1 position @home
        >> 12:03 gps-1 position @home
        >> 12:04 gps-1 position @away
        >> 12:05 gps-1 position @home
        >> 12:06 gps-1 position @home
        >> 12:07 gps-1 position @away
        >> 12:08 gps-1 position @home
        """,
    )


def test_the_same_fix_delivered_twice_is_one() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away id="a"
        >> 12:01 gps-1 position @away id="a" at=12:00
        >> 12:02 gps-1 position @away at=12:00
        """,
    )


def test_a_fix_that_is_less_accurate_than_it_is_far_says_nothing() -> None:
    told(
        WANDER,
        """
        >> 12:00 gps-1 position @away accuracy_m=5000
        >> 12:01 gps-1 position @away accuracy_m=5000
        >> 12:02 gps-1 position @edge
        >> 12:03 gps-1 position @edge
        """,
    )


def test_being_in_any_of_the_rules_zones_is_enough() -> None:
    told(
        town("[{id: wander, kind: zone_exit, zones: [home, lake], chain: quiet}]"),
        """
        >> 12:00 gps-1 position @lake
        >> 12:01 gps-1 position @lake
        >> 12:02 gps-1 position @away
        >> 12:03 gps-1 position @away
        << 12:03 alarm.raised wander
        << 12:03 alarm.told wander unit:centre
        """,
    )


def test_late_fixes_still_count_and_mark_the_alarm_late() -> None:
    told(
        WANDER,
        """
        >> 14:00 gps-1 position @away at=12:00
        >> 14:00 gps-1 position @away at=12:01
        << 14:00 alarm.raised wander late_s=7140
        << 14:00 alarm.told wander unit:centre
        """,
    )


def test_a_fix_older_than_what_is_believed_changes_nothing() -> None:
    told(
        WANDER,
        """
        >> 12:10 gps-1 position @home
        >> 12:11 gps-1 position @home
        >> 12:12 gps-1 position @away at=12:05
        >> 12:13 gps-1 position @away at=12:06
        """,
    )


def test_somebody_who_left_before_the_rules_hours_is_found_when_they_begin() -> None:
    told(
        town('[{id: wander, kind: zone_exit, zones: [home], chain: quiet, active: [{from: "22:00", to: "06:00"}]}]'),
        """
        >> 20:00 gps-1 position @away
        >> 20:01 gps-1 position @away
        << 21:00 alarm.raised wander
        << 21:00 alarm.told wander unit:centre
        >> 21:30 tick
        """,
    )


def test_lapsed_consent_stops_the_rule_and_says_so() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]",
            "consent: {given: 2026-01-10, by: kin, basis: sol, until: 2026-01-13}",
        ),
        """
        day 2026-01-13
        >> 22:58 gps-1 position @away
        >> 23:01 gps-1 position @away          # midnight by the wall clock was at 23:00
        << 23:01 reading.rejected not_consented
        >> 23:02 gps-1 position @away
        << 23:02 reading.rejected not_consented
        """,
    )


def test_during_a_stay_its_zones_count_and_its_chain_is_walked() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home]}]",
            "stays: [{from: 2026-07-01, until: 2026-07-02, zones: [cottage], chain: quiet}]",
        ),
        """
        day 2026-07-01
        >> 08:00 gps-1 position @cottage
        >> 08:01 gps-1 position @cottage
        >> 09:00 gps-1 position @lake
        >> 09:01 gps-1 position @lake
        << 09:01 alarm.raised wander
        << 09:01 alarm.told wander unit:centre link=0
        >> 10:00 unit:centre resolve
        << 10:00 alarm.resolved wander unit:centre
        >> 10:01 gps-1 position @cottage
        >> 10:02 gps-1 position @cottage
        day 2026-07-02
        >> 22:00 gps-1 position @home          # the third of July by the wall clock
        >> 22:01 gps-1 position @home
        >> 22:10 gps-1 position @away
        >> 22:11 gps-1 position @away
        << 22:11 alarm.raised wander
        << 22:11 alarm.told wander contact:eva link=0
        """,
    )


def test_leaving_home_for_a_stay_is_no_exit_from_home() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home]}]",
            "stays: [{from: 2026-07-01, until: 2026-07-02, zones: [cottage]}]",
        ),
        """
        day 2026-06-30
        >> 21:00 gps-1 position @home
        >> 21:01 gps-1 position @home
        >> 22:01 gps-1 position @cottage       # the first of July
        >> 22:02 gps-1 position @cottage
        >> 22:03 gps-1 position @home at=21:30
        """,
    )


def test_a_stay_without_zones_leaves_the_usual_ones() -> None:
    told(
        town(
            "[{id: wander, kind: zone_exit, zones: [home]}]",
            "stays: [{from: 2026-07-01, until: 2026-07-02, chain: quiet}]",
        ),
        """
        day 2026-07-01
        >> 08:00 gps-1 position @cottage
        >> 08:01 gps-1 position @cottage
        << 08:01 alarm.raised wander
        << 08:01 alarm.told wander unit:centre
        """,
    )


def test_a_device_that_was_handed_over_tells_of_whoever_had_it_then() -> None:
    rules = [{"id": "wander", "kind": "zone_exit", "zones": ["home"], "chain": "quiet"}]
    site = built(
        {
            **document(),
            "residents": [
                resident(rules=rules, devices=[{"id": "gps-1", "kind": "gps", "until": "2026-01-13"}]),
                resident(id="r2", rules=rules, devices=[{"id": "gps-1", "kind": "gps", "from": "2026-01-14"}]),
            ],
        }
    )
    told(
        site,
        """
        day 2026-01-13
        >> 23:10 gps-1 position @away          # the fourteenth by the wall clock
        >> 23:11 gps-1 position @away at=22:50
        >> 23:12 gps-1 position @away at=22:51
        << 23:12 alarm.raised wander resident=r1 late_s=1260
        << 23:12 alarm.told wander unit:centre
        >> 23:13 gps-1 position @away
        << 23:13 alarm.raised wander resident=r2
        << 23:13 alarm.told wander unit:centre
        """,
    )


def test_what_was_measured_hours_before_it_came_is_not_said_of_the_present() -> None:
    """Also of a bracelet that is somebody else's by then. It makes uncertain: the next fix that says so is enough."""
    told(
        WANDER,
        """
        >> 08:00 gps-1 position @home
        >> 08:01 gps-1 position @home
        >> 14:00 gps-1 position @away at=11:00
        >> 14:00 gps-1 position @away at=11:01
        >> 14:00 gps-1 position @away at=11:02
        >> 14:05 gps-1 position @away at=11:40
        >> 15:00 gps-1 position @away
        << 15:00 alarm.raised wander
        << 15:00 alarm.told wander unit:centre
        >> 20:00 gps-1 position @home at=17:00
        >> 20:00 gps-1 position @home at=17:01
        >> 20:00 gps-1 position @home at=17:02
        >> 20:01 gps-1 position @home
        << 20:01 alarm.condition_ended wander
        """,
    )


STAY = town(
    "[{id: wander, kind: zone_exit, zones: [home], chain: quiet}]",
    "stays: [{from: 2026-07-01, until: 2026-07-02, zones: [cottage]}]",
)


def test_of_two_fixes_outside_of_home_and_of_the_stay_s_zones_both_say_so_of_the_stay() -> None:
    told(
        STAY,
        """
        day 2026-06-30
        >> 21:58 gps-1 position @away
        >> 22:01 gps-1 position @away          # the first of July
        << 22:01 alarm.raised wander
        << 22:01 alarm.told wander unit:centre
        >> 22:02 gps-1 position @away
        """,
    )


def test_an_old_fix_from_before_the_stay_does_not_undo_what_was_seen_since() -> None:
    told(
        STAY,
        """
        day 2026-06-30
        >> 22:01 gps-1 position @home
        >> 22:02 gps-1 position @home at=21:30
        >> 22:03 gps-1 position @home
        << 22:03 alarm.raised wander
        << 22:03 alarm.told wander unit:centre
        """,
    )


def test_what_is_found_names_the_fix_that_led_to_it_and_not_the_latest() -> None:
    """A bracelet that goes on reporting from outside must not make another alarm of the same exit."""
    site = town('[{id: wander, kind: zone_exit, zones: [home], active: [{from: "22:00", to: "06:00"}]}]')
    plan = plan_for(site, site.residents[0])
    rule, setting, memory, causes = plan.watched[0].rule, plan.watched[0].setting, BLANK, []
    for minute in range(4):
        at = NOON + timedelta(minutes=minute)
        event = observed(site, "position", {"lat": 58.35, "lon": 12.7, "accuracy_m": 5, "at": at.isoformat()}, at)
        assert event is not None
        causes.append(event.reading.identity)
        memory = rule.step(memory, event, setting, at).state
    assert memory.due_at is not None
    (find,) = rule.step(memory, WOKE, setting, memory.due_at).decisions
    assert (find.cause, find.happened_at) == (causes[1], NOON)
