"""The project's own dialect: one JSON object for each reading, its kind given by the topic or beside it.

The common case is decoded straight into a typed body. What that refuses is looked at field by field, so that a wrong value is
named, and so that a press, a fall or somebody on the floor is kept with the wrong fields set aside.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import xxhash
from msgspec import Meta

from alarmcore.errors import ReadingRejected
from alarmcore.model.reading import (
    BODIES,
    NEVER_REJECTED,
    Bed,
    Body,
    Door,
    Floor,
    Measurement,
    Medication,
    Motion,
    Position,
    Press,
    Signal,
    Status,
)

PAYLOAD_MAX: Final = 64 * 1024
"""Bytes of one reading (the front door's limit): far above any reading, far below what would hurt others."""

Moment = Annotated[datetime, Meta(tz=True)] | Annotated[float, Meta(ge=-1e11, le=1e11)] | None
Id = Annotated[str, Meta(min_length=1, max_length=64)] | None
Text = Annotated[str, Meta(max_length=256)] | None
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Metres = Annotated[float, Meta(ge=0, le=5e7)] | None
Accuracy = Annotated[float, Meta(ge=0, le=40_075_017)] | None
"""What is more than once around the earth says nothing, and nor does what is negative: many devices say "unknown" by -1."""
Percent = Annotated[float, Meta(ge=0, le=100)] | None
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]


class PositionWire(Position, frozen=True, gc=False, kw_only=True):
    """A position as it is sent."""

    lat: Lat
    lon: Lon
    accuracy_m: Accuracy = None
    speed_mps: Metres = None
    battery_pct: Percent = None
    at: Moment = None
    id: Id = None


class PressWire(Press, frozen=True, gc=False, kw_only=True):
    """A press or a fall as it is sent."""

    lat: Lat | None = None
    lon: Lon | None = None
    accuracy_m: Accuracy = None
    at: Moment = None
    id: Id = None


class BedWire(Bed, frozen=True, gc=False, kw_only=True):
    """A bed reading as it is sent."""

    at: Moment = None
    id: Id = None


class FloorWire(Floor, frozen=True, gc=False, kw_only=True):
    """A floor reading as it is sent."""

    at: Moment = None
    id: Id = None


class MotionWire(Motion, frozen=True, gc=False, kw_only=True):
    """A motion reading as it is sent."""

    room: Text = None
    at: Moment = None
    id: Id = None


class DoorWire(Door, frozen=True, gc=False, kw_only=True):
    """A door reading as it is sent."""

    door: Text = None
    at: Moment = None
    id: Id = None


class StatusWire(Status, frozen=True, gc=False, kw_only=True):
    """A status reading as it is sent."""

    battery_pct: Percent = None
    signal_dbm: Number | None = None
    firmware: Text = None
    at: Moment = None
    id: Id = None


class MeasurementWire(Measurement, frozen=True, gc=False, kw_only=True):
    """A measurement as it is sent."""

    quantity: Annotated[str, Meta(min_length=1, max_length=64)]
    value: Number
    unit: Text = None
    at: Moment = None
    id: Id = None


class MedicationWire(Medication, frozen=True, gc=False, kw_only=True):
    """A medication reading as it is sent."""

    at: Moment = None
    id: Id = None


class SignalWire(Signal, frozen=True, gc=False, kw_only=True):
    """A reset or heartbeat as it is sent."""

    at: Moment = None
    id: Id = None


WIRES: Final[dict[type, type]] = {
    Position: PositionWire,
    Press: PressWire,
    Bed: BedWire,
    Floor: FloorWire,
    Motion: MotionWire,
    Door: DoorWire,
    Status: StatusWire,
    Measurement: MeasurementWire,
    Medication: MedicationWire,
    Signal: SignalWire,
}

DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {kind: msgspec.json.Decoder(WIRES[body]) for kind, body in BODIES.items()}
FIELDS: Final = {
    kind: {f.encode_name: (f.type, f.required) for f in msgspec.structs.fields(WIRES[body])} for kind, body in BODIES.items()
}
SEEDS: Final = {kind: xxhash.xxh3_64_intdigest(kind.encode()) for kind in BODIES}
"""The kind is part of what a reading says, and in a topic it stands outside the payload."""
END_OF_TIME: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""No moment lies beyond, so that adding days to one always gives one."""
ROUTING: Final = frozenset({"tenant", "device", "kind", "received_at"})
"""Fields that say whose a reading is, where the topic does not. They are no part of its content."""


class Parsed(msgspec.Struct, frozen=True, gc=False):
    """What the bytes say, before it is known whose device it is and whether its time can be true.

    `identity` is from the id, or from the whole payload if it has a time, else None; `digest` tells other content under the
    same id. Both are 64 bits and do not depend on the door by which the reading came.
    """

    kind: str
    body: Body
    at: datetime | None
    id: str | None
    identity: int | None
    digest: int
    set_aside: tuple[str, ...] = ()


NO_FIX: Final = "lat,lon"
"""Both are exactly 0: what a receiver says that has not found its place. Nobody is watched over in the sea off Africa."""

UNKNOWN_IF_WRONG: Final = {"position": frozenset({"accuracy_m"})}
"""Fields of kinds of reading that are set aside when they are wrong, as those of a press are: where somebody is is worth knowing
also of a device that says nothing sensible of how sure it is."""

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.json.Decoder().decode
canonical = msgspec.json.Encoder(order="sorted").encode


def parse(kind: str, payload: bytes) -> Parsed:
    """Read one payload of a known or unknown kind.

    Raises:
        ReadingRejected: `unknown_kind`, `too_large`, `not_json` or `bad_field`; never for a press or a fall.
    """
    decoder = DECODERS.get(kind)
    if decoder is None:
        raise ReadingRejected("unknown_kind", "kind")
    if len(payload) > PAYLOAD_MAX:
        return _unreadable(kind, "too_large")
    try:
        wire = decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _by_field(kind, payload)
    if kind in NEVER_REJECTED:
        return _by_field(kind, payload)  # extra fields are named; such readings are few
    if kind == "position" and wire.lat == 0.0 == wire.lon:
        raise ReadingRejected("bad_field", NO_FIX)
    return _parsed(kind, wire, payload, ())


def _parsed(kind: str, wire: Any, payload: bytes, set_aside: tuple[str, ...]) -> Parsed:
    at = moment(wire.at) if wire.at is not None else None
    # Of a press every byte counts, also what was set aside: it must never be taken for another press.
    said = pack(wire) if wire.id is not None and kind not in NEVER_REJECTED else content(payload)
    digest = xxhash.xxh3_64_intdigest(said, SEEDS[kind])
    identity = digest if at is not None else None
    if wire.id is not None:
        identity = xxhash.xxh3_64_intdigest(b"id:" + wire.id.encode("utf-8", "surrogatepass"))
    return Parsed(kind, wire, at, wire.id, identity, digest, set_aside)


def content(payload: bytes) -> bytes:
    """The payload without routing and in one spelling, so that it is the same by whichever door it came."""
    try:
        found = unpack(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload
    if not isinstance(found, dict):
        return payload
    return canonical({name: value for name, value in found.items() if name not in ROUTING})


def objects(body: bytes) -> list[bytes] | None:
    """The texts of a body's readings, which is one object or a list of anything; None when it is neither, or no JSON."""
    many = body.lstrip()[:1] == b"["
    try:
        found = msgspec.json.decode(body, type=list[msgspec.Raw] if many else dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return [bytes(raw) for raw in found] if isinstance(found, list) else [body]


def moment(value: datetime | float) -> datetime:
    """An aware UTC moment from a moment with offset or epoch seconds.

    Raises:
        ReadingRejected: `bad_field` when it lies outside the years 1 to 8999.
    """
    try:
        at = value.astimezone(UTC) if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise ReadingRejected("bad_field", "at") from None
    if at >= END_OF_TIME:
        raise ReadingRejected("bad_field", "at")
    return at


def lenient(payload: bytes) -> object:
    """What can be read of JSON that is not quite JSON (NaN, numbers beyond all bounds, broken characters); None if nothing.

    For readings only that are never rejected, or of which a number may be none: it is slow.
    """
    try:
        return json.loads(payload.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None


def _unreadable(kind: str, code: str) -> Parsed:
    """A press whose payload says nothing is a press all the same; anything else is rejected."""
    if kind not in NEVER_REJECTED or kind == "floor":
        raise ReadingRejected(code)
    return Parsed(kind, Press(), None, None, None, 0, ("payload",))


def _by_field(kind: str, payload: bytes) -> Parsed:
    """Read field by field: name the one that is wrong, or set it aside where the reading, or that field, is never rejected."""
    try:
        found = unpack(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = lenient(payload) if kind in NEVER_REJECTED or kind in UNKNOWN_IF_WRONG else None
    if not isinstance(found, dict):
        return _unreadable(kind, "not_json")
    good: dict[str, Any] = {}
    wrong: list[str] = []
    for name, (kind_of, required) in FIELDS[kind].items():
        if name not in found:
            if required:
                raise ReadingRejected("bad_field", name)
            continue
        try:
            good[name] = finite(msgspec.convert(found[name], kind_of))
            if name == "at" and good[name] is not None:
                good[name] = moment(good[name])
        except (msgspec.ValidationError, ReadingRejected, OverflowError):
            settable = kind in NEVER_REJECTED or name in UNKNOWN_IF_WRONG.get(kind, ())
            if not settable or required:
                raise ReadingRejected("bad_field", name) from None
            good.pop(name, None)
            wrong.append(name)
    if kind in NEVER_REJECTED:
        _floor_only(kind, good, wrong)
        wrong += [shown(n) for n in found if n not in FIELDS[kind] and n not in ROUTING]
    _whole_position(kind, good, wrong)
    return _parsed(kind, WIRES[BODIES[kind]](**good), payload, tuple(wrong[:8]))


def _floor_only(kind: str, good: dict[str, Any], wrong: list[str]) -> None:
    """Of floor readings only one that says somebody lies there is kept with fields set aside."""
    if kind == "floor" and wrong and not good.get("on_floor"):
        raise ReadingRejected("bad_field", wrong[0])


def _whole_position(kind: str, good: dict[str, Any], wrong: list[str]) -> None:
    """Half a position is none, and neither is that of a receiver without a fix."""
    if good.get("lat") == 0.0 == good.get("lon"):
        if kind == "position":
            raise ReadingRejected("bad_field", NO_FIX)
        wrong += [name for name in ("lat", "lon") if good.pop(name) is not None]
    if kind in {"button", "fall"} and (good.get("lat") is None) != (good.get("lon") is None):
        half = "lat" if good.get("lat") is not None else "lon"
        good.pop(half)
        wrong.append(half)


def finite(value: Any) -> Any:
    """`value`, unless it is a number that is none."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ReadingRejected("bad_field")
    return value


def shown(name: str) -> str:
    """A field's name as it may stand in a `why`: it comes from outside, so only plain short ones are repeated."""
    return name if name.isascii() and name.isidentifier() and len(name) <= 32 else "extra"
