"""From bytes to a reading: what is kept, what is rejected and why, and what identifies it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.codecs.native import PAYLOAD_MAX, Parsed, parse
from alarmcore.codecs.owntracks import MESSAGES_MAX, messages, parse_owntracks
from alarmcore.errors import ReadingRejected
from alarmcore.model.reading import BODIES, Floor, Position, Press
from alarmcore.model.reasons import REJECTIONS

AT = "2026-01-14T12:00:00Z"

GOOD: dict[str, dict[str, Any]] = {
    "position": {"lat": 58.3, "lon": 12.6, "accuracy_m": 5, "speed_mps": 1.5, "battery_pct": 80},
    "button": {"lat": 58.3, "lon": 12.6, "accuracy_m": 5},
    "fall": {},
    "bed": {"occupied": True},
    "floor": {"on_floor": True},
    "motion": {"room": "kitchen"},
    "door": {"open": False, "door": "front"},
    "status": {"battery_pct": 80, "charging": False, "signal_dbm": -90, "firmware": "1.2", "worn": True},
    "measurement": {"quantity": "pulse", "value": 61, "unit": "1/min"},
    "medication": {"taken": True},
    "reset": {},
    "heartbeat": {},
}


def read(kind: str, **fields: Any) -> Parsed:
    return parse(kind, json.dumps(fields).encode())


def rejection(kind: str, payload: bytes) -> tuple[str, str | None]:
    with pytest.raises(ReadingRejected) as caught:
        parse(kind, payload)
    return caught.value.code, caught.value.field


def test_every_kind_has_a_good_example() -> None:
    assert GOOD.keys() == BODIES.keys()


@pytest.mark.parametrize("kind", GOOD)
def test_each_kind_keeps_each_of_its_fields(kind: str) -> None:
    parsed = read(kind, at=AT, id="r-1", **GOOD[kind])
    assert isinstance(parsed.body, BODIES[kind])
    assert parsed.at == datetime(2026, 1, 14, 12, tzinfo=UTC)
    assert (parsed.id, parsed.set_aside) == ("r-1", ())
    assert {name: getattr(parsed.body, name) for name in GOOD[kind]} == GOOD[kind]


@pytest.mark.parametrize("at", [AT, "2026-01-14T13:00:00+01:00", 1768392000, 1768392000.0])
def test_a_time_has_an_offset_or_counts_seconds(at: object) -> None:
    assert read("heartbeat", at=at).at == datetime(2026, 1, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", ["2026-01-14T12:00:00", "12:00", "1768392000", True, [], 1e300, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+12:00"]
)
def test_any_other_time_is_rejected_and_set_aside_from_a_press(at: object) -> None:
    assert rejection("heartbeat", json.dumps({"at": at}).encode()) == ("bad_field", "at")
    pressed = read("button", at=at)
    assert (pressed.at, pressed.set_aside) == (None, ("at",))


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("position", {"lat": 91, "lon": 12}, "lat"),
        ("position", {"lat": 58, "lon": 181}, "lon"),
        ("position", {"lat": 58}, "lon"),
        ("position", {"lat": None, "lon": 12}, "lat"),
        ("position", {"lat": "58", "lon": 12}, "lat"),
        ("position", {"lat": True, "lon": 12}, "lat"),
        ("position", {"lat": 58, "lon": 12, "speed_mps": -1}, "speed_mps"),
        ("position", {"lat": 58, "lon": 12, "battery_pct": 101}, "battery_pct"),
        ("bed", {}, "occupied"),
        ("bed", {"occupied": 1}, "occupied"),
        ("measurement", {"quantity": "", "value": 1}, "quantity"),
        ("measurement", {"quantity": "pulse", "value": "61"}, "value"),
        ("heartbeat", {"id": ""}, "id"),
        ("heartbeat", {"id": "x" * 65}, "id"),
        ("heartbeat", {"id": 5}, "id"),
    ],
)
def test_a_wrong_field_is_named(kind: str, fields: dict[str, Any], field: str) -> None:
    assert rejection(kind, json.dumps(fields).encode()) == ("bad_field", field)


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"5", b"null", b'"x"', b"\xff\xfe", b"[" * 5000, b'{"at":NaN}'])
def test_what_is_no_json_object_is_rejected_but_a_press_stays_one(payload: bytes) -> None:
    assert rejection("heartbeat", payload)[0] == "not_json"
    assert isinstance(parse("button", payload).body, Press)


@pytest.mark.parametrize(
    "zeros", [{"lat": 0, "lon": 0}, {"lat": -0.0, "lon": 0.0, "accuracy_m": 5}, {"lat": 0, "lon": 0, "x": 1}]
)
def test_a_receiver_without_a_fix_says_0_0_which_is_no_position(zeros: dict[str, Any]) -> None:
    assert rejection("position", json.dumps({"id": "a", **zeros}).encode()) == ("bad_field", "lat,lon")
    said = {"_type": "location", "tst": 1, "lat": zeros["lat"], "lon": zeros["lon"]}
    with pytest.raises(ReadingRejected, match="lat,lon"):
        parse_owntracks(json.dumps(said).encode())


@pytest.mark.parametrize("kind", ["button", "fall"])
def test_a_press_of_a_receiver_without_a_fix_is_one_without_a_position(kind: str) -> None:
    parsed = read(kind, at=AT, lat=0, lon=0.0, accuracy_m=5)
    assert isinstance(parsed.body, Press)
    assert (parsed.body.lat, parsed.body.lon) == (None, None)
    assert parsed.set_aside == ("lat", "lon")


@pytest.mark.parametrize("body", [{"lat": 0, "lon": 12.6}, {"lat": 58.3, "lon": 0.0}, {"lat": 0.0, "lon": 0.000001}])
def test_one_zero_is_a_place_like_any(body: dict[str, float]) -> None:
    for kind in ("position", "button"):
        parsed = read(kind, **body)
        assert (parsed.body.lat, parsed.body.lon, parsed.set_aside) == (body["lat"], body["lon"], ())  # type: ignore[union-attr]


@pytest.mark.parametrize("said", [b"-1", b"-0.5", b"40075018", b"1e9", b"1e400", b"NaN", b"-Infinity", b'"good"', b"true", b"[]"])
def test_an_accuracy_that_nobody_can_have_is_unknown_and_the_position_counts(said: bytes) -> None:
    parsed = parse("position", b'{"lat":58.3,"lon":12.6,"accuracy_m":%s,"battery_pct":80,"at":"2026-01-14T12:00:00Z"}' % said)
    assert isinstance(parsed.body, Position)
    assert (parsed.body.lat, parsed.body.lon, parsed.body.accuracy_m, parsed.body.battery_pct) == (58.3, 12.6, None, 80)
    assert parsed.at == datetime(2026, 1, 14, 12, tzinfo=UTC)
    assert parsed.set_aside == ("accuracy_m",)
    pressed = parse("button", b'{"lat":58.3,"lon":12.6,"accuracy_m":%s}' % said).body
    assert isinstance(pressed, Press)
    assert (pressed.lat, pressed.accuracy_m) == (58.3, None)


@pytest.mark.parametrize("said", [0, 0.5, 40_075_017])
def test_an_accuracy_up_to_once_around_the_earth_is_one(said: float) -> None:
    parsed = read("position", lat=58.3, lon=12.6, accuracy_m=said)
    assert (parsed.body.accuracy_m, parsed.set_aside) == (said, ())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("payload", "wrong"),
    [
        (b'{"lat":NaN,"lon":12.6,"accuracy_m":-1}', "lat"),
        (b'{"lat":0,"lon":0,"accuracy_m":-1}', "lat,lon"),
        (b'{"lat":58.3,"lon":12.6,"accuracy_m":-1,"battery_pct":101}', "battery_pct"),
    ],
)
def test_what_else_is_wrong_with_such_a_position_is_still_wrong(payload: bytes, wrong: str) -> None:
    assert rejection("position", payload) == ("bad_field", wrong)


def test_accuracy_that_is_left_out_is_unknown() -> None:
    body = read("position", lat=58, lon=12).body
    assert isinstance(body, Position)
    assert body.accuracy_m is None


def test_sizes_are_bounded_but_a_press_may_be_of_any() -> None:
    big = json.dumps({"room": "x", "more": "y" * PAYLOAD_MAX}).encode()
    assert rejection("motion", big)[0] == "too_large"
    assert parse("fall", big).set_aside == ("payload",)
    assert rejection("telepathy", b"{}")[0] == "unknown_kind"


def test_a_press_keeps_what_is_good_of_almost_json() -> None:
    parsed = parse("button", b'\xef\xbb\xbf{"id":"p1","at":"2026-01-14T12:00:00Z","lat":NaN,"lon":12,"note":"\xff"}')
    assert (parsed.id, parsed.at is not None) == ("p1", True)
    assert set(parsed.set_aside) == {"lat", "lon", "note"}


def test_names_from_outside_are_not_repeated_unless_they_are_plain() -> None:
    assert read("button", **{"set aside": 1, "a" * 40: 2, "colour": 3}).set_aside == ("extra", "extra", "colour")
    assert len(read("button", **{f"n{n}": n for n in range(99)}).set_aside) == 8


# -- identity -------------------------------------------------------------------------------------------------------------


def test_an_id_identifies_whatever_else_is_said_and_the_digest_tells_other_content() -> None:
    one, same, other = (
        read("bed", id="a", occupied=True),
        parse("bed", b'{"occupied": true,"id":"a"}'),
        read("bed", id="a", occupied=False),
    )
    assert one.identity == same.identity == other.identity
    assert one.digest == same.digest != other.digest


def test_without_an_id_the_content_identifies_and_only_with_a_time() -> None:
    one, same = read("bed", at=AT, occupied=True), parse("bed", b'{"occupied":true , "at":"2026-01-14T12:00:00Z"}')
    assert one.identity == same.identity != read("bed", at=AT, occupied=False).identity
    assert read("bed", occupied=True).identity is None
    assert read("button", at="garbage").identity is None


def test_the_door_by_which_it_came_does_not_matter() -> None:
    by_http = parse("bed", json.dumps({"tenant": "t", "device": "d", "kind": "bed", "at": AT, "occupied": True}).encode())
    assert read("bed", at=AT, occupied=True).identity == by_http.identity


def test_two_kinds_that_say_the_same_are_two_readings() -> None:
    assert read("heartbeat", at=AT).identity != read("motion", at=AT).identity
    assert read("heartbeat", id="a").digest != read("reset", id="a").digest


# -- any bytes ------------------------------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)
fields = st.dictionaries(
    st.sampled_from(["at", "id", "lat", "lon", "accuracy_m", "occupied", "on_floor", "open", "value", "quantity", "taken", "x"]),
    anything,
)
payloads = st.binary() | fields.map(lambda found: json.dumps(found).encode())


@given(st.sampled_from(sorted(BODIES)) | st.text(), payloads)
def test_any_bytes_are_a_reading_or_are_rejected_for_a_reason(kind: str, payload: bytes) -> None:
    try:
        parsed = parse(kind, payload)
    except ReadingRejected as rejected:
        code = rejected.code
    else:
        assert parsed.at is None or parsed.at.tzinfo is UTC
        return
    assert code in REJECTIONS


@given(st.sampled_from(["button", "fall"]), payloads)
def test_no_bytes_make_a_press_anything_else(kind: str, payload: bytes) -> None:
    parsed = parse(kind, payload)
    assert isinstance(parsed.body, Press)
    assert (parsed.body.lat is None) == (parsed.body.lon is None)
    assert len(parsed.set_aside) <= 8


@given(fields)
def test_somebody_on_the_floor_is_never_rejected(found: dict[str, Any]) -> None:
    parsed = parse("floor", json.dumps({**found, "on_floor": True}).encode())
    assert isinstance(parsed.body, Floor)
    assert parsed.body.on_floor


sayings = st.fixed_dictionaries(
    {"_type": st.sampled_from(["location", "transition", "lwt", "waypoint", "cmd"]) | anything},
    optional=dict.fromkeys(("tst", "lat", "lon", "acc", "batt", "vel", "_id"), anything),
)


@given(payloads | sayings.map(lambda found: json.dumps(found).encode()))
def test_any_owntracks_bytes_are_a_reading_or_are_rejected_for_a_reason(payload: bytes) -> None:
    codes = set()
    for read_one in (parse_owntracks, messages):
        try:
            read_one(payload)
        except ReadingRejected as rejected:
            codes.add(rejected.code)
    assert codes <= REJECTIONS


# -- OwnTracks ------------------------------------------------------------------------------------------------------------


def owntracks(**fields: Any) -> Parsed:
    return parse_owntracks(json.dumps(fields).encode())


def test_a_location_is_a_position() -> None:
    parsed = owntracks(_type="location", tst=1768392000, lat=58.3, lon=12.6, acc=12, batt=55, vel=36, tid="kk", conn="m")
    assert (parsed.kind, parsed.at) == ("position", datetime(2026, 1, 14, 12, tzinfo=UTC))
    assert (parsed.body.accuracy_m, parsed.body.battery_pct, parsed.body.speed_mps) == (12, 55, 10)  # type: ignore[union-attr]


@pytest.mark.parametrize("acc", [0, -1, None])
def test_an_accuracy_of_nothing_is_unknown(acc: object) -> None:
    assert owntracks(_type="location", tst=1, lat=58.3, lon=12.6, acc=acc).body.accuracy_m is None  # type: ignore[union-attr]


def test_a_transition_is_a_position_where_it_has_one() -> None:
    assert owntracks(_type="transition", tst=1, wtst=1, lat=58.3, lon=12.6, event="enter", acc=5).kind == "position"
    assert owntracks(_type="transition", tst=1, wtst=1, event="leave").kind == "heartbeat"


def test_a_last_will_is_a_sign_of_life_without_a_time() -> None:
    parsed = owntracks(_type="lwt", tst=1768392000)
    assert (parsed.kind, parsed.at) == ("heartbeat", None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"_type": "location", "lat": 58.3, "lon": 12.6}, "bad_field"),
        ({"_type": "location", "tst": 1, "lon": 12.6}, "bad_field"),
        ({"_type": "location", "tst": 1, "lat": 91, "lon": 12.6}, "bad_field"),
        ({"_type": "location", "tst": 1, "lat": 58.3, "lon": 12.6, "acc": "good"}, "bad_field"),
        ({"_type": "cmd", "action": "dump"}, "unknown_kind"),
        ({"_type": "encrypted", "data": "x"}, "unknown_kind"),
        ({"_type": []}, "unknown_kind"),
        ({}, "unknown_kind"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(ReadingRejected) as caught:
        owntracks(**fields)
    assert caught.value.code == code


def test_a_body_holds_one_message_or_several() -> None:
    assert messages(b'{"_type":"lwt"}') == [b'{"_type":"lwt"}']
    assert messages(b'[{"_type":"lwt"}, {"a":1}]') == [b'{"_type":"lwt"}', b'{"a":1}']
    assert messages(b"[]") == []
    with pytest.raises(ReadingRejected, match="too_large"):
        messages(json.dumps([{}] * (MESSAGES_MAX + 1)).encode())
