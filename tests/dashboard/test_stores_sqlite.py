"""The front door's stores in the database file of one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stores_contract import NOW, StoresContract, credential, document

from alarmcore.errors import OptionInvalid
from dashboard.stores import Stores
from dashboard.stores.opening import DATABASE, MOVED, open_stores


class TestSqliteStores(StoresContract):
    @pytest.fixture
    async def stores(self, tmp_path: Path) -> AsyncIterator[Stores]:
        async with open_stores(tmp_path, None) as opened:
            assert opened.sqlite is not None
            assert opened.postgres is None
            yield opened.stores


async def test_what_was_kept_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    one = credential()
    async with open_stores(tmp_path, None) as opened:
        await opened.stores.add(one)
        await opened.stores.put("grastorp", document(1), NOW)
        secret = await opened.stores.secret()
    async with open_stores(tmp_path, None) as again:
        assert await again.stores.by_digest(one.digest) == one
        assert await again.stores.documents() == {"grastorp": document(1)}
        assert await again.stores.secret() == secret


async def test_a_folder_whose_contents_were_moved_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / MOVED).write_text("elsewhere")
    with pytest.raises(OptionInvalid, match="--database"):
        async with open_stores(tmp_path, None):
            pytest.fail("it was opened")
    assert not (tmp_path / DATABASE).exists()
