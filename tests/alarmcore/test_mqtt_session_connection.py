"""One connection, told as a conversation with a broker that the test plays itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import mqtt5
import pytest

from alarmcore.adapters.mqtt_session.connection import Connection
from alarmcore.adapters.mqtt_session.inbound import QOS0_OPEN_MAX
from alarmcore.adapters.mqtt_session.outbound import Outbox


class Wire(asyncio.Transport):
    """A transport that remembers what was written, each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.gone = ""
        self.reading = True

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def abort(self) -> None:
        self.gone = "aborted"

    def close(self) -> None:
        self.gone = "closed"

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def said(self) -> list[mqtt5.Packet]:
        """Every packet written since the last look."""
        raw, packets = b"".join(self.writes), []
        self.writes.clear()
        while raw:
            packet, size = mqtt5.read(memoryview(raw))
            packets.append(packet)
            raw = raw[size:]
        return packets


class HoldingIntake:
    """Takes everything and answers for nothing; the test does."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.done: list[Callable[[bool], None]] = []

    def accept(self, topic: str, payload: bytes, principal: None, done: Callable[[bool], None]) -> None:
        assert principal is None
        self.got.append((topic, payload))
        self.done.append(done)


class RaisingIntake:
    """Cannot take anything."""

    def accept(self, _topic: str, _payload: bytes, _principal: None, _done: Callable[[bool], None]) -> None:
        raise ZeroDivisionError


class Talk:
    """A connection, its wire, its intake, and a broker's side of the talk."""

    def __init__(self, intake: Any = None, keep_alive: int = 10) -> None:
        self.intake = intake or HoldingIntake()
        self.outbox = Outbox()
        self.wire = Wire()
        self.connection = Connection(
            mqtt5.ConnectPacket("core", keep_alive=keep_alive), ["alarmcore/v1/#", "owntracks/#"], self.intake, self.outbox
        )
        self.connection.connection_made(self.wire)

    def hear(self, *packets: mqtt5.Packet) -> None:
        self.connection.data_received(b"".join(p.write() for p in packets))

    def greeted(self) -> Talk:
        """Past CONNACK and SUBACK, nothing unread on the wire."""
        self.hear(
            mqtt5.ConnAckPacket(session_present=True, receive_max=20),
            mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * 2),
        )
        self.wire.said()
        return self


async def turn() -> None:
    """Let what was scheduled happen."""
    await asyncio.sleep(0)


def message(packet_id: int, qos: mqtt5.QoS = mqtt5.QoS.AT_LEAST_ONCE) -> mqtt5.PublishPacket:
    return mqtt5.PublishPacket("alarmcore/v1/a/b/button", b"{}", qos=qos, packet_id=packet_id)


async def test_it_subscribes_at_qos_1_also_into_a_session_that_is_still_there() -> None:
    talk = Talk()
    talk.wire.said()
    talk.hear(mqtt5.ConnAckPacket(session_present=True))
    subscribe = talk.wire.said()[0]
    assert isinstance(subscribe, mqtt5.SubscribePacket)
    assert [(f.pattern, int(f.max_qos)) for f in subscribe.topic_filters] == [("alarmcore/v1/#", 1), ("owntracks/#", 1)]
    assert not talk.connection.ready.done()
    talk.hear(mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * 2))
    assert talk.connection.ready.result() is True


async def test_several_done_in_one_turn_are_acknowledged_with_one_write_in_order_of_arrival() -> None:
    talk = Talk().greeted()
    talk.hear(*(message(i) for i in (3, 1, 2)))
    await turn()
    assert talk.wire.writes == []
    for done in reversed(talk.intake.done):
        done(True)
    await turn()
    assert len(talk.wire.writes) == 1
    assert [p.packet_id for p in talk.wire.said() if isinstance(p, mqtt5.PubAckPacket)] == [3, 1, 2]


async def test_a_message_not_kept_is_not_acknowledged_and_ends_the_connection_after_those_before_it_were() -> None:
    talk = Talk().greeted()
    talk.hear(*(message(i) for i in (1, 2, 3)))
    for done, kept in zip(talk.intake.done, (True, False, True), strict=True):
        done(kept)
    await turn()
    assert [(type(p), getattr(p, "packet_id", None)) for p in talk.wire.said()] == [
        (mqtt5.PubAckPacket, 1),
        (mqtt5.DisconnectPacket, None),
    ]
    assert talk.connection.lost.result().then == "retry"
    assert "not be kept" in talk.connection.lost.result().text


