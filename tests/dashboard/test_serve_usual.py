"""What has been learned of residents, seen through the front door: who may, what they see, and that it is forgotten with them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from importing import changed, import_into, stored, taken_up
from learned import kept, learning_town, teach
from playwright.async_api import Browser
from test_page_line import AXE, violations

from tests.servers.postgres import PostgresServer
from tests.servers.serving import Serving, serving, until
from tests.servers.town import PRIVATE

ONE = "/api/v1/residents/r1/usual"
WIDE, NARROW = 1280, 360


class Learned:
    """A running service where three residents of grastorp have been learned of; `home` is its operator, `away` tanum's."""

    def __init__(self, service: Serving) -> None:
        self.service = service
        self.secret = service.token("operator", "grastorp", "anna")
        self.home = service.client(self.secret)
        self.away = service.client(service.token("operator", "tanum", "cilla"))
        self.planner = service.client(service.token("administrator", "grastorp", "pia"))

    def page(self, path: str, client: httpx.Client | None = None) -> httpx.Response:
        return (client or self.home).get(path)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Learned]:
    sites = (learning_town(), learning_town("tanum", residents=2))
    arguments = ["--smtp-url", "smtp://127.0.0.1:9", "--smtp-sender", "larm@example.org"]
    with serving(tmp_path_factory.mktemp("usual"), *sites, arguments=arguments) as service:
        service.stop()
        teach(service, "r1", minutes=12.0)
        teach(service, "r2", nights=20, minutes=8.0)
        service.start()
        yield Learned(service)


def text_of(answer: httpx.Response) -> str:
    """What a page says, without its tags."""
    body = answer.text.split("<main>")[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_curve_has_a_point_for_each_hour_with_what_is_usual_and_the_limit(learned: Learned) -> None:
    view = learned.home.get(ONE).json()
    assert (view["tenant"], view["resident"], view["resident_name"]) == ("grastorp", "r1", "Karin Svensson 1")
    curves = {curve["of"]: curve for curve in view["curves"]}
    assert set(curves) == {"up", "still", "lying"}
    up = curves["up"]
    assert (up["rule"], up["min_s"], up["max_s"], up["once_in_days"], up["days"]) == ("up", 600, 5400, 100, 69)
    assert [point["hour"] for point in up["points"]] == [*range(18, 24), *range(18)]
    night = next(point for point in up["points"] if point["hour"] == 2)
    assert 500 < night["half_s"] < night["nine_in_ten_s"] < night["limit_s"] < 5400
    assert night["seen"] > 20
    assert night["state"] == "watched"


def test_a_curve_is_said_in_one_sentence_with_its_numbers(learned: Learned) -> None:
    sentences = {curve["of"]: curve["sentence"] for curve in learned.home.get(ONE).json()["curves"]}
    said = r"När Karin Svensson 1 går upp mellan kl\. 02 och 03: oftast tillbaka i sängen inom \d+ min; larm efter \d+ min\. "
    assert re.fullmatch(said + r"Bygger på 69 nätter\.", sentences["up"]["sv"])
    assert sentences["up"]["en"].endswith("Rests on 69 nights.")
    assert "mellan kl. 15 och 16" in sentences["still"]["sv"]


def test_a_drift_is_a_notice_in_words_and_no_alarm(learned: Learned) -> None:
    (found,) = learned.home.get(ONE).json()["drift"]
    assert (found["rule"], found["way"]) == ("up", "up")
    assert found["recent_s"] > 1.3 * found["earlier_s"]
    said = r"uppe \d,\d gånger så länge per natt som för två månader sedan \(.+ mot .+\), \d,\d uppgångar mot \d,\d"
    assert re.fullmatch(said, found["sentence"]["sv"])
    assert learned.home.get("/api/v1/alarms?state=open").json()["items"] == []


def test_the_list_names_those_who_are_learned_of_and_what_has_drifted(learned: Learned) -> None:
    found = learned.home.get("/api/v1/usual").json()
    assert found["next"] is None
    assert [(one["resident"], len(one["drift"]), one["days"]) for one in found["items"]] == [
        ("r1", 1, 69),
        ("r2", 0, 20),
        ("r3", 0, None),
    ]
    assert [one["resident"] for one in learned.home.get("/api/v1/usual?after=r2").json()["items"]] == ["r3"]


def test_of_somebody_unknown_the_bounds_hold_until_more_is_known(learned: Learned) -> None:
    view = learned.home.get("/api/v1/residents/r3/usual").json()
    assert view["drift"] == []
    assert "ännu inte känt" in view["curves"][0]["sentence"]["sv"]
    assert learned.home.get("/api/v1/residents/r4/usual").json()["curves"] == []


def test_nobody_sees_another_municipalitys_residents(learned: Learned) -> None:
    assert learned.away.get(ONE).json()["tenant"] == "tanum"
    assert learned.away.get(ONE).json()["drift"] == []
    assert [one["tenant"] for one in learned.away.get("/api/v1/usual").json()["items"]] == ["tanum"]
    for path in ("/api/v1/residents/r3/usual", ONE + "?tenant=grastorp", "/api/v1/usual?tenant=grastorp"):
        assert learned.away.get(path).status_code == 404
    for path in ("/residents/r3/usual", "/residents/r1/usual?tenant=grastorp", "/residents?tenant=grastorp"):
        answer = learned.page(path, learned.away)
        assert answer.status_code == 404
        assert "Karin" not in answer.text


def test_only_who_has_signed_in_as_a_person_sees_anything(learned: Learned) -> None:
    device = learned.service.token("device", "grastorp", "bed-r1")
    with learned.service.client() as stranger, learned.service.client(device) as machine:
        for client in (stranger, machine):
            assert [client.get(path).status_code for path in (ONE, "/api/v1/usual")] == [401, 401]
            for path in ("/residents", "/residents/r1/usual", "/residents/nobody/usual"):
                answer = client.get(path)
                assert answer.status_code == 401
                assert "Karin" not in answer.text
                assert "Logga in först" in answer.text
    assert learned.planner.get(ONE).status_code == 200
    assert learned.planner.get("/residents").status_code == 200


def test_each_look_is_logged_by_ids_and_the_log_names_nobody(learned: Learned) -> None:
    def looks() -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in learned.service.log.splitlines() if "usual_seen" in line)
        return [line for line in lines if line["by"] == "operator:pia"]

    before = len(looks())
    learned.planner.get("/residents/r2/usual")
    learned.planner.get(ONE)
    learned.planner.get("/residents")
    until(lambda: len(looks()) == before + 3, "three looks stand in the log")
    seen = [(look["tenant"], look["residents"]) for look in looks()[before:]]
    assert seen == [("grastorp", ["r2"]), ("grastorp", ["r1"]), ("grastorp", ["r1", "r2", "r3"])]
    assert not [word for word in PRIVATE if word in learned.service.log]


