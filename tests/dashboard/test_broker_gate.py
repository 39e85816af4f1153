"""Devices that sign in at a broker which asks: wrong tries are limited, and nobody can lock a device out."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard import broker_gate
from dashboard.broker_gate import BrokerGate
from dashboard.credentials import FAILED_OVERALL_MAX, FAILED_PER_ADDRESS_MAX, Credential, MemoryCredentials, digest, new_secret

NOON = datetime(2026, 1, 14, 12, tzinfo=UTC)
ME = "grastorp/gps-1"


class Counted(MemoryCredentials):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def by_digest(self, digest: bytes) -> Credential | None:
        self.asked += 1
        return await super().by_digest(digest)


class Scene:
    def __init__(self) -> None:
        self.store = Counted()
        self.gate = BrokerGate(self.store, opened=False)

    async def secret(self, device: str = "gps-1") -> str:
        secret = new_secret("device")
        subject = f"device:{device}"
        await self.store.add(
            Credential(tenant="grastorp", role="device", subject=subject, digest=digest(secret), created_at=NOON)
        )
        return secret

    async def tries(self, password: str, name: str = ME, client_id: str = "", now: float = 0.0) -> str:
        return await self.gate.sign_in(name, password, client_id, now)


async def test_a_device_comes_in_by_its_own_secret_under_its_own_name() -> None:
    scene = Scene()
    secret, other = await scene.secret(), await scene.secret("gps-2")
    assert await scene.tries(secret) == "allow"
    assert await scene.tries(other) == "deny"
    assert await scene.tries(secret, "tanum/gps-1") == "deny"
    assert await scene.tries(secret + "x") == "deny"


async def test_what_can_be_no_device_is_refused_without_asking_anybody() -> None:
    scene = Scene()
    secret = await scene.secret()
    for name, password, client_id in (
        ("alarmcore.service", secret, ""),
        ("", secret, ""),
        (ME, "", ""),
        (ME, "x" * 201, ""),
        (ME, secret, "alarmcore-0a1b2c3d-p07-presses"),
    ):
        assert await scene.tries(password, name, client_id) == "deny"
    assert scene.store.asked == 0
    assert await scene.tries(secret, client_id=ME) == "allow"


async def test_after_ten_wrong_tries_a_name_waits_and_nobody_is_asked_for_it() -> None:
    scene = Scene()
    secret = await scene.secret()
    for _ in range(FAILED_PER_ADDRESS_MAX.burst):
        assert await scene.tries("wrong") == "deny"
    asked = scene.store.asked
    assert await scene.tries("wrong") == "limited"
    assert await scene.tries(secret) == "limited"
    assert scene.store.asked == asked
    assert await scene.tries(await scene.secret("gps-2"), "grastorp/gps-2") == "allow"
    assert await scene.tries(secret, now=FAILED_PER_ADDRESS_MAX.every_s) == "allow"


async def test_a_stranger_cannot_lock_out_a_device_that_has_been_in() -> None:
    scene = Scene()
    secret = await scene.secret()
    assert await scene.tries(secret) == "allow"
    for number in range(FAILED_OVERALL_MAX.burst + 10):
        await scene.tries(f"wrong {number}", f"grastorp/gps-{number % 200}")
    assert await scene.tries("wrong") == "limited"
    assert await scene.tries("wrong", "tanum/never-seen") == "limited"
    assert await scene.tries(secret) == "allow"


async def test_a_revoked_secret_is_refused_although_it_was_good_before() -> None:
    scene = Scene()
    secret = await scene.secret()
    assert await scene.tries(secret) == "allow"
    await scene.store.revoke(digest(secret), NOON)
    answers = [await scene.tries(secret) for _ in range(FAILED_PER_ADDRESS_MAX.burst + 1)]
    assert answers == ["deny"] * FAILED_PER_ADDRESS_MAX.burst + ["limited"]


async def test_no_more_secrets_are_remembered_than_there_is_room_for() -> None:
    scene = Scene()
    scene.gate.let_in.update({number.to_bytes(4, "big"): None for number in range(broker_gate.LET_IN_MAX)})
    assert await scene.tries(await scene.secret()) == "allow"
    assert len(scene.gate.let_in) == broker_gate.LET_IN_MAX
    assert (0).to_bytes(4, "big") not in scene.gate.let_in
