"""Recorded readings through the real machines in virtual time: order, identities, answers, garbage, bytes, memory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.model.reasons import REJECTIONS
from dashboard.replay import CHUNK, Replay
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


# -- garbage --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("garbage", "not_json"),
        ("{", "not_json"),
        ("[1,2]", "not_json"),
        ("{}", "bad_field"),
        ('{"kind":[],"device":"gps-1"}', "bad_field"),
        ('{"kind":"bed","device":7,"occupied":true}', "bad_field"),
        ('{"kind":"dance","device":"gps-1"}', "unknown_kind"),
        ('{"kind":"heartbeat","device":"gps-1","received_at":"now"}', "bad_field"),
        ('{"kind":"motion","device":"motion-1","room":"' + "x" * 65536 + '"}', "too_large"),
        ('{"kind":"heartbeat","device":"gps-1","tenant":"tanum"}', "unknown_tenant"),
        ('{"kind":"heartbeat","device":"gps-1","tenant":3}', "bad_field"),
    ],
)
def test_what_cannot_be_read_is_rejected_and_the_next_line_is_not_delayed(line: str, why: str) -> None:
    told(
        PRESS,
        f"""
        >> 12:00 tick
        >> 12:00 raw {line}
        << 12:00 reading.rejected {why}
        >> 12:01 gps-1 button
        << 12:01 alarm.raised press
        << 12:01 alarm.told press unit:centre
        """,
    )


def test_empty_lines_and_other_line_ends_are_borne() -> None:
    press = b'{"kind":"button","device":"gps-1","at":1768392000}\r\n'
    (found,) = replayed(PRESS, [b"\n", b"  \r\n", press, b""])
    assert [line["event"] for line in found] == ["alarm.raised", "alarm.told"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=9), x, max_size=3),
    max_leaves=5,
)
kinds = st.sampled_from(["button", "fall", "floor", "bed", "position", "tick", "answer", "status"]) | anything
wild = st.fixed_dictionaries(
    {"kind": kinds, "device": st.sampled_from(["gps-1", "bed-1", "none"]) | anything},
    optional={
        name: anything | st.floats(1.76e9, 1.77e9)
        for name in ("at", "received_at", "id", "tenant", "lat", "lon", "resident", "by", "answer", "outcome", "on_floor", "occupied")
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40) | wild.map(lambda found: json.dumps(found).encode()), max_size=12))
def test_no_line_at_all_stops_the_replay(said: list[bytes]) -> None:
    end = b'{"kind":"heartbeat","device":"gps-0"}'
    (found,) = replayed(PRESS, [*said, end])
    assert found[-1]["event"] == "reading.rejected"
    assert found[-1]["why"] == "unknown_device"
    assert all(line["why"] in REJECTIONS for line in found if line["event"] == "reading.rejected")
    moments = [line["at"] for line in found]
    assert moments == sorted(moments)


# -- the same bytes, and memory -------------------------------------------------------------------------------------------


def crowd(count: int, *, with_ids: bool = True) -> Iterator[bytes]:
    """Readings of one person's many devices, one a minute, and now and then a press that is resolved."""
    began = datetime(2026, 1, 14, tzinfo=UTC)
    for number in range(count):
        at = (began + timedelta(minutes=number)).isoformat()
        said: dict[str, Any] = {"at": at, "device": "bed-1", "kind": "bed", "occupied": number % 7 > 0}
        if number % 100 == 50:
            said = {"at": at, "device": "gps-1", "kind": "button"}
        elif number % 100 == 60:
            said = {"at": at, "kind": "answer", "resident": "r1", "by": "unit:centre", "answer": "resolve"}
        elif number % 3 == 0:
            said = {"at": at, "device": "gps-1", "kind": "position", "lat": 58.3345 + (number % 50) / 1000, "lon": 12.6784}
        if with_ids:
            said["id"] = str(number)
        yield json.dumps(said).encode() + b"\n"


SITE = """
import asyncio, sys
from tests.dashboard.test_replay import BUSY, crowd
from dashboard.replay import Replay
asyncio.run(Replay([BUSY], sys.stdout.buffer.write).run(crowd(3000)))
"""
BUSY = town(
    "[{id: press, kind: button, chain: quiet}, {id: wander, kind: zone_exit, zones: [home, lake], chain: quiet},"
    " {id: up, kind: out_of_bed, limit_s: 30}, {id: still, kind: inactivity, limit_s: 300}, {id: lost, kind: silent, limit_s: 400}]"
)


def test_the_same_input_gives_the_same_bytes_in_every_process() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", SITE], cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True, timeout=60
        ).stdout
        for seed in ("0", "1")
    ]
    assert said[0] == said[1]
    assert said[0].count(b"\n") > 1000


def test_where_the_lines_are_cut_into_chunks_does_not_matter() -> None:
    given = list(crowd(2 * CHUNK + 10))
    (whole,) = replayed(BUSY, given)
    assert [line for lines in replayed(BUSY, given, one_by_one=True) for line in lines] == whole


def test_memory_stays_flat_over_many_weeks() -> None:
    """What is remembered is bounded by seven days and by the residents, not by the length of the recording."""
    kept: list[int] = []

    async def run() -> None:
        replay = Replay([BUSY], lambda _: None)
        source = crowd(60_000)
        for _ in range(6):
            await replay.run(line for line, _ in zip(source, range(10_000), strict=False))
            kept.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    try:
        asyncio.run(run())
    finally:
        tracemalloc.stop()
    assert kept[-1] < kept[2] * 1.1
