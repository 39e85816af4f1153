"""What is asked of detection at home, and whether it is so."""

from __future__ import annotations

from statistics import median as middle

from loadtests.evaluate.homes.judged import Judged, nights_by_home
from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED
from loadtests.evaluate.homes.rules import ALWAYS, NIGHTLY
from loadtests.evaluate.homes.score import Score, beating, median
from loadtests.evaluate.homes.verdict import ASLEEP, AWAKE, MORNING
from loadtests.evaluate.judged import Goal

RECORDED = "recorded"
HALF_HOUR_S = 1800.0
FOUR_HOURS_S = 14_400.0
SHORTER = 0.6
"""Of a half hour's delay, at no more false alarms than it has."""
MEDIAN_MAX = 1.0
"""False alarms per 100 nights of the median generated resident."""


def goals(judged: Judged) -> list[Goal]:
    """All that can be asked of this set."""
    if judged.sort == RECORDED:
        return [*_curve(judged, OUT_OF_BED, NIGHTLY), *_half_hour(judged), *_never(judged), *_inactivity(judged)]
    return [*_generated(judged), *_curve(judged, OUT_OF_BED, NIGHTLY), *_curve(judged, INACTIVITY, ALWAYS)]


def _curve(judged: Judged, kind: str, hours: str) -> list[Goal]:
    ours = judged.ours(kind, hours)
    if not ours or not ours[0].days:
        return []
    beaten = [(one, beating(one, judged.references(kind, hours))) for one in ours]
    worst = [f"{one.parameter:g} by {shown(others[0])}" for one, others in beaten if others]
    wanted = f"{kind}: no fixed limit with as few false alarms, as short a median delay and as large a share found"
    return [Goal(wanted, "; ".join(worst) or f"none at any of {len(ours)} points", not worst)]


def shown(one: Score) -> str:
    """A fixed limit as people name it."""
    return f"{one.family}, {one.parameter / 60:g} min"


def _half_hour(judged: Judged) -> list[Goal]:
    """Against that half hour which has the fewest false alarms."""
    halves = [one for one in judged.references(OUT_OF_BED, NIGHTLY) if one.parameter == HALF_HOUR_S]
    half = min(halves, key=lambda one: one.per, default=None)
    if half is None or not half.late.count:
        return []
    ours = [median(one) for one in judged.ours(OUT_OF_BED, NIGHTLY) if one.per <= half.per]
    ratio = min(ours, default=float("inf")) / median(half)
    wanted = f"median delay at most {SHORTER} of that of 30 min fixed, at no more false alarms ({half.per:.1f}: {half.family})"
    return [Goal(wanted, f"{ratio:.2f}" if ours else "always more false alarms", ratio <= SHORTER)]


def _never(judged: Judged) -> list[Goal]:
    one = judged.default(OUT_OF_BED, NIGHTLY)
    most = max((other.sorts[MORNING] for other in judged.ours(OUT_OF_BED, NIGHTLY)), default=0)
    slept = max((other.sorts[ASLEEP] for other in judged.ours(OUT_OF_BED, NIGHTLY)), default=0)
    morning, asleep = one.sorts[MORNING], one.sorts[ASLEEP]
    return [
        Goal("no alarm on a morning she simply got up", f"{morning}; most at any sensitivity {most}", morning == 0),
        Goal("none inside a labelled sleep", f"{asleep}; most at any sensitivity {slept}", asleep == 0),
    ]


def _inactivity(judged: Judged) -> list[Goal]:
    one = judged.default(INACTIVITY, ALWAYS)
    if not one.days:
        return []
    fixed = [other for other in judged.references(INACTIVITY, ALWAYS) if other.parameter == FOUR_HOURS_S]
    delay_s = min(median(other) for other in fixed)
    sooner = median(one) < delay_s
    return [
        Goal("inactivity: no false alarm", f"{one.false} in {one.days:.0f} days", one.false == 0),
        Goal(
            f"inactivity: a silence found sooner than by 4 h fixed (median {delay_s / 60:.0f} min)", minutes(one.late.p50), sooner
        ),
        *_awake(one, fixed),
        *_curve(judged, INACTIVITY, ALWAYS),
    ]


def _awake(one: Score, fixed: list[Score]) -> list[Goal]:
    """The same of those who were awake: who sleeps is still for hours, and a fixed limit finds them amid its false alarms."""
    delay_s = min((delay for other in fixed if (delay := _late(other, AWAKE)) is not None), default=None)
    ours_s = _late(one, AWAKE)
    if delay_s is None:
        return []
    wanted = f"inactivity: of somebody awake a silence found sooner than by 4 h fixed (median {delay_s / 60:.0f} min)"
    return [Goal(wanted, minutes(ours_s), ours_s is not None and ours_s < delay_s)]


def _late(one: Score, state: str) -> float | None:
    return one.by_state[state].p50 if state in one.by_state else None


def _generated(judged: Judged) -> list[Goal]:
    one = judged.default(OUT_OF_BED, NIGHTLY)
    rates = nights_by_home(judged, one.rule)
    typical = middle(rates.values()) if rates else float("inf")
    found = f"{one.late.found} of {one.late.count}"
    return [
        Goal(
            f"at most {MEDIAN_MAX:g} false alarm per 100 nights in the median resident", f"{typical:.1f}", typical <= MEDIAN_MAX
        ),
        Goal("every absence found", found, one.late.found == one.late.count),
    ]


def minutes(value: float | None) -> str:
    """As people read it; a delay that never ended is no number."""
    return "–" if value is None else f"{value / 60:,.0f} min"
