"""Packets to a client, as bytes (MQTT 3.1.1 and 5)."""

from __future__ import annotations

from typing import Final

from alarmcore.adapters.mqtt_listener import properties as props
from alarmcore.adapters.mqtt_listener.codes import (
    CONNACK,
    CONNACK_311,
    DISCONNECT,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    SUBACK,
    UNSUBACK,
    Code,
)

PINGRESP: Final = b"\xd0\x00"
ACK_HEAD: Final = (b"", bytes((PUBACK << 4, 2)), bytes((PUBREC << 4, 2)))
"""Everything but the packet identifier of the answer to a PUBLISH that went well, by its QoS."""


def varint(value: int) -> bytes:
    """`value` as a variable byte integer."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    return bytes((kind << 4 | flags,)) + varint(len(body)) + body


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2) + raw


def connack(code: Code, *, v5: bool, receive_max: int = 0, packet_max: int = 0, assigned: str | None = None) -> bytes:
    """Yes or no to a CONNECT, to MQTT 5 with what this server can do; no bytes where an old client has no word for it."""
    if not v5:
        return _packet(CONNACK, bytes((0, CONNACK_311[code]))) if code in CONNACK_311 else b""
    if code:
        return _packet(CONNACK, bytes((0, code, 0)))
    told = bytes((props.SESSION_EXPIRY, 0, 0, 0, 0, props.TOPIC_ALIAS_MAX, 0, 0, props.RETAIN_AVAILABLE, 0))
    told += bytes((props.WILDCARD_AVAILABLE, 1, props.SUBSCRIPTION_ID_AVAILABLE, 0, props.SHARED_AVAILABLE, 0))
    told += bytes((props.RECEIVE_MAX,)) + receive_max.to_bytes(2) + bytes((props.PACKET_MAX,)) + packet_max.to_bytes(4)
    if assigned:
        told += bytes((props.ASSIGNED_CLIENT_ID,)) + _text(assigned)
    return _packet(CONNACK, bytes((0, 0)) + varint(len(told)) + told)


def ack(kind: int, packet_id: int, code: int = 0) -> bytes:
    """A PUBACK, PUBREC or PUBCOMP. A code other than 0 exists in MQTT 5 only."""
    return _packet(kind, packet_id.to_bytes(2) + (bytes((code,)) if code else b""))


def pubcomp(packet_id: int, code: int = 0) -> bytes:
    """The end of a QoS 2 exchange."""
    return ack(PUBCOMP, packet_id, code)


def suback(packet_id: int, codes: list[int], *, v5: bool) -> bytes:
    """One answer per filter. Older clients know 0, 1, 2 and 0x80 only."""
    said = codes if v5 else [min(code, Code.UNSPECIFIED) for code in codes]
    return _packet(SUBACK, packet_id.to_bytes(2) + (b"\0" if v5 else b"") + bytes(said))


def unsuback(packet_id: int, codes: list[int], *, v5: bool) -> bytes:
    """One answer per filter; older clients get just the identifier."""
    return _packet(UNSUBACK, packet_id.to_bytes(2) + (b"\0" + bytes(codes) if v5 else b""))


def disconnect(code: Code) -> bytes:
    """Why we hang up (MQTT 5 only: before, a server could not say)."""
    return _packet(DISCONNECT, bytes((code,)))


def publish(topic: str, payload: bytes, *, packet_id: int, v5: bool) -> bytes:
    """A message for a subscriber, at QoS 1 when it has a packet identifier, else at QoS 0."""
    numbered = packet_id.to_bytes(2) if packet_id else b""
    body = b"".join((_text(topic), numbered, b"\0" if v5 else b"", payload))
    return _packet(PUBLISH, body, flags=2 if packet_id else 0)
