"""Who may see and answer somebody's alarms while they stay elsewhere, and who may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alarmcore.model.alarm import Alarm, Slot
from alarmcore.model.site import Site
from dashboard.hosts import Hosts, subject_of
from tests.stories import built, document, resident

SUMMER, AUTUMN = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
STAY = {"from": "2026-07-01T00:00:00Z", "until": "2026-09-01T00:00:00Z", "host": "tanum"}
THEY, WE = {"with": "tanum", "they_may": ["receive", "respond"]}, {"with": "grastorp", "we_may": ["receive", "respond"]}


def home(stays: list[Any] = [STAY], agreements: list[Any] = [THEY]) -> Site:  # noqa: B006 - nobody changes them
    persons = [resident(stays=stays, rules=[{"id": "press", "kind": "button"}]), resident(id="r2", devices=[])]
    return built({**document(), "agreements": agreements, "residents": persons})


def other(tenant: str = "tanum", agreements: list[Any] = [WE]) -> Site:  # noqa: B006
    return built({**document(), "tenant": {"id": tenant, "name": tenant}, "agreements": agreements, "residents": []})


def hosts(now: datetime, *sites: Site) -> Hosts:
    known = sites or (home(), other(), other("munkedal"))
    return Hosts({site.tenant.id: site for site in known}, lambda: now)


def alarm(person: str = "r1", tenant: str = "grastorp", raised_at: datetime = SUMMER, **more: Any) -> Alarm:
    return Alarm(
        id="a", slot=Slot(tenant, person, "press"), cause="button", priority="critical", chain="standard", why="pressed",
        raised_at=raised_at, happened_at=raised_at, **more,
    )  # fmt: skip


def may(asked: Hosts, caller: str | None = "tanum", of: Alarm | None = None) -> list[str]:
    rights: list[Any] = ["receive", "respond"]
    return [right for right in rights if asked.may(caller, of or alarm(), right)]


def test_the_host_sees_and_answers_while_the_stay_lasts_and_not_a_moment_before_or_after() -> None:
    moment = timedelta(microseconds=1)
    assert may(hosts(SUMMER - moment)) == []
    assert may(hosts(SUMMER)) == ["receive", "respond"]
    assert may(hosts(AUTUMN - moment)) == ["receive", "respond"]
    assert may(hosts(AUTUMN)) == []


def test_nobody_else_sees_anything_and_the_host_nobody_else() -> None:
    asked = hosts(SUMMER)
    assert may(asked, "munkedal") == []
    assert may(asked, of=alarm("r2")) == []
    assert may(asked, of=alarm("nobody")) == []
    assert may(asked, of=alarm("")) == []
    assert may(asked, of=alarm(tenant="munkedal")) == []
    assert may(asked, of=alarm(tenant="nowhere")) == []
    assert may(asked, "grastorp", alarm(tenant="tanum")) == [], "who hosts is not seen by whom it hosts"


def test_the_owner_and_an_installation_without_credentials_always_do() -> None:
    for now in (SUMMER - timedelta(days=1), SUMMER, AUTUMN):
        for caller in ("grastorp", None):
            assert may(hosts(now), caller) == ["receive", "respond"]


def test_what_was_over_before_the_stay_is_no_business_of_the_host_and_what_is_still_open_is() -> None:
    asked, before = hosts(SUMMER + timedelta(days=1)), SUMMER - timedelta(microseconds=1)
    assert may(asked, of=alarm(raised_at=before)) == ["receive", "respond"]
    assert may(asked, of=alarm(raised_at=before, state="resolved")) == []
    assert may(asked, of=alarm(raised_at=SUMMER, state="resolved")) == ["receive", "respond"]


@pytest.mark.parametrize(
    ("they", "we", "rights"),
    [
        (["receive"], ["receive", "respond"], ["receive"]),
        (["receive", "respond"], ["receive"], ["receive"]),
        (["respond"], ["receive", "respond"], ["respond"]),
        (["receive"], ["respond"], []),
    ],
)
def test_both_must_have_agreed_to_the_same(they: list[str], we: list[str], rights: list[str]) -> None:
    sites = home(agreements=[{**THEY, "they_may": they}]), other(agreements=[{**WE, "we_may": we}])
    assert may(hosts(SUMMER, *sites)) == rights


@pytest.mark.parametrize(
    ("owner", "guest"),
    [
        ([], [WE]),
        ([THEY], []),
        ([{**THEY, "with": "munkedal"}], [WE]),
        ([THEY], [{**WE, "with": "munkedal"}]),
        ([{"with": "tanum", "we_may": ["receive", "respond"]}], [WE]),
        ([THEY], [{"with": "grastorp", "they_may": ["receive", "respond"]}]),
    ],
)
def test_without_an_agreement_of_both_with_each_other_in_the_right_direction_a_stay_opens_nothing(
    owner: list[Any], guest: list[Any]
) -> None:
    assert may(hosts(SUMMER, home(agreements=owner), other(agreements=guest))) == []


def test_an_agreement_ends_by_itself_whoever_of_the_two_ended_it() -> None:
    until = {"until": "2026-07-31T00:00:00Z"}
    end = datetime(2026, 7, 31, tzinfo=UTC)
    for sites in ((home(agreements=[THEY | until]), other()), (home(), other(agreements=[WE | until]))):
        assert may(hosts(end - timedelta(seconds=1), *sites)) == ["receive", "respond"]
        assert may(hosts(end, *sites)) == []


def test_a_host_that_is_not_here_or_not_said_opens_nothing() -> None:
    assert may(hosts(SUMMER, home())) == []
    assert may(hosts(SUMMER, home([{key: STAY[key] for key in ("from", "until")}]), other())) == []


def test_of_two_stays_at_once_the_first_counts() -> None:
    both = [{**STAY, "host": "munkedal"}, STAY]
    agreed = [THEY, {**THEY, "with": "munkedal"}]
    asked = hosts(SUMMER, home(both, agreed), other(), other("munkedal"))
    assert (may(asked), may(asked, "munkedal")) == ([], ["receive", "respond"])


def test_partners_are_those_whose_alarms_one_may_receive() -> None:
    asked = hosts(SUMMER)
    assert asked.partners("tanum") == {"grastorp"}
    assert [asked.partners(one) for one in ("grastorp", "munkedal", "nowhere", None)] == [frozenset()] * 4
    lapsed = home(agreements=[{**THEY, "until": "2026-01-01"}])
    assert hosts(SUMMER, lapsed, other()).partners("tanum") == frozenset()


def test_an_operator_of_the_host_has_another_name_in_the_owners_record() -> None:
    assert subject_of("operator:anna", "tanum", "grastorp") == "operator:anna@tanum"
    assert subject_of("operator:anna", "grastorp", "grastorp") == "operator:anna"
    assert subject_of("operator:open", None, "grastorp") == "operator:open"
