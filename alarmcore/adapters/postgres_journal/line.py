"""One connection to the database, for one caller at a time; opened when it is needed, thrown away when it is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import asyncpg

from alarmcore.adapters.postgres_journal.address import Address
from alarmcore.adapters.postgres_journal.failures import ends_connection, explain, text_of
from alarmcore.adapters.postgres_journal.histories import History, history_of
from alarmcore.errors import OptionInvalid, Unavailable

T = TypeVar("T")

CONNECT_S: Final = 2.0
"""How long one host may take to let us in. A machine without power does not even refuse: the next host waits for this."""

AGREE_S: Final = 0.5
"""How long the other hosts have to answer once one can be written to. One without power costs each new connection this."""

STATEMENT_S: Final = 10
"""How long the server works on a statement: one that we have given up is not cancelled by us, since that would wait too."""

SETTINGS: Final = {
    "application_name": "alarmcore",
    "timezone": "UTC",
    "statement_timeout": f"{STATEMENT_S}s",
    # What a lost process left behind must hold no row for longer than its successor is ready to wait.
    "idle_in_transaction_session_timeout": "10s",
    "jit": "off",
}


async def connect(address: Address, settings: Mapping[str, str], first: int = 0) -> tuple[asyncpg.Connection[Any], int]:
    """A connection to the host that can be written to, and which one that is.

    All are asked at once. Of several that can be written to it is the one with the newest history; `first` if they are alike.

    Raises:
        Exception: what the last one said.
    """
    urls = address.each()
    places = [(first + step) % len(urls) for step in range(len(urls))]
    tasks = {place: asyncio.create_task(_open(urls[place], settings)) for place in places}
    kept: asyncpg.Connection[Any] | None = None
    try:
        await _some(set(tasks.values()))
        opened = {place: task.result() for place, task in tasks.items() if _succeeded(task)}
        if not opened:
            raise tasks[places[-1]].exception() or OptionInvalid(f"{address.shown} names no host")
        place = address.histories.newest_of({place: history for place, (_, history) in opened.items()})
        kept = opened[place][0]
        return kept, place
    finally:
        for task in tasks.values():
            task.add_done_callback(lambda task: _hang_up(task, kept))
            task.cancel()


async def _open(url: str, settings: Mapping[str, str]) -> tuple[asyncpg.Connection[Any], History | None]:
    try:
        return await _opened(url, settings)
    except Exception as error:
        await explain(error, url)
        raise


async def _opened(url: str, settings: Mapping[str, str]) -> tuple[asyncpg.Connection[Any], History | None]:
    async with asyncio.timeout(CONNECT_S):
        connection = await asyncpg.connect(
            url, timeout=CONNECT_S, target_session_attrs="read-write", server_settings={**SETTINGS, **settings}
        )
        try:
            return connection, await history_of(connection)
        except BaseException:
            connection.terminate()
            raise


async def _some(tasks: set[asyncio.Task[Any]]) -> None:
    """Until one has succeeded, and the others have had `AGREE_S` more, or all have ended."""
    left = tasks
    while left and not any(map(_succeeded, tasks)):
        _, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
    if left:
        await asyncio.wait(left, timeout=AGREE_S)


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _hang_up(task: asyncio.Task[Any], kept: asyncpg.Connection[Any] | None) -> None:
    """A connection that was made and is not used."""
    if _succeeded(task) and task.result()[0] is not kept:
        task.result()[0].terminate()


class Line:
    """Its connection is used by one at a time; the others wait. `opened` is awaited with each new one before anybody uses it."""

    def __init__(
        self,
        address: Address,
        settings: Mapping[str, str] | None = None,
        opened: Callable[[asyncpg.Connection[Any]], Awaitable[None]] | None = None,
    ) -> None:
        self.address = address
        self.settings = dict(settings or {})
        self.opened = opened
        self.lock = asyncio.Lock()
        self.connection: asyncpg.Connection[Any] | None = None
        self.host = 0

    async def use(self, work: Callable[[asyncpg.Connection[Any]], Awaitable[T]], within_s: float) -> T:
        """What `work` gives. After a failure that leaves in doubt what the server did, the connection is not used again.

        Raises:
            Unavailable: no connection could be made; `work` was not begun.
            TimeoutError: it was not done within `within_s`, waiting for the line included.
            Exception: what `work` raised.
        """
        async with asyncio.timeout(within_s), self.lock:
            connection = await self._ready()
            try:
                return await work(connection)
            except BaseException as error:
                if ends_connection(error):
                    self._drop()
                raise

    async def _ready(self) -> asyncpg.Connection[Any]:
        if self.connection is not None and not self.connection.is_closed():
            return self.connection
        self._drop()
        try:
            connection, self.host = await connect(self.address, self.settings, self.host)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise Unavailable(f"no database at {self.address.shown} can be written to ({text_of(error)}); try again") from error
        try:
            if self.opened is not None:
                await self.opened(connection)
        except BaseException:
            connection.terminate()
            raise
        self.connection = connection
        return connection

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.terminate()
            self.connection = None

    async def close(self) -> None:
        """Hang up; what is under way is cut off."""
        self._drop()
