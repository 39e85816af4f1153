"""The command as people use it: a small recording and two generated residents judged, tables, JSON, plots, the page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loadtests.evaluate import page
from loadtests.evaluate.homes import command, replayed
from loadtests.evaluate.homes.home import Home
from loadtests.evaluate.homes.judged import together
from loadtests.evaluate.homes.lives import INACTIVITY, KINDS, OUT_OF_BED, SILENCE, WHOLE, Life, Span
from loadtests.evaluate.homes.nights import Told
from loadtests.evaluate.homes.rules import ALWAYS, FIXED, LEARNED, NIGHTLY, ONCE_IN_DAYS, WINDOW, Asked, Bounds, asked
from loadtests.evaluate.plot import is_possible
from loadtests.evaluate.replayed import NotReplayed

WITHIN_S = 300
TZ = ZoneInfo("Europe/Stockholm")


def folder(path: Path) -> Path:
    """Eight nights of one home: bed from eleven to seven, up from two for four minutes, a kitchen, a front door."""
    sensed, labelled = ["start_local,end_local,sensor,place,type"], ["start_local,end_local,activity"]
    for n in range(8):
        day, after = date(2026, 2, 1) + timedelta(days=n), date(2026, 2, 2) + timedelta(days=n)
        beds = (f"{day}T23:00:00", f"{after}T02:00:00"), (f"{after}T02:04:00", f"{after}T07:00:00")
        sensed += [f"{start},{end},bed,Bedroom,Pressure" for start, end in beds]
        labelled += [f"{start},{end},Sleeping" for start, end in beds]
        sensed += [
            f"{after}T{clock}:00,{after}T{clock}:05,PIR,Kitchen," for clock in ("02:01", "07:10", "12:30", "18:00", "22:50")
        ]
        sensed += [f"{after}T{clock}:00,{after}T{clock}:09,Maindoor,Entrance,Magnetic" for clock in ("09:00", "11:00")]
        labelled += [f"{after}T09:00:00,{after}T11:00:00,Leaving"]
    labelled.append("2026-02-09T22:00:00,2026-02-09T22:01:00,Reading")
    path.mkdir(parents=True, exist_ok=True)
    (path / "kullen_intervals.csv").write_text("\n".join(sensed))
    (path / "kullen_activities.csv").write_text("\n".join(labelled))
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "loadtests.evaluate", "homes", *arguments]
    return subprocess.run(line, cwd=page.ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    place = tmp_path_factory.mktemp("homes")
    options = ("--silences", "2", "--residents", "1", "--days", "22", "--pair", "1", "--drift", "0", "--out", str(place / "out"))
    return run("--data", str(folder(place / "data")), *options), place


def test_a_recording_and_generated_residents_are_judged_and_written_down(done: Any) -> None:
    process, place = done
    assert process.returncode == 0, process.stderr
    assert "## Recorded" in process.stdout
    assert "## Generated" in process.stdout
    assert "recorded: 1 homes after" in process.stderr
    found = json.loads((place / "out" / "results.json").read_text())
    recorded = found["sets"]["recorded"]
    assert recorded["homes"] == ["kullen"]
    assert found["sets"]["generated"]["homes"][0].startswith("resident-0000")
    assert {one["home"] for one in found["contrast"]} == {"contrast-5-min", "contrast-40-min"}
    assert len(found["contrast"]) == 2
    assert str(place) not in (place / "out" / "results.json").read_text()
    expected = ["results.json", "results.md"]
    if is_possible():
        expected += [f"{name}-{kind}.svg" for name in ("recorded", "generated") for kind in ("out-of-bed", "inactivity")]
    assert sorted(path.name for path in (place / "out").iterdir()) == sorted(expected)


def test_fixed_limits_are_what_they_are(done: Any) -> None:
    """Four judged nights, each with an absence and a morning, whose alarm is not raised again in the evening."""
    _, place = done
    recorded = json.loads((place / "out" / "results.json").read_text())["sets"]["recorded"]
    one = next(
        score
        for score in recorded["scores"]
        if (score["kind"], score["hours"], score["family"], score["parameter"]) == (OUT_OF_BED, NIGHTLY, "fixed limit", 1800)
    )
    assert one["days"] == 4
    assert one["sorts"] == {"asleep": 0, "up and back": 0, "morning": 4, "evening": 0, "day": 0}
    assert (one["late"]["count"], one["late"]["found"], one["late"]["p50"], one["late"]["worst"]) == (4, 4, 1800, 1800)


def test_the_references_agree_with_the_machines(done: Any) -> None:
    _, place = done
    recorded = json.loads((place / "out" / "results.json").read_text())["sets"]["recorded"]
    checks = {one["rule"]: (one["same"], one["of"]) for one in recorded["checks"]}
    assert {rule.split("-f")[0] for rule in checks} >= {"out-of-bed-n", "out-of-bed-a"}
    for rule, (same, of) in checks.items():
        assert same == of > 0, rule


def test_wrong_input_ends_with_two(tmp_path: Path) -> None:
    (tmp_path / "kullen_activities.csv").write_text("start_local,end_local,activity\nnow,then,Sleeping\n")
    bad = run("--data", str(tmp_path), "--residents", "0")
    assert bad.returncode == 2
    assert "kullen_activities.csv:2: start_local is 'now'" in bad.stderr
    nothing = run("--residents", "0")
    assert nothing.returncode == 2
    assert "--data" in nothing.stderr


def test_the_learned_limit_is_asked_with_each_sensitivity_and_by_default_with_one() -> None:
    found = asked(OUT_OF_BED, Bounds(300, 14_400), WINDOW, learns=True)
    nightly = [rule for rule in found if (rule.family, rule.hours) == (LEARNED, NIGHTLY)]
    assert [rule.fields["usual"]["once_in_days"] for rule in nightly] == list(ONCE_IN_DAYS)
    assert [rule.parameter for rule in found if rule.default] == [100, 100]
    assert {rule.hours for rule in found} == {NIGHTLY, ALWAYS}
    assert len({rule.id for rule in found}) == len(found)
    hours = [{"from": "21:00", "to": "09:00"}]
    assert all(rule.fields.get("active") == (hours if rule.hours == NIGHTLY else None) for rule in found)


def test_without_a_sensitivity_in_the_site_file_the_largest_limit_is_swept() -> None:
    found = [rule for rule in asked(OUT_OF_BED, Bounds(300, 14_400), WINDOW, learns=False) if rule.family == LEARNED]
    assert {rule.fields["usual"]["max_s"] for rule in found} == {1800, 3600, 5400, 7200, 10_800, 14_400}
    assert all("once_in_days" not in rule.fields["usual"] for rule in found)


def life(home: str, readings: int, zone: str = "Europe/Stockholm", *spans: Span) -> Life:
    told = [Told(1_770_000_000.0 + n, "m", "motion", {}) for n in range(readings)]
    return Life(Home(home, ZoneInfo(zone), (("m", "motion"),), (), ()), told, spans or (Span(WHOLE, KINDS, 0, 1_770_000_100),))


def test_lives_are_replayed_together_up_to_a_size_and_by_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtests.evaluate.homes.judged.TOGETHER", 10)
    lives = [life("a", 6), life("a", 6), life("b", 6), life("c", 1, "UTC")]
    assert [[one.home.name for one in batch] for batch in together(iter(lives))] == [["a", "a"], ["b"], ["c"]]


def test_a_rule_watches_lives_of_its_kind_only_and_fixed_ones_every_fifth() -> None:
    rules = [
        Asked("o", OUT_OF_BED, LEARNED, ALWAYS, 1, False, {}),
        Asked("i", INACTIVITY, LEARNED, ALWAYS, 1, False, {}),
        Asked("f", INACTIVITY, FIXED, ALWAYS, 1, False, {}),
    ]
    silent = life("a", 1, "UTC", Span(SILENCE, (INACTIVITY,), 0, 1))
    assert [[rule.id for rule in replayed.of(number, silent, rules)] for number in (0, 1, 5)] == [["i", "f"], ["i"], ["i", "f"]]
    assert [rule.id for rule in replayed.of(1, life("a", 1), rules)] == ["o", "i"]


def test_a_rejected_reading_and_alarms_nobody_asked_for_are_noticed() -> None:
    others: Counter[str] = Counter()
    raised = b'{"at":"2026-02-02T02:40:00.000Z","event":"alarm.raised","resident":"r0","rule":"%s","why":"x"}'
    (said,) = replayed.heard([life("a", 1)], {"o"}, [raised % b"o", raised % b"fault"], others)
    assert [one.event for one in said["o"]] == ["alarm.raised"]
    assert dict(others) == {"fault alarm.raised: x": 1}
    with pytest.raises(NotReplayed, match="bad_field"):
        replayed.heard(
            [life("a", 1)], {"o"}, [b'{"at":"2026-02-02T02:40:00Z","event":"reading.rejected","why":"bad_field"}'], others
        )


def test_the_page_has_its_markers_and_one_without_is_not_written(tmp_path: Path) -> None:
    text = command.PAGE.read_text()
    for name in ("recorded", "generated", "contrast", "drift"):
        assert page.filled(text, name, "new") != text
    lost = tmp_path / "homes.md"
    lost.write_text("nothing")
    with pytest.raises(page.NoMarker, match=r"homes\.md must have the markers begin and end of recorded"):
        command.write({"recorded": "new"}, lost)
    lost.write_text("<!-- recorded: begin -->\nold\n<!-- recorded: end -->\n")
    command.write({"recorded": "new"}, lost)
    assert lost.read_text() == "<!-- recorded: begin -->\nnew\n<!-- recorded: end -->\n"
