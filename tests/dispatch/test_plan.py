"""A tenant's chains, ready to be walked."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dispatch.plan import CENTRES, chain_book
from tests.stories import built, document, town

BOOK = chain_book(town("[{id: press, kind: button}]"))
TZ = ZoneInfo("Europe/Stockholm")


def test_links_come_in_order_with_their_recipients_and_channels() -> None:
    plan = BOOK.chain("standard")
    assert [[r.ref for r in link.recipients] for link in plan.links] == [["contact:eva"], ["unit:patrol"], ["unit:centre"]]
    assert [c.kind for c in plan.links[0].recipients[0].channels] == ["sms", "email"]
    assert plan.last == 2


def test_a_chain_that_is_gone_gives_way_to_all_centres() -> None:
    found = document()
    found["units"].append({"id": "second", "name": "Andra", "kind": "centre", "channels": [{"kind": "console"}]})
    book = chain_book(built(found))
    assert book.chain("no-such-chain") is book.chains[CENTRES]
    assert [r.ref for r in book.chain("").links[0].recipients] == ["unit:centre", "unit:second"]


def test_the_centres_that_take_the_place_of_a_chain_work_by_their_own_wall_clock() -> None:
    found = document()
    day = {"from": "08:00", "to": "16:00"}
    found["units"].append(
        {"id": "day", "name": "Dagcentralen", "kind": "centre", "channels": [{"kind": "console"}], "duty": [day]}
    )
    plan = chain_book(built(found)).chain("no-such-chain")
    morning, evening = datetime(2026, 7, 1, 6, tzinfo=UTC), datetime(2026, 7, 1, 15, tzinfo=UTC)  # 8:00 and 17:00 in Sweden
    on_duty = [[r.ref for r in plan.links[0].recipients if r.on_duty(plan.tz, at)] for at in (morning, evening)]
    assert on_duty == [["unit:centre", "unit:day"], ["unit:centre"]]


def test_contacts_are_always_on_duty_and_units_by_the_wall_clock() -> None:
    eva, patrol, centre = (link.recipients[0] for link in BOOK.chain("standard").links)
    summer_evening, noon = datetime(2026, 7, 1, 19, tzinfo=UTC), datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert eva.on_duty(TZ, noon)
    assert centre.on_duty(TZ, noon)
    assert not patrol.on_duty(TZ, noon)
    assert patrol.on_duty(TZ, summer_evening)  # 21:00 in Sweden


def test_only_usable_channels_are_kept() -> None:
    book = chain_book(town("[{id: press, kind: button}]"), frozenset({"email", "console"}))
    assert [[c.kind for c in link.recipients[0].channels] for link in book.chain("standard").links] == [
        ["email"],
        [],
        ["console"],
    ]
