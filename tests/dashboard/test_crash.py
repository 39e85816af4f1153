"""The service is killed at any instant while devices press: what was confirmed is kept, once, and nothing is raised twice.

Real processes, killed with SIGKILL at seeded instants. Every second kill is aimed: a burst is written to the sockets, then the
write lock in SQLite's shared memory is watched (only asked for, never taken), and the kill follows at once when a transaction
holds it. Such a kill counts as one with a commit in flight. After every kill the devices first hear what the dead process had
still written to its sockets; then a copy of the files says what is stored.

What it cannot show is a power cut: the kernel survives, and with it what was written and not yet synchronised.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import random
import shutil
import sqlite3
import struct
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from alarmcore.model.alarm import Alarm, AlarmEvent
from dashboard.credentials import Role
from tests.servers.books import identity
from tests.servers.nursery import Born, Nursery, nursing
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import issued
from tests.servers.town import town
from tests.servers.wire import Pendant

SEED = 20_260_114
KILLS = 200
CAUGHT_MIN = 50
KILLS_MAX = 400
"""Kills before it is given up to catch enough commits in flight."""

PENDANTS = 24
STREAM_PER_S = 120
BURST = 5
"""Presses of each pendant in a burst: a commit long enough to be hit."""

AIM_S = 1.0
"""Longer than a service that has to wait for the processor needs to begin; over as soon as a transaction is seen."""

GREET_S = 60.0
HEAL_S = 120.0
REQUEST_S = 20.0
WRITE_LOCK = 120
"""Where the WAL index keeps its write lock (sqlite.org/walformat.html, 'WAL locks': the first of the bytes from 120 on)."""


def locked(shm: int) -> bool:
    """Whether another process holds the write lock now."""
    asked = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, WRITE_LOCK, 1, 0)
    held: int = struct.unpack("hhqqi", fcntl.fcntl(shm, fcntl.F_GETLK, asked))[0]
    return held != fcntl.F_UNLCK


class Crashes:
    """The devices, the process that is killed, and the books."""

    def __init__(self, folder: Path, nursery: Nursery, hooks: HookReceiver) -> None:
        self.random = random.Random(SEED)  # noqa: S311 - a seed replays the instants
        self.folder = folder
        self.nursery = nursery
        site = town(hook=hooks.url, residents=PENDANTS)
        path = folder / "site.json"
        path.write_text(json.dumps(site), "utf-8")
        self.data = folder / "data"
        self.arguments = [
            "serve",
            "--site",
            str(path),
            "--data",
            str(self.data),
            "--http",
            "127.0.0.1:0",
            "--mqtt",
            "127.0.0.1:0",
        ]
        names = [f"pendant-{n}" for n in range(1, PENDANTS + 1)]
        wanted: list[tuple[Role, str, str]] = [("device", "grastorp", name) for name in names]
        *passwords, self.operator = issued(self.data, *wanted, ("operator", "grastorp", "anna"))
        self.pendants = [Pendant("grastorp", n, password) for n, password in zip(names, passwords, strict=True)]
        self.pressed_at: dict[str, float] = {}
        self.kinds: Counter[str] = Counter()
        self.streamed_s = 0.0

    async def stream(self) -> None:
        """At least a hundred presses a second, whatever the service does; devices keep what it does not confirm."""
        began = time.monotonic()
        made = 0
        while True:
            await asyncio.sleep(0.01)
            self.streamed_s = time.monotonic() - began
            while made < self.streamed_s * STREAM_PER_S:
                self.press(self.random.choice(self.pendants))
                made += 1

    def press(self, pendant: Pendant) -> None:
        at = round(time.time(), 3)
        self.pressed_at[pendant.press(at)] = at

    async def born(self) -> Born:
        """A new process, and every device back on it."""
        born = await asyncio.to_thread(self.nursery.start, self.folder, self.arguments)
        await asyncio.gather(*(pendant.connect(born.mqtt_port) for pendant in self.pendants))
        return born

    async def round(self, aimed: bool) -> None:
        """One life of the process."""
        born = await self.born()
        try:
            async with asyncio.timeout(GREET_S):
                await asyncio.gather(*(pendant.greeted.wait() for pendant in self.pendants))
                await asyncio.sleep(self.random.uniform(0, 0.15))
                if self.random.random() < 0.3:
                    await self.resolve(born)
            caught = self.aim() if aimed else False
        finally:
            born.kill()
        await self.drained()
        self.kinds["kills"] += 1
        if caught:
            self.kinds["caught"] += 1
            self.kinds[self.fate()] += 1

    def aim(self) -> bool:
        """Return as soon as a transaction is seen under way after a burst; False when none was."""
        for pendant in self.pendants:
            for _ in range(BURST):
                self.press(pendant)
        shm = os.open(self.data / "alarmcore.db-shm", os.O_RDWR)
        try:
            deadline = time.monotonic() + AIM_S
            while time.monotonic() < deadline:
                if locked(shm):
                    # Anywhere in it, not only at its beginning.
                    until = time.monotonic() + self.random.uniform(0, 0.002)
                    while time.monotonic() < until:
                        pass
                    return locked(shm)
        finally:
            os.close(shm)
        return False

    async def resolve(self, born: Born) -> None:
        """End some alarms, so that new ones are raised."""
        headers = {"authorization": f"Bearer {self.operator}"}
        async with httpx.AsyncClient(base_url=born.url, headers=headers, timeout=REQUEST_S, trust_env=False) as client:
            alarms = (await client.get("/api/v1/alarms")).json()["items"]
            for alarm in self.random.sample(alarms, min(6, len(alarms))):
                await client.post(f"/api/v1/alarms/{alarm['id']}/resolve", json={"outcome": "test"})

    async def drained(self) -> None:
        """The devices have heard the last word of the dead."""
        async with asyncio.timeout(GREET_S):
            await asyncio.gather(*(pendant.ended.wait() for pendant in self.pendants))

    # -- the books --------------------------------------------------------------------------------------------------------

    @property
    def confirmed(self) -> set[str]:
        return set().union(*(pendant.confirmed for pendant in self.pendants))

    def identity(self, name: str) -> int:
        return identity(name, self.pressed_at[name])

    def stored(self) -> sqlite3.Connection:
        """What a start would find: a copy, so that nothing is mended by looking."""
        copy = self.folder / "copy.db"
        for ending in ("", "-wal"):
            source = Path(f"{self.data / 'alarmcore.db'}{ending}")
            target = Path(f"{copy}{ending}")
            target.unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, target)
        Path(f"{copy}-shm").unlink(missing_ok=True)
        return sqlite3.connect(copy)

    def fate(self) -> str:
        """What became of the transaction that was under way: of what was sent and not confirmed, is anything stored?"""
        waiting = [self.identity(name) for pendant in self.pendants for name in pendant.open]
        connection = self.stored()
        held = {row[0] for row in connection.execute("SELECT identity FROM identity")}
        connection.close()
        return "stored_unconfirmed" if held & set(waiting) else "rolled_back"

    def check_kept(self) -> None:
        """Everything confirmed is stored, and everything stored exactly once."""
        connection = self.stored()
        held = {row[0] for row in connection.execute("SELECT identity FROM identity")}
        lost = sorted(name for name in self.confirmed if self.identity(name) not in held)
        assert not lost, f"{len(lost)} presses were confirmed and lost, such as {lost[:3]}"
        pressed = {self.identity(name) for name in self.pressed_at}
        assert held <= pressed, "something is stored that nobody sent"
        events = [msgspec.msgpack.decode(row[0], type=AlarmEvent) for row in connection.execute("SELECT data FROM event")]
        effects = sum(event.event in {"alarm.raised", "alarm.repeated"} for event in events)
        assert effects == len(held), f"{len(held)} presses are stored and had {effects} effects"
        raised = Counter(event.alarm for event in events if event.event == "alarm.raised")
        assert max(raised.values(), default=1) == 1, "an alarm was raised twice"
        alarms = [msgspec.msgpack.decode(row[0], type=Alarm) for row in connection.execute("SELECT data FROM alarm")]
        assert {alarm.id for alarm in alarms} == set(raised)
        still_open = [alarm.slot for alarm in alarms if alarm.state != "resolved"]
        assert len(still_open) == len(set(still_open)), "two alarms are open in one place"
        keys = {row[0] for row in connection.execute("SELECT key FROM state WHERE machine = 'chain' AND wake_at IS NOT NULL")}
        assert {"/".join(slot) for slot in still_open} <= keys, "an open alarm has no next step"
        connection.close()


@pytest.mark.timeout(1800)  # a minute on a quiet machine; two hundred starts take long on a loaded one
async def test_what_was_confirmed_is_kept_once_wherever_the_service_is_killed(tmp_path: Path) -> None:
    with receiving() as hooks, nursing() as nursery:
        crashes = Crashes(tmp_path, nursery, hooks)
        streaming = asyncio.create_task(crashes.stream())
        try:
            while crashes.kinds["kills"] < KILLS or (crashes.kinds["caught"] < CAUGHT_MIN and crashes.kinds["kills"] < KILLS_MAX):
                await crashes.round(aimed=crashes.kinds["kills"] % 2 == 1)
                if crashes.kinds["kills"] % 20 == 0:
                    crashes.check_kept()
        finally:
            streaming.cancel()
            for pendant in crashes.pendants:
                pendant.leave()
        made = len(crashes.pressed_at)
        print(f"{dict(crashes.kinds)}, {made} presses in {crashes.streamed_s:.0f} s")
        assert crashes.kinds["caught"] >= CAUGHT_MIN
        assert made >= 100 * crashes.streamed_s
        await healed(crashes, hooks)


async def healed(crashes: Crashes, hooks: HookReceiver) -> None:
    """Left alone, everything that was pressed is confirmed, and everybody who has to be told is told."""
    born = await crashes.born()
    try:
        async with asyncio.timeout(HEAL_S):
            await eventually(lambda: not any(pendant.open for pendant in crashes.pendants))
            assert crashes.confirmed == set(crashes.pressed_at)
            assert not any(pendant.refused for pendant in crashes.pendants)
            headers = {"authorization": f"Bearer {crashes.operator}"}
            async with httpx.AsyncClient(base_url=born.url, headers=headers, timeout=REQUEST_S, trust_env=False) as client:
                alarms = {alarm["id"] for alarm in (await client.get("/api/v1/alarms")).json()["items"]}
                assert "alarmcore_alarms_without_next_step 0.0" in (await client.get("/metrics")).text
            assert alarms
            await eventually(lambda: alarms <= {hook.data["alarm"] for hook in list(hooks.hooks)})
    finally:
        born.kill()
    await crashes.drained()
    crashes.check_kept()


async def eventually(done: Callable[[], bool]) -> None:
    """Wait for what other processes do."""
    while not done():  # noqa: ASYNC110 - they set no event of ours
        await asyncio.sleep(0.02)
