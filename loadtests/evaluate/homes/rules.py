"""The rules that `alarmcore replay` is asked: its own with each sensitivity, and its fixed limits to check the references by."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED

NIGHTLY: Final = "at night"
ALWAYS: Final = "day and night"
WINDOW: Final = ("21:00", "09:00")

ONCE_IN_DAYS: Final = (10, 20, 50, 100, 200, 500, 1000)
"""How rarely a false alarm is wished for: the curve of the learned limit. 100 is what a site file gets that does not say."""
SWEPT: Final = {OUT_OF_BED: ONCE_IN_DAYS, INACTIVITY: (20, 100, 500)}
"""A learned limit on all signs of life costs most of a replay's time: three of them."""

DEFAULT: Final = 100

LARGEST: Final = (1800, 3600, 5400, 7200, 10_800, 14_400)
"""Swept as `max_s` while the site file knows no `once_in_days`."""

CHECKED: Final = (900, 1800, 3600)
CHECKED_SILENT: Final = (7200, 14_400, 28_800)
"""Fixed limits, seconds, for which the references in Python are held against `alarmcore replay`."""

LEARNED: Final = "alarmcore, learned"
FIXED: Final = "alarmcore, fixed"


class Bounds(NamedTuple):
    """Between which seconds the limit may be learned."""

    min_s: float
    max_s: float


class Asked(NamedTuple):
    """A rule of a site file; `hours` says when it watches, `parameter` where it lies on its family's curve."""

    id: str
    kind: str
    family: str
    hours: str
    parameter: float
    default: bool
    fields: dict[str, Any]


def asked(kind: str, bounds: Bounds, window: tuple[str, str], *, learns: bool) -> list[Asked]:
    """All rules of a kind. `learns`: the site file knows `once_in_days`."""
    found = []
    for hours in (NIGHTLY, ALWAYS) if kind == OUT_OF_BED else (ALWAYS,):
        active = {"active": [{"from": window[0], "to": window[1]}]} if hours == NIGHTLY else {}
        short = f"{kind.replace('_', '-')}-{'n' if hours == NIGHTLY else 'a'}"
        swept = SWEPT[kind] if learns else LARGEST
        for parameter in swept if (kind, hours) != (OUT_OF_BED, ALWAYS) else (DEFAULT if learns else LARGEST[-1],):
            usual = {"min_s": bounds.min_s, "max_s": bounds.max_s, "once_in_days": parameter}
            if not learns:
                usual = {"min_s": min(bounds.min_s, parameter), "max_s": parameter}
            default = parameter == (DEFAULT if learns else LARGEST[-1])
            found.append(Asked(f"{short}-u{parameter}", kind, LEARNED, hours, parameter, default, {"usual": usual, **active}))
        limits_s = CHECKED if kind == OUT_OF_BED else CHECKED_SILENT
        found += [
            Asked(f"{short}-f{limit_s}", kind, FIXED, hours, limit_s, False, {"limit_s": limit_s, **active})
            for limit_s in limits_s
        ]
    return found


def entry(rule: Asked) -> dict[str, Any]:
    """As a site file has it."""
    return {"id": rule.id, "kind": rule.kind, "priority": "normal", **rule.fields}
