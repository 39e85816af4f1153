"""A worker that has lost its partition and does not know: nothing of it is stored once the next owner has its token."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

from journal_contract import NOW, STATE, event
from msgspec.structs import replace
from postgres_tenants import claimed, settled

from alarmcore.adapters.postgres_journal import PostgresDatabase, PostgresJournal, PostgresPartitions
from alarmcore.errors import Fenced
from alarmcore.ports import Batch

ROUNDS = 300

COUNTS = """
    SELECT (SELECT count(*) FROM identity), (SELECT count(*) FROM event), (SELECT count(*) FROM effect),
           (SELECT convert_from(data, 'utf8') FROM state)
"""


def batch(number: int) -> Batch:
    """One reading, and who decided it last."""
    return Batch(
        NOW,
        states=[replace(STATE, data=str(number).encode())],
        identities=[(number, 0)],
        effects=[(f"e{number}", b"")],
        events=[event("alarm.raised", f"a{number}")],
    )


async def commits(journal: PostgresJournal, first: int) -> int:
    """Go on until fenced; return how many were confirmed."""
    for number in range(first, first + 1000):
        try:
            await journal.commit(batch(number))
        except Fenced:
            return number - first
    raise AssertionError("never fenced")


async def test_nothing_of_a_zombie_is_stored_after_the_next_claim_has_returned(database_url: str) -> None:
    """Commits and claims as close together as they come, by backends that truly run beside each other."""
    chance = random.Random(7)  # noqa: S311 - the same interleavings are aimed at every time
    confirmed = cut_short = 0
    async with settled(database_url) as database:
        zombie, partitions = await claimed(database), PostgresPartitions(database)
        for number in range(ROUNDS):
            first = number * 1000
            committing = asyncio.create_task(commits(zombie, first))
            await asyncio.sleep(chance.random() * 0.004)
            token = await partitions.claim("p00", "next")
            (at_claim,) = await database.read(COUNTS)
            told = await committing
            (after,) = await database.read(COUNTS)
            assert after == at_claim, f"something was stored after the claim of round {number}"
            assert at_claim[0] == at_claim[1] == at_claim[2] == confirmed + told, "what was confirmed is there, and nothing else"
            confirmed += told
            cut_short += told > 0
            # The next round's zombie is the owner of this one.
            zombie.token, zombie.fenced = token, False
        assert cut_short > ROUNDS // 10, "hardly ever was the zombie in the middle of something"


PROCESS = """
import asyncio, sys
from test_postgres_zombie import zombie_process
asyncio.run(zombie_process(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


async def zombie_process(url: str, token: int, first: int) -> None:
    """A process that commits for as long as it may, and says how far it came."""
    database = PostgresDatabase(url)
    try:
        print(await commits(PostgresJournal(database, "p00", token, performs=True), first), flush=True)
    finally:
        await database.close()


async def test_several_processes_that_all_think_they_own_a_partition_store_as_one_after_the_other(database_url: str) -> None:
    here = Path(__file__)
    env = os.environ | {"PYTHONPATH": f"{here.parents[2]}{os.pathsep}{here.parent}"}
    async with settled(database_url) as database:
        partitions = PostgresPartitions(database)
        running = []
        for number in range(1, 4):
            token = await partitions.claim("p00", f"w{number}")
            arguments = (database_url, str(token), str(number * 1000))
            running.append(
                await asyncio.create_subprocess_exec(
                    sys.executable, "-c", PROCESS, *arguments, env=env, stdout=asyncio.subprocess.PIPE
                )
            )
            # It is at work, and is not asked to stop.
            while not await database.read("SELECT 1 FROM identity WHERE identity >= $1", number * 1000):
                assert running[-1].returncode is None
                await asyncio.sleep(0.01)
        await partitions.claim("p00", "last")
        (before,) = await database.read(COUNTS)
        told = [int((await process.communicate())[0]) for process in running]
        (after,) = await database.read(COUNTS)
        assert after == before
        events = await database.read("SELECT alarm FROM event ORDER BY seq")
        expected = [f"a{number * 1000 + n}" for number, many in enumerate(told, 1) for n in range(many)]
        assert [row[0] for row in events] == expected


async def test_a_claim_waits_for_the_commit_that_is_under_way(database_url: str) -> None:
    """It is stored before the claim returns, so that the next owner reads it."""
    async with settled(database_url) as database:
        zombie, partitions = await claimed(database), PostgresPartitions(database)
        await zombie.commit(batch(1))
        blocker = PostgresDatabase(database_url).line()

        async def hold(connection: object) -> object:
            await connection.execute("BEGIN")  # type: ignore[attr-defined]
            await connection.execute("SELECT 1 FROM counter FOR UPDATE")  # type: ignore[attr-defined]
            return connection

        holding = await blocker.use(hold, 30.0)
        committing = asyncio.create_task(zombie.commit(batch(2)))
        await _waiting(database, 1)
        claiming = asyncio.create_task(partitions.claim("p00", "next"))
        await _waiting(database, 2)
        assert not claiming.done()
        await holding.execute("ROLLBACK")  # type: ignore[attr-defined]
        token = await claiming
        assert await committing == 2
        (found,) = await database.read(COUNTS)
        assert found[:3] == (2, 2, 2)
        assert token > zombie.token
        await blocker.close()


async def _waiting(database: PostgresDatabase, many: int) -> None:
    sql = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(30.0):
        while True:
            ((found,),) = await database.read(sql)
            if found >= many:
                return
            await asyncio.sleep(0.01)