def test_the_page_shows_curves_as_pictures_and_as_tables_in_both_languages(learned: Learned) -> None:
    answer = learned.page("/residents/r1/usual")
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Uppe 1," in said or "Uppe 2," in said
    assert "larm efter" in said
    assert answer.text.count("<svg") == answer.text.count("<table") == 3
    assert answer.text.count('<th scope="row">') == 18 + 24 + 24
    english = learned.page("/residents/r1/usual?lang=en")
    assert '<html lang="en">' in english.text
    assert "mostly back in bed within" in text_of(english)


def test_each_curve_has_a_place_that_an_alarm_leads_to(learned: Learned) -> None:
    """The operator's page names it by the rule and by what the alarm says has lasted."""
    page = learned.page("/residents/r1/usual").text
    curves = [(curve["rule"], curve["of"]) for curve in learned.home.get(ONE).json()["curves"]]
    assert len(set(curves)) == 3
    for rule, of in curves:
        assert page.count(f'<h2 id="curve-{rule}-{of}">') == 1


def test_the_page_is_kept_by_nobody_and_loads_nothing(learned: Learned) -> None:
    answer = learned.page("/residents/r1/usual")
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"<script|<img|<link|style=|https?://", answer.text)
    assert "Karin" not in answer.text.split("</head>")[0]


def test_the_list_leads_to_each_resident(learned: Learned) -> None:
    said = learned.page("/residents?lang=en").text
    assert "Rests on 20 nights." in said
    assert "nothing yet" in said
    links = re.findall(r'href="(/residents/[^"]+)"', said)
    assert set(links) == {f"/residents/r{number}/usual?lang=en" for number in (1, 2, 3)}
    assert [learned.page(link).status_code for link in links] == [200] * len(links)


@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_axe_finds_no_violation_and_nothing_is_wider_than_the_page(
    learned: Learned, browser: Browser, width: int, need: Any
) -> None:
    need(AXE.is_file(), "axe-core (install the project once more to install the page's packages)")
    for scheme in ("light", "dark"):
        context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page = await context.new_page()
        found = []
        for path in ("/residents", "/residents/r1/usual", "/residents/r1/usual?lang=en"):
            await page.request.post(f"{learned.service.url}/api/v1/session", data={"token": learned.secret})
            answer = await page.goto(learned.service.url + path)
            assert answer is not None
            assert answer.status == 200
            for summary in await page.locator("summary").all():
                await summary.click()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            found += await violations(page)
        assert found == []
        await context.close()


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_who_is_taken_out_of_the_site_is_forgotten_and_nobody_else(tmp_path: Any, store: str, request: Any) -> None:
    shared = None
    if store == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        shared = server.url(server.create())
    with serving(tmp_path, learning_town(), opened=True, shared=shared) as service:
        service.stop()
        teach(service, "r1", "r2")
        service.start()
        with service.client() as client:
            assert client.get(ONE).json()["curves"][0]["seen"] > 20
        changed(service, "grastorp", lambda site: site["residents"].pop(0))
        until(lambda: not kept(service, "r1").memories, "r1 is forgotten")
        gone, stays = kept(service, "r1"), kept(service, "r2")
        assert (gone.fix, gone.outing, len(stays.memories)) == (None, None, 2)
        with service.client() as client:
            assert client.get(ONE).status_code == 404
            assert client.get("/api/v1/residents/r2/usual").json()["curves"][0]["seen"] > 20
        comes_back_unknown(service)


def comes_back_unknown(service: Serving) -> None:
    """Whoever moves in again begins as anybody does."""
    site = stored(service, "grastorp")
    site["residents"].insert(0, learning_town()["residents"][0])
    before = taken_up(service)
    import_into(service, site)
    until(lambda: taken_up(service) > before, "the site is taken up")
    with service.client() as client:
        assert {curve["seen"] for curve in client.get(ONE).json()["curves"]} == {0.0}
    assert "persons_not_forgotten" not in service.log


def test_who_left_while_nothing_ran_is_forgotten_at_the_start(tmp_path: Any) -> None:
    with serving(tmp_path, learning_town(), opened=True) as service:
        service.stop()
        teach(service, "r1", "former")
        service.start()
        until(lambda: not kept(service, "former").memories, "the former resident is forgotten")
        assert len(kept(service, "r1").memories) == 2
