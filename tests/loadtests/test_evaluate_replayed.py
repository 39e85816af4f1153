"""The front door: what the machines are given, and what is made of what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loadtests.evaluate.replayed import START_S, Heard, NotReplayed, heard, parts, readings, replay, site
from loadtests.evaluate.scenario import Fix, Scenario, moved

LAT, LON = 58.38, 13.0
BEGIN_S = 1_440_000_000.5


def fix(after_s: float, east_m: float, *, lag_s: float = 0.5, accuracy_m: float | None = 8.0) -> Fix:
    at_s = BEGIN_S + after_s
    return Fix(at_s, at_s + lag_s, *moved(LAT, LON, east_m, 0.0), accuracy_m)


def scenario(name: str, *fixes: Fix, exits: bool = True) -> Scenario:
    return Scenario(name, "t", LAT, LON, BEGIN_S, BEGIN_S + 2000, BEGIN_S + 3000, True, fixes, exits)


CALM = [fix(t, 5) for t in range(0, 1900, 120)]
AWAY = [fix(2000 + t, 1.5 * t) for t in range(0, 900, 60)]
LEFT = scenario("left", *CALM, *AWAY)
STAYED = scenario("stayed", *CALM, exits=False)
BUFFERED = scenario("buffered", *CALM, fix(2500, 900, lag_s=600), fix(2600, 950), fix(2700, 1000))


def test_a_scenario_is_lived_by_one_resident_staying_one_leaving_and_one_both() -> None:
    assert [(part.scenario.name, part.kind) for part in parts([LEFT, STAYED])] == [
        ("left", "stay"),
        ("left", "exit"),
        ("left", "lived"),
        ("stayed", "stay"),
        ("stayed", "lived"),
    ]


def test_each_resident_has_a_device_and_a_fence_of_their_own() -> None:
    residents: list[dict[str, Any]] = site(parts([LEFT, STAYED]))["residents"]
    assert len({one["id"] for one in residents}) == 5
    assert len({one["devices"][0]["id"] for one in residents}) == 5
    assert residents[0]["zones"][0]["circle"] == {"lat": LAT, "lon": LON, "radius_m": 200.0}
    assert [one["rules"][0]["kind"] for one in residents] == ["zone_exit"] * 5


def test_readings_are_in_order_of_receipt_with_both_times_and_every_part_ends_with_a_tick() -> None:
    lines = list(readings(parts([LEFT, BUFFERED])))
    received = [line.get("received_at", line["at"]) for line in lines]
    assert received == sorted(received)
    assert sum(line["kind"] == "tick" for line in lines) == 6
    late = [line for line in lines if line["kind"] == "position" and line["received_at"] - line["at"] > 599]
    assert len(late) == 2
    assert START_S <= min(received) < START_S + 2


def test_a_device_that_says_no_accuracy_is_given_none() -> None:
    mute = scenario("mute", fix(100, 0, accuracy_m=None))
    assert "accuracy_m" not in next(iter(readings(parts([mute]))))


def test_the_real_machines_find_who_left_and_leave_alone_who_did_not(tmp_path: Path) -> None:
    found = replay(parts([LEFT, STAYED]), tmp_path)
    stayed, left, both, *others = found
    assert [stayed, *others] == [[], [], []]
    assert left[0].event == both[0].event == "alarm.raised"
    assert left[0].why
    assert BEGIN_S + 2000 < left[0].at_s < BEGIN_S + 3000
    assert left[0].at_s in [pytest.approx(one.received_s, abs=0.002) for one in AWAY]


def test_the_same_scenarios_give_the_same_decisions(tmp_path: Path) -> None:
    first, second = (replay(parts([LEFT, BUFFERED]), tmp_path / name) for name in ("one", "two"))
    assert first == second
    assert any(first)


def decision(resident: str, at: str, event: str = "alarm.raised") -> bytes:
    return json.dumps({"at": at, "event": event, "resident": resident, "why": "outside_all_zones"}).encode()


def test_decisions_are_moved_back_to_the_time_of_the_recording() -> None:
    lines = [decision("r1", "2026-01-12T00:40:00.000Z")]
    stay, left, both = heard(parts([LEFT]), lines)
    assert (stay, both) == ([], [])
    (alarm,) = left
    assert alarm == Heard(alarm.at_s, "alarm.raised", "outside_all_zones")
    assert alarm.at_s == pytest.approx(BEGIN_S - 0.5 + 2400)


def test_what_is_decided_after_the_end_belongs_to_nobody() -> None:
    before, after = "2026-01-12T00:50:00.000Z", "2026-01-12T00:50:01.000Z"
    assert [len(one) for one in heard(parts([LEFT]), [decision("r1", before), decision("r1", after)])] == [0, 1, 0]


def test_a_stay_is_watched_until_a_minute_before_leaving_even_if_nothing_comes() -> None:
    lines = [decision("r0", "2026-01-12T00:32:20.000Z"), decision("r0", "2026-01-12T00:32:21.000Z")]
    assert [len(one) for one in heard(parts([LEFT]), lines)] == [1, 0, 0]


def test_a_rejected_reading_is_an_error_and_not_a_silent_gap() -> None:
    line = b'{"at":"2026-01-12T00:40:00.000Z","event":"reading.rejected","why":"bad_field"}'
    with pytest.raises(NotReplayed, match="bad_field"):
        heard(parts([LEFT]), [line])


def test_a_reading_from_the_future_is_left_out_as_it_should_be(tmp_path: Path) -> None:
    ahead = scenario("ahead", *CALM, fix(2100, 100, lag_s=-3600), *AWAY)
    stay, left, _ = replay(parts([ahead]), tmp_path)
    assert stay == []
    assert left[0].event == "alarm.raised"
    assert "from_future" in (tmp_path / "decisions.jsonl").read_text()


def test_a_replay_that_fails_says_what_it_said(tmp_path: Path) -> None:
    wrong = scenario("wrong", *CALM)
    nowhere = Scenario(wrong.name, wrong.group, 95.0, LON, wrong.inside_s, wrong.leaves_s, wrong.ends_s, True, wrong.fixes)
    with pytest.raises(NotReplayed, match=r"(?s)ended with 2: .*circle.lat: lies outside"):
        replay(parts([nowhere]), tmp_path)
