"""The message a recipient gets: its subject, its first line (who, what, when, where) and its text.

What stands where is a choice about personal data, because an SMS and a subject are shown on locked screens and stored by others:

- An SMS to a contact carries a given name and an initial, never an address or a position: the contact knows the person, and
  everything else stands behind the link. An SMS to a unit carries full name and address: who goes out to many must not go
  to the wrong door. A cause that is health information by itself is left out of SMS and subject.
- A mail or a gateway's text carries name and address; a position only where there is no link to look at it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final, Literal
from zoneinfo import ZoneInfo

from dispatch.channels.port import Message
from dispatch.wording.moments import Language, clock_beside, clock_text, day_text, duration_text
from dispatch.wording.words import HEALTH_CAUSES, headline, link_text, why_text

Length = Literal["sms", "mail"]

SMS_CHARS_MAX: Final = 306
"""Two linked SMS of 153 characters each: longer ones arrive late, in pieces, or not at all with some operators."""

NAME_CHARS_MAX: Final = 60
ADDRESS_CHARS_MAX: Final = 80
"""So that the longest name and address still leave an SMS room for what happened, when, and the link."""

_BREAKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def plain(text: str, chars_max: int) -> str:
    """`text` on one line, without control or direction characters, cut to `chars_max`."""
    line = _BREAKS.sub(" ", text).strip()
    return line if len(line) <= chars_max else line[: chars_max - 3].rstrip() + "..."


def subject(message: Message) -> str:
    """The subject of a mail: label, person and what happened, with the clock; safe as a header value."""
    who = _who(message, short=_is_contact(message))
    what = headline(message.cause, who, message.language, why=message.why, discreet=True)
    return f"{_label(message)}: {what}, {clock_text(message.raised_at, _tz(message), message.language)}"


def first_line(message: Message, length: Length = "mail") -> str:
    """Who, what, when and where, on one line; lateness is said with both times."""
    sms = length == "sms"
    short = sms and _is_contact(message)
    what = headline(message.cause, _who(message, short=short), message.language, why=message.why, discreet=sms)
    parts = [f"{_label(message)}: {what}"]
    if message.address and not short:
        parts.append(plain(message.address, ADDRESS_CHARS_MAX))
    if message.late_s:
        late = lateness_text(message.cause, message.raised_at, message.late_s, _tz(message), message.language)
        return f"{', '.join(parts)}. {late}."
    clock = clock_text(message.raised_at, _tz(message), message.language)
    parts[0] += _clock(message.cause, clock, message.language)
    return ", ".join(parts) + "."


def _clock(cause: str, clock: str, language: Language) -> str:
    """When it was raised; where something else has an hour of its own, as a dose does, it is said which hour this is."""
    if cause == "missed_medication":
        return f", larmat kl. {clock}" if language == "sv" else f", raised at {clock}"
    return f" kl. {clock}" if language == "sv" else f" at {clock}"


def text(message: Message, length: Length = "mail") -> str:
    """The whole message as plain text."""
    return _sms(message) if length == "sms" else _mail(message)


def _sms(message: Message) -> str:
    sv = message.language == "sv"
    first = first_line(message, "sms")
    link = ""
    if message.answer_url:
        link = ("Svara: " if sv else "Answer: ") + message.answer_url
    # What is most worth its room comes first; whatever no longer fits is left out, never the first line and never the link.
    reason = message.reason if message.cause not in HEALTH_CAUSES else None
    extras = [_reminder(message), _sentence(reason) if reason else "", _aside(message)]
    kept = [first]
    for extra in extras:
        if extra and len(" ".join([*kept, extra, link])) <= SMS_CHARS_MAX:
            kept.append(extra)
    return " ".join([*kept, link] if link else kept)


def _mail(message: Message) -> str:
    sv = message.language == "sv"
    lines = [first_line(message), ""]
    lines.append(f"{'Dag' if sv else 'Day'}: {day_text(message.raised_at, _tz(message), message.language)}")
    lines.append(f"{'Varför' if sv else 'Why'}: {_why(message)}")
    lines.append(_where(message))
    lines.append(f"{link_text(message.link, message.language)}.")
    lines.append(_reminder(message))
    lines += ["", *_how_to_answer(message), ""]
    tenant = plain(message.tenant_name, NAME_CHARS_MAX)
    lines.append(f"{'Larm' if sv else 'Alarm'} {message.alarm}, {tenant}")
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before)


def _why(message: Message) -> str:
    why = why_text(message.why, message.language)
    return f"{why}: {message.reason}" if message.reason else why


def _how_to_answer(message: Message) -> list[str]:
    sv = message.language == "sv"
    if message.answer_url is None:
        return []
    ask = "Svara här, även om du inte kan" if sv else "Please answer here, also if you are unable to come"
    note = (
        "Att läsa meddelandet räknas inte som ett svar. Den som har tagit larmet visas på sidan."
        if sv
        else "Reading this message is not an answer. The page shows who has taken the alarm."
    )
    return [f"{ask}: {message.answer_url}", note]


def _where(message: Message) -> str:
    if message.lat is None or message.lon is None:
        return ""
    sv = message.language == "sv"
    if message.answer_url:
        return "Var: positionen finns på sidan nedan" if sv else "Where: the position is on the page below"
    around = f" (±{message.accuracy_m:.0f} m)" if message.accuracy_m is not None else ""
    where = f"{message.lat:.5f}, {message.lon:.5f}{around}"
    if message.position_at is None:
        return f"Position: {where}"
    when = sighting_text(message.position_at, message.position_age_s, _tz(message), message.language)
    return f"Sågs senast {when}, ungefär {where}" if sv else f"Last seen {when}, at about {where}"


def _reminder(message: Message) -> str:
    if message.told_before <= 0:
        return ""
    count = message.told_before
    return (
        f"Påminnelse {count}: ingen har tagit larmet." if message.language == "sv" else f"Reminder {count}: nobody has taken it."
    )


def _aside(message: Message) -> str:
    aside = " ".join(word for word in message.why.split() if word.startswith(("set_aside", "reset_clock")))
    return _sentence(why_text(aside, message.language)) if aside else ""


def sighting_text(at: datetime, age_s: int | None, tz: tzinfo, language: Language) -> str:
    """When somebody was seen, and how long ago that is: `05:23, för 2 min sedan`."""
    if age_s is None:
        return clock_text(at, tz, language)
    clock = clock_beside(at, at + timedelta(seconds=age_s), tz, language)
    if age_s < 60:
        return f"{clock}, nyss" if language == "sv" else f"{clock}, just now"
    age = duration_text(age_s // 60 * 60, language)
    return f"{clock}, för {age} sedan" if language == "sv" else f"{clock}, {age} ago"


def lateness_text(cause: str, raised_at: datetime, late_s: int, tz: tzinfo, language: Language) -> str:
    """When it happened and when it reached us, as a clause: `Trycktes 03:12, nådde oss 05:14 (2 tim 2 min sent)`."""
    happened = clock_beside(raised_at - timedelta(seconds=late_s), raised_at, tz, language)
    reached = clock_text(raised_at, tz, language)
    late = duration_text(late_s, language)
    if language == "sv":
        verb = "Trycktes" if cause == "button" else "Hände"
        return f"{verb} {happened}, nådde oss {reached} ({late} sent)"
    verb = "Pressed" if cause == "button" else "Happened"
    return f"{verb} {happened}, reached us {reached} ({late} late)"


def _label(message: Message) -> str:
    sv = message.language == "sv"
    if message.test:
        return "TEST, inget riktigt larm" if sv else "TEST, not a real alarm"
    if message.priority == "technical":
        return "Tekniskt larm" if sv else "Technical alarm"
    word = "Larm" if sv else "Alarm"
    return word.upper() if message.priority == "critical" else word


def _who(message: Message, *, short: bool) -> str | None:
    if not message.resident_name:
        return None
    name = plain(message.resident_name, NAME_CHARS_MAX)
    given, *rest = name.split(" ")
    return f"{given} {rest[-1][0]}." if short and rest else name


def _is_contact(message: Message) -> bool:
    return message.recipient.startswith("contact:")


def _tz(message: Message) -> ZoneInfo:
    return ZoneInfo(message.timezone)


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:] + "."
