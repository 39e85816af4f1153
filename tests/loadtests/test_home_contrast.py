"""Two residents of opposite habits are told apart by how late their absences are found, and so are the hours of the night."""

from __future__ import annotations

import pytest

from loadtests.evaluate.homes import residents
from loadtests.evaluate.homes.contrast import EACH, TAUGHT_S, Found, as_markdown, goals, lives_of


def found(short: tuple[float | None, ...], long: tuple[float | None, ...]) -> list[Found]:
    pairs = [("short", short), ("long", long)]
    return [Found(home, hour, late) for home, of in pairs for hour, late in zip((22, 1, 5), of, strict=True)]


@pytest.mark.parametrize(
    ("short", "long", "met"),
    [
        ((600, 700, 900), (2400, 2500, 2600), [True, True]),
        ((600, 700, 900), (2000, 2000, 2000), [False, True]),
        ((600, 600, 600), (2400, 2400, 2400), [True, False]),
        ((600, 700, 900), (None, None, 2600), [False, True]),  # what was never found is no limit that was learned
    ],
)
def test_limits_must_lie_apart_and_differ_by_hour(
    short: tuple[float | None, ...], long: tuple[float | None, ...], met: list[bool]
) -> None:
    assert [goal.met for goal in goals(found(short, long))] == met


def test_each_has_a_line_with_the_parts_of_the_night() -> None:
    text = as_markdown(found((600, 720, 900), (2400, None, 2640)))
    assert "| short | 3 of 3 | 12 | 10 (1) | 12 (1) | 15 (1) |" in text
    assert "| long | 2 of 3 | 44 | 40 (1) | – (1) | 44 (1) |" in text


def test_absences_come_after_a_month_each_in_a_life_of_its_own() -> None:
    home, _ = residents.contrast(1)
    lives = lives_of(home, 1)
    assert len(lives) == EACH
    first_s = home.readings[0].at.timestamp()
    for life in lives:
        assert life.spans[0].from_s >= first_s + TAUGHT_S
        assert life.readings[0].at_s == first_s
    assert len({life.spans[0].from_s for life in lives}) == EACH
