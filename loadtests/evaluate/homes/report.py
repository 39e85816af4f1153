"""What was found, as tables in Markdown and as JSON with every number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from loadtests.evaluate.homes.contrast import Found
from loadtests.evaluate.homes.drift import Found as Drifted
from loadtests.evaluate.homes.goals import goals
from loadtests.evaluate.homes.judged import MAIN, VIEWS, Judged, nights_by_home
from loadtests.evaluate.homes.lives import OUT_OF_BED
from loadtests.evaluate.homes.score import PER, Delays, Score
from loadtests.evaluate.homes.verdict import SORTS
from loadtests.evaluate.report import table

FORMAT: Final = 1
"""Version of the JSON file."""

SHOWN_S: Final = {OUT_OF_BED: (900, 1800, 3600, 7200, 14_400), "inactivity": (3600, 7200, 14_400, 28_800, 43_200)}
"""Fixed limits that have a line; all are in the JSON file and in the plots."""

SHARES: Final = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)


def as_json(
    sets: Sequence[Judged], seed: int, notes: Sequence[str], pair: Sequence[Found] = (), drifted: Sequence[Drifted] = ()
) -> bytes:
    """Every score, every verdict on the learned limits, what was found of two of opposite habits, and every notice of drift."""
    found = {
        judged.name: {
            "homes": judged.homes,
            "goals": goals(judged),
            "scores": judged.scores,
            "by_home": [judged.by_home(kind, hours, seed) for kind, hours in VIEWS],
            "checks": judged.checks,
            "others": judged.others,
            "verdicts": judged.verdicts,
        }
        for judged in sets
    }
    said = {"format": FORMAT, "seed": seed, "notes": notes, "sets": found, "contrast": pair, "drift": drifted}
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"


def as_markdown(judged: Judged, seed: int) -> str:
    """Everything about one set, with what to look at when it is not as it should be."""
    return f"{scores(judged, seed)}\n\n{reasons(judged)}"


def scores(judged: Judged, seed: int) -> str:
    """The tables of one set, and its goals."""
    blocks = [_view(judged, kind, hours) for kind, hours in VIEWS]
    blocks.append(_by_home(judged, seed) if len(judged.homes) <= HOMES_MAX else _spread(judged))
    blocks.append("\n".join(f"- {'met' if one.met else '**not met**'}: {one.wanted} ({one.found})" for one in goals(judged)))
    blocks.append(_checks(judged))
    return "\n\n".join(blocks)


HOMES_MAX: Final = 20
"""With a line each; of more, the spread is shown."""


def _view(judged: Judged, kind: str, hours: str) -> str:
    per = PER[kind]
    unit = "nights" if kind == OUT_OF_BED else "days"
    ours = judged.ours(kind, hours)
    others = [one for one in judged.references(kind, hours) if one.parameter in SHOWN_S[kind]]
    others.sort(key=lambda one: (one.family, one.parameter))
    states = sorted({state for one in ours for state in one.by_state if state})
    days = ours[0].days if ours else 0
    header = [f"`{kind}`, {hours}", f"false per {per:g} {unit} (95 %)", f"in {days:.0f}: {' / '.join(SORTS[kind])}"]
    header += ["found", "delay p50 / p90 / worst, min", *(f"{state}: found, p50" for state in states)]
    return table(header, (_row(one, states) for one in (*ours, *others)))


def _row(one: Score, states: Sequence[str]) -> list[str]:
    name = f"**{_named(one)}**" if one.default else _named(one)
    cells = [name, rate(one), " / ".join(str(one.sorts[sort]) for sort in SORTS[one.kind])]
    cells += [f"{one.late.found} of {one.late.count}", late(one.late)]
    return [*cells, *(_state(one.by_state.get(state)) for state in states)]


def _named(one: Score) -> str:
    learned = one.family.startswith("alarmcore")
    return f"{one.family}: {one.parameter:g}" if learned else f"{one.family}: {one.parameter / 60:g} min"


def _state(late: Delays | None) -> str:
    return "" if late is None else f"{late.found} of {late.count}, {_minutes(late.p50)}"


def rate(one: Score) -> str:
    """A rate with its interval."""
    return f"{one.per:.1f} ({one.low:.1f}–{one.high:.1f})"


def late(one: Delays) -> str:
    """Three delays; a dash for what was never found."""
    return " / ".join(_minutes(value) for value in (one.p50, one.p90, one.worst))


def _minutes(value: float | None) -> str:
    return "–" if value is None else f"{value / 60:,.0f}"


def _by_home(judged: Judged, seed: int) -> str:
    header = ["home", "rule", "judged", "false by sort", "found", "delay p50 / p90 / worst, min", "apart: found, p50"]
    rows = [_home(home, one) for kind, hours in MAIN for home, one in judged.by_home(kind, hours, seed).items()]
    return "Home by home, at the sensitivity a site file gets that does not say:\n\n" + table(header, rows)


def _home(home: str, one: Score) -> list[str]:
    sorts = " / ".join(str(one.sorts[sort]) for sort in SORTS[one.kind])
    states = "; ".join(f"{state} {_state(apart)}" for state, apart in one.by_state.items() if state)
    return [home, one.kind, f"{one.days:.0f}", sorts, f"{one.late.found} of {one.late.count}", late(one.late), states]


def _spread(judged: Judged) -> str:
    """Of many residents: how their rates and their median delays are spread."""
    rows = []
    for kind, hours in MAIN:
        rates = nights_by_home(judged, judged.default(kind, hours).rule)
        rows.append([kind, hours, *(f"{value * PER[kind] / 100:.1f}" for value in _quantiles(rates.values()))])
    header = ["false alarms per 100 nights or 30 days", "watches", *(f"{100 * share:g} %" for share in SHARES)]
    return "How residents differ:\n\n" + table(header, rows)


def _quantiles(values: Iterable[float]) -> list[float]:
    ordered = sorted(values)
    return [ordered[round(share * (len(ordered) - 1))] for share in SHARES] if ordered else []


def _checks(judged: Judged) -> str:
    """How well the references in Python agree with the real machines."""
    same, of = sum(one.same for one in judged.checks), sum(one.of for one in judged.checks)
    if not of:
        return ""
    unlike = [f"{one.rule} {one.same} of {one.of}" for one in judged.checks if one.same != one.of]
    text = f"With a fixed limit `alarmcore replay` raised exactly what the reference did in {same} of {of} lives."
    return text + (f" Unlike: {', '.join(unlike)}." if unlike else "")


def reasons(judged: Judged) -> str:
    """How often each reason was given for a false alarm, and what was raised besides."""
    lines = []
    for kind, hours in VIEWS:
        rule = judged.default(kind, hours).rule
        counts = Counter(f"{alarm.sort}: {alarm.why}" for one in judged.verdicts[rule] for alarm in one.false)
        lines += (
            [f"- {kind}, {hours}: " + ", ".join(f"{why} ({times})" for why, times in sorted(counts.items()))] if counts else []
        )
    lines += [f"- not asked for: {why} ({times})" for why, times in sorted(judged.others.items())]
    return "\n".join(lines)
