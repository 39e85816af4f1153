"""Command line of the benchmark: prints a table, then the same as JSON on one line."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import msgspec

from loadtests.bench import geofence, latency, many, replay, throughput
from loadtests.bench.generator import Load
from loadtests.bench.servers import NotStarted, machine


def _say(text: str) -> None:
    """Progress, beside the result."""
    click.echo(text, err=True)


def _show(rows: list[list[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        click.echo(
            "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        )


def _finish(name: str, rows: list[list[str]], result: Any, json_file: Path | None) -> None:
    _show(rows)
    text = json.dumps({"benchmark": name, "machine": machine(), "result": msgspec.to_builtins(result)})
    click.echo(text)
    if json_file is not None:
        json_file.write_text(text + "\n")


_json = click.option("--json", "json_file", type=click.Path(path_type=Path), help="Also write the JSON line to this file.")
_folder = click.option(
    "--data", type=click.Path(path_type=Path), help="Where to write (the disk that is measured); a new folder in it."
)


@click.group()
def main() -> None:
    """Benchmark of the front door."""


@main.command("throughput")
@click.option("--readings", default=200_000, show_default=True)
@click.option("--persons", default=1_000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--connections", default=4, show_default=True, help="Of the generator.")
@click.option("--seed", default=1, show_default=True)
@click.option("--only", multiple=True, type=click.Choice(list(throughput.SUBJECTS)), help="Leave the others out.")
@_folder
@_json
def _throughput(  # noqa: PLR0913, PLR0917 - one argument per option
    readings: int,
    persons: int,
    rounds: int,
    connections: int,
    seed: int,
    only: tuple[str, ...],
    data: Path | None,
    json_file: Path | None,
) -> None:
    """Readings per second through Mosquitto, against a C subscriber that does nothing."""
    load = Load(0, persons, readings, seed, True, connections)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        done = throughput.run(Path(folder), load, rounds, list(only or throughput.SUBJECTS), _say)
    _finish("throughput", throughput.table(done), done, json_file)


@main.command("latency")
@click.option("--presses", default=400, show_default=True)
@click.option("--bare-only", is_flag=True, help="Measure the broker and the disk alone.")
@_folder
@_json
def _latency(presses: int, bare_only: bool, data: Path | None, json_file: Path | None) -> None:
    """From a press to the operator's screen, against a bare broker and a bare commit."""
    results = {}
    with tempfile.TemporaryDirectory(dir=data) as folder:
        if bare_only:
            results["no service"] = latency.summary(asyncio.run(latency.bare(Path(folder), presses)))
        else:
            for door, embedded in (("through Mosquitto", False), ("embedded listener", True)):
                _say(door)
                results[door] = latency.summary(
                    asyncio.run(latency.pressed(Path(folder) / str(embedded), presses, embedded=embedded))
                )
    _finish("latency", latency.table(results), results, json_file)


@main.command("many")
@click.option("--database", required=True, help="A PostgreSQL server on which databases may be made: postgresql://…")
@click.option("--redis", help="A Redis server: redis://…")
@click.option("--database-pid", type=int, help="Process number of PostgreSQL, if it runs here: what it costs is measured too.")
@click.option("--readings", default=200_000, show_default=True)
@click.option("--persons", default=500, show_default=True, help="Of each of the two municipalities.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--seed", default=1, show_default=True)
@_folder
@_json
def _many(  # noqa: PLR0913, PLR0917 - one argument per option
    database: str,
    redis: str | None,
    database_pid: int | None,
    readings: int,
    persons: int,
    rounds: int,
    seed: int,
    data: Path | None,
    json_file: Path | None,
) -> None:
    """One process on SQLite, one on PostgreSQL, two on PostgreSQL."""
    load = Load(0, persons, readings, seed, True, 2)
    with tempfile.TemporaryDirectory(dir=data) as folder:
        done = many.run(Path(folder), load, many.Servers(database, redis, database_pid), rounds, _say)
    _finish("many", many.table(done), done, json_file)


@main.command("geofence")
@click.option("--persons", default=2_048, show_default=True)
@click.option("--seed", default=1, show_default=True)
@_json
def _geofence(persons: int, seed: int, json_file: Path | None) -> None:
    """Inside and distance in batches, against the bare geometry library."""
    result = geofence.run(persons, seed, _say)
    _finish("geofence", geofence.table(result), result, json_file)


@main.command("replay")
@click.option("--readings", default=1_000_000, show_default=True)
@click.option("--persons", default=1_000, show_default=True)
@click.option("--seed", default=1, show_default=True)
@_folder
@_json
def _replay(readings: int, persons: int, seed: int, data: Path | None, json_file: Path | None) -> None:
    """Readings per second and memory of `alarmcore replay`."""
    with tempfile.TemporaryDirectory(dir=data) as folder:
        result = replay.run(Path(folder), persons=persons, readings=readings, seed=seed)
    _finish("replay", replay.table(result), result, json_file)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except NotStarted as why:
        click.echo(f"error: {why}", err=True)
        sys.exit(1)
    except click.ClickException as why:
        why.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(1)
