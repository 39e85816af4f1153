"""What people read: short, calm, unambiguous, in both languages, with no more personal data than the reader needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.model.reasons import OUTCOMES, VOCABULARY
from dispatch.channels.port import Message
from dispatch.wording import (
    cause_name,
    clock_text,
    day_text,
    duration_text,
    first_line,
    headline,
    link_text,
    outcome_text,
    sentence,
    subject,
    text,
    why_text,
)
from dispatch.wording.telling import SMS_CHARS_MAX
from dispatch.wording.words import CAUSES, OUTCOME_WORDS, REASONS, WHY_WORDS

TZ = ZoneInfo("Europe/Stockholm")
LANGUAGES: tuple[Literal["sv", "en"], ...] = ("sv", "en")
RULE_KINDS = {
    "button",
    "fall",
    "zone_exit",
    "zone_enter",
    "out_of_bed",
    "on_floor",
    "door_open",
    "inactivity",
    "silent",
    "battery_low",
    "measurement",
    "missed_medication",
    "sensor_fault",
}
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The basic character set of 3GPP TS 23.038, in which an SMS holds 160 characters instead of 70."""


def message(**changes: Any) -> Message:
    plain = Message(
        key="k1",
        tenant="grastorp",
        tenant_name="Grästorps kommun",
        language="sv",
        timezone="Europe/Stockholm",
        alarm="A1b2C3",
        resident="r1",
        resident_name="Karin Svensson",
        address="Storgatan 1",
        rule="press",
        cause="button",
        priority="critical",
        why="pressed",
        raised_at=datetime(2026, 1, 14, 2, 12, tzinfo=UTC),
        late_s=0,
        lat=58.3345,
        lon=12.6784,
        accuracy_m=20.0,
        recipient="contact:eva",
        recipient_name="Eva Andersson",
        to="+46700000001",
        link=0,
        told_before=0,
        answer_url="https://larm.example/a/grastorp.A1b2C3.c.eva.0123456789abcdefABCDEF",
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_the_closed_vocabulary_is_worded(language: Literal["sv", "en"]) -> None:
    assert not VOCABULARY - set(WHY_WORDS)
    assert all(why_text(word, language) and why_text(word, language) != word for word in VOCABULARY)


def test_no_word_is_worded_that_is_not_in_the_vocabulary() -> None:
    assert not set(WHY_WORDS) - VOCABULARY


def test_no_two_words_of_a_kind_read_the_same_and_the_languages_differ() -> None:
    for table in (WHY_WORDS, OUTCOME_WORDS):
        assert len({pair[0] for pair in table.values()}) == len(table)
        assert len({pair[1] for pair in table.values()}) == len(table)
        assert all(sv != en for sv, en in table.values())


def test_every_cause_and_outcome_is_worded() -> None:
    assert set(CAUSES) == RULE_KINDS | {"unknown_device", "internal"}
    assert set(OUTCOME_WORDS) == set(OUTCOMES)
    assert cause_name("zone_exit", "sv") == "Utanför område"
    assert outcome_text("moved_to_112", "en") == "handed over to 112"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_names_the_person_except_a_device_that_belongs_to_nobody(language: Literal["sv", "en"]) -> None:
    for cause in CAUSES:
        said = headline(cause, "Karin Svensson", language)
        assert ("Karin Svensson" in said) is (cause != "unknown_device")
        assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_found_has_its_own_words_where_it_is_not_what_its_rule_is_about(language: Literal["sv", "en"]) -> None:
    assert set(REASONS) <= VOCABULARY
    for word in REASONS:
        said = headline("zone_exit", "Karin Svensson", language, why=f"outing_over {word} again")
        assert "Karin Svensson" in said
        assert said != headline("zone_exit", "Karin Svensson", language, why="outside_all_zones")
        assert cause_name("zone_exit", language, word) != cause_name("zone_exit", language)
    assert headline("zone_exit", None, "sv", why="position_lost") == "Vi vet inte var en boende är"


def test_a_position_is_said_with_its_clock_and_its_age_where_there_is_no_link_to_look_at_it() -> None:
    at = datetime(2026, 1, 14, 2, 10, tzinfo=UTC)
    told = message(answer_url=None, position_at=at, position_age_s=125)
    assert "Sågs senast 03:10, för 2 min sedan, ungefär 58.33450, 12.67840 (±20 m)" in text(told)
    english = msgspec.structs.replace(told, language="en", position_age_s=59, accuracy_m=None)
    assert "Last seen 03:10, just now, at about 58.33450, 12.67840\n" in text(english)
    assert "Sågs senast 03:10, nyss, ungefär" in text(msgspec.structs.replace(told, position_age_s=59))
    assert "Sågs senast 03:10, ungefär" in text(msgspec.structs.replace(told, position_age_s=None))
    assert "58.3345" not in text(message(position_at=at, position_age_s=125)), "it is behind the link"


def test_a_position_of_another_day_is_said_with_its_date() -> None:
    at = datetime(2026, 1, 13, 22, 50, tzinfo=UTC)
    told = message(answer_url=None, position_at=at, position_age_s=3 * 3600 + 22 * 60)
    assert "Sågs senast 13 jan 23:50, för 3 tim 22 min sedan, ungefär" in text(told)


def test_the_first_line_says_who_what_when_and_where() -> None:
    assert first_line(message()) == "LARM: Karin Svensson har tryckt på larmknappen kl. 03:12, Storgatan 1."
    assert first_line(message(language="en")) == "ALARM: Karin Svensson has pressed the alarm button at 03:12, Storgatan 1."
    assert text(message()).split("\n")[0] == first_line(message())


def test_lateness_is_said_with_both_times() -> None:
    late = message(raised_at=datetime(2026, 1, 14, 4, 14, tzinfo=UTC), late_s=7320)
    assert "Trycktes 03:12, nådde oss 05:14 (2 tim 2 min sent)." in first_line(late)
    assert "Trycktes 03:12, nådde oss 05:14" in text(late, "sms")
    assert "Happened 03:12, reached us 05:14 (2 h 2 min late)." in first_line(
        msgspec.structs.replace(late, language="en", cause="fall")
    )


def test_lateness_across_midnight_says_the_day() -> None:
    late = message(raised_at=datetime(2026, 1, 14, 0, 30, tzinfo=UTC), late_s=7200)
    assert "Trycktes 13 jan 23:30, nådde oss 01:30" in first_line(late)


def test_what_was_set_aside_is_said_once_and_in_words() -> None:
    assert why_text("pressed set_aside:lat set_aside:lon", "sv") == "larmknappen trycktes; gick inte att använda: positionen"
    assert why_text("fell reset_clock set_aside:at,lat", "en").endswith("could not be used: the time, the position")
    assert "gick inte att använda: positionen" in text(message(why="pressed set_aside:lat"), "mail")
    assert "Gick inte att använda: positionen." in text(message(why="pressed set_aside:lat"), "sms")


def test_a_field_name_that_a_device_made_up_does_not_reach_the_reader() -> None:
    assert why_text("pressed set_aside:<b>x</b>", "sv") == "larmknappen trycktes; gick inte att använda: ett okänt fält"


def test_a_word_of_a_newer_version_is_shown_as_it_is() -> None:
    assert why_text("pressed newer_word", "sv") == "larmknappen trycktes; newer_word"
    assert headline("newer_cause", "Karin", "en") == "Karin: newer_cause"


def test_an_sms_to_a_contact_has_no_surname_address_or_position() -> None:
    sms = text(message(), "sms")
    assert sms.startswith("LARM: Karin S. har tryckt på larmknappen kl. 03:12. Svara: https://larm.example/a/")
    assert not any(private in sms for private in ("Svensson", "Storgatan", "58.3", "12.6", "Eva"))


def test_an_sms_to_a_unit_has_the_full_name_and_the_address() -> None:
    sms = text(message(recipient="unit:night-patrol", answer_url=None), "sms")
    assert sms == "LARM: Karin Svensson har tryckt på larmknappen kl. 03:12, Storgatan 1."


@pytest.mark.parametrize("cause", ["measurement", "missed_medication"])
def test_health_information_is_kept_off_locked_screens(cause: str) -> None:
    sick = message(cause=cause, why="dose_missed")
    for shown in (text(sick, "sms"), subject(sick)):
        assert "behöver tillsyn" in shown
        assert "medicin" not in shown
        assert "mätvärde" not in shown
    assert "medicin" in text(sick, "mail")


def test_a_position_is_written_out_only_where_there_is_no_link() -> None:
    assert "58.33450" not in text(message())
    assert "Position: 58.33450, 12.67840 (±20 m)" in text(message(answer_url=None))


def test_a_test_says_so_before_anything_else() -> None:
    assert subject(message(test=True)).startswith("TEST, inget riktigt larm")
    assert text(message(test=True), "sms").startswith("TEST, inget riktigt larm")
    assert text(message(test=True, language="en")).startswith("TEST, not a real alarm")


def test_an_alarm_without_a_person_still_reads_as_a_sentence() -> None:
    nobody = message(cause="unknown_device", why="unknown_device", resident=None, resident_name=None, address=None)
    assert first_line(nobody) == "LARM: En enhet som ingen är kopplad till har larmat kl. 03:12."


def test_the_reader_learns_where_in_the_chain_they_stand_and_that_it_is_a_reminder() -> None:
    assert link_text(0, "sv") == "Du larmas först i kedjan"
    assert link_text(6, "sv") == "Du larmas som nummer 7 i kedjan"
    assert link_text(1, "en") == "You are told second in the chain"
    assert "Påminnelse 2: ingen har tagit larmet." in text(message(told_before=2))
    assert "Påminnelse" not in text(message())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", sorted(CAUSES))
@pytest.mark.parametrize("recipient", ["contact:eva", "unit:night-patrol"])
def test_our_own_words_in_an_sms_use_only_the_sms_alphabet(language: str, cause: str, recipient: str) -> None:
    late = message(language=language, cause=cause, recipient=recipient, late_s=7200, told_before=3, why="pressed set_aside:lat")
    assert set(text(late, "sms")) <= GSM_7


@given(
    name=st.text(max_size=300),
    address=st.text(max_size=300),
    cause=st.sampled_from(sorted(CAUSES)),
    language=st.sampled_from(LANGUAGES),
    recipient=st.sampled_from(["contact:eva", "unit:u"]),
    late_s=st.integers(0, 10**7),
)
def test_an_sms_fits_in_two_and_keeps_its_link_and_no_header_breaks(
    name: str, address: str, cause: str, language: str, recipient: str, late_s: int
) -> None:
    hard = message(
        resident_name=name, address=address, cause=cause, language=language, recipient=recipient, late_s=late_s, told_before=9
    )
    sms = text(hard, "sms")
    assert len(sms) <= SMS_CHARS_MAX
    assert sms.endswith(str(hard.answer_url))
    assert len(sms.splitlines()) == 1
    assert len(subject(hard).splitlines()) == 1


def test_times_are_the_tenants_wall_clock_and_say_which_of_two_equal_hours() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock_text(first, TZ, "sv") == "02:30 sommartid"
    assert clock_text(first + timedelta(hours=1), TZ, "sv") == "02:30 normaltid"
    assert clock_text(first + timedelta(hours=2), TZ, "sv") == "03:30"
    assert day_text(datetime(2026, 1, 13, 23, 30, tzinfo=UTC), TZ, "sv") == "onsdag 14 januari 2026"


@pytest.mark.parametrize(
    ("seconds", "sv"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3605, "1 tim"), (7320, "2 tim 2 min"), (90000, "1 dygn 1 tim"), (86400, "1 dygn")],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, sv: str) -> None:
    assert duration_text(seconds, "sv") == sv


