"""The tasks that must not end while the service runs: one that does is said at once, and the service is no longer ready."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import structlog

from alarmcore.errors import fault

log = structlog.get_logger(__name__)


class Guard:
    """Watches tasks until `closing`. What has ended stands in `ended`, in plain words, until the process is started anew."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.closing = False

    def watch(self, task: asyncio.Task[Any] | None, what: str) -> None:
        """Watch one task."""
        if task is not None:
            task.add_done_callback(partial(self._done, what))

    def watch_named(self, prefix: str, what: str) -> None:
        """Watch all tasks whose names begin so: those of parts that keep theirs to themselves."""
        for task in asyncio.all_tasks():
            if task.get_name().startswith(prefix):
                self.watch(task, what)

    def _done(self, what: str, task: asyncio.Task[Any]) -> None:
        if self.closing:
            return
        error = None if task.cancelled() else task.exception()
        log.critical("task_ended", task=what, error=fault(error) if error else "it ended without an error")
        self.ended.append(f"{what} has stopped; start the service anew")


def unhandled(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error that nobody caught, for the loop's handler. Said without texts: asyncio's own may repeat what somebody sent."""
    del loop
    error = context.get("exception")
    log.critical("unhandled", error=fault(error) if isinstance(error, BaseException) else "no exception")
