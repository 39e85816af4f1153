"""Pages for planners: what is usual for a resident, and the list of all with what has drifted. Looking changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from alarmcore.errors import NotAllowed, OptionInvalid, ResidentUnknown, Unavailable
from dashboard.api.callers import Caller, Callers
from dashboard.api.page_templates import TEMPLATES, style
from dashboard.api.usual import whose
from dashboard.api.usual_text import MESSAGES, SAID, curve_block, drift_texts, known_text
from dashboard.usual import Learned, Listed, UsualDesk
from dispatch.wording.moments import Language

_STYLE: Final = style("usual.css")

HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Our own style by its hash and nothing else: the picture is part of the page, and no script could run.
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE.sha256}'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}

RETRY_AFTER_S: Final = 5

_LANGUAGES: Final[tuple[Language, ...]] = ("sv", "en")


def usual_pages(usual: UsualDesk, callers: Callers) -> APIRouter:
    """The pages below `/residents`, for whoever is signed in as an operator or administrator of the tenant."""
    router = APIRouter(include_in_schema=False)

    @router.get("/residents")
    async def everybody(request: Request) -> Response:
        async def show(caller: Caller, tenant: str) -> Response:
            listed = await usual.listed(tenant, caller.subject, request.query_params.get("after", ""))
            return _list_page(listed, request)

        return await _guarded(usual, callers, request, show)

    @router.get("/residents/{resident}/usual")
    async def one(resident: str, request: Request) -> Response:
        async def show(caller: Caller, tenant: str) -> Response:
            return _resident_page(await usual.learned(tenant, resident, caller.subject), request)

        return await _guarded(usual, callers, request, show)

    return router


async def _guarded(
    usual: UsualDesk, callers: Callers, request: Request, show: Callable[[Caller, str], Awaitable[Response]]
) -> Response:
    """The page for whoever may see it; for anybody else why not, in both languages, since we do not know who it is."""
    try:
        caller = await callers.operator(request)
        return await show(caller, whose(usual, caller, request.query_params.get("tenant")))
    except NotAllowed:
        return _message(401, "signed_out", request)
    except ResidentUnknown:
        return _message(404, "unknown", request)
    except OptionInvalid:
        return _message(422, "several", request)
    except Unavailable:
        return _message(503, "unavailable", request)


def _resident_page(learned: Learned, request: Request) -> Response:
    site, name = learned.site, learned.resident.name
    language = _asked(request) or site.tenant.language
    return _page(
        "usual.html.j2",
        200,
        language,
        name=name,
        tenant=site.tenant.name,
        drifts=drift_texts(learned.drifts, language),
        curves=[curve_block(one, name, language) for one in learned.shown],
        list_url=_url(request, "/residents"),
        **_other(request, language),
    )


def _list_page(listed: Listed, request: Request) -> Response:
    language = _asked(request) or listed.site.tenant.language
    persons = [
        {
            "name": one.resident.name,
            "url": _url(request, f"/residents/{one.resident.id}/usual"),
            "drifts": drift_texts(one.drifts, language),
            "known": known_text(one.of, one.days, language),
        }
        for one in listed.items
    ]
    return _page(
        "usual_list.html.j2",
        200,
        language,
        tenant=listed.site.tenant.name,
        persons=persons,
        drifting=[person for person in persons if person["drifts"]],
        next_url=_url(request, "/residents", after=listed.next) if listed.next else None,
        desk_url=_url(request, "/", kept=False),
        **_other(request, language),
    )


def _message(status: int, word: str, request: Request) -> Response:
    blocks = []
    for language in _LANGUAGES:
        heading, text, link = MESSAGES[word][language]
        blocks.append({"language": language, "heading": heading, "text": text, "link": link})
    return _page("usual_message.html.j2", status, "sv", blocks=blocks, desk_url=_url(request, "/", kept=False))


def _page(template: str, status: int, language: Language, **context: Any) -> Response:
    # The style is ours and part of the policy's hash: escaping would change its bytes.
    context |= {"language": language, "title": SAID[language]["title"], "said": SAID[language], "css": Markup(_STYLE.css)}  # noqa: S704
    headers = HEADERS | ({"retry-after": str(RETRY_AFTER_S)} if status == 503 else {})
    return HTMLResponse(TEMPLATES.get_template(template).render(context), status_code=status, headers=headers)


def _other(request: Request, language: Language) -> dict[str, str]:
    """The same page in the other language."""
    other: Language = "en" if language == "sv" else "sv"
    query = {name: value for name in ("tenant", "after") if (value := request.query_params.get(name))}
    return {"other_language": other, "other_url": f"?{urlencode(query | {'lang': other})}"}


def _url(request: Request, path: str, *, kept: bool = True, **more: str) -> str:
    """A page here; the language and the tenant that were asked for stay with whoever asked for them."""
    query = {name: value for name in ("lang", "tenant") if kept and (value := request.query_params.get(name))} | more
    return f"{request.scope.get('root_path', '')}{path}" + (f"?{urlencode(query)}" if query else "")


def _asked(request: Request) -> Language | None:
    """The language that the reader chose on the page."""
    asked = request.query_params.get("lang")
    return "sv" if asked == "sv" else "en" if asked == "en" else None
