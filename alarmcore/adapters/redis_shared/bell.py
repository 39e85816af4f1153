"""Rings between processes by Redis's pub/sub: a hint that there is something to read, never the thing itself.

One task sends, one hears; both begin again by themselves. After every new connection all that is listened for counts as rung,
since something may have been rung meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Any, Final

import structlog
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from alarmcore.adapters.alone import AloneBell
from alarmcore.adapters.redis_shared.link import RedisLink, key_of
from alarmcore.errors import Unavailable, fault

log = structlog.get_logger(__name__)

GAP_S: Final = 0.01
"""Between two rounds of sending: whoever rings for each commit of a busy worker wakes others a hundred times a second at most."""

SILENCE_S: Final = 2.0
"""After so much silence we ask whether the server is there still; after as much again without an answer we connect anew."""

AGAIN_S: Final = 1.0
"""Before a lost connection is made again, with up to as much again by chance, so that not all processes come in one instant."""

TOPICS_MAX: Final = 1_000
"""Topics waited for, or rung and not yet sent: an installation has a few dozen. What is beyond is neither heard nor sent at once;
whoever waits looks now and then anyway."""

CANCELS_MAX: Final = 20
"""A cancellation that comes just as the client under us ends a write is lost (`asyncio.wait_for` before Python 3.12): it is said
again."""

CANCEL_S: Final = 0.1
"""Until a cancellation is said again."""


class RedisBell:
    """Implements the port `Bell`. Rings of this very process are heard in it without Redis, too."""

    def __init__(self, link: RedisLink, installation: str, *, silence_s: float = SILENCE_S, again_s: float = AGAIN_S) -> None:
        self._link = link
        self._prefix = key_of(installation, "bell:")
        self._silence_s = silence_s
        self._again_s = again_s
        self._near = AloneBell()
        self._name = secrets.token_hex(8)
        self._unsent: dict[str, None] = {}
        self._topics: set[str] = set()
        self._to_send, self._to_hear = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.hearing = False
        """Whether rings of other processes are heard now."""

    def start(self) -> None:
        """Begin to send and to hear; before that, rings are heard in this process only."""
        self._tasks = [
            asyncio.create_task(self._send(), name="alarmcore-bell-send"),
            asyncio.create_task(self._hear(), name="alarmcore-bell-hear"),
        ]

    async def close(self) -> None:
        """Send and hear no more."""
        left = set(self._tasks)
        for _ in range(CANCELS_MAX):
            if left:
                for task in left:
                    task.cancel()
                _, left = await asyncio.wait(left, timeout=CANCEL_S)
        self._tasks = []

    def ring(self, topic: str) -> None:
        """Ring; never waits and never fails."""
        self._near.ring(topic)
        if len(self._unsent) < TOPICS_MAX:
            self._unsent[topic] = None
            self._to_send.set()

    async def heard(self, topics: Sequence[str], within_s: float) -> None:
        """Return when one of the topics has been rung since the last call for it, or after `within_s`."""
        new = set(topics) - self._topics
        if new and len(self._topics) < TOPICS_MAX:
            self._topics |= new
            self._to_hear.set()
        await self._near.heard(topics, within_s)

    # -- sending ----------------------------------------------------------------------------------------------------------

    async def _send(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            topics, self._unsent = list(self._unsent), {}
            try:
                for topic in topics:
                    await self._link.publish(self._prefix + topic, self._name)
            except Unavailable:
                pass  # a ring may be lost: whoever waits looks now and then anyway
            except Exception as error:  # noqa: BLE001 - a task that ended would never send again
                log.error("bell_not_sent", error=fault(error))  # noqa: TRY400 - its text may hold what was sent
            await asyncio.sleep(GAP_S)

    # -- hearing ----------------------------------------------------------------------------------------------------------

    async def _hear(self) -> None:
        while True:
            await self._to_hear.wait()  # nobody listens yet
            subscription: PubSub | None = None
            try:
                subscription = await self._link.subscription()
                await self._listen(subscription)
            except (Unavailable, RedisError, OSError, TimeoutError) as error:
                log.info("bell_lost", why=type(error).__name__, effect="others' rings are not heard until it is back")
            except Exception as error:  # noqa: BLE001 - a task that ended would never hear again
                log.error("bell_failed", error=fault(error))  # noqa: TRY400 - its text may hold what was sent
            finally:
                if subscription is not None:
                    await _closed(subscription)
            self._to_hear.set()
            await asyncio.sleep(self._again_s * (1 + secrets.randbelow(1000) / 1000))

    async def _listen(self, subscription: PubSub) -> None:
        """Hear until the connection is lost.

        Raises:
            RedisError: it is.
            OSError: it is.
            TimeoutError: nothing at all comes any more.
        """
        subscribed: set[str] = set()
        asked = False
        reading: asyncio.Task[Any] | None = None
        try:
            while True:
                self._to_hear.clear()
                if new := self._topics - subscribed:
                    async with asyncio.timeout(self._silence_s):
                        await subscription.subscribe(*(self._prefix + topic for topic in new))
                    subscribed |= new
                reading = reading or asyncio.create_task(subscription.get_message(timeout=self._silence_s))
                await self._until_done_or_new(reading)
                if reading.done():
                    asked = await self._taken(subscription, reading.result(), asked=asked)
                    reading = None
        finally:
            self.hearing = False
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _until_done_or_new(self, reading: asyncio.Task[Any]) -> None:
        wanting = asyncio.create_task(self._to_hear.wait())
        try:
            await asyncio.wait({reading, wanting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            wanting.cancel()
            await asyncio.gather(wanting, return_exceptions=True)

    async def _taken(self, subscription: PubSub, message: dict[str, Any] | None, *, asked: bool) -> bool:
        """Pass a message on, or ask in the silence; whether we have asked and not been answered."""
        if message is not None:
            # "subscribe": from now on it is heard, perhaps over a connection that was made anew; it may have been rung meanwhile.
            if message["type"] == "subscribe" or (message["type"] == "message" and message["data"] != self._name.encode()):
                self.hearing = True
                self._near.ring(message["channel"].decode("utf-8").removeprefix(self._prefix))
            return False
        if asked:
            raise TimeoutError
        async with asyncio.timeout(self._silence_s):
            await subscription.ping()
        return True


async def _closed(subscription: PubSub) -> None:
    try:
        async with asyncio.timeout(1.0):
            await subscription.aclose()  # type: ignore[no-untyped-call]
    except (RedisError, OSError, TimeoutError):
        pass  # it is gone already
