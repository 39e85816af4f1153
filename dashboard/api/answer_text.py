"""What the answer page says of one alarm: its facts, its state in one sentence, and the answers that make sense now."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from alarmcore.model.reasons import OUTCOMES
from alarmcore.watch import WHEREABOUTS
from dashboard.answers import AnswerView
from dispatch.wording import (
    clock_text,
    day_text,
    facts_text,
    headline,
    lateness_text,
    outcome_text,
    sighting_text,
    why_text,
)
from dispatch.wording.answering import said
from dispatch.wording.moments import Language, clock_beside

_OPEN: Final = ("take", "decline", "resolve")
_TAKEN: Final = ("arrive", "decline", "resolve")
_ARRIVED: Final = ("decline", "resolve")


COMPANY_H: Final = (1, 2, 4)
"""For how many hours the reader can say to be with the person: an errand, an afternoon, an excursion. The centre can set more."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the template shows, in words."""

    headline: str
    when: str
    state: str
    settled: bool
    mine: bool
    declined: bool
    trial: bool
    answers: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    geo: str | None
    outcomes: tuple[tuple[str, str], ...]
    company: tuple[tuple[str, str], ...]
    over: str | None
    person: str
    recipient: str
    tenant: str
    alarm: str


def page(view: AnswerView, language: Language, result: str) -> Page:
    """The page of an alarm that is not resolved; `result` is what the reader has just done, if anything."""
    mine = view.taken_by == view.recipient and view.state != "open"
    return Page(
        headline=headline(view.cause, view.resident_name, language, why=view.why),
        when=_short_when(view, language),
        state=_state(view, language, result),
        settled=view.state != "open",
        mine=mine,
        declined=view.answered == "decline",
        trial=view.test,
        answers=_answers(view, mine=mine),
        facts=tuple(_facts(view, language)),
        geo=f"geo:{view.position.lat:.5f},{view.position.lon:.5f}" if view.position else None,
        outcomes=tuple((word, outcome_text(word, language).capitalize()) for word in OUTCOMES),
        company=_company(view, language, mine=mine),
        over=company_over(view, language),
        person=view.resident_name or said("the_person", language),
        recipient=view.recipient_name,
        tenant=view.tenant_name,
        alarm=view.alarm,
    )


def company_over(view: AnswerView, language: Language) -> str | None:
    """Until when the reader's own outing lasts, beside the button that ends it; of a resolved alarm nothing else is said."""
    if view.outing_until is None or not view.outing_mine:
        return None
    return said("bring_back_means", language, clock=clock_text(view.outing_until, _tz(view), language))


def closed_paragraphs(view: AnswerView, language: Language, result: str) -> list[str]:
    """How a resolved alarm ended and when; nothing of the person, since the need to know has ended with it."""
    outcome = outcome_text(view.outcome, language) if view.outcome else outcome_text("other", language)
    if view.resolved_at is None:
        ended = said("closed_plain", language, outcome=outcome)
    else:
        by = said("closed_by", language, name=view.resolved_by_name) if view.resolved_by_name else ""
        day, clock = day_text(view.resolved_at, _tz(view), language), clock_text(view.resolved_at, _tz(view), language)
        ended = said("closed", language, day=day, clock=clock, by=by, outcome=outcome)
    thanks = [said("thanks", language)] if result == "resolve" else []
    if result == "bring_back" and view.outing_until is None:
        thanks = [said("brought_back", language)]
    return [*thanks, ended, said("closed_rest", language)]


def _state(view: AnswerView, language: Language, result: str) -> str:
    """One plain sentence, made of what is stored and never of what the address says happened."""
    if result == "bring_back" and view.outing_until is None and view.cause in WHEREABOUTS:
        return said("brought_back", language) + " " + _state(view, language, "")
    if view.state == "open":
        declined = view.answered == "decline"
        thanks = said("thanks", language) + " " if declined and result == "decline" else ""
        return thanks + said("declined" if declined else "open", language)
    since = view.arrived_at if view.state == "arrived" else view.taken_at
    clock = f" {clock_text(since, _tz(view), language)}" if since else ""
    if language == "en" and clock:
        clock = " at" + clock
    arrived = "_arrived" if view.state == "arrived" else ""
    if view.taken_by == view.recipient:
        thanks = said("thanks", language) + " " if result in {"take", "arrive"} else ""
        return thanks + said(f"mine{arrived}", language, clock=clock)
    name = view.taken_by_name or said("somebody", language)
    return said(f"other{arrived}", language, name=name, clock=clock)


