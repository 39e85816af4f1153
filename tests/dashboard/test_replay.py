"""Recorded readings through the real machines in virtual time: order, identities, answers, garbage, bytes, memory."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.replay import Replay
from tests.stories import built, document, replayed, resident, told, town

PRESS = town("[{id: press, kind: button, chain: quiet}]")
ROOT = Path(__file__).parents[2]


def lines(*said: dict[str, Any]) -> list[bytes]:
    return [json.dumps(one).encode() + b"\n" for one in said]


# -- lines of output ------------------------------------------------------------------------------------------------------


def test_keys_stand_in_the_promised_order_and_absent_ones_are_left_out() -> None:
    said: list[bytes] = []
    press = {"kind": "button", "device": "gps-1", "at": "2026-01-14T11:00:00.123456+01:00", "received_at": "2026-01-14T12:00:00Z"}
    asyncio.run(Replay([PRESS], said.append).run(lines(press)))
    alarm = json.loads(said[0])["alarm"]
    assert said == [
        f'{{"at":"2026-01-14T12:00:00.000Z","event":"alarm.raised","alarm":"{alarm}","resident":"r1","rule":"press",'
        f'"cause":"button","priority":"critical","why":"pressed","late_s":7199}}\n'.encode(),
        f'{{"at":"2026-01-14T12:00:00.000Z","event":"alarm.told","alarm":"{alarm}","resident":"r1","rule":"press","cause":"button",'
        f'"priority":"critical","link":0,"to":"unit:centre","channel":"console","why":"chain_turn"}}\n'.encode(),
    ]


def test_an_unknown_devices_alarm_has_no_resident() -> None:
    found = told(
        PRESS,
        """
        >> 12:00 gps-9 button id="a"
        << 12:00 alarm.raised unknown_device cause=unknown_device priority=critical why=unknown_device
        << 12:00 alarm.told unknown_device unit:centre link=0
        >> 12:00:30 gps-9 button id="a"
        << 12:00:30 alarm.repeated unknown_device
        >> 12:00:40 gps-8 fall
        << 12:00:40 alarm.raised unknown_device
        << 12:00:40 alarm.told unknown_device unit:centre
        << 12:01 alarm.told unknown_device unit:centre why=last_link_repeats
        >> 12:01:30 gps-9 heartbeat
        << 12:01:30 reading.rejected unknown_device
        """,
    )
    assert all("resident" not in line for line in found)
    assert list(found[-1]) == ["at", "event", "why"]


# -- time -----------------------------------------------------------------------------------------------------------------


def test_timers_fire_strictly_before_a_line_and_in_order_of_due_resident_and_rule() -> None:
    rules = [
        {"id": "b", "kind": "on_floor", "limit_s": 60, "chain": "quiet"},
        {"id": "a", "kind": "on_floor", "limit_s": 60, "chain": "quiet"},
    ]
    residents = [resident(id=f"r{n}", rules=rules, devices=[{"id": f"floor-{n}", "kind": "floor"}]) for n in (2, 1)]
    told(
        built({**document(), "residents": residents}),
        """
        >> 12:00:00 floor-2 floor on_floor=true
        >> 12:00:00 floor-1 floor on_floor=true
        >> 12:01:00 tick
        << 12:01 alarm.raised a resident=r1
        << 12:01 alarm.told a resident=r1
        << 12:01 alarm.raised b resident=r1
        << 12:01 alarm.told b resident=r1
        << 12:01 alarm.raised a resident=r2
        << 12:01 alarm.told a resident=r2
        << 12:01 alarm.raised b resident=r2
        << 12:01 alarm.told b resident=r2
        >> 12:01:00.001 tick
        """,
    )


def test_a_timer_of_a_timer_fires_at_its_own_moment() -> None:
    told(
        town("[{id: lies, kind: on_floor, limit_s: 60}]"),
        """
        >> 22:00 floor-1 floor on_floor=true
        << 22:01 alarm.raised lies
        << 22:01 alarm.told lies contact:eva
        << 22:02 alarm.told lies unit:patrol
        << 22:04 alarm.told lies unit:centre
        >> 22:05 tick
        """,
    )


def test_after_the_last_line_nothing_more_fires() -> None:
    told(town("[{id: lies, kind: on_floor, limit_s: 60}]"), ">> 22:00 floor-1 floor on_floor=true")


def test_receipt_is_the_later_of_what_happened_and_the_clock_so_far() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 heartbeat
        >> 11:00 gps-1 button                  # stands later in the file, so it came later
        << 12:00 alarm.raised press late_s=3600
        << 12:00 alarm.told press unit:centre
        >> 11:30 gps-1 button at=11:29         # a time of receipt cannot go back either
        << 12:00 alarm.repeated press late_s=1860
        """,
    )


