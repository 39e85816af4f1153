"""Reasons with numbers, as a relative reads them in a message."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from alarmcore import lifecycle
from alarmcore.model.alarm import Facts, Fix
from alarmcore.model.site import Zone
from dispatch.message import message_of
from dispatch.telling import Tell
from dispatch.wording import deed, facts_text, subject, text, zone_names
from geofence import circle
from tests.alarms import NOW, SLOT, raised
from tests.stories import town

FACTS = Facts("outside", ("home",), 187, 190, 4, 12)
NAMES = {"home": "Hemzonen"}
SITE = town("[{id: press, kind: button}]")


def swedish(**more: Any) -> str:
    return facts_text(replace(FACTS, **more), "sv", NAMES)


def test_it_reads_as_people_say_it() -> None:
    assert facts_text(FACTS, "sv", NAMES) == "190 m utanför Hemzonen i 3 min, fyra positioner stämmer överens"
    assert facts_text(FACTS, "en", NAMES) == "190 m outside Hemzonen for 3 min, four fixes agree"


def test_inside_an_area_to_keep_out_of_it_says_how_far_the_border_is() -> None:
    lake = Facts("inside", ("lake",), 38, 65, 2, 12)
    assert facts_text(lake, "sv", {"lake": "Sjön"}) == "inne i Sjön i 1 min, 40 m från gränsen, två positioner stämmer överens"
    assert facts_text(lake, "en", {"lake": "Sjön"}) == "inside Sjön for 1 min, 40 m from its border, two fixes agree"


FOUND = datetime(2026, 1, 14, 5, 8, tzinfo=UTC)
"""Eight minutes past six in Sweden."""


def dated(facts: Facts, language: Any) -> str:
    return facts_text(replace(facts, at=FOUND), language, NAMES, SITE.tenant.tz)


def test_after_a_silence_it_says_when_the_newest_and_the_first_position_came() -> None:
    old = replace(FACTS, for_s=2880, age_s=2700)
    assert dated(old, "sv") == ("senast 190 m utanför Hemzonen kl. 05:23; fyra positioner stämmer överens, den första kl. 05:20")
    assert dated(old, "en") == "last 190 m outside Hemzonen at 05:23; four fixes agree, the first at 05:20"
    assert dated(replace(old, fixes=1), "sv") == "senast 190 m utanför Hemzonen kl. 05:23"
    assert dated(replace(old, distance_m=None, fixes=0), "sv") == "senast utanför Hemzonen kl. 05:23"
    assert dated(replace(old, for_s=86_400, age_s=36_000), "en") == (
        "last 190 m outside Hemzonen on 13 Jan 20:08; four fixes agree, the first on 13 Jan 06:08"
    )
    assert dated(replace(old, age_s=36_000, fixes=1), "sv") == "senast 190 m utanför Hemzonen 13 jan 20:08"


def test_without_a_clock_the_moments_are_counted_from_the_alarm() -> None:
    old = replace(FACTS, for_s=2880, age_s=2700)
    assert facts_text(old, "sv", NAMES) == (
        "senast 190 m utanför Hemzonen 45 min före larmet; fyra positioner stämmer överens, den första 48 min före larmet"
    )
    assert facts_text(replace(old, fixes=1, at=FOUND), "en", NAMES) == "last 190 m outside Hemzonen 45 min before the alarm"


@pytest.mark.parametrize(("age_s", "aged"), [(None, False), (0, False), (119, False), (120, True)])
def test_the_age_of_a_fresh_position_is_not_worth_a_word(age_s: int | None, aged: bool) -> None:
    assert swedish(age_s=age_s).startswith("senast ") is aged


@pytest.mark.parametrize(
    ("facts", "sv", "en"),
    [
        (
            Facts("outside", ("home",), 230, 0, 4, 12, age_s=2700, lost=True),
            "senast 230 m utanför Hemzonen kl. 05:23, därefter ingen position på 45 min",
            "last 230 m outside Hemzonen at 05:23, then no position for 45 min",
        ),
        (
            Facts("inside", ("home",), 60, 0, 0, 12, age_s=2700, lost=True),
            "senast inne i Hemzonen (osäkert) kl. 05:23, därefter ingen position på 45 min",
            "last inside Hemzonen (uncertain) at 05:23, then no position for 45 min",
        ),
        (
            Facts(zones=("home",), age_s=2700, lost=True),
            "senaste positionen kl. 05:23, därefter ingen på 45 min",
            "last position at 05:23, then none for 45 min",
        ),
        (
            Facts("outside", ("home",), 230, 0, 2, 12, age_s=20, lost=True),
            "senast 230 m utanför Hemzonen kl. 06:07, därefter ingen position på mindre än en minut",
            "last 230 m outside Hemzonen at 06:07, then no position for less than a minute",
        ),
    ],
)
def test_of_somebody_who_is_missed_it_says_what_was_known_last_and_for_how_long_nothing_has_come(
    facts: Facts, sv: str, en: str
) -> None:
    assert dated(facts, "sv") == sv
    assert dated(facts, "en") == en


def test_that_another_device_says_otherwise_is_said() -> None:
    assert swedish(disputed=True).endswith("fyra positioner stämmer överens, en annan enhet säger emot")
    lost = Facts("outside", ("home",), 230, 0, 4, 12, age_s=2700, lost=True, disputed=True)
    assert dated(lost, "en").endswith("then no position for 45 min, another device says otherwise")


def test_whoever_is_missed_is_not_said_to_be_outside() -> None:
    lost = Facts("inside", ("home",), 60, 0, 0, 12, age_s=2700, lost=True)
    told = message("unit:centre", facts=lost, why="outing_over position_lost")
    assert "Vi vet inte var" in text(told)
    assert "utanför" not in text(told) + subject(told) + text(told, "sms")
    assert "vi har tappat positionen" in text(told)
    event = {"at": NOW, "event": "alarm.raised", "cause": "zone_exit", "why": "position_lost"}
    assert deed(event, "en", {}, SITE.tenant.tz) == "Alarm: Position lost (we have lost the position)."


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


@pytest.mark.parametrize(("fixes", "said"), [(2, "två"), (12, "tolv"), (13, "13"), (50, "50"), (51, "många")])
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
    zones = [Zone("home", circle(58.0, 12.0, 100.0), name="Hemzonen"), Zone("lake", circle(58.0, 12.0, 100.0))]
    person: Any = SimpleNamespace(zones=zones)
    assert zone_names(person) == NAMES
    assert zone_names(None) == {}


AT = Fix(58.33451, 12.67842, datetime(2026, 1, 14, 12, tzinfo=UTC), 8.0)


def message(ref: str, **more: Any) -> Any:
    alarm = lifecycle.step(None, raised(**{"cause": "zone_exit", "why": "outside_all_zones", "fix": AT, **more}), NOW).state
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
