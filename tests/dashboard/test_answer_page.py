"""The page behind a recipient's link: looking changes nothing, answering says plainly what happened."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import uvicorn
from fastapi import FastAPI

from alarmcore.errors import AlarmClosed, AlarmUnknown, CommandRefused, CommitFailed, TakenByOther
from alarmcore.model.reasons import OUTCOMES
from dashboard.answers import AnswerKey, AnswerLinks, AnswerView, KnownPosition
from dashboard.api.answer_page import FORM_BYTES_MAX, answer_router

NOW = datetime(2026, 1, 14, 2, 14, tzinfo=UTC)
LINKS = AnswerLinks(b"installation secret", "https://larm.example")
TOKEN = LINKS.token(AnswerKey("grastorp", "A1b2C3", "contact:eva"))
PATH = f"/a/{TOKEN}"
PRIVATE = ("Karin", "Svensson", "Storgatan", "58.33")
CSS = (Path(__file__).parents[2] / "dashboard" / "templates" / "answer.css").read_text()

OPEN = AnswerView(
    alarm="A1b2C3",
    recipient="contact:eva",
    recipient_name="Eva Andersson",
    tenant_name="Grästorps kommun",
    language="sv",
    timezone="Europe/Stockholm",
    state="open",
    cause="button",
    why="pressed",
    raised_at=NOW - timedelta(minutes=2),
    resident_name="Karin Svensson",
    address="Storgatan 1",
    position=KnownPosition(58.3345, 12.6784, 20.0, NOW),
)


class Alarm:
    """One alarm that contact:eva was told of, as the service behind the page would treat her answers."""

    def __init__(self) -> None:
        self.seen: AnswerView | None = OPEN
        self.answers: list[tuple[str, str | None]] = []
        self.fails: Exception | None = None
        self.view_fails: Exception | None = None

    async def view(self, tenant: str, alarm: str, recipient: str) -> AnswerView | None:
        if self.view_fails:
            raise self.view_fails
        return self.seen if (tenant, alarm, recipient) == ("grastorp", "A1b2C3", "contact:eva") else None

    async def answer(self, tenant: str, alarm: str, recipient: str, answer: str, outcome: str | None) -> None:
        assert (tenant, alarm, recipient) == ("grastorp", "A1b2C3", "contact:eva")
        if self.fails:
            raise self.fails
        self.answers.append((answer, outcome))
        mine = {"taken_by": recipient, "taken_by_name": "Eva Andersson"}
        if answer == "take":
            self.becomes(state="taken", taken_at=NOW, **mine)
        elif answer == "arrive":
            self.becomes(state="arrived", arrived_at=NOW, **mine)
        elif answer == "decline":
            self.becomes(state="open", answered="decline", taken_by=None)
        else:
            self.becomes(state="resolved", outcome=outcome, resolved_at=NOW, resolved_by_name="Eva Andersson")

    async def accompany(self, tenant: str, alarm: str, recipient: str, until: datetime) -> None:
        raise NotImplementedError  # tried in test_answer_outing.py, on the real thing

    async def bring_back(self, tenant: str, alarm: str, recipient: str) -> None:
        raise NotImplementedError  # the same

    def becomes(self, **changes: Any) -> None:
        assert self.seen is not None
        self.seen = msgspec.structs.replace(self.seen, **changes)


@pytest.fixture
def alarm() -> Alarm:
    return Alarm()


def app_of(alarm: Alarm) -> FastAPI:
    app = FastAPI()
    app.include_router(answer_router(alarm, LINKS))
    return app


@pytest.fixture
async def browser(alarm: Alarm) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app_of(alarm))
    async with httpx.AsyncClient(transport=transport, base_url="https://larm.example") as client:
        yield client


class Shape(HTMLParser):
    """What a page is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] != "style" and data.strip():
            self.words.append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def answers(self) -> list[str | None]:
        return [field["value"] for field in self.all("input") if field.get("name") == "answer"]


async def shape(browser: httpx.AsyncClient, path: str = PATH) -> Shape:
    return Shape((await browser.get(path)).text)


def problem(text: str) -> str:
    return " ".join(Shape(text).words)


async def test_the_page_says_who_what_when_where_and_that_nobody_has_taken_it(browser: httpx.AsyncClient) -> None:
    reply = await browser.get(PATH)
    assert reply.status_code == 200
    said = " ".join(Shape(reply.text).words)
    assert "Karin Svensson har tryckt på larmknappen" in said
    assert "Ingen har tagit larmet ännu." in said
    assert "Kl. 03:12" in said
    assert "onsdag 14 januari 2026 kl. 03:12" in said
    assert "Storgatan 1" in said
    assert "03:14, ungefär 58.33450, 12.67840 (±20 m)" in said
    assert Shape(reply.text).answers == ["take", "decline", "resolve"]
    assert "geo:58.33450,12.67840" in {link.get("href") for link in Shape(reply.text).all("a")}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["", "?r=take", "?answer=take", "?lang=en", "?r=<script>"])