def test_a_reading_from_the_future_is_rejected_when_its_receipt_is_given() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 heartbeat at=12:10
        >> 12:00 gps-1 heartbeat at=12:11
        << 12:00 reading.rejected from_future
        """,
    )


def test_lines_before_any_time_is_known_came_when_the_first_time_is_said() -> None:
    """Else their alarms would be told of again and again from 1970 on."""
    press = {"kind": "button", "device": "gps-1"}
    (found,) = replayed(PRESS, [b"garbage", *lines(press, {"kind": "tick", "at": "2026-01-14T12:00:00Z"})])
    assert [(line["at"], line["event"]) for line in found] == [
        ("2026-01-14T12:00:00.000Z", event) for event in ("reading.rejected", "alarm.raised", "alarm.told")
    ]


def test_a_rejected_reading_moves_the_clock_as_well() -> None:
    told(
        town("[{id: lies, kind: on_floor, limit_s: 60, chain: quiet}]"),
        """
        >> 12:00 floor-1 floor on_floor=true
        << 12:01 alarm.raised lies
        << 12:01 alarm.told lies unit:centre
        >> 12:30 bed-1 bed occupied=perhaps
        << 12:30 reading.rejected bad_field
        >> 12:31 bed-9 bed occupied=true
        << 12:31 reading.rejected unknown_device
        """,
    )


def test_a_tick_may_say_nothing_and_must_not_say_nonsense() -> None:
    told(
        PRESS,
        """
        >> 12:00 tick
        >> 12:00 raw {"kind":"tick"}
        >> 12:00 raw {"kind":"tick","at":"soon"}
        << 12:00 reading.rejected bad_field
        >> 12:00 raw {"kind":"tick","at":"9999-12-31T23:59:59Z"}
        << 12:00 reading.rejected bad_field
        """,
    )


# -- identity -------------------------------------------------------------------------------------------------------------


def test_an_id_used_again_with_other_content_is_rejected() -> None:
    told(
        PRESS,
        """
        >> 12:00 bed-1 bed id=1 occupied=true
        << 12:00 reading.rejected bad_field
        >> 12:01 bed-1 bed id="1" occupied=true
        >> 12:02 bed-1 bed id="1" occupied=true at=12:01
        >> 12:03 bed-1 bed id="1" occupied=false at=12:01
        << 12:03 reading.rejected id_reused
        >> 12:04 door-1 door id="1" open=true
        >> 12:05 bed-1 motion id="1" at=12:01
        << 12:05 reading.rejected id_reused
        """,
    )


@pytest.mark.parametrize(("days", "word"), [(6, "<< 12:00 reading.rejected id_reused"), (8, "")])
def test_an_id_is_remembered_for_seven_days(days: int, word: str) -> None:
    told(
        PRESS,
        f"""
        day 2026-01-14
        >> 12:00 bed-1 bed id="1" occupied=true
        day 2026-01-{14 + days}
        >> 12:00 bed-1 bed id="1" occupied=false
        {word}
        """,
    )


# -- answers --------------------------------------------------------------------------------------------------------------


def test_an_answer_is_about_the_open_alarm_that_they_were_told_of_last() -> None:
    told(
        town("[{id: press, kind: button, chain: quiet}, {id: fell, kind: fall, chain: quiet}]"),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 gps-1 fall
        << 12:01 alarm.raised fell
        << 12:01 alarm.told fell unit:centre
        >> 12:02 unit:centre resolve outcome=test
        << 12:02 alarm.resolved fell unit:centre why=test
        >> 12:03 unit:centre resolve
        << 12:03 alarm.resolved press unit:centre why=other
        >> 12:04 unit:centre resolve
        """,
    )


