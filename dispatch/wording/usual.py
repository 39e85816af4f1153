"""That something has lasted for longer than is usual for a person, in numbers that a night nurse and a relative understand."""

from __future__ import annotations

from typing import Final

from alarmcore.model.alarm import Facts
from dispatch.wording.moments import Language, duration_text
from dispatch.wording.words import Pair, pick

_LASTING: Final[dict[str, Pair]] = {
    "up": (
        "uppe i {for_s}; brukar vid den här tiden vara tillbaka i sängen inom {usual_s}",
        "up for {for_s}; at this hour usually back in bed within {usual_s}",
    ),
    "still": (
        "ingen rörelse på {for_s}; brukar vid den här tiden inte vara stilla längre än {usual_s}",
        "no movement for {for_s}; at this hour usually not still for longer than {usual_s}",
    ),
}
"""What has lasted, by `Facts.lasting`."""


_COMPANY: Final[Pair] = (
    "något eller någon annan rör sig också i hemmet",
    "something or somebody else is moving in the home too",
)


def usual_text(facts: Facts, language: Language) -> str:
    """One clause without a full stop: how long, and how long it usually is."""
    lasted = pick(_LASTING[facts.lasting or "up"], language).format(
        for_s=_minutes(facts.for_s, language),
        usual_s=_minutes(facts.usual_s or 0, language),
    )
    return f"{lasted}; {pick(_COMPANY, language)}" if facts.company else lasted


def _minutes(seconds: int, language: Language) -> str:
    """Whole minutes, upwards: the person was back within, not after."""
    return duration_text(-(-seconds // 60) * 60, language)
