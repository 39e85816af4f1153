"""The reference rules: each decides as its name says."""

from __future__ import annotations

import pytest

from loadtests.evaluate.rules import CURVES, REFERENCES, claims, farther_than, in_a_row, surely
from loadtests.evaluate.scenario import Seen

FIXES: dict[str, list[tuple[float, float | None]]] = {
    "inside": [(-50, 10), (0, 10), (-1, 500)],
    "one poor fix": [(-50, 10), (300, 900), (-50, 10)],
    "one good fix": [(-50, 10), (300, 90), (-50, 10)],
    "two poor fixes": [(-50, 10), (300, 900), (300, 900), (-50, 10)],
    "a poor one among good ones": [(300, 90), (-50, 10), (300, 90), (10, 90), (300, 90), (300, 90)],
    "mute": [(-50, None), (300, None), (300, None), (300, None)],
}


def seen(name: str) -> list[Seen]:
    return [Seen(float(n), float(n), outside, accuracy) for n, (outside, accuracy) in enumerate(FIXES[name])]


@pytest.mark.parametrize(
    ("fixes", "raised_at"),
    [
        ("inside", [None, None, None, None, None]),
        ("one poor fix", [1, None, None, None, None]),
        ("one good fix", [1, None, 1, 1, None]),
        ("two poor fixes", [1, 2, None, None, None]),
        ("a poor one among good ones", [0, 3, 0, 0, 5]),
        ("mute", [1, 2, None, None, None]),
    ],
)
def test_the_five_known_rules_raise_where_they_should(fixes: str, raised_at: list[int | None]) -> None:
    found = [rule.raises(seen(fixes)) for rule in REFERENCES]
    assert [None if one is None else one.at_s for one in found] == raised_at


def test_a_number_of_fixes_in_a_row_is_broken_by_one_inside() -> None:
    row = [Seen(float(n), float(n), outside) for n, outside in enumerate([1, 1, -1, 1, 1, 1])]
    raised = in_a_row(3).raises(row)
    assert raised is not None
    assert raised.at_s == 5


def test_parameters_are_those_in_the_name() -> None:
    fix = Seen(0, 0, 100.0, 60.0)
    assert [farther_than(margin).votes(fix) for margin in (99, 100)] == [True, False]
    assert [claims(accuracy).votes(fix) for accuracy in (60, 59)] == [True, False]
    assert [surely(factor).votes(fix) for factor in (1.5, 2)] == [True, False]


def test_no_two_rules_have_the_same_name() -> None:
    names = [rule.name for rule in (*REFERENCES, *CURVES)]
    assert len(set(names)) == len(names)
    assert len({(rule.family, rule.parameter) for rule in (*REFERENCES, *CURVES)}) == len(names)
