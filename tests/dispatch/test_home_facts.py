"""What a finding about the home rests on, in words; and that what is somebody's health is on no locked screen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from alarmcore import lifecycle
from alarmcore.model.alarm import Facts
from dispatch.message import message_of
from dispatch.telling import Tell
from dispatch.wording import facts_text, subject, text
from tests.alarms import SLOT, raised
from tests.stories import town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
SITE = town("[{id: press, kind: button}]")


def measured(**more: Any) -> Facts:
    return Facts(**{"quantity": "body_temperature", "value": 38.9, "unit": "Cel", "beyond": "above", "limit": 38.5, **more})


@pytest.mark.parametrize(
    ("facts", "sv", "en"),
    [
        (measured(), "kroppstemperatur 38,9 °C, över gränsen 38,5", "body temperature 38.9 °C, above the limit 38.5"),
        (
            measured(for_s=2470),
            "kroppstemperatur 38,9 °C, över gränsen 38,5 sedan 41 min",
            "body temperature 38.9 °C, above the limit 38.5 for 41 min",
        ),
        (
            measured(for_s=28800, age_s=28800),
            "kroppstemperatur 38,9 °C, över gränsen 38,5, mätt 8 tim före larmet",
            "body temperature 38.9 °C, above the limit 38.5, measured 8 h before the alarm",
        ),
        (
            measured(for_s=28800, age_s=3600),
            "kroppstemperatur 38,9 °C, över gränsen 38,5 sedan 8 tim, senast mätt 1 tim före larmet",
            "body temperature 38.9 °C, above the limit 38.5 for 8 h, last measured 1 h before the alarm",
        ),
        (
            measured(value=38.0, for_s=2400),
            "kroppstemperatur 38 °C, har varit över gränsen 38,5",
            "body temperature 38 °C, has been above the limit 38.5",
        ),
        (
            measured(quantity="glucose", value=3.14159, unit="mmol/L", beyond="below", limit=4.0),
            "blodsocker 3,14 mmol/L, under gränsen 4",
            "blood glucose 3.14 mmol/L, below the limit 4",
        ),
        (
            measured(quantity="weight", value=82.3, unit="kg", beyond="rises", limit=None, before=80.0, for_s=3 * 86400),
            "vikt 82,3 kg, upp 2,3 från 80 på 3 dygn",
            "weight 82.3 kg, up 2.3 from 80 within 3 d",
        ),
        (
            measured(quantity="room_temperature", value=15.0, beyond="falls", limit=None, before=21.0, for_s=3600),
            "rumstemperatur 15 °C, ned 6 från 21 på 1 tim",
            "room temperature 15 °C, down 6 from 21 within 1 h",
        ),
        (Facts(door="front", for_s=600), "ytterdörren har stått öppen i 10 min", "the front door has been open for 10 min"),
        (
            Facts(door="vind", for_s=30),
            "dörren vind har stått öppen i mindre än en minut",
            "the door vind has been open for less than a minute",
        ),
        (
            Facts(dose="08:00", for_s=5400),
            "inget svar om dosen kl. 08:00, väntat i 1 tim 30 min",
            "no answer about the dose at 08:00, waited for 1 h 30 min",
        ),
        (Facts(dose="08:00"), "dosen kl. 08:00", "the dose at 08:00"),
        (
            Facts(device="pir-3", fault="sensor_chatters", for_s=72000),
            "sensorn pir-3 har slagit om hela tiden i 20 tim; kontrollera den",
            "the sensor pir-3 has been set off all the time for 20 h; check it",
        ),
        (
            Facts(device="bed-1", fault="sensor_chatters", count=61),
            "sensorn bed-1 har slagit om 61 gånger på en timme; kontrollera hur den sitter",
            "the sensor bed-1 has been set off 61 times in one hour; check how it is mounted",
        ),
        (
            Facts(device="bed-1", fault="sensor_stuck", for_s=133200),
            "sensorn bed-1 har sagt samma sak i 1 dygn 13 tim fast andra sensorer märker rörelse; kontrollera den",
            "the sensor bed-1 has said the same for 1 d 13 h though other sensors notice movement; check it",
        ),
        (
            Facts(device="door-1", fault="sensor_silent", for_s=3 * 86400),
            "sensorn door-1 har inte hörts på 3 dygn fast andra sensorer märker rörelse; kontrollera batteri och kontakt",
            "the sensor door-1 has not been heard for 3 d though other sensors notice movement; check battery and contact",
        ),
        (
            Facts(device="door-1", fault="alarms_folded", count=5),
            "sensorn door-1 har larmat minst 5 gånger på en timme; fler än 4 väntar till heltimmen, aldrig tryck eller fall",
            "the sensor door-1 raised at least 5 alarms in one hour; beyond 4 they wait for the full hour, never a press or fall",
        ),
        (
            Facts(device="door-1", fault="sensor_silent"),
            "sensorn door-1 har aldrig hörts fast andra sensorer märker rörelse; kontrollera att den är på plats och igång",
            "the sensor door-1 has never been heard though other sensors notice movement; check that it hangs there and is on",
        ),
    ],
)
def test_the_numbers_are_said_in_both_languages(facts: Facts, sv: str, en: str) -> None:
    assert facts_text(facts, "sv", {}) == sv
    assert facts_text(facts, "en", {}) == en


def test_when_a_value_was_measured_is_said_by_the_clock_of_the_place_with_the_day_where_it_is_another() -> None:
    tz = SITE.tenant.tz
    hours = measured(for_s=28800, age_s=28800, at=NOW)
    assert facts_text(hours, "sv", {}, tz) == "kroppstemperatur 38,9 °C, över gränsen 38,5, mätt kl. 05:00"
    days = measured(for_s=2 * 86400, age_s=86400, at=NOW)
    assert facts_text(days, "sv", {}, tz).endswith("över gränsen 38,5 sedan 2 dygn, senast mätt 13 jan 13:00")
    assert facts_text(days, "en", {}, tz).endswith("above the limit 38.5 for 2 d, last measured on 13 Jan 13:00")


def test_a_message_about_a_dose_never_takes_its_own_hour_for_that_of_the_dose() -> None:
    sent = message("missed_medication", Facts(dose="08:00", for_s=3600))
    assert "har inte tagit sin medicin, larmat kl. 13:00" in text(sent, "mail")
    assert "dosen kl. 08:00" in text(sent, "mail")


@pytest.mark.parametrize("strange", ["http://evil.example/x", "front door", "x" * 70, "a.b"])
def test_what_a_device_calls_a_door_or_a_unit_is_shown_only_if_it_can_be_no_link(strange: str) -> None:
    assert facts_text(Facts(door=strange, for_s=600), "en", {}) == "a door has been open for 10 min"
    assert strange not in facts_text(measured(unit=strange), "sv", {})


def test_a_number_that_no_device_can_mean_does_not_fill_the_page() -> None:
    assert facts_text(measured(value=1e300), "en", {}) == "body temperature 1e+300 °C, above the limit 38.5"


def message(cause: str, facts: Facts) -> Any:
    alarm = lifecycle.step(None, raised(cause=cause, why="measured_outside", facts=facts), NOW).state
    assert alarm is not None
    tell = Tell(
        id="x", telling="x", slot=SLOT, alarm=alarm, ref="contact:eva", number=0, link=0, channel="sms", to="+46700000001"
    )
    return message_of(tell, SITE, lambda *_: "https://larm.example/a/x")


@pytest.mark.parametrize(
    ("cause", "facts"), [("measurement", measured()), ("missed_medication", Facts(dose="08:00", for_s=3600))]
)
def test_what_is_health_is_in_the_mail_and_never_in_an_sms_or_a_subject(cause: str, facts: Facts) -> None:
    said = facts_text(facts, "sv", {})
    assert said in text(message(cause, facts), "mail")
    assert said.lower() not in text(message(cause, facts), "sms").lower()
    assert said not in subject(message(cause, facts))


def test_what_is_no_health_is_in_an_sms_too() -> None:
    assert "ytterdörren har stått öppen i 10 min" in text(message("door_open", Facts(door="front", for_s=600)), "sms").lower()
