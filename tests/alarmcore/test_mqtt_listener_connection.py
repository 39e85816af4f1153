"""The protocol with one client, without a socket and without a clock."""

from __future__ import annotations

from collections.abc import Callable

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mqtt_listener_packets import connect, field, packet, publish, subscribe

from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.adapters.mqtt_listener.connection import Connection
from alarmcore.adapters.mqtt_listener.framing import Sizes, split
from alarmcore.adapters.mqtt_listener.house import House
from alarmcore.adapters.mqtt_listener.limits import CONTROL_MAX, HEAD_MAX, SUBSCRIPTIONS_MAX, Limits
from alarmcore.adapters.mqtt_listener.packets import Connect

ACK = "alarmcore/ack/v1/t1/d1"
TOPIC = "alarmcore/v1/t1/d1/button"
PING = b"\xc0\x00"
PONG = b"\xd0\x00"


def puback(packet_id: int, code: int = 0) -> bytes:
    return packet(0x40, packet_id.to_bytes(2) + (bytes((code,)) if code else b""))


def pubrec(packet_id: int, code: int = 0) -> bytes:
    return packet(0x50, packet_id.to_bytes(2) + (bytes((code,)) if code else b""))


def pubrel(packet_id: int) -> bytes:
    return packet(0x62, packet_id.to_bytes(2))


def pubcomp(packet_id: int, code: int = 0) -> bytes:
    return packet(0x70, packet_id.to_bytes(2) + (bytes((code,)) if code else b""))


class RememberingIntake:
    """Keeps what came; says done when a test does, or at once with `at_once`."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes, str | None]] = []
        self.dones: list[Callable[[bool], None]] = []
        self.at_once: bool | None = None
        self.fault: Exception | None = None

    def accept(self, topic: str, payload: bytes, principal: str | None, done: Callable[[bool], None]) -> None:
        if self.fault is not None:
            raise self.fault
        self.came.append((topic, payload, principal))
        self.dones.append(done)
        if self.at_once is not None:
            done(self.at_once)


class OwnTopicGate:
    """Whoever comes is who they say; everybody may hear their own ack topic and what is below it, or `everything`."""

    everything = False

    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        return username if password == "secret" else None

    def may_subscribe(self, principal: str, topic_filter: str) -> bool:
        return self.everything or topic_filter.removesuffix("/#") == f"alarmcore/ack/v1/{principal}"


class PaperWire:
    """Writes down what a connection asks of its socket."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.paused = False
        self.closed = False
        self.asked: Connect | None = None

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def sign_in(self, connect: Connect) -> None:
        self.asked = connect

    def hang_up(self) -> None:
        self.closed = True


