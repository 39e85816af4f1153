"""What a recipient reads on the page behind their link, in Swedish and English."""

from __future__ import annotations

from typing import Final

from dispatch.wording.moments import Language
from dispatch.wording.words import Pair, pick

_WORDS: Final[dict[str, Pair]] = {
    "title": ("Larm", "Alarm"),
    "trial": ("TEST, inget riktigt larm", "TEST, not a real alarm"),
    "other_language": ("In English", "På svenska"),
    "state": ("Läget nu", "Right now"),
    "what": ("Vad har hänt", "What has happened"),
    "why": ("Varför", "Why"),
    "when": ("När", "When"),
    "address": ("Adress", "Address"),
    "position": ("Sågs senast", "Last seen"),
    "about": ("ungefär {where}", "at about {where}"),
    "reached": (", nådde oss {clock}", ", reached us at {clock}"),
    "clock": ("kl. {clock}", "at {clock}"),
    "map": ("Öppna i kartan", "Open in the map"),
    "repeats": ("Har hänt {count} gånger till, senast {clock}", "Has happened {count} more times, last at {clock}"),
    "repeated_once": ("Har hänt en gång till, {clock}", "Has happened once more, at {clock}"),
    "at": ("{day} kl. {clock}", "{day} at {clock}"),
    "answer": ("Ditt svar", "Your answer"),
    "take": ("Jag tar larmet", "I take the alarm"),
    "take_after_all": ("Jag kan ändå, jag tar larmet", "I can after all, I take the alarm"),
    "take_means": ("Du tar då ansvar för att åka dit eller ringa.", "You are then responsible for going there or calling."),
    "decline": ("Jag kan inte", "I am unable to come"),
    "decline_taken": ("Jag kan inte längre, lämna över", "I no longer can, hand it over"),
    "accompany": ("Jag är med {who}", "I am with {who}"),
    "accompany_until": ("till kl. {clock} ({hours} h)", "until {clock} ({hours} h)"),
    "accompany_means": (
        "Du tar då larmet. Till dess larmar vi inte om var {who} är. Larmknappen fungerar som vanligt.",
        "You then take the alarm. Until then we do not alarm about where {who} is. The alarm button works as usual.",
    ),
    "outing": ("Utflykt", "Outing"),
    "outing_until": ("Ute med {name} till kl. {clock}", "Out with {name} until {clock}"),
    "bring_back": ("Utflykten är över", "The outing is over"),
    "bring_back_means": (
        "Utflykten varar till kl. {clock}. Avsluta den när ni är tillbaka, så larmar vi som vanligt igen.",
        "The outing lasts until {clock}. End it when you are back, and we alarm as usual again.",
    ),
    "brought_back": ("Tack. Utflykten är avslutad.", "Thank you. The outing is over."),
    "outing_past": (
        "Den tiden är redan förbi, och inget är sparat. Välj en tid här.",
        "That time is over already, and nothing is saved. Choose a time here.",
    ),
    "the_person": ("personen", "the person"),
    "arrive": ("Jag är framme", "I have arrived"),
    "resolve": ("Avsluta larmet", "Resolve the alarm"),
    "outcome": ("Hur slutade det?", "How did it end?"),
    "refresh": ("Visa läget igen", "Show the situation again"),
    "open": ("Ingen har tagit larmet ännu.", "Nobody has taken the alarm yet."),
    "declined": (
        "Du har svarat att du inte kan. Vi fortsätter att söka någon som kan.",
        "You have answered that you are unable to come. We go on looking for somebody who can.",
    ),
    "thanks": ("Tack.", "Thank you."),
    "mine": ("Du har tagit larmet{clock}. Larmcentralen ser det.", "You have taken the alarm{clock}. The alarm centre sees it."),
    "mine_arrived": ("Du är framme{clock}. Larmcentralen ser det.", "You have arrived{clock}. The alarm centre sees it."),
    "other": (
        "{name} har tagit larmet{clock}. Du behöver inte åka.",
        "{name} has taken the alarm{clock}. You need not come.",
    ),
    "other_arrived": ("{name} är framme{clock}. Du behöver inte åka.", "{name} has arrived{clock}. You need not come."),
    "somebody": ("Någon annan", "Somebody else"),
    "closed_title": ("Larmet är avslutat", "The alarm is resolved"),
    "closed": ("Det avslutades {day} kl. {clock}{by}: {outcome}.", "It was resolved on {day} at {clock}{by}: {outcome}."),
    "closed_plain": ("Det är avslutat: {outcome}.", "It is resolved: {outcome}."),
    "closed_by": (" av {name}", " by {name}"),
    "closed_rest": ("Du behöver inte göra något mer.", "There is nothing more for you to do."),
    "outcome_missing": (
        "Välj hur det slutade innan du avslutar larmet. Inget är sparat ännu.",
        "Choose how it ended before you resolve the alarm. Nothing is saved yet.",
    ),
    "answer_unknown": ("Svaret gick inte att förstå. Inget är sparat.", "The answer could not be understood. Nothing is saved."),
    "refused": (
        "Svaret passade inte larmets läge och är inte sparat. Se läget här.",
        "The answer did not fit the alarm's state and is not saved. See the situation here.",
    ),
    "unavailable_title": ("Ditt svar är inte sparat", "Your answer is not saved"),
    "unavailable": (
        "Ditt svar kunde inte sparas just nu. Försök igen om en stund. Ring larmcentralen om det brådskar.",
        "Your answer could not be saved just now. Try again in a moment. Call the alarm centre if it is urgent.",
    ),
    "no_view_title": ("Sidan kan inte visas just nu", "The page cannot be shown just now"),
    "no_view": (
        "Försök igen om en stund. Ring larmcentralen om det brådskar.",
        "Try again in a moment. Call the alarm centre if it is urgent.",
    ),
    "unknown_title": ("Länken fungerar inte", "This link does not work"),
    "unknown": (
        "Den kan ha blivit avklippt på vägen. Öppna den igen från meddelandet du fick.",
        "It may have been cut off on its way. Open it again from the message you got.",
    ),
    "foreign_title": ("Svaret är inte sparat", "The answer is not saved"),
    "foreign": (
        "Det kom inte från larmets egen sida. Öppna länken i meddelandet du fick och svara där.",
        "It did not come from the alarm's own page. Open the link in the message you got and answer there.",
    ),
}


def said(word: str, language: Language, **facts: object) -> str:
    """The text of `word` with `facts` put in."""
    return pick(_WORDS[word], language).format(**facts)
