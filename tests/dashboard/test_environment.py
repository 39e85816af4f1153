"""What `alarmcore check` says of what is missing, and of what that costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.environment import NO_REDIS, NO_WATCHER, Environment, examine
from tests.servers.mosquitto import free_port

WATCHER = "https://watcher.example.org/ping"


async def said(what: Environment) -> list[str]:
    lines: list[str] = []
    await examine(what, lines.append)
    return lines


async def test_without_a_watcher_outside_it_says_that_nobody_hears_of_its_death(tmp_path: Path) -> None:
    assert f"warning: {NO_WATCHER}" in await said(Environment(data=tmp_path))
    watched = await said(Environment(data=tmp_path, dead_man=WATCHER))
    assert f"warning: {NO_WATCHER}" not in watched
    assert "ok: signs of life go to a watcher outside" in watched
    assert not any(WATCHER in line for line in watched), "the address may be a secret"


@pytest.mark.parametrize("redis", [True, False])
async def test_a_database_of_several_processes_without_redis_is_warned_of(tmp_path: Path, redis: bool) -> None:
    gone = f"127.0.0.1:{free_port()}"
    what = Environment(data=tmp_path, database=f"postgresql://a@{gone}/b", redis=f"redis://{gone}/0" if redis else None)
    assert (f"warning: {NO_REDIS}" in await said(what)) is not redis


async def test_one_process_alone_needs_no_redis(tmp_path: Path) -> None:
    assert not any("--redis" in line for line in await said(Environment(data=tmp_path)))
