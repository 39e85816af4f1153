"""The closed vocabulary and the causes as people read them, each in Swedish and English.

A word that is not known here is shown as it is: a text with one strange word is better than none. A test checks that every
word of `alarmcore.model.reasons` has both texts, so that this happens only while two versions run side by side.
"""

from __future__ import annotations

import re
from typing import Final

from dispatch.wording.moments import Language

Pair = tuple[str, str]
"""The same text in Swedish and English."""

CAUSES: Final[dict[str, tuple[Pair, Pair]]] = {
    "button": (("Larmknapp", "Alarm button"), ("{who} har tryckt på larmknappen", "{who} has pressed the alarm button")),
    "fall": (("Fall", "Fall"), ("{who} kan ha fallit", "{who} may have fallen")),
    "zone_exit": (("Utanför område", "Outside area"), ("{who} är utanför sina områden", "{who} is outside the agreed areas")),
    "zone_enter": (
        ("Inom område", "Inside area"),
        ("{who} har gått in i ett bevakat område", "{who} has entered a watched area"),
    ),
    "out_of_bed": (
        ("Uppe ur sängen", "Out of bed"),
        ("{who} har varit uppe ur sängen länge", "{who} has been out of bed for a long time"),
    ),
    "on_floor": (("På golvet", "On the floor"), ("{who} ligger på golvet", "{who} is lying on the floor")),
    "door_open": (
        ("Öppen dörr", "Open door"),
        ("en dörr hos {who} har stått öppen länge", "a door at the home of {who} has been open for a long time"),
    ),
    "inactivity": (
        ("Ingen rörelse", "No movement"),
        ("ingen rörelse har märkts hos {who} på länge", "no movement has been noticed at the home of {who} for a long time"),
    ),
    "silent": (("Enhet tyst", "Device silent"), ("en enhet hos {who} har tystnat", "a device of {who} has gone silent")),
    "battery_low": (("Lågt batteri", "Low battery"), ("lågt batteri i en enhet hos {who}", "low battery in a device of {who}")),
    "measurement": (
        ("Mätvärde", "Measurement"),
        ("ett mätvärde hos {who} har passerat sin gräns", "a measurement of {who} has passed its limit"),
    ),
    "missed_medication": (
        ("Missad medicin", "Missed medication"),
        ("{who} har inte tagit sin medicin", "{who} has not taken their medicine"),
    ),
    "sensor_fault": (
        ("Sensorfel", "Sensor fault"),
        ("en sensor hos {who} verkar ha fel", "a sensor at the home of {who} seems to be faulty"),
    ),
    "unknown_device": (
        ("Okänd enhet", "Unknown device"),
        ("en enhet som ingen är kopplad till har larmat", "a device that belongs to nobody has raised an alarm"),
    ),
    "internal": (
        ("Fel i larmtjänsten", "Fault in the alarm service"),
        (
            "larmtjänsten har ett fel i bevakningen av {who}, kontrollera hur det är",
            "the alarm service fails at watching {who}, check on them",
        ),
    ),
}
"""Cause (a rule's kind, `unknown_device`, or `internal` for a fault of ours) to its name and the sentence about a person."""

REASONS: Final[dict[str, tuple[Pair, Pair]]] = {
    "position_lost": (
        ("Position saknas", "Position lost"),
        ("vi vet inte var {who} är", "we do not know where {who} is"),
    ),
    "measured_changing": (
        ("Snabb ändring", "Quick change"),
        ("ett mätvärde hos {who} har ändrats snabbt", "a measurement of {who} has changed quickly"),
    ),
    "dose_unanswered": (
        ("Dos utan svar", "Dose without an answer"),
        ("{who} kan ha missat sin medicin", "{who} may have missed their medicine"),
    ),
    "sensor_silent": (
        ("Sensor tyst", "Sensor silent"),
        ("en sensor hos {who} har tystnat", "a sensor at the home of {who} has gone silent"),
    ),
    "sensor_stuck": (
        ("Sensor har fastnat", "Sensor stuck"),
        ("en sensor hos {who} har fastnat", "a sensor at the home of {who} is stuck"),
    ),
    "sensor_chatters": (
        ("Orolig sensor", "Restless sensor"),
        ("en sensor hos {who} slår om orimligt ofta", "a sensor at the home of {who} switches unreasonably often"),
    ),
    "alarms_folded": (
        ("Larm hålls inne", "Alarms held back"),
        (
            "en enhet hos {who} larmar gång på gång, några av dess larm väntar till nästa heltimme",
            "a device of {who} raises alarm after alarm, some of them wait for the next full hour",
        ),
    ),
}
"""The same by the word of `why`, where one rule finds what is not the same to a reader."""

HEALTH_CAUSES: Final = frozenset({"measurement", "missed_medication"})
"""Causes whose very name is health information: left out where a locked screen would show them."""

_DISCREET: Final[Pair] = ("{who} behöver tillsyn", "somebody should look in on {who}")

