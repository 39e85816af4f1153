"""Command line: judges detection at home on recordings in a folder and on generated residents, and writes what was found."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from loadtests.evaluate import page, plot
from loadtests.evaluate import recording as phones
from loadtests.evaluate.homes import contrast, drift, recording, report, residents
from loadtests.evaluate.homes import plot as plots
from loadtests.evaluate.homes.goals import RECORDED
from loadtests.evaluate.homes.judged import MAIN, Judged, Setup, judge
from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED, generated, recorded
from loadtests.evaluate.homes.replayed import learns
from loadtests.evaluate.homes.rules import WINDOW, Asked, Bounds, asked

PAGE: Final = page.ROOT / "docs" / "homes.md"
GENERATED: Final = "generated"
CONTRAST: Final = "contrast"
DRIFT: Final = "drift"

HOMES_MAX: Final = 1000
"""Generated residents: beyond it a replay takes longer than it is waited for."""

EVERY: Final = {OUT_OF_BED: 5, INACTIVITY: 4}
"""Of the references' limits for generated residents: every five minutes, every hour."""

Say = Callable[[str], None]


@click.command("homes")
@click.option("--data", type=click.Path(path_type=Path), help="Folder with HOME_activities.csv, HOME_intervals.csv.")
@click.option("--out", type=click.Path(path_type=Path), help="Where results.json, results.md and the plots go; nowhere without.")
@click.option("--seed", default=1, show_default=True, help="Of residents, silences and the bootstrap.")
@click.option("--residents", default=20, show_default=True, type=click.IntRange(0, HOMES_MAX), help="Generated ones; 0: none.")
@click.option("--days", default=90, show_default=True, type=click.IntRange(20, 366), help="That they live.")
@click.option("--silences", default=30, show_default=True, type=click.IntRange(0, 1000), help="For each recorded home, at most.")
@click.option("--pair", default=contrast.EACH, show_default=True, type=click.IntRange(0, 100), help="Absences of two unlike.")
@click.option("--drift", "each", default=drift.EACH, show_default=True, type=click.IntRange(0, 1000), help="Lived for a year.")
@click.option("--night", nargs=2, default=WINDOW, show_default=True, help="When out_of_bed watches.")
@click.option("--out-of-bed", nargs=2, type=float, default=(300, 14_400), show_default=True, help="Bounds of its limit, s.")
@click.option("--inactivity", nargs=2, type=float, default=(1800, 14_400), show_default=True, help="Bounds of its limit, s.")
@click.option("--if-any", is_flag=True, help="A folder that has recordings of phones alone will do: generated residents then.")
@click.option("--write-docs", is_flag=True, help="Put tables and plots into docs/homes.md.")
def homes(data: Path | None, out: Path | None, if_any: bool, write_docs: bool, **options: Any) -> None:
    """Is somebody up for too long, or silent? False alarms, share found, delay; of `alarmcore replay` and of fixed limits."""
    if data is not None and if_any and not recording.has(data) and phones.has(data):
        click.echo(f"no recordings of homes in {data}: generated residents alone", err=True)
        data = None
    if data is None and not options["residents"]:
        raise click.UsageError("nothing to judge; give a folder with --data, or more than 0 --residents")
    notes: list[str] = []
    seed = options["seed"]

    def say(text: str) -> None:
        click.echo(text, err=True)

    def note(text: str) -> None:
        notes.append(text)
        say(text)

    with tempfile.TemporaryDirectory() as folder:
        rules = _rules(options, note)
        sets = list(_judged(data, options, rules, Path(folder), note, say))
        pair = _contrasted(rules, seed, options["pair"], Path(folder)) if options["residents"] and options["pair"] else []
        drifted = _drifted(rules, seed, options["each"], Path(folder), say) if options["residents"] and options["each"] else []
    tables = {judged.name: report.as_markdown(judged, seed) for judged in sets}
    said = {CONTRAST: contrast.as_markdown(pair)} if pair else {}
    said |= {DRIFT: drift.as_markdown(drifted)} if drifted else {}
    tables |= said
    for name, text in tables.items():
        click.echo(f"\n## {name.capitalize()}\n\n{text}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_bytes(report.as_json(sets, seed, notes, pair, drifted))
        (out / "results.md").write_text("\n\n".join(tables.values()) + "\n", encoding="utf-8")
        _draw(sets, out, "", say)
        say(f"results.json, results.md and plots are in {out}")
    if write_docs:
        write({judged.name: report.scores(judged, seed) for judged in sets} | said)
        _draw(sets, page.IMAGES, "homes-", say)


def _rules(options: dict[str, Any], note: Say) -> tuple[Asked, ...]:
    learned = learns()
    if not learned:
        note("the site file knows no once_in_days in usual; max_s is swept in its place")
    bounds = {OUT_OF_BED: options["out_of_bed"], INACTIVITY: options["inactivity"]}
    return tuple(one for kind, of in bounds.items() for one in asked(kind, Bounds(*of), options["night"], learns=learned))


def _judged(
    data: Path | None, options: dict[str, Any], rules: tuple[Asked, ...], folder: Path, note: Say, say: Say
) -> Iterable[Judged]:
    window, seed = options["night"], options["seed"]
    if data is not None:
        found = recording.read(data, note)
        lives = [life for home in found for life in recorded(home, seed, options["silences"])]
        for home in {home.name for home in found} - {life.home.name for life in lives}:
            note(f"{home}: has too few whole nights to learn on one half and be judged on the other")
        setup = Setup(rules, window, {OUT_OF_BED: 1, INACTIVITY: 1}, seed)
        yield judge(RECORDED, RECORDED, lives, setup, folder / RECORDED, say)
    if options["residents"]:
        yield _generated(options, Setup(rules, window, EVERY, seed), folder / GENERATED, say)


def _generated(options: dict[str, Any], setup: Setup, folder: Path, say: Say) -> Judged:
    made = residents.generate(setup.seed, options["residents"], options["days"])
    lives = (life for home in made if (life := generated(home, setup.seed)) is not None)  # too many to hold all at once
    kept = tuple(one for one in setup.asked if one.default)
    return judge(GENERATED, GENERATED, lives, Setup(kept, setup.window, setup.every, setup.seed), folder, say)


def _contrasted(rules: Sequence[Asked], seed: int, each: int, folder: Path) -> list[contrast.Found]:
    """Two residents of opposite habits, by the learned limit as it is without being told how sensitive to be."""
    rule = next(one for one in rules if (one.kind, one.hours, one.default) == (*MAIN[0], True))
    return contrast.judge(residents.contrast(seed), rule, seed, each, folder / CONTRAST)


def _drifted(rules: Sequence[Asked], seed: int, each: int, folder: Path, say: Say) -> list[drift.Found]:
    """What is noticed within months, by the learned limits as they are without being told how sensitive to be."""
    began_s = time.monotonic()
    main = [one for one in rules if (one.kind, one.hours) in MAIN and one.default]
    found = drift.judge(drift.GROUPS, main, seed, each, folder / DRIFT)
    say(f"{DRIFT}: {sum(one.residents for one in found)} residents after {time.monotonic() - began_s:.0f} s")
    return found


def write(bodies: dict[str, str], path: Path = PAGE) -> None:
    """Replace what is between those markers of the page.

    Raises:
        NoMarker: if one has been lost.
    """
    text = path.read_text(encoding="utf-8")
    for name, body in bodies.items():
        try:
            text = page.filled(text, name, body)
        except page.NoMarker:
            raise page.NoMarker(f"{path.name} must have the markers begin and end of {name}, each once") from None
    path.write_text(text, encoding="utf-8")


def _draw(sets: Sequence[Judged], folder: Path, prefix: str, say: Say) -> None:
    if not plot.is_possible():
        say("NO PLOTS: matplotlib is not installed; install what the tests need (make test)")
        return
    for judged in sets:
        for kind, hours in MAIN:
            plots.draw(judged, kind, hours, folder / f"{prefix}{judged.name}-{kind.replace('_', '-')}.svg")
