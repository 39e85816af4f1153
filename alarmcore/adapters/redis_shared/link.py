"""The way to a Redis: every call is bounded in time, every failure is `Unavailable`, one that does not answer is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import structlog
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import PubSub
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from alarmcore.adapters.distrust import why_distrusted
from alarmcore.adapters.redis_shared.address import Address, parse
from alarmcore.errors import OptionInvalid, Unavailable

log = structlog.get_logger(__name__)

CALL_S: Final = 0.4
"""For one call, with its connecting: a fifth of a lease, within which one that hangs must be found out and done without."""

REST_S: Final = 0.5
"""After a call that failed, the others fail at once for this long: a Redis that hangs costs one wait now and then, not each
caller one."""

CALLS_MAX: Final = 8
"""Calls under way at once, each over a connection of its own; more wait for their turn, within the time of their call."""

LISTENERS_MAX: Final = 4
"""Connections for hearing messages: a process has one, and for a moment a second one in its place."""

REMEDY: Final = "name the file with that authority's certificate as ?ca=FILE in the URL of Redis"

RETRIES: Final = 1
"""A second try within the same time, since the first one may go over a connection that a restart of the server has cut."""


def open_redis(url: str, *, call_s: float = CALL_S, rest_s: float = REST_S) -> RedisLink:
    """The way to the Redis of a URL; connects when it is first used. Every URL can be read, also `redis+cluster://`.

    Raises:
        OptionInvalid: the URL cannot be used, or a file it names cannot be read.
    """
    return RedisLink(parse(url), call_s=call_s, rest_s=rest_s)


def script(name: str) -> str:
    """A script that the server runs as one step."""
    return (files(__package__) / "scripts" / f"{name}.lua").read_text("utf-8")


def key_of(installation: str, name: str) -> str:
    """A key or channel. All of an installation's lie in one slot of a cluster, so that a call may use several."""
    return f"alarmcore:{{{installation}}}:{name}"


class RedisLink:
    """One Redis, or one Redis Cluster. Names in its errors are hosts and ports, never credentials."""

    def __init__(self, address: Address, *, call_s: float = CALL_S, rest_s: float = REST_S) -> None:
        self.address = address
        self._call_s = call_s
        self._rest_s = rest_s
        self._client = _client(address, call_s)
        self._turns = asyncio.Semaphore(CALLS_MAX)
        self._resting_until = 0.0
        self._failing = False

    async def run(self, text: str, keys: list[str], *values: str | bytes | int) -> Any:
        """What a script returns. A flush forgets scripts as well, so its text goes with every call.

        Raises:
            Unavailable: the server does not answer, or cannot do it; whether it was done is not known.
        """
        return await self._bounded("EVAL", text, len(keys), *keys, *values)

    async def publish(self, channel: str, message: str) -> None:
        """Send a message to whoever has subscribed now.

        Raises:
            Unavailable: it may not have been sent.
        """
        await self._bounded("PUBLISH", channel, message)

    async def ping(self) -> None:
        """Ask whether it answers, also when it did not just now.

        Raises:
            Unavailable: it does not.
        """
        self._resting_until = 0.0
        # A script, as all the rest: a server on which it is not allowed is of no use.
        await self.run("return 1", [key_of("", "ping")])

    async def subscription(self) -> PubSub:
        """A connection of its own for hearing messages, not yet connected.

        Raises:
            Unavailable: no node of the cluster answers.
        """
        if isinstance(self._client, RedisCluster):
            await self._within(self._client.initialize())
        subscription: PubSub = self._client.pubsub()
        return subscription

    async def close(self) -> None:
        """Close all connections; what is under way fails."""
        try:
            async with asyncio.timeout(self._call_s):
                await self._client.aclose()
        except Exception:  # noqa: BLE001, S110 - the server does not answer: there is nobody to say goodbye to
            pass

    async def _bounded(self, *command: str | bytes | int) -> Any:
        loop = asyncio.get_running_loop()
        if loop.time() < self._resting_until:
            raise Unavailable(f"Redis at {self.address} could not be used just now; nothing waits for it")
        if self._failing:
            # One caller finds out how it is; the others need not wait with it.
            self._resting_until = loop.time() + self._call_s + self._rest_s
        try:
            answer = await self._within(self._in_turn(command))
        except Unavailable:
            self._resting_until = loop.time() + self._rest_s
            raise
        if self._failing:
            log.info("redis_answers_again", server=str(self.address))
        self._failing, self._resting_until = False, 0.0
        return answer

    async def _in_turn(self, command: tuple[str | bytes | int, ...]) -> Any:
        async with self._turns:
            return await self._client.execute_command(*command)

    async def _within(self, work: Coroutine[Any, Any, Any]) -> Any:
        why = ""
        try:
            async with asyncio.timeout(self._call_s):
                try:
                    return await work
                except Exception as error:  # noqa: BLE001 - whatever goes wrong in the client library, nobody may fail by it
                    # The type alone: a server's text may repeat what it was sent.
                    why = type(error).__name__
                    why = await self._distrusted(error) or why
        except TimeoutError as error:
            why = why or type(error).__name__
        if not self._failing:
            log.warning("redis_not_reached", server=str(self.address), why=why, effect="nothing waits for it")
        self._failing = True
        raise Unavailable(f"Redis at {self.address} cannot be used now ({why}); alarms go on without it")

    async def _distrusted(self, error: Exception) -> str | None:
        host, port = self.address.nodes[0]
        return await why_distrusted(error, host, port, REMEDY) if self.address.tls else None


def _client(address: Address, call_s: float) -> Redis | RedisCluster:
    for file in (address.ca, address.cert, address.key):
        if file is not None and not Path(file).is_file():
            raise OptionInvalid(f"{file}, which the Redis URL names, is no file; give its certificates or leave it out")
    shared: dict[str, Any] = {
        "username": address.user,
        "password": address.password,
        "socket_timeout": call_s,
        "socket_connect_timeout": call_s,
        "protocol": 2,  # nothing here needs more, and every server and stand-in speaks it
        "retry": Retry(NoBackoff(), RETRIES),
        "max_connections": CALLS_MAX + LISTENERS_MAX,
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
    }
    if address.tls:
        shared |= {"ssl": True, "ssl_ca_certs": address.ca, "ssl_certfile": address.cert, "ssl_keyfile": address.key}
    if not address.cluster:
        host, port = address.nodes[0]
        return Redis(host=host, port=port, db=address.number, **shared)
    nodes = [ClusterNode(host, port) for host, port in address.nodes]
    return RedisCluster(startup_nodes=nodes, **shared)
