"""The page behind a recipient's link: look at one alarm and answer it by POST, without JavaScript, without signing in."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from alarmcore.errors import AlarmClosed, AlarmUnknown, CommandRefused, NotAllowed, OutingRefused, TakenByOther, Unavailable
from alarmcore.model.reasons import OUTCOMES
from dashboard.answers import AnswerKey, AnswerLinks, AnswerPort, AnswerView
from dashboard.api.answer_text import closed_paragraphs, company_over, page
from dashboard.api.page_templates import TEMPLATES, style
from dispatch.wording.answering import said
from dispatch.wording.moments import Language

ANSWERS: Final = frozenset({"take", "decline", "arrive", "resolve"})

UNTIL: Final = re.compile(r"[0-9]{1,11}")
"""Epoch seconds, as our own buttons send them."""

FORM_BYTES_MAX: Final = 2048
"""Our forms send two short words; whatever is longer is not from them."""

RETRY_AFTER_S: Final = 5
"""When to try again after nothing could be stored: a failed commit is repeated within seconds."""

_STYLE: Final = style("answer.css")

HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Our own style by its hash, our own forms, and nothing else: no script could run even if a name held one.
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE.sha256}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}


def answer_router(port: AnswerPort, links: AnswerLinks) -> APIRouter:
    """The routes below `/a/`; looking never changes anything, whoever or whatever follows the link."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/a/{token}", methods=["GET", "HEAD"])
    async def look(token: str, request: Request) -> Response:
        key = links.read(token)
        if key is None:
            return _message(404, "unknown")
        try:
            view = await port.view(key.tenant, key.alarm, key.recipient)
        except Unavailable:
            return _message(503, "no_view")
        return _shown(view, request, token) if view else _message(404, "unknown")

    @router.post("/a/{token}")
    @router.post("/a/{token}/{word}")
    async def answer(token: str, request: Request, word: str | None = None) -> Response:
        key = links.read(token)
        if key is None:
            return _message(404, "unknown")
        if _from_elsewhere(request, links.base_url):
            return _message(403, "foreign")
        form = await _form(request)
        return await _given(port, key, request, token, word or form.get("answer", ""), form)

    return router


async def _given(port: AnswerPort, key: AnswerKey, request: Request, token: str, given: str, form: dict[str, str]) -> Response:
    """Store what the reader has said, or say what is wrong with it."""
    outcome = form.get("outcome") or None
    if given == "accompany":
        return await _accompanied(port, key, request, token, form.get("until", ""))
    if given == "bring_back":
        return await _stored(port, key, request, token, given, port.bring_back(key.tenant, key.alarm, key.recipient))
    if given not in ANSWERS or (outcome is not None and outcome not in OUTCOMES):
        return await _again(port, key, request, token, 422, "answer_unknown")
    if given == "resolve" and outcome is None:
        return await _again(port, key, request, token, 422, "outcome_missing")
    outcome = outcome if given == "resolve" else None
    return await _stored(port, key, request, token, given, port.answer(key.tenant, key.alarm, key.recipient, given, outcome))


async def _accompanied(port: AnswerPort, key: AnswerKey, request: Request, token: str, until: str) -> Response:
    """Store that the reader has the alarm and is with the person."""
    if not UNTIL.fullmatch(until):
        return await _again(port, key, request, token, 422, "answer_unknown")
    end = datetime.fromtimestamp(int(until), UTC)
    try:
        return await _stored(port, key, request, token, "take", port.accompany(key.tenant, key.alarm, key.recipient, end))
    except OutingRefused:
        return await _again(port, key, request, token, 422, "outing_past")


async def _stored(port: AnswerPort, key: AnswerKey, request: Request, token: str, given: str, act: Awaitable[None]) -> Response:
    """Store the answer and send the browser back to look, so that loading again never answers twice."""
    result = given
    try:
        await act
    except TakenByOther:
        result = "other"
    except AlarmClosed:
        result = "closed"
    except (AlarmUnknown, NotAllowed):
        return _message(404, "unknown")
    except CommandRefused:
        result = "refused"
    except Unavailable:
        return await _again(port, key, request, token, 503, "unavailable")
    query = f"?r={result}" + (f"&lang={_asked(request)}" if _asked(request) else "")
    return RedirectResponse(_path(request, token) + query, status_code=303, headers=HEADERS)


async def _again(port: AnswerPort, key: AnswerKey, request: Request, token: str, status: int, warning: str) -> Response:
    """The page once more with what went wrong, or only that when the alarm cannot be read."""
    try:
        view = await port.view(key.tenant, key.alarm, key.recipient)
    except Unavailable:
        return _message(503, "unavailable")
    return _shown(view, request, token, status, warning) if view else _message(404, "unknown")


def _shown(view: AnswerView, request: Request, token: str, status: int = 200, warning: str | None = None) -> Response:
    language = _asked(request) or view.language
    result, path = request.query_params.get("r", ""), _path(request, token)
    if result == "refused" and warning is None:
        warning = "refused"
    if view.state == "resolved":
        block = {
            "language": language,
            "heading": said("closed_title", language),
            "paragraphs": closed_paragraphs(view, language, result),
            "company": company_over(view, language),
            "bring_back": said("bring_back", language),
            "action": path + (f"?lang={language}" if _asked(request) else ""),
        }
        return _page(
            "answer_message.html.j2", 410, language, blocks=[block], warning=said(warning, language) if warning else None
        )
    other: Language = "en" if language == "sv" else "sv"
    return _page(
        "answer.html.j2",
        status,
        language,
        page=page(view, language, result),
        warning=said(warning, language) if warning else None,
        # The language that was asked for stays with whoever asked for it.
        action=path + (f"?lang={language}" if _asked(request) else ""),
        other_language=other,
        other_language_url=f"{path}?lang={other}",
        said=lambda word, **facts: said(word, language, **facts),
    )


def _message(status: int, word: str) -> Response:
    """A page that says one thing in both languages, since we do not know whose link it is."""
    blocks = [
        {"language": language, "heading": said(f"{word}_title", language), "paragraphs": [said(word, language)], "company": None}
        for language in _LANGUAGES
    ]
    return _page("answer_message.html.j2", status, "sv", blocks=blocks, warning=None)


_LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")


def _page(template: str, status: int, language: Language, **context: Any) -> Response:
    # The style is ours and part of the policy's hash: escaping would change its bytes.
    context |= {"language": language, "title": said("title", language), "css": Markup(_STYLE.css)}  # noqa: S704
    headers = dict(HEADERS)
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    return HTMLResponse(TEMPLATES.get_template(template).render(context), status_code=status, headers=headers)


def _from_elsewhere(request: Request, base_url: str) -> bool:
    """Whether a browser says that another site made it send this.

    The token in the path is the real protection: another site does not know it. `Sec-Fetch-Site` decides where it is sent;
    else `Origin`, which is `null` from our own page too, because the page asks for no referrer.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        return False
    return urlsplit(origin).netloc not in {request.headers.get("host"), urlsplit(base_url).netloc}


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; empty when it is none of ours."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > FORM_BYTES_MAX:
            return {}
    try:
        return {name: values[-1] for name, values in parse_qs(content.decode("ascii"), max_num_fields=8).items()}
    except ValueError:
        return {}


def _asked(request: Request) -> Language | None:
    """The language that the reader chose on the page."""
    asked = request.query_params.get("lang")
    return "sv" if asked == "sv" else "en" if asked == "en" else None


def _path(request: Request, token: str) -> str:
    return f"{request.scope.get('root_path', '')}/a/{token}"
