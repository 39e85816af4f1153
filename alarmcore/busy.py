"""Overload is answered and seen: every limit that turns something away counts it here, under one word, and says so now and then.

The words are a closed list; `docs/limits.md` says of each what its sender hears and what to do.
"""

from __future__ import annotations

import time
from typing import Final

import structlog

from alarmcore import metrics

log = structlog.get_logger(__name__)

LIMITS: Final = frozenset(
    {
        "telemetry",  # readings that wait for a commit
        "presses",  # presses and falls that do
        "acts",  # people's acts that do
        "inbox",  # readings and acts that wait for their owner's answer
        "facts",  # results for other owners
        "connections",  # MQTT clients of this process
        "sessions",  # MQTT clients of one device
        "room",  # MQTT clients are not read from for a while
        "sign_ins",  # MQTT clients that wait for the gate
        "slow_clients",  # MQTT clients that do not read what they are told
        "confirmations",  # confirmations that wait for the broker
        "requests",  # HTTP requests under way
        "bodies",  # bytes of their bodies
        "slow_bodies",  # bodies that do not come to an end
        "screens",  # open screens of this process, or of one tenant
        "slow_screens",  # screens that do not read
        "tellings",  # tellings that wait in this process
        "places",  # tellings that waited too long for a place at their receiver
    }
)
"""Every limit that has an answer of its own."""

SAID_S: Final = 10.0
"""A limit that turns things away says so at once and then at most this often: a flood must not become one of log lines."""


class Seldom:
    """Something that may happen thousands of times a second and is worth one log line."""

    __slots__ = ("_at", "_since")

    def __init__(self) -> None:
        self._at = float("-inf")
        self._since = 0

    def times(self, count: int = 1) -> int:
        """It has happened: 0 while it is too early to say so again, else how often it has since it was said last."""
        now = time.monotonic()
        self._since += count
        if now - self._at < SAID_S:
            return 0
        times, self._at, self._since = self._since, now, 0
        return times


_said: Final = {limit: Seldom() for limit in LIMITS}
_counters: Final = {limit: metrics.BUSY.labels(limit) for limit in LIMITS}


def turned_away(limit: str, count: int = 1, **about: str) -> None:
    """Count what a limit has turned away or held back; `about` are ids for the log line, if there is one."""
    _counters[limit].inc(count)
    times = _said[limit].times(count)
    if times:
        log.warning("busy", limit=limit, times=times, **about)