async def test_looking_changes_nothing_whatever_follows_the_link(
    browser: httpx.AsyncClient, alarm: Alarm, method: str, query: str
) -> None:
    reply = await browser.request(method, PATH + query, headers={"purpose": "prefetch"})
    assert reply.status_code == 200
    assert alarm.answers == []
    assert alarm.seen == OPEN
    assert "Du har tagit" not in reply.text
    assert "<script" not in reply.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_no_other_method_answers(browser: httpx.AsyncClient, alarm: Alarm, method: str) -> None:
    assert (await browser.request(method, PATH, data={"answer": "take"} if method != "DELETE" else None)).status_code == 405
    assert (await browser.get(PATH + "/take")).status_code == 405
    assert alarm.answers == []


@pytest.mark.parametrize("path", [PATH, "/a/garbled"])
async def test_pages_are_kept_by_nobody_and_can_run_nothing(browser: httpx.AsyncClient, path: str) -> None:
    headers = (await browser.get(path)).headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "noindex" in headers["x-robots-tag"]
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_taking_says_thanks_and_that_the_centre_sees_it(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    reply = await browser.post(PATH, data={"answer": "take"})
    assert reply.status_code == 303
    assert reply.headers["location"] == f"{PATH}?r=take"
    assert alarm.answers == [("take", None)]
    page = await shape(browser, reply.headers["location"])
    assert "Tack. Du har tagit larmet 03:14. Larmcentralen ser det." in page.words
    assert page.answers == ["arrive", "decline", "resolve"]


async def test_an_answer_can_also_stand_in_the_path(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    assert (await browser.post(PATH + "/take")).status_code == 303
    assert (await browser.post(PATH + "/resolve", data={"outcome": "no_need"})).status_code == 303
    assert alarm.answers == [("take", None), ("resolve", "no_need")]


async def test_the_whole_way_from_taking_to_resolving(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    await browser.post(PATH, data={"answer": "take"})
    await browser.post(PATH, data={"answer": "arrive"})
    page = await shape(browser, PATH + "?r=arrive")
    assert "Tack. Du är framme 03:14. Larmcentralen ser det." in page.words
    assert page.answers == ["decline", "resolve"]
    reply = await browser.post(PATH, data={"answer": "resolve", "outcome": "helped"})
    ended = await browser.get(reply.headers["location"])
    assert ended.status_code == 410
    said = Shape(ended.text).words
    assert "Larmet är avslutat" in said
    assert "Tack." in said
    assert "Det avslutades onsdag 14 januari 2026 kl. 03:14 av Eva Andersson: personen fick hjälp." in said
    assert alarm.answers == [("take", None), ("arrive", None), ("resolve", "helped")]


async def test_declining_says_that_we_go_on_looking_and_leaves_a_way_back(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    reply = await browser.post(PATH, data={"answer": "decline"})
    page = await shape(browser, reply.headers["location"])
    assert "Tack. Du har svarat att du inte kan. Vi fortsätter att söka någon som kan." in page.words
    assert page.answers == ["take", "resolve"]
    assert "Jag kan ändå, jag tar larmet" in page.words
    await browser.post(PATH, data={"answer": "take"})
    assert alarm.answers == [("decline", None), ("take", None)]


async def test_who_comes_second_learns_who_has_it_and_need_not_come(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.fails = TakenByOther("A1b2C3", "unit:night-patrol")
    alarm.becomes(state="taken", taken_by="unit:night-patrol", taken_by_name="Nattpatrullen", taken_at=NOW)
    reply = await browser.post(PATH, data={"answer": "take"})
    assert reply.status_code == 303
    page = await shape(browser, reply.headers["location"])
    assert "Nattpatrullen har tagit larmet 03:14. Du behöver inte åka." in page.words
    assert page.answers == []
    assert "Tack" not in " ".join(page.words)


async def test_a_resolved_alarm_says_how_it_ended_and_nothing_of_the_person(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.becomes(state="resolved", outcome="false_alarm", resolved_at=NOW, resolved_by_name="Larmcentralen")
    alarm.fails = AlarmClosed("A1b2C3")
    sent = await browser.post(PATH, data={"answer": "take"})
    assert sent.status_code == 303
    reply = await browser.get(sent.headers["location"])
    assert reply.status_code == 410
    assert "kl. 03:14 av Larmcentralen: falsklarm." in reply.text
    assert not any(private in reply.text for private in PRIVATE)
    assert "Tack" not in reply.text


async def test_an_ending_without_time_or_outcome_is_still_said(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.becomes(state="resolved", outcome=None, resolved_at=None)
    reply = await browser.get(PATH)
    assert reply.status_code == 410
    assert "Det är avslutat: annan orsak." in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/a/x",
        PATH[:-1],
        PATH + "A",
        PATH.replace("c.eva", "c.ola"),
        PATH.replace("A1b2C3", "A1b2C4"),
        "/a/" + "x" * 5000,
        "/a/%00%ff",
        f"/a/{AnswerLinks(b'another').token(AnswerKey('grastorp', 'A1b2C3', 'contact:eva'))}",
        f"/a/{LINKS.token(AnswerKey('grastorp', 'A1b2C3', 'contact:ola'))}",
    ],
)
async def test_a_wrong_link_is_a_calm_404_in_both_languages(browser: httpx.AsyncClient, alarm: Alarm, path: str) -> None:
    reply = await browser.get(path)
    assert reply.status_code == 404
    assert "Länken fungerar inte" in reply.text
    assert "This link does not work" in reply.text
    assert not any(private in reply.text for private in PRIVATE)
    alarm.fails = AlarmUnknown("A1b2C3")
    if "ola" not in path:
        assert (await browser.post(path, data={"answer": "take"})).status_code == 404
    assert alarm.answers == []


async def test_an_alarm_that_is_unknown_to_the_service_is_a_404(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.fails = AlarmUnknown("A1b2C3")
    assert (await browser.post(PATH, data={"answer": "take"})).status_code == 404


async def test_an_answer_that_could_not_be_stored_never_reads_as_taken(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.fails = CommitFailed("no space on the disk")
    reply = await browser.post(PATH, data={"answer": "take"})
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "5"
    page = Shape(reply.text)
    assert "Ditt svar kunde inte sparas just nu. Försök igen om en stund. Ring larmcentralen om det brådskar." in page.words
    assert "take" in page.answers
    assert "Du har tagit" not in reply.text
    alarm.view_fails = CommitFailed("no space on the disk")
    reply = await browser.post(PATH, data={"answer": "take"})
    assert (reply.status_code, "Ditt svar är inte sparat" in reply.text) == (503, True)
    reply = await browser.get(PATH)
    assert (reply.status_code, "Sidan kan inte visas just nu" in reply.text) == (503, True)


async def test_an_answer_that_does_not_fit_is_said_beside_the_state(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.fails = CommandRefused("arrive needs taken")
    reply = await browser.post(PATH, data={"answer": "arrive"})
    assert reply.status_code == 303
    assert "Svaret passade inte larmets läge" in (await browser.get(reply.headers["location"])).text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"answer=resolve", "Välj hur det slutade"),
        (b"answer=resolve&outcome=", "Välj hur det slutade"),
        (b"answer=resolve&outcome=eaten", "Svaret gick inte att förstå"),
        (b"answer=escalate", "Svaret gick inte att förstå"),
        (b"", "Svaret gick inte att förstå"),
        (b'{"answer": "take"}', "Svaret gick inte att förstå"),
        (b"answer=\xff\xfe", "Svaret gick inte att förstå"),
        (b"answer=take&" + b"a=1&" * 20, "Svaret gick inte att förstå"),
        (b"answer=take&x=" + b"y" * FORM_BYTES_MAX, "Svaret gick inte att förstå"),
    ],
)
async def test_a_form_that_is_not_ours_changes_nothing(
    browser: httpx.AsyncClient, alarm: Alarm, content: bytes, sentence: str
) -> None:
    reply = await browser.post(PATH, content=content, headers={"content-type": "application/x-www-form-urlencoded"})
    assert reply.status_code == 422
    assert sentence in reply.text
    assert alarm.answers == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"origin": "null"}, 303),
        ({"origin": "https://larm.example"}, 303),
        ({"origin": "https://larm.example", "host": "10.0.0.7:8080"}, 303),
        ({"sec-fetch-site": "cross-site", "origin": "https://larm.example"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "https://larm.example.evil.example"}, 403),
    ],
)
async def test_another_site_cannot_answer(browser: httpx.AsyncClient, alarm: Alarm, headers: dict[str, str], status: int) -> None:
    reply = await browser.post(PATH, data={"answer": "take"}, headers=headers)
    assert reply.status_code == status
    assert alarm.answers == ([("take", None)] if status == 303 else [])


async def test_english_is_one_link_away_and_stays(browser: httpx.AsyncClient) -> None:
    reply = await browser.get(PATH + "?lang=en")
    page = Shape(reply.text)
    assert page.all("html")[0]["lang"] == "en"
    assert "Karin Svensson has pressed the alarm button" in page.words
    action = page.all("form")[0]["action"]
    assert action == f"{PATH}?lang=en"
    sent = await browser.post(action, data={"answer": "take"})
    assert (
        "Thank you. You have taken the alarm at 03:14. The alarm centre sees it."
        in (await shape(browser, sent.headers["location"])).words
    )


async def test_lateness_repeats_and_what_was_set_aside_are_said(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    alarm.becomes(late_s=7320, why="pressed set_aside:lat", repeats=2, repeated_at=NOW, test=True)
    said = " ".join((await shape(browser)).words)
    assert "Trycktes 01:10, nådde oss 03:12 (2 tim 2 min sent)" in said
    assert "gick inte att använda: positionen. Har hänt 2 gånger till, senast 03:14" in said
    assert "TEST, inget riktigt larm" in said


async def test_a_name_with_markup_is_shown_not_run(browser: httpx.AsyncClient, alarm: Alarm) -> None:
    nasty = '"><script>alert(1)</script>{{ 7 * 7 }}'
    alarm.becomes(
        resident_name=nasty, address=nasty, recipient_name=nasty, tenant_name=nasty, why="pressed " + nasty.split(maxsplit=1)[0]
    )
    text = (await browser.get(PATH)).text
    assert "<script" not in text
    assert "49" not in text
    alarm.becomes(state="resolved", outcome=nasty, resolved_at=NOW, resolved_by_name=nasty)
    assert "<script" not in (await browser.get(PATH)).text


async def test_what_shows_in_previews_names_nobody(browser: httpx.AsyncClient) -> None:
    head = (await browser.get(PATH)).text.split("</head>")[0].split("<style>")[0]
    assert "<title>Larm</title>" in head
    assert not any(private in head for private in PRIVATE)


async def test_every_choice_has_a_label_and_every_heading_its_place(browser: httpx.AsyncClient) -> None:
    page = await shape(browser)
    assert page.all("html")[0]["lang"] == "sv"
    assert len(page.all("h1")) == 1
    assert len(page.all("label")) == len(OUTCOMES) == sum(field.get("type") == "radio" for field in page.all("input"))
    assert {field.get("value") for field in page.all("input") if field.get("type") == "radio"} == set(OUTCOMES)
    assert len(page.all("fieldset")) == len(page.all("legend")) == 1
    assert all(form["method"] == "post" for form in page.all("form"))
    assert "status" in {attributes.get("role") for _tag, attributes in page.tags}
    assert "user-scalable" not in str(page.all("meta"))


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "back", "least"),
    [
        ("ink", "page", 4.5),
        ("quiet", "page", 4.5),
        ("main", "page", 4.5),
        ("on-main", "main", 4.5),
        ("on-note", "note", 4.5),
        ("on-warn", "warn", 4.5),
        ("line", "page", 3.0),
    ],
)
def test_every_pair_of_colours_has_the_contrast_of_wcag_aa(scheme: int, front: str, back: str, least: float) -> None:
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", CSS.split(":root")[scheme + 1]))
    bright, dark = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= least


