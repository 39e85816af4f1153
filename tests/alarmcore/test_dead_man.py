"""The sign of life, given to a real receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from alarmcore import metrics
from alarmcore.adapters import dead_man as dead_man_module
from alarmcore.adapters.dead_man import DeadMan
from tests.servers.mosquitto import free_port
from tests.servers.receivers import HookReceiver, receiving


@pytest.fixture
async def watcher() -> AsyncIterator[HookReceiver]:
    with receiving() as one:
        yield one


def failures() -> float:
    value: float = metrics.PINGS.labels("failed")._value.get()
    return value


async def given(dead_man: DeadMan) -> None:
    """Give one, and wait until it is over."""
    dead_man.beat()
    assert dead_man._task is not None
    await dead_man._task


async def eventually(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not look():  # noqa: ASYNC110 - a receiver in a thread offers no event
            await asyncio.sleep(0.01)


async def test_a_sign_of_life_is_one_empty_request_to_the_whole_url(watcher: HookReceiver) -> None:
    dead_man = DeadMan(watcher.url + "?status=up", 30)
    await given(dead_man)
    await dead_man.close()
    assert [(hook.path, hook.body) for hook in watcher.hooks] == [("/hook?status=up", b"")]


async def test_there_is_one_in_each_interval_however_often_all_is_found_well(watcher: HookReceiver) -> None:
    dead_man = DeadMan(watcher.url, 3600)
    for _ in range(3):
        await given(dead_man)
    assert len(watcher.hooks) == 1
    dead_man._due_at -= 3600
    for _ in range(3):
        await given(dead_man)
    assert len(watcher.hooks) == 2
    await dead_man.close()


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_a_watcher_that_refuses_is_counted_and_said_once_without_its_url(watcher: HookReceiver, status: int) -> None:
    watcher.status = status
    dead_man = DeadMan(watcher.url, 0.0)
    before = failures()
    with capture_logs() as logs:
        for _ in range(3):
            await given(dead_man)
        watcher.status = 200
        await given(dead_man)
    await dead_man.close()
    assert failures() == before + 3
    assert [line["event"] for line in logs] == ["dead_man_not_reached", "dead_man_reached_again"]
    assert str(status) in str(logs)
    assert "hook" not in str(logs)


async def test_a_watcher_that_is_not_there_disturbs_nobody() -> None:
    dead_man = DeadMan(f"http://127.0.0.1:{free_port()}/secret", 30)
    with capture_logs() as logs:
        await given(dead_man)
    await dead_man.close()
    assert [line["why"] for line in logs] == ["ConnectError"]
    assert "secret" not in str(logs)


async def test_after_one_that_failed_the_next_is_tried_soon(watcher: HookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_man_module, "RETRY_S", 0.0)
    watcher.status = 500
    dead_man = DeadMan(watcher.url, 3600)
    await given(dead_man)
    watcher.status = 200
    await given(dead_man)
    await dead_man.close()
    assert len(watcher.hooks) == 1


async def test_a_watcher_that_does_not_answer_is_never_asked_twice_at_once() -> None:
    asked: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: asked.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dead_man = DeadMan(f"http://127.0.0.1:{port}/", 0.0)
    dead_man.beat()
    await eventually(lambda: len(asked) == 1)
    under_way = dead_man._task
    for _ in range(10):
        dead_man.beat()
        await asyncio.sleep(0)
    assert dead_man._task is under_way
    await dead_man.close()
    assert len(asked) == 1
    for writer in asked:
        writer.close()
    server.close()


async def test_a_watcher_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_man_module, "TRY_S", 0.2)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dead_man = DeadMan(f"http://127.0.0.1:{port}/", 0.0)
    before = failures()
    async with asyncio.timeout(60):
        await given(dead_man)
    assert failures() == before + 1
    await dead_man.close()
    server.close()


async def test_a_watcher_whose_answer_drips_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_man_module, "TRY_S", 0.3)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"H")
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    dead_man = DeadMan(f"http://127.0.0.1:{port}/", 30)
    before = failures()
    async with asyncio.timeout(60):
        await given(dead_man)
    await dead_man.close()
    server.close()
    assert failures() == before + 1
