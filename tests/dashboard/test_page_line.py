"""What the operator's page says of itself, in a real browser: a broken line, what was shown, many alarms, languages, axe."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from browsing import row, until
from fake_front import STATIC, FakeFront, fill, moment
from playwright.async_api import Browser, CDPSession, Page, expect

AXE = STATIC.parent / "web" / "node_modules" / "axe-core" / "axe.min.js"
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


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
