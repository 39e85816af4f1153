"""What the stores of either database promise; each adapter's test file runs this suite with a fixture `stores`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.credentials import Credential, digest, new_secret, signed_in
from dashboard.stores import Stores

NOW = datetime(2026, 1, 14, 12, 0, 0, 123456, tzinfo=UTC)


def credential(name: str = "anna", **more: object) -> Credential:
    fields = {"tenant": "grastorp", "role": "operator", "subject": f"operator:{name}", "created_at": NOW}
    return Credential(**(fields | {"digest": digest(new_secret())} | more))  # type: ignore[arg-type]


def document(residents: int, word: str = "first") -> str:
    return json.dumps({"version": 1, "name": word, "residents": [{"id": f"r{n}"} for n in range(residents)]})


class StoresContract:
    async def test_a_credential_is_found_as_it_was_kept(self, stores: Stores) -> None:
        one, other = credential(), credential("björn", revoked_at=NOW + timedelta(hours=1))
        await stores.add(one)
        await stores.add(other)
        assert await stores.by_digest(one.digest) == one
        assert await stores.by_digest(other.digest) == other
        assert await stores.by_digest(digest("another")) is None

    async def test_a_digest_is_kept_only_once(self, stores: Stores) -> None:
        one = credential()
        await stores.add(one)
        with pytest.raises(ValueError, match="new secret"):
            await stores.add(credential("eva", digest=one.digest))
        assert await stores.by_digest(one.digest) == one
        await stores.add(credential("eva"))

    async def test_a_revoked_secret_opens_nothing_and_the_first_moment_stands(self, stores: Stores) -> None:
        secret = new_secret()
        one = credential(digest=digest(secret))
        await stores.add(one)
        assert await signed_in(stores, secret) == one
        assert await stores.revoke(one.digest, NOW + timedelta(minutes=1))
        assert await stores.revoke(one.digest, NOW + timedelta(minutes=2))
        assert await signed_in(stores, secret) is None
        kept = await stores.by_digest(one.digest)
        assert kept is not None
        assert kept.revoked_at == NOW + timedelta(minutes=1)

    async def test_what_is_not_kept_cannot_be_revoked(self, stores: Stores) -> None:
        assert not await stores.revoke(digest("another"), NOW)

    async def test_all_that_a_subject_holds_is_revoked_at_once_and_nothing_of_others(self, stores: Stores) -> None:
        at = NOW + timedelta(minutes=5)
        lost, spare = credential(role="device", subject="device:gps-1"), credential(role="device", subject="device:gps-1")
        gone = credential(role="device", subject="device:gps-1", revoked_at=NOW + timedelta(minutes=1))
        others = [
            credential(role="device", subject="device:gps-10"),
            credential(role="device", subject="device:gps-1", tenant="tanum"),
            credential("gps-1"),
        ]
        for one in (lost, spare, gone, *others):
            await stores.add(one)
        revoked = await stores.revoke_subject("grastorp", "device:gps-1", at)
        assert {(one.digest, one.revoked_at) for one in revoked} == {(lost.digest, at), (spare.digest, at)}
        assert [await stores.by_digest(one.digest) for one in (gone, *others)] == [gone, *others]
        assert await stores.revoke_subject("grastorp", "device:gps-1", at + timedelta(minutes=1)) == []
        kept = await stores.by_digest(lost.digest)
        assert kept is not None
        assert kept.revoked_at == at
        assert await stores.revoke_subject("grastorp", "device:nobody", at) == []

    async def test_what_opens_nothing_is_found_among_many(self, stores: Stores) -> None:
        """As many as are asked about at once when all devices of a large installation are looked at."""
        one, other, revoked = credential(), credential("bo"), credential("eva", revoked_at=NOW)
        for made in (one, other, revoked):
            await stores.add(made)
        unknown = {digest(str(number)) for number in range(1200)}
        assert await stores.shut([one.digest, *unknown, revoked.digest, other.digest]) == unknown | {revoked.digest}
        assert await stores.shut([one.digest, other.digest]) == set()
        assert await stores.shut([]) == set()

    async def test_the_credentials_of_a_tenant_are_listed_by_subject_and_age(self, stores: Stores) -> None:
        older, newer = credential("bo", revoked_at=NOW + timedelta(days=2)), credential("bo", created_at=NOW + timedelta(days=1))
        anna, device = credential("anna", role="administrator"), credential(role="device", subject="device:gps-1")
        for one in (newer, older, device, anna, credential("cilla", tenant="tanum")):
            await stores.add(one)
        assert await stores.credentials("grastorp") == [device, anna, older, newer]
        assert await stores.credentials("nowhere") == []

    async def test_subjects_are_those_of_the_tenant_and_role_each_once(self, stores: Stores) -> None:
        for one in (credential("bo"), credential("anna"), credential("bo"), credential("eva", tenant="tanum")):
            await stores.add(one)
        await stores.add(credential(role="device", subject="device:gps-1"))
        assert await stores.subjects("grastorp", "operator") == ["operator:anna", "operator:bo"]
        assert await stores.subjects("grastorp", "device") == ["device:gps-1"]
        assert await stores.subjects("nowhere", "operator") == []

    async def test_a_site_takes_the_place_of_the_earlier_one(self, stores: Stores) -> None:
        assert await stores.tenants() == []
        assert await stores.documents() == {}
        await stores.put("tanum", document(1), NOW)
        await stores.put("grastorp", document(2), NOW)
        await stores.put("tanum", document(3, "Söndag ✓"), NOW)
        assert await stores.tenants() == ["grastorp", "tanum"]
        assert list((await stores.documents()).items()) == [("grastorp", document(2)), ("tanum", document(3, "Söndag ✓"))]

    async def test_a_sites_revision_grows_with_each_import_whatever_the_clock_says(self, stores: Stores) -> None:
        assert await stores.revisions() == {}
        seen: list[int] = []
        for at in (NOW, NOW, NOW - timedelta(days=1), NOW + timedelta(days=1), NOW):
            await stores.put("tanum", document(1), at)
            await stores.put("grastorp", document(1), NOW - timedelta(days=9))
            found = await stores.revisions()
            assert list(found) == ["grastorp", "tanum"]
            seen.append(found["tanum"].number)
        assert seen == sorted(set(seen))

    async def test_the_sites_of_some_tenants_are_given_alone(self, stores: Stores) -> None:
        for name in ("c-3", "a", "c_1", "b"):
            await stores.put(name, document(1, name), NOW)
        assert list(await stores.documents(["c_1", "nowhere", "a"])) == ["a", "c_1"]
        assert await stores.documents([]) == {}
        assert await stores.tenants() == ["a", "b", "c-3", "c_1"]

    async def test_the_secret_is_made_once_whoever_asks(self, stores: Stores) -> None:
        asked = await asyncio.gather(*(stores.secret() for _ in range(5)))
        assert len(set(asked)) == 1
        assert len(asked[0]) == 32
        assert await stores.secret() == asked[0]
