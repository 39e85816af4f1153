"""Errors as `application/problem+json` (RFC 9457): a title from a closed set, a detail that says what to do."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from alarmcore.errors import (
    AlarmClosed,
    AlarmcoreError,
    AlarmUnknown,
    InputError,
    NotAgreed,
    NotAllowed,
    ResidentUnknown,
    TakenByOther,
    Unavailable,
)

STATUS: dict[type[AlarmcoreError], int] = {
    AlarmUnknown: 404,
    ResidentUnknown: 404,
    TakenByOther: 409,
    AlarmClosed: 409,
    NotAllowed: 401,
    NotAgreed: 403,
    InputError: 422,
    Unavailable: 503,
}
"""The status of an error is that of the nearest class in its tree."""

RETRY_AFTER_S = 2


def problem(status: int, title: str, detail: str, **more: object) -> JSONResponse:
    """One problem document."""
    headers = {"retry-after": str(RETRY_AFTER_S)} if status in {429, 503} else None
    if status == 401:
        headers = {"www-authenticate": "Bearer"}
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def of_error(error: AlarmcoreError) -> JSONResponse:
    """The problem document of one of our errors."""
    status = next((STATUS[cls] for cls in type(error).__mro__ if cls in STATUS), 500)
    more = {"taken_by": error.taken_by} if isinstance(error, TakenByOther) else {}
    return problem(status, error.reason, str(error), **more)


def install(app: FastAPI) -> None:
    """Let `app` answer every error this way."""

    @app.exception_handler(AlarmcoreError)
    async def ours(_: Request, error: AlarmcoreError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # Where and what, never the value itself: it may be about a person.
        wrong = "; ".join(f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors())
        return problem(422, "bad_field", wrong)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, "http_error", str(error.detail))
