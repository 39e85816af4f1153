"""What has been learned of residents, over HTTP: of one, and the list of all with what has drifted."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from alarmcore.errors import OptionInvalid, ResidentUnknown
from dashboard.api.callers import Caller, Callers
from dashboard.usual import UsualDesk, learned_view, listed_view

ID = r"^[a-z0-9][a-z0-9_-]{0,62}$"

Resident = Annotated[str, Path(pattern=ID, description="the resident's id in the site file")]
Tenant = Annotated[str | None, Query(max_length=63, description="whose residents, where a caller may see several tenants")]
After = Annotated[str, Query(max_length=63, description="`next` of the page before")]


def usual_router(usual: UsualDesk, callers: Callers) -> APIRouter:
    """The routes of operators and administrators."""
    router = APIRouter(prefix="/api/v1", tags=["usual"])
    operator = Depends(callers.operator)

    @router.get("/residents/{resident}/usual")
    async def learned(resident: Resident, caller: Caller = operator, tenant: Tenant = None) -> dict[str, Any]:
        """What is usual for a person by hour of the day, the limits that would hold, and what has drifted over weeks.

        Each look is logged.
        """
        return learned_view(await usual.learned(whose(usual, caller, tenant), resident, caller.subject))

    @router.get("/usual")
    async def listed(caller: Caller = operator, tenant: Tenant = None, after: After = "") -> dict[str, Any]:
        """Residents of whom something is learned, and of whom it has drifted: a notice to the planner, never an alarm.

        As long as `next` is not null more follow.
        """
        return listed_view(await usual.listed(whose(usual, caller, tenant), caller.subject, after))

    return router


def whose(usual: UsualDesk, caller: Caller, asked: str | None) -> str:
    """Whose residents are meant: the caller's own; without credentials those that are asked for, or the only ones there are.

    Raises:
        ResidentUnknown: another tenant's.
        OptionInvalid: there are several, and none was named.
    """
    if caller.tenant is not None:
        if asked not in {None, caller.tenant}:
            raise ResidentUnknown(asked)
        return caller.tenant
    known = list(usual.desk.sites)
    if asked is None and len(known) != 1:
        raise OptionInvalid("there are several tenants here; say which one with ?tenant=")
    return asked or known[0]
