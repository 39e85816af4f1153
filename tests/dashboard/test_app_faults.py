"""A fault of our own behind a route: answered as a problem, logged without what was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from alarmcore.model.site import Site
from dashboard.answers import AnswerLinks
from dashboard.api.app import app_of
from dashboard.api.callers import Callers
from dashboard.credentials import MemoryCredentials, SessionCookies


class Broken:
    """Fails at everything."""

    def __getattr__(self, name: str) -> Any:
        raise ZeroDivisionError("Karin Svensson, 58.3345")


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 14, tzinfo=UTC)

    def begin_at(self, at: datetime) -> None:
        raise AssertionError(f"nothing is to begin at {at}")


class BrokenDesk(Broken):
    """What the routes are built with is there; all that they ask for later fails."""

    def __init__(self, clock: StoppedClock) -> None:
        self.front = SimpleNamespace(clock=clock)
        self.sites: dict[str, Site] = {}


async def test_a_fault_of_ours_is_a_problem_and_its_log_names_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    broken = cast("Any", Broken())
    clock = StoppedClock()
    desk = cast("Any", BrokenDesk(clock))
    callers = Callers(MemoryCredentials(), SessionCookies(b"secret", clock.now, https=False), opened=True)
    app = app_of(desk=desk, hub=broken, callers=callers, links=AnswerLinks(b"x"), owned=broken, ready=list)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get("/api/v1/alarms")
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "internal"
        assert (await client.get("/health/live")).status_code == 200
    said = capsys.readouterr()
    assert "request_failed" in said.out
    assert "ZeroDivisionError" in said.out
    assert "Karin" not in said.out + said.err + answer.text
