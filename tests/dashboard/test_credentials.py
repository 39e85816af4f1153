"""Secrets, sessions and the limit on failed sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from dashboard.credentials import (
    ADDRESSES_MAX,
    FAILED_OVERALL_MAX,
    FAILED_PER_ADDRESS_MAX,
    PREFIXES,
    SESSION_S,
    Credential,
    MemoryCredentials,
    Role,
    SessionCookies,
    SignInLimit,
    digest,
    new_secret,
    signed_in,
)

NOW = datetime(2026, 1, 14, 2, 12, tzinfo=UTC)


def credential(secret: str, role: Role = "operator", subject: str = "operator:anna") -> Credential:
    return Credential(tenant="grastorp", role=role, subject=subject, digest=digest(secret), created_at=NOW)


class Clock:
    """Says the time it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.mark.parametrize("role", ["operator", "administrator", "device"])
def test_a_secret_tells_its_kind_has_256_bits_and_fits_anywhere(role: Role) -> None:
    made = {new_secret(role) for _ in range(50)}
    assert len(made) == 50
    for secret in made:
        assert secret.startswith(PREFIXES[role])
        assert len(secret) == 4 + 43
        assert secret.replace("-", "").replace("_", "").isalnum()
        assert secret.isascii()


def test_a_digest_is_always_32_bytes_whatever_was_typed() -> None:
    assert {len(digest(typed)) for typed in ("", "å", "\udcff", "x" * 10_000)} == {32}
    assert digest("a") != digest("b")


async def test_only_the_secret_that_was_given_out_signs_in_until_it_is_revoked() -> None:
    store = MemoryCredentials()
    secret = new_secret()
    await store.add(credential(secret))
    assert await signed_in(store, secret) == credential(secret)
    assert await signed_in(store, secret + "x") is None
    assert await signed_in(store, "") is None
    assert await store.revoke(digest(secret), NOW)
    assert await signed_in(store, secret) is None


async def test_the_first_revocation_stands_and_a_digest_is_kept_once() -> None:
    store = MemoryCredentials()
    secret = new_secret("device")
    await store.add(credential(secret, "device", "device:gps-1"))
    assert not await store.revoke(b"nothing", NOW)
    await store.revoke(digest(secret), NOW)
    assert await store.revoke(digest(secret), NOW + timedelta(hours=1))
    kept = await store.by_digest(digest(secret))
    assert kept is not None
    assert kept.revoked_at == NOW
    with pytest.raises(ValueError, match="already"):
        await store.add(credential(secret))


def test_no_credential_holds_its_secret() -> None:
    secret = new_secret()
    assert secret not in repr(credential(secret))
    assert secret.encode() not in msgspec.json.encode(credential(secret))


async def test_a_session_lasts_a_shift_and_not_longer() -> None:
    clock, store, secret = Clock(), MemoryCredentials(), new_secret()
    await store.add(credential(secret))
    cookies = SessionCookies(b"installation secret", clock, https=True)
    value = cookies.issue(credential(secret))
    clock.now = NOW + timedelta(seconds=SESSION_S)
    assert await cookies.read(value, store) == credential(secret)
    clock.now += timedelta(seconds=1)
    assert await cookies.read(value, store) is None


async def test_revoking_a_credential_ends_its_sessions_at_once() -> None:
    clock, store, secret = Clock(), MemoryCredentials(), new_secret()
    await store.add(credential(secret))
    cookies = SessionCookies(b"installation secret", clock, https=True)
    value = cookies.issue(credential(secret))
    await store.revoke(digest(secret), NOW)
    assert await cookies.read(value, store) is None