async def test_a_done_after_the_connection_was_lost_writes_nothing() -> None:
    talk = Talk().greeted()
    talk.hear(message(1))
    talk.connection.connection_lost(None)
    talk.intake.done[0](True)
    await turn()
    assert talk.wire.writes == []


async def test_an_intake_that_raises_has_kept_nothing() -> None:
    talk = Talk(RaisingIntake()).greeted()
    talk.hear(message(1), message(2))
    await turn()
    assert talk.wire.writes == []
    assert talk.connection.lost.result().then == "retry"
    assert talk.wire.gone == "aborted"


async def test_exactly_once_is_walked_to_its_end() -> None:
    talk = Talk().greeted()
    talk.hear(message(9, mqtt5.QoS.EXACTLY_ONCE))
    talk.intake.done[0](True)
    await turn()
    talk.hear(mqtt5.PubRelPacket(9))
    await turn()
    assert [type(p) for p in talk.wire.said()] == [mqtt5.PubRecPacket, mqtt5.PubCompPacket]


async def test_a_flood_of_qos_0_pauses_the_reading_and_resumes_it() -> None:
    talk = Talk().greeted()
    flood = mqtt5.PublishPacket("alarmcore/v1/a/b/position", b"{}")
    talk.hear(*[flood] * QOS0_OPEN_MAX)
    assert not talk.wire.reading
    for done in talk.intake.done:
        done(True)
    await turn()
    assert talk.wire.reading


async def test_what_is_published_goes_out_with_the_acknowledgements_and_is_over_when_acknowledged() -> None:
    talk = Talk().greeted()
    talk.hear(message(1))
    talk.intake.done[0](True)
    talk.outbox.put("alarmcore/ack/v1/a/b", b"{}", 1)
    talk.connection.wake()
    await turn()
    assert len(talk.wire.writes) == 1
    assert [type(p) for p in talk.wire.said()] == [mqtt5.PubAckPacket, mqtt5.PublishPacket]
    assert len(talk.outbox) == 1
    talk.hear(mqtt5.PubAckPacket(1))
    assert len(talk.outbox) == 0


@pytest.mark.parametrize(
    ("packet", "then", "words"),
    [
        (mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD), "refused", "user and password"),
        (mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_BUSY), "retry", "SERVER_BUSY"),
        (mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN), "retry", "SERVER_SHUTTING_DOWN"),
        (mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER), "ended", "only one may run"),
        (mqtt5.PingReqPacket(), "retry", "PingReqPacket"),
    ],
    ids=["password", "busy", "shutdown", "taken over", "nonsense"],
)
async def test_why_a_broker_ends_it_is_said(packet: mqtt5.Packet, then: str, words: str) -> None:
    talk = Talk()
    talk.hear(packet, message(1))
    loss = talk.connection.lost.result()
    assert loss.then == then
    assert words in loss.text
    assert talk.intake.got == []


async def test_a_refused_subscription_names_the_filter() -> None:
    talk = Talk()
    codes = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE, mqtt5.SubAckReasonCode.NOT_AUTHORIZED]
    talk.hear(mqtt5.ConnAckPacket(), mqtt5.SubAckPacket(1, codes))
    loss = talk.connection.lost.result()
    assert loss.then == "refused"
    assert "owntracks/# (NOT_AUTHORIZED)" in loss.text
    assert "alarmcore/v1/#" not in loss.text


async def test_a_connection_that_ended_does_not_stop_what_the_next_one_sends() -> None:
    """The old transport reports its end late, when the next connection already uses the same outbox."""
    talk = Talk().greeted()
    talk.hear(mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_BUSY))
    talk.outbox.connected(mqtt5.ConnAckPacket(receive_max=5))
    talk.connection.connection_lost(None)
    talk.outbox.put("t", b"x", 1)
    assert len(talk.outbox.collect()) == 1


async def test_leaving_acknowledges_what_is_due_and_says_goodbye() -> None:
    talk = Talk().greeted()
    talk.hear(message(1))
    talk.intake.done[0](True)
    talk.connection.leave()
    assert [type(p) for p in talk.wire.said()] == [mqtt5.PubAckPacket, mqtt5.DisconnectPacket]
    assert talk.wire.gone == ""  # the broker closes: were we first, our last words might be lost
    talk.hear(message(2))
    assert len(talk.intake.got) == 1
    talk.connection.connection_lost(None)
    assert talk.connection.lost.result().then == "ended"
