"""That somebody has not gone to bed, as a night nurse and a relative read it."""

from __future__ import annotations

import pytest

from alarmcore.model.alarm import Facts
from dispatch.wording import facts_text
from dispatch.wording.moments import Language


@pytest.mark.parametrize(
    ("facts", "language", "said"),
    [
        (Facts(lasting="late", for_s=62_000, usual_s=2400), "sv", "inte i säng än; brukar ha lagt sig senast kl. 00:40"),
        (Facts(lasting="late", for_s=62_000, usual_s=2400), "en", "not in bed yet; usually in bed by 00:40"),
        (Facts(lasting="late", for_s=62_000, usual_s=83_100), "en", "not in bed yet; usually in bed by 23:05"),
        (
            Facts(lasting="late", for_s=62_000, bound="new"),
            "sv",
            "inte i säng än; vad som är vanligt för personen är inte känt än",
        ),
    ],
)
def test_it_says_by_which_hour_they_usually_are(facts: Facts, language: Language, said: str) -> None:
    assert facts_text(facts, language, {}) == said
