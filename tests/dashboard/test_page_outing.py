"""Beside an alarm about where a person is the operator begins an outing, and ends it, in a real browser."""

from __future__ import annotations

from browsing import row, until
from fake_front import FakeFront
from playwright.async_api import Page, expect

ASTRAY = {"cause": "zone_exit", "why": "outing_over outside_all_zones", "rule": "wander", "priority": "high"}


async def test_an_outing_is_begun_and_ended_beside_the_alarm(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", **ASTRAY)
    await row(page, "a1").click()
    outing = page.locator("[data-test=outing]")
    await outing.get_by_text("Börja en utflykt").first.click()
    time = outing.get_by_label("Till kl.")
    assert len(await time.input_value()) == 5, "a time is proposed"
    begin = outing.get_by_role("button", name="Börja en utflykt")
    await begin.click()
    await expect(outing.get_by_role("alert")).to_have_text("Skriv med vem och till när.")
    assert front.asked_outings == []
    await outing.get_by_label("Med vem").fill("  Systern Åsa ")
    await time.fill("16:30")
    await begin.click()
    await expect(outing).to_contain_text("Ute med Systern Åsa till")
    assert front.asked_outings == [{"until": "16:30", "with": "Systern Åsa"}]
    await outing.get_by_role("button", name="Utflykten är över").click()
    await expect(outing).to_contain_text("avslutades")
    assert front.outing["state"] == "ended"


async def test_what_the_service_refuses_is_said_and_nothing_seems_begun(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", **ASTRAY)
    await row(page, "a1").click()
    outing = page.locator("[data-test=outing]")
    await outing.get_by_text("Börja en utflykt").first.click()
    await outing.get_by_label("Med vem").fill("Åsa")
    await outing.get_by_label("Till kl.").fill("00:00")
    await outing.get_by_role("button", name="Börja en utflykt").click()
    await expect(outing.get_by_role("alert")).to_contain_text("until lies in the past")
    await expect(outing).not_to_contain_text("Ute med")


async def test_an_outing_that_was_begun_elsewhere_appears_when_the_alarm_changes(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", **ASTRAY)
    await row(page, "a1").click()
    outing = page.locator("[data-test=outing]")
    await expect(outing).to_be_visible()
    await expect(page.locator("[data-test=detail]")).to_contain_text("utflykten är över")
    front.outing = {"state": "out", "with": "contact:eva", "with_name": "Eva Andersson", "until": "2026-01-14T12:00:00.000Z"}
    await front.tell("a1", "alarm.condition_ended", why="outing_begun")
    await expect(outing).to_contain_text("Ute med Eva Andersson till")


async def test_beside_any_alarm_of_a_person_it_is_said_whom_they_are_out_with(page: Page, front: FakeFront) -> None:
    front.outing = {"state": "out", "with": "contact:eva", "with_name": "Eva Andersson", "until": "2026-01-14T12:00:00.000Z"}
    await front.raise_alarm("a1")
    await row(page, "a1").click()
    outing = page.locator("[data-test=outing]")
    await expect(outing).to_contain_text("Ute med Eva Andersson till")
    await outing.get_by_role("button", name="Utflykten är över").click()
    await expect(outing).to_contain_text("avslutades")
    assert front.outing["state"] == "ended"


async def test_an_alarm_of_nobody_offers_no_outing(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", resident=None, resident_name=None)
    await row(page, "a1").click()
    await until(lambda: front.looked_at == ["a1"], "the alarm is looked at")
    await expect(page.locator("[data-test=timeline]")).to_have_count(1)
    await expect(page.locator("[data-test=outing]")).to_have_count(0)


async def test_the_timeline_says_who_took_the_person_out_and_that_it_is_over(page: Page, front: FakeFront) -> None:
    await front.raise_alarm("a1", **ASTRAY)
    await row(page, "a1").click()
    timeline = page.locator("[data-test=timeline]")
    await expect(timeline).to_be_visible()
    await front.tell("a1", "alarm.outing_begun", to="contact:eva", to_name="Eva Andersson", with_name="Åsa", via="link")
    await expect(timeline).to_contain_text("Eva Andersson började en utflykt med Åsa")
    await front.tell("a1", "alarm.outing_lapsed")
    await expect(timeline).to_contain_text("Utflyktens tid är ute")
