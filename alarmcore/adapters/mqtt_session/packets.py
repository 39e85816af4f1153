"""Bytes from the broker into packets, also when they arrive in pieces or the codec cannot read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import mqtt5

from alarmcore.errors import Unavailable

PAYLOAD_MAX: Final = 64 * 1024
"""Bytes of a reading; the front door says 64 KB. More is handed over cut, so that it is counted and answered, and so that the
thousand readings which may wait take no more than 64 MB, whatever a broker lets its devices send."""

PACKET_MAX: Final = 1 << 20
"""Largest packet we let the broker send: a reading has at most 64 KiB, and a larger one up to here still gets its answer."""

_PUBLISH: Final = 3
_LENGTH_BYTES_MAX: Final = 4  # of a variable byte integer, by the MQTT standard


class Unreadable(Unavailable):
    """What the broker sent is no MQTT 5, or larger than we allowed; the only remedy is a new connection."""


class Packets:
    """The packets in a stream of bytes that is cut anywhere."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[mqtt5.Packet]:
        """Every packet that `data` completes. Consume it wholly before feeding again.

        Raises:
            Unreadable: a packet cannot be read, nor salvaged.
        """
        whole: bytes | bytearray = data
        if self._rest:
            self._rest += data
            whole = self._rest
        at, end = 0, len(whole)
        with memoryview(whole) as view:
            while at < end:
                with view[at:] as tail:
                    try:
                        packet, size = mqtt5.read(tail)
                    except IndexError:
                        _refuse_if_too_large(tail)
                        break
                    except BaseException as why:  # noqa: BLE001 - the codec panics (no Exception) on text that is not UTF-8
                        packet, size = _salvage(tail, why)
                at += size
                yield packet
        if whole is self._rest:
            del self._rest[:at]
        else:
            self._rest += data[at:]


def _refuse_if_too_large(tail: memoryview) -> None:
    frame = _frame(tail)
    if frame is not None and frame[1] > PACKET_MAX:
        raise Unreadable(
            f"the broker sends a packet of {frame[1]} bytes, more than the {PACKET_MAX} we asked for; check the broker"
        )


def _frame(tail: memoryview) -> tuple[int, int] | None:
    """Where the body of the first packet begins and ends; None while its length is not there yet."""
    length = _number(tail, 1)
    return None if length is None else (length[1], length[1] + length[0])


def _number(data: memoryview, at: int) -> tuple[int, int] | None:
    """The variable byte integer at `at` and where it ends (MQTT 5, section 1.5.5); None when there is none."""
    value = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES_MAX]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return None


def _salvage(tail: memoryview, why: BaseException) -> tuple[mqtt5.PublishPacket, int]:
    """What matters of a PUBLISH that the codec refuses: a broker that lets it through would send it for ever.

    Topic, identity and payload stand at fixed places; the properties between them, which we do not use, are skipped.
    """
    if isinstance(why, KeyboardInterrupt | SystemExit):
        raise why
    frame = _frame(tail)
    if frame is None or tail[0] >> 4 != _PUBLISH or frame[1] > min(len(tail), PACKET_MAX):
        raise Unreadable("the broker sent what is no MQTT 5 packet; check that the address is that of an MQTT 5 broker") from None
    body = tail[frame[0] : frame[1]]
    ends = 2 + int.from_bytes(body[:2], "big")
    qos = tail[0] >> 1 & 3  # a number: the codec's QoS is true even when it is 0
    after = ends + 2 if qos else ends
    properties = _number(body, after)
    if properties is None or after > len(body) or qos == 3:
        raise Unreadable("the broker sent a PUBLISH that makes no sense; check the broker") from None
    packet = mqtt5.PublishPacket(
        _topic(bytes(body[2:ends])),
        bytes(body[sum(properties) :]),
        qos=mqtt5.QoS(qos),
        packet_id=int.from_bytes(body[ends:after], "big") if qos else None,
        duplicate=bool(tail[0] & 8),
    )
    return packet, frame[1]


def _topic(raw: bytes) -> str:
    """A topic to show in the quarantine. What is empty here used a topic alias, which we never allowed."""
    return raw.decode("utf-8", errors="replace") or "?"