OUTCOME_WORDS: Final[dict[str, Pair]] = {
    "helped": ("personen fick hjälp", "the person was helped"),
    "no_need": ("ingen hjälp behövdes", "no help was needed"),
    "false_alarm": ("falsklarm", "false alarm"),
    "test": ("provlarm", "test alarm"),
    "moved_to_112": ("överlämnat till 112", "handed over to 112"),
    "technical": ("tekniskt fel", "technical fault"),
    "other": ("annan orsak", "another reason"),
}

WHY_WORDS: Final[dict[str, Pair]] = {
    # Why a reading was not kept.
    "not_json": ("det gick inte att läsa (inte JSON)", "it could not be read (not JSON)"),
    "bad_field": ("ett fält är fel", "a field is wrong"),
    "unknown_kind": ("okänd sorts rapport", "unknown kind of report"),
    "unknown_device": ("enheten är inte kopplad till någon", "the device belongs to nobody"),
    "unknown_tenant": ("kommunen finns inte här", "the municipality is not known here"),
    "not_yours": ("enheten hör till någon annan", "the device belongs to somebody else"),
    "too_large": ("rapporten är för stor", "the report is too large"),
    "id_reused": ("samma id har använts med annat innehåll", "the same id was used with other content"),
    "from_future": ("tiden ligger i framtiden", "its time lies in the future"),
    "not_consented": ("samtycke saknas", "there is no consent"),
    "internal": ("ett fel i larmtjänsten", "a fault in the alarm service"),
    # What a rule found.
    "pressed": ("larmknappen trycktes", "the alarm button was pressed"),
    "fell": ("ett fall kändes av", "a fall was detected"),
    "outside_all_zones": ("utanför alla sina områden", "outside all agreed areas"),
    "position_lost": ("vi har tappat positionen", "we have lost the position"),
    "inside_zone": ("inne i ett bevakat område", "inside a watched area"),
    "out_of_bed_too_long": ("uppe ur sängen längre än gränsen", "out of bed for longer than the limit"),
    "on_floor_too_long": ("på golvet längre än gränsen", "on the floor for longer than the limit"),
    "door_open_too_long": ("en dörr öppen längre än gränsen", "a door open for longer than the limit"),
    "inactive_too_long": ("ingen rörelse längre än gränsen", "no movement for longer than the limit"),
    "silent_too_long": ("enheten har varit tyst längre än gränsen", "the device has been silent for longer than the limit"),
    "measured_outside": ("ett mätvärde har passerat sin gräns", "a measurement has passed its limit"),
    "measured_changing": ("ett mätvärde har ändrats snabbt", "a measurement has changed quickly"),
    "dose_missed": ("en dos medicin är inte tagen", "a dose of medicine has not been taken"),
    "dose_unanswered": (
        "medicinapparaten har inte sagt något om dosen i tid",
        "the dispenser has said nothing of the dose in time",
    ),
    "sensor_silent": ("en sensor har tystnat medan andra hörs", "a sensor has gone silent while others are heard"),
    "sensor_stuck": (
        "en sensor har fastnat: den säger samma sak fast andra märker rörelse",
        "a sensor is stuck: it says the same though others notice movement",
    ),
    "sensor_chatters": ("en sensor slår om orimligt ofta", "a sensor switches unreasonably often"),
    "alarms_folded": (
        "en enhet larmar gång på gång, dess övriga larm väntar högst en timme",
        "a device raises alarm after alarm, its others wait for an hour at most",
    ),
    "battery_below": ("batteriet är under gränsen", "the battery is below its limit"),
    # Why a condition ended.
    "inside_a_zone": ("åter inom ett område", "back inside an area"),
    "outside_zone": ("utanför det bevakade området igen", "outside the watched area again"),
    "back_in_bed": ("åter i sängen", "back in bed"),
    "up_for_the_day": ("uppe för dagen", "up for the day"),
    "off_the_floor": ("inte längre på golvet", "no longer on the floor"),
    "active_again": ("rörelse igen", "movement again"),
    "heard_again": ("enheten hörs igen", "the device is heard again"),
    "battery_recovered": ("batteriet är laddat igen", "the battery is charged again"),
    "door_closed": ("dörren är stängd igen", "the door is closed again"),
    "measured_inside": ("mätvärdet är åter inom sin gräns", "the measurement is back within its limit"),
    "measured_steady": ("mätvärdet ändras inte längre snabbt", "the measurement no longer changes quickly"),
    "dose_taken": ("dosen är tagen", "the dose has been taken"),
    "sensor_behaves": ("sensorn fungerar som den ska igen", "the sensor works as it should again"),
    "device_reset": ("enheten har återställts", "the device was reset"),
    "consent_lapsed": (
        "samtycket har gått ut, och positionen följs inte längre",
        "the consent has ended, and the position is watched no longer",
    ),
    "outing_begun": ("någon är med på en utflykt", "somebody is along on an outing"),
    # What is added to a finding.
    "again": ("kvarstår efter att förra larmet avslutades", "persists after the last alarm was resolved"),
    "set_aside": ("en uppgift från enheten gick inte att använda", "something the device reported could not be used"),
    "reset_clock": (
        "enhetens klocka hade nollställts, tiden är när det nådde oss",
        "the device's clock had been reset, the time is when it reached us",
    ),
    "outing_over": ("utflykten är över", "the outing is over"),
    # Why a chain went on, skipped or began again.
    "chain_turn": ("nästa i kedjan står på tur", "it is the turn of the next in the chain"),
    "all_declined": ("alla som tillfrågades kunde inte", "everybody who was asked was unable to come"),
    "no_answer": ("ingen svarade i tid", "nobody answered in time"),
    "not_handed_over": ("meddelandet gick inte fram", "the message could not be delivered"),
    "nobody_on_duty": ("ingen i tjänst", "nobody on duty"),
    "no_channel": ("inget sätt att nå mottagaren", "no way to reach the recipient"),
    "asked": ("på begäran", "on request"),
    "follow_up_lapsed": ("inte avslutat i tid", "not resolved in time"),
    "taker_declined": ("den som tog larmet kunde inte", "whoever took the alarm was unable to come"),
    "last_link_repeats": ("sista steget upprepas tills någon svarar", "the last step repeats until somebody answers"),
    "no_next_step": (
        "larmtjänsten hade tappat nästa steg och larmar larmcentralen",
        "the alarm service had lost the next step and tells the alarm centre",
    ),
    **OUTCOME_WORDS,
}

