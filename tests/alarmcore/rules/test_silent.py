"""Rule `silent`: nothing has been received from one of the person's devices for `limit_s`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alarmcore import watch
from alarmcore.rules.base import Find, Memory
from alarmcore.watch import WOKE
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
SILENT = town("[{id: lost, kind: silent, limit_s: 3600}]")


def test_a_device_that_falls_silent_is_found_and_over_when_it_is_heard() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:30 gps-1 position @home
        << 13:30 alarm.raised lost cause=silent priority=technical why=silent_too_long
        << 13:30 alarm.told lost unit:centre
        >> 14:00 gps-1 heartbeat
        << 14:00 alarm.condition_ended lost why=heard_again
        """,
    )


def test_devices_that_were_never_heard_are_unknown() -> None:
    told(SILENT, ">> 20:00 tick")


def test_one_device_does_not_speak_for_another() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        >> 12:50 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 bed-1 heartbeat
        >> 14:00 tick
        """,
    )


def test_each_device_that_falls_silent_is_added_and_over_is_when_all_are_heard() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        << 13:10 alarm.repeated lost
        >> 14:00 gps-1 heartbeat
        >> 14:01 bed-1 heartbeat
        << 14:01 alarm.condition_ended lost
        """,
    )


def test_a_device_that_falls_silent_again_while_another_is_still_silent_is_added() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:10 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        << 13:10 alarm.repeated lost
        >> 14:00 gps-1 heartbeat
        << 15:00 alarm.repeated lost
        >> 15:30 tick
        """,
    )


def test_it_is_raised_again_while_the_device_stays_silent() -> None:
    told(
        town("[{id: lost, kind: silent, limit_s: 3600, again_s: 7200}]"),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve outcome=technical
        << 13:30 alarm.resolved lost unit:centre
        << 15:30 alarm.raised lost why=silent_too_long+again
        << 15:30 alarm.told lost unit:centre
        >> 16:00 gps-1 heartbeat
        << 16:00 alarm.condition_ended lost
        """,
    )


def test_a_device_that_was_heard_after_the_resolution_is_not_raised_again() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve
        << 13:30 alarm.resolved lost unit:centre
        >> 14:00 gps-1 heartbeat
        >> 14:50 tick
        << 15:00 alarm.raised lost why=silent_too_long
        << 15:00 alarm.told lost unit:centre
        >> 15:30 tick
        """,
    )


def test_receipt_counts_not_measurement() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat at=08:00
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 tick
        """,
    )


def test_a_device_that_was_handed_back_may_be_silent() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 7200}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-14}, {id: bed-1, kind: bed}]",
        ),
        """
        >> 22:00 gps-1 heartbeat               # the day ends at 23:00 UTC
        >> 22:30 bed-1 heartbeat
        day 2026-01-15
        >> 00:20 bed-1 heartbeat
        >> 01:00 tick
        """,
    )


def test_a_device_that_was_lent_and_came_back_is_the_persons_again() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 3600}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-11}, {id: gps-1, kind: gps, from: 2026-01-14}]",
        ),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 14:00 tick
        """,
    )


def test_of_three_devices_each_is_followed() -> None:
    told(
        SILENT,
        """
        >> 12:00 gps-1 heartbeat
        >> 12:01 bed-1 heartbeat
        >> 12:02 floor-1 heartbeat
        >> 12:10 gps-1 heartbeat
        << 13:01 alarm.raised lost
        << 13:01 alarm.told lost unit:centre
        << 13:02 alarm.repeated lost
        << 13:10 alarm.repeated lost
        >> 13:30 tick
        """,
    )


def test_a_device_that_was_handed_back_does_not_hide_another() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 7200}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-14}, {id: bed-1, kind: bed}]",
        ),
        """
        >> 22:00 gps-1 heartbeat               # the day ends at 23:00 UTC
        >> 22:30 bed-1 heartbeat
        day 2026-01-15
        << 00:30 alarm.raised lost
        << 00:30 alarm.told lost unit:centre
        >> 01:00 tick
        """,
    )


def test_each_time_it_is_raised_again_is_another_alarm_until_the_device_is_heard() -> None:
    found = told(
        town("[{id: lost, kind: silent, limit_s: 3600, again_s: 7200}]"),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost why=silent_too_long
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve
        << 13:30 alarm.resolved lost unit:centre
        << 15:30 alarm.raised lost why=silent_too_long+again
        << 15:30 alarm.told lost unit:centre
        >> 15:40 unit:centre resolve
        << 15:40 alarm.resolved lost unit:centre
        << 17:40 alarm.raised lost why=silent_too_long+again
        << 17:40 alarm.told lost unit:centre
        >> 17:50 gps-1 heartbeat
        << 17:50 alarm.condition_ended lost
        >> 18:00 unit:centre resolve
        << 18:00 alarm.resolved lost unit:centre
        << 18:50 alarm.raised lost why=silent_too_long
        << 18:50 alarm.told lost unit:centre
        >> 19:00 tick
        """,
    )
    assert len({line["alarm"] for line in found if line["event"] == "alarm.raised"}) == 4


