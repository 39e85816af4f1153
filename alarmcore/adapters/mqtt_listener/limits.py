"""Every bound of the listener, with the reason for its number, and the room that waiting messages share."""

from __future__ import annotations

from typing import Final

import msgspec

PAYLOAD_MAX: Final = 64 * 1024
"""Bytes of a reading; the front door says 64 KB. More is handed over cut, so that it is counted and answered."""

HEAD_MAX: Final = 8 * 1024
"""Topic and properties of a PUBLISH, collected beside the payload. The longest topic of the front door has 200 bytes."""

CONTROL_MAX: Final = 16 * 1024
"""Any packet that is not a PUBLISH. A CONNECT with a will is the largest, and it is collected before anybody signed in."""

PACKET_MAX: Final = 1024 * 1024
"""Bytes of one packet; announced to MQTT 5 clients. A longer one is not worth the time that skipping it takes."""

RECEIVE_MAX: Final = 1024
"""Messages of one client that await their answer. With a commit each 5 ms it still lets one client send 200,000 a second."""

PENDING_BYTES_MAX: Final = 1024 * 1024
"""Bytes of one client that await their answer: sixteen of the largest readings, so that no client takes the room of many."""

ALL_PENDING_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bytes of all clients that await their answer: some 200,000 readings, which is more than the core commits in ten seconds."""

ALL_PENDING_MAX: Final = 8192
"""Messages of all clients that await their answer: sixteen full commits, and well below what the core takes (50,000). Clients are
held back long before anybody is told busy. One that has said nothing yet is still heard once, so that a press comes in."""

MESSAGE_OVERHEAD: Final = 200
"""Bytes that a waiting message costs beside its own, so that many empty ones are bounded as well."""

QOS2_OPEN_MAX: Final = 1024
"""QoS 2 messages of one client that are kept but not released; a client that never releases is not following the protocol."""

CONNECTIONS_MAX: Final = 20_000
"""Clients at a time; some 6 KB each without TLS. Beyond it a new one is hung up on, for the good of those who are in."""

SESSIONS_EACH_MAX: Final = 16
"""Clients of one device, or of a gateway that speaks as one; one with a fault in its loop cannot take the place of all others."""

SIGN_INS_MAX: Final = 4
"""Questions to the gate under way: where it asks a database, half of the connections to it are left for pages and for what other
processes have received. The others wait in the order in which they came, each for `SIGN_IN_S_MAX` at most."""

SUBSCRIPTIONS_MAX: Final = 32
"""Filters of one client. A device needs one."""

IN_FLIGHT_MAX: Final = 64
"""Messages to one client that await its PUBACK."""

OUT_QUEUE_MAX: Final = 1000
"""Messages to one client that wait to be sent. One that is that far behind is hung up on; it asks again when it is back."""

OUT_BYTES_MAX: Final = 1024 * 1024
"""Bytes of those messages."""

CLIENT_ID_MAX: Final = 256
"""Characters of a client identifier. It is only kept to find the session that a new connection takes over."""

CONNECT_S_MAX: Final = 10.0
"""From the open socket to the CONNECT: a slow cellular link manages it, a forgotten socket is not kept for long."""

SIGN_IN_S_MAX: Final = 10.0
"""The gate's answer. Later, the client has given up anyway."""

KEEP_ALIVE_FACTOR: Final = 1.5
"""A client that was silent for this many of its keep-alive intervals is lost (MQTT 5, section 3.1.2.10)."""

STALLED_S_MAX: Final = 30.0
"""A client that reads nothing of what we send it for this long is hung up on."""

HANG_UP_S_MAX: Final = 2.0
"""How long a client that is hung up on has to read our last words before the socket is closed under it."""

CLOSE_S_MAX: Final = 5.0
"""How long closing waits for answers to what was already taken. A commit takes milliseconds; whatever is left is repeated."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds an installation or a test may want to be others."""

    payload_max: int = PAYLOAD_MAX
    packet_max: int = PACKET_MAX
    receive_max: int = RECEIVE_MAX
    pending_bytes_max: int = PENDING_BYTES_MAX
    all_pending_bytes_max: int = ALL_PENDING_BYTES_MAX
    all_pending_max: int = ALL_PENDING_MAX
    connections_max: int = CONNECTIONS_MAX
    sessions_each_max: int = SESSIONS_EACH_MAX
    sign_ins_max: int = SIGN_INS_MAX
    in_flight_max: int = IN_FLIGHT_MAX
    out_queue_max: int = OUT_QUEUE_MAX
    out_bytes_max: int = OUT_BYTES_MAX


class Counts(msgspec.Struct, kw_only=True):
    """What has happened since the start, for metrics; nothing here names a client."""

    connected: int = 0
    signed_in: int = 0
    refused: int = 0
    turned_away: int = 0
    shut_out: int = 0
    too_large: int = 0
    unkept: int = 0
    broken_packets: int = 0
    taken_over: int = 0
    lapsed: int = 0
    too_slow: int = 0
    failures: int = 0
