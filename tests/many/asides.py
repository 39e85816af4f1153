"""What happens beside the tests of this folder: one story after the other, in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.servers.postgres import PostgresServer

Story = Callable[[Path, PostgresServer], Coroutine[Any, Any, None]]


class Asides:
    """Begun once somebody says so: not while the others' installation starts, which needs the processor itself."""

    def __init__(self, stories: Sequence[Story], tell: Callable[[Story], None]) -> None:
        self.stories = stories
        self.tell = tell
        self.pool = ThreadPoolExecutor(1, "aside")
        self.futures: dict[Story, Future[None]] = {}

    def begin(self) -> None:
        """From now on; a second time changes nothing."""
        if not self.futures:
            self.futures = {story: self.pool.submit(self.tell, story) for story in self.stories}

    def close(self) -> None:
        """Begin no other one, and wait for the one that is under way: nothing of it is left over."""
        self.pool.shutdown(cancel_futures=True)
