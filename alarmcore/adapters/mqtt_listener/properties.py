"""The bytes of an MQTT packet's body, read field by field, and the property lists that MQTT 5 puts into it."""

from __future__ import annotations

from typing import Final

from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.errors import InputError

Value = int | str | bytes

PAYLOAD_FORMAT: Final = 0x01
MESSAGE_EXPIRY: Final = 0x02
CONTENT_TYPE: Final = 0x03
RESPONSE_TOPIC: Final = 0x08
CORRELATION: Final = 0x09
SUBSCRIPTION_ID: Final = 0x0B
SESSION_EXPIRY: Final = 0x11
ASSIGNED_CLIENT_ID: Final = 0x12
AUTH_METHOD: Final = 0x15
AUTH_DATA: Final = 0x16
PROBLEM_INFO: Final = 0x17
WILL_DELAY: Final = 0x18
RESPONSE_INFO: Final = 0x19
SERVER_REFERENCE: Final = 0x1C
REASON_TEXT: Final = 0x1F
RECEIVE_MAX: Final = 0x21
TOPIC_ALIAS_MAX: Final = 0x22
TOPIC_ALIAS: Final = 0x23
RETAIN_AVAILABLE: Final = 0x25
USER: Final = 0x26
PACKET_MAX: Final = 0x27
WILDCARD_AVAILABLE: Final = 0x28
SUBSCRIPTION_ID_AVAILABLE: Final = 0x29
SHARED_AVAILABLE: Final = 0x2A

IN_CONNECT: Final = frozenset(
    {SESSION_EXPIRY, RECEIVE_MAX, PACKET_MAX, TOPIC_ALIAS_MAX, RESPONSE_INFO, PROBLEM_INFO, USER, AUTH_METHOD, AUTH_DATA}
)
IN_WILL: Final = frozenset({WILL_DELAY, PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, USER})
IN_PUBLISH: Final = frozenset({PAYLOAD_FORMAT, MESSAGE_EXPIRY, CONTENT_TYPE, RESPONSE_TOPIC, CORRELATION, TOPIC_ALIAS, USER})
IN_ACK: Final = frozenset({REASON_TEXT, USER})
IN_SUBSCRIBE: Final = frozenset({SUBSCRIPTION_ID, USER})
IN_UNSUBSCRIBE: Final = frozenset({USER})
IN_DISCONNECT: Final = frozenset({SESSION_EXPIRY, REASON_TEXT, USER, SERVER_REFERENCE})

_KIND: Final = {
    PAYLOAD_FORMAT: "flag",
    MESSAGE_EXPIRY: "u32",
    CONTENT_TYPE: "text",
    RESPONSE_TOPIC: "text",
    CORRELATION: "binary",
    SUBSCRIPTION_ID: "varint",
    SESSION_EXPIRY: "u32",
    AUTH_METHOD: "text",
    AUTH_DATA: "binary",
    PROBLEM_INFO: "flag",
    WILL_DELAY: "u32",
    RESPONSE_INFO: "flag",
    SERVER_REFERENCE: "text",
    REASON_TEXT: "text",
    RECEIVE_MAX: "u16",
    TOPIC_ALIAS_MAX: "u16",
    TOPIC_ALIAS: "u16",
    USER: "pair",
    PACKET_MAX: "u32",
}
"""Those a client may send, with the type MQTT 5 (section 2.2.2.2, table 2-4) gives each."""

_NEVER_ZERO: Final = frozenset({RECEIVE_MAX, PACKET_MAX, SUBSCRIPTION_ID})


class PacketInvalid(InputError):
    """A client's packet breaks the standard; `code` is what MQTT 5 calls it."""

    reason = "bad_packet"

    def __init__(self, code: Code, text: str) -> None:
        self.code = code
        super().__init__(f"mqtt packet is not usable: {text} (0x{code:02x}); send what the standard describes")


class Reader:
    """Walks over `data` from `at` up to `end`; every step raises `PacketInvalid` when too few bytes are left."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data = data
        self.at = at
        self.end = end

    def left(self) -> int:
        """How many bytes have not been read."""
        return self.end - self.at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        start, stop = self.at, self.at + count
        if stop > self.end:
            raise PacketInvalid(Code.MALFORMED, f"a field of {count} bytes at byte {start} ends after the packet")
        self.at = stop
        return self.data[start:stop]

    def number(self, width: int) -> int:
        """An unsigned integer of `width` bytes."""
        return int.from_bytes(self.take(width))

    def varint(self) -> int:
        """A variable byte integer (MQTT 5, section 1.5.5)."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.number(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise PacketInvalid(Code.MALFORMED, "a variable byte integer has more than four bytes")

    def binary(self) -> bytes:
        """Bytes with their length before them."""
        return self.take(self.number(2))

    def text(self) -> str:
        """UTF-8 text with its length before it; no null character (MQTT 5, section 1.5.4)."""
        return decode_text(self.binary())

    def packet_id(self) -> int:
        """A packet identifier, never 0."""
        packet_id = self.number(2)
        if not packet_id:
            raise PacketInvalid(Code.PROTOCOL_ERROR, "packet identifier 0")
        return packet_id

    def properties(self, allowed: frozenset[int]) -> dict[int, Value]:
        """A property list. User properties are checked and left out: nothing here reads them."""
        length = self.varint()
        stop = self.at + length
        if stop > self.end:
            raise PacketInvalid(Code.MALFORMED, "the property list ends after the packet")
        inner = Reader(self.data, self.at, stop)
        found: dict[int, Value] = {}
        while inner.at < stop:
            self._property(inner, allowed, found)
        self.at = stop
        return found

    @staticmethod
    def _property(inner: Reader, allowed: frozenset[int], found: dict[int, Value]) -> None:
        name = inner.varint()
        if name not in _KIND:
            raise PacketInvalid(Code.MALFORMED, f"unknown property 0x{name:02x}")
        if name not in allowed or name in found:
            raise PacketInvalid(Code.PROTOCOL_ERROR, f"property 0x{name:02x} does not belong here or comes twice")
        value = inner.value(_KIND[name])
        if not value and name in _NEVER_ZERO:
            raise PacketInvalid(Code.PROTOCOL_ERROR, f"property 0x{name:02x} is 0")
        if name != USER:
            found[name] = value

    def value(self, kind: str) -> Value:
        """One property's value, by the name of its type."""
        match kind:
            case "u16":
                return self.number(2)
            case "u32":
                return self.number(4)
            case "varint":
                return self.varint()
            case "text":
                return self.text()
            case "binary":
                return self.binary()
            case "pair":
                return self.text() + "=" + self.text()
        flag = self.number(1)
        if flag > 1:
            raise PacketInvalid(Code.PROTOCOL_ERROR, f"a yes-or-no property is {flag}")
        return flag


def decode_text(raw: bytes) -> str:
    """`raw` as the standard's UTF-8 text.

    Raises:
        PacketInvalid: not UTF-8, a surrogate, or a null character in it.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise PacketInvalid(Code.MALFORMED, f"text is not UTF-8 at its byte {error.start}") from None
    if "\0" in text:
        raise PacketInvalid(Code.MALFORMED, "a null character in a text")
    return text
