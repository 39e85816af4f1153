"""The picture of a curve: every hour has its level, lines are told apart without colour, and words do not lie on each other."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from alarmcore.usual.curve import Point
from dashboard.api.usual_plot import HEIGHT, LINE_PX, WIDTH, plot

BOUNDS = (600.0, 5400.0)


def points(limit_s: float | None = 2400.0, count: int = 18) -> list[Point]:
    return [Point((18 + place) % 24, 300.0 + 5 * place, 780.0, limit_s, 5.0, "watched") for place in range(count)]


def drawn(of: list[Point], bounds: tuple[float, float] = BOUNDS, title: str = "Uppe") -> ET.Element:
    return ET.fromstring(plot(of, bounds, title, "sv", "one"))  # noqa: S314 - our own


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    return [one for one in root.iter() if name in (one.get("class") or "").split()]


def test_a_title_says_in_words_what_is_drawn() -> None:
    root = drawn(points(), title="Karin & <Eva>")
    assert root.get("role") == "img"
    title = next(iter(root))
    assert (root.get("aria-labelledby"), title.get("id"), title.text) == ("one-title", "one-title", "Karin & <Eva>")


def test_every_line_has_its_word_and_no_two_words_lie_on_each_other() -> None:
    root = drawn([Point(hour, 600.0, 601.0, 602.0, 1.0, "watched") for hour in range(18)], (600.0, 602.0))
    labels = of_class(root, "label")
    assert {label.text for label in labels} == {"hälften", "nio av tio", "larm", "kortaste gräns", "längsta gräns"}
    heights = sorted(float(label.get("y") or "nan") for label in labels)
    assert all(below - above >= LINE_PX - 0.2 for above, below in pairwise(heights))


def test_the_longer_lies_higher_and_the_limit_has_a_mark_on_every_hour() -> None:
    root = drawn(points())
    heights = {
        name: float(re.findall(r"M\S+ ([\d.]+)H", of_class(root, name)[0].get("d") or "")[0])
        for name in ("half", "most", "limit")
    }
    assert heights["limit"] < heights["most"] < heights["half"]
    assert len(of_class(root, "mark")) == 18


def test_where_no_limit_holds_its_line_has_a_gap_and_the_strip_says_why() -> None:
    some = [point._replace(limit_s=None, state="up") if point.hour in range(2, 10) else point for point in points()]
    root = drawn(some)
    assert len(of_class(root, "mark")) == 10
    assert (of_class(root, "limit")[0].get("d") or "").count("M") == 2
    assert len(of_class(root, "up")) == 1
    assert "uppe för dagen" in {one.text for one in root.iter("text")}


def test_a_curve_without_any_limit_is_drawn_all_the_same() -> None:
    root = drawn(points(None))
    assert of_class(root, "limit")[0].get("d") == ""
    assert {label.text for label in of_class(root, "label")} == {"hälften", "nio av tio", "kortaste gräns", "längsta gräns"}


@pytest.mark.parametrize("limit_s", [1.0, 60.0, 864_000.0])
def test_nothing_is_drawn_outside_of_the_picture(limit_s: float) -> None:
    root = drawn(points(limit_s, 24))
    xs = [float(one.get(name) or 0) for one in root.iter() for name in ("x", "x1", "x2")]
    ys = [float(one.get(name) or 0) for one in root.iter() for name in ("y", "y1", "y2")]
    assert 0 <= min(xs) <= max(xs) <= WIDTH
    assert 0 <= min(ys) <= max(ys) <= HEIGHT
