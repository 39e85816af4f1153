"""Recordings of homes become readings: beds, doors, people who move, by whatever names; and what cannot be read is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from loadtests.evaluate.homes import truth
from loadtests.evaluate.homes.home import RETURNED, UP, Home, Leave, Stretch
from loadtests.evaluate.homes.labels import BED, DOOR, FRONT, PASSAGE, TOUCHED, door_of, slug, sort_of
from loadtests.evaluate.homes.recording import has, is_asleep, read, true_leaves
from loadtests.evaluate.homes.rows import on_the_wall
from loadtests.evaluate.recording import BadRecording

TZ = ZoneInfo("Europe/Stockholm")
SENSORS = "start_local,end_local,sensor,place,type"
LABELS = "start_local,end_local,activity"
LEAVINGS = "home,left_bed_local,back_in_bed_local,duration_s,outcome"


def put(folder: Path, name: str, header: str, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join([header, *lines]) + "\n")
    return folder


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TZ).astimezone(UTC)


def one_home(folder: Path) -> Home:
    (home,) = read(folder, lambda _: None)
    return home


@pytest.mark.parametrize(
    ("sensor", "place", "kind", "sort"),
    [
        ("Bed", "Bedroom", "Pressure", BED),
        ("press bed  rechts", "Sleep", "", BED),
        ("mattress_2", "", "", BED),
        ("kwik dresser", "Sleep", "", TOUCHED),
        ("Bedroom door", "SleepDoor", "", DOOR),
        ("bedside lamp", "Bedroom", "Electric", TOUCHED),
        ("Door", "Bedroom", "PIR", PASSAGE),
        ("PIR slaapkamer", "Sleep", "", PASSAGE),
        ("Maindoor", "Entrance", "Magnetic", DOOR),
        ("Cupboard", "Kitchen", "Magnetic", DOOR),
        ("Seat", "Living", "Pressure", TOUCHED),
        ("toilet flush", "Toilet", "", TOUCHED),
    ],
)
def test_a_sensor_is_what_its_type_or_else_its_name_says(sensor: str, place: str, kind: str, sort: str) -> None:
    assert sort_of(sensor, place, kind) == sort


def test_the_door_out_of_the_home_is_called_the_same_everywhere() -> None:
    assert [door_of("frontdoor", "Outside"), door_of("Maindoor", "Entrance"), door_of("D7", "Outside")] == [FRONT] * 3
    assert door_of("toilet door", "BathroomDoor") == "toilet-door"
    assert slug("Åsas  säng/2") == "sas-s-ng-2"


def test_sensors_become_devices_and_readings(tmp_path: Path) -> None:
    lines = [
        "2026-01-10T22:00:00,2026-01-11T03:00:00,bed left,Bedroom,Pressure",
        "2026-01-11T02:00:00,2026-01-11T06:00:00,bed right,Bedroom,Pressure",
        "2026-01-11T02:00:00,2026-01-11T04:00:00,bed left,Bedroom,Pressure",
        "2026-01-11T06:10:00,2026-01-11T06:10:05,PIR,Hall,",
        "2026-01-11T06:20:00,2026-01-11T06:25:00,PIR,Hall,",
        "2026-01-11T06:30:00,2026-01-11T06:30:02,flush,Toilet,Flush",
        "2026-01-11T07:00:00,2026-01-11T07:01:00,Maindoor,Entrance,Magnetic",
    ]
    home = one_home(put(tmp_path, "kullen_intervals.csv", SENSORS, *lines))
    told = [(one.at.astimezone(TZ).strftime("%H:%M:%S"), one.device, one.kind, one.fields) for one in home.readings]
    assert told == [
        ("22:00:00", "bed-left", "bed", {"occupied": True}),
        ("02:00:00", "bed-right", "bed", {"occupied": True}),
        ("04:00:00", "bed-left", "bed", {"occupied": False}),
        ("06:00:00", "bed-right", "bed", {"occupied": False}),
        ("06:10:00", "pir", "motion", {"room": "hall"}),
        ("06:20:00", "pir", "motion", {"room": "hall"}),
        ("06:25:00", "pir", "motion", {"room": "hall"}),
        ("06:30:00", "flush", "motion", {"room": "toilet"}),
        ("06:30:02", "flush", "motion", {"room": "toilet"}),
        ("07:00:00", "maindoor", "door", {"open": True, "door": FRONT}),
        ("07:01:00", "maindoor", "door", {"open": False, "door": FRONT}),
    ]
    assert (home.name, home.tz.key) == ("kullen", "Europe/Stockholm")
    assert ("bed-left", "bed") in home.devices


def test_sensors_of_one_name_are_told_apart_by_their_place(tmp_path: Path) -> None:
    lines = [f"2026-01-11T06:1{n}:00,2026-01-11T06:1{n}:05,Door,{place},PIR" for n, place in enumerate(("Hall", "Kitchen"))]
    home = one_home(put(tmp_path, "kullen_intervals.csv", SENSORS, *lines))
    assert [one.device for one in home.readings] == ["door-hall", "door-kitchen"]


def test_where_there_is_no_sensor_the_labels_are_the_sensors(tmp_path: Path) -> None:
    lines = [
        "2026-01-10T22:00:00,2026-01-11T02:00:00,Sleeping",
        "2026-01-11T02:00:30,2026-01-11T03:00:00,Sleeping",
        "2026-01-11T03:00:05,2026-01-11T03:04:00,Bed_to_Toilet",
        "2026-01-11T03:05:00,2026-01-11T07:00:00,Sleeping",
        "2026-01-11T08:00:00,2026-01-11T08:00:10,Leave_Home",
        "2026-01-11T10:00:00,2026-01-11T10:00:05,Enter_Home",
        "2026-01-11T11:00:00,2026-01-11T11:10:00,Juggling",
    ]
    said: list[str] = []
    (home,) = read(put(tmp_path, "kullen_activities_to_2026-01-11.csv", LABELS, *lines), said.append)
    bed = [(one.at.astimezone(TZ).strftime("%H:%M"), one.fields["occupied"]) for one in home.readings if one.kind == "bed"]
    assert bed == [("22:00", True), ("03:00", False), ("03:05", True), ("07:00", False)]
    assert [one.fields for one in home.readings if one.kind == "motion"][:2] == [{"room": "bathroom"}] * 2
    assert [one.fields for one in home.readings if one.kind == "motion"][2:] == [{}, {}]
    assert [one.fields["open"] for one in home.readings if one.kind == "door"] == [True, False, True, False]
    assert [line for line in said if "Juggling" in line] == [
        "kullen: in which room this is done is not known, and left out: Juggling"
    ]
    assert home.away == (Stretch(local("2026-01-11T08:00:10"), local("2026-01-11T10:00:00")),)
    assert home.leaves == (Leave(local("2026-01-11T03:00:00"), local("2026-01-11T03:05:00"), RETURNED),)


def test_a_file_of_leavings_is_believed_before_what_is_derived_and_their_agreement_is_said(tmp_path: Path) -> None:
    put(tmp_path, "kullen_activities.csv", LABELS, *_two_sleeps())
    told = (
        "x_kullen,2026-01-11T03:00:20,2026-01-11T03:05:00,280,returned",
        "other,2026-01-11T03:00:00,2026-01-11T03:05:00,300,returned",
    )
    put(tmp_path, "out_of_bed_episodes.csv", LEAVINGS, *told)
    said: list[str] = []
    (home,) = read(tmp_path, said.append)
    assert home.leaves == (Leave(local("2026-01-11T03:00:20"), local("2026-01-11T03:05:00"), RETURNED),)
    assert said == ["kullen: 1 of the 1 leavings in out_of_bed_episodes.csv are derived likewise from the bed"]


def _two_sleeps() -> list[str]:
    return [
        "2026-01-10T22:00:00,2026-01-11T03:00:00,Sleeping",
        "2026-01-11T03:05:00,2026-01-11T09:00:00,Sleeping",
    ]


def test_leavings_are_derived_by_the_hour_and_by_how_long_they_last() -> None:
    def bed(start: str, end: str) -> Stretch:
        return Stretch(local(start), local(end))

    in_bed = [
        bed("2026-01-10T20:00", "2026-01-10T20:59"),  # not yet night
        bed("2026-01-10T22:00", "2026-01-11T01:00"),
        bed("2026-01-11T04:00", "2026-01-11T05:00"),  # three hours: returned
        bed("2026-01-11T08:00:01", "2026-01-11T09:00"),  # more than three: up for the day
    ]
    assert truth.leaves(in_bed, TZ) == [
        Leave(local("2026-01-11T01:00"), local("2026-01-11T04:00"), RETURNED),
        Leave(local("2026-01-11T05:00"), local("2026-01-11T08:00:01"), UP),
    ]
    assert truth.leaves(in_bed[:2], TZ)[-1] == Leave(local("2026-01-11T01:00"), None, UP)


def test_what_a_mat_takes_for_a_leaving_of_somebody_asleep_is_not_a_true_one(tmp_path: Path) -> None:
    put(tmp_path, "kullen_activities.csv", LABELS, *_two_sleeps())
    mats = [
        "2026-01-10T22:00:00,2026-01-11T01:00:00,bed,Bedroom,Pressure",
        "2026-01-11T01:20:00,2026-01-11T03:00:00,bed,Bedroom,Pressure",
        "2026-01-11T03:05:00,2026-01-11T09:00:00,bed,Bedroom,Pressure",
    ]
    home = one_home(put(tmp_path, "kullen_intervals.csv", SENSORS, *mats))
    assert [is_asleep(home, one) for one in home.leaves] == [True, False]
    assert [one.left_at for one in true_leaves(home)] == [local("2026-01-11T03:00:00")]


def test_readings_beyond_the_labels_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "kullen_activities.csv", LABELS, *_two_sleeps())
    mats = [f"2026-01-{day}T22:00:00,2026-01-{day}T23:00:00,bed,Bedroom,Pressure" for day in ("09", "10", "12")]
    home = one_home(put(tmp_path, "kullen_intervals.csv", SENSORS, *mats))
    assert [one.at for one in home.readings] == [local("2026-01-10T22:00:00"), local("2026-01-10T23:00:00")]


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ("2026-03-29T02:30:00", "2026-03-29T01:30:00"),  # left out: half an hour past the jump
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00"),  # twice: the first
        ("2026-01-14T12:00:00", "2026-01-14T11:00:00"),
    ],
)
def test_a_time_of_the_wall_clock_is_read_even_when_the_clock_changes(shown: str, meant: str) -> None:
    assert on_the_wall(datetime.fromisoformat(shown), TZ) == datetime.fromisoformat(meant).replace(tzinfo=UTC)


def test_all_that_is_wrong_is_said_line_by_line(tmp_path: Path) -> None:
    put(tmp_path, "a_intervals.csv", SENSORS, "yesterday,2026-01-11T03:00:00,bed,,", "2026-01-11T03:00:00,0026-01-11T03:00:00,,,")
    put(tmp_path, "b_activities.csv", "start,end,activity", "1,2,3")
    put(tmp_path, "out_of_bed_episodes.csv", LEAVINGS, "a,2026-01-11T03:00:00,,,returned", "a,2026-01-11T03:00:00,,,gone")
    with pytest.raises(BadRecording) as wrong:
        read(tmp_path, lambda _: None)
    text = str(wrong.value)
    for part in (
        "a_intervals.csv:2: start_local is 'yesterday'",
        "a_intervals.csv:3: end_local is '0026-01-11T03:00:00'",
        "a_intervals.csv:3: sensor is empty",
        "b_activities.csv: has no column start_local, end_local",
        "out_of_bed_episodes.csv:2: outcome is returned and back_in_bed_local is empty",
        "out_of_bed_episodes.csv:3: outcome is 'gone'",
    ):
        assert part in text


def test_a_line_that_ends_before_it_begins_is_left_out_and_named(tmp_path: Path) -> None:
    said: list[str] = []
    lines = [*_two_sleeps(), "2026-01-11T10:00:00,2026-01-11T09:00:00,Relax"]
    (home,) = read(put(tmp_path, "kullen_activities.csv", LABELS, *lines), said.append)
    assert said == ["left out, for ending before beginning: kullen_activities.csv:4"]
    assert {one.kind for one in home.readings} == {"bed"}


def test_a_folder_without_homes_is_refused_and_one_inside_is_found(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="no recording of a home"):
        read(tmp_path, lambda _: None)
    assert not has(tmp_path)
    put(tmp_path / "home_sensors", "kullen_activities.csv", LABELS, *_two_sleeps())
    assert has(tmp_path)
    assert one_home(tmp_path).name == "kullen"


def test_a_home_without_a_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="kullen: has no line"):
        read(put(tmp_path, "kullen_activities.csv", LABELS), lambda _: None)
