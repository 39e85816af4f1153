"""Command line: judges detection on recordings in a folder and on generated walks, and writes what was found."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from loadtests.evaluate import measured, page, plot, recording, report, show, walks
from loadtests.evaluate.homes import recording as homes_recording
from loadtests.evaluate.homes.command import homes
from loadtests.evaluate.judged import Judged, judge
from loadtests.evaluate.replayed import NotReplayed
from loadtests.evaluate.scenario import Scenario

RECORDED: Final = "recorded"
GENERATED: Final = "generated"
EXIT_INPUT: Final = 2

WALKS_MAX: Final = 1000
"""Of each kind: beyond it a replay takes longer than it is waited for."""


def _say(text: str) -> None:
    """Progress, beside the result."""
    click.echo(text, err=True)


@click.group()
def main() -> None:
    """Detection judged on recorded and on generated life."""


main.add_command(homes)


@main.command("gps")
@click.option("--data", type=click.Path(path_type=Path), help=f"Folder with {recording.POINTS} and {recording.SCENARIOS}.")
@click.option("--out", type=click.Path(path_type=Path), help="Where results.json, results.md and the plots go; nowhere without.")
@click.option("--seed", default=1, show_default=True, help="Of the generated walks and of the bootstrap.")
@click.option("--walks", "each", default=30, show_default=True, type=click.IntRange(0, WALKS_MAX), help="Of each kind; 0: none.")
@click.option(
    "--if-any", is_flag=True, help="A folder that has recordings of homes alone will do: generated walks are judged then."
)
@click.option("--show", "wanted", help="Print one scenario fix by fix, by its name as the failures are named.")
@click.option("--write-docs", is_flag=True, help="Put tables and plots into docs/positions.md.")
def gps(data: Path | None, out: Path | None, seed: int, each: int, if_any: bool, wanted: str | None, write_docs: bool) -> None:
    """Is somebody outside? False exits, exits found, delays; of `alarmcore replay` and of reference rules."""
    sources = _sources(_phones(data) if if_any else data, seed, each)
    if wanted is not None:
        sources = {name: [one for one in scenarios if one.name == wanted] for name, scenarios in sources.items()}
        sources = {name: scenarios for name, scenarios in sources.items() if scenarios}
    if not sources:
        raise click.UsageError("nothing to judge; give a folder with --data, or more than 0 --walks, or the whole name to --show")
    with tempfile.TemporaryDirectory() as folder:
        sets = [judge(name, scenarios, Path(folder) / name, seed, _say) for name, scenarios in sources.items()]
    if wanted is not None:
        for judged in sets:
            click.echo("\n".join(show.shown(judged, judged.scenarios[0])))
        return
    tables = {judged.name: report.as_markdown(judged, seed, truth=judged.name == GENERATED) for judged in sets}
    for name, text in tables.items():
        click.echo(f"\n## {name.capitalize()}\n\n{text}")
    if out is not None:
        _write(sets, tables, out, seed)
    if write_docs:
        unnamed = {judged.name: report.scores(judged, seed, truth=judged.name == GENERATED) for judged in sets}
        page.write({**unnamed, "parameters": report.parameters()})
        _draw(sets, page.IMAGES, "positions-")


def _phones(data: Path | None) -> Path | None:
    """The folder, unless it has recordings of homes and none of phones."""
    if data is None or recording.has(data) or not homes_recording.has(data):
        return data
    _say(f"no recordings of phones in {data}: generated walks alone")
    return None


def _sources(data: Path | None, seed: int, each: int) -> dict[str, Sequence[Scenario]]:
    sources: dict[str, Sequence[Scenario]] = {}
    if data is not None:
        sources[RECORDED] = recording.read(data).scenarios
    if each:
        sources[GENERATED] = list(walks.generate(seed, each))
    return sources


@main.command("measure")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="As for gps.")
def measure(data: Path) -> None:
    """Print what recordings say of receivers: what the generated walks take from them."""
    for row in measured.rows(*recording.read(data)):
        click.echo(row[0].ljust(52) + "".join(cell.rjust(10) for cell in row[1:]))


def _write(sets: Sequence[Judged], tables: dict[str, str], out: Path, seed: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_bytes(report.as_json(sets, seed))
    (out / "results.md").write_text("\n\n".join(tables.values()) + "\n", encoding="utf-8")
    _draw(sets, out, "")
    _say(f"results.json, results.md and plots are in {out}")


def _draw(sets: Sequence[Judged], folder: Path, prefix: str) -> None:
    if not plot.is_possible():
        _say("NO PLOTS: matplotlib is not installed; install what the tests need (make test)")
        return
    for judged in sets:
        plot.draw(judged, folder / f"{prefix}{judged.name}.svg")


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except recording.BadRecording as why:
        click.echo(f"error: the recordings cannot be used:\n{why}", err=True)
        sys.exit(EXIT_INPUT)
    except (NotReplayed, page.NoMarker) as why:
        click.echo(f"error: {why}", err=True)
        sys.exit(1)
    except click.ClickException as why:
        why.show()
        sys.exit(EXIT_INPUT)
    except click.Abort:
        sys.exit(1)