FIELDS: Final[dict[str, Pair]] = {
    "at": ("tiden", "the time"),
    "lat": ("positionen", "the position"),
    "lon": ("positionen", "the position"),
    "accuracy_m": ("positionens noggrannhet", "the accuracy of the position"),
    "id": ("rapportens id", "the report's id"),
}
"""Fields that are set aside, as people call them; two names of one thing are said once."""

_FIELD_NAME: Final = re.compile(r"[a-z][a-z_]{0,31}")

_ORDINALS: Final[dict[Language, tuple[str, ...]]] = {
    "sv": ("först", "som nummer två", "som nummer tre", "som nummer fyra", "som nummer fem"),
    "en": ("first", "second", "third", "fourth", "fifth"),
}


def pick(pair: Pair, language: Language) -> str:
    """The text of `pair` in `language`."""
    return pair[0] if language == "sv" else pair[1]


def _known(cause: str, why: str) -> tuple[Pair, Pair] | None:
    """The texts of a cause, or of what was found where that says more."""
    return next((REASONS[word] for word in why.split() if word in REASONS), CAUSES.get(cause))


def cause_name(cause: str, language: Language, why: str = "") -> str:
    """The cause as a heading: `Larmknapp`."""
    known = _known(cause, why)
    return pick(known[0], language) if known else cause


def headline(cause: str, who: str | None, language: Language, *, why: str = "", discreet: bool = False) -> str:
    """Who and what, in one clause without a full stop; `discreet` where others may see the screen."""
    if cause == "unknown_device":  # There is no person to name, so the sentence is about the device.
        return _capital(pick(CAUSES[cause][1], language))
    who = who or ("en boende" if language == "sv" else "a resident")
    if discreet and cause in HEALTH_CAUSES:
        return _capital(pick(_DISCREET, language).replace("{who}", who))
    known = _known(cause, why)
    return _capital(f"{who}: {cause}") if known is None else _capital(pick(known[1], language).replace("{who}", who))


def outcome_text(outcome: str, language: Language) -> str:
    """How an alarm ended, as a clause without a full stop."""
    pair = OUTCOME_WORDS.get(outcome)
    return pick(pair, language) if pair else outcome


def link_text(link: int, language: Language) -> str:
    """Where in the chain the reader stands; `link` counts from 0."""
    known = _ORDINALS[language]
    sv = language == "sv"
    order = known[link] if link < len(known) else (f"som nummer {link + 1}" if sv else f"as number {link + 1}")
    return f"Du larmas {order} i kedjan" if sv else f"You are told {order} in the chain"


def why_text(why: str, language: Language) -> str:
    """A `why` of the closed vocabulary as clauses joined by `; `, what was set aside said once at the end."""
    clauses: list[str] = []
    aside: list[str] = []
    for item in why.split():
        word, _, detail = item.partition(":")
        if word == "set_aside" and detail:
            aside.extend(_field(name, language) for name in detail.split(","))
        elif word in WHY_WORDS:
            clauses.append(pick(WHY_WORDS[word], language))
        else:
            clauses.append(item)
    if aside:
        names = ", ".join(dict.fromkeys(aside))
        clauses.append(f"gick inte att använda: {names}" if language == "sv" else f"could not be used: {names}")
    return "; ".join(dict.fromkeys(clauses))


def _field(name: str, language: Language) -> str:
    pair = FIELDS.get(name)
    if pair:
        return pick(pair, language)
    if not _FIELD_NAME.fullmatch(name):  # A device may have chosen it: nothing of its making goes into a message.
        return "ett okänt fält" if language == "sv" else "an unknown field"
    return f"fältet {name}" if language == "sv" else f"the field {name}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
