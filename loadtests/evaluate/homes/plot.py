"""The plots: false alarms against the median delay, and against the share found; the curves of all fixed limits and of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loadtests.evaluate.homes.judged import Judged
from loadtests.evaluate.homes.lives import OUT_OF_BED
from loadtests.evaluate.homes.score import PER, Score
from loadtests.evaluate.plot import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS: Final = (("#E69F00", "--"), ("#56B4E9", "-."), ("#009E73", ":"), ("#CC79A7", "-"))
"""Colours that people who see few colours tell apart (Okabe and Ito, 2008), and lines for those who see none."""

RINGED_S: Final = {OUT_OF_BED: (900, 1800, 3600, 7200), "inactivity": (7200, 14_400, 28_800)}
"""Limits that are marked on their curves."""


def draw(judged: Judged, kind: str, hours: str, path: Path) -> None:
    """One picture with both plots, as SVG; the same numbers give the same file."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to load, and the tables need none of it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained", sharey=True)
        _panel(left, judged, kind, hours, _delay)
        _panel(right, judged, kind, hours, _found)
        absent = "an absence" if kind == OUT_OF_BED else "a silence"
        unit = "nights" if kind == OUT_OF_BED else "days"
        left.set_xlabel(f"median delay until {absent} was found, minutes")
        left.set_xlim(left=0)
        right.set_xlabel(f"{'absences' if kind == OUT_OF_BED else 'silences'} found, per cent")
        right.set_xlim(103, -3)
        left.set_ylabel(f"false alarms per {PER[kind]:g} {unit}")
        left.set_yscale("symlog", linthresh=10, linscale=1.5)
        left.set_ylim(bottom=-0.5)
        left.set_title(f"{kind}, watching {hours}", loc="left")
        figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Creator": None})
        plt.close(figure)


def _panel(axes: Axes, judged: Judged, kind: str, hours: str, across: Any) -> None:
    """A curve for each sort of fixed limit, some limits named on it; ours with intervals and the wished-for rarity."""
    references = judged.references(kind, hours)
    for look, family in zip(LOOKS, dict.fromkeys(one.family for one in references), strict=False):
        of = sorted((one for one in references if one.family == family), key=lambda one: one.parameter)
        points = [(x, one) for one in of if (x := across(one)) is not None]
        axes.plot([x for x, _ in points], [one.per for _, one in points], color=look[0], ls=look[1], lw=1.6, label=family)
        for x, one in points:
            if one.parameter in RINGED_S[kind]:
                axes.plot([x], [one.per], "o", ms=4, color=look[0])
                axes.annotate(f"{one.parameter / 60:g}", (x, one.per), xytext=(3, 3), textcoords="offset points", fontsize=7)
    ours = [(x, one) for one in judged.ours(kind, hours) if (x := across(one)) is not None]
    if ours:
        reach = [[one.per - one.low for _, one in ours], [one.high - one.per for _, one in ours]]
        axes.errorbar(
            [x for x, _ in ours], [one.per for _, one in ours], yerr=reach, fmt="s-", ms=4, lw=1.4, color="black", capsize=2,
            elinewidth=0.7, label="alarmcore, learned, with 95 %", zorder=5,
        )  # fmt: skip
    for x, one in ours:
        if one.default:
            axes.plot([x], [one.per], "*", ms=14, color="black", zorder=6)


def _delay(one: Score) -> float | None:
    return None if one.late.p50 is None else one.late.p50 / 60


def _found(one: Score) -> float | None:
    return 100 * one.late.share if one.late.count else None
