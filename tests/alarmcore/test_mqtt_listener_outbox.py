"""What waits for one client is bounded, and what is on its way to it can be told apart."""

from __future__ import annotations

from alarmcore.adapters.mqtt_listener.limits import Limits
from alarmcore.adapters.mqtt_listener.outbox import PACKET_ID_MAX, Outbox


def outbox(**limits: int) -> Outbox:
    return Outbox(Limits(**limits), v5=False, receive_max=65_535, packet_max=1 << 20)


def packet_id(raw: bytes) -> int:
    """Of a message to the topic `t`."""
    return int.from_bytes(raw[5:7])


def test_waiting_messages_are_bounded_by_their_bytes_too() -> None:
    box = outbox(out_bytes_max=100)
    assert [box.put("t", b"x" * 60, 0) for _ in range(3)] == [True, True, False]
    box.take()
    assert box.put("t", b"x" * 60, 0)


def test_packet_identifiers_begin_anew_after_the_last() -> None:
    box, seen = outbox(), []
    for _ in range(PACKET_ID_MAX + 2):
        box.put("t", b"", 1)
        seen.append(packet_id(box.take()))
        box.heard(seen[-1])
    assert seen == [*range(1, PACKET_ID_MAX + 1), 1, 2]


def test_an_identifier_that_is_still_on_its_way_is_not_given_again() -> None:
    box = outbox()
    box.put("t", b"", 1)
    assert packet_id(box.take()) == 1
    for _ in range(PACKET_ID_MAX - 1):
        box.put("t", b"", 1)
        box.heard(packet_id(box.take()))
    box.put("t", b"", 1)
    assert packet_id(box.take()) == 2


def test_a_message_at_qos_0_overtakes_nothing_that_waits_for_room() -> None:
    box = outbox(in_flight_max=1)
    for payload, qos in ((b"1", 1), (b"2", 1), (b"3", 0)):
        box.put("t", payload, qos)
    assert box.take()[-1:] == b"1"
    box.heard(1)
    assert box.take()[-1:] == b"3"
    assert box.take() == b""
