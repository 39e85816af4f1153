"""Recorded months replayed: on which day a planner would first have been told of a drift, and on which no longer."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from alarmcore.sitefile import check_document, require
from alarmcore.usual.drift import LASTS_DAYS
from dashboard.usual_notices import run
from tests.diary import luck

FIRST: Final = date(2026, 1, 12)
WITHIN_S: Final = 120


def site(tenant: str = "exempel", *, usual: bool = True) -> dict[str, Any]:
    """Two residents with a bed each, whose limit is learned (or is not)."""
    rule = {"usual": {"min_s": 600, "max_s": 5400}} if usual else {"limit_s": 5400}
    residents = [
        {
            "id": f"r{n}",
            "name": f"Boende {n}",
            "chain": "standard",
            "devices": [{"id": f"bed-{n}", "kind": "bed"}],
            "rules": [{"id": "night", "kind": "out_of_bed", **rule}],
        }
        for n in (1, 2)
    ]
    return {
        "version": 1,
        "tenant": {"id": tenant, "name": "Exempels kommun", "timezone": "UTC"},
        "units": [{"id": "centre", "name": "C", "kind": "centre", "channels": [{"kind": "voice", "to": "+46100000000"}]}],
        "chains": [{"id": "standard", "links": [{"tell": ["unit:centre"], "wait_s": 60}]}],
        "residents": residents,
    }


def nights(*parts: tuple[int, float, int], tenant: str = "exempel", device: str = "bed-1") -> list[bytes]:
    """So many nights, each with about so many minutes up in so many leaves: in bed at ten, up for good at seven."""
    rng, lines, day = luck(1), list[bytes](), 0

    def bed(at: datetime, *, occupied: bool) -> None:
        said = {"tenant": tenant, "device": device, "kind": "bed", "at": at.timestamp(), "occupied": occupied}
        lines.append(json.dumps(said).encode() + b"\n")

    for days, minutes, times in parts:
        for _ in range(days):
            begins_at = datetime.combine(FIRST + timedelta(days=day), time(22), UTC)
            bed(begins_at, occupied=True)
            for n in range(times):
                left_at = begins_at + timedelta(hours=2 + 2 * n)
                bed(left_at, occupied=False)
                bed(left_at + timedelta(minutes=minutes / times * rng.lognormvariate(0, 0.3)), occupied=True)
            bed(begins_at + timedelta(hours=9), occupied=False)
            day += 1
    return lines


def noticed(lines: list[bytes], *documents: dict[str, Any]) -> list[dict[str, Any]]:
    """What a planner would have been told."""
    found: list[bytes] = []
    run([require(check_document(one, "site")) for one in documents or (site(),)], io.BytesIO(b"".join(lines)), found.append)
    return [json.loads(line) for line in found]


def day_of(line: dict[str, Any]) -> int:
    return (datetime.fromisoformat(line["at"]).date() - FIRST).days


def test_a_notice_comes_weeks_after_nights_became_worse_and_goes_when_they_are_as_before() -> None:
    came, went = noticed(nights((90, 15.0, 1), (45, 50.0, 2), (60, 15.0, 1)))
    assert (came["event"], came["resident"], came["rule"], came["way"]) == ("usual.changed", "r1", "night", "up")
    assert 90 + LASTS_DAYS <= day_of(came) <= 90 + LASTS_DAYS + 7
    assert came["ratio"] > 1.5
    assert came["sentence"]["sv"]
    assert (went["event"], went["resident"], went["rule"], went["way"]) == ("usual.settled", "r1", "night", "up")
    assert 135 < day_of(went) < 180
    assert came["at"].endswith("T00:00:00.000Z")


def test_nights_as_they_were_are_no_notice() -> None:
    assert noticed(nights((200, 15.0, 1))) == []


def test_where_nothing_is_learned_nothing_is_noticed() -> None:
    assert noticed(nights((90, 15.0, 1), (45, 50.0, 2)), site(usual=False)) == []


def test_with_several_municipalities_each_person_is_told_with_theirs() -> None:
    lines = nights((90, 15.0, 1), (45, 50.0, 2), tenant="annan", device="bed-2")
    (came,) = noticed(lines, site(), site("annan"))
    assert came["resident"] == "annan/r2"


def command(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "dashboard.usual_notices", *arguments]
    return subprocess.run(line, capture_output=True, timeout=WITHIN_S, check=False)


def test_as_a_command_it_reads_files_and_writes_lines(tmp_path: Path) -> None:
    place, events = tmp_path / "site.json", tmp_path / "events.jsonl"
    place.write_text(json.dumps(site()))
    lines = nights((90, 15.0, 1), (45, 50.0, 2))
    events.write_bytes(b"".join(lines))
    done = command(str(place), str(events))
    assert (done.returncode, done.stderr) == (0, b"")
    assert [json.loads(line) for line in done.stdout.splitlines()] == noticed(lines)


@pytest.mark.parametrize("given", [(), ("site.json",), ("site.json", "missing.jsonl"), ("broken.json", "events.jsonl")])
def test_wrong_input_ends_with_two_and_says_why(tmp_path: Path, given: tuple[str, ...]) -> None:
    (tmp_path / "site.json").write_text(json.dumps(site()))
    (tmp_path / "broken.json").write_text(json.dumps(site() | {"version": 9}))
    (tmp_path / "events.jsonl").write_bytes(b"")
    done = command(*(str(tmp_path / name) for name in given))
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert (b"version" if "broken.json" in given else b"usual_notices") in done.stderr
