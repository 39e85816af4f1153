"""An installation of several processes for tests: private PostgreSQL, Valkey and Mosquitto, and members that share them."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from dashboard.credentials import Role
from dashboard.stores.opening import open_stores
from dashboard.tokens import issue_token
from tests.servers import postgres, valkey
from tests.servers.books import Tables
from tests.servers.mosquitto import DURABLE, Mosquitto
from tests.servers.serving import Serving

STOPPED_WITHIN_S = 10.0


class Member(Serving):
    """One process of the installation; everything it keeps lies in the shared database.

    `database`, `redis`, `broker` stand for the addresses that it is given, where they are others than the installation's.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        *,
        roles: str = "",
        arguments: Sequence[str] = (),
        database: str = "",
        redis: str = "",
        broker: str = "",
    ) -> None:
        self.cluster = cluster
        self.name = name
        self.paused = False
        self.serves_pages = not roles or "web" in roles.split(",")
        shared = ["--database", database or cluster.database_url, "--mqtt-broker", broker or cluster.broker_url, "--name", name]
        if cluster.redis is not None:
            shared += ["--redis", redis or cluster.redis_url]
        if roles:
            shared += ["--roles", roles]
        super().__init__(cluster.folder / name, arguments=[*shared, *cluster.arguments, *arguments])
        self.sites = cluster.sites

    def token(self, role: Role, tenant: str, name: str) -> str:
        """A new secret, made beside the running service."""
        return self.cluster.token(role, tenant, name)

    @property
    def answers(self) -> bool:
        """Whether it lives and is not stopped in its tracks."""
        return self.alive and not self.paused

    def pause(self) -> None:
        """Stop it in its tracks."""
        os.kill(self.pid, signal.SIGSTOP)
        self.paused = True
        deadline = time.monotonic() + STOPPED_WITHIN_S
        while Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline, "it runs on"
            time.sleep(0.005)

    def resume(self) -> None:
        """Let it run on."""
        os.kill(self.pid, signal.SIGCONT)
        self.paused = False


class Cluster:
    """`members` are made with `member`; the first one that starts sets the database up with the sites."""

    def __init__(
        self,
        folder: Path,
        *sites: dict[str, Any],
        server: postgres.PostgresServer,
        broker: Mosquitto,
        redis: valkey.Valkey | None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.server = server
        self.broker = broker
        self.redis = redis
        self.arguments = list(arguments)
        self.name = server.create()
        self.database_url = server.url(self.name)
        self.broker_url = broker.url
        self.redis_url = redis.url if redis is not None else ""
        self.sites = Serving(folder / "sites", *sites).sites
        self.members: list[Member] = []
        self.turns = itertools.count()

    def member(self, name: str, **options: Any) -> Member:
        """Another process, not started yet."""
        one = Member(self, name, **options)
        self.members.append(one)
        return one

    def start(self, *members: Member) -> None:
        """Start several at once, or all of them."""
        wanted = members or tuple(self.members)
        with ThreadPoolExecutor(len(wanted)) as pool:
            list(pool.map(Member.start, wanted))

    @property
    def url(self) -> str:
        """Where HTTP is spoken: at one after the other of those that answer."""
        pages = [member for member in self.members if member.serves_pages and member.url]
        answering = [member for member in pages if member.answers] or pages
        return answering[next(self.turns) % len(answering)].url

    def client(self, secret: str | None = None) -> httpx.Client:
        """HTTP with a bearer token, at one of those that answer."""
        return next(one for one in self.members if one.serves_pages and one.answers).client(secret)

    def token(self, role: Role, tenant: str, name: str) -> str:
        """A new secret."""
        return self.tokens((role, tenant, name))[0]

    def tokens(self, *wanted: tuple[Role, str, str]) -> list[str]:
        """New secrets for some (role, tenant, name)."""

        async def issued() -> list[str]:
            async with open_stores(Path("nowhere"), self.database_url) as opened:
                return [await issue_token(opened.stores, *one, datetime.now(UTC)) for one in wanted]

        made: list[str] = postgres.in_thread(issued())
        return made

    # -- what the database says -------------------------------------------------------------------------------------------

    def rows(self, sql: str) -> list[Any]:
        """What the database holds."""
        return self.server.run(sql, database=self.name)

    @property
    def tables(self) -> Tables:
        """The same of several queries, all of one moment."""

        async def read(queries: Sequence[str]) -> list[list[Any]]:
            connection = await asyncpg.connect(self.server.url(self.name), timeout=postgres.RUN_WITHIN_S)
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    return [list(await connection.fetch(query)) for query in queries]
            finally:
                await connection.close()

        def tables(queries: Sequence[str]) -> list[list[Any]]:
            found: list[list[Any]] = postgres.in_thread(read(queries))
            return found

        return tables

    def owners(self) -> dict[str, str | None]:
        """Who owns each partition in which there is a tenant, as the database says."""
        return dict(self.rows("SELECT DISTINCT p.name, p.owner FROM partition p JOIN site ON site.partition = p.name"))

    def owner(self, tenant: str) -> Member | None:
        """The process that owns a tenant, as the database says."""
        ((name,),) = self.rows(f"SELECT owner FROM partition JOIN site ON partition = name WHERE tenant = '{tenant}'")  # noqa: S608
        return next((member for member in self.members if member.name == name), None)

    def fencing_tokens(self) -> dict[str, int]:
        """The newest one of each partition in which there is a tenant."""
        return dict(self.rows("SELECT DISTINCT p.name, p.token FROM partition p JOIN site ON site.partition = p.name"))

    def settled(self) -> bool:
        """Whether nothing waits to be told, and no entry of the inbox for an answer."""
        ((waiting,),) = self.rows("SELECT (SELECT count(*) FROM effect) + (SELECT count(*) FROM inbox WHERE answer IS NULL)")
        return not waiting

    def close(self) -> None:
        """End all members as a power cut would."""
        for member in self.members:
            member.kill()


@contextlib.contextmanager
def cluster(
    folder: Path,
    *sites: dict[str, Any],
    redis: bool = True,
    server: postgres.PostgresServer | None = None,
    broker: Callable[[Path], Mosquitto] | None = None,
    **options: Any,
) -> Iterator[Cluster]:
    """A cluster without members yet; all of it is gone afterwards, but for a database server that was given."""
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        own_server = stack.enter_context(postgres.running()) if server is None else server
        store = stack.enter_context(valkey.running(folder / "valkey")) if redis else None
        made_broker = Mosquitto(folder / "broker", extra=DURABLE) if broker is None else broker(folder / "broker")
        made_broker.start()
        stack.callback(made_broker.kill)
        made = Cluster(folder, *sites, server=own_server, broker=made_broker, redis=store, **options)
        stack.callback(made.close)
        yield made