def _answers(view: AnswerView, *, mine: bool) -> tuple[str, ...]:
    """What the reader can do now; nothing while somebody else has taken it."""
    if view.state == "open":
        return tuple(word for word in _OPEN if not (word == "decline" and view.answered == "decline"))
    if not mine:
        return ()
    return _ARRIVED if view.state == "arrived" else _TAKEN


def _company(view: AnswerView, language: Language, *, mine: bool) -> tuple[tuple[str, str], ...]:
    """Until when the reader can say to be with the person, as epoch seconds and in words: of alarms about where they are only."""
    if view.cause not in WHEREABOUTS or view.now is None or not (view.state == "open" or mine):
        return ()
    moments = [(hours, view.now + timedelta(hours=hours)) for hours in COMPANY_H]
    return tuple(
        (
            f"{at.timestamp():.0f}",
            said("accompany_until", language, clock=clock_text(at, _tz(view), language), hours=hours),
        )
        for hours, at in moments
    )


def _facts(view: AnswerView, language: Language) -> list[tuple[str, str]]:
    facts = [(said("when", language), _when(view, language))]
    if view.address:
        facts.append((said("address", language), view.address))
    facts.append((said("why", language), _repeats(view, language)))
    if view.outing_until is not None:
        clock = clock_text(view.outing_until, _tz(view), language)
        facts.append((said("outing", language), said("outing_until", language, name=view.outing_with, clock=clock)))
    if view.position:
        facts.append((said("position", language), _position(view, language)))
    return facts


def _repeats(view: AnswerView, language: Language) -> str:
    why = why_text(view.why, language)
    why = why[:1].upper() + why[1:]
    if view.facts:
        why += f": {facts_text(view.facts, language, view.zone_names, _tz(view))}"
    if not view.repeats:
        return why
    clock = clock_text(view.repeated_at or view.raised_at, _tz(view), language)
    word = "repeated_once" if view.repeats == 1 else "repeats"
    return f"{why}. {said(word, language, count=view.repeats, clock=clock)}"


def _position(view: AnswerView, language: Language) -> str:
    """When and where. The coordinates as text too, for telephones whose map does not open from a page."""
    position = view.position
    if position is None:
        return ""
    where = f"{position.lat:.5f}, {position.lon:.5f}"
    if position.accuracy_m is not None:
        where += f" (±{position.accuracy_m:.0f} m)"
    where = said("about", language, where=where)
    if position.at is None:
        return where
    age_s = None if view.now is None else max(0, int((view.now - position.at).total_seconds()))
    return f"{sighting_text(position.at, age_s, _tz(view), language)}, {where}"


def _when(view: AnswerView, language: Language) -> str:
    """The day and the clock at which it happened, and beside it when it reached us where that was later."""
    tz, happened = _tz(view), view.raised_at - timedelta(seconds=view.late_s)
    when = said("at", language, day=day_text(happened, tz, language), clock=clock_text(happened, tz, language))
    if not view.late_s:
        return when
    return when + said("reached", language, clock=clock_beside(view.raised_at, happened, tz, language))


def _short_when(view: AnswerView, language: Language) -> str:
    """The clock, with both times where it came late, to stand at the top."""
    if view.late_s:
        return lateness_text(view.cause, view.raised_at, view.late_s, _tz(view), language) + "."
    clock = clock_text(view.raised_at, _tz(view), language)
    return said("clock", language, clock=clock).capitalize()


def _tz(view: AnswerView) -> ZoneInfo:
    return ZoneInfo(view.timezone)
