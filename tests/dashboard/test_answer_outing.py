"""The page behind a recipient's link, where the alarm is about the person's whereabouts: `I am with them, until …`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from test_answer_page import LINKS, NOW, OPEN, PATH, Alarm, Shape, app_of, problem

from alarmcore.errors import AlarmClosed, CommandRefused, CommitFailed, OutingRefused, TakenByOther
from dashboard.answers import AnswerKey

AT = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
"""Half past midnight in Sweden, before the clocks go forward at two."""


class Astray(Alarm):
    """The alarm of that page, about somebody who is outside."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = msgspec.structs.replace(OPEN, cause="zone_exit", why="outside_all_zones", resident="r1", now=AT)
        self.untils: list[datetime] = []
        self.brought_back = 0

    async def accompany(self, tenant: str, alarm: str, recipient: str, until: datetime) -> None:
        assert (tenant, alarm, recipient) == ("grastorp", "A1b2C3", "contact:eva")
        if self.fails:
            raise self.fails
        self.untils.append(until)
        self.becomes(state="taken", taken_by=recipient, taken_at=NOW, outing_until=until, outing_with="Eva Andersson")

    async def bring_back(self, tenant: str, alarm: str, recipient: str) -> None:
        assert (tenant, alarm, recipient) == ("grastorp", "A1b2C3", "contact:eva")
        if self.fails:
            raise self.fails
        self.brought_back += 1
        self.becomes(outing_until=None, outing_with=None, outing_mine=False)

    def out(self, **more: Any) -> None:
        """The reader is out with the person."""
        until = AT + timedelta(hours=2)
        self.becomes(**{"outing_until": until, "outing_with": "Eva Andersson", "outing_mine": True, **more})


@pytest.fixture
def alarm() -> Astray:
    return Astray()


@pytest.fixture
def browser(alarm: Astray) -> Any:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app_of(alarm)), base_url="https://larm.example")


def offered(page: Shape) -> list[str | None]:
    return [button["value"] for button in page.all("button") if button.get("name") == "until"]


async def test_one_two_or_four_hours_are_offered_by_the_clock_that_will_show_them(browser: Any) -> None:
    page = Shape((await browser.get(PATH)).text)
    assert offered(page) == [str(int((AT + timedelta(hours=hours)).timestamp())) for hours in (1, 2, 4)]
    said = " ".join(page.words)
    assert "Jag är med Karin Svensson" in said
    # The clocks go from two to three in between.
    assert "till kl. 01:30 (1 h) till kl. 03:30 (2 h) till kl. 05:30 (4 h)" in said
    english = problem((await browser.get(PATH + "?lang=en")).text)
    assert "I am with Karin Svensson until 01:30 (1 h)" in english


async def test_the_answer_is_passed_on_with_its_moment_and_the_page_says_so(browser: Any, alarm: Astray) -> None:
    until = offered(Shape((await browser.get(PATH)).text))[1]
    reply = await browser.post(PATH, data={"answer": "accompany", "until": until})
    assert reply.status_code == 303
    assert alarm.untils == [AT + timedelta(hours=2)]
    said = problem((await browser.get(reply.headers["location"])).text)
    assert "Tack. Du har tagit larmet" in said
    assert "Ute med Eva Andersson till kl. 03:30" in said
    assert "Jag är med Karin Svensson" in said, "it can be made longer"


async def test_looking_begins_no_outing(browser: Any, alarm: Astray) -> None:
    for method in ("GET", "HEAD"):
        await browser.request(method, PATH, params={"answer": "accompany", "until": "1774747800"})
    assert alarm.untils == []


@pytest.mark.parametrize("until", ["", "soon", "-1", "1e9", "123456789012", "١٧٧٤"])
async def test_what_is_no_moment_of_ours_is_said_and_nothing_is_saved(browser: Any, alarm: Astray, until: str) -> None:
    reply = await browser.post(PATH, data={"answer": "accompany", "until": until})
    assert reply.status_code == 422
    assert "Inget är sparat" in problem(reply.text)
    assert alarm.untils == []


async def test_a_page_that_was_open_for_too_long_says_that_its_time_is_over(browser: Any, alarm: Astray) -> None:
    alarm.fails = OutingRefused("outing_past")
    reply = await browser.post(PATH, data={"answer": "accompany", "until": "1774747800"})
    assert reply.status_code == 422
    assert "Den tiden är redan förbi, och inget är sparat." in problem(reply.text)
    assert len(offered(Shape(reply.text))) == 3


