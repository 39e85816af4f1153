"""`alarmcore migrate`: what stands between a database's tables and those wanted, shown first and then done."""

from __future__ import annotations

from collections.abc import Callable

from alarmcore.adapters.postgres_journal.database import PostgresDatabase
from alarmcore.adapters.postgres_journal.migrate import NEWEST, OLDEST, Migration, applied, migrate, migrations
from alarmcore.errors import OptionInvalid
from dashboard.stores.server import refuse_foreign

Say = Callable[[str], object]


async def bring(database_url: str, to: int | None, sure: Callable[[], bool], say: Say) -> None:
    """Bring the tables to a version.

    Raises:
        OptionInvalid: there is no such version, or the database is none of ours.
        Unavailable: it does not answer; the steps that were said to be done are done.
    """
    server = PostgresDatabase(database_url)
    try:
        await server.greet()
        await refuse_foreign(server)
        taken = await applied(server)
        version = taken[-1].number if taken else 0
        target = NEWEST if to is None else to
        for line in plan(version, target, server.shown):
            say(line)
        if version != target and sure():
            for step in await migrate(server, target):
                say(f"done: {step}")
    finally:
        await server.close()


def plan(version: int, target: int, shown: str) -> list[str]:
    """What would be done, for people.

    Raises:
        OptionInvalid: there is no such version, or this program does not know the way.
    """
    known = migrations()
    unknown = [number for number in (version, target) if number != 0 and number not in known]
    if unknown:
        raise OptionInvalid(f"this program knows no schema {unknown[0]}, its newest is {max(known)}; use the version that has it")
    lines = [f"{shown} has schema {version}"]
    if version == target:
        return [f"{lines[0]}: nothing to do"]
    if version < target:
        lines += [f"forward: {n:04} {known[n].name}, {_works_with(known[n])}" for n in range(version + 1, target + 1)]
    else:
        lines += [f"back: {n:04} {known[n].name}" for n in range(version, target, -1)]
        lines.append("going back may delete what the newer tables hold; have a backup")
        if target < OLDEST:
            lines.append(f"this version of the program does not work with schema {target}; it needs {OLDEST} at least")
    return lines


def _works_with(step: Migration) -> str:
    if step.compatible_with == step.number:
        return "which older versions of the program do not work with: stop them first"
    return f"which programs that know schema {step.compatible_with} work with too: they may go on running"
