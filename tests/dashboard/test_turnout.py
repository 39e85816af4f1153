"""Devices whose secret was revoked while they are connected."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from alarmcore.errors import Unavailable
from dashboard import turnout
from dashboard.credentials import Credential, MemoryCredentials, digest, new_secret
from dashboard.turnout import ASKED_MAX, Turnout

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)


class Device:
    """Connected with a secret."""

    def __init__(self, secret: bytes | None) -> None:
        self.password = secret
        self.here = True

    def shut_out(self) -> None:
        self.here = False


class Store(MemoryCredentials):
    """Counts how many it is asked about at once; away while `away`, wrong while `wrong`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.away = self.wrong = False

    async def shut(self, digests: Collection[bytes]) -> set[bytes]:
        self.asked.append(len(digests))
        if self.away:
            raise Unavailable("the database does not answer")
        if self.wrong:
            raise KeyError("a fault of ours")
        return await super().shut(digests)


class Room:
    """Some devices, each with a secret of its own."""

    def __init__(self) -> None:
        self.store = Store()
        self.devices: list[Device] = []
        self.turnout = Turnout(self, self.store)

    def inside(self) -> list[Device]:
        return [device for device in self.devices if device.here]

    async def enter(self, name: str) -> Device:
        secret = new_secret("device")
        one = Credential(tenant="t", role="device", subject=f"device:{name}", digest=digest(secret), created_at=NOON)
        await self.store.add(one)
        self.devices.append(Device(secret.encode()))
        return self.devices[-1]

    async def revoke(self, device: Device) -> None:
        assert device.password is not None
        await self.store.revoke(digest(device.password.decode()), NOON)


async def test_whose_secret_was_revoked_is_cut_off_and_nobody_else() -> None:
    room = Room()
    lost, kept = await room.enter("gps-1"), await room.enter("gps-2")
    assert await room.turnout.look() == 0
    await room.revoke(lost)
    assert await room.turnout.look() == 1
    assert (lost.here, kept.here) == (False, True)
    assert await room.turnout.look() == 0


async def test_a_new_secret_does_not_keep_the_one_in_who_holds_the_old() -> None:
    """Whoever stole the bracelet's secret is out although the bracelet has a new one by then."""
    room = Room()
    thief = await room.enter("gps-1")
    await room.revoke(thief)
    back = await room.enter("gps-1")
    await room.turnout.look()
    assert (thief.here, back.here) == (False, True)


async def test_many_are_asked_about_in_parts_and_each_of_them_is() -> None:
    room = Room()
    for number in range(ASKED_MAX * 2 + 7):
        await room.enter(f"gps-{number}")
    lost = [room.devices[0], room.devices[ASKED_MAX], room.devices[-1]]
    for device in lost:
        await room.revoke(device)
    assert await room.turnout.look() == len(lost)
    assert room.store.asked == [ASKED_MAX, ASKED_MAX, 7]
    assert [device for device in room.devices if not device.here] == lost


async def test_a_password_that_is_no_text_or_missing_opens_nothing() -> None:
    room = Room()
    room.devices += [Device(b"\xff\xfe"), Device(None)]
    assert await room.turnout.look() == 2


@pytest.mark.parametrize("fault", ["away", "wrong"])
async def test_while_the_database_is_away_all_stay_and_afterwards_it_is_asked_again(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turnout, "LOOK_S", 0.001)
    room = Room()
    lost = await room.enter("gps-1")
    await room.revoke(lost)
    setattr(room.store, fault, True)
    with capture_logs() as said:
        await goes_on_after(room, lost, fault)
    # Who could not keep a reading has said already that the database is away.
    assert bool([line for line in said if line["event"] == "turnout_failed"]) is (fault == "wrong")


async def goes_on_after(room: Room, lost: Device, fault: str) -> None:
    running = asyncio.create_task(room.turnout.run())
    async with asyncio.timeout(60):
        while len(room.store.asked) < 3:  # noqa: ASYNC110 - its own rhythm is what is tested
            await asyncio.sleep(0.001)
        assert lost.here
        setattr(room.store, fault, False)
        while lost.here:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    assert not running.done()
    running.cancel()
