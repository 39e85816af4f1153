"""Backups from outside: taken beside a running service, restored elsewhere, and alarms, people and devices go on."""

from __future__ import annotations

import errno
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from belongings import NOW, fill

from alarmcore.errors import OptionInvalid, Unavailable
from dashboard.backup import back_up, check_backup, restore
from dashboard.contents.archive import ArchiveDamaged
from tests.servers.postgres import PostgresServer
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving, alarmcore, until
from tests.servers.town import town

NOWHERE = Path("/nonexistent")


@pytest.fixture
def hooks() -> Iterator[HookReceiver]:
    with receiving() as receiver:
        yield receiver


def impatient(hook: str) -> dict[str, Any]:
    """A town whose centre is told again and again."""
    site = town(hook=hook)
    chain = next(chain for chain in site["chains"] if chain["id"] == "centre")
    chain["links"][0]["wait_s"] = 5
    return site


def done(*arguments: str | Path) -> str:
    """A command that must work; what it says."""
    ended = alarmcore(*arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class Presses:
    """A device that presses on while a backup is made; `kept` are those that were confirmed, in order."""

    def __init__(self, service: Serving, secret: str) -> None:
        self.kept: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._press, args=(service, secret))

    def _press(self, service: Serving, secret: str) -> None:
        with service.client(secret) as device:
            while not self._ending.is_set():
                name = f"press-{len(self.kept)}"
                answer = device.post("/api/v1/readings", json={"kind": "button", "id": name, "at": time.time()})
                assert answer.json()["readings"] == [{"id": name, "status": "kept"}]
                self.kept.append(name)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ending.set()
        self._thread.join()


def alarm_of(service: Serving, secret: str) -> dict[str, Any]:
    with service.client(secret) as client:
        (alarm,) = client.get("/api/v1/alarms").json()["items"]
        return dict(client.get(f"/api/v1/alarms/{alarm['id']}").json())


class Home:
    """An installation with an open alarm: where it is kept, and who may sign in."""

    def __init__(self, folder: Path, hooks: HookReceiver, database: str | None = None) -> None:
        self.database = database
        where = ["--database", database] if database else []
        self.service = Serving(folder, impatient(hooks.url), arguments=where).start()
        self.place = where or ["--data", str(self.service.data)]
        self.operator = done("token", "operator", "--tenant", "grastorp", *self.place).strip()
        self.device = done("token", "device", "grastorp/pendant-1", *self.place).strip()

    def elsewhere(self, folder: Path, database: str | None = None) -> Serving:
        """A service on what was restored or moved, without a site file."""
        return Serving(folder, arguments=["--database", database] if database else [])


def goes_on(home: Home, service: Serving, hooks: HookReceiver, pressed: int) -> None:
    """The alarm of before is open there, people are told of it further, ids go on and tokens work."""
    before = len(hooks.hooks)
    service.start()
    try:
        alarm = alarm_of(service, home.operator)
        assert alarm["state"] == "open"
        assert 0 < alarm["repeats"] <= pressed
        last = max(entry["seq"] for entry in alarm["timeline"])
        until(lambda: len(hooks.hooks) > before, "the chain goes on", 60)
        assert hooks.hooks[-1].data["alarm"] == alarm["id"]
        with service.client(home.device) as device:
            answer = device.post("/api/v1/readings", json={"kind": "button", "id": "after", "at": time.time()})
            assert answer.json()["readings"] == [{"id": "after", "status": "kept"}]
            # What was confirmed before the backup is known, and is no second press.
            again = device.post("/api/v1/readings", json={"kind": "button", "id": "first", "at": 1.0})
            assert again.json()["readings"] == [{"id": "first", "status": "kept"}]
        after = until(
            lambda: (a := alarm_of(service, home.operator))["repeats"] > alarm["repeats"] and a, "the new press is shown"
        )
        assert after["id"] == alarm["id"]
        assert after["repeats"] == alarm["repeats"] + 1
        assert max(entry["seq"] for entry in after["timeline"]) > last
    finally:
        service.kill()


def backed_up(home: Home, file: Path) -> tuple[str, int]:
    """Back up while presses come in; what was said, and how many presses had been confirmed when it ended."""
    with home.service.client(home.device) as device:
        device.post("/api/v1/readings", json={"kind": "button", "id": "first", "at": 1.0})
    with Presses(home.service, home.device) as presses:
        until(lambda: len(presses.kept) > 5, "some presses")
        said = done("backup", *home.place, file)
        at_the_end = len(presses.kept)
        until(lambda: len(presses.kept) > at_the_end, "the service went on")
    return said, at_the_end + 1


