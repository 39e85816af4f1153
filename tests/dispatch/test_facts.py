"""Reasons with numbers, as a relative reads them in a message."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.model.alarm import Facts, Fix
from dispatch.message import message_of
from dispatch.telling import Tell
from dispatch.wording import deed, facts_text, subject, text, zone_names
from tests.alarms import NOW, SLOT, raised
from tests.stories import town

FACTS = Facts("outside", ("home",), 187, 190, 4, 12)
NAMES = {"home": "Hemzonen"}


def swedish(**more: Any) -> str:
    return facts_text(replace(FACTS, **more), "sv", NAMES)


def test_it_reads_as_people_say_it() -> None:
    assert facts_text(FACTS, "sv", NAMES) == "190 m utanför Hemzonen i 3 min, fyra positioner stämmer överens"
    assert facts_text(FACTS, "en", NAMES) == "190 m outside Hemzonen for 3 min, four fixes agree"


def test_inside_an_area_to_keep_out_of_it_says_how_far_the_border_is() -> None:
    lake = Facts("inside", ("lake",), 38, 65, 2, 12)
    assert facts_text(lake, "sv", {"lake": "Sjön"}) == "inne i Sjön i 1 min, 40 m från gränsen, två positioner stämmer överens"
    assert facts_text(lake, "en", {"lake": "Sjön"}) == "inside Sjön for 1 min, 40 m from its border, two fixes agree"


@pytest.mark.parametrize(
    ("metres", "said"),
    [
        (0, "under 10 m"),
        (9, "under 10 m"),
        (10, "10 m"),
        (14, "10 m"),
        (994, "990 m"),
        (995, "1 km"),
        (1249, "1,2 km"),
        (9_949, "9,9 km"),
        (9_950, "10 km"),
        (123_456, "123 km"),
    ],
)
def test_distances_are_rounded_as_people_round_them(metres: int, said: str) -> None:
    assert swedish(distance_m=metres).startswith(f"{said} utanför Hemzonen")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "mindre än en minut"), (59, "mindre än en minut"), (60, "1 min"), (3599, "59 min"), (7_260, "2 tim 1 min")],
)
def test_a_time_is_said_in_whole_minutes(seconds: int, said: str) -> None:
    assert f"Hemzonen i {said}," in swedish(for_s=seconds)


@pytest.mark.parametrize(("fixes", "said"), [(2, "två"), (12, "tolv"), (13, "13")])
def test_how_many_positions_agree_is_said_in_words_up_to_twelve(fixes: int, said: str) -> None:
    assert swedish(fixes=fixes).endswith(f", {said} positioner stämmer överens")


def test_what_is_not_known_is_not_said() -> None:
    assert swedish(distance_m=None, fixes=0) == "utanför Hemzonen i 3 min"
    assert swedish(fixes=1) == "190 m utanför Hemzonen i 3 min"


@pytest.mark.parametrize(
    ("zones", "sv", "en"),
    [
        ((), "sina områden", "the agreed areas"),
        (("hem",), "hemzonen", "the home zone"),
        (("day-centre_2",), "området day centre 2", "the area day centre 2"),
        (("home", "x"), "Hemzonen och området x", "Hemzonen and the area x"),
        (("home", "x", "y"), "Hemzonen, området x och området y", "Hemzonen, the area x and the area y"),
        (
            ("home", "x", "y", "z", "w"),
            "Hemzonen, området x, området y och 2 till",
            "Hemzonen, the area x, the area y and 2 more",
        ),
    ],
)
def test_zones_are_named_by_name_or_readable_id(zones: tuple[str, ...], sv: str, en: str) -> None:
    assert f"190 m utanför {sv} i" in facts_text(replace(FACTS, zones=zones), "sv", NAMES)
    assert f"190 m outside {en} for" in facts_text(replace(FACTS, zones=zones), "en", NAMES)


def test_a_zone_is_called_by_its_name_where_it_has_one() -> None:
    zones = [SimpleNamespace(id="home", name="Hemzonen"), SimpleNamespace(id="lake", name=""), SimpleNamespace(id="x")]
    person: Any = SimpleNamespace(zones=zones)
    assert zone_names(person) == NAMES
    assert zone_names(None) == {}


SITE = town("[{id: press, kind: button}]")
AT = Fix(58.33451, 12.67842, datetime(2026, 1, 14, 12, tzinfo=UTC), 8.0)


def message(ref: str, **more: Any) -> Any:
    alarm = lifecycle.step(None, raised(cause="zone_exit", why="outside_all_zones", fix=AT, **more), NOW).state
    assert alarm is not None
    tell = Tell(id="x", telling="x", slot=SLOT, alarm=alarm, ref=ref, number=0, link=0, channel="sms", to="+46700000001")
    return message_of(tell, SITE, lambda *_: "https://larm.example/a/x")


@pytest.mark.parametrize("ref", ["contact:eva", "unit:centre"])
@pytest.mark.parametrize("length", ["sms", "mail"])
def test_a_message_says_the_numbers_and_its_subject_none_of_them(ref: str, length: Any) -> None:
    told = message(ref, facts=FACTS)
    said = "190 m utanför hemzonen i 3 min, fyra positioner stämmer överens"
    assert said in text(told, length)
    assert "190" not in subject(told)
    assert "58.3" not in subject(told) + text(told, length)


def test_an_sms_with_the_numbers_still_has_its_link_and_its_length() -> None:
    said = text(message("contact:eva", facts=FACTS), "sms")
    assert said.endswith("https://larm.example/a/x")
    assert len(said) <= 306


def test_a_message_without_numbers_reads_as_it_did() -> None:
    assert "Varför: utanför alla sina områden\n" in text(message("contact:eva"))


def test_the_timeline_says_the_numbers_beside_the_reason() -> None:
    event = {
        "at": NOW,
        "event": "alarm.repeated",
        "why": "outside_all_zones",
        "reason": {"sv": "190 m utanför", "en": "190 m outside"},
    }
    assert deed(event, "sv", {}, SITE.tenant.tz) == "Hände igen (utanför alla sina områden: 190 m utanför)."
    assert deed({**event, "why": None}, "en", {}, SITE.tenant.tz) == "It happened again (190 m outside)."
