"""The timeline of an alarm in sentences: one per event of the front door, for the API and the pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from dispatch.wording.moments import Language, clock_beside, clock_text, duration_text
from dispatch.wording.telling import plain
from dispatch.wording.words import Pair, cause_name, outcome_text, pick, why_text

NOTE_CHARS_MAX: Final = 2000
"""A note is shown whole; the bound keeps a pasted document from pushing the alarm off the screen."""

Event = Mapping[str, Any]
"""An event with the keys of the front door; who did it is `by` (or `to`), a note's words `text`, how it ended `outcome`.

`reason` has what a finding about zones rests on, by language.
"""


def sentence(event: Event, language: Language, names: Mapping[str, str], tz: tzinfo) -> str:
    """What happened, with its clock first (`03:14 Eva Andersson tog larmet.`).

    `names` maps `contact:eva`, `unit:centre`, `operator:anna` and resident ids to what people call them; whoever is missing
    there is named by id.
    """
    return f"{clock_text(_moment(event['at']), tz, language)} {deed(event, language, names, tz)}"


def deed(event: Event, language: Language, names: Mapping[str, str], tz: tzinfo) -> str:
    """What happened as a sentence without its clock, for pages that show the time in a column of its own."""
    kind = str(event.get("event", ""))
    if kind == "alarm.raised":
        return _raised(event, language, names, tz)
    if kind == "alarm.told":
        return _told(event, language, names)
    if kind == "alarm.noted":
        return _noted(event, language, names)
    if kind == "alarm.resolved":
        return _resolved(event, language, names)
    pair = _PLAIN.get(kind)
    if pair is None:
        return f"{kind}."
    who = _name(event, ("by", "to"), names) or ("Någon" if language == "sv" else "Somebody")
    return pick(pair, language).replace("{who}", who) + _because(event, language) + "."


_PLAIN: Final[dict[str, Pair]] = {
    "alarm.repeated": ("Hände igen", "It happened again"),
    "alarm.condition_ended": (
        "Orsaken har upphört, men en människa måste avsluta larmet",
        "The cause has ended, but a person must resolve the alarm",
    ),
    "alarm.taken": ("{who} tog larmet", "{who} took the alarm"),
    "alarm.declined": ("{who} kan inte", "{who} is unable to come"),
    "alarm.arrived": ("{who} är framme", "{who} has arrived"),
    "alarm.reopened": ("Larmet öppnades igen", "The alarm was opened again"),
    "alarm.escalated": ("Larmet gick vidare till nästa i kedjan", "The alarm went on to the next in the chain"),
    "alarm.outing_begun": ("{who} började en utflykt", "{who} began an outing"),
    "alarm.outing_ended": ("{who} avslutade utflykten", "{who} ended the outing"),
    "alarm.outing_lapsed": ("Utflyktens tid är ute", "The time of the outing is over"),
    "chain.skipped": ("{who} hoppades över", "{who} was skipped"),
    "reading.rejected": ("En rapport från en enhet gick inte att använda", "A report from a device could not be used"),
}

_CHANNELS: Final[dict[str, Pair]] = {
    "sms": ("SMS", "SMS"),
    "email": ("e-post", "e-mail"),
    "voice": ("telefon", "telephone"),
    "webhook": ("webbanrop", "webhook"),
    "push": ("notis", "notification"),
    "console": ("larmcentralens skärm", "the alarm centre's screen"),
}


def _raised(event: Event, language: Language, names: Mapping[str, str], tz: tzinfo) -> str:
    head = f"{'Larm' if language == 'sv' else 'Alarm'}: {_cause(event, language)}"
    resident = event.get("resident")
    if resident:
        head += f", {names.get(str(resident), str(resident))}"
    return head + _because(event, language) + _late(event, language, tz) + "."


def _cause(event: Event, language: Language) -> str:
    return cause_name(str(event.get("cause", "")), language, str(event.get("why") or ""))


def _told(event: Event, language: Language, names: Mapping[str, str]) -> str:
    who = _name(event, ("to",), names) or "?"
    said = f"{who} larmades" if language == "sv" else f"{who} was told"
    channel = event.get("channel")
    if channel:
        way = pick(_CHANNELS.get(str(channel), (str(channel), str(channel))), language)
        said += f" ({way})"
    return said + _because(event, language) + "."


def _noted(event: Event, language: Language, names: Mapping[str, str]) -> str:
    who = _name(event, ("by", "to"), names) or ("Någon" if language == "sv" else "Somebody")
    note = plain(str(event.get("text", "")), NOTE_CHARS_MAX)
    if not note:
        return f"{who} gjorde en anteckning." if language == "sv" else f"{who} made a note."
    return f"{who} antecknade: {note}" if language == "sv" else f"{who} noted: {note}"


def _resolved(event: Event, language: Language, names: Mapping[str, str]) -> str:
    who = _name(event, ("by", "to"), names)
    if language == "sv":
        said = f"{who} avslutade larmet" if who else "Larmet avslutades"
    else:
        said = f"{who} resolved the alarm" if who else "The alarm was resolved"
    outcome = event.get("outcome") or event.get("why")
    return said + (f": {outcome_text(str(outcome), language)}." if outcome else ".")


def _because(event: Event, language: Language) -> str:
    why, reason = event.get("why"), event.get("reason")
    said = why_text(str(why), language) if why else ""
    if reason:
        said = f"{said}: {reason[language]}" if said else str(reason[language])
    return f" ({said})" if said else ""


def _late(event: Event, language: Language, tz: tzinfo) -> str:
    late_s = event.get("late_s")
    if not late_s:
        return ""
    at = _moment(event["at"])
    happened = clock_beside(at - timedelta(seconds=int(late_s)), at, tz, language)
    late = duration_text(int(late_s), language)
    return f"; hände {happened}, {late} sent" if language == "sv" else f"; happened {happened}, {late} late"


def _name(event: Event, keys: tuple[str, ...], names: Mapping[str, str]) -> str | None:
    """The first of `keys` that the event has, as people call whoever it names."""
    ref = next((str(event[key]) for key in keys if event.get(key)), None)
    return None if ref is None else names.get(ref, ref)


def _moment(at: Any) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