def test_another_device_does_not_wait_for_the_first_to_be_raised_again() -> None:
    told(
        town("[{id: lost, kind: silent, limit_s: 3600, again_s: 7200}]"),
        """
        >> 12:00 gps-1 heartbeat
        >> 12:50 bed-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:10 unit:centre resolve
        << 13:10 alarm.resolved lost unit:centre
        << 13:50 alarm.raised lost why=silent_too_long
        << 13:50 alarm.told lost unit:centre
        >> 15:00 tick
        """,
    )


def test_hours_count_from_their_beginning() -> None:
    told(
        town('[{id: lost, kind: silent, limit_s: 3600, active: [{from: "08:00", to: "20:00"}]}]'),
        """
        >> 04:00 gps-1 heartbeat
        << 08:00 alarm.raised lost             # 08:00 by the wall clock is 07:00 UTC
        << 08:00 alarm.told lost unit:centre
        >> 09:00 tick
        """,
    )


def test_what_is_found_names_the_device_and_when_it_was_last_heard() -> None:
    rule, setting = SILENT.residents[0].rules[0], watch.plan_for(SILENT, SILENT.residents[0]).watched[0].setting
    heard_at = NOON - timedelta(hours=1)
    (find,) = rule.step(Memory(sources=(("gps-1", heard_at),), due_at=NOON), WOKE, setting, NOON).decisions
    assert find == Find("silent_too_long", int(heard_at.timestamp()) * 1000, "gps-1", heard_at)


def test_a_device_heard_under_hours_that_could_never_come_is_followed_once_the_rule_is_changed() -> None:
    """The stored memory names no moment; the next reading does."""
    rule, setting = SILENT.residents[0].rules[0], watch.plan_for(SILENT, SILENT.residents[0]).watched[0].setting
    stored = Memory(sources=(("gps-1", NOON - timedelta(hours=9)),))
    event = observed(SILENT, "heartbeat", {}, NOON)
    assert event is not None
    outcome = rule.step(stored, event, setting, NOON)
    assert outcome.decisions == ()
    assert outcome.state.due_at == NOON + timedelta(hours=1)


def test_hours_that_are_shorter_than_the_limit_never_find_anything() -> None:
    told(
        town('[{id: lost, kind: silent, limit_s: 3600, active: [{from: "08:00", to: "08:30"}]}]'),
        """
        >> 04:00 gps-1 heartbeat
        >> 04:10 bed-1 heartbeat
        >> 20:00 tick
        """,
    )


def test_what_was_raised_again_is_not_repeated_whenever_another_device_is_heard() -> None:
    told(
        town("[{id: lost, kind: silent, limit_s: 3600, again_s: 7200}]"),
        """
        >> 12:00 gps-1 heartbeat
        << 13:00 alarm.raised lost
        << 13:00 alarm.told lost unit:centre
        >> 13:30 unit:centre resolve
        << 13:30 alarm.resolved lost unit:centre
        << 15:30 alarm.raised lost why=silent_too_long+again
        << 15:30 alarm.told lost unit:centre
        >> 15:40 bed-1 heartbeat
        >> 15:50 floor-1 heartbeat
        >> 16:00 tick
        """,
    )


def test_a_device_that_is_lent_to_somebody_else_meanwhile_may_be_silent() -> None:
    told(
        town(
            "[{id: lost, kind: silent, limit_s: 7200}]",
            "devices: [{id: gps-1, kind: gps, until: 2026-01-14}, {id: gps-1, kind: gps, from: 2026-01-20}]",
        ),
        """
        >> 22:00 gps-1 heartbeat               # the day ends at 23:00 UTC
        day 2026-01-15
        >> 12:00 tick
        """,
    )
