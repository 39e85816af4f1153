"""What a client's packets say (MQTT 3.1, 3.1.1 and 5)."""

from __future__ import annotations

from typing import Final

import msgspec

from alarmcore.adapters.mqtt_listener import properties as props
from alarmcore.adapters.mqtt_listener.codes import LEVEL_5, LEVEL_31, LEVEL_311, Code
from alarmcore.adapters.mqtt_listener.properties import PacketInvalid, Reader, decode_text

FILTERS_MAX: Final = 64
"""Filters in one SUBSCRIBE. A device needs one; the bound keeps one packet from occupying the loop."""

_NAMES: Final = {(b"MQIsdp", LEVEL_31), (b"MQTT", LEVEL_311), (b"MQTT", LEVEL_5)}


class Will(msgspec.Struct, frozen=True):
    """What a client wants published when it is lost. QoS and retain flag decide nothing here, so they are not kept."""

    topic: str
    payload: bytes


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """A client's first packet. `receive_max` and `packet_max` bound what we may send it."""

    level: int
    client_id: str
    clean: bool
    keep_alive_s: int
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    receive_max: int = 65_535
    packet_max: int = 268_435_460
    auth_method: str | None = None


class Subscribe(msgspec.Struct, frozen=True):
    """Filters a client wants to hear, each with the highest QoS it wants; `numbered` says that it gave a subscription id."""

    packet_id: int
    filters: list[tuple[str, int]]
    numbered: bool = False


class Unsubscribe(msgspec.Struct, frozen=True):
    """Filters a client no longer wants to hear."""

    packet_id: int
    filters: list[str]


def publish_head(data: bytes, at: int, end: int, *, qos: int, v5: bool) -> tuple[str, int, int]:
    """Topic, packet identifier (0 at QoS 0) and where the payload begins, of the PUBLISH whose body is `data[at:end]`.

    This is the path every reading takes, so it does by hand what `Reader` does readably.
    """
    name_at = at + 2
    if name_at > end:
        raise PacketInvalid(Code.MALFORMED, "a PUBLISH without a topic")
    here = name_at + (data[at] << 8 | data[at + 1])
    if here > end:
        raise PacketInvalid(Code.MALFORMED, "a topic that ends after the packet")
    topic = decode_text(data[name_at:here])
    if not topic or "+" in topic or "#" in topic:
        raise PacketInvalid(Code.TOPIC_INVALID, "a PUBLISH to an empty topic or to a filter")
    packet_id = 0
    if qos:
        if qos == 3 or here + 2 > end:
            raise PacketInvalid(Code.MALFORMED, "a PUBLISH at QoS 3, or without its packet identifier")
        packet_id = data[here] << 8 | data[here + 1]
        if not packet_id:
            raise PacketInvalid(Code.PROTOCOL_ERROR, "packet identifier 0")
        here += 2
    if v5:
        if here < end and not data[here]:
            return topic, packet_id, here + 1
        here = _publish_properties(data, here, end)
    return topic, packet_id, here


def _publish_properties(data: bytes, at: int, end: int) -> int:
    reader = Reader(data, at, end)
    if props.TOPIC_ALIAS in reader.properties(props.IN_PUBLISH):
        raise PacketInvalid(Code.TOPIC_ALIAS_INVALID, "a topic alias, though none was offered")
    return reader.at


def read_connect(body: bytes) -> Connect:
    """A CONNECT.

    Raises:
        PacketInvalid: it breaks the standard, or (`UNSUPPORTED_LEVEL`) it speaks a version we do not.
    """
    reader = Reader(body, 0, len(body))
    name, level = reader.binary(), reader.number(1)
    if (name, level) not in _NAMES:
        code = Code.UNSUPPORTED_LEVEL if name in {b"MQTT", b"MQIsdp"} else Code.MALFORMED
        raise PacketInvalid(code, f"protocol level {level} or its name is unknown")
    flags, keep_alive_s = reader.number(1), reader.number(2)
    _check_connect_flags(flags, level)
    found = reader.properties(props.IN_CONNECT) if level == LEVEL_5 else {}
    connect = Connect(
        level=level,
        client_id=reader.text(),
        clean=bool(flags & 0x02),
        keep_alive_s=keep_alive_s,
        will=_read_will(reader, level) if flags & 0x04 else None,
        username=reader.text() if flags & 0x80 else None,
        password=reader.binary() if flags & 0x40 else None,
        receive_max=int(found.get(props.RECEIVE_MAX, 65_535)),
        packet_max=int(found.get(props.PACKET_MAX, 268_435_460)),
        auth_method=str(found[props.AUTH_METHOD]) if props.AUTH_METHOD in found else None,
    )
    _check_end(reader)
    return connect


