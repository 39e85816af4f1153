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


def test_company_is_said() -> None:
    said = facts_text(Facts(lasting="up", for_s=1860, usual_s=600, company=True), "sv", {})
    assert said.endswith("; något eller någon annan rör sig också i hemmet")
    assert facts_text(Facts(lasting="up", company=True), "en", {}).endswith(
        "; something or somebody else is moving in the home too"
    )
