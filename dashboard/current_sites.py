"""The sites of an installation as they are stored now: read at the start, and again whenever somebody has imported one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
import structlog

from alarmcore import metrics
from alarmcore.errors import AlarmcoreError, SiteInvalid, Unavailable, fault
from alarmcore.model.alarm import Slot
from alarmcore.model.site import Site
from alarmcore.sitefile.stored import stored_site
from dashboard.stores import Stores
from dispatch.binding import ChainMachine
from dispatch.chain import ChainState
from dispatch.plan import ChainBook, chain_book

log = structlog.get_logger(__name__)

PLACES_MAX: Final = 5
"""Mistakes of a site that are named; `alarmcore check` says them all."""


class Chosen(msgspec.Struct, frozen=True):
    """Some tenants' sites as they stood at one moment, and the revision of each."""

    sites: tuple[Site, ...]
    revisions: dict[str, int]


class Refused(msgspec.Struct, frozen=True):
    """The newest revision of a site, if it cannot be used here, and why."""

    revision: int
    why: str


class CurrentSites:
    """`sites`, `books` (their chains) and `partitions` are by tenant, and the same dictionaries all along.

    `fit` raises what is wrong with a site that can be read and must not be used. A newer site that cannot be used leaves the one
    before in its place, and stands in `refused`. A tenant that somebody has taken out of the database stays until the end.
    """

    def __init__(self, stores: Stores, usable: frozenset[str], fit: Callable[[Site], None]) -> None:
        self.stores = stores
        self.usable = usable
        self.fit = fit
        self.sites: dict[str, Site] = {}
        self.books: dict[str, ChainBook] = {}
        self.partitions: dict[str, str] = {}
        self.revisions: dict[str, int] = {}
        self.refused: dict[str, Refused] = {}
        self.looking = asyncio.Lock()
        self.missed: Callable[[], None] = lambda: None
        self._decode = ChainMachine(self.books.__getitem__).decode

    async def begin(self) -> None:
        """Read all sites.

        Raises:
            SiteInvalid, OptionInvalid: one of them cannot be used.
            Unavailable: they cannot be read now.
        """
        for tenant, revision in (await self.stores.revisions()).items():
            self.partitions[tenant] = revision.partition
            await self._read(tenant, revision.number)

    async def look(self) -> None:
        """Read those that are newer than what is here. One document is in memory at a time: those of a country are gigabytes.

        Raises:
            Unavailable: they cannot be read now; those that were stay.
        """
        async with self.looking:
            for tenant, revision in (await self.stores.revisions()).items():
                self.partitions[tenant] = revision.partition
                refused = self.refused.get(tenant)
                if revision.number not in {self.revisions.get(tenant), refused and refused.revision}:
                    await self._try(tenant, revision.number)

    async def _try(self, tenant: str, revision: int) -> None:
        """Read a site, or say why it cannot be used."""
        try:
            await self._read(tenant, revision)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - of a newer version, most likely; the site before serves on
            why = said(error)
            self.refused[tenant] = Refused(revision, why)
            log.error("site_refused", tenant=tenant, revision=revision, why=why, effect=self._instead(tenant))  # noqa: TRY400
        else:
            self.refused.pop(tenant, None)
            log.info("site_read", tenant=tenant, revision=revision, residents=len(self.sites[tenant].residents))
        metrics.SITES_REFUSED.set(len(self.refused))

    def _instead(self, tenant: str) -> str:
        return "the one before stays in use" if tenant in self.sites else "nobody of this tenant is watched from here"

    async def _read(self, tenant: str, revision: int) -> None:
        document = (await self.stores.documents([tenant])).get(tenant)
        if document is None:
            return
        # On a thread: ten thousand persons take a while, and presses go on.
        site = await asyncio.to_thread(stored_site, document, tenant)
        self.fit(site)
        book = chain_book(site, self.usable)
        self.sites[tenant], self.books[tenant], self.revisions[tenant] = site, book, revision

    def of(self, partition: str) -> Chosen:
        """The sites of a partition's tenants, as far as they can be used."""
        tenants = [tenant for tenant in self.sites if self.partitions[tenant] == partition]
        return Chosen(tuple(self.sites[one] for one in tenants), {one: self.revisions[one] for one in tenants})

    def decode_chain(self, slot: Slot, data: bytes) -> ChainState | None:
        """The chain of an alarm on the site of today; None where the tenant is not known here (yet)."""
        return self._decode(slot, data) if self.known(slot.tenant) is not None else None

    def known(self, tenant: str) -> Site | None:
        """A tenant's site. Of one that another process knows and this one does not, it is asked for at once."""
        site = self.sites.get(tenant)
        if site is None:
            self.missed()
        return site

    def notices(self) -> list[str]:
        """What somebody should know of, in plain words; nothing stands still for it."""
        return [
            f"the site of {tenant} that was imported last cannot be used here, {self._instead(tenant)}: {one.why}"
            for tenant, one in self.refused.items()
        ]


def said(error: Exception) -> str:
    """Why a site cannot be used: of its mistakes the places, since their texts may repeat what stands there."""
    if isinstance(error, SiteInvalid):
        places = [mistake.path for mistake in error.mistakes if not mistake.warning]
        return f"{error} ({', '.join(places[:PLACES_MAX])}{', …' if len(places) > PLACES_MAX else ''})"
    return str(error) if isinstance(error, AlarmcoreError) else fault(error)
