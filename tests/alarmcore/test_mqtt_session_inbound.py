"""Acknowledgements go out late, in order of arrival, and only for what was kept."""

from __future__ import annotations

import mqtt5
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.mqtt_session.inbound import QOS0_OPEN_MAX, Inbound


def packet(packet_id: int, qos: mqtt5.QoS = mqtt5.QoS.AT_LEAST_ONCE) -> mqtt5.PublishPacket:
    return mqtt5.PublishPacket("t", b"", qos=qos, packet_id=packet_id)


def puback(packet_id: int) -> bytes:
    return mqtt5.PubAckPacket(packet_id).write()


def test_nothing_is_acknowledged_before_done_and_all_of_one_turn_together() -> None:
    woken: list[int] = []
    inbound = Inbound(lambda: woken.append(1))
    done = [inbound.ticket(packet(i)) for i in (5, 6, 7)]
    assert inbound.collect() == []
    for d in done:
        d(True)
    assert (woken, inbound.collect()) == ([1], [puback(5), puback(6), puback(7)])


@given(
    st.permutations(range(1, 9)), st.lists(st.booleans(), min_size=8, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8)
)
def test_acknowledged_is_always_the_longest_beginning_that_was_kept(
    order: list[int], kept: list[bool], looks: list[bool]
) -> None:
    inbound = Inbound(lambda: None)
    tickets = {i: inbound.ticket(packet(i)) for i in range(1, 9)}
    sent: list[bytes] = []
    answered: dict[int, bool] = {}
    for i, look in zip(order, looks, strict=True):
        tickets[i](kept[i - 1])
        answered[i] = kept[i - 1]
        if look:
            sent += inbound.collect()
    sent += inbound.collect()
    first_lost = next((i for i in range(1, 9) if not answered[i]), 9)
    assert sent == [puback(i) for i in range(1, first_lost)]
    assert inbound.refused == (first_lost < 9)
    assert inbound.acknowledged == first_lost - 1


def test_only_the_first_answer_counts() -> None:
    inbound = Inbound(lambda: None)
    done = inbound.ticket(packet(1))
    done(False)
    done(True)
    assert inbound.collect() == []
    assert inbound.refused


def test_exactly_once_is_answered_with_its_own_packet() -> None:
    inbound = Inbound(lambda: None)
    inbound.ticket(packet(300, mqtt5.QoS.EXACTLY_ONCE))(True)
    assert inbound.collect() == [mqtt5.PubRecPacket(300).write()]


def test_a_flood_without_acknowledgements_stops_the_reading_until_half_is_done() -> None:
    woken: list[int] = []
    inbound = Inbound(lambda: woken.append(1))
    done = [inbound.ticket(mqtt5.PublishPacket("t", b"")) for _ in range(QOS0_OPEN_MAX)]
    assert inbound.full
    for d in done[: QOS0_OPEN_MAX // 2 - 1]:
        d(True)
        d(True)
    assert (inbound.full, woken) == (True, [])
    done[-1](True)
    assert (inbound.full, woken) == (False, [1])
    assert inbound.collect() == []
