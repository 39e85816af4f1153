"""Rule `door_open`: a door has stood open for `limit_s`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from alarmcore import watch
from alarmcore.rules.base import BLANK, Resolved, Span
from alarmcore.watch import WOKE
from tests.observed import observed
from tests.stories import told, town

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
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


def test_the_alarm_names_the_door_that_has_stood_open_longest() -> None:
    """Two devices: whoever goes there must be sent to the right door."""
    rule = next(iter(DOOR.residents[0].rules))
    setting = watch.plan_for(DOOR, DOOR.residents[0]).watched[0].setting
    memory, causes = BLANK, []
    for device, minute in (("door-1", 0), ("motion-1", 5)):
        at = NOON + timedelta(minutes=minute)
        event = observed(DOOR, "door", {"device": device, "open": True, "at": at.isoformat()}, at)
        assert event is not None
        causes.append(event.reading.identity)
        memory = rule.step(memory, event, setting, at).state
    due_at = NOON + timedelta(seconds=600)
    (find,) = rule.step(memory, WOKE, setting, due_at).decisions
    assert (find.device, find.happened_at, find.cause) == ("door-1", NOON, causes[0])
    assert rule.step(rule.step(memory, WOKE, setting, due_at).state, WOKE, setting, due_at).decisions == (), "it is found once"


def test_a_door_that_closes_in_the_second_in_which_it_opened_is_closed() -> None:
    told(
        DOOR,
        """
        >> 12:00 door-1 door open=true
        >> 12:00 door-1 door open=false
        >> 13:00 tick
        """,
    )


def test_a_door_whose_sensor_was_handed_over_is_not_raised_again() -> None:
    watched = watch.plan_for(DOOR, DOOR.residents[0]).watched[0]
    rule, setting = watched.rule, watched.setting
    opened = observed(DOOR, "door", {"device": "door-1", "open": True, "at": NOON.isoformat()}, NOON)
    assert opened is not None
    memory = rule.step(BLANK, opened, setting, NOON).state
    found = rule.step(memory, WOKE, setting, NOON + timedelta(minutes=10))
    assert found.decisions
    hers = rule.step(found.state, Resolved(), setting, NOON + timedelta(minutes=20)).state
    assert hers.due_at == NOON + timedelta(minutes=80)
    elsewhere = msgspec.structs.replace(setting, devices=(("door-2", Span(None, None)),))
    handed_over = rule.step(found.state, Resolved(), elsewhere, NOON + timedelta(minutes=20)).state
    assert (handed_over.holds, handed_over.found, handed_over.due_at) == (None, False, None)
