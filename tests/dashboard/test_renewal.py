"""The task that takes up changed sites: it looks by itself and when asked, and no failure ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from alarmcore.errors import Unavailable
from dashboard import renewal as renewal_module
from dashboard.renewal import Renewal

WITHIN_S = 20.0


class Looks:
    """What the task calls; `fails` is how often it goes wrong first."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.fails: list[Exception] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.renewal = Renewal(self.look, self.renew)

    async def look(self) -> None:
        self.calls.append("look")
        await self.goes_on.wait()
        if self.fails:
            raise self.fails.pop(0)

    async def renew(self) -> None:
        self.calls.append("renew")


@pytest.fixture
async def looks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Looks]:
    monkeypatch.setattr(renewal_module, "PAUSE_S", 0.01)
    made = Looks()
    task = asyncio.create_task(made.renewal.run())
    yield made
    assert not task.done()
    task.cancel()


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not what():  # noqa: ASYNC110 - the task says nothing when it has looked
            await asyncio.sleep(0.005)


async def test_it_looks_by_itself_and_lets_all_go_on(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal_module, "LOOK_S", 0.01)
    await until(lambda: looks.calls[:4] == ["look", "renew", "look", "renew"])


async def test_whoever_asks_hears_of_a_look_that_began_after_that(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal_module, "LOOK_S", 1e6)
    looks.goes_on.clear()
    first = asyncio.create_task(looks.renewal.heard_of())
    await until(lambda: looks.calls == ["look"])
    second = asyncio.create_task(looks.renewal.heard_of())
    looks.goes_on.set()
    async with asyncio.timeout(WITHIN_S):
        await first
        assert looks.calls == ["look", "renew"]
        assert not second.done()
        await second
    assert looks.calls == ["look", "renew", "look", "renew"]


async def test_many_who_ask_at_once_cost_one_look(looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal_module, "LOOK_S", 1e6)
    async with asyncio.timeout(WITHIN_S):
        await asyncio.gather(*(looks.renewal.heard_of() for _ in range(1000)))
    assert looks.calls == ["look", "renew"]


async def test_a_look_that_fails_is_said_once_and_repeated(looks: Looks, capsys: pytest.CaptureFixture[str]) -> None:
    looks.fails = [Unavailable("the database is away"), Unavailable("the database is away"), KeyError("Karin")]
    for _ in range(5):
        async with asyncio.timeout(WITHIN_S):
            await looks.renewal.heard_of()
    assert looks.calls.count("renew") == 2
    said = [line for line in capsys.readouterr().out.splitlines() if "sites_not_taken_up" in line]
    assert len(said) == 2
    assert "the database is away" in said[0]
    assert "KeyError" in said[1]
    assert "Karin" not in said[1]