def _check_connect_flags(flags: int, level: int) -> None:
    will_qos = flags >> 3 & 0x03
    if flags & 0x01 and level != LEVEL_31:
        raise PacketInvalid(Code.MALFORMED, "the reserved connect flag is set")
    if will_qos == 3 or (not flags & 0x04 and flags & 0x38):
        raise PacketInvalid(Code.MALFORMED, "the will's flags contradict each other")
    if flags & 0xC0 == 0x40 and level != LEVEL_5:
        raise PacketInvalid(Code.MALFORMED, "a password without a user name")


def _read_will(reader: Reader, level: int) -> Will:
    if level == LEVEL_5:
        reader.properties(props.IN_WILL)
    topic, payload = reader.text(), reader.binary()
    if not topic or "+" in topic or "#" in topic:
        raise PacketInvalid(Code.TOPIC_INVALID, "a will for an empty topic or for a filter")
    return Will(topic, payload)


def read_subscribe(body: bytes, *, v5: bool) -> Subscribe:
    """A SUBSCRIBE. The filters themselves are judged one by one later, since each has its own answer."""
    reader = Reader(body, 0, len(body))
    packet_id = reader.packet_id()
    found = reader.properties(props.IN_SUBSCRIBE) if v5 else {}
    filters: list[tuple[str, int]] = []
    while reader.left():
        name, options = reader.text(), reader.number(1)
        if options & 0x03 == 3 or options & (0xC0 if v5 else 0xFC) or options & 0x30 == 0x30:
            raise PacketInvalid(Code.MALFORMED, "subscription options that mean nothing")
        filters.append((name, options & 0x03))
    _check_count(len(filters))
    return Subscribe(packet_id, filters, props.SUBSCRIPTION_ID in found)


def read_unsubscribe(body: bytes, *, v5: bool) -> Unsubscribe:
    """An UNSUBSCRIBE."""
    reader = Reader(body, 0, len(body))
    packet_id = reader.packet_id()
    if v5:
        reader.properties(props.IN_UNSUBSCRIBE)
    filters: list[str] = []
    while reader.left():
        filters.append(reader.text())
    _check_count(len(filters))
    return Unsubscribe(packet_id, filters)


def _check_count(filters: int) -> None:
    if not 0 < filters <= FILTERS_MAX:
        raise PacketInvalid(Code.PROTOCOL_ERROR, f"{filters} filters in one packet; 1 to {FILTERS_MAX} are possible")


def read_ack(body: bytes, *, v5: bool) -> tuple[int, int]:
    """Packet identifier and reason code of a PUBACK, PUBREC, PUBREL or PUBCOMP."""
    reader = Reader(body, 0, len(body))
    packet_id = reader.packet_id()
    code = _code_and_properties(reader, props.IN_ACK) if v5 else 0
    _check_end(reader)
    return packet_id, code


def read_disconnect(body: bytes, *, v5: bool) -> int:
    """The reason code of a DISCONNECT (0 before MQTT 5)."""
    reader = Reader(body, 0, len(body))
    code = _code_and_properties(reader, props.IN_DISCONNECT) if v5 else 0
    _check_end(reader)
    return code


def _code_and_properties(reader: Reader, allowed: frozenset[int]) -> int:
    """MQTT 5 lets a packet end before its reason code (0 then), or before its properties (none then)."""
    code = reader.number(1) if reader.left() else 0
    if reader.left():
        reader.properties(allowed)
    return code


def _check_end(reader: Reader) -> None:
    if reader.left():
        raise PacketInvalid(Code.MALFORMED, f"{reader.left()} bytes too many")
