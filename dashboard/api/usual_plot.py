"""A learned curve as inline SVG: hours across, time up the side on a log scale; told apart by dashes, marks and words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from alarmcore.usual.curve import Point
from dispatch.wording.moments import Language, duration_text

WIDTH, HEIGHT = 760, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 150, 14, 66
"""Room for the axes, and on the right for the words at the lines' ends."""

LINE_PX: Final = 17
"""Between two words at the lines' ends."""

TICKS_S: Final = (60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 57_600)
"""Where the side is marked, as far as it reaches: a minute to sixteen hours."""

NIGHT_HOURS: Final = 18
"""Hours shown of a night, from 18 to 12: by day nobody is watched for lying down."""

WORDS: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        "half": "hälften",
        "most": "nio av tio",
        "limit": "larm",
        "min": "kortaste gräns",
        "max": "längsta gräns",
        "up": "uppe för dagen",
        "perhaps_up": "kanske uppe",
        "perhaps_resting": "kanske sover",
        "across": "klockan när det börjar",
    },
    "en": {
        "half": "half",
        "most": "nine in ten",
        "limit": "alarm",
        "min": "shortest limit",
        "max": "longest limit",
        "up": "up for the day",
        "perhaps_up": "perhaps up",
        "perhaps_resting": "perhaps asleep",
        "across": "hour at which it begins",
    },
}


class Frame(NamedTuple):
    """Where things go: across by place in the curve, up by seconds."""

    hours: int
    least_s: float
    most_s: float

    def x(self, place: float) -> float:
        """Of the left edge of an hour."""
        return LEFT + place * (WIDTH - LEFT - RIGHT) / self.hours

    def y(self, seconds: float) -> float:
        """Of a duration."""
        share = math.log(seconds / self.least_s) / math.log(self.most_s / self.least_s)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def plot(points: Sequence[Point], bounds: tuple[float, float], title: str, language: Language, name: str) -> Markup:
    """The picture; `name` makes its ids its own on a page with several."""
    words = WORDS[language]
    frame = _frame(points, bounds)
    parts = [
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{escape(name)}-title">',
        f'<title id="{escape(name)}-title">{escape(title)}</title>',
        *_grid(frame, points, language),
        *_strip(frame, points, words),
        *(_line(frame, seconds, kind) for kind, seconds in (("min", bounds[0]), ("max", bounds[1]))),
        *_steps(frame, points, "half", lambda point: point.half_s),
        *_steps(frame, points, "most", lambda point: point.most_s),
        *_steps(frame, points, "limit", lambda point: point.limit_s),
        *_labels(frame, points, bounds, words),
        "</svg>",
    ]
    # Every text in it is escaped above.
    return Markup("".join(parts))  # noqa: S704


def _frame(points: Sequence[Point], bounds: tuple[float, float]) -> Frame:
    values = [value for point in points for value in (point.half_s, point.most_s, point.limit_s) if value] + list(bounds)
    return Frame(len(points), min(values) * 0.7, max(values) * 1.3)


def _grid(frame: Frame, points: Sequence[Point], language: Language) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, frame.x(frame.hours)
    parts = []
    for seconds in TICKS_S:
        if frame.least_s <= seconds <= frame.most_s:
            y = frame.y(seconds)
            parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text class="side" x="{LEFT - 8}" y="{y + 4:.1f}">{escape(duration_text(seconds, language))}</text>')
    for place, point in enumerate(points):
        if point.hour % 2 == 0:
            parts.append(f'<text class="across" x="{frame.x(place):.1f}" y="{bottom + 18}">{point.hour:02}</text>')
    last = (points[-1].hour + 1) % 24
    parts.append(f'<text class="across" x="{right:.1f}" y="{bottom + 18}">{last:02}</text>')
    parts.append(f'<text class="across" x="{(LEFT + right) / 2:.1f}" y="{HEIGHT - 4}">{escape(WORDS[language]["across"])}</text>')
    return parts


def _strip(frame: Frame, points: Sequence[Point], words: dict[str, str]) -> list[str]:
    """Beneath the hours, stretches in which something else is believed, with what in words where there is room."""
    y, parts, place = HEIGHT - BOTTOM + 24, [], 0
    while place < len(points):
        end = place
        while end < len(points) and points[end].state == points[place].state:
            end += 1
        state = points[place].state
        if state in words:
            x, width = frame.x(place), frame.x(end) - frame.x(place)
            parts.append(f'<rect class="strip {state}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="18"/>')
            if width >= 7 * len(words[state]):
                parts.append(f'<text class="across" x="{x + width / 2:.1f}" y="{y + 14}">{escape(words[state])}</text>')
        place = end
    return parts


def _line(frame: Frame, seconds: float, kind: str) -> str:
    y = frame.y(seconds)
    return f'<line class="bound {kind}" x1="{LEFT}" y1="{y:.1f}" x2="{frame.x(frame.hours):.1f}" y2="{y:.1f}"/>'


def _steps(frame: Frame, points: Sequence[Point], kind: str, of: Callable[[Point], float | None]) -> list[str]:
    """One level for each hour, with a gap where there is none; a limit has a mark on each, and is told by shape as well."""
    path, marks, pen_down = "", [], False
    for place, point in enumerate(points):
        value = of(point)
        if value is None:
            pen_down = False
            continue
        y = frame.y(value)
        path += f"{'L' if pen_down else 'M'}{frame.x(place):.1f} {y:.1f}H{frame.x(place + 1):.1f}"
        pen_down = True
        if kind == "limit":
            marks.append(f'<rect class="mark" x="{frame.x(place + 0.5) - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"/>')
    return [f'<path class="{kind}" d="{path}"/>', *marks]


def _labels(frame: Frame, points: Sequence[Point], bounds: tuple[float, float], words: dict[str, str]) -> list[str]:
    """What each line is, at its right end, moved apart where they would lie on each other."""
    last = points[-1]
    limit_s = next((point.limit_s for point in reversed(points) if point.limit_s is not None), None)
    wanted = [("half", last.half_s), ("most", last.most_s), ("limit", limit_s), ("min", bounds[0]), ("max", bounds[1])]
    heights = sorted(((frame.y(seconds), kind) for kind, seconds in wanted if seconds is not None), reverse=True)
    parts, below, x = [], float(HEIGHT - BOTTOM + LINE_PX), frame.x(frame.hours)
    for y, kind in heights:
        at = below = min(y, below - LINE_PX)
        parts.append(f'<line class="lead" x1="{x + 1:.1f}" y1="{y:.1f}" x2="{x + 12:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="label {kind}-text" x="{x + 16:.1f}" y="{at + 4:.1f}">{escape(words[kind])}</text>')
    return parts
