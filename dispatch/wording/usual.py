"""That something has lasted for longer than is usual for a person, in numbers that a night nurse and a relative understand."""

from __future__ import annotations

from typing import Final

from alarmcore.model.alarm import Facts
from dispatch.wording.moments import Language, duration_text
from dispatch.wording.words import Pair, pick

_LASTING: Final[dict[str, Pair]] = {
    "up": ("uppe i {long}", "up for {long}"),
    "late": ("inte i säng än", "not in bed yet"),
    "still": ("ingen rörelse på {long}", "no movement for {long}"),
}
"""What has lasted, by `Facts.lasting`."""

_USUALLY: Final[dict[str, Pair]] = {
    "up": (
        "brukar vid den här tiden vara tillbaka i sängen inom {long}",
        "at this hour usually back in bed within {long}",
    ),
    "late": ("brukar ha lagt sig senast kl. {clock}", "usually in bed by {clock}"),
    "still": (
        "brukar vid den här tiden inte vara stilla längre än {long}",
        "at this hour usually not still for longer than {long}",
    ),
}
"""How long that usually is, where it is known and is less."""

_BOUND: Final[dict[str, Pair]] = {
    "new": ("vad som är vanligt för personen är inte känt än", "what is usual for this person is not known yet"),
    "most": ("längre än kommunen låter det gå", "longer than the municipality lets it go on"),
}
"""Why it is an alarm where no usual time says so, by `Facts.bound`."""

_COMPANY: Final[Pair] = (
    "något eller någon annan rör sig också i hemmet",
    "something or somebody else is moving in the home too",
)

_OUT: Final[Pair] = (
    "en dörr som leder ut användes sist: kan ha gått ut",
    "a door that leads out was used last: may have gone out",
)


def usual_text(facts: Facts, language: Language) -> str:
    """One clause without a full stop: how long, and how long it usually is."""
    lasting = facts.lasting or "up"
    said = [pick(_LASTING[lasting], language).format(long=_minutes(facts.for_s, language))]
    if facts.usual_s is not None:
        within, clock = _minutes(facts.usual_s, language), _clock(facts.usual_s)
        said.append(pick(_USUALLY[lasting], language).format(long=within, clock=clock))
    if facts.bound is not None:
        said.append(pick(_BOUND[facts.bound], language))
    if facts.company:
        said.append(pick(_COMPANY, language))
    if facts.out:
        said.append(pick(_OUT, language))
    return "; ".join(said)


def _clock(seconds: int) -> str:
    """The hour on the wall so long after midnight."""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours:02}:{minutes:02}"


def _minutes(seconds: int, language: Language) -> str:
    """Whole minutes, upwards: the person was back within, not after."""
    return duration_text(-(-seconds // 60) * 60, language)
