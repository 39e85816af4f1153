"""What the doors let wait: clients of one device, sign-ins, messages of all, a broker's readings, entries of the inbox."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import mqtt5
import pytest
from test_front import MemoryInbox
from test_mqtt_listener_connection import TOPIC, Client, Stage
from test_mqtt_listener_packets import connect, publish
from test_runner import NOON

from alarmcore import front as front_module
from alarmcore import metrics
from alarmcore.adapters.alone import AloneBell
from alarmcore.adapters.mqtt_listener import Limits, MqttListener
from alarmcore.adapters.mqtt_session import outbound as outbound_module
from alarmcore.adapters.mqtt_session.connection import Connection
from alarmcore.adapters.mqtt_session.inbound import UNANSWERED_MAX, Inbound
from alarmcore.adapters.mqtt_session.outbound import Outbox
from alarmcore.adapters.mqtt_session.packets import PAYLOAD_MAX
from alarmcore.errors import CommitFailed, Unavailable
from alarmcore.front import Front, Remote
from alarmcore.intake import Raw, Verdict
from alarmcore.service import BACKLOG_MAX

WITHIN_S = 60.0


def counted(limit: str) -> float:
    value: float = metrics.BUSY.labels(limit)._value.get()
    return value


# -- the listener ----------------------------------------------------------------------------------------------------------


def test_a_device_that_connects_again_and_again_is_told_busy_and_others_come_in() -> None:
    stage = Stage(sessions_each_max=2)
    before = counted("sessions")
    first, second = (stage.client(principal="t1/d1", client_id=name) for name in ("one", "two"))
    third = Client(stage)
    third.says(connect(4, username="t1/d1", client_id="three"))
    third.connection.signed_in("t1/d1")
    assert third.hears() == b"\x20\x02\x00\x03"
    assert third.wire.closed
    assert counted("sessions") - before == 1
    stage.client(principal="t1/d2", client_id="three")
    stage.client(principal="t1/d1", client_id="two")  # the same one come back takes its own place over
    assert second.wire.closed
    first.connection.lost()
    stage.client(principal="t1/d1", client_id="three")
    assert stage.house.sessions_of == {"t1/d1": 2, "t1/d2": 1}


def test_all_clients_are_held_back_by_number_and_one_that_was_silent_is_still_heard() -> None:
    stage = Stage(all_pending_max=4)
    before = counted("room")
    loud = stage.client(principal="t1/d1")
    loud.says(b"".join(publish(TOPIC, b"x", packet_id=number) for number in range(1, 9)))
    assert (len(stage.intake.came), loud.wire.paused) == (4, True)
    pressed = stage.client(principal="t1/d2")
    pressed.says(publish("alarmcore/v1/t1/d2/button", b"press", packet_id=1))
    assert stage.intake.came[-1][1] == b"press"
    stage.settle(0, 1)
    assert loud.wire.paused, "reading is not switched for every message"
    stage.settle(2)
    loud.hears()
    assert len(stage.intake.came) > 5
    assert counted("room") - before >= 2


def test_clients_are_held_back_long_before_the_service_says_busy() -> None:
    limits = Limits()
    assert limits.all_pending_max + limits.connections_max < BACKLOG_MAX


class SlowGate:
    """Answers nobody until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Event()

    async def sign_in(self, username: str | None, password: str | None, client_id: str) -> str | None:
        del password, client_id
        self.asked += 1
        await self.answers.wait()
        return username

    def may_subscribe(self, principal: str, topic_filter: str) -> bool:
        raise AssertionError(f"{principal} asks for {topic_filter}")


async def test_a_town_that_signs_in_at_once_asks_the_gate_some_at_a_time_and_all_come_in() -> None:
    gate = SlowGate()
    listener = MqttListener(cast("Any", None), gate)
    _, port = await listener.start("127.0.0.1", 0)
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
    try:
        for number, (_, writer) in enumerate(lines):
            writer.write(mqtt5.ConnectPacket(f"d{number}", username=f"t1/d{number}", password=b"x").write())
        async with asyncio.timeout(WITHIN_S):
            while not gate.asked:  # noqa: ASYNC110 - over real sockets
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.1)  # whatever would ask beyond the limit has its chance
            assert gate.asked == Limits().sign_ins_max
            gate.answers.set()
            for reader, _ in lines:
                said = await reader.readexactly(4)
                assert (said[0], said[3]) == (0x20, 0)
    finally:
        for _, writer in lines:
            writer.close()
        await listener.close()


async def test_a_client_that_the_gate_does_not_get_to_is_told_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alarmcore.adapters.mqtt_listener.listener.SIGN_IN_S_MAX", 0.05)
    before = counted("sign_ins")
    listener = MqttListener(cast("Any", None), SlowGate())
    _, port = await listener.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"\x10\x13\x00\x04MQTT\x04\x82\x00\x3c\x00\x02d1\x00\x03t/d")
        async with asyncio.timeout(WITHIN_S):
            assert await reader.readexactly(4) == b"\x20\x02\x00\x03"
        assert counted("sign_ins") - before == 1
    finally:
        writer.close()
        await listener.close()


