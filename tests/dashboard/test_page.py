"""The operator's page in a real browser, against a front door without a service behind it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_front import NIGHT, OPERATOR, SECRET, STATIC, FakeFront, fill, moment
from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
AXE = STATIC.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WITHIN_S = 60.0
"""No expectation of a page waits longer; each is over as soon as it is met."""

expect.set_options(timeout=WITHIN_S * 1000)

AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
async def front(need: Any) -> AsyncIterator[FakeFront]:
    need((STATIC / "index.html").is_file(), "the operator's page (install the project once more to build it)")
    front = FakeFront()
    await front.start()
    yield front
    await front.stop()


@pytest.fixture
async def browser(need: Any) -> AsyncIterator[Browser]:
    need(CHROMIUM, "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser, front: FakeFront) -> AsyncIterator[Page]:
    """A page where the operator has signed in and the line is up."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    await page.goto(front.url)
    await page.fill("#secret", SECRET)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Förbunden")).to_be_visible()
    yield page
    await context.close()
    assert broken == []


async def until(true: Any, what: str) -> None:
    """Wait until something the server has been told is so."""
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"it never came to be that {what}")
        await asyncio.sleep(0.02)


def row(page: Page, alarm_id: str) -> Any:
    return page.locator(f'[data-alarm="{alarm_id}"]')


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


async def test_a_banner_says_since_when_the_line_is_broken_and_goes_when_it_is_back(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await expect(row(page, "a1")).to_be_visible()
    await front.stop()
    banner = page.locator("[data-test=banner]")
    await expect(banner).to_contain_text("Förbindelsen är bruten: listan kan vara gammal")
    await expect(banner).to_contain_text("Senaste livstecken")
    box = await banner.bounding_box()
    assert box is not None
    assert box["width"] == 1440
    assert "BRUTEN" in await page.title()
    await front.raise_alarm("a2", resident_name="Erik Lindqvist")
    await front.start()
    await expect(row(page, "a2")).to_be_visible()
    await expect(banner).to_have_count(0)
    await expect(page).to_have_title("(2) 2 larm väntar")


async def test_a_line_that_is_open_but_silent_counts_as_broken(browser: Browser, front: FakeFront) -> None:
    front.open_mode = True
    front.pulsing = False
    page = await browser.new_page()
    # The page's time stands still but for what it is told to run, however long the rest takes; and nobody lets it in again.
    begin = datetime.now(UTC)
    await page.clock.install(time=begin)
    await page.clock.pause_at(begin + timedelta(seconds=1))
    await page.goto(front.url)
    await expect(page.get_by_text("Förbunden")).to_be_visible()
    front.door = asyncio.Event()
    await page.clock.run_for(11_000)
    await expect(page.locator("[data-test=banner]")).to_have_count(0)
    await page.clock.run_for(1_600)
    await expect(page.locator("[data-test=banner]")).to_be_visible()


async def test_shown_is_said_once_for_an_alarm_that_is_painted(page: Page, front: FakeFront) -> None:
    await expect(page.locator("[data-test=waiting]")).to_have_text("0")
    assert front.shown == []
    await front.raise_alarm("a1")
    await until(lambda: front.shown == ["a1"], "a1 was said to be shown")
    await front.tell("a1", "alarm.told", link=0, to="contact:eva", to_name="Eva Andersson", channel="sms")
    await front.raise_alarm("a2")
    await until(lambda: "a2" in front.shown, "a2 was said to be shown")
    assert front.shown == ["a1", "a2"]


async def test_alarms_below_the_edge_of_the_list_are_not_said_to_be_shown(page: Page, front: FakeFront) -> None:
    await fill(front, 60)
    await expect(page.locator("[data-alarm]")).to_have_count(60)
    # What was said of the rows before stands before what is said of this one, which goes to the top.
    await front.raise_alarm("top", raised_at=moment(99_999))
    await until(lambda: "top" in front.shown, "the top row was said to be shown")
    assert len(set(front.shown)) < 30
    last = page.get_by_role("list", name="Väntar").locator("[data-alarm]").last
    last_id = await last.get_attribute("data-alarm")
    assert last_id not in front.shown
    await last.scroll_into_view_if_needed()
    await until(lambda: last_id in front.shown, "the last row was said to be shown after scrolling")


async def test_nothing_is_said_to_be_shown_while_the_document_is_hidden(browser: Browser, front: FakeFront) -> None:
    front.open_mode = True
    page = await browser.new_page()
    await page.add_init_script(
        "window.__seen = 'hidden'; Object.defineProperty(document, 'visibilityState', {get: () => window.__seen});"
    )
    await page.goto(front.url)
    await front.raise_alarm("a1")
    await expect(row(page, "a1")).to_be_visible()
    await page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"
    )
    assert front.shown == []
    await page.evaluate("window.__seen = 'visible'; document.dispatchEvent(new Event('visibilitychange'))")
    await until(lambda: front.shown == ["a1"], "a1 was said to be shown once the document could be seen")


async def test_two_hundred_alarms_stay_usable(page: Page, front: FakeFront) -> None:
    await fill(front, 200)
    await expect(page.locator("[data-alarm]")).to_have_count(200)
    tools = await page.context.new_cdp_session(page)
    await tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before_s = await worked_s(tools)
    await page.evaluate(
        """async () => {
            for (let i = 0; i < 20; i++) {
                window.dispatchEvent(new KeyboardEvent("keydown", { key: "j" }));
                await new Promise(requestAnimationFrame);
            }
        }"""
    )
    step_ms = (await worked_s(tools) - before_s) / 20 * 1000
    assert 0 < step_ms < 200, f"one step down the list is {step_ms:.0f} ms of work"


async def worked_s(tools: CDPSession) -> float:
    """What the page's own thread has worked so far: time of the processor, which others on the machine do not add to."""
    found = await tools.send("Performance.getMetrics")
    return float(next(one["value"] for one in found["metrics"] if one["name"] == "TaskDuration"))


async def test_the_language_switch_changes_every_text_and_the_lang_attribute(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1")
    await expect(page.locator("html")).to_have_attribute("lang", "sv")
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(row(page, "a1")).to_contain_text("Pressed the alarm button")


@pytest.mark.parametrize("width", [1440, 390])
async def test_axe_finds_no_serious_violation(browser: Browser, front: FakeFront, width: int, need: Any) -> None:
    need(AXE.is_file(), "axe-core (install the project once more to install the page's packages)")
    front.open_mode = True
    context = await browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True)
    page = await context.new_page()
    await page.goto(front.url)
    await fill(front)
    found = await violations(page)
    await page.locator("[data-alarm]").first.click()
    await expect(page.locator("[data-test=timeline]")).to_be_visible()
    found += await violations(page)
    await page.keyboard.press("r")
    await expect(page.get_by_role("dialog")).to_be_visible()
    found += await violations(page)
    await page.keyboard.press("Escape")
    await front.stop()
    await expect(page.locator("[data-test=banner]")).to_be_visible()
    found += await violations(page)
    assert found == []
    await context.close()


async def violations(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, with where."""
    await page.add_script_tag(path=AXE)
    found = await page.evaluate("tags => axe.run(document, { runOnly: tags })", AXE_RULES)
    assert len(found["passes"]) > 10, "axe-core examined hardly anything"
    bad = [v for v in found["violations"] if v["impact"] in {"serious", "critical"}]
    return [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in bad for node in v["nodes"]]
