"""Signing in and out of the pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from alarmcore.model.site import Site
from alarmcore.ports import Clock
from dashboard.api.callers import Caller, Callers
from dashboard.api.problems import problem
from dashboard.credentials import PEOPLE, SignInLimit, signed_in


class Secret(BaseModel):
    """What an operator types in."""

    token: str = Field(min_length=1, max_length=200)


def session_router(callers: Callers, sites: dict[str, Site], clock: Clock) -> APIRouter:
    """The routes of the sign-in page."""
    router = APIRouter(prefix="/api/v1/session", tags=["session"])
    limit = SignInLimit()

    def shown(caller: Caller) -> dict[str, Any]:
        site = sites.get(caller.tenant or "") or next(iter(sites.values()), None)
        tenant = (
            {"id": site.tenant.id, "name": site.tenant.name, "language": site.tenant.language, "timezone": site.tenant.timezone}
            if site
            else None
        )
        return {"operator": caller.subject, "name": caller.name, "tenant": tenant, "open": caller.tenant is None}

    @router.get("")
    async def who(request: Request) -> dict[str, Any]:
        """Who is signed in."""
        return shown(await callers.operator(request))

    @router.post("")
    async def sign_in(given: Secret, request: Request) -> Response:
        """Sign in with a secret; too many wrong ones from one address are answered 429."""
        address, now = request.client.host if request.client else "", clock.now().timestamp()
        wait_s = limit.wait_s(address, now)
        if wait_s > 0:
            return problem(429, "too_many_tries", f"too many wrong sign-ins; try again in {wait_s:.0f} s")
        credential = await signed_in(callers.store, given.token.strip())
        if credential is None or credential.role not in PEOPLE:
            limit.failed(address, now)
            return problem(401, "not_allowed", "this secret opens nothing; ask for a new one")
        answer = JSONResponse(shown(Caller(credential.tenant, credential.role, credential.subject)))
        answer.set_cookie(callers.cookies.name, callers.cookies.issue(credential), **callers.cookies.attributes)
        return answer

    @router.delete("", status_code=204)
    async def sign_out() -> Response:
        """Forget the session."""
        answer = Response(status_code=204)
        answer.delete_cookie(callers.cookies.name, path="/")
        return answer

    return router
