"""The dead man's switch: a sign of life to a watcher outside, who raises the alarm when it no longer comes.

One empty HTTP POST to a URL that is a secret of the watcher's, as healthchecks.io and its like take it
(<https://healthchecks.io/docs/http_api/>). Nothing is ever sent when something is wrong: silence cannot be mistaken for life.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import httpx
import structlog

from alarmcore import metrics

log = structlog.get_logger(__name__)

TRY_S: Final = 10.0
"""For one sign of life: longer than a network that works ever needs."""

RETRY_S: Final = 5.0
"""Until the next try after one that failed; there is never more than one under way."""


class DeadMan:
    """Gives signs of life to `url`, at most one each `every_s`."""

    def __init__(self, url: str, every_s: float) -> None:
        # httpx logs every URL at INFO, and whoever knows this one can give our sign of life.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._url = url
        self._every_s = every_s
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=TRY_S)
        self._due_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._failing = False

    def beat(self) -> None:
        """All is well now: begin to say so, if it is time. Never waits, never raises."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._due_at or (self._task is not None and not self._task.done()):
            return
        self._due_at = loop.time() + self._every_s
        self._task = loop.create_task(self._ping(), name="alarmcore-dead-man")

    async def _ping(self) -> None:
        try:
            # httpx's own limits are per read: an answer that drips would never end.
            async with asyncio.timeout(TRY_S), self._client.stream("POST", self._url) as answer:
                why = "" if answer.is_success else f"it answered {answer.status_code}"
        except Exception as error:  # noqa: BLE001 - the type alone, since its text may carry the URL; nothing else may suffer by it
            why = type(error).__name__
        metrics.PINGS.labels("failed" if why else "heard").inc()
        if why:
            self._due_at = asyncio.get_running_loop().time() + min(RETRY_S, self._every_s)
        if why and not self._failing:
            log.warning("dead_man_not_reached", why=why, effect="the watcher outside will raise the alarm")
        elif self._failing and not why:
            log.info("dead_man_reached_again")
        self._failing = bool(why)

    async def close(self) -> None:
        """Give no more signs of life."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()
