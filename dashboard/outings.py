"""Outings as people begin, end and see them, whichever process decides about the person."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from alarmcore.bindings import stored_outing
from alarmcore.codecs.native import Moment, moment
from alarmcore.errors import AlarmUnknown, CommandRefused, OutingRefused, ReadingRejected, ResidentUnknown
from alarmcore.model.outing import BeginOuting, EndOuting, Outing, local_moment, unfit
from alarmcore.model.site import Resident, Site
from alarmcore.runner import Item
from alarmcore.watch import WHEREABOUTS
from dashboard.answers import AnswerView
from dashboard.desk import Desk, LinkDesk
from dashboard.views import company_name, name_of, stamp

WATCH: Final = "watch"
"""The machine that outings are part of."""


class OutingDesk:
    """What the API, the screens and the answer page ask about outings. Reads go through `tenant`, which is the caller's."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def found(self, tenant: str, resident: str) -> tuple[Site, Resident]:
        """A resident and their municipality.

        Raises:
            ResidentUnknown: nobody has this id there.
        """
        site = self.desk.sites.get(tenant)
        known = None if site is None else site.resident_by_id.get(resident)
        if site is None or known is None:
            raise ResidentUnknown(resident)
        return site, known

    async def latest(self, tenant: str, resident: str) -> Outing | None:
        """Somebody's latest outing, as it is stored.

        Raises:
            Unavailable: it cannot be read now.
        """
        data = await self.desk.books.state(WATCH, f"{tenant}/{resident}")
        return None if data is None else stored_outing(data)

    async def view(self, tenant: str, resident: str) -> dict[str, Any]:
        """Somebody's latest outing, as the API shows it.

        Raises:
            ResidentUnknown: nobody has this id there.
            Unavailable: it cannot be read now.
        """
        site, known = self.found(tenant, resident)
        return outing_view(await self.latest(tenant, resident), known, site)

    async def begin(self, tenant: str, resident: str, until: object, company: str, by: str, via: str) -> dict[str, Any]:
        """Begin an outing, or put another in the place of the one that lasts; how it then stands.

        Raises:
            ResidentUnknown: nobody has this id there.
            OutingRefused: it cannot last until then.
            Unavailable: it is not known to be kept; do it again.
        """
        site, _ = self.found(tenant, resident)
        end = until_of(until, site, self.desk.front.clock.now())
        ref = f"contact:{company}"
        company = ref if ref in site.recipient_by_ref else company
        await self._act(tenant, resident, BeginOuting(end, company, by, via))
        return await self.view(tenant, resident)

    async def end(self, tenant: str, resident: str, by: str, via: str) -> dict[str, Any]:
        """End the outing that lasts, if one does; how it then stands.

        Raises:
            ResidentUnknown: nobody has this id there.
            Unavailable: it is not known to be kept; do it again.
        """
        self.found(tenant, resident)
        await self._act(tenant, resident, EndOuting(by, via))
        return await self.view(tenant, resident)

    async def _act(self, tenant: str, resident: str, act: BeginOuting | EndOuting) -> None:
        refused = await self.desk.front.act(tenant, Item(WATCH, (tenant, resident), act))
        if refused is not None:
            raise OutingRefused(refused.code)


class LinkOutings(LinkDesk):
    """The same for recipients who come by their own link: whoever finds the person takes the alarm, and is with them."""

    def __init__(self, outings: OutingDesk) -> None:
        super().__init__(outings.desk)
        self.outings = outings

    async def view(self, tenant: str, alarm: str, recipient: str) -> AnswerView | None:
        """The alarm as this recipient may see it, and whether the person is out with somebody."""
        view = await super().view(tenant, alarm, recipient)
        if view is None or view.cause not in WHEREABOUTS:
            return view
        outing = await self.outings.latest(tenant, view.resident)
        if outing is None or not outing.lasts:
            return view
        site = self.desk.sites[tenant]
        mine = outing.by == recipient
        return replace(view, outing_until=outing.until, outing_with=company_name(outing.company, site), outing_mine=mine)

    async def accompany(self, tenant: str, alarm: str, recipient: str, until: datetime) -> None:
        """Take the alarm, then begin the outing: nobody is out with a person whose alarm is somebody else's."""
        view = await self.view(tenant, alarm, recipient)
        if view is None:
            raise AlarmUnknown(alarm)
        if view.cause not in WHEREABOUTS:
            raise CommandRefused(f"alarm {alarm} is not about where the person is; take it, or resolve it")
        refused = unfit(until, self.desk.front.clock.now())
        if refused is not None:
            raise OutingRefused(refused)
        await self.desk.act(alarm, tenant, recipient, "take", via="link")
        await self.outings.begin(tenant, view.resident, until.timestamp(), recipient, recipient, "link")

    async def bring_back(self, tenant: str, alarm: str, recipient: str) -> None:
        """End the outing that this recipient has begun: whoever else takes the person out is asked by nobody's old link."""
        view = await self.view(tenant, alarm, recipient)
        if view is None:
            raise AlarmUnknown(alarm)
        if view.outing_until is None:
            return
        if not view.outing_mine:
            raise CommandRefused(f"the outing of alarm {alarm} is somebody else's; ask the alarm centre to end it")
        await self.outings.end(tenant, view.resident, recipient, "link")


def until_of(value: object, site: Site, now: datetime) -> datetime:
    """When an outing is to be over: a moment with its offset, epoch seconds, or a time as the municipality's clocks show it.

    Raises:
        OutingRefused: it is none of these.
    """
    found = local_moment(value, site.tenant.tz, now) if isinstance(value, str) else None
    if found is None and not isinstance(value, str):
        try:
            given = msgspec.convert(value, Moment)
            found = None if given is None else moment(given)
        except (msgspec.ValidationError, ReadingRejected):
            found = None
    if found is None:
        raise OutingRefused("outing_unreadable")
    return found


def outing_view(outing: Outing | None, resident: Resident, site: Site) -> dict[str, Any]:
    """An outing as the API shows it: `state` is `none`, `out`, `ended` (by a person) or `lapsed`."""
    view: dict[str, Any] = {"tenant": site.tenant.id, "resident": resident.id, "resident_name": resident.name, "state": "none"}
    if outing is None:
        return view
    return view | {
        "state": "out" if outing.lasts else "ended" if outing.ended_by else "lapsed",
        "with": outing.company,
        "with_name": company_name(outing.company, site),
        "begun_at": stamp(outing.begun_at),
        "begun_by": outing.by,
        "begun_by_name": name_of(outing.by, site),
        "until": stamp(outing.until),
        "ended_at": None if outing.ended_at is None else stamp(outing.ended_at),
        "ended_by": outing.ended_by or None,
        "ended_by_name": name_of(outing.ended_by or None, site),
    }
