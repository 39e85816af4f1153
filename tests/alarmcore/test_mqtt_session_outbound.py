"""What we publish stays until the broker has it, in order, within a bound."""

from __future__ import annotations

import mqtt5
import pytest

from alarmcore.adapters.mqtt_session.outbound import OUTBOX_MAX, Outbox
from alarmcore.errors import InputError


def hello(*, receive_max: int = 20, session_present: bool = True, max_packet_size: int | None = None) -> mqtt5.ConnAckPacket:
    return mqtt5.ConnAckPacket(receive_max=receive_max, session_present=session_present, max_packet_size=max_packet_size)


def seen(outbox: Outbox) -> list[tuple[bytes, int | None, bool]]:
    """What goes out now: payload, identifier, whether it is said to be a repetition."""
    packets = [mqtt5.read(memoryview(raw))[0] for raw in outbox.collect()]
    return [(p.payload, p.packet_id, p.duplicate) for p in packets if isinstance(p, mqtt5.PublishPacket)]


def test_nothing_goes_out_before_the_broker_has_greeted() -> None:
    outbox = Outbox()
    outbox.put("t", b"1", 1)
    assert seen(outbox) == []
    outbox.connected(hello())
    assert seen(outbox) == [(b"1", 1, False)]


def test_no_more_is_in_flight_than_the_broker_allows() -> None:
    outbox = Outbox()
    outbox.connected(hello(receive_max=2))
    for i in range(4):
        outbox.put("t", b"%d" % i, 1)
    assert [p for p, _, _ in seen(outbox)] == [b"0", b"1"]
    assert seen(outbox) == []
    outbox.acknowledged(1)
    assert seen(outbox) == [(b"2", 3, False)]
    assert len(outbox) == 3


@pytest.mark.parametrize("session_present", [True, False])
def test_what_was_not_acknowledged_is_sent_again_first_and_in_order(session_present: bool) -> None:
    outbox = Outbox()
    outbox.connected(hello(receive_max=3))
    for i in range(4):
        outbox.put("t", b"%d" % i, 1)
    seen(outbox)
    outbox.acknowledged(1)
    outbox.disconnected()
    assert seen(outbox) == []
    outbox.connected(hello(session_present=session_present))
    assert seen(outbox) == [(b"1", 2, session_present), (b"2", 3, session_present), (b"3", 4, False)]


def test_a_broker_that_refuses_a_message_for_good_does_not_get_it_again() -> None:
    outbox = Outbox()
    outbox.connected(hello())
    outbox.put("t", b"x", 1)
    seen(outbox)
    outbox.acknowledged(1, accepted=False)
    outbox.connected(hello())
    assert (seen(outbox), outbox.dropped) == ([], 1)


def test_a_message_too_large_for_the_broker_is_given_up_and_the_next_goes_out() -> None:
    outbox = Outbox()
    outbox.connected(hello(max_packet_size=50))
    outbox.put("t", b"x" * 60, 1)
    outbox.put("t", b"ok", 1)
    assert [p for p, _, _ in seen(outbox)] == [b"ok"]
    assert outbox.dropped == 1


def test_a_full_queue_gives_up_its_oldest() -> None:
    outbox = Outbox()
    for i in range(OUTBOX_MAX + 2):
        outbox.put("t", b"%d" % i, 1)
    assert (len(outbox), outbox.dropped) == (OUTBOX_MAX, 2)
    outbox.connected(hello(receive_max=1))
    assert seen(outbox) == [(b"2", 1, False)]


def test_qos_0_is_sent_once_and_forgotten() -> None:
    outbox = Outbox()
    outbox.put("t", b"x", 0)
    outbox.connected(hello())
    assert seen(outbox) == [(b"x", None, False)]
    outbox.connected(hello())
    assert (seen(outbox), len(outbox)) == ([], 0)


def test_identifiers_go_round_and_skip_the_one_that_is_still_open() -> None:
    outbox = Outbox()
    outbox.connected(hello(receive_max=2))
    outbox.put("t", b"stuck", 1)
    seen(outbox)
    used = set()
    for _ in range(65_536):
        outbox.put("t", b"x", 1)
        ((_, packet_id, _),) = seen(outbox)
        assert packet_id is not None
        used.add(packet_id)
        outbox.acknowledged(packet_id)
    assert used == set(range(2, 65_536))


@pytest.mark.parametrize(("topic", "qos"), [("", 1), ("a/+", 1), ("a/#", 1), ("a\0", 1), ("a", 2)])
def test_what_no_broker_takes_is_refused_when_it_is_published(topic: str, qos: int) -> None:
    with pytest.raises(InputError):
        Outbox().put(topic, b"", qos)
