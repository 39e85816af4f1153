"""Alarms over HTTP: lists, one with its timeline, and what people do about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from alarmcore.model.reasons import OUTCOMES
from alarmcore.ports import Quarantined
from dashboard.api.callers import Caller, Callers
from dashboard.desk import Desk, seen
from dashboard.views import stamp

Outcome = Literal["helped", "no_need", "false_alarm", "test", "moved_to_112", "technical", "other"]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Note(BaseModel):
    """Something to be remembered about the alarm."""

    text: Text


class Resolution(BaseModel):
    """How the alarm ended."""

    outcome: Outcome
    text: Text | None = None


def alarms_router(desk: Desk, callers: Callers) -> APIRouter:
    """The routes of operators."""
    router = APIRouter(prefix="/api/v1", tags=["alarms"])
    operator = Depends(callers.operator)
    _add_lists(router, desk, operator)
    _add_acts(router, desk, operator)
    return router


def _add_lists(router: APIRouter, desk: Desk, operator: Any) -> None:

    @router.get("/alarms")
    async def alarms(
        caller: Caller = operator,
        state: Literal["open", "resolved"] = "open",
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[str | None, Query(max_length=32)] = None,
    ) -> dict[str, Any]:
        """`open`: everything not resolved, all of it. `resolved`: the newest first, `next` to be given as `before`."""
        if state == "open":
            alarms = await desk.open(caller.tenant)
            seen(alarms, caller.subject, caller.tenant)
            return {"items": [desk.view(alarm) for alarm in alarms], "next": None}
        found = await desk.books.alarms(caller.tenant, opened=False, limit=limit, before=before)
        seen(found, caller.subject, caller.tenant)
        following = found[-1].id if len(found) == limit else None
        return {"items": [desk.view(alarm) for alarm in found], "next": following}

    @router.get("/alarms/{alarm_id}")
    async def alarm(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """One alarm with its timeline, zones and chain."""
        return await desk.detail(alarm_id, caller.tenant, caller.subject)

    @router.get("/alarms/{alarm_id}/track")
    async def track(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """Where the person has been while the alarm is open: positions, the last confirmed one, speed, direction.

        `good` positions contradict nothing that is believed, and are what the last confirmed one, speed and direction rest on.
        Once the alarm is resolved there is none.
        """
        return await desk.track(alarm_id, caller.tenant, caller.subject)

    @router.get("/quarantine")
    async def quarantine(caller: Caller = operator, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> dict[str, Any]:
        """Readings that could not be used, the newest first."""
        found = await desk.books.quarantined(caller.tenant, limit)
        return {"items": [quarantined_view(one) for one in found], "next": None}


def _add_acts(router: APIRouter, desk: Desk, operator: Any) -> None:
    @router.post("/alarms/{alarm_id}/take")
    async def take(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """Take responsibility. 409 names who has it already."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "take")

    @router.post("/alarms/{alarm_id}/decline")
    async def decline(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """Say that one cannot help (or, for who has taken it, can no longer)."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "decline")

    @router.post("/alarms/{alarm_id}/arrive")
    async def arrive(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """Say that somebody is with the person."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "arrive")

    @router.post("/alarms/{alarm_id}/escalate")
    async def escalate(alarm_id: str, caller: Caller = operator) -> dict[str, Any]:
        """Tell the next link at once."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "escalate")

    @router.post("/alarms/{alarm_id}/note")
    async def note(alarm_id: str, given: Note, caller: Caller = operator) -> dict[str, Any]:
        """Add a note to the timeline."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "note", text=given.text)

    @router.post("/alarms/{alarm_id}/resolve")
    async def resolve(alarm_id: str, given: Resolution, caller: Caller = operator) -> dict[str, Any]:
        """End the alarm, saying how."""
        return await desk.act(alarm_id, caller.tenant, caller.subject, "resolve", outcome=given.outcome, text=given.text)


def quarantined_view(one: Quarantined) -> dict[str, Any]:
    """A reading that could not be used, as an operator sees it."""
    return {
        "received_at": stamp(one.received_at),
        "tenant": one.tenant,
        "device": one.device,
        "kind": one.kind,
        "reason": one.reason,
        "field": one.field,
        "payload": one.payload.decode("utf-8", "replace"),
    }


assert set(OUTCOMES) == set(Outcome.__args__), "the API offers exactly the vocabulary's outcomes"  # type: ignore[attr-defined]  # noqa: S101
