"""Outings over HTTP: begin one, end it, see the latest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alarmcore.errors import OptionInvalid, ResidentUnknown
from alarmcore.model.outing import COMPANY_CHARS_MAX
from dashboard.api.callers import Caller, Callers
from dashboard.outings import OutingDesk

Resident = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="the resident's id in the site file")]
Tenant = Annotated[str | None, Query(max_length=63, description="whose resident, where a caller may see several tenants")]


def _plain(text: str) -> str:
    """One line of printable text: it is read out on screens and in messages."""
    said = " ".join(text.split())
    if not said or not said.isprintable():
        raise ValueError("must be a name or a few words on one line")
    return said


Until = Annotated[
    str | float | int,
    Field(description="a moment with its offset, epoch seconds, or a time as the municipality's clocks show it: `16:30`"),
]
Company = Annotated[
    str,
    Field(max_length=COMPANY_CHARS_MAX, description="who is along: a contact's id, or a name"),
    AfterValidator(_plain),
]


class OutingWanted(BaseModel):
    """Until when the person is out, and with whom."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    until: Until
    company: Annotated[Company, Field(alias="with")]


def outings_router(outings: OutingDesk, callers: Callers) -> APIRouter:
    """The routes of operators."""
    router = APIRouter(prefix="/api/v1/residents/{resident}/outing", tags=["outings"])
    operator = Depends(callers.operator)

    @router.get("")
    async def outing(resident: Resident, caller: Caller = operator, tenant: Tenant = None) -> dict[str, Any]:
        """The latest outing: `state` is `none`, `out`, `ended` (a person ended it) or `lapsed` (its time was over)."""
        return await outings.view(_tenant(outings, caller, tenant, resident), resident)

    @router.post("")
    async def begin(resident: Resident, wanted: OutingWanted, caller: Caller = operator, tenant: Tenant = None) -> dict[str, Any]:
        """Begin an outing, for 24 hours at most; one that lasts gives way to it.

        Until it is over, rules about where the person is find nothing. Presses, falls and everything else alarm as ever.
        """
        whose = _tenant(outings, caller, tenant, resident)
        return await outings.begin(whose, resident, wanted.until, wanted.company, caller.subject, "console")

    @router.delete("")
    async def end(resident: Resident, caller: Caller = operator, tenant: Tenant = None) -> dict[str, Any]:
        """End the outing. Who is outside then is found at once. Without an outing this changes nothing."""
        return await outings.end(_tenant(outings, caller, tenant, resident), resident, caller.subject, "console")

    return router


def _tenant(outings: OutingDesk, caller: Caller, asked: str | None, resident: str) -> str:
    """Whose resident is meant: the caller's own; without credentials the one that is asked for, or the only one there is.

    Raises:
        ResidentUnknown: another tenant's.
        OptionInvalid: there are several, and none was named.
    """
    if caller.tenant is not None:
        if asked not in {None, caller.tenant}:
            raise ResidentUnknown(resident)
        return caller.tenant
    known = list(outings.desk.sites)
    if asked is None and len(known) != 1:
        raise OptionInvalid("there are several tenants here; say which one with ?tenant=")
    return asked or known[0]