def test_a_backup_of_a_running_service_goes_on_elsewhere(tmp_path: Path, hooks: HookReceiver) -> None:
    home = Home(tmp_path / "here", hooks)
    file = tmp_path / "backup"
    try:
        said, pressed = backed_up(home, file)
    finally:
        home.service.kill()
    assert "credential 2" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names(tmp_path) == ["backup", "here"]
    assert "whole" in done("backup", "--check", file)
    there = home.elsewhere(tmp_path / "there")
    done("restore", "--data", there.data, file)
    goes_on(home, there, hooks, pressed)


def test_a_backup_of_a_running_service_on_a_server_goes_on_in_another_database(
    tmp_path: Path, hooks: HookReceiver, database_url: str, postgres: PostgresServer
) -> None:
    home = Home(tmp_path / "here", hooks, database_url)
    file = tmp_path / "backup"
    try:
        _, pressed = backed_up(home, file)
    finally:
        home.service.kill()
    other = postgres.url(postgres.create())
    done("restore", "--database", other, file)
    goes_on(home, home.elsewhere(tmp_path / "there", other), hooks, pressed)


def test_an_installation_moves_in_the_middle_of_an_alarm(tmp_path: Path, hooks: HookReceiver, empty_database_url: str) -> None:
    home = Home(tmp_path / "here", hooks)
    with home.service.client(home.device) as device:
        for name in ("first", "second"):
            device.post("/api/v1/readings", json={"kind": "button", "id": name, "at": 1.0})
    with_service = alarmcore("move", *home.place, "--database", empty_database_url)
    assert with_service.returncode == 2
    assert "another service" in with_service.stderr
    home.service.kill()
    done("move", *home.place, "--database", empty_database_url)
    refused = alarmcore("serve", *home.place, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
    assert refused.returncode == 2
    assert "--database" in refused.stderr
    goes_on(home, home.elsewhere(tmp_path / "there", empty_database_url), hooks, 2)


def quiet(text: str) -> None:
    del text


async def test_a_backup_is_never_written_over_another_file_nor_restored_over_something(tmp_path: Path) -> None:
    data, file, new = tmp_path / "data", tmp_path / "backup", tmp_path / "new"
    await fill(data)
    await back_up(data, None, file, NOW, quiet)
    whole = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for where, why in ((file, "another name"), (tmp_path / "none" / "backup", "another place")):
        with pytest.raises(OptionInvalid, match=why):
            await back_up(data, None, where, NOW, quiet)
    assert file.read_bytes() == whole
    with pytest.raises(OptionInvalid, match="not empty"):
        await restore(data, None, file, quiet)
    with pytest.raises(OptionInvalid, match="--data"):
        await back_up(tmp_path / "none", None, tmp_path / "other", NOW, quiet)
    with pytest.raises(OptionInvalid, match="cannot be read"):
        await restore(new, None, tmp_path / "none", quiet)
    file.write_bytes(whole[:-40])
    with pytest.raises(ArchiveDamaged, match="cut off"):
        await check_backup(file, quiet)
    with pytest.raises(ArchiveDamaged, match="cut off"):
        await restore(new, None, file, quiet)
    assert names(tmp_path) == ["backup", "data", "new"]


async def test_a_backup_that_finds_no_room_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(tmp_path / "data")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), number)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        await back_up(tmp_path / "data", None, tmp_path / "backup", NOW, quiet)
    assert names(tmp_path) == ["data"]


async def test_a_backup_of_a_file_is_restored_into_a_server_and_back(tmp_path: Path, empty_database_url: str) -> None:
    await fill(tmp_path / "one")
    files = [tmp_path / name for name in ("first", "second", "third")]
    await back_up(tmp_path / "one", None, files[0], NOW, quiet)
    await restore(NOWHERE, empty_database_url, files[0], quiet)
    await back_up(NOWHERE, empty_database_url, files[1], NOW, quiet)
    await restore(tmp_path / "two", None, files[1], quiet)
    await back_up(tmp_path / "two", None, files[2], NOW, quiet)
    said: list[str] = []
    for file in files:
        await check_backup(file, said.append)
    counts = [line.split(": ")[1] for line in said[1::2]]
    assert counts[0] == counts[2]
    assert counts[0].replace("partition 1,", "partition 16,") == counts[1]
