"""A task that ends although it must not is said, and stands in the way of readiness."""

from __future__ import annotations

import asyncio
from typing import Any

from structlog.testing import capture_logs

from dashboard.guard import Guard, unhandled


async def fails() -> None:
    raise ZeroDivisionError("Karin Svensson")


async def ended(guard: Guard, work: Any, what: str = "keeping alarms") -> list[Any]:
    task = asyncio.create_task(work)
    guard.watch(task, what)
    with capture_logs() as logs:
        await asyncio.wait([task])
        await asyncio.sleep(0)
    return logs


async def test_a_task_that_fails_is_said_with_what_failed_and_nothing_that_somebody_sent() -> None:
    guard = Guard()
    (line,) = await ended(guard, fails())
    assert (line["log_level"], line["event"], line["task"]) == ("critical", "task_ended", "keeping alarms")
    assert line["error"].startswith("ZeroDivisionError at test_guard.py")
    assert "Karin" not in str(line)
    assert guard.ended == ["keeping alarms has stopped; start the service anew"]


async def test_a_task_that_just_ends_or_is_cancelled_is_said_too() -> None:
    guard = Guard()
    await ended(guard, asyncio.sleep(0), "one")
    waiting = asyncio.create_task(asyncio.Event().wait())
    guard.watch(waiting, "two")
    waiting.cancel()
    await asyncio.wait([waiting])
    await asyncio.sleep(0)
    assert [text.split()[0] for text in guard.ended] == ["one", "two"]


async def test_at_the_end_all_tasks_may_end() -> None:
    guard = Guard()
    guard.closing = True
    assert await ended(guard, fails()) == []
    assert guard.ended == []


async def test_tasks_are_found_by_their_names() -> None:
    guard = Guard()
    mine = asyncio.create_task(asyncio.sleep(0), name="mqtt-session-presses")
    other = asyncio.create_task(asyncio.sleep(0), name="another")
    guard.watch_named("mqtt-session-", "hearing the MQTT broker")
    await asyncio.wait([mine, other])
    await asyncio.sleep(0)
    assert guard.ended == ["hearing the MQTT broker has stopped; start the service anew"]


async def test_an_error_that_nobody_caught_is_said_by_its_type_and_place() -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(unhandled)

    def breaks() -> None:
        raise ZeroDivisionError("Karin Svensson")

    with capture_logs() as logs:
        loop.call_soon(breaks)
        await asyncio.sleep(0.01)
    assert [line["event"] for line in logs] == ["unhandled"]
    assert logs[0]["error"].startswith("ZeroDivisionError at test_guard.py")
    assert "Karin" not in str(logs)
