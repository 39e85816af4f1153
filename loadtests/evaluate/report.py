"""What was found, as tables in Markdown and as JSON with every number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from loadtests.evaluate.judged import LIVED, OURS, Goal, Judged, goals
from loadtests.evaluate.score import Delays, Rate, Score
from loadtests.evaluate.verdict import RAISING
from loadtests.evaluate.walks.parameters import PARAMETERS, PLACES, Parameter

FORMAT: Final = 1
"""Version of the JSON file."""

COMPARED: Final = "distance − accuracy > radius"
"""The reference that stands beside ours where there is room for one only."""


def as_json(sets: Sequence[Judged], seed: int) -> bytes:
    """Every score; every verdict on every scenario of ours and of the five known rules."""
    found = {
        judged.name: {
            "scenarios": len(judged.scenarios),
            "goals": goals(judged),
            "scores": list(judged.scores.values()),
            "by_group": judged.by_group(OURS, seed),
            "verdicts": {one.name: judged.verdicts[one.name] for one in (*judged.ours(), *judged.references())},
        }
        for judged in sets
    }
    said = {"format": FORMAT, "seed": seed, "sets": found}
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"


def as_markdown(judged: Judged, seed: int, *, truth: bool) -> str:
    """Everything about one set, with the names of what to look at."""
    return f"{scores(judged, seed, truth=truth)}\n\n{failures(judged)}"


def scores(judged: Judged, seed: int, *, truth: bool) -> str:
    """The tables of one set, without names: recordings are people's. `truth` where it is known when the border was crossed."""
    blocks = [table(_header(judged, truth), (_row(one, truth) for one in (*judged.ours(), *judged.references())))]
    if truth:
        blocks.append(_groups(judged, seed))
    else:
        blocks.append("\n".join(_goal(one) for one in goals(judged)))
    better = judged.better()
    hindsight = "With other parameters, chosen with hindsight, better in something and worse in nothing: "
    blocks.append(hindsight + ("; ".join(better) if better else "none") + ".")
    return "\n\n".join(blocks)


def _header(judged: Judged, truth: bool) -> list[str]:
    ours = judged.scores[OURS]
    exits = f"exits missed of {ours.seen.count} / of {ours.firm.count}"
    cells = ["", f"of {ours.clean.stays} stays with a false exit", "per 100 h (95 %)"]
    cells += [] if truth else [f"of all {ours.all.stays}"]
    cells += [exits, "delay p50 / p95 / worst, s"]
    return [*cells, "since the crossing p50 / p95 / worst, s"] if truth else cells


def _row(one: Score, truth: bool) -> list[str]:
    missed = f"{one.seen.count - one.seen.found} / {one.firm.count - one.firm.found}"
    cells = [f"**{one.name}**" if one.name == OURS else one.name, str(one.clean.false), per_100h(one.clean)]
    cells += [] if truth else [str(one.all.false)]
    cells += [missed, late(one.firm)]
    return [*cells, late(one.crossing)] if truth else cells


def per_100h(rate: Rate) -> str:
    """A rate with its interval."""
    return f"{rate.per_100h:.1f} ({rate.low:.1f}–{rate.high:.1f})"


def late(delays: Delays) -> str:
    """Three delays; a dash for an exit that was never found."""
    return " / ".join("–" if value is None else f"{value:,.0f}" for value in (delays.p50, delays.p95, delays.worst))


def _groups(judged: Judged, seed: int) -> str:
    """Ours beside one reference, by sort of walk."""
    ours, theirs = judged.by_group(OURS, seed), judged.by_group(COMPARED, seed)
    rows = []
    for group, one in ours.items():
        other = theirs[group]
        exits = one.firm.count
        cells = [group.removeprefix("walk-"), f"{one.clean.hours:.0f}", f"{one.clean.false} / {other.clean.false}"]
        cells += (
            [f"{one.firm.found} / {other.firm.found} of {exits}", late(one.crossing), late(other.crossing)]
            if exits
            else ["", "", ""]
        )
        rows.append(cells)
    header = ["walk", "hours", "false exits, ours / theirs", "firm exits found", "ours, since the crossing", "theirs"]
    return f"By sort of walk, beside *{COMPARED}*:\n\n" + table(header, rows)


def _goal(goal: Goal) -> str:
    return f"- {'met' if goal.met else '**not met**'}: {goal.wanted} ({goal.found})"


FAILURES_MAX: Final = 12
"""Named of each kind; all are in the JSON file."""


def failures(judged: Judged) -> str:
    """Which scenarios to look at with `--show`."""
    ours, whole = judged.scores[OURS], judged.scores[LIVED]
    latest = sorted(
        (one for one in judged.verdicts[OURS] if one.firm and one.delay_s is not None), key=lambda one: -(one.delay_s or 0)
    )
    lines = [
        _named("False exits", ours.false_stays),
        _named("Only when stay and exit are one life", [one for one in whole.false_stays if one not in ours.false_stays]),
        _named("Not found", ours.missed),
        _said_why(judged),
        _named("Latest firm exits", [f"{one.scenario} ({one.delay_s:.0f} s)" for one in latest[:5]]),
    ]
    return "\n".join(line for line in lines if line)


def _said_why(judged: Judged) -> str:
    """How often each reason was given, stays and exits apart: there may be more than one kind of finding."""
    counts = Counter(
        f"{kind}: {event.why}"
        for (_, kind), (_, events) in judged.heard.items()
        for event in events
        if kind != "lived" and event.event in RAISING
    )
    return _named("Reasons given", [f"{why} ({times})" for why, times in sorted(counts.items())])


def _named(what: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - FAILURES_MAX} more" if len(names) > FAILURES_MAX else ""
    return f"- {what}: {', '.join(f'`{name}`' for name in names[:FAILURES_MAX])}{more}" if names else ""


def parameters() -> str:
    """What the generated walks are made of."""
    numbers = table(["", "value", "", "from"], ([one.meaning, _value(one), one.unit, one.source] for one in PARAMETERS))
    names = ["error on each axis, m", "correlated for, s", "satellites", "Wi-Fi", "lost", "jumps an hour", "jump, m", "lasts, s"]
    places = table(["place", *names], ([place, *(f"{value:g}" for value in around)] for place, around in PLACES.items()))
    return f"{numbers}\n\n{places}"


def _value(one: Parameter) -> str:
    return " – ".join(f"{value:g}" for value in one.value) if isinstance(one.value, tuple) else f"{one.value:g}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
