"""The plots: false exits per 100 hours against delay, and against the share of exits found; a curve for each kind of rule."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loadtests.evaluate.judged import OURS, Judged
from loadtests.evaluate.score import Score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS: Final = "os^vDP"
STYLE: Final[Any] = {
    "svg.hashsalt": "alarmcore",  # so that the same numbers give the same bytes
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
}


def is_possible() -> bool:
    """Whether the library that draws is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def draw(judged: Judged, path: Path) -> None:
    """One picture with both plots, as SVG; the same numbers give the same file."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to load, and the tables need none of it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained", sharey=True)
        truth = any(one.crosses_s is not None for one in judged.scenarios)
        _panel(left, judged, _since_crossing if truth else _delay)
        _panel(right, judged, _found)
        if truth:
            left.set_xlabel("delay of firm exits from the true crossing, median, seconds")
        else:
            left.set_xscale("symlog", linthresh=30)
            left.set_xlabel("delay of firm exits from the first fix outside, p95, seconds")
        right.set_xlabel("exits with a fix outside that were found, per cent")
        right.invert_xaxis()
        left.set_ylabel("false exits per 100 h of clean stays")
        left.set_ylim(bottom=-0.4)
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _panel(axes: Axes, judged: Judged, across: Any) -> None:
    """Curves of the references, the five known ones ringed, ours as a star with its interval."""
    known = {one.name for one in judged.references()}
    for marker, (family, scores) in zip(MARKERS, judged.curves().items(), strict=True):
        points = [(x, one.clean.per_100h, one.name) for one in scores if (x := across(one)) is not None]
        line = axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker=marker, ms=3.5, lw=0.9, label=family)
        ringed = [(x, y) for x, y, name in points if name in known]
        axes.plot(*zip(*ringed, strict=True), marker, ms=8, mfc="none", color=line[0].get_color()) if ringed else None
    ours = judged.scores[OURS]
    x = across(ours)
    if x is not None:
        reach = [[ours.clean.per_100h - ours.clean.low], [ours.clean.high - ours.clean.per_100h]]
        axes.errorbar(
            [x], [ours.clean.per_100h], yerr=reach, fmt="*", ms=15, color="black", capsize=4, label="alarmcore, 95 %", zorder=5
        )


def _delay(one: Score) -> float | None:
    return one.firm.p95


def _since_crossing(one: Score) -> float | None:
    """The median: what is latest was mostly withheld by the device, and tells rules apart no more."""
    return one.crossing.p50


def _found(one: Score) -> float | None:
    return 100 * one.seen.found / one.seen.count if one.seen.count else None
