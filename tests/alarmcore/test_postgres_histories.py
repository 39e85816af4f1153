"""A server that was failed over from and comes back: nobody writes to it who could know better."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from alarmcore.adapters.postgres_journal import PostgresDatabase
from alarmcore.adapters.postgres_journal import histories as histories_module
from alarmcore.adapters.postgres_journal import line as line_module
from alarmcore.adapters.postgres_journal.histories import FormerPrimary, Histories, History
from alarmcore.errors import Unavailable
from tests.servers.postgres import PostgresServer, running

SYSTEM = 7_000_000_000_000_000_000


def of(timeline: int, system: int = SYSTEM) -> History:
    return History(system, timeline)


# -- which one -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "chosen"),
    [
        ({0: of(1)}, 0),
        ({0: of(1), 1: of(2)}, 1),
        ({1: of(2), 0: of(1)}, 1),
        ({0: of(10), 1: of(9)}, 0),
        ({1: of(2), 0: of(2)}, 1),
        ({0: None, 1: of(2)}, 1),
        ({0: None, 1: None}, 0),
        ({0: of(1), 1: of(9, system=5)}, 0),  # of another origin: their numbers do not compare
    ],
)
def test_the_newest_history_is_gone_on_with_and_of_equals_the_first(found: dict[int, History | None], chosen: int) -> None:
    assert Histories().newest_of(found) == chosen


def test_a_history_that_was_left_behind_is_refused_until_the_newer_one_answers_again() -> None:
    histories = Histories()
    histories.newest_of({0: of(2)})
    for _ in range(2):
        with pytest.raises(FormerPrimary):
            histories.newest_of({1: of(1)})
    assert histories.newest_of({1: of(1), 0: of(2)}) == 0
    assert histories.newest_of({1: of(3)}) == 1
    with pytest.raises(FormerPrimary):
        histories.newest_of({0: of(2)})


def test_a_server_of_another_origin_is_accepted_and_one_that_says_nothing_too() -> None:
    """A backup was restored into a new server, which begins at one; or it is run by others, who show no timeline."""
    histories = Histories()
    histories.newest_of({0: of(5)})
    assert histories.newest_of({0: of(1, system=5)}) == 0
    assert histories.newest_of({0: None}) == 0
    with pytest.raises(FormerPrimary):
        histories.newest_of({0: of(4)})


def test_of_servers_of_many_origins_the_latest_are_remembered() -> None:
    histories = Histories()
    for system in range(histories_module.SYSTEMS_MAX + 1):
        histories.newest_of({0: of(5, system)})
    assert histories.newest_of({0: of(1, system=0)}) == 0
    with pytest.raises(FormerPrimary):
        histories.newest_of({0: of(1, system=histories_module.SYSTEMS_MAX)})


# -- real servers ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def failed_over() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A server that was killed, failed over from and started again, as if nothing had happened, and the one that took over."""
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(running())
        second = first.standby()
        stack.callback(second.close)
        second.start()
        first.kill()
        second.promote()
        first.start()
        yield first, second


async def written_at(database: PostgresDatabase) -> int:
    """The port at which a write would be stored."""
    port: int = await database.write(lambda connection: connection.fetchval("SELECT inet_server_port()"))
    return port


@pytest.mark.parametrize("turned", [False, True])
async def test_in_whatever_order_they_are_named_nobody_writes_to_the_former_one(
    failed_over: tuple[PostgresServer, PostgresServer], turned: bool
) -> None:
    first, second = failed_over
    ports = [second.port, first.port] if turned else [first.port, second.port]
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}/postgres")
    try:
        assert await written_at(database) == second.port
        await database.greet()
    finally:
        await database.close()


async def test_who_has_seen_the_new_one_does_not_go_back_when_it_is_away(
    failed_over: tuple[PostgresServer, PostgresServer],
) -> None:
    first, second = failed_over
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/postgres")
    try:
        assert await written_at(database) == second.port
        second.kill()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await written_at(database)
        with pytest.raises(Unavailable, match="FormerPrimary"):
            await database.greet()
        second.start()
        assert await written_at(database) == second.port
    finally:
        await database.close()


async def test_a_host_that_does_not_answer_keeps_nobody_waiting_for_long(
    failed_over: tuple[PostgresServer, PostgresServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for less than it may take, once another one has answered."""
    first, second = failed_over
    monkeypatch.setattr(line_module, "CONNECT_S", 60.0)
    database = PostgresDatabase(f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/postgres")
    first.pause()
    try:
        assert await written_at(database) == second.port
    finally:
        first.resume()
        await database.close()


async def test_a_server_whose_history_we_may_not_ask_for_is_used(
    failed_over: tuple[PostgresServer, PostgresServer],
) -> None:
    _, second = failed_over
    second.script("CREATE ROLE plain LOGIN; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    database = PostgresDatabase(f"postgresql://plain@127.0.0.1:{second.port}/postgres")
    try:
        assert await written_at(database) == second.port
    finally:
        await database.close()
