"""Places at receivers: whatever hangs at one tenant's, or at one of its receivers, the others' alarms go out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from alarmcore import metrics
from alarmcore.errors import Unavailable
from alarmcore.model.alarm import Alarm, Fix, Slot
from dispatch import teller as teller_module
from dispatch.channels.port import Message, Receipt
from dispatch.channels.webhook import WebhookChannel
from dispatch.places import EACH_TENANT, RECEIVER_MAX, Places, receiver_of
from dispatch.teller import Teller
from dispatch.telling import Tell, Told
from tests.alarms import opened

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
WITHIN_S = 60.0


def tell(tenant: str, number: int, to: str = "", channel: str = "hook") -> Tell:
    alarm = replace(opened(), id=f"{tenant}-{number}", slot=Slot(tenant, f"r{number}", "press"))
    return Tell(
        id=f"{alarm.id}:unit:centre:0:1", telling=f"{alarm.id}:unit:centre:0", slot=alarm.slot, alarm=alarm,
        ref="unit:centre", number=0, link=0, channel=channel, to=to or f"https://{tenant}.example.org/hook",
    )  # fmt: skip


def message_of(one: Tell) -> Message:
    return Message(
        key=one.telling, tenant=one.slot.tenant, tenant_name=one.slot.tenant, language="sv", timezone="Europe/Stockholm",
        alarm=one.alarm.id, resident=None, resident_name=None, address=None, rule="press", cause="button", priority="critical",
        why="pressed", raised_at=NOW, late_s=0, lat=None, lon=None, accuracy_m=None, recipient=one.ref, recipient_name="centre",
        to=one.to, link=0, told_before=0, answer_url=None,
    )  # fmt: skip


class Gateway:
    """A channel at which addresses with `hang` in them never answer, until they are let go."""

    kind: ClassVar[str] = "hook"

    def __init__(self) -> None:
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.order: list[str] = []
        self.let_go = asyncio.Event()

    async def hand_over(self, message: Message) -> Receipt:
        self.under_way[message.tenant] += 1
        self.most = self.most | self.under_way
        try:
            await (self.let_go.wait() if "hang" in (message.to or "") else asyncio.sleep(0))
        finally:
            self.under_way[message.tenant] -= 1
        self.order.append(message.alarm)
        return Receipt()

    async def close(self) -> None:
        self.let_go.set()


class Hall:
    """A teller at one channel, and what it has reported."""

    def __init__(self, channel: Any) -> None:
        self.told: list[Told] = []
        self.teller = Teller({"hook": channel}, message_of, self.told.append, self.nobody)

    async def nobody(self, alarm: str) -> bool:
        raise AssertionError(f"nobody asks of {alarm}")

    async def heard(self, count: int) -> list[Told]:
        async with asyncio.timeout(WITHIN_S):
            while len(self.told) < count:  # noqa: ASYNC110 - the tellings end by themselves
                await asyncio.sleep(0.005)
        return self.told


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    hall = Hall(Gateway())
    yield hall
    await hall.teller.close()


def counted(limit: str) -> float:
    value: float = metrics.BUSY.labels(limit)._value.get()
    return value


# -- who may try now -------------------------------------------------------------------------------------------------------


async def test_a_tenant_whose_receiver_hangs_keeps_nobody_elses_alarm(hall: Hall) -> None:
    for n in range(500):
        hall.teller.perform(tell("loud", n, "https://gateway.example.org/hang"), WITHIN_S)
    await asyncio.sleep(0)
    for n in range(20):
        hall.teller.perform(tell("quiet", n, "https://gateway.example.org/hook"))
    heard = await hall.heard(20)
    assert [one.alarm for one in heard] == [f"quiet-{n}" for n in range(20)], "at the same host, in their order"
    assert all(one.ok for one in heard)
    assert hall.teller.channels["hook"].most["loud"] == RECEIVER_MAX  # type: ignore[attr-defined]


async def test_a_receiver_that_hangs_does_not_hold_up_the_tenants_others(hall: Hall) -> None:
    for n in range(500):
        hall.teller.perform(tell("loud", n, "https://gateway.example.org/hang"), WITHIN_S)
    hall.teller.perform(tell("loud", 1000, "https://centre.example.org/hook"))
    assert [one.alarm for one in await hall.heard(1)] == ["loud-1000"]


async def test_a_tenant_all_of_whose_receivers_hang_leaves_half_of_the_channel_to_others(hall: Hall) -> None:
    for n in range(500):
        hall.teller.perform(tell("loud", n, f"https://gateway-{n}.example.org/hang"), WITHIN_S)
    hall.teller.perform(tell("quiet", 0))
    assert [one.alarm for one in await hall.heard(1)] == ["quiet-0"]
    places = hall.teller.places["hook"]
    assert places.tenants["loud"] == places.at_once // EACH_TENANT


async def test_tenants_that_wait_take_turns_and_each_ones_tellings_go_in_their_order() -> None:
    places = Places(at_once=2)
    went: list[str] = []
    begin = asyncio.Event()

    async def one(tenant: str, number: int) -> None:
        async with places.place(tenant, "", WITHIN_S):
            went.append(f"{tenant}{number}")
            await begin.wait()

    tasks = [asyncio.create_task(one("first", n)) for n in range(2)]
    tasks += [asyncio.create_task(one("loud", n)) for n in range(6)]
    tasks += [asyncio.create_task(one("busy", n)) for n in range(6)]
    tasks += [asyncio.create_task(one("quiet", n)) for n in range(2)]
    while places.tenants.total() < 2:  # noqa: ASYNC110 - they begin by themselves
        await asyncio.sleep(0)
    begin.set()
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*tasks)
    assert [name for name in went if name.startswith("loud")] == [f"loud{n}" for n in range(6)]
    assert max(went.index("quiet0"), went.index("quiet1")) < min(went.index("loud4"), went.index("busy4"))
    assert (places.waiting, +places.tenants, +places.receivers) == ({}, Counter(), Counter())


async def test_one_that_waits_no_longer_leaves_its_turn_and_no_trace() -> None:
    places = Places(at_once=2)
    async with places.place("a", "x", WITHIN_S):
        with pytest.raises(TimeoutError):
            async with places.place("a", "x", 0.01):
                raise AssertionError("there is one place for each tenant")
        waiting = asyncio.create_task(_pass(places))
        await asyncio.sleep(0)
        assert list(places.waiting) == ["a"]
    waiting.cancel()  # its place has been given to it already, and must come back
    await asyncio.gather(waiting, return_exceptions=True)
    assert (places.waiting, +places.tenants, +places.receivers) == ({}, Counter(), Counter())


async def _pass(places: Places) -> None:
    async with places.place("a", "x", WITHIN_S):
        pass


# -- what the chain hears --------------------------------------------------------------------------------------------------


async def test_waiting_for_a_place_costs_a_try_nothing_of_its_time(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teller_module, "TRY_S", 0.2)
    for n in range(5 * RECEIVER_MAX):
        hall.teller.perform(tell("loud", n, "https://gateway.example.org/hang"), WITHIN_S)
    hall.teller.perform(tell("loud", 1000, "https://gateway.example.org/hook"), WITHIN_S)
    heard = await hall.heard(5 * RECEIVER_MAX + 1)
    assert [one.alarm for one in heard if one.ok] == ["loud-1000"], "after five rounds of tries that each took all their time"
    assert {one.text for one in heard if not one.ok} == {"hook did not answer within 0 s"}


async def test_the_chain_hears_in_time_that_there_is_no_place_and_operators_see_it(
    hall: Hall,
) -> None:
    before = counted("places")
    for n in range(RECEIVER_MAX + 3):
        hall.teller.perform(tell("loud", n, "https://gateway.example.org/hang"), 0.05)
    heard = await hall.heard(3)
    assert [(one.alarm, one.ok, one.permanent) for one in heard] == [(f"loud-{RECEIVER_MAX + n}", False, False) for n in range(3)]
    assert "no place" in (heard[0].text or "")
    assert counted("places") - before == 3


async def test_a_storm_of_tellings_is_bounded_and_each_one_is_answered(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teller_module, "TELLINGS_MAX", 100)
    before = counted("tellings")
    for n in range(150):
        hall.teller.perform(tell("loud", n, "https://gateway.example.org/hang"), WITHIN_S)
    assert len(hall.teller.tasks) == 100
    assert [one.alarm for one in hall.told] == [f"loud-{n}" for n in range(100, 150)]
    assert not any(one.ok or one.permanent for one in hall.told)
    assert counted("tellings") - before == 50


def test_a_receiver_is_the_host_of_a_url_and_nothing_of_what_is_secret_in_it() -> None:
    assert receiver_of("https://user:secret@Gateway.example.org:8443/a?b=c") == "gateway.example.org"
    assert receiver_of("http://[::1]:80/") == "::1"
    assert receiver_of("http://[broken") == ""
    assert receiver_of("eva@example.org") == receiver_of("+46700000001") == receiver_of(None) == ""


# -- the webhook itself ----------------------------------------------------------------------------------------------------


async def test_two_municipalities_behind_one_gateway_do_not_share_its_places() -> None:
    """Over real sockets: one path hangs, the other municipality's is served, though both have the same host."""
    served: list[str] = []
    hanging = asyncio.Event()

    async def gateway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/hang" in head:
            await hanging.wait()
        served.append(head.split()[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(gateway, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hall = Hall(WebhookChannel(b"secret", lambda: NOW, try_s=WITHIN_S))
    try:
        for n in range(50):
            hall.teller.perform(tell("loud", n, f"http://127.0.0.1:{port}/hang"), WITHIN_S)
        await asyncio.sleep(0)
        for n in range(RECEIVER_MAX + 2):
            hall.teller.perform(tell("quiet", n, f"http://127.0.0.1:{port}/hook"))
        heard = await hall.heard(RECEIVER_MAX + 2)
        assert {one.slot.tenant for one in heard} == {"quiet"}
        assert all(one.ok for one in heard)
        assert served == ["/hook"] * (RECEIVER_MAX + 2)
    finally:
        hanging.set()
        await hall.teller.close()
        server.close()


# -- where the person is ---------------------------------------------------------------------------------------------------


async def told_of(seen: Any) -> Message:
    """What is handed over of an alarm that was raised at one place, where `seen` says where the person is by now."""
    hall = Hall(Gateway())
    handed: list[Message] = []

    def noted(one: Tell) -> Message:
        handed.append(replace(message_of(one), lat=one.alarm.fix.lat if one.alarm.fix else None))
        return handed[-1]

    hall.teller.message_of, hall.teller.seen = noted, seen
    one = tell("quiet", 0)
    hall.teller.perform(replace(one, alarm=replace(one.alarm, fix=Fix(58.0, 12.0, NOW))))
    await hall.heard(1)
    await hall.teller.close()
    return handed[0]


async def test_a_message_says_where_the_person_is_by_the_time_it_is_told() -> None:
    async def seen(alarm: Alarm) -> Fix | None:
        assert alarm.fix == Fix(58.0, 12.0, NOW)
        return Fix(58.5, 12.0, NOW)

    assert (await told_of(seen)).lat == 58.5


async def test_a_message_waits_for_no_position(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.teller.SEEN_S", 0.01)

    async def hangs(alarm: Alarm) -> Fix | None:
        await asyncio.sleep(WITHIN_S)
        return None

    async def fails(alarm: Alarm) -> Fix | None:
        raise Unavailable("the database does not answer")

    for seen in (hangs, fails):
        assert (await told_of(seen)).lat == 58.0, "where the alarm was raised is better than nobody told"