# -- a broker's session ----------------------------------------------------------------------------------------------------


def packet(packet_id: int) -> mqtt5.PublishPacket:
    return mqtt5.PublishPacket("t", b"", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id)


def test_a_broker_that_sends_more_than_the_receive_maximum_is_not_read_from() -> None:
    inbound = Inbound(lambda: None)
    done = [inbound.ticket(packet(number + 1)) for number in range(UNANSWERED_MAX)]
    assert inbound.full
    for one in done[: UNANSWERED_MAX // 2 - 1]:
        one(True)
    inbound.collect()
    assert inbound.full, "half of the room must be free"
    done[UNANSWERED_MAX // 2 - 1](True)
    inbound.collect()
    assert not inbound.full


async def test_a_reading_that_is_too_large_takes_no_more_room_than_the_largest() -> None:
    taken: list[bytes] = []

    class Intake:
        def accept(self, topic: str, payload: bytes, principal: None, done: Any) -> None:
            taken.append(payload)

    connection = Connection(mqtt5.ConnectPacket("x"), ["t"], Intake(), Outbox())
    for size in (PAYLOAD_MAX, 10 * PAYLOAD_MAX):
        connection.data_received(mqtt5.PublishPacket("t", bytes(size), qos=mqtt5.QoS.AT_MOST_ONCE).write())
    assert [len(payload) for payload in taken] == [PAYLOAD_MAX, PAYLOAD_MAX + 1]


def test_confirmations_that_a_broker_does_not_take_are_bounded_and_those_given_up_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbound_module, "OUTBOX_MAX", 3)
    before, outbox = counted("confirmations"), Outbox()
    for number in range(5):
        outbox.put("alarmcore/ack/v1/t/d", bytes([number]), 1)
    assert (len(outbox), outbox.dropped, counted("confirmations") - before) == (3, 2, 2)


# -- other owners ----------------------------------------------------------------------------------------------------------


class SlowInbox(MemoryInbox):
    """Its database does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.answering = asyncio.Event()

    async def put(self, entries: Any) -> list[int]:
        await self.answering.wait()
        return await super().put(entries)


class Registry:
    """Whose tenants there are."""

    tenants = ("loud", "quiet")


@pytest.fixture
def remote() -> Remote:
    return Remote(SlowInbox(), AloneBell(), cast("Any", Registry()), lambda _: None)


async def put(remote: Remote, tenant: str, count: int) -> Any:
    return await remote._answers([(tenant, "reading", b"")] * count)


async def test_what_waits_for_a_slow_database_counts_before_it_is_stored(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "WAITING_MAX", 100)
    monkeypatch.setattr(front_module, "TENANT_WAITING_MAX", 50)
    monkeypatch.setattr(front_module, "ANSWER_S", 0.01)
    before = counted("inbox")
    waiting = [asyncio.create_task(put(remote, "loud", 10)) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await put(remote, "loud", 1)
    waiting += [asyncio.create_task(put(remote, "quiet", 10)) for _ in range(5)]
    await asyncio.sleep(0)
    assert remote.asked_in_all == 100
    for tenant in ("quiet", "third"):
        with pytest.raises(Unavailable):
            await put(remote, tenant, 1)
    assert counted("inbox") - before == 3
    cast("SlowInbox", remote.inbox).answering.set()
    await asyncio.gather(*waiting)
    assert (remote.asked_in_all, remote.asked) == (0, {})
    cast("SlowInbox", remote.inbox).fails = 1
    with pytest.raises(CommitFailed):
        await put(remote, "loud", 10)
    assert (remote.asked_in_all, remote.asked) == (0, {}), "also of what could not be stored"


async def test_facts_are_bounded_and_screens_held_back_before_one_has_to_go(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_module, "FACTS_MAX", 4)
    front = Front(cast("Any", None), lambda _: b"", remote)
    before = counted("facts")
    remote.fact("loud", b"0")
    assert not front.crowded("loud")
    for number in range(1, 5):
        remote.fact("loud", bytes([number]))
    assert front.crowded("loud")
    assert remote.facts.qsize() == 4
    assert counted("facts") - before == 1


async def test_readings_for_other_owners_are_bounded_and_a_failing_inbox_does_not_flood_the_log(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(front_module, "WAITING_MAX", 20)
    cast("SlowInbox", remote.inbox).fails = 1000
    front = Front(cast("Any", None), lambda _: b"", remote)
    answers: list[Verdict | None] = []
    for number in range(20):
        front.accept(Raw("loud", f"gps-{number}", "heartbeat", b"{}", NOON, answers.append))
    with pytest.raises(Unavailable):
        front.accept(Raw("loud", "gps-20", "heartbeat", b"{}", NOON, answers.append))
    cast("SlowInbox", remote.inbox).answering.set()
    await asyncio.gather(*front.tasks)
    assert answers == [None] * 20, "each is told that nothing was kept"
    assert capsys.readouterr().out.count("inbox_failed") == 1
