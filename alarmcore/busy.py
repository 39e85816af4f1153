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


class _Said:
    """When a limit was last spoken of, and what it has turned away since."""

    __slots__ = ("at", "since")

    def __init__(self) -> None:
        self.at = float("-inf")
        self.since = 0


_said: Final = {limit: _Said() for limit in LIMITS}
_counters: Final = {limit: metrics.BUSY.labels(limit) for limit in LIMITS}


def turned_away(limit: str, count: int = 1, **about: str) -> None:
    """Count what a limit has turned away or held back; `about` are ids for the log line, if there is one."""
    _counters[limit].inc(count)
    said, now = _said[limit], time.monotonic()
    said.since += count
    if now - said.at >= SAID_S:
        log.warning("busy", limit=limit, times=said.since, **about)
        said.at, said.since = now, 0