class Client:
    """One client of a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.wire = PaperWire()
        self.connection = Connection(stage.house, self.wire)

    def says(self, *parts: bytes) -> bytes:
        """Feed, let the turn of the loop end, and return what the client hears of it."""
        for part in parts:
            self.connection.feed(part)
        return self.hears()

    def hears(self) -> bytes:
        self.stage.turn()
        heard = b"".join(self.wire.writes)
        self.wire.writes.clear()
        return heard


class Stage:
    """A house with doubles around it."""

    def __init__(self, **limits: int) -> None:
        self.intake = RememberingIntake()
        self.gate = OwnTopicGate()
        self.turns_due = 0
        bounds = Limits(**limits)
        sizes = Sizes(bounds.payload_max + 1 + HEAD_MAX, CONTROL_MAX, bounds.packet_max)
        self.house = House(self.intake, self.gate, bounds, sizes, self._later)

    def _later(self) -> None:
        self.turns_due += 1

    def turn(self) -> None:
        while self.turns_due:
            self.turns_due -= 1
            self.house.turn()

    def client(self, level: int = 4, principal: str = "t1/d1", **fields: object) -> Client:
        """A client that has signed in."""
        client = Client(self)
        client.says(connect(level, **{"username": principal, **fields}))  # type: ignore[arg-type]
        client.connection.signed_in(principal)
        heard = client.hears()
        assert heard[0] == 0x20
        assert heard[3] == 0
        return client

    def settle(self, *numbers: int, kept: bool = True) -> None:
        for number in numbers:
            self.intake.dones[number](kept)


def test_a_client_at_which_our_code_fails_is_hung_up_on_and_the_others_get_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    ill, well = stage.client(principal="t1/d1"), stage.client(principal="t1/d2")
    turn = Connection.turn

    def faulty(self: Connection) -> None:
        if self is ill.connection:
            raise ZeroDivisionError
        turn(self)

    monkeypatch.setattr(Connection, "turn", faulty)
    for client in (ill, well):
        client.connection.feed(b"\xc0\x00")
    stage.turn()
    assert ill.wire.closed
    assert well.hears() == b"\xd0\x00"
    assert stage.house.counts.failures == 1


# Signing in


@pytest.mark.parametrize("level", [3, 4])
def test_a_client_that_signs_in_gets_no_session(level: int) -> None:
    client = Client(Stage())
    assert client.says(connect(level, clean=False)) == b""
    client.connection.signed_in("t1/d1")
    assert client.hears() == b"\x20\x02\x00\x00"


def test_an_mqtt_5_client_is_told_the_name_it_was_given() -> None:
    client = Client(Stage())
    client.says(connect(5, ""))
    client.connection.signed_in("t1/d1")
    read, _ = mqtt5.read(memoryview(client.hears()))
    assert isinstance(read, mqtt5.ConnAckPacket)
    assert read.assigned_client_id == "auto-1"


def test_a_refused_client_is_told_and_hung_up_on() -> None:
    for level, words in ((4, b"\x20\x02\x00\x04"), (5, b"\x20\x03\x00\x86\x00")):
        client = Client(Stage())
        client.says(connect(level))
        client.connection.signed_in(None)
        assert client.hears() == words
        assert client.wire.closed


def test_what_comes_before_the_gate_has_answered_waits_for_it() -> None:
    stage = Stage()
    client = Client(stage)
    assert client.says(connect() + publish(TOPIC, b"1") + PING, publish(TOPIC, b"2", packet_id=2)) == b""
    assert client.wire.paused
    assert stage.intake.came == []
    client.connection.signed_in("t1/d1")
    assert client.hears() == b"\x20\x02\x00\x00" + PONG
    assert [payload for _, payload, _ in stage.intake.came] == [b"1", b"2"]
    assert not client.wire.paused


def test_what_comes_before_the_gate_has_refused_reaches_nobody() -> None:
    stage = Stage()
    client = Client(stage)
    client.says(connect() + publish(TOPIC, b"1"))
    client.connection.signed_in(None)
    client.says(publish(TOPIC, b"2"))
    assert stage.intake.came == []


@pytest.mark.parametrize(
    ("first", "answer"),
    [
        (publish(TOPIC, b"1"), b""),
        (PING, b""),
        (packet(0x10, field("MQTT") + b"\x07\x02\x00\x3c" + field("c")), b"\x20\x02\x00\x01"),
        (connect(4, "", clean=False), b"\x20\x02\x00\x02"),
        (connect(4, "c" * 300), b"\x20\x02\x00\x02"),
        (connect(5, properties=b"\x15\x00\x01x"), b"\x20\x03\x00\x8c\x00"),
        (packet(0x10, b"x" * (CONTROL_MAX + 1)), b""),
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (packet(0xF0, b""), b""),
    ],
)
def test_a_first_packet_that_is_no_good_connect_ends_it(first: bytes, answer: bytes) -> None:
    stage = Stage()
    client = Client(stage)
    assert client.says(first) == answer
    assert client.wire.closed
    assert stage.intake.came == []


def test_a_second_connect_ends_it() -> None:
    client = Stage().client(5)
    assert client.says(connect(5)) == b"\xe0\x01\x82"
    assert client.wire.closed


def test_the_same_client_coming_again_takes_the_session_over() -> None:
    stage = Stage()
    old = stage.client(5)
    other_name, other_device = stage.client(5, client_id="c2"), stage.client(5, "t1/d2")
    new = stage.client(5)
    assert old.hears() == b"\xe0\x01\x8e"
    assert old.wire.closed
    assert not any(client.wire.closed for client in (new, other_name, other_device))
    old.connection.lost()
    assert stage.house.sessions["t1/d1", "c1"] is new.connection


# Publishing


@pytest.mark.parametrize("level", [3, 4, 5])
def test_a_publish_is_acknowledged_only_when_it_is_kept(level: int) -> None:
    stage = Stage()
    client = stage.client(level)
    assert client.says(publish(TOPIC, b"now", packet_id=5, v5=level == 5)) == b""
    assert stage.intake.came == [(TOPIC, b"now", "t1/d1")]
    stage.settle(0)
    assert client.hears() == puback(5)


def test_acknowledgements_leave_in_the_order_of_the_messages() -> None:
    stage = Stage()
    client = stage.client()
    client.says(b"".join(publish(TOPIC, b"x", qos, packet_id) for packet_id, qos in ((1, 1), (2, 2), (3, 1), (4, 1))))
    stage.settle(2, 1)
    assert client.hears() == b""
    stage.settle(0)
    assert client.hears() == puback(1) + pubrec(2) + puback(3)
    stage.settle(3)
    assert client.hears() == puback(4)


@given(st.permutations(range(8)), st.lists(st.booleans(), min_size=8, max_size=8))
def test_acknowledgements_are_in_order_whatever_order_they_become_known_in(order: list[int], turns: list[bool]) -> None:
    stage = Stage()
    client = stage.client()
    client.says(b"".join(publish(TOPIC, b"x", packet_id=number + 1) for number in range(8)))
    heard = b""
    for number, turn in zip(order, turns, strict=True):
        stage.settle(number)
        heard += client.hears() if turn else b""
    assert heard + client.hears() == b"".join(puback(number + 1) for number in range(8))


def test_answers_that_become_known_together_leave_in_one_write() -> None:
    stage = Stage()
    client = stage.client()
    client.says(b"".join(publish(TOPIC, b"x", packet_id=number) for number in range(1, 51)))
    stage.settle(*range(50))
    stage.turn()
    assert len(client.wire.writes) == 1
    assert len(client.wire.writes[0]) == 200


def test_saying_done_twice_acknowledges_once() -> None:
    stage = Stage()
    client = stage.client()
    client.says(publish(TOPIC, b"1"))
    stage.settle(0, 0)
    assert client.hears() == puback(1)
    assert (stage.house.pending, stage.house.pending_bytes) == (0, 0)


def test_at_qos_0_nothing_is_answered_whatever_becomes_of_it() -> None:
    stage = Stage()
    client = stage.client()
    client.says(publish(TOPIC, b"1", 0), publish(TOPIC, b"2", 0))
    stage.settle(0)
    stage.settle(1, kept=False)
    assert client.hears() == b""
    assert not client.wire.closed
    assert stage.house.pending == 0


def test_a_retain_flag_is_ignored() -> None:
    stage = Stage()
    client = stage.client(5)
    client.says(publish(TOPIC, b"1", v5=True, flags=1))
    stage.settle(0)
    assert client.hears() == puback(1)


def test_an_mqtt_5_client_is_told_why_when_something_could_not_be_kept() -> None:
    """An acknowledgement with 0x97 would say it too, but clients that count any acknowledgement as success would forget."""
    stage = Stage()
    client = stage.client(5)
    client.says(b"".join(publish(TOPIC, b"x", qos, number, v5=True) for number, qos in ((1, 1), (2, 1), (3, 2))))
    stage.settle(1, 2, kept=False)
    stage.settle(0)
    assert client.hears() == puback(1) + bytes([0xE0, 1, 0x97])
    assert client.wire.closed
    assert stage.house.counts.unkept == 1


def test_a_client_is_hung_up_on_when_something_could_not_be_kept() -> None:
    """Only this makes every client repeat. What was kept before is acknowledged, what came after is not."""
    stage = Stage()
    client = stage.client(4)
    client.says(b"".join(publish(TOPIC, b"x", packet_id=number) for number in (1, 2, 3)))
    stage.settle(2)
    stage.settle(1, kept=False)
    assert not client.wire.closed
    stage.settle(0)
    assert client.hears() == puback(1)
    assert client.wire.closed


def test_an_intake_that_fails_counts_as_not_kept() -> None:
    stage = Stage()
    client = stage.client(5)
    stage.intake.fault = RuntimeError("disk")
    assert client.says(publish(TOPIC, b"1", v5=True)) == bytes([0xE0, 1, 0x97])
    assert stage.house.counts.failures == 1
    assert client.wire.closed
    stage.intake.fault = None
    again = stage.client(5)
    again.says(publish(TOPIC, b"1", v5=True))
    stage.settle(0)
    assert again.hears() == puback(1)


# QoS 2


def test_a_message_at_qos_2_is_taken_once_however_often_it_is_repeated() -> None:
    stage = Stage()
    client = stage.client()
    once = publish(TOPIC, b"1", 2, 9)
    assert client.says(once, publish(TOPIC, b"1", 2, 9, flags=8)) == b""
    stage.settle(0)
    assert client.hears() == pubrec(9)
    assert client.says(publish(TOPIC, b"1", 2, 9, flags=8)) == pubrec(9)
    assert client.says(pubrel(9)) == pubcomp(9)
    assert len(stage.intake.came) == 1
    client.says(once)
    assert len(stage.intake.came) == 2


def test_a_release_of_nothing_is_completed_so_that_the_client_can_go_on() -> None:
    assert Stage().client(4).says(pubrel(3)) == pubcomp(3)
    assert Stage().client(5).says(pubrel(3)) == pubcomp(3, 0x92)


def test_a_release_before_the_answer_ends_it() -> None:
    client = Stage().client(5)
    client.says(publish(TOPIC, b"1", 2, 9, v5=True))
    assert client.says(pubrel(9)) == b"\xe0\x01\x82"


def test_a_client_that_never_releases_is_hung_up_on() -> None:
    stage = Stage(receive_max=10)
    stage.intake.at_once = True
    client = stage.client(5)
    for number in range(1, 1024 + 10 + 1):
        client.says(publish(TOPIC, b"", 2, number, v5=True))
    assert not client.wire.closed
    assert client.says(publish(TOPIC, b"", 2, 2000, v5=True)) == b"\xe0\x01\x93"


# Too large


@pytest.mark.parametrize("step", [1 << 20, 1000])
@pytest.mark.parametrize("level", [4, 5])
def test_a_payload_that_is_too_large_is_counted_skipped_and_answered(level: int, step: int) -> None:
    stage = Stage()
    client = stage.client(level)
    v5 = level == 5
    raw = publish(TOPIC, b"y" * 200_000, packet_id=4, v5=v5) + publish(TOPIC, b"after", packet_id=5, v5=v5)
    for at in range(0, len(raw), step):
        client.says(raw[at : at + step])
        assert len(client.connection._stream._tail) <= 80_000
    assert [len(payload) for _, payload, _ in stage.intake.came] == [65_537, 5]
    stage.settle(0, 1)
    assert client.hears() == puback(4, 0x83 if v5 else 0) + puback(5)
    assert stage.house.counts.too_large == 1


def test_a_payload_of_exactly_64_kb_is_whole() -> None:
    stage = Stage()
    stage.client().says(publish(TOPIC, b"y" * 65_536))
    assert len(stage.intake.came[0][1]) == 65_536
    assert stage.house.counts.too_large == 0


def test_a_message_that_is_too_large_and_never_ends_is_no_message() -> None:
    stage = Stage()
    client = stage.client()
    client.says(publish(TOPIC, b"y" * 200_000)[:-1])
    client.connection.lost()
    assert stage.intake.came == []


def test_a_packet_beyond_the_hard_bound_ends_it_at_its_first_bytes() -> None:
    stage = Stage()
    client = stage.client(5)
    assert client.says(publish(TOPIC, b"y" * (1 << 20), v5=True)[:200]) == b"\xe0\x01\x95"
    assert stage.intake.came == []


def test_a_topic_too_long_to_collect_ends_it() -> None:
    client = Stage().client(5)
    raw = publish("t" * 60_000, b"y" * 60_000, v5=True)
    assert client.says(raw[:100_000]) == b"\xe0\x01\x95"


# Holding back


def test_a_client_with_too_many_unanswered_messages_is_not_read_from_until_they_are_fewer() -> None:
    stage = Stage(receive_max=4)
    client = stage.client()
    client.says(b"".join(publish(TOPIC, bytes((number,)), packet_id=number) for number in range(1, 11)))
    assert client.wire.paused
    assert len(stage.intake.came) == 4
    stage.settle(0)
    assert client.hears() == puback(1)
    assert client.wire.paused
    stage.settle(1)
    client.hears()
    assert len(stage.intake.came) == 6
    for number in range(2, 10):
        stage.settle(number)
        client.hears()
    assert [payload[0] for _, payload, _ in stage.intake.came] == list(range(1, 11))
    assert not client.wire.paused


def test_a_client_with_too_many_unanswered_bytes_is_not_read_from() -> None:
    stage = Stage(pending_bytes_max=10_000)
    client = stage.client()
    client.says(b"".join(publish(TOPIC, b"x" * 5000, packet_id=number) for number in range(1, 6)))
    assert len(stage.intake.came) == 2
    assert client.wire.paused


def test_a_full_house_holds_everybody_back_and_drops_nothing() -> None:
    stage = Stage(all_pending_bytes_max=10_000)
    loud, quiet = stage.client(client_id="loud"), stage.client(client_id="quiet")
    loud.says(b"".join(publish(TOPIC, b"x" * 6000, packet_id=number) for number in (1, 2, 3)))
    assert loud.wire.paused
    assert len(stage.intake.came) == 2
    quiet.says(publish(TOPIC, b"press"), publish(TOPIC, b"press again", packet_id=2))
    assert quiet.wire.paused
    stage.settle(0, 1, 2)
    assert loud.hears() == puback(1) + puback(2)
    assert quiet.hears() == puback(1)
    stage.settle(3, 4)
    assert loud.hears() == puback(3)
    assert quiet.hears() == puback(2)
    assert not loud.wire.paused
    assert not quiet.wire.paused


def test_room_is_given_back_by_clients_that_have_gone() -> None:
    stage = Stage()
    client = stage.client()
    client.says(publish(TOPIC, b"1"))
    client.connection.lost()
    assert stage.house.pending == 1
    stage.settle(0)
    assert (stage.house.pending, stage.house.pending_bytes) == (0, 0)
    assert client.hears() == b""


def test_a_client_that_does_not_read_is_not_read_from() -> None:
    stage = Stage()
    client = stage.client()
    client.connection.stall(stalled=True)
    assert client.wire.paused
    client.says(publish(TOPIC, b"1"))
    assert stage.intake.came == []
    client.connection.stall(stalled=False)
    client.hears()
    assert len(stage.intake.came) == 1
    assert not client.wire.paused


# Hearing


@pytest.mark.parametrize("v5", [False, True])
def test_a_client_hears_what_it_subscribed_to(v5: bool) -> None:
    stage = Stage()
    client = stage.client(5 if v5 else 4)
    properties = b"\0" if v5 else b""
    assert client.says(subscribe(ACK, 2, v5=v5)) == packet(0x90, b"\0\7" + properties + b"\1")
    for connection, qos in stage.house.subscriptions.matching(ACK).items():
        connection.deliver(ACK, b"kept", qos)
    assert client.hears() == packet(0x32, field(ACK) + b"\0\1" + properties + b"kept")
    assert client.says(puback(1)) == b""


def test_filters_are_refused_one_by_one() -> None:
    stage = Stage()
    old, new = stage.client(4), stage.client(5, client_id="c2")
    wrong = [ACK, "alarmcore/ack/v1/t1/d2", "#", "a/#/b", f"$share/g/{ACK}"]
    body = b"".join(field(name) + b"\1" for name in wrong)
    assert old.says(packet(0x82, b"\0\1" + body)) == packet(0x90, b"\0\1" + b"\1\x80\x80\x80\x80")
    assert new.says(packet(0x82, b"\0\1\0" + body)) == packet(0x90, b"\0\1\0" + b"\1\x87\x87\x8f\x9e")
    assert new.says(subscribe(ACK, v5=True, properties=b"\x0b\x01")) == packet(0x90, b"\0\7\0\xa1")


def test_a_client_has_a_bounded_number_of_filters() -> None:
    stage = Stage()
    client = stage.client(5)
    stage.gate.everything = True
    for number in range(SUBSCRIPTIONS_MAX):
        assert client.says(subscribe(f"a/{number}", v5=True)) == packet(0x90, b"\0\7\0\x01")
    assert client.says(subscribe("a/more", v5=True)) == packet(0x90, b"\0\7\0\x97")
    assert client.says(subscribe("a/0", 0, v5=True)) == packet(0x90, b"\0\7\0\x00")


def test_a_client_no_longer_hears_what_it_unsubscribed_from_nor_anything_when_gone() -> None:
    stage = Stage()
    client = stage.client(5)
    client.says(subscribe(ACK, v5=True), subscribe(f"{ACK}/#", v5=True))
    unsubscribe = packet(0xA2, b"\0\3\0" + field(ACK) + field("never"))
    assert client.says(unsubscribe) == packet(0xB0, b"\0\3\0\x00\x11")
    assert set(stage.house.subscriptions.matching(ACK)) == {client.connection}
    client.connection.lost()
    assert stage.house.subscriptions.matching(ACK) == {}


def test_messages_wait_until_the_client_has_room_and_keep_their_order() -> None:
    stage = Stage(in_flight_max=2)
    client = stage.client()
    client.says(subscribe(ACK))
    for number in range(5):
        client.connection.deliver(ACK, bytes((number,)), 1)
    assert [raw[-1] for raw in parts(client.hears())] == [0, 1]
    assert [raw[-1] for raw in parts(client.says(puback(2), puback(1)))] == [2, 3]
    assert [raw[-1] for raw in parts(client.says(puback(3)))] == [4]


def test_the_clients_own_receive_maximum_and_packet_size_are_kept() -> None:
    client = Stage().client(5, properties=b"\x21\x00\x01\x27\x00\x00\x00\x40")
    client.says(subscribe(ACK, v5=True))
    for payload in (b"x" * 100, b"1", b"2"):
        client.connection.deliver(ACK, payload, 1)
    assert [raw[-1:] for raw in parts(client.hears())] == [b"1"]
    assert [raw[-1:] for raw in parts(client.says(puback(2)))] == [b"2"]


def test_a_client_that_is_too_far_behind_is_hung_up_on_and_nobody_else() -> None:
    stage = Stage(out_queue_max=3, in_flight_max=1)
    slow, other = stage.client(5), stage.client(5, client_id="c2")
    for client in (slow, other):
        client.says(subscribe(ACK, v5=True))
    for number in range(1, 7):
        for connection in stage.house.subscriptions.matching(ACK):
            connection.deliver(ACK, b"x", 1)
        stage.turn()
        other.says(puback(number))
    assert slow.hears().endswith(b"\xe0\x01\x97")
    assert slow.wire.closed
    assert not other.wire.closed


def test_nothing_is_pushed_to_a_client_that_does_not_read() -> None:
    stage = Stage()
    client = stage.client()
    client.says(subscribe(ACK))
    client.connection.stall(stalled=True)
    client.connection.deliver(ACK, b"x", 0)
    assert client.hears() == b""
    client.connection.stall(stalled=False)
    assert client.hears() == packet(0x30, field(ACK) + b"x")


def parts(raw: bytes) -> list[bytes]:
    """Whole packets."""
    frames, tail_at, _ = split(raw, Sizes(1 << 20, 1 << 20, 1 << 20))
    assert tail_at == len(raw)
    starts = [0, *(after for _, _, after in frames)]
    return [raw[start:after] for start, (_, _, after) in zip(starts, frames, strict=False)]


# Going


def leave_politely(client: Client) -> None:
    client.says(b"\xe0\x00")


def leave_with_will(client: Client) -> None:
    client.says(b"\xe0\x01\x04")


def vanish(client: Client) -> None:
    client.connection.lost()


def break_the_rules(client: Client) -> None:
    client.says(packet(0x30, b"\0"))


def fall_silent(client: Client) -> None:
    client.connection.drop(Code.KEEP_ALIVE_TIMEOUT)


def be_taken_over(client: Client) -> None:
    client.stage.client(5)


def be_closed_on(client: Client) -> None:
    client.connection.drop(Code.SHUTTING_DOWN, will=False)


@pytest.mark.parametrize("leave", [vanish, break_the_rules, fall_silent, be_taken_over, leave_with_will])
def test_a_will_is_published_when_a_client_does_not_leave_politely(leave: Callable[[Client], None]) -> None:
    stage = Stage()
    client = stage.client(5, will=("alarmcore/v1/t1/d1/status", b"gone"))
    leave(client)
    client.connection.lost()
    assert stage.intake.came == [("alarmcore/v1/t1/d1/status", b"gone", "t1/d1")]
    stage.settle(0)
    assert stage.house.pending == 0


@pytest.mark.parametrize("leave", [leave_politely, be_closed_on])
def test_no_will_is_published_when_a_client_says_goodbye_or_we_go(leave: Callable[[Client], None]) -> None:
    stage = Stage()
    client = stage.client(5, will=("alarmcore/v1/t1/d1/status", b"gone"))
    leave(client)
    client.connection.lost()
    assert stage.intake.came == []
    assert client.wire.closed


def test_nothing_is_heard_after_goodbye() -> None:
    stage = Stage()
    client = stage.client()
    client.says(b"\xe0\x00" + publish(TOPIC, b"1"), publish(TOPIC, b"2"))
    assert stage.intake.came == []
    assert stage.house.sessions == {}


@pytest.mark.parametrize(
    ("packet_", "code"),
    [
        (packet(0x00, b""), Code.MALFORMED),
        (packet(0x20, b"\0\0"), Code.PROTOCOL_ERROR),
        (packet(0xF0, b"\x18\x00"), Code.PROTOCOL_ERROR),
        (packet(0xC1, b""), Code.MALFORMED),
        (packet(0xC0, b"x"), Code.MALFORMED),
        (packet(0x80, subscribe(ACK, v5=True)[2:]), Code.MALFORMED),
        (packet(0x60, b"\0\1"), Code.MALFORMED),
        (packet(0x40, b"\0\0"), Code.PROTOCOL_ERROR),
        (packet(0x40, b""), Code.MALFORMED),
        (packet(0x36, field(TOPIC) + b"\0\1\0"), Code.MALFORMED),
        (publish("a/+", b"", v5=True), Code.TOPIC_INVALID),
        (b"\x30\xff\xff\xff\xff\x01", Code.MALFORMED),
    ],
)
def test_a_broken_packet_ends_this_connection_after_what_came_before_it(packet_: bytes, code: Code) -> None:
    stage = Stage()
    client, other = stage.client(5), stage.client(5, client_id="c2")
    heard = client.says(publish(TOPIC, b"press", 1, v5=True) + packet_ + publish(TOPIC, b"after", 1, 2, v5=True))
    assert heard == bytes((0xE0, 1, code))
    assert [payload for _, payload, _ in stage.intake.came] == [b"press"]
    assert client.wire.closed
    assert other.says(PING) == PONG


SNIPPETS = st.sampled_from(
    [
        connect(),
        connect(5),
        publish(TOPIC, b"x"),
        publish(TOPIC, b"x" * 300, 2, 3, v5=True),
        subscribe(ACK),
        subscribe(ACK, v5=True),
        puback(1),
        pubrel(3),
        PING,
        b"\xe0\x00",
        b"\x32\xff\xff\xff\x7f",
        publish(TOPIC, b"x" * 70_000)[:66_000],
    ]
)


@settings(max_examples=300)
@given(st.lists(st.one_of(SNIPPETS, st.binary(max_size=40)), max_size=12), st.sampled_from([0, 4, 5]), st.data())
def test_no_bytes_raise_or_disturb_another_client(pieces: list[bytes], level: int, data: st.DataObject) -> None:
    stage = Stage(receive_max=3)
    stage.intake.at_once = data.draw(st.sampled_from([True, False]))
    other = stage.client(4, "t1/d2")
    client = stage.client(level) if level else Client(stage)
    raw, at = b"".join(pieces), 0
    while at < len(raw):
        step = data.draw(st.integers(1, len(raw)))
        client.connection.feed(raw[at : at + step])
        if client.wire.asked is not None and not level:
            client.wire.asked = None
            client.connection.signed_in(data.draw(st.sampled_from(["t1/d1", None])))
        if data.draw(st.booleans()):
            stage.turn()
        at += step
    stage.turn()
    client.connection.lost()
    assert stage.house.counts.failures == 0
    assert (stage.house.pending, stage.house.pending_bytes) == (0, 0)
    assert set(stage.house.sessions.values()) == {other.connection}
    assert stage.house.subscriptions.matching(ACK) == {}
    assert other.says(PING) == PONG
