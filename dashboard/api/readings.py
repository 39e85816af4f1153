"""Readings over HTTP: our own dialect, and OwnTracks'. Answered after the commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from alarmcore.codecs.native import objects
from alarmcore.codecs.owntracks import messages
from alarmcore.errors import ReadingRejected
from alarmcore.front import Front
from alarmcore.intake import Raw, Verdict
from alarmcore.ports import Clock
from dashboard.api.callers import Callers
from dashboard.api.problems import problem

BODY_MAX: Final = 8 * 1024 * 1024
"""Bytes of one body: a device's whole backlog fits, a mistake does not fill our memory."""

READINGS_MAX: Final = 10_000
"""Readings in one body, for the same reason."""


class Whose(msgspec.Struct):
    """What a reading over HTTP says besides itself. Anything may be missing or of the wrong type."""

    tenant: Any = None
    device: Any = None
    kind: Any = None


class Topic(msgspec.Struct):
    """The topic under which the app would have published a message."""

    topic: Any = None


_whose = msgspec.json.Decoder(Whose).decode
_encode = msgspec.json.Encoder().encode


def raw_of(payload: bytes, principal: str | None, now: datetime) -> Raw:
    """One reading of a body. What does not say whose it is belongs to whoever signed in."""
    try:
        whose = _whose(payload)
    except msgspec.DecodeError:
        whose = Whose()
    tenant, _, device = (principal or "/").partition("/")
    return Raw(
        whose.tenant if isinstance(whose.tenant, str) else tenant,
        whose.device if isinstance(whose.device, str) else device,
        whose.kind if isinstance(whose.kind, str) else "",
        payload,
        now,
        principal=principal,
    )


async def body_of(request: Request) -> bytes | None:
    """The body, or None when it is too large."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > BODY_MAX:
            return None
    return bytes(found)


def readings_router(front: Front, callers: Callers, clock: Clock) -> APIRouter:
    """The routes of devices."""
    router = APIRouter(prefix="/api/v1", tags=["readings"])

    @router.post("/readings")
    async def readings(request: Request) -> Response:
        """Keep one reading or a list of them: 200 with a verdict for each, also when some were rejected."""
        principal = await callers.device(request)
        body = await body_of(request)
        if body is None:
            return problem(413, "too_large", f"a body may have {BODY_MAX} bytes; send fewer readings at once")
        many = objects(body)
        if many is None:
            return problem(400, "not_json", "the body is neither a JSON object nor a list; send one reading or a list of them")
        if len(many) > READINGS_MAX:
            return problem(413, "too_large", f"a body may hold {READINGS_MAX} readings; send fewer at once")
        now = clock.now()
        verdicts = await front.submit([raw_of(one, principal, now) for one in many])
        return Response(_encode({"readings": [shown(v) for v in verdicts]}), media_type="application/json")

    @router.post("/owntracks")
    async def owntracks(request: Request) -> Response:
        """Keep what an OwnTracks app sends. The app wants a list in answer; an empty one means that all is well."""
        principal = await callers.device(request)
        body = await body_of(request)
        try:
            many = messages(body) if body is not None else []
        except ReadingRejected as rejection:
            return problem(400, rejection.code, "the body is not what OwnTracks sends; send one message or a list of them")
        if body is None:
            return problem(413, "too_large", f"a body may have {BODY_MAX} bytes; send fewer messages at once")
        now = clock.now()
        named = f"{request.headers.get('x-limit-u', '')}/{request.headers.get('x-limit-d', '')}"
        whose = [(principal or owner_of(one) or named).partition("/") for one in many]
        await front.submit(
            [
                Raw(tenant, device, "owntracks", one, now, principal=principal, dialect="owntracks")
                for one, (tenant, _, device) in zip(many, whose, strict=True)
            ]
        )
        return Response(b"[]", media_type="application/json")

    return router


def owner_of(message: bytes) -> str | None:
    """`tenant/device` from the topic that the app puts into what it posts; where credentials are off, nothing else says it."""
    try:
        topic = msgspec.json.decode(message, type=Topic).topic
    except msgspec.DecodeError:
        return None
    parts = topic.split("/") if isinstance(topic, str) else []
    return f"{parts[1]}/{parts[2]}" if len(parts) >= 3 and parts[0] == "owntracks" else None


def shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the front door promises it."""
    return {"id": verdict.id, "status": verdict.status} | ({"reason": verdict.reason} if verdict.reason else {})
