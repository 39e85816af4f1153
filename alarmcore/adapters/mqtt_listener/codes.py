"""Numbers of the MQTT standard: packet types, protocol levels, and why something ended or was refused."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

LEVEL_31: Final = 3
LEVEL_311: Final = 4
LEVEL_5: Final = 5

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PUBREC: Final = 5
PUBREL: Final = 6
PUBCOMP: Final = 7
SUBSCRIBE: Final = 8
SUBACK: Final = 9
UNSUBSCRIBE: Final = 10
UNSUBACK: Final = 11
PINGREQ: Final = 12
PINGRESP: Final = 13
DISCONNECT: Final = 14
AUTH: Final = 15


class Code(IntEnum):
    """Reason codes of MQTT 5 (section 2.4) that we say or hear; older clients get what `connack_code_311` makes of them."""

    SUCCESS = 0x00
    GRANTED_QOS_1 = 0x01
    DISCONNECT_WITH_WILL = 0x04
    NO_SUBSCRIPTION_EXISTED = 0x11
    UNSPECIFIED = 0x80
    MALFORMED = 0x81
    PROTOCOL_ERROR = 0x82
    NOT_WILLING = 0x83
    UNSUPPORTED_LEVEL = 0x84
    CLIENT_ID_INVALID = 0x85
    BAD_CREDENTIALS = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_UNAVAILABLE = 0x88
    SERVER_BUSY = 0x89
    SHUTTING_DOWN = 0x8B
    BAD_AUTHENTICATION_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    TAKEN_OVER = 0x8E
    FILTER_INVALID = 0x8F
    TOPIC_INVALID = 0x90
    PACKET_ID_UNKNOWN = 0x92
    RECEIVE_MAX_EXCEEDED = 0x93
    TOPIC_ALIAS_INVALID = 0x94
    TOO_LARGE = 0x95
    QUOTA_EXCEEDED = 0x97
    SHARED_NOT_SUPPORTED = 0x9E
    SUBSCRIPTION_ID_NOT_SUPPORTED = 0xA1


CONNACK_311: Final = {
    Code.SUCCESS: 0,
    Code.UNSUPPORTED_LEVEL: 1,
    Code.CLIENT_ID_INVALID: 2,
    Code.SERVER_UNAVAILABLE: 3,
    Code.SERVER_BUSY: 3,
    Code.BAD_CREDENTIALS: 4,
    Code.NOT_AUTHORIZED: 5,
}
"""MQTT 3.1.1, table 3.1. A code that is not here has no word there: the connection is closed without an answer."""
