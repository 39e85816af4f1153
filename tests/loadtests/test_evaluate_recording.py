"""Folders of recordings: whatever has the right shape is taken, and what is wrong with the others is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.evaluate.recording import MISTAKES_MAX, BadRecording, read
from loadtests.evaluate.scenario import moved

POINTS = "trace_id,t_unix,lat,lon,accuracy_m,speed_mps,received_t_unix"
SCENARIOS = "trace_id,fence_id,center_lat,center_lon,inside_from_t,leaves_at_t,trip_end_t,points_during_stay,clean_stay"
POINT = "a,{at},{lat},{lon},{accuracy},0,{received}"
SCENARIO = "a,{fence},58.38,13.0,1000,2000,3000,1,{clean}"


def point(at: float, *, east: float = 0.0, accuracy: object = 10, received: object = "") -> str:
    lat, lon = moved(58.38, 13.0, east, 0.0)
    return POINT.format(at=at, lat=lat, lon=lon, accuracy=accuracy, received=received)


def folder(path: Path, points: list[str], scenarios: list[str]) -> Path:
    path.mkdir(exist_ok=True)
    (path / "phone_points.csv").write_text("\n".join([POINTS, *points]) + "\n")
    (path / "phone_geofence_scenarios.csv").write_text("\n".join([SCENARIOS, *scenarios]) + "\n")
    return path


def stay(fence: str = "f", clean: object = "") -> str:
    return SCENARIO.format(fence=fence, clean=clean)


def mistakes(path: Path) -> list[str]:
    with pytest.raises(BadRecording) as wrong:
        read(path)
    return wrong.value.mistakes


def test_a_scenario_has_the_fixes_of_its_trace_and_time_in_order_of_receipt(tmp_path: Path) -> None:
    points = [point(999), point(1200, received=1900), point(1500, received=1501), point(3001)]
    (one,) = read(folder(tmp_path, points, [stay()])).scenarios
    assert [(fix.at_s, fix.received_s) for fix in one.fixes] == [(1500, 1501), (1200, 1900)]
    assert (one.name, one.group, one.exits, one.crosses_s) == ("a/f", "a", True, None)


def test_the_files_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    folder(tmp_path / "gps", [point(1500)], [stay()])
    assert len(read(tmp_path).scenarios) == 1


def test_what_a_device_does_not_say_is_unknown_and_never_perfect(tmp_path: Path) -> None:
    points = [
        point(1100, accuracy=""),
        point(1200, accuracy=-1),
        point(1300, accuracy="nan"),
        point(1400, accuracy=0),
        point(1500, accuracy=1e9),
    ]
    (one,) = read(folder(tmp_path, points, [stay()])).scenarios
    assert [fix.accuracy_m for fix in one.fixes] == [None, None, None, 0, None]
    assert [fix.received_s for fix in one.fixes] == [1100, 1200, 1300, 1400, 1500]


@pytest.mark.parametrize(
    ("at", "east", "accuracy", "clean"),
    [
        (1500, 199, 100, True),
        (1500, 201, 100, False),
        (1500, 9000, 100.5, True),
        (1500, 9000, "", True),
        (1030, 9000, 10, True),
        (1970, 9000, 10, True),
    ],
)
def test_a_stay_is_clean_unless_a_good_fix_well_within_it_lies_outside(
    tmp_path: Path, at: float, east: float, accuracy: object, clean: bool
) -> None:
    (one,) = read(folder(tmp_path, [point(1100), point(at, east=east, accuracy=accuracy)], [stay()])).scenarios
    assert one.clean is clean


def test_a_file_that_says_whether_a_stay_is_clean_is_believed(tmp_path: Path) -> None:
    points = [point(1500, east=9000)]
    found = read(folder(tmp_path, points, [stay("f", 1), stay("g", 0)])).scenarios
    assert [one.clean for one in found] == [True, False]


def test_a_folder_without_the_files_is_told_what_must_be_in_it(tmp_path: Path) -> None:
    said = mistakes(tmp_path)
    assert len(said) == 2
    assert all("is not there" in one and "phone_points.csv and phone_geofence_scenarios.csv" in one for one in said)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    folder(tmp_path, [point(1500)], [stay()])
    (tmp_path / "phone_points.csv").write_text("trace_id,t_unix,lat\na,1,2\n")
    assert "phone_points.csv: has no column lon, accuracy_m, received_t_unix" in mistakes(tmp_path)[0]


@pytest.mark.parametrize(
    ("points", "scenarios", "said"),
    [
        (["a,soon,58,13,1,0,"], [stay()], "phone_points.csv:2: t_unix is 'soon'; give a number from 0 to 4102444800"),
        (
            ["a,1500000000000,58,13,1,0,"],
            [stay()],
            "phone_points.csv:2: t_unix is '1500000000000'; give a number from 0 to 4102444800",
        ),
        (["a,1500,91,13,1,0,"], [stay()], "phone_points.csv:2: lat is '91'; give a number from -90 to 90"),
        (["a,1500,58,nan,1,0,"], [stay()], "phone_points.csv:2: lon is 'nan'; give a number from -180 to 180"),
        (["a,1500"], [stay()], "phone_points.csv:2: lat is ''; give a number from -90 to 90"),
        ([",1500,58,13,1,0,"], [stay()], "phone_points.csv:2: trace_id is empty"),
        ([point(1500)], [], "has no scenario"),
        (
            [point(1500)],
            ["a,f,58,13,3000,2000,1000,,"],
            "phone_geofence_scenarios.csv:2: inside_from_t, leaves_at_t and trip_end_t",
        ),
        (
            [point(1500)],
            ["a,f,58,13,1000,2000,1500,,"],
            "phone_geofence_scenarios.csv:2: inside_from_t, leaves_at_t and trip_end_t",
        ),
        ([point(1500)], ["b,f,58,13,1000,2000,3000,,"], "phone_geofence_scenarios.csv:2: trace_id 'b' has no points"),
        ([point(1500)], [stay(), stay()], "a/f stands twice"),
    ],
)
def test_each_mistake_is_said_with_its_line(tmp_path: Path, points: list[str], scenarios: list[str], said: str) -> None:
    assert any(said in one for one in mistakes(folder(tmp_path, points, scenarios)))


def test_a_file_that_is_no_text_is_a_mistake_too(tmp_path: Path) -> None:
    folder(tmp_path, [point(1500)], [stay()])
    (tmp_path / "phone_points.csv").write_bytes(b"\xff\xfe\x00\x01")
    assert "cannot be read as CSV in UTF-8" in mistakes(tmp_path)[0]


def test_a_thousand_mistakes_are_not_a_thousand_lines(tmp_path: Path) -> None:
    with pytest.raises(BadRecording) as wrong:
        read(folder(tmp_path, ["a,soon,58,13,1,0,"] * 1000, [stay()]))
    assert len(wrong.value.mistakes) > 1000
    assert len(str(wrong.value).splitlines()) == MISTAKES_MAX + 1
