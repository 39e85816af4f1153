"""What brokers ask over HTTP: may this device come in, may it publish or hear that? For EMQX and mosquitto-go-auth alike."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from alarmcore import metrics
from alarmcore.ports import Clock
from dashboard.api.callers import Callers
from dashboard.api.problems import problem
from dashboard.broker_gate import BrokerGate
from dashboard.permits import ACCESS, may


class Asked(msgspec.Struct):
    """Who wants what. Anything may be missing or of the wrong type; what a broker adds is left alone."""

    username: Any = None
    password: Any = None
    clientid: Any = None
    topic: Any = None
    action: Any = None
    acc: Any = None


_asked = msgspec.json.Decoder(Asked).decode


def brokers_router(callers: Callers, clock: Clock) -> APIRouter:
    """The routes of brokers. What is asked is not logged: it holds secrets, and says who is where."""
    router = APIRouter(prefix="/api/v1/broker", tags=["brokers"])
    gate = BrokerGate(callers.store, opened=callers.opened)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        """Whether a device may come in: `username` (TENANT/DEVICE), `password`, `clientid`. Answered 200 either way."""
        await callers.broker(request)
        asked = await question(request)
        if asked is None:
            return unreadable()
        now = clock.now().timestamp()
        found = await gate.sign_in(text(asked.username), text(asked.password), text(asked.clientid), now)
        metrics.BROKER_ASKED.labels("sign_in", found).inc()
        return answer(allowed=found == "allow")

    @router.post("/may")
    async def allowed(request: Request) -> Response:
        """Whether a device may do this: `username`, `topic`, `action` (publish, subscribe) or `acc` (1, 2, 4). 200 either way."""
        await callers.broker(request)
        asked = await question(request)
        if asked is None:
            return unreadable()
        wanted = asked.action if asked.acc is None else asked.acc
        found = may(text(asked.username), ACCESS.get(wanted) if type(wanted) in {str, int} else None, text(asked.topic))
        metrics.BROKER_ASKED.labels("may", "allow" if found else "deny").inc()
        return answer(allowed=found)

    return router


async def question(request: Request) -> Asked | None:
    """What is asked; None where it cannot be read."""
    try:
        return _asked(await request.body())
    except (msgspec.DecodeError, RecursionError):
        return None


def text(value: Any) -> str:
    """What was said, if it is text."""
    return value if isinstance(value, str) else ""


def answer(*, allowed: bool) -> Response:
    """In the words of EMQX and of mosquitto-go-auth. A refusal says no more than that."""
    return JSONResponse({"result": "allow" if allowed else "deny", "Ok": allowed, "Error": ""})


def unreadable() -> Response:
    """For whoever sets the broker up."""
    return problem(400, "not_json", "the body is no JSON object; let the broker send JSON (content-type application/json)")
