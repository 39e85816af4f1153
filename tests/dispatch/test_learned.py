"""What has been learned of a person, in words: short, with its numbers, in both languages."""

from __future__ import annotations

import pytest

from alarmcore.usual.curve import Curve, Point, State
from alarmcore.usual.drift import Notice
from dispatch.wording.learned import curve_text, drift_text, limit_text, minutes_text, number_text
from dispatch.wording.moments import Language


def curve(limit_s: float | None = 2455.0, *, seen: float = 9.0, days: int = 23, hour: int = 2, state: State = "watched") -> Curve:
    return Curve((Point(hour, 300.0, 770.0, limit_s, seen, state),), days, seen)


def test_a_curve_is_said_in_one_sentence_with_what_it_rests_on() -> None:
    swedish, english = (curve_text(curve(), "up", "Karin", language) for language in ("sv", "en"))
    assert swedish == (
        "När Karin går upp mellan kl. 02 och 03: oftast tillbaka i sängen inom 13 min; larm efter 41 min. Bygger på 23 nätter."
    )
    assert english == (
        "When Karin gets up between 02:00 and 03:00: mostly back in bed within 13 min; an alarm after 41 min. Rests on 23 nights."
    )


def test_the_last_hour_of_the_day_ends_at_midnight() -> None:
    assert "mellan kl. 23 och 00" in curve_text(curve(hour=23), "up", "Karin", "sv")


def test_one_night_is_not_said_in_the_plural() -> None:
    assert curve_text(curve(days=0), "up", "Karin", "sv").endswith("Bygger på en natt.")
    assert curve_text(curve(days=1), "still", "Karin", "en").endswith("Rests on one day.")


@pytest.mark.parametrize("of", ["up", "still", "lying", "out"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_of_somebody_unknown_it_is_said_that_nothing_is_known_and_what_holds(of: str, language: Language) -> None:
    said = curve_text(curve(seen=0.0), of, "Karin", language)
    assert "Karin" in said
    assert ("ännu inte känt" if language == "sv" else "not known yet") in said
    assert limit_text(curve().points[0], language) in said
    assert "Bygger" not in said
    assert "Rests" not in said


def test_where_no_limit_holds_it_is_said_that_there_is_no_alarm() -> None:
    assert curve_text(curve(None), "up", "Karin", "sv").endswith("inom 13 min; då inget larm. Bygger på 23 nätter.")


def test_a_drift_is_said_with_both_numbers() -> None:
    found = Notice("up", 2460.0, 1170.0, 2.44, 1.5, 2, 20_000)
    assert drift_text(found, "sv") == (
        "uppe 2,1 gånger så länge per natt som för två månader sedan (41 min mot 20 min), 2,4 uppgångar mot 1,5"
    )
    assert drift_text(found._replace(way="still", months=1), "en") == (
        "still 2.1 times as long a day as a month ago (41 min against 20 min between 8:00 and 20:00)"
    )


def test_minutes_are_rounded_upwards_and_decimals_written_as_the_language_does() -> None:
    assert [minutes_text(seconds, "sv") for seconds in (59.0, 60.0, 60.4, 3660.0)] == ["1 min", "1 min", "1 min", "1 tim 1 min"]
    assert (number_text(1.04, "sv"), number_text(1.04, "en")) == ("1,0", "1.0")
