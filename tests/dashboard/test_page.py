"""The operator's work on the page, in a real browser: signing in, seeing alarms come, taking, noting and resolving them."""

from __future__ import annotations

import asyncio

from browsing import row, until
from fake_front import NIGHT, OPERATOR, FakeFront, fill, moment
from playwright.async_api import Browser, Page, expect


async def test_a_wrong_secret_is_refused_in_plain_words(browser: Browser, front: FakeFront) -> None:
    page = await browser.new_page()
    await page.goto(front.url)
    await page.fill("#secret", "fel")
    await page.keyboard.press("Enter")
    await expect(page.locator("#secret-problem")).to_contain_text("Koden stämmer inte")
    front.sign_in_status = 429
    await page.keyboard.press("Enter")
    await expect(page.locator("#secret-problem")).to_contain_text("För många försök")


async def test_open_mode_needs_no_secret_and_says_so_in_red(browser: Browser, front: FakeFront) -> None:
    front.open_mode = True
    page = await browser.new_page()
    await page.goto(front.url)
    await expect(page.get_by_text("ÖPPET LÄGE", exact=True)).to_be_visible()
    await expect(page.locator("#secret")).to_have_count(0)


async def test_signing_out_takes_every_name_off_the_screen(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await expect(row(page, "a1")).to_be_visible()
    await page.get_by_role("button", name="Logga ut").click()
    await expect(page.locator("#secret")).to_be_visible()
    await expect(page.get_by_text("Karin Svensson")).to_have_count(0)


async def test_a_new_alarm_appears_is_announced_and_counted_in_the_title(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", late_s=7500, repeats=2)
    for text in (
        "Kritisk",
        "Karin Svensson",
        "Tryckte på larmknappen",
        "Inträffade 2 h 5 min före mottagandet",
        "Tryckt 3 gånger",
    ):
        await expect(row(page, "a1")).to_contain_text(text)
    await expect(page.locator("[data-test=assertive]")).to_contain_text("Karin Svensson. Tryckte på larmknappen")
    await expect(page).to_have_title("(1) 1 larm väntar")


async def test_a_normal_alarm_is_announced_politely(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", priority="normal", cause="door_open", why="")
    await expect(page.locator("[data-test=polite]")).to_contain_text("En dörr har stått öppen för länge")
    await expect(page.locator("[data-test=assertive]")).to_be_empty()


async def test_the_most_urgent_and_then_the_longest_waiting_stands_first_and_taken_ones_apart(
    page: Page, front: FakeFront
) -> None:
    await front.raise_alarm("young", raised_at=moment(10))
    await front.raise_alarm("normal", priority="normal", raised_at=moment(9000))
    await front.raise_alarm("taken", state="taken", taken_by="contact:eva", raised_at=moment(9999))
    await front.raise_alarm("old", raised_at=moment(300))
    await expect(page.locator("[data-alarm]")).to_have_count(4)
    shown = await page.locator("[data-alarm]").evaluate_all("rows => rows.map(r => r.dataset.alarm)")
    assert shown == ["old", "young", "normal", "taken"]
    await expect(page.get_by_role("list", name="Tagna").locator("[data-alarm]")).to_have_count(1)


async def test_an_alarm_is_taken_by_keyboard_and_the_one_below_it_next(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", raised_at=moment(60))
    await front.raise_alarm("a2", raised_at=moment(30))
    await expect(row(page, "a2")).to_be_visible()
    await page.keyboard.press("j")
    await expect(row(page, "a1")).to_be_focused()
    await page.keyboard.press("j")
    await expect(row(page, "a2")).to_be_focused()
    await page.keyboard.press("t")
    await until(lambda: front.alarms["a2"]["state"] == "taken", "a2 was taken")
    assert front.alarms["a2"]["taken_by"] == OPERATOR
    assert front.alarms["a1"]["state"] == "open"
    await expect(row(page, "a2")).to_contain_text("Taget av dig")
    await expect(page.locator("[data-test=timeline]")).to_contain_text("Du tog larmet")


async def test_no_shortcut_fires_while_somebody_types(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    await page.keyboard.press("/")
    await page.keyboard.type("tarkarin")
    await expect(page.get_by_role("searchbox")).to_have_value("tarkarin")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert front.alarms["a1"]["state"] == "open"


async def test_a_filter_that_hides_waiting_alarms_says_so(page: Page, front: FakeFront) -> None:
    await fill(front)
    await page.get_by_role("searchbox").fill("göran medicin")
    await expect(page.locator("[data-alarm]")).to_have_count(1)
    await expect(page.get_by_text("8 väntande larm döljs av filtret")).to_be_visible()
    await page.get_by_role("button", name="Visa alla").click()
    await expect(page.locator("[data-alarm]")).to_have_count(len(NIGHT))


async def test_an_alarm_is_resolved_with_an_outcome_from_the_keyboard(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    await page.keyboard.press("r")
    await expect(page.get_by_role("dialog")).to_contain_text("Karin Svensson")
    await page.get_by_role("dialog").get_by_role("button", name="Avsluta").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Välj hur det slutade")
    await page.keyboard.press("3")
    await page.get_by_label("Kommentar").fill("Katten")
    await page.keyboard.press("Control+Enter")
    await until(lambda: "a1" in front.outcomes, "a1 was resolved")
    assert front.outcomes["a1"] == {"outcome": "false_alarm", "text": "Katten"}
    await expect(row(page, "a1")).to_have_count(0)
    await expect(page.locator("[data-test=detail]")).to_contain_text("Avslutat: Falsklarm")
    await expect(page).to_have_title("Inga larm väntar")


async def test_a_key_pressed_while_the_last_answer_is_on_its_way_is_not_lost(page: Page, front: FakeFront) -> None:
    """The live line shows that the alarm is taken before the answer to taking it comes."""
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    front.slow = asyncio.Event()
    await page.keyboard.press("t")
    await expect(row(page, "a1")).to_contain_text("Taget av dig")
    await page.keyboard.press("r")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("1")
    await page.keyboard.press("Control+Enter")
    front.slow.set()
    await until(lambda: "a1" in front.outcomes, "a1 was resolved after it was taken")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("[data-test=detail]")).to_contain_text("Avslutat: Fick hjälp")


async def test_a_note_is_written_and_stands_in_the_timeline(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    await page.keyboard.press("n")
    await page.get_by_label("Anteckning").fill("Ringde hem, inget svar")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-test=timeline]")).to_contain_text("Ringde hem, inget svar")


async def test_what_happens_while_an_alarms_page_is_fetched_is_not_missing_from_it(page: Page, front: FakeFront) -> None:
    """The answer was made before, and comes after what the live line tells."""
    await front.raise_alarm("a1")
    front.behind = asyncio.Event()
    await row(page, "a1").click()
    await until(lambda: front.looked_at == ["a1"], "the page has asked for a1")
    front.alarms["a1"] |= {"state": "taken", "taken_by": "contact:eva"}
    await front.tell("a1", "alarm.taken", to="contact:eva", to_name="Eva Andersson")
    await front.raise_alarm("a2")
    await expect(row(page, "a2")).to_be_visible()
    front.behind.set()
    await expect(page.locator("[data-test=timeline]")).to_contain_text("Eva Andersson tog larmet")
    await expect(page.locator("[data-test=timeline] li")).to_have_count(2)


async def test_taking_what_somebody_else_just_took_says_who_has_it(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    await expect(page.locator("[data-test=timeline]")).to_be_visible()
    front.alarms["a1"] |= {"state": "taken", "taken_by": "contact:eva"}  # the screen has not heard of it yet
    await page.keyboard.press("t")
    await expect(page.locator("[data-test=action-problem]")).to_contain_text("redan tagits av Eva Andersson")
    await expect(row(page, "a1")).to_contain_text("Taget av Eva Andersson")


async def test_the_detail_tells_the_place_the_chain_and_the_timeline_in_words(page: Page, front: FakeFront) -> None:
    position = {"lat": 58.3371, "lon": 12.6899, "accuracy_m": 45, "at": moment(140)}
    await front.raise_alarm("a1", position=position)
    await front.tell("a1", "alarm.told", link=0, to="contact:eva", to_name="Eva Andersson", channel="sms")
    await front.tell("a1", "chain.skipped", link=1, to="unit:night-patrol", to_name="Nattpatrullen", why="nobody_on_duty")
    await row(page, "a1").click()
    timeline = page.locator("[data-test=timeline]")
    await expect(timeline).to_contain_text("Eva Andersson fick SMS")
    await expect(timeline).to_contain_text("Nattpatrullen hoppades över: ingen i tjänst")
    await expect(page.locator("[data-test=next-step]")).to_contain_text("Larmcentralen larmas om 0:")
    place = page.locator("[data-test=place]")
    for text in ("58.33710, 12.68990", "noggrannhet ± 45 m", "2 min gammal", "nordost om hemmet", "Samhället"):
        await expect(place).to_contain_text(text)
    await expect(page.locator(".leaflet-container .map-own")).to_have_count(1)


async def test_the_map_asks_no_outside_server(browser: Browser, front: FakeFront) -> None:
    asked: list[str] = []
    front.open_mode = True
    page = await browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(front.url)
    await front.raise_alarm("a1", position={"lat": 58.3371, "lon": 12.6899, "accuracy_m": 45, "at": moment(140)})
    await row(page, "a1").click()
    await expect(page.locator(".leaflet-container .map-own")).to_have_count(1)
    assert len(asked) > 3
    assert [url for url in asked if not url.startswith((front.url, "data:"))] == []
