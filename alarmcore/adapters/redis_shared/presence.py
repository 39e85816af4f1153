"""Who is on a page, in Redis: what each web process has open, in two hashes, by the server's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from alarmcore.adapters.redis_shared.link import RedisLink, key_of, script
from alarmcore.errors import Unavailable

SHOW: Final = script("show")
SHOWN: Final = script("shown")
PRESENT: Final = script("present")

SHOWN_MAX: Final = 5_000
"""Alarms that one web process says it shows: more are on no screen that somebody reads. The rest count as not shown, so that
their chains go on."""

OPERATORS_MAX: Final = 5_000
"""Operators of one tenant that one web process says are there: more than sit at any of its pages."""

_names = msgspec.json.Decoder(dict[str, list[str]])


class RedisPresence:
    """Implements the port `Presence`. `installation` keeps several installations on one Redis apart."""

    def __init__(self, link: RedisLink, installation: str) -> None:
        self._link = link
        self._screens = key_of(installation, "screens")
        self._operators = key_of(installation, "operators")

    async def show(self, place: str, operators: Mapping[str, Sequence[str]], alarms: Sequence[str], for_s: float) -> None:
        """What a web process has open, in place of what it said before."""
        named = {tenant: list(islice(names, OPERATORS_MAX)) for tenant, names in operators.items()}
        # Each between line ends, so that no id is found inside another one.
        screens = "\n".join(("", *islice(alarms, SHOWN_MAX), ""))
        milliseconds = max(1, round(for_s * 1000))
        try:
            await self._link.run(SHOW, [self._screens, self._operators], place, milliseconds, screens, msgspec.json.encode(named))
        except Unavailable:
            return  # said again soon; until then nobody is told that a page is open, and chains go on

    async def on_screen(self, alarm: str) -> bool:
        """Whether an open page shows an alarm."""
        try:
            return bool(await self._link.run(SHOWN, [self._screens], f"\n{alarm}\n"))
        except Unavailable:
            return False

    async def operators(self, tenant: str) -> list[str]:
        """Operators of a tenant with an open page, in order."""
        try:
            said = await self._link.run(PRESENT, [self._operators])
        except Unavailable:
            return []
        return sorted({name for place in said for name in _names.decode(place).get(tenant, ())})