@pytest.mark.parametrize(
    ("error", "status"),
    [(TakenByOther("A1b2C3", "contact:adam"), 303), (AlarmClosed("A1b2C3"), 303), (CommitFailed("no"), 503)],
)
async def test_what_could_not_be_stored_never_reads_as_stored(browser: Any, alarm: Astray, error: Exception, status: int) -> None:
    alarm.fails = error
    reply = await browser.post(PATH, data={"answer": "accompany", "until": "1774747800"})
    assert reply.status_code == status
    assert "Tack" not in problem(reply.text)
    assert "r=take" not in reply.headers.get("location", "")


async def test_it_is_not_offered_where_it_makes_no_sense(browser: Any, alarm: Astray) -> None:
    alarm.becomes(state="taken", taken_by="unit:night-patrol", taken_by_name="Nattpatrullen", taken_at=NOW)
    assert offered(Shape((await browser.get(PATH)).text)) == []
    alarm.becomes(state="open", taken_by=None, cause="button", why="pressed")
    assert offered(Shape((await browser.get(PATH)).text)) == []


async def test_another_site_cannot_begin_one(browser: Any, alarm: Astray) -> None:
    reply = await browser.post(
        PATH, data={"answer": "accompany", "until": "1774747800"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert reply.status_code == 403
    other = LINKS.token(AnswerKey("grastorp", "A1b2C3", "contact:adam"))
    assert (await browser.get(f"/a/{other}")).status_code == 404
    assert alarm.untils == []


# -- back again -----------------------------------------------------------------------------------------------------------


def ends(page: Shape) -> int:
    return len([field for field in page.all("input") if field.get("value") == "bring_back"])


async def test_whoever_began_an_outing_ends_it_on_the_same_page(browser: Any, alarm: Astray) -> None:
    assert ends(Shape((await browser.get(PATH)).text)) == 0
    alarm.out(state="taken", taken_by="contact:eva", taken_at=NOW)
    page = await browser.get(PATH)
    assert ends(Shape(page.text)) == 1
    assert "Utflykten varar till kl. 03:30" in problem(page.text)
    reply = await browser.post(PATH, data={"answer": "bring_back"})
    assert (reply.status_code, alarm.brought_back) == (303, 1)
    after = await browser.get(reply.headers["location"])
    assert "Tack. Utflykten är avslutad. Du har tagit larmet" in problem(after.text)
    assert ends(Shape(after.text)) == 0


async def test_an_outing_that_outlasts_its_alarm_is_ended_on_the_page_that_says_nothing_else(browser: Any, alarm: Astray) -> None:
    alarm.out(state="resolved", outcome="helped")
    page = await browser.get(PATH + "?lang=en")
    assert (page.status_code, ends(Shape(page.text))) == (410, 1)
    assert "Karin" not in page.text
    reply = await browser.post(PATH + "?lang=en", data={"answer": "bring_back"})
    assert (reply.status_code, alarm.brought_back) == (303, 1)
    after = await browser.get(reply.headers["location"])
    assert "Thank you. The outing is over." in problem(after.text)
    assert ends(Shape(after.text)) == 0


@pytest.mark.parametrize("state", ["open", "taken", "resolved"])
async def test_nobody_else_s_outing_is_offered_to_be_ended(browser: Any, alarm: Astray, state: str) -> None:
    alarm.out(state=state, outing_mine=False, outing_with="Adam")
    assert ends(Shape((await browser.get(PATH)).text)) == 0
    alarm.fails = CommandRefused("the outing is somebody else's")
    reply = await browser.post(PATH, data={"answer": "bring_back"})
    assert reply.status_code == 303
    after = problem((await browser.get(reply.headers["location"])).text)
    assert "är inte sparat" in after
    assert "avslutad." not in after


async def test_an_end_that_was_not_stored_never_reads_as_one_and_looking_ends_nothing(browser: Any, alarm: Astray) -> None:
    alarm.out()
    for method in ("GET", "HEAD"):
        await browser.request(method, PATH, params={"answer": "bring_back", "r": "bring_back"})
    assert alarm.brought_back == 0
    assert "Utflykten är avslutad" not in problem((await browser.get(PATH + "?r=bring_back")).text)
    alarm.fails = CommitFailed("no")
    reply = await browser.post(PATH, data={"answer": "bring_back"})
    assert reply.status_code == 503
    assert "kunde inte sparas" in problem(reply.text)
    assert ends(Shape(reply.text)) == 1
    foreign = await browser.post(PATH, data={"answer": "bring_back"}, headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403