def test_being_told_again_makes_it_the_last() -> None:
    told(
        town(
            "[{id: press, kind: button}, {id: fell, kind: fall, chain: technical}]",
            chains="[{id: standard, links: [{tell: [unit:centre], wait_s: 300}]},"
            " {id: technical, links: [{tell: [unit:centre], wait_s: 86400}]}]",
        ),
        """
        >> 12:00 gps-1 button
        << 12:00 alarm.raised press
        << 12:00 alarm.told press unit:centre
        >> 12:01 gps-1 fall
        << 12:01 alarm.raised fell
        << 12:01 alarm.told fell unit:centre
        << 12:05 alarm.told press unit:centre
        >> 12:06 unit:centre take
        << 12:06 alarm.taken press unit:centre
        """,
    )


def test_nobody_answers_about_what_they_were_not_told_of() -> None:
    told(
        town("[{id: press, kind: button}]"),
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        >> 22:00:10 unit:patrol take
        << 22:01 alarm.told press unit:patrol
        >> 22:01:10 unit:patrol resolve
        << 22:01:10 alarm.resolved press unit:patrol
        >> 22:02 gps-1 button
        << 22:02 alarm.raised press
        << 22:02 alarm.told press contact:eva
        >> 22:02:10 unit:patrol take           # told of the first one only
        >> 22:02:20 contact:eva take
        << 22:02:20 alarm.taken press contact:eva
        """,
    )


def test_taking_what_another_has_taken_changes_nothing() -> None:
    told(
        town("[{id: press, kind: button}]"),
        """
        >> 22:00 gps-1 button
        << 22:00 alarm.raised press
        << 22:00 alarm.told press contact:eva
        << 22:01 alarm.told press unit:patrol
        >> 22:01:10 unit:patrol take
        << 22:01:10 alarm.taken press unit:patrol
        >> 22:01:20 contact:eva take
        >> 22:01:30 unit:patrol take
        >> 22:01:40 contact:eva decline
        << 22:01:40 alarm.declined press contact:eva
        """,
    )


@pytest.mark.parametrize(
    "said",
    [
        '{"kind":"answer","resident":"r1","by":"contact:eva","answer":"shrug"}',
        '{"kind":"answer","resident":"r1","by":"contact:eva","answer":[]}',
        '{"kind":"answer","resident":"r1","by":"contact:eva","answer":"note"}',
        '{"kind":"answer","resident":"r1","by":"contact:eva","answer":"resolve","outcome":"fine"}',
        '{"kind":"answer","resident":"r1","by":"contact:eva","answer":"resolve","outcome":[]}',
        '{"kind":"answer","resident":1,"by":"contact:eva","answer":"take"}',
        '{"kind":"answer","resident":"r1","answer":"take"}',
    ],
)
def test_an_answer_that_makes_no_sense_is_rejected(said: str) -> None:
    told(PRESS, f">> 12:00 tick\n>> 12:00 raw {said}\n<< 12:00 reading.rejected bad_field")


# -- several sites --------------------------------------------------------------------------------------------------------


def test_with_several_sites_residents_and_recipients_carry_their_tenant() -> None:
    rules = [{"id": "press", "kind": "button", "chain": "quiet"}]
    home = built({**document(), "residents": [resident(rules=rules)]})
    other = built({**document(), "tenant": {"id": "tanum", "name": "Tanum"}, "residents": [resident(rules=rules)]})
    told(
        [home, other],
        """
        >> 12:00 gps-1 button tenant=tanum
        << 12:00 alarm.raised press resident=tanum/r1
        << 12:00 alarm.told press tanum/unit:centre
        >> 12:01 gps-1 button tenant=grastorp
        << 12:01 alarm.raised press resident=grastorp/r1
        << 12:01 alarm.told press grastorp/unit:centre
        >> 12:02 unit:centre resolve resident=tanum/r1
        << 12:02 alarm.resolved press tanum/unit:centre
        >> 12:03 unit:centre resolve tenant=grastorp
        << 12:03 alarm.resolved press grastorp/unit:centre
        >> 12:04 gps-1 heartbeat
        << 12:04 reading.rejected bad_field
        >> 12:05 gps-1 button tenant=arvika
        << 12:05 reading.rejected unknown_tenant
        """,
    )


def test_a_tenant_may_be_named_where_there_is_only_one() -> None:
    told(
        PRESS,
        """
        >> 12:00 gps-1 button tenant=grastorp
        << 12:00 alarm.raised press resident=r1
        << 12:00 alarm.told press unit:centre
        >> 12:01 gps-1 heartbeat tenant=tanum
        << 12:01 reading.rejected unknown_tenant
        """,
    )
