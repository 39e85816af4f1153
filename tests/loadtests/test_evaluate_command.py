"""The command as people use it: tables, JSON, plots, the page, one scenario, and folders that cannot be judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loadtests.evaluate import page, plot, report
from loadtests.evaluate.judged import Judged, goals, judge
from loadtests.evaluate.recording import read
from loadtests.evaluate.scenario import moved
from loadtests.evaluate.show import shown
from loadtests.evaluate.walks import KINDS, generate

LAT, LON = 58.38, 13.0
T = 1_440_000_000


def folder(path: Path) -> Path:
    """Two stays with an exit each: a wild good fix during the first, poor ones during the second."""
    wild = {600: (900.0, 30.0), 630: (900.0, 30.0), 1800: (900.0, 2000.0), 1830: (900.0, 2000.0), 3600: (300.0, 90.0)}
    points = ["trace_id,t_unix,lat,lon,accuracy_m,speed_mps,received_t_unix"]
    for trace, begin in (("a", 0), ("b", 1200)):
        for t in range(begin, begin + 1260, 30):
            east, claim = wild.get(t, (10.0, 12.0)) if t < begin + 1000 else (1.4 * (t - begin - 1000), 9.0)
            lat, lon = moved(LAT, LON, east, 0.0)
            points.append(f"{trace},{T + t},{lat},{lon},{claim},0,{T + t + 1}")
    fences = [f"{trace},f,{LAT},{LON},{T + t},{T + t + 1000},{T + t + 1260}" for trace, t in (("a", 0), ("b", 1200))]
    path.mkdir(exist_ok=True)
    (path / "phone_points.csv").write_text("\n".join(points))
    header = "trace_id,fence_id,center_lat,center_lon,inside_from_t,leaves_at_t,trip_end_t"
    (path / "phone_geofence_scenarios.csv").write_text("\n".join([header, *fences]))
    return path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    place = tmp_path_factory.mktemp("recorded")
    return judge("recorded", read(folder(place)).scenarios, place / "run", 1, lambda _: None)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge("generated", list(generate(1, 2)), tmp_path_factory.mktemp("generated"), 1, lambda _: None)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "loadtests.evaluate", *arguments]
    return subprocess.run(line, cwd=page.ROOT, capture_output=True, text=True, timeout=100, check=False)


def test_a_recording_is_judged_and_written_down(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = run("gps", "--data", str(folder(tmp_path / "data")), "--walks", "0", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "**alarmcore**" in done.stdout
    assert "recorded: 2 scenarios" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["recorded.svg", "results.json", "results.md"]
    found: dict[str, Any] = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["seed"] == 1
    assert len(found["sets"]["recorded"]["verdicts"]["alarmcore"]) == 2
    assert str(tmp_path) not in (tmp_path / "out" / "results.json").read_text()


def test_a_folder_that_cannot_be_judged_ends_with_two_and_says_why(tmp_path: Path) -> None:
    done = run("gps", "--data", str(tmp_path))
    assert done.returncode == 2
    assert "phone_points.csv: is not there" in done.stderr


def test_nothing_to_judge_is_wrong_input() -> None:
    done = run("gps", "--walks", "0")
    assert done.returncode == 2
    assert "--data" in done.stderr


def test_what_recordings_say_of_receivers_is_printed(tmp_path: Path) -> None:
    done = run("measure", "--data", str(folder(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("received after")] == ["1.0"]
    assert "time between fixes" in done.stdout


def test_reference_rules_have_their_results_beside_ours(recorded: Judged) -> None:
    known = {one.name: one for one in recorded.references()}
    assert recorded.scores["alarmcore"].clean.stays == 1  # a good fix lies outside during the other
    assert {name: one.all.false for name, one in known.items()} == {
        "one fix outside": 2,
        "two fixes in a row": 2,
        "accuracy ≤ 100 m": 1,
        "distance − accuracy > radius": 1,
        "the same, two in a row": 1,
    }
    assert [one.firm.count for one in recorded.ours()] == [2, 2, 2]
    assert [one.firm.found for one in recorded.ours()] == [2, 2, 2]


def with_delays(judged: Judged, p95: dict[str, float | None], worst: float | None) -> Judged:
    scores = {
        name: msgspec.structs.replace(one, firm=msgspec.structs.replace(one.firm, p95=p95.get(name, 1.0), worst=worst))
        for name, one in judged.scores.items()
    }
    return msgspec.structs.replace(judged, scores=scores)


LIMITS = {"accuracy ≤ 100 m": 119.0, "distance − accuracy > radius": 131.0}


@pytest.mark.parametrize(
    ("p95", "worst", "met"),
    [(119.0, 599.0, [True, True]), (120.0, 600.0, [False, False]), (100.0, 900.0, [True, False]), (None, None, [False, False])],
)
def test_the_better_of_two_references_and_ten_minutes_are_the_limits_of_delay(
    recorded: Judged, p95: float | None, worst: float | None, met: list[bool]
) -> None:
    found = goals(with_delays(recorded, {**LIMITS, "alarmcore": p95}, worst))
    assert found[2].wanted == "p95 of the delay at most 119 s"
    assert [found[2].met, found[3].met] == met


def test_exits_missed_and_false_exits_are_goals_too(recorded: Judged) -> None:
    ours = recorded.scores["alarmcore"]
    missed = msgspec.structs.replace(ours.firm, found=ours.firm.count - 1, p95=None, worst=None)
    worse = msgspec.structs.replace(ours, clean=msgspec.structs.replace(ours.clean, false=2), firm=missed)
    found = goals(msgspec.structs.replace(recorded, scores={**recorded.scores, "alarmcore": worse}))
    assert [goal.met for goal in goals(recorded)][:2] == [True, True]
    assert [goal.met for goal in found][:2] == [False, False]
    assert "distance − accuracy > radius" in found[4].found
    assert not found[4].met


def test_the_tables_name_no_recording_and_the_report_does(recorded: Judged) -> None:
    assert "a/f" not in report.scores(recorded, 1, truth=False)
    assert "`a/f`" in report.as_markdown(recorded, 1, truth=False)


def test_generated_walks_have_a_line_for_each_kind_and_the_true_crossing(generated: Judged) -> None:
    text = report.scores(generated, 1, truth=True)
    assert "since the crossing" in text
    assert all(f"| {kind} |" in text for kind in KINDS)
    assert len({line.count("|") for line in text.splitlines() if line.startswith("| **")}) == 1


def test_one_scenario_is_shown_fix_by_fix(generated: Judged) -> None:
    one = next(one for one in generated.scenarios if one.group == "walk-off-on-foot")
    lines = list(shown(generated, one))
    fixes = [line for line in lines if line[:1] == " " and line.strip()[:1].isdigit() and "." in line.split()[0]]
    assert len(fixes) == len(one.staying()) + len(one.leaving())
    assert any("!" in line for line in fixes)
    assert any("alarmcore: alarm.raised" in line for line in lines)
    assert "the border is crossed" in lines[1]


def test_somebody_who_stays_is_shown_without_an_exit(generated: Judged) -> None:
    one = next(one for one in generated.scenarios if one.group == "walk-house")
    assert not any(line.startswith("exit") for line in shown(generated, one))


def test_the_same_numbers_give_the_same_picture(recorded: Judged, generated: Judged, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for judged in (recorded, generated):
        for name in ("one.svg", "two.svg"):
            plot.draw(judged, tmp_path / name)
        assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    text = (tmp_path / "one.svg").read_text()
    assert "alarmcore, 95 %" in text
    assert "from the true crossing" in text


def test_the_page_is_filled_between_its_markers_only() -> None:
    text = "before\n<!-- x: begin -->\nold\n<!-- x: end -->\nafter\n"
    filled = page.filled(text, "x", "new")
    assert filled == "before\n<!-- x: begin -->\nnew\n<!-- x: end -->\nafter\n"
    assert page.filled(filled, "x", "new") == filled


@pytest.mark.parametrize(
    "text", ["", "<!-- x: begin -->", "<!-- x: end --><!-- x: begin -->", "<!-- x: begin --><!-- x: begin --><!-- x: end -->"]
)
def test_a_page_without_its_markers_is_not_written(text: str) -> None:
    with pytest.raises(page.NoMarker):
        page.filled(text, "x", "new")


def test_the_page_has_its_markers_and_what_is_between_them_is_of_today_s_parameters() -> None:
    text = page.PAGE.read_text()
    for name in ("recorded", "generated"):
        assert page.filled(text, name, "new") != text
    assert page.filled(text, "parameters", report.parameters()) == text, "run the command with --write-docs"