async def test_a_session_that_we_did_not_sign_is_none() -> None:
    clock, store, secret = Clock(), MemoryCredentials(), new_secret()
    await store.add(credential(secret))
    cookies = SessionCookies(b"installation secret", clock, https=True)
    value = cookies.issue(credential(secret))
    assert await SessionCookies(b"another secret", clock, https=True).read(value, store) is None
    for wrong in ("", "x", value[1:], "A" + value[1:], value.rsplit(".", 1)[0], value + "\x00", "å" * 50, "." * 500):
        if wrong != value:
            assert await cookies.read(wrong, store) is None, wrong


def test_a_sessions_cookie_is_out_of_reach_for_scripts_and_other_hosts() -> None:
    cookies = SessionCookies(b"s", Clock(), https=True)
    assert cookies.name == "__Host-alarmcore"
    assert cookies.attributes == {"max_age": 43200, "path": "/", "secure": True, "httponly": True, "samesite": "lax"}
    assert SessionCookies(b"s", Clock(), https=False).name == "alarmcore"


def test_ten_slips_are_free_then_an_address_waits_and_is_let_in_again() -> None:
    limit = SignInLimit()
    for _ in range(FAILED_PER_ADDRESS_MAX.burst):
        assert limit.wait_s("192.0.2.1", 0.0) == 0.0
        limit.failed("192.0.2.1", 0.0)
    assert limit.wait_s("192.0.2.1", 0.0) == FAILED_PER_ADDRESS_MAX.every_s
    assert limit.wait_s("192.0.2.2", 0.0) == 0.0
    assert limit.wait_s("192.0.2.1", FAILED_PER_ADDRESS_MAX.every_s) == 0.0


def test_sign_ins_that_succeed_cost_nothing() -> None:
    limit = SignInLimit()
    assert all(limit.wait_s("192.0.2.1", 0.0) == 0.0 for _ in range(5000))


def test_one_address_alone_cannot_lock_the_others_out() -> None:
    limit = SignInLimit()
    now = 0.0
    for _ in range(3000):
        now += limit.wait_s("192.0.2.1", now)
        limit.failed("192.0.2.1", now)
    assert limit.wait_s("192.0.2.2", now) == 0.0


def test_many_addresses_together_meet_the_overall_limit() -> None:
    limit = SignInLimit()
    for n in range(FAILED_OVERALL_MAX.burst):
        limit.failed(f"10.0.{n // 256}.{n % 256}", 0.0)
    assert limit.wait_s("192.0.2.1", 0.0) == pytest.approx(FAILED_OVERALL_MAX.every_s)


def test_an_ipv6_network_counts_as_one_address_and_a_mapped_one_as_itself() -> None:
    limit = SignInLimit()
    for n in range(FAILED_PER_ADDRESS_MAX.burst):
        limit.failed(f"2001:db8::{n:x}", 0.0)
    assert limit.wait_s("2001:db8::ffff", 0.0) > 0
    assert limit.wait_s("2001:db8:0:1::1", 0.0) == 0.0
    for _ in range(FAILED_PER_ADDRESS_MAX.burst):
        limit.failed("::ffff:192.0.2.9", 0.0)
    assert limit.wait_s("192.0.2.9", 0.0) > 0


def test_the_table_of_addresses_is_bounded_and_forgets_the_quietest() -> None:
    limit = SignInLimit()
    for _ in range(FAILED_PER_ADDRESS_MAX.burst):
        limit.failed("192.0.2.1", 0.0)
    for n in range(ADDRESSES_MAX):
        limit.failed(f"10.{n // 65536}.{n // 256 % 256}.{n % 256}", 1000.0)
    assert len(limit._by_address) == ADDRESSES_MAX
    assert limit.wait_s("192.0.2.1", 1000.0 + FAILED_OVERALL_MAX.burst) == 0.0


def test_a_clock_that_goes_back_fills_nothing_and_breaks_nothing() -> None:
    limit = SignInLimit()
    for _ in range(FAILED_PER_ADDRESS_MAX.burst):
        limit.failed("192.0.2.1", 100.0)
    assert limit.wait_s("192.0.2.1", 0.0) == FAILED_PER_ADDRESS_MAX.every_s
