"""A database without room for more: presses are answered busy, nothing is lost, and it goes on by itself when there is room.

It needs the right to mount a small file system. Where that is missing there is no such test: a limit on the size of files, which
works everywhere, would hit PostgreSQL's log of changes and end the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.many.installation import WITHIN_S, at_work
from tests.servers import postgres as postgres_server
from tests.servers.postgres import PostgresServer
from tests.servers.room import fill, may_mount
from tests.servers.ward import Ward, eventually

pytestmark = pytest.mark.timeout(600)

SIZE_MB = 160
"""A new server's data and its log of changes, with some room."""

PER_S = 30.0
REFUSALS = 3
"""Times that a device is told 503 before we believe that nothing is kept."""


@contextlib.contextmanager
def small_server() -> Iterator[PostgresServer]:
    """A database server on a small file system of its own."""
    folder = Path(tempfile.mkdtemp(prefix="alarmcore-room-"))
    folder.chmod(0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(folder)], check=True)
    try:
        whole = PostgresServer()
        try:
            subprocess.run(["cp", "-a", whole.data, folder / "data"], check=True)
            owner = whole.data.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)
        finally:
            whole.close()
        server = PostgresServer(data=folder / "data")
        try:
            server.start()
            yield server
        finally:
            server.kill()
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


async def refused(devices: Ward) -> None:
    """The device that speaks HTTP is told that nothing is kept."""
    said = len(devices.caller.statuses)
    await eventually(lambda: devices.caller.statuses[said:].count(503) >= REFUSALS, WITHIN_S, "nobody is told 503")


async def no_room(folder: Path, _: PostgresServer) -> None:
    """The disk fills up and has room again."""
    with small_server() as server:
        async with at_work(folder, "a", "b", per_s=PER_S, server=server) as installation:
            ballast = server.folder / "ballast"
            fill(ballast, 1 << 20)
            fill(ballast, 1)
            await asyncio.gather(*(refused(one) for one in installation.wards.values()))
            await installation.eventually(lambda: not all(m.ready() for m in installation.cluster.members), "all are ready")
            assert all(member.alive for member in installation.cluster.members)
            await asyncio.to_thread(ballast.unlink)
            await installation.some_confirmed()
            await installation.ready()
            await installation.check_in_the_end()


if may_mount() and postgres_server.PROGRAMS:

    @pytest.mark.aside(story=no_room)
    def test_a_database_without_room_confirms_nothing_loses_nothing_and_goes_on_with_room(aside: Future[None]) -> None:
        aside.result()
