"""Any input at all through the replay: garbage, the same bytes in every process, memory that stays flat."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.adapters.seen import RECENT_MAX
from alarmcore.model.reasons import REJECTIONS
from alarmcore.timers import HEAP_SLACK
from dashboard.replay import CHUNK, Replay
from tests.crowd import BUSY, crowd
from tests.stories import replayed, told, town

PRESS = town("[{id: press, kind: button, chain: quiet}]")
ROOT = Path(__file__).parents[2]


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
# A believable time, or nonsense; not one of another age, since an open alarm is told of again and again until then.
moments = st.floats(1.7683e9, 1.7685e9) | anything.filter(
    lambda found: isinstance(found, bool) or not isinstance(found, int | float)
)
wild = st.fixed_dictionaries(
    {"kind": kinds, "device": st.sampled_from(["gps-1", "bed-1", "none"]) | anything},
    optional={
        **dict.fromkeys(("at", "received_at"), moments),
        **dict.fromkeys(("id", "tenant", "lat", "lon", "resident", "by", "answer", "outcome", "on_floor", "occupied"), anything),
    },
)


@settings(max_examples=100, deadline=None)
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


SITE = """
import asyncio, sys
from tests.crowd import BUSY, crowd
from dashboard.replay import Replay
asyncio.run(Replay([BUSY], sys.stdout.buffer.write).run(crowd(3000)))
"""


def test_the_same_input_gives_the_same_bytes_in_every_process() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", SITE],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
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
    sizes: list[int] = []

    async def run() -> None:
        replay = Replay([BUSY], lambda _: None)
        source = crowd(84_000)
        for _ in range(7):
            await replay.run(islice(source, 12_000))
            seen = replay.journal.seen
            kept.append(len(seen.recent) + sum(len(segment.identities) for segment in seen.segments))
            sizes.append(len(replay.runner.heap) + len(replay.runner.wakes) + len(replay.told) + len(replay.pending))

    asyncio.run(run())
    assert max(kept) <= 2 * (RECENT_MAX + 7 * 24 * 60)
    assert max(sizes) <= HEAP_SLACK + 100