NAMES = {"contact:eva": "Eva Andersson", "unit:centre": "Larmcentralen", "r1": "Karin Svensson"}


@pytest.mark.parametrize(
    ("event", "sv", "en"),
    [
        (
            {"event": "alarm.raised", "cause": "button", "resident": "r1", "why": "pressed"},
            "03:14 Larm: Larmknapp, Karin Svensson (larmknappen trycktes).",
            "03:14 Alarm: Alarm button, Karin Svensson (the alarm button was pressed).",
        ),
        (
            {"event": "alarm.raised", "cause": "button", "late_s": 7320},
            "03:14 Larm: Larmknapp; hände 01:12, 2 tim 2 min sent.",
            "03:14 Alarm: Alarm button; happened 01:12, 2 h 2 min late.",
        ),
        ({"event": "alarm.repeated"}, "03:14 Hände igen.", "03:14 It happened again."),
        (
            {"event": "alarm.condition_ended", "why": "back_in_bed"},
            "03:14 Orsaken har upphört, men en människa måste avsluta larmet (åter i sängen).",
            "03:14 The cause has ended, but a person must resolve the alarm (back in bed).",
        ),
        (
            {"event": "alarm.told", "to": "contact:eva", "channel": "sms", "link": 0},
            "03:14 Eva Andersson larmades (SMS).",
            "03:14 Eva Andersson was told (SMS).",
        ),
        ({"event": "alarm.taken", "by": "contact:eva"}, "03:14 Eva Andersson tog larmet.", "03:14 Eva Andersson took the alarm."),
        ({"event": "alarm.declined", "to": "contact:eva"}, "03:14 Eva Andersson kan inte.", None),
        ({"event": "alarm.arrived", "by": "unit:new"}, "03:14 unit:new är framme.", "03:14 unit:new has arrived."),
        (
            {"event": "alarm.noted", "by": "contact:eva", "text": "ringer\nigen"},
            "03:14 Eva Andersson antecknade: ringer igen",
            "03:14 Eva Andersson noted: ringer igen",
        ),
        (
            {"event": "alarm.resolved", "by": "contact:eva", "outcome": "helped"},
            "03:14 Eva Andersson avslutade larmet: personen fick hjälp.",
            "03:14 Eva Andersson resolved the alarm: the person was helped.",
        ),
        ({"event": "alarm.resolved", "why": "false_alarm"}, "03:14 Larmet avslutades: falsklarm.", None),
        (
            {"event": "alarm.reopened", "why": "follow_up_lapsed"},
            "03:14 Larmet öppnades igen (inte avslutat i tid).",
            "03:14 The alarm was opened again (not resolved in time).",
        ),
        ({"event": "alarm.escalated", "why": "asked"}, "03:14 Larmet gick vidare till nästa i kedjan (på begäran).", None),
        (
            {"event": "alarm.outing_begun", "to": "contact:eva", "with": "Adam"},
            "03:14 Eva Andersson började en utflykt.",
            "03:14 Eva Andersson began an outing.",
        ),
        ({"event": "alarm.outing_lapsed"}, "03:14 Utflyktens tid är ute.", "03:14 The time of the outing is over."),
        (
            {"event": "chain.skipped", "to": "unit:centre", "why": "nobody_on_duty"},
            "03:14 Larmcentralen hoppades över (ingen i tjänst).",
            "03:14 Larmcentralen was skipped (nobody on duty).",
        ),
        (
            {"event": "reading.rejected", "why": "not_json"},
            "03:14 En rapport från en enhet gick inte att använda (det gick inte att läsa (inte JSON)).",
            None,
        ),
        ({"event": "alarm.something_new"}, "03:14 alarm.something_new.", "03:14 alarm.something_new."),
    ],
    ids=lambda value: value.get("event") if isinstance(value, dict) else "",
)
def test_every_event_of_the_front_door_is_a_sentence(event: dict[str, Any], sv: str, en: str | None) -> None:
    stamped = {"at": "2026-01-14T02:14:00.000Z", "alarm": "A1", **event}
    assert sentence(stamped, "sv", NAMES, TZ) == sv
    if en:
        assert sentence({**stamped, "at": datetime(2026, 1, 14, 2, 14, tzinfo=UTC)}, "en", NAMES, TZ) == en
