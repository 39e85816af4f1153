"""The track of a search on the operator's page: drawn, told in words, kept fresh, and fetched only while somebody can see it."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import row, until
from fake_front import FakeFront, moment, walk
from playwright.async_api import Browser, Page, expect
from test_page_line import AXE, violations

REASON = {
    "sv": "190 m utanför Hemzonen i 3 min, fyra positioner stämmer överens",
    "en": "190 m outside Hemzonen for 3 min, four fixes agree",
}
PLACE = {"lat": 58.3371, "lon": 12.6860, "accuracy_m": 15, "at": moment(400)}


async def lost(page: Page, front: FakeFront) -> None:
    """Somebody is outside; the operator has opened their alarm."""
    front.tracks["a1"] = walk("a1", ago_s=185)
    await front.raise_alarm("a1", cause="zone_exit", why="outside_all_zones", priority="high", reason=REASON, position=PLACE)
    await front.tell("a1", "alarm.repeated", why="outside_all_zones", reason=REASON)
    await row(page, "a1").click()
    await expect(page.locator("[data-test=track]")).to_be_visible()


async def test_the_reason_stands_in_the_head_and_on_the_timeline(page: Page, front: FakeFront) -> None:
    await lost(page, front)
    await expect(page.locator("[data-test=reason]")).to_have_text(REASON["sv"])
    await expect(page.locator("[data-test=timeline] li").last).to_contain_text(REASON["sv"])
    await page.get_by_role("button", name="English").click()
    await expect(page.locator("[data-test=reason]")).to_have_text(REASON["en"])


async def test_the_track_is_told_in_words_whose_age_counts(page: Page, front: FakeFront) -> None:
    front.pulsing = False
    await page.clock.install()
    await lost(page, front)
    words = page.locator("[data-test=track]")
    await expect(words).to_contain_text("senast bekräftad")
    await expect(words).to_contain_text("3 min sedan, gick åt nordost ca 5 km/h")
    await expect(words).to_contain_text("425 m utanför hemzonen")
    await expect(words).to_contain_text("1 position bekräftas inte av de andra")
    await page.clock.run_for(60_000)
    await expect(words).to_contain_text("4 min sedan")
    await page.get_by_role("button", name="English").click()
    await expect(words).to_contain_text("walked north-east at about 5 km/h")


async def test_the_line_is_that_of_one_device_and_another_one_elsewhere_is_told(page: Page, front: FakeFront) -> None:
    made = walk("a1", ago_s=185)
    own = [fix | {"device": "gps-1"} for fix in made["fixes"]]
    other = [fix | {"device": "phone-1", "lat": 58.31, "lon": 12.60} for fix in own if fix["good"]]
    seen = made["last_confirmed"] | {"device": "gps-1"}
    both = [fix for pair in zip(own, [*other, other[-1]], strict=True) for fix in pair]
    elsewhere = [other[-1] | {"age_s": 185}]
    front.tracks["a1"] = made | {"fixes": both, "last_confirmed": seen, "seen": seen, "elsewhere": elsewhere}
    await front.raise_alarm("a1", cause="zone_exit", why="outside_all_zones", priority="high", reason=REASON, position=PLACE)
    await row(page, "a1").click()
    await expect(page.locator("[data-test=track]")).to_contain_text("en annan enhet (phone-1) är 6,")
    line = await page.locator(".map path.map-track").get_attribute("d")
    assert line is not None
    assert 0 < line.count("L") < len(other)


async def test_whoever_is_missed_is_not_said_to_be_outside(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", cause="zone_exit", why="position_lost", priority="high", reason=REASON, position=PLACE)
    await row(page, "a1").click()
    await expect(row(page, "a1")).to_contain_text("Vi vet inte var personen är")
    detail = page.locator("[data-test=detail]")
    await expect(detail).to_contain_text("Vi vet inte var personen är")
    await expect(detail).not_to_contain_text("utanför sina trygga områden")
    await page.get_by_role("button", name="English").click()
    await expect(detail).to_contain_text("We do not know where the person is")


async def test_the_map_draws_line_dots_last_confirmed_position_and_arrow(page: Page, front: FakeFront) -> None:
    await lost(page, front)
    await expect(page.locator(".map path.map-track")).to_have_count(1)
    await expect(page.locator(".map path.map-dot")).to_have_count(12)
    await expect(page.locator(".map path.map-doubtful")).to_have_count(1)
    await expect(page.locator(".map path.map-track-accuracy")).to_have_count(5)
    await expect(page.locator(".map path.map-arrow")).to_have_count(2)
    await expect(page.locator(".map .map-confirmed")).to_contain_text("Bekräftad")
    faint = await page.locator(".map path.map-dot").evaluate_all("dots => dots.map(d => Number(d.getAttribute('fill-opacity')))")
    assert faint[0] < faint[-1], "what is older is fainter"


async def test_new_positions_appear_by_themselves_and_a_failure_says_that_the_track_may_be_old(
    page: Page, front: FakeFront
) -> None:
    await page.clock.install()
    await lost(page, front)
    front.tracks["a1"] = walk("a1", 13, ago_s=5)
    asked = len(front.tracks_asked)
    await page.clock.run_for(11_000)
    await until(lambda: len(front.tracks_asked) > asked, "the page asks again")
    await expect(page.locator("[data-test=track]")).to_contain_text("13 positioner sedan larmet")
    front.tracks["a1"] = {"status": 503}
    await page.clock.run_for(11_000)
    await expect(page.get_by_text("Spåret kunde inte hämtas nyss")).to_be_visible()
    await expect(page.locator("[data-test=track]")).to_contain_text("13 positioner sedan larmet")


async def test_an_alarm_that_is_resolved_has_no_track_any_more(page: Page, front: FakeFront) -> None:
    await page.clock.install()
    await lost(page, front)
    front.alarms["a1"] |= {"state": "resolved", "outcome": "helped", "resolved_at": moment()}
    await front.tell("a1", "alarm.resolved", outcome="helped")
    await expect(page.locator("[data-test=track]")).to_have_count(0)
    await expect(page.locator(".map path.map-dot")).to_have_count(0)
    asked = len(front.tracks_asked)
    await page.clock.run_for(30_000)
    assert len(front.tracks_asked) == asked, "nobody looks at a position for nothing"


async def test_a_page_that_nobody_can_see_looks_at_no_position(page: Page, front: FakeFront) -> None:
    await page.clock.install()
    await lost(page, front)
    hide = "Object.defineProperty(document, 'visibilityState', {configurable: true, get: () => '%s'})"
    await page.evaluate(hide % "hidden")
    asked = len(front.tracks_asked)
    await page.clock.run_for(60_000)
    assert len(front.tracks_asked) == asked
    await page.evaluate(hide % "visible")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await until(lambda: len(front.tracks_asked) == asked + 1, "it looks as soon as somebody can see it")


async def test_nothing_is_said_of_a_track_where_there_is_none(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", position=PLACE)
    await row(page, "a1").click()
    await until(lambda: front.tracks_asked, "the page asks for the track")
    await expect(page.locator("[data-test=place]")).to_contain_text("58.33710")
    await expect(page.locator("[data-test=track]")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
async def test_axe_finds_no_serious_violation_beside_a_track(browser: Browser, front: FakeFront, width: int, need: Any) -> None:
    need(AXE.is_file(), "axe-core (install the project once more to install the page's packages)")
    front.open_mode = True
    context = await browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce", bypass_csp=True)
    page = await context.new_page()
    await page.goto(front.url)
    await lost(page, front)
    assert await violations(page) == []
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, "nothing must be scrolled to the side"
    await context.close()