@pytest.fixture
def served(alarm: Alarm) -> Iterator[str]:
    """The page on a real port, for a real browser."""
    server = uvicorn.Server(uvicorn.Config(app_of(alarm), host="127.0.0.1", port=0, log_level="error"))
    socket = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
async def test_a_real_browser_on_a_small_phone_takes_the_alarm_without_scripts(served: str, alarm: Alarm, tmp_path: Path) -> None:
    """The policy, the missing referrer and the redirect work together where it counts."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - only this test needs it

    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = await chromium.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text))
        await page.goto(served + PATH)
        await page.screenshot(path=tmp_path / "open.png", full_page=True)
        button = page.get_by_role("button", name="Jag tar larmet")
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        # The two answers that count are there without scrolling.
        decline = await page.get_by_role("button", name="Jag kan inte").bounding_box()
        assert decline is not None
        assert decline["y"] + decline["height"] <= 640
        await button.click()
        await page.get_by_text("Tack. Du har tagit larmet 03:14.").wait_for()
        await page.screenshot(path=tmp_path / "taken.png", full_page=True)
        await page.get_by_role("radio", name="Falsklarm").check()
        await page.get_by_role("button", name="Avsluta larmet").click()
        await page.get_by_text("falsklarm").wait_for()
        await page.screenshot(path=tmp_path / "closed.png", full_page=True)
        await chromium.close()
    assert alarm.answers == [("take", None), ("resolve", "false_alarm")]
    assert [line for line in complaints if "410" not in line and "favicon" not in line] == []
