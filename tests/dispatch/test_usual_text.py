"""That something has lasted for longer than usual, as a night nurse and a relative read it."""

from __future__ import annotations

import pytest

from alarmcore.model.alarm import Facts
from dispatch.wording import facts_text
from dispatch.wording.moments import Language


@pytest.mark.parametrize(
    ("facts", "language", "said"),
    [
        (
            Facts(lasting="up", for_s=41 * 60, usual_s=13 * 60 - 20),
            "sv",
            "uppe i 41 min; brukar vid den här tiden vara tillbaka i sängen inom 13 min",
        ),
        (
            Facts(lasting="up", for_s=41 * 60, usual_s=13 * 60),
            "en",
            "up for 41 min; at this hour usually back in bed within 13 min",
        ),
        (
            Facts(lasting="still", for_s=3 * 3600 + 600, usual_s=55 * 60),
            "sv",
            "ingen rörelse på 3 tim 10 min; brukar vid den här tiden inte vara stilla längre än 55 min",
        ),
        (
            Facts(lasting="still", for_s=3 * 3600 + 600, usual_s=55 * 60),
            "en",
            "no movement for 3 h 10 min; at this hour usually not still for longer than 55 min",
        ),
    ],
)
def test_how_long_it_has_lasted_and_how_long_it_usually_does(facts: Facts, language: Language, said: str) -> None:
    assert facts_text(facts, language, {}) == said


@pytest.mark.parametrize(
    ("facts", "language", "said"),
    [
        (Facts(lasting="up", for_s=19 * 60, bound="new"), "sv", "uppe i 19 min; vad som är vanligt för personen är inte känt än"),
        (
            Facts(lasting="still", for_s=19 * 60, bound="new"),
            "en",
            "no movement for 19 min; what is usual for this person is not known yet",
        ),
        (Facts(lasting="still", for_s=4 * 3600, bound="most"), "sv", "ingen rörelse på 4 tim; längre än kommunen låter det gå"),
        (Facts(lasting="up", for_s=4 * 3600, bound="most"), "en", "up for 4 h; longer than the municipality lets it go on"),
        (Facts(lasting="up", for_s=660), "sv", "uppe i 11 min"),
        (
            Facts(lasting="still", for_s=6 * 3600, out=True),
            "sv",
            "ingen rörelse på 6 tim; en dörr som leder ut användes sist: kan ha gått ut",
        ),
        (
            Facts(lasting="still", for_s=6 * 3600, out=True),
            "en",
            "no movement for 6 h; a door that leads out was used last: may have gone out",
        ),
    ],
)
def test_what_is_not_known_or_not_reached_is_not_called_usual(facts: Facts, language: Language, said: str) -> None:
    assert facts_text(facts, language, {}) == said


def test_company_is_said() -> None:
    said = facts_text(Facts(lasting="up", for_s=1860, usual_s=600, company=True), "sv", {})
    assert said.endswith("; något eller någon annan rör sig också i hemmet")
    assert facts_text(Facts(lasting="up", company=True), "en", {}).endswith(
        "; something or somebody else is moving in the home too"
    )
